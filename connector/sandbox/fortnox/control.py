"""What a person does in Fortnox's own pages, for tests and demos in another process.

Everything here is the imitation's own, as is everything under /_sandbox/.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.socket import end
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.shared.wire import as_json, control_body


def _row(values: Mapping[str, Any]) -> Row:
    amounts = {name: Decimal(values[name]) for name in ("price", "quantity", "discount") if name in values}
    given: dict[str, Any] = {**values, **amounts}
    return Row(**given)


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def control_endpoints(state: FortnoxState) -> Blueprint:
    """The endpoints under /_sandbox/ that are Fortnox's alone."""
    control = Blueprint("sandbox", __name__, url_prefix="/_sandbox")

    def books(tenant: int) -> Books:
        return state.companies[tenant]

    @control.post("/companies")
    def add_company() -> Response:
        return as_json({"tenant": state.add_company(**control_body()).tenant}, 201)

    @control.post("/companies/<int:tenant>/customers")
    def add_customer(tenant: int) -> Response:
        with state.lock:
            return as_json({"number": books(tenant).add_customer(**control_body())}, 201)

    @control.post("/companies/<int:tenant>/customers/<path:number>")
    def set_customer(tenant: int, number: str) -> Response:
        with state.lock:
            books(tenant).set_customer(number, **control_body())
        return as_json({"changed": number})

    @control.post("/companies/<int:tenant>/invoices")
    def add_invoice(tenant: int) -> Response:
        body = control_body()
        rows = [_row(row) for row in body.pop("rows")]
        with state.lock:
            return as_json({"number": books(tenant).add_invoice(body.pop("customer"), rows, **body)}, 201)

    @control.post("/companies/<int:tenant>/invoices/<number>")
    def set_invoice(tenant: int, number: str) -> Response:
        with state.lock:
            books(tenant).set_invoice(number, **control_body())
        return as_json({"changed": number})

    @control.post("/companies/<int:tenant>/invoices/<number>/pay")
    def pay(tenant: int, number: str) -> Response:
        body = control_body()
        with state.lock:
            payment = settling.pay(books(tenant), number, _amount(body.get("amount")), day=_day(body.get("day")))
        return as_json({"number": payment}, 201)

    @control.post("/companies/<int:tenant>/invoices/<number>/credit")
    def credit(tenant: int, number: str) -> Response:
        body = control_body()
        with state.lock:
            amount = _amount(body.get("amount"))
            note = settling.credit(books(tenant), number, amount, referenced=body.get("referenced", True))
            if body.get("set_off", False):
                settling.set_off(books(tenant), number, note, -books(tenant).invoice(note)["Total"])
        return as_json({"number": note}, 201)

    @control.post("/companies/<int:tenant>/invoices/<number>/labels")
    def set_labels(tenant: int, number: str) -> Response:
        with state.lock:
            books(tenant).set_labels(number, control_body()["labels"])
        return as_json({"changed": number})

    @control.post("/companies/<int:tenant>/revoke-consent")
    def revoke_consent(tenant: int) -> Response:
        state.revoke_consent(control_body().get("client_id", state.app.client_id), tenant)
        return as_json({"revoked": tenant})

    @control.post("/webhook")
    def set_webhook() -> Response:
        body = control_body()
        state.hook.url, state.hook.secret = body["url"], body.get("secret", "")
        return as_json({"url": state.hook.url})

    @control.post("/consent")
    def choose_company() -> Response:
        state.signed_in_to = control_body()["tenant"]
        return as_json({"tenant": state.signed_in_to})

    @control.post("/companies/<int:tenant>/facts")
    def set_facts(tenant: int) -> Response:
        facts = books(tenant).facts
        for name, value in control_body().items():
            setattr(facts, name, set(value) if isinstance(getattr(facts, name), set) else value)
        return as_json({"changed": tenant})

    @control.post("/events")
    def send_event() -> Response:
        body = control_body()
        state.feed.publish(body["topic"], body["kind"], body["tenant"], str(body["entity"]))
        return as_json({"sent": body["kind"]}, 201)

    @control.post("/sockets/close")
    def close_sockets() -> Response:
        open_sockets = tuple(state.sockets)
        for socket in open_sockets:
            end(socket, control_body().get("code", 0))
        return as_json({"closed": len(open_sockets)})

    return control
