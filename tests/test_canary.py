"""No personal number, key or token gets out, whatever goes wrong; and the watch over every test notices if one does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from pydantic import SecretStr

from connector.amili.keys import make_key_pair
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.sandbox.shared.switches import AmiliSwitches
from connector.store import hand_overs, inbox, users
from connector.web.app import create_app
from tests import canary
from tests.cli.terminal import Said, Terminal, forking
from tests.flows.stage import CONNECTION, HURRIED, Stage, stage
from tests.flows.waiting import until
from tests.flows.zygote import zygote
from tests.hosts.odoo import recorded_documents
from tests.source import ROOT
from tests.web.visitor import PASSWORD, Visitor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EMAIL = "eva@byran.example"

# The watch itself


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("19900101-1239", "a personal number"),
        ("id 199001011239.", "a personal number"),
        ("900101-1239", "a personal number"),
        ("(9001011239)", "a personal number"),
        ("900101+1239", "a personal number"),
        ("19900101–1239", "a personal number"),
        ("19900101\u20111239", "a personal number"),
        ("900101—1239", "a personal number"),
        ("900101 - 1239", "a personal number"),
        ("900101\u00a01239", "a personal number"),
        ("SE900101123901", "a personal number"),
        ("/search?q=19900101%E2%80%911239", "a personal number"),
        (r'{"id": "900101\u20111239"}', "a personal number"),
        ("/search?q=19900101%2D1239", "a personal number"),
        ("key canary-ledger-key-0f3c5a9d7e", "a canary"),
        ("Authorization: bearer 0123456789abcdef", "a bearer token"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJhcGlfY29kZSI6IngifQ.c2ln", "a signed token"),
    ],
)
def test_each_of_them_is_noticed(text: str, kind: str) -> None:
    assert canary.leaks(f"before {text} after") == [kind]


@pytest.mark.parametrize(
    "text", ["19xxxxxx-xxxx", "556016-0680", "1990-01-01 12:39", "bearer •••", "/tmp/test_canary0/data", "Kanariefågel"]
)
def test_what_is_harmless_is_let_pass(text: str) -> None:
    assert canary.leaks(text) == []


def test_any_private_key_is_noticed() -> None:
    private_key = make_key_pair().private_key
    body = "".join(private_key.get_secret_value().splitlines()[1:-1])

    assert canary.leaks(private_key.get_secret_value()) == ["a private key"]
    assert canary.leaks(body) == ["a private key"]


def test_what_was_planted_is_noticed_while_it_is() -> None:
    with canary.planted({"a token": "0123456789abcdef", "a code": SecretStr("fedcba9876543210")}):
        assert canary.leaks("x 0123456789abcdef y fedcba9876543210") == ["a code", "a token"]

    assert canary.leaks("0123456789abcdef") == []


LEAKING = """
import logging
import sys
from pathlib import Path

NUMBER = "-".join(["19900101", "1239"])

def test_log():
    logging.getLogger("connector.anywhere").debug("the number is %s", NUMBER)

def test_trace():
    try:
        raise ValueError(NUMBER)
    except ValueError:
        logging.getLogger("somebody.else").warning("it failed", exc_info=True)

def test_out():
    print(NUMBER)

def test_err():
    sys.stderr.write(NUMBER)

def test_database(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "engine.db").write_bytes(b"\\x00" + NUMBER.encode() + b"\\xff")

def test_nothing(tmp_path):
    logging.getLogger("connector.anywhere").error("a number was seen")
    (tmp_path / "document.json").write_text(NUMBER)
"""


def test_a_test_that_lets_one_out_fails(tmp_path: Path) -> None:
    (tmp_path / "test_leaking.py").write_text(LEAKING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.canary", "-p", "no:cacheprovider", "-rA"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), f"--basetemp={tmp_path / 'inner'}"]
    run = subprocess.run(
        [*command, str(tmp_path / "test_leaking.py")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = set(re.findall(r"^ERROR test_leaking\.py::(\w+)", run.stdout, re.MULTILINE))

    assert errors == {"test_log", "test_trace", "test_out", "test_err", "test_database"}, run.stdout[-2000:]
    shutil.rmtree(tmp_path / "inner")


# Everything goes wrong at once

Answer = tuple[str, str, bytes]
Echo = Callable[["WSGIEnvironment", bytes], Answer]


def _in_json(status: str, **values: object) -> Answer:
    return status, "application/json", json.dumps(values, ensure_ascii=False).encode()


def _told(environ: WSGIEnvironment, body: bytes) -> str:
    """Everything that a careless server repeats of a request: its body, and the key that came with it."""
    key = environ.get("HTTP_X_API_KEY") or environ.get("HTTP_AUTHORIZATION") or ""
    return f"{body.decode()} 900101-1239 199001011239 {key}"


def _issues(environ: WSGIEnvironment, body: bytes) -> Answer:
    told = _told(environ, body)
    return _in_json(
        "422 UNPROCESSABLE ENTITY",
        _status="ERR",
        _issues={"customer": {"id_number": f"value '199001011239' is not allowed: {told}", canary.PERSON: told}},
        _error={"code": 422, "message": told},
    )


def _json_error(environ: WSGIEnvironment, body: bytes) -> Answer:
    return _in_json("400 BAD REQUEST", _error={"message": _told(environ, body)}, debug=_told(environ, body))


def _text(environ: WSGIEnvironment, body: bytes) -> Answer:
    return "409 CONFLICT", "text/plain", _told(environ, body).encode()


def _page(environ: WSGIEnvironment, body: bytes) -> Answer:
    return "500 INTERNAL SERVER ERROR", "text/html", f"<html><h1>Oops</h1><pre>{_told(environ, body)}".encode()


def _unauthorised(environ: WSGIEnvironment, body: bytes) -> Answer:
    return "401 UNAUTHORIZED", "text/plain", _told(environ, body).encode()


def _no_json(environ: WSGIEnvironment, body: bytes) -> Answer:
    return "201 CREATED", "application/json", b'{"customer": "' + _told(environ, body).encode()


def _wrong_shape(environ: WSGIEnvironment, body: bytes) -> Answer:
    return _in_json("201 CREATED", _id=[canary.PERSON], _cases={canary.PERSON: _told(environ, body)})


REFUSALS: tuple[Echo, ...] = (_issues, _json_error)
DOUBTS: tuple[Echo, ...] = (_text, _page)
SUCCESSES_THAT_SAY_NOTHING: tuple[Echo, ...] = (_no_json, _wrong_shape)
"""Answers of success: what they answer was taken, whatever they say, and is never sent again by itself."""


class Careless:
    """A server that repeats what it was told in the answers to the next requests of a kind, then behaves again."""

    def __init__(self, method: str, path: str) -> None:
        self._method, self._path = method, path
        self._app: WSGIApplication
        self._echoes: list[Echo] = []
        self.echoed = 0

    def around(self, app: Flask) -> WSGIApplication:
        """Stand before `app`."""
        self._app = app
        return self

    def next(self, *echoes: Echo) -> None:
        """Answer the next requests so."""
        self._echoes = list(echoes)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ["REQUEST_METHOD"] == self._method and self._path in environ["PATH_INFO"]
        if not asked or not self._echoes:
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, kind, content = self._echoes.pop(0)(environ, body)
        self.echoed += 1
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(content)))])
        return [content]


def _odoo_error(environ: WSGIEnvironment, body: bytes) -> Answer:
    told = _told(environ, body)
    return _in_json("422 UNPROCESSABLE ENTITY", name="odoo.exceptions.ValidationError", message=told, debug=told)


def _odoo_crash(environ: WSGIEnvironment, body: bytes) -> Answer:
    told = _told(environ, body)
    return _in_json("500 INTERNAL SERVER ERROR", name="builtins.KeyError", message=told, debug=told)


def _odoo_nonsense(_environ: WSGIEnvironment, _body: bytes) -> Answer:
    return "200 OK", "application/json", json.dumps([{"id": canary.PERSON, "name": canary.PERSON}]).encode()


LEDGER_TROUBLE: tuple[Echo, ...] = (_odoo_error, _odoo_crash, _page, _odoo_nonsense)


def _person(on: Stage) -> int:
    """A private person, whose number stands wherever a ledger may have it."""
    return on.ledger.books.add_customer(
        "Anna Andersson",
        is_company=False,
        company_registry=canary.PERSON,
        ref=canary.PERSON,
        vat="SE900101123901",
        street="Lillgatan 3",
        zip="582 22",
        city="Linköping",
    )


@contextmanager
def _bad_day(folder: Path, amili: Careless, ledger: Careless) -> Iterator[tuple[Stage, Terminal]]:
    """A stage whose two sides are careless, with a worker and a terminal that log everything they can."""
    scratch = folder / "said"
    scratch.mkdir()
    with (
        stage(folder / "data", amili.around, ledger.around, LOG_LEVEL="DEBUG", **HURRIED) as on,
        zygote(folder / "worker.log") as workers,
        forking() as program,
    ):
        users.add(on.deployment.databases.main, email=EMAIL, name="Eva", password=PASSWORD, connections=(CONNECTION,))
        terminal = Terminal(program, folder, scratch, on.env)
        workers.fork(on.env)
        yield on, terminal
        terminal.end_all()


def _state(on: Stage, invoice: str) -> HandOverState | None:
    found = on.hand_over(invoice)
    return found.state if found else None


def _shown_everywhere(on: Stage, eva: Visitor, terminal: Terminal, invoice: str) -> None:
    """Look at the invoice, and at what became of it, in every way there is; the watches read along."""
    answers = [
        terminal.run("preview", invoice),
        terminal.run("preview", invoice, "--json"),
        terminal.run("list"),
        terminal.run("list", "--json"),
        terminal.run("show", on.number(invoice)),
        terminal.run("show", on.number(invoice), "--json"),
        terminal.run("check", "--json"),
    ]
    assert [one for said in answers for one in _leaks_of(said)] == []
    for path in ("/", f"/connections/{CONNECTION}/", f"/connections/{CONNECTION}/invoices/{invoice}"):
        eva.get(path)
    eva.get(f"/connections/{CONNECTION}/hand-overs")
    hand_over = on.hand_over(invoice)
    if hand_over:
        eva.get(f"/hand-overs/{hand_over.id}")


def _leaks_of(said: Said) -> list[str]:
    return canary.leaks(said.out) + canary.leaks(said.err)


def test_nothing_gets_out_on_a_bad_day(tmp_path: Path) -> None:
    amili, ledger = Careless("POST", "/case--registrations"), Careless("POST", "/json/2/")
    with _bad_day(tmp_path, amili, ledger) as (on, terminal):
        eva = Visitor(create_app(on.deployment))
        eva.sign_in(EMAIL)
        customer = _person(on)

        for refusal in REFUSALS:
            invoice = on.invoice(customer)
            amili.next(refusal)
            on.ask(invoice)
            until(lambda: _state(on, invoice) is HandOverState.BLOCKED, within_s=120, what="a refusal")  # noqa: B023
            _shown_everywhere(on, eva, terminal, invoice)
            on.ask(invoice)
            until(lambda: on.ended(invoice) and on.cases(invoice) == 1, within_s=120, what="a case")  # noqa: B023
        assert amili.echoed == len(REFUSALS)

        taken = []
        for doubt in DOUBTS + SUCCESSES_THAT_SAY_NOTHING:
            invoice = on.invoice(customer)
            amili.next(doubt)
            on.ask(invoice)
            until(lambda: _state(on, invoice) is HandOverState.UNKNOWN, within_s=120, what="a doubt")  # noqa: B023
            _shown_everywhere(on, eva, terminal, invoice)
            if doubt in DOUBTS:
                until(lambda: on.cases(invoice) == 1, within_s=90, what="the end of the doubt")  # noqa: B023
            else:
                taken.append(invoice)

        invoice = on.invoice(customer)
        amili.next(_unauthorised)
        on.ask(invoice)
        until(lambda: on.ended(invoice), within_s=120, what="a case after a 401")

        registrations = list(on.amili.registrations.values())
        assert {one["customer"]["id_number"] for one in registrations} == {"199001011239"}
        assert len(registrations) == len(REFUSALS) + len(DOUBTS) + 1
        assert [on.cases(invoice) for invoice in taken] == [0, 0]


def test_nothing_gets_out_when_the_ledger_is_careless(tmp_path: Path) -> None:
    amili, ledger = Careless("POST", "/case--registrations"), Careless("POST", "/json/2/account.move/")
    with _bad_day(tmp_path, amili, ledger) as (on, terminal):
        eva = Visitor(create_app(on.deployment))
        eva.sign_in(EMAIL)
        customer = _person(on)
        for trouble in LEDGER_TROUBLE:
            invoice = on.invoice(customer)
            for command in (("preview", invoice), ("send", invoice, "--yes", "--json")):
                ledger.next(trouble)
                assert _leaks_of(terminal.run(*command)) == []
            for path in (f"/connections/{CONNECTION}/", f"/connections/{CONNECTION}/invoices/{invoice}"):
                ledger.next(trouble)
                eva.get(path)
            ledger.next(trouble)
            on.ask(invoice)
            until(lambda: on.hand_over(invoice) is not None, within_s=120, what="the request taken up")  # noqa: B023
            _shown_everywhere(on, eva, terminal, invoice)
        assert ledger.echoed >= 4 * len(LEDGER_TROUBLE)


STRANGE_FIELDS: tuple[dict[str, Any], ...] = (
    {"invoice_date": canary.PERSON},
    {"invoice_date_due": {"day": canary.PERSON}},
    {"state": canary.PERSON},
    {"amount_residual": canary.PERSON},
    {"amount_total": [canary.PERSON]},
    {"currency_id": {"id": 1, "display_name": canary.PERSON}},
    {"move_type": [canary.PERSON]},
    {"matched_payment_ids": [canary.PERSON]},
    {"commercial_partner_id": canary.PERSON},
    {"line_ids": [{"display_type": canary.PERSON}]},
)
"""Answers that no ledger gives, and that make the code which reads them fail with their values in its errors' texts."""


def _with(strange: dict[str, Any]) -> Echo:
    def echo(_environ: WSGIEnvironment, _body: bytes) -> Answer:
        whole = recorded_documents.document("whole_part_paid")
        invoice = whole["records"][0] | strange
        return "200 OK", "application/json", json.dumps(whole | {"records": [invoice]}, default=float).encode()

    return echo


def test_nothing_gets_out_when_a_step_fails_over_what_it_read(tmp_path: Path) -> None:
    amili, ledger = Careless("POST", "/case--registrations"), Careless("POST", "/json/2/account.move/web_search_read")
    with _bad_day(tmp_path, amili, ledger) as (on, terminal):
        eva = Visitor(create_app(on.deployment))
        eva.sign_in(EMAIL)
        customer = _person(on)

        def answered_strangely(look: Callable[[str], object], invoice: str, strange: dict[str, Any]) -> None:
            echoed = ledger.echoed
            ledger.next(_with(strange))
            look(invoice)
            until(lambda: ledger.echoed > echoed, within_s=120, what="the ledger's strange answer")

        def preview(invoice: str) -> None:
            assert _leaks_of(terminal.run("preview", invoice)) == []

        def visit(invoice: str) -> None:
            eva.get(f"/connections/{CONNECTION}/invoices/{invoice}")

        for strange in STRANGE_FIELDS:
            invoice = on.invoice(customer)
            for look in (preview, visit, on.ask):
                answered_strangely(look, invoice, strange)
            until(lambda: on.hand_over(invoice) is not None, within_s=120, what="the request taken up")  # noqa: B023
            _shown_everywhere(on, eva, terminal, invoice)


def test_nothing_gets_out_by_the_words_of_people_and_of_webhooks(tmp_path: Path) -> None:
    amili, ledger = Careless("POST", "/case--registrations"), Careless("POST", "/json/2/")
    with _bad_day(tmp_path, amili, ledger) as (on, terminal):
        stranger = Visitor(create_app(on.deployment))
        hook = f"/webhooks/odoo/{CONNECTION}"
        for token in (on.webhook_token, "canary-wrong-token"):
            for body in (f'{{"_id": "{canary.PERSON}"}}', canary.PERSON, '{"_id": 1, "vat": "199001011239"}', "{"):
                stranger.client.post(f"{hook}/{token}", data=body, content_type="application/json")
        stranger.client.post("/sign-in", data={"email": canary.PERSON, "password": canary.API_CODE})
        stranger.get(f"/connections/{CONNECTION}/invoices/{canary.PERSON}")
        on.amili.switches.set(AmiliSwitches())
        inbox.put_request(
            on.deployment.databases.inbox,
            Request(connection=CONNECTION, invoice_id=on.invoice(_person(on)), origin=Origin.COMMAND, asked_by="Eva"),
        )
        until(lambda: bool(hand_overs.counts(on.deployment.databases.main).get("done")), within_s=120, what="a case")
        for unknown in ("preview", "show", "send"):
            said = terminal.run(unknown, "INV/1999/00001")
            assert _leaks_of(said) == []
