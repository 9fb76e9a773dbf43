"""An imitation of Odoo 17, 18 or 19 over a small ledger, written from its reference.

19 speaks JSON-2 and JSON-RPC, the others JSON-RPC alone.

Source: odoo/API.md, "Calls", "Webhooks", "Invoices", "PDF" and "Rights and companies". Paths under /_sandbox/ are the
imitation's own.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask, Response, request

from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.json2 import answer_json2, failure, not_a_call
from connector.sandbox.odoo.jsonrpc import answer_jsonrpc, called_method, version_info
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import OdooVersion
from connector.sandbox.shared.wire import as_json, control_body, install, install_control, path_template


def create_odoo(state: OdooState) -> Flask:
    """The imitation as a WSGI application working on `state`, whose switches may be changed at any time.

    Serve it with `connector.sandbox.serve.running`; only there can connections be broken.
    """
    app = Flask(__name__, static_folder=None)

    def operation() -> str:
        if request.endpoint == "jsonrpc":
            return called_method()
        found = request.view_args or {}
        return f"{found['model']}/{found['method']}" if "method" in found else request.endpoint or ""

    def template() -> str:
        if request.endpoint in {"jsonrpc", "call"}:
            return f"{request.method} {'/jsonrpc' if request.endpoint == 'jsonrpc' else '/json/2'}/{operation()}"
        return path_template(request)

    install(
        app,
        board=state.switches,
        traffic=state.traffic,
        operation=operation,
        template=template,
        registered=lambda: (),
        failure_in_json=failure,
    )
    install_control(
        app,
        board=state.switches,
        switches_as_json=asdict,
        snapshot=state.snapshot,
        reset=state.reset,
    )
    _add_control(app, state)

    @app.get("/json/version", endpoint="version")
    def version() -> Response:
        if not _has_json2(state):
            return _without_json2(state.version)
        told = version_info(state)
        return as_json({"version_info": told["server_version_info"], "version": told["server_version"]})

    @app.post("/web/webclient/version_info", endpoint="version_info")
    def told_version() -> Response:
        return as_json({"jsonrpc": "2.0", "id": None, "result": version_info(state)})

    @app.post("/jsonrpc", endpoint="jsonrpc")
    def jsonrpc() -> Response:
        return answer_jsonrpc(state)

    @app.post("/json/2/<model>/<method>", endpoint="call")
    def called(model: str, method: str) -> Response:
        return answer_json2(state, model, method) if _has_json2(state) else _without_json2(state.version)

    @app.route("/json/2", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], endpoint="not_a_call")
    @app.route("/json/2/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], endpoint="not_a_call")
    def elsewhere(rest: str = "") -> Response:  # noqa: ARG001 - Flask passes it
        return not_a_call() if _has_json2(state) else _without_json2(state.version)

    @app.get("/my/invoices/<int:invoice>", endpoint="portal")
    def portal(invoice: int) -> Response:
        known = state.records.exists("account.move", invoice)
        token = state.books.field(invoice, "access_token") if known else False
        if not token or request.args.get("access_token") != token:
            return Response(status=303, headers={"Location": "/my"})
        if request.args.get("report_type") != "pdf":
            return Response("<html><body>Faktura</body></html>", content_type="text/html; charset=utf-8")
        return Response(state.portal_pdf(invoice), content_type="application/pdf")

    return app


def _has_json2(state: OdooState) -> bool:
    return state.version is OdooVersion.V19


def _without_json2(version: OdooVersion) -> Response:
    """18 takes every address under /json for a page and asks to sign in; 17 has none there (inferred)."""
    if version is OdooVersion.V18:
        return Response(status=303, headers={"Location": "/web/login?redirect=%2Fjson"})
    return Response("<h1>Not Found</h1>", status=404, content_type="text/html; charset=utf-8")


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _add_control(app: Flask, state: OdooState) -> None:
    @app.post("/_sandbox/customers")
    def add_customer() -> Response:
        return as_json({"id": state.books.add_customer(**control_body())}, 201)

    @app.post("/_sandbox/invoices")
    def add_invoice() -> Response:
        body = control_body()
        lines = [
            InvoiceLine(
                line["description"],
                Decimal(line["price"]),
                Decimal(line.get("quantity", 1)),
                line.get("product_code", ""),
            )
            for line in body.pop("lines")
        ]
        invoice = state.books.add_invoice(body.pop("partner"), lines, **body)
        return as_json({"id": invoice, "number": state.books.number(invoice)}, 201)

    @app.post("/_sandbox/invoices/<int:invoice>")
    def set_invoice(invoice: int) -> Response:
        state.books.set_invoice(invoice, **control_body())
        return as_json({"changed": invoice})

    @app.post("/_sandbox/customers/<int:partner>")
    def set_customer(partner: int) -> Response:
        state.books.set_customer(partner, **control_body())
        return as_json({"changed": partner})

    @app.post("/_sandbox/invoices/<int:invoice>/pay")
    def pay(invoice: int) -> Response:
        body = control_body()
        partial = state.books.pay(
            invoice,
            _amount(body.get("amount")),
            day=_day(body.get("day")),
            by_bank=body.get("by_bank", True),
        )
        return as_json({"id": partial}, 201)

    @app.post("/_sandbox/invoices/<int:invoice>/credit")
    def credit(invoice: int) -> Response:
        body = control_body()
        note = state.books.credit(invoice, _amount(body.get("amount")), matched=body.get("matched", True))
        return as_json({"id": note, "number": state.books.number(note)}, 201)

    @app.post("/_sandbox/invoices/<int:invoice>/click")
    def click(invoice: int) -> Response:
        body = control_body()
        at = state.click_send(invoice, body.get("by", "Ekonom"), body.get("first_action", ""))
        return as_json({"requested_at": at})

    @app.post("/_sandbox/invoices/<int:invoice>/withdraw")
    def withdraw(invoice: int) -> Response:
        body = control_body()
        at = state.click_withdraw(invoice, body.get("by", "Ekonom"), body.get("reason", ""))
        return as_json({"requested_at": at})

    @app.post("/_sandbox/invoices/<int:invoice>/break-pdf")
    def break_pdf(invoice: int) -> Response:
        state.break_pdf(invoice, control_body().get("reason", ""))
        return as_json({"broken": invoice})

    @app.post("/_sandbox/webhook")
    def set_webhook() -> Response:
        state.webhook_url = control_body()["url"]
        return as_json({"url": state.webhook_url})
