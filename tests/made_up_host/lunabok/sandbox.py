"""Imitations of the made-up systems, with the five invoices of the demo: one opened by a key, one by a consent."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask, Response, abort, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from connector.sandbox.shared.demo import DemoLedger
from connector.sandbox.shared.imitation import Imitation, Made
from connector.sandbox.shared.pdf import pdf_of
from connector.sandbox.shared.serve import running

_BUYERS = {
    "clean": ("Björkö Bygg AB", "556599-1238", "Kungsgatan 2", "411 19", "Göteborg"),
    "paid_since": ("Norrsken Snickeri AB", "559034-5673", "Lillgatan 3", "582 22", "Linköping"),
    "without_identity": ("Nordanvind Event AB", "", "Hamngatan 7", "972 31", "Luleå"),
    "answer_lost": ("Surdegen Bageri AB", "559012-3450", "Bagargatan 11", "753 20", "Uppsala"),
    "without_pdf": ("Målerifirman Pensel AB", "559123-4561", "Färggränd 5", "211 22", "Malmö"),
}
_COMPANY = {"name": "Klientbolaget AB", "number": "5566778899"}
_TENANT = "17"


def _invoice(index: int, label: str) -> dict[str, Any]:
    name, number, street, zip_code, city = _BUYERS[label]
    today = date.today()  # noqa: DTZ011 - the imitation's people live by this machine's calendar
    return {
        "id": str(index),
        "number": f"L-{index}",
        "date": (today - timedelta(days=75)).isoformat(),
        "due": (today - timedelta(days=45)).isoformat(),
        "what": "Service av värmepump",
        "total": "1180.00",
        "open": "1180.00",
        "payments": [],
        "wish": None,
        "buyer": {"id": f"K{index}", "name": name, "number": number, "street": street, "zip": zip_code, "city": city},
        "booked_until": today.isoformat(),
        "case": "",
    }


@dataclass
class Books:
    """One company's invoices by their ids, and what opens them. `app` is the client id and secret of the one app."""

    key: str
    app: tuple[str, str] = ("", "")
    labels: dict[str, str] = field(
        default_factory=lambda: {label: str(index) for index, label in enumerate(_BUYERS, start=1)}
    )
    invoices: dict[str, dict[str, Any]] = field(init=False)
    events: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.invoices = {id_: _invoice(int(id_), label) for label, id_ in self.labels.items()}

    def pay(self, invoice_id: str) -> None:
        """A customer pays an invoice whole."""
        paid = self.invoices[invoice_id]
        today = date.today().isoformat()  # noqa: DTZ011 - as above
        paid["payments"] = [{"id": "p1", "amount": paid["total"], "date": today}]
        paid["open"] = "0.00"


def app_of(books: Books) -> Flask:
    """The imitation, which serves `books`."""
    app = Flask("lunabok.sandbox")

    def known(invoice_id: str) -> dict[str, Any]:
        return books.invoices.get(invoice_id) or abort(404)

    @app.before_request
    def must_be_known() -> None:
        if request.path.startswith(("/_sandbox/", "/consent")):
            return
        if request.path.startswith(("/token", "/events/")):
            login = request.authorization
            if not books.app[0] or login is None or (login.username, login.password) != books.app:
                abort(401)
            return
        if request.headers.get("Authorization") != f"Bearer {books.key}":
            abort(401)

    @app.get("/company")
    def company() -> Response:
        return jsonify(_COMPANY)

    @app.get("/invoices")
    def listed() -> Response:
        return jsonify(list(books.invoices.values()))

    @app.get("/invoices/<invoice_id>")
    def one(invoice_id: str) -> Response:
        return jsonify(known(invoice_id))

    @app.get("/invoices/<invoice_id>/pdf")
    def pdf(invoice_id: str) -> Response:
        found = known(invoice_id)
        if found["buyer"]["name"] == _BUYERS["without_pdf"][0]:
            abort(410)
        lines = ("Faktura", found["number"], found["total"])
        return Response(pdf_of(lines), content_type="application/pdf")

    @app.put("/invoices/<invoice_id>/case/<case_id>")
    def write(invoice_id: str, case_id: str) -> Response:
        known(invoice_id)["case"] = case_id
        return jsonify({})

    _add_consent(app, books)
    _add_control(app, books)
    return app


def _add_consent(app: Flask, books: Books) -> None:
    codes: set[str] = set()

    @app.get("/consent")
    def consent() -> AnyResponse:
        if request.args["client"] != books.app[0]:
            abort(400)
        code = secrets.token_hex(8)
        codes.add(code)
        return redirect(f"{request.args['back']}?code={code}&state={request.args['state']}")

    @app.post("/token")
    def token() -> Response:
        code = request.json["code"] if request.json else ""
        if code not in codes:
            abort(400)
        codes.discard(code)
        return jsonify({"company": _TENANT, "token": books.key})

    @app.get("/events/<int:after>")
    def events(after: int) -> Response:
        return jsonify({"events": books.events[after:], "next": len(books.events)})


def _add_control(app: Flask, books: Books) -> None:
    @app.get("/_sandbox/state")
    def state() -> Response:
        return jsonify({"invoices": books.invoices, "labels": books.labels})

    @app.post("/_sandbox/invoices/<invoice_id>/pay")
    def pay(invoice_id: str) -> Response:
        books.pay(invoice_id)
        return jsonify({})

    @app.post("/_sandbox/invoices/<invoice_id>/wish")
    def wish(invoice_id: str) -> Response:
        books.invoices[invoice_id]["wish"] = {"mark": secrets.token_hex(4), "by": "Eva"}
        return jsonify({})

    @app.post("/_sandbox/consent/withdraw")
    def withdraw() -> Response:
        books.key = secrets.token_hex(20)
        return jsonify({})

    @app.post("/_sandbox/events")
    def event() -> Response:
        books.events.append({"company": _TENANT, "invoice": (request.json or {}).get("invoice", "")})
        return jsonify({})


def _demo_ledger(host: str, books: Books) -> dict[str, Any]:
    return {
        "host": host,
        "organization_number": _COMPANY["number"],
        "labels": books.labels,
        "pay": books.pay,
        "place": "the case id written back on the invoice",
        "is_written": True,
    }


class _Lunabok(Imitation):
    help = "the ledger Lunabok, opened by a key"

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--api-key", default="lunabok-key")

    def made(self, options: Namespace) -> Made:
        return Made(app_of(Books(options.api_key)))

    def app(self, state: Books) -> Flask:
        return app_of(state)

    def demo(self, redirect_uri: str) -> AbstractContextManager[DemoLedger]:
        del redirect_uri
        return self._demo()

    @contextmanager
    def _demo(self) -> Iterator[DemoLedger]:
        books = Books(secrets.token_hex(20))
        with running(app_of(books)) as url:
            yield DemoLedger(**_demo_ledger("lunabok", books), host_settings={"url": url}, api_key=books.key)


class _Solbok(Imitation):
    help = "the ledger Solbok, opened by a consent that is given at once"

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--client-id", default="solbok-client")
        parser.add_argument("--secret", default="solbok-secret")

    def made(self, options: Namespace) -> Made:
        return Made(app_of(Books(secrets.token_hex(20), app=(options.client_id, options.secret))))

    def app(self, state: Books) -> Flask:
        return app_of(state)

    def demo(self, redirect_uri: str) -> AbstractContextManager[DemoLedger]:
        del redirect_uri  # it sends people back to wherever they came from
        return self._demo()

    @contextmanager
    def _demo(self) -> Iterator[DemoLedger]:
        books = Books(secrets.token_hex(20), app=("demo-client", secrets.token_hex(20)))
        with running(app_of(books)) as url:
            app = {"solbok_url": url, "solbok_client_id": books.app[0], "solbok_secret": books.app[1]}
            yield DemoLedger(**_demo_ledger("solbok", books), deployment_settings=app)


LUNABOK = _Lunabok()
SOLBOK = _Solbok()
