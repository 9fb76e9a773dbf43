"""An imitation of the made-up system with the five invoices of the demo, served over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from connector.sandbox.shared.demo import DemoLedger
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
        "buyer": {"id": f"K{index}", "name": name, "number": number, "street": street, "zip": zip_code, "city": city},
        "booked_until": today.isoformat(),
        "case": "",
    }


def app_of(invoices: dict[str, dict[str, Any]], key: str) -> Flask:
    """The imitation, which keeps `invoices` by their ids and is opened by `key`."""
    app = Flask("lunabok.sandbox")

    def known(invoice_id: str) -> dict[str, Any]:
        return invoices.get(invoice_id) or abort(404)

    @app.before_request
    def must_have_the_key() -> None:
        if request.headers.get("Authorization") != f"Bearer {key}":
            abort(401)

    @app.get("/company")
    def company() -> Response:
        return jsonify(_COMPANY)

    @app.get("/invoices")
    def listed() -> Response:
        return jsonify(list(invoices.values()))

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

    return app


@contextmanager
def demo(_redirect_uri: str) -> Iterator[DemoLedger]:
    """The imitation, served within the block."""
    key = secrets.token_hex(20)
    labels = {label: str(index) for index, label in enumerate(_BUYERS, start=1)}
    invoices = {id_: _invoice(int(id_), label) for label, id_ in labels.items()}

    def pay(invoice_id: str) -> None:
        paid = invoices[invoice_id]
        today = date.today().isoformat()  # noqa: DTZ011 - as above
        paid["payments"] = [{"id": "p1", "amount": paid["total"], "date": today}]
        paid["open"] = "0.00"

    with running(app_of(invoices, key)) as url:
        yield DemoLedger(
            host="lunabok",
            organization_number=_COMPANY["number"],
            labels=labels,
            pay=pay,
            place="the case id written back on the invoice",
            is_written=True,
            host_settings={"url": url},
            api_key=key,
        )
