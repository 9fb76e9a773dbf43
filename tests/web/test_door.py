"""Whatever is typed, sent or put into an address: the answer is a sentence and no error of ours, on both databases."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from connector.store import inbox
from connector.store.database import Databases
from connector.web.app import create_app
from connector.web.door import storable
from tests.flows.stage import CONNECTION, Stage, stage
from tests.source import PACKAGE
from tests.web.conftest import EMAIL, add_user
from tests.web.page import read
from tests.web.visitor import PASSWORD, Visitor

NAMES = sorted(
    {
        name
        for path in (PACKAGE / "web").rglob("*.py")
        for name in re.findall(r"""(?:args|form)\.get(?:list)?\("(\w+)"|number_asked\("(\w+)\"""", path.read_text())
        for name in name
        if name
    }
)
"""Every name under which a view looks for something in a query or a form."""
BIG = str(2**70)
JUNK = ("\0", "a\0b", "\ud800", "\U0010ffff", BIG, f"-{BIG}", str(2**31), str(2**63), "9" * 5000, "..", "%00", "'", "",
        "x" * 3000, "\r\nSet-Cookie: a=b", "{0.__class__}", "<b>", "NaN", "1e400", "２", "\ufeff")  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(JUNK),
    st.text(st.characters(codec="utf-16", categories=("Cc", "Cs", "Cf", "Nd", "L", "P")), max_size=12),
)
MANY = settings(
    max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def on(databases: Databases, database_url: str | None, tmp_path: Path) -> Iterator[Stage]:
    """A stage on SQLite and on PostgreSQL."""
    with stage(tmp_path / "house", database_url=database_url or "") as running:
        add_user(running.deployment, CONNECTION, "*")
        yield running


@pytest.fixture
def door(on: Stage) -> Flask:
    return create_app(on.deployment)


@pytest.fixture
def known(door: Flask) -> Visitor:
    """Eva, signed in."""
    visitor = Visitor(door)
    assert visitor.sign_in(EMAIL).status_code == 303
    return visitor


def encoded(text: str) -> str:
    """`text` in an address, as somebody who keeps to no rule would send it."""
    return quote(text, safe="", errors="surrogatepass")


def in_query(**values: str) -> str:
    return urlencode(values, errors="surrogatepass")


@pytest.mark.parametrize("path", ["/connections/%00/", "/hand-overs/a%00b", "/%00", "/webhooks/odoo/%00/token"])
def test_a_nul_in_a_path_is_an_address_that_does_not_exist(door: Flask, known: Visitor, path: str) -> None:
    assert known.get(path).status_code == 404
    assert Visitor(door).get(path).status_code in {404, 405}
    assert Visitor(door).client.post(path).status_code in {404, 400, 405}


def test_a_nul_in_an_e_mail_address_is_said_in_words(door: Flask) -> None:
    visitor = Visitor(door)
    answer = visitor.sign_in("eva\0@byran.example")
    assert answer.status_code == 400
    assert "går inte att förstå" in read(answer.text).text
    assert visitor.sign_in(EMAIL).status_code == 303, "what differs by the NUL alone is let in"


@pytest.mark.parametrize("item", [str(2**31), str(2**63), BIG, f"-{BIG}", "9" * 5000])
def test_an_item_that_no_database_can_hold_is_none(on: Stage, known: Visitor, item: str) -> None:
    invoice = on.invoice()
    path = f"/connections/{CONNECTION}/invoices/{invoice}"
    assert known.get(f"{path}/status?item={item}").headers["Location"] == path

    on.hint(invoice)
    (waiting,) = inbox.waiting(on.deployment.databases.inbox)
    assert known.get(f"{path}/status?item={waiting.id}").status_code == 200, "an item that is there is waited for"


def test_what_both_databases_can_hold_is_let_through(known: Visitor) -> None:
    for text in ("Åsa Öberg", "a\tb\r\nc", "\U0001f600", "\u202e", "%00"):
        assert known.get(f"/connections/{CONNECTION}/hand-overs?{in_query(ocr=text)}").status_code == 200
    assert storable("Åsa\r\n\U0001f600")


def filled(rule: Rule, values: dict[str, str]) -> str:
    """The address of a rule, its parts filled in."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)


class Everywhere:
    """Sends texts to every address there is, by an anonymous or a signed-in visitor, and looks at what comes back."""

    def __init__(self, door: Flask, known: Visitor) -> None:
        self._door, self._known = door, known
        self._token = known.page(f"/connections/{CONNECTION}/hand-overs").form("/sign-out").fields["csrf_token"]
        leaves = {"session.sign_out", "connecting.begin"}
        self.rules = [rule for rule in door.url_map.iter_rules() if rule.endpoint not in leaves]

    def send(self, rule: Rule, parts: dict[str, str], fields: dict[str, str], *, signed_in: bool) -> None:
        """`parts` are of the path; those that are missing are real ones."""
        real = {"connection_id": CONNECTION, "host": "odoo"}
        values = {name: encoded(parts[name]) if name in parts else real.get(name, "1") for name in rule.arguments}
        path = filled(rule, values)
        visitor = self._known if signed_in else Visitor(self._door)
        if "GET" in (rule.methods or ()):
            answer = visitor.get(f"{path}?{in_query(**fields)}")
        else:
            body = in_query(csrf_token=self._token, **fields)
            answer = visitor.client.post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code != 500, (rule.endpoint, path, fields)
        assert "Traceback" not in answer.text


@pytest.fixture
def everywhere(door: Flask, known: Visitor) -> Everywhere:
    return Everywhere(door, known)


@pytest.mark.parametrize("text", ["\0", "\ud800", BIG], ids=["nul", "surrogate", "big"])
def test_no_page_fails_at_what_no_database_can_hold(everywhere: Everywhere, text: str) -> None:
    assert len(NAMES) > 20
    for rule in everywhere.rules:
        everywhere.send(rule, dict.fromkeys(rule.arguments, text), {}, signed_in=True)
        everywhere.send(rule, {}, dict.fromkeys(NAMES, text), signed_in=True)
        everywhere.send(rule, dict.fromkeys(rule.arguments, text), dict.fromkeys(NAMES, text), signed_in=False)


def test_no_page_fails_at_anything_in_a_path_query_or_form(everywhere: Everywhere) -> None:
    @MANY
    @given(st.data())
    def anything(data: st.DataObject) -> None:
        rule = data.draw(st.sampled_from(everywhere.rules), label="rule")
        parts = data.draw(st.dictionaries(st.sampled_from(sorted(rule.arguments) or ["none"]), TEXTS), label="parts")
        fields = data.draw(st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=4), label="fields")
        everywhere.send(rule, parts, fields, signed_in=data.draw(st.booleans(), label="signed in"))

    anything()


def test_no_webhook_fails_at_anything_in_its_body(on: Stage, door: Flask) -> None:
    client = Visitor(door).client
    path = f"/webhooks/odoo/{CONNECTION}/{on.webhook_token}"
    jsons = st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.one_of(TEXTS, st.sampled_from(["_id", "id", "ids", "_ids", "_model"])), inner, max_size=4
            ),
        ),
        max_leaves=6,
    )

    @MANY
    @given(
        st.one_of(jsons.map(json.dumps).map(str.encode), st.binary(max_size=40)),
        st.sampled_from(
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""]
        ),
    )
    def anything(body: bytes, kind: str) -> None:
        assert client.post(path, data=body, content_type=kind).status_code == 200

    anything()


def test_no_sign_in_fails_at_anything_typed(door: Flask) -> None:
    addresses = itertools.count()

    @settings(MANY, max_examples=40)
    @given(TEXTS, TEXTS)
    def anything(email: str, password: str) -> None:
        visitor = Visitor(door, address=f"2001:db8:{next(addresses):x}::1")
        fields = visitor.page("/sign-in").form("/sign-in").fields | {"email": email, "password": password}
        body = urlencode(fields, errors="surrogatepass")
        answer = visitor.client.post("/sign-in", data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in {400, 401, 413, 429}

    anything()
    assert Visitor(door, address="192.0.2.77").sign_in(EMAIL, PASSWORD).status_code == 303
