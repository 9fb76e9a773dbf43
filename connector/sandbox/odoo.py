"""An imitation of Odoo 19's JSON-2 interface over a small ledger, written from its reference.

Source: odoo.md sections 1, 2, 4, 5 and 8. Paths under /_sandbox/ are the imitation's own.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask, Response, request

from connector.sandbox.odoo_books import InvoiceLine
from connector.sandbox.odoo_methods import Call, LedgerError, find_method, user_error
from connector.sandbox.odoo_state import OdooState, UserError
from connector.sandbox.wire import as_json, control_body, install, install_control, path_template

VERSION = {"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}

NO_DATABASE = """<!DOCTYPE html>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>
"""
NO_CONTENT_TYPE = """<!doctype html>
<html lang=en>
<title>415 Unsupported Media Type</title>
<h1>Unsupported Media Type</h1>
<p>Request inferred type is compatible with ['http'] but this route is type='json2'.</p>
"""


def _envelope(error: LedgerError) -> dict[str, Any]:
    trace = f"Traceback (most recent call last):\n  (of the imitation)\n{error.name}: {error.message}\n"
    return {
        "name": error.name,
        "message": error.message,
        "arguments": error.arguments,
        "context": {},
        "debug": trace,
    }


def _error_answer(error: LedgerError) -> Response:
    answer = as_json(_envelope(error), error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _failure(status: int, reason: str) -> dict[str, Any]:
    if status == 401:
        return _envelope(LedgerError("werkzeug.exceptions.Unauthorized", 401, "Invalid apikey"))
    return _envelope(LedgerError("builtins.RuntimeError", status, reason))


def _http_error(name: str, status: int, message: str) -> LedgerError:
    return LedgerError(f"werkzeug.exceptions.{name}", status, message)


def _caller(state: OdooState) -> int:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        message = "User not authenticated, use an API Key with a Bearer Authorization header."
        raise _http_error("Unauthorized", 401, message)
    user = state.keys.get(key.strip())
    if user is None:
        raise _http_error("Unauthorized", 401, "Invalid apikey")
    return user


def _arguments() -> dict[str, Any]:
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise _http_error("BadRequest", 400, f"could not parse the body as json: {error}") from error
    return body if isinstance(body, dict) else {}


def _called(state: OdooState, model: str, name: str) -> Any:
    user = _caller(state)
    arguments = _arguments()
    ids = tuple(arguments.pop("ids", ()))
    call = Call(state, user, model, ids, arguments.pop("context", {}))
    with state.lock:
        method = find_method(call, name)
        try:
            inspect.signature(method).bind(call, **arguments)
        except TypeError as error:
            raise _http_error("UnprocessableEntity", 422, str(error)) from error
        try:
            return method(call, **arguments)
        except UserError as error:
            raise user_error(error) from error


def create_odoo(state: OdooState) -> Flask:
    """The imitation as a WSGI application working on `state`, whose switches may be changed at any time.

    Serve it with `connector.sandbox.serve.running`; only there can connections be broken.
    """
    app = Flask(__name__, static_folder=None)

    def operation() -> str:
        found = request.view_args or {}
        return f"{found['model']}/{found['method']}" if "method" in found else request.endpoint or ""

    def template() -> str:
        found = request.view_args or {}
        if "method" in found:
            return f"{request.method} /json/2/{found['model']}/{found['method']}"
        return path_template(request)

    install(
        app,
        board=state.switches,
        traffic=state.traffic,
        operation=operation,
        template=template,
        registered=lambda: (),
        failure_in_json=_failure,
    )
    install_control(
        app,
        board=state.switches,
        switches_as_json=asdict,
        snapshot=state.snapshot,
        reset=state.reset,
    )
    _add_control(app, state)

    @app.errorhandler(LedgerError)
    def refused(error: LedgerError) -> Response:
        return _error_answer(error)

    @app.get("/json/version", endpoint="version")
    def version() -> Response:
        return as_json(VERSION)

    @app.post("/json/2/<model>/<method>", endpoint="call")
    def called(model: str, method: str) -> Response:
        if request.headers.get("X-Odoo-Database", state.database) != state.database:
            return Response(NO_DATABASE, status=404, content_type="text/html; charset=utf-8")
        if request.mimetype != "application/json":
            return Response(NO_CONTENT_TYPE, status=415, content_type="text/html; charset=utf-8")
        return as_json(_called(state, model, method))

    @app.route("/json/2", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], endpoint="not_a_call")
    @app.route("/json/2/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], endpoint="not_a_call")
    def not_a_call(rest: str = "") -> Response:  # noqa: ARG001 - Flask passes it
        raise _http_error("NotFound", 404, "Did you mean POST /json/2/<model>/<method>?")

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

    @app.post("/_sandbox/invoices/<int:invoice>/break-pdf")
    def break_pdf(invoice: int) -> Response:
        state.break_pdf(invoice, control_body().get("reason", ""))
        return as_json({"broken": invoice})

    @app.post("/_sandbox/webhook")
    def set_webhook() -> Response:
        state.webhook_url = control_body()["url"]
        return as_json({"url": state.webhook_url})
