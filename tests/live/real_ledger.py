"""The real Odoo as a stage's ledger, so that whole hand-overs are driven against it as against the imitation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from pydantic import SecretStr

from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.hosts.odoo.fields import (
    CASE_ID,
    DISPUTE,
    DISPUTED,
    DISPUTED_AT,
    DISPUTED_BY,
    REQUESTED_AT,
    REQUESTED_BY,
    SEND,
    SETTLE,
    odoo_datetime,
)
from connector.sandbox.shared.switches import Fault
from tests.flows.ledgers import Opened
from tests.live.odoo_books import Books


@dataclass(frozen=True)
class RealBookkeeper:
    """People at work in the real Odoo, by its own methods. A payment is named by the id of its match."""

    books: Books

    @property
    def without_number(self) -> Mapping[str, Any]:
        return {"company_registry": False}

    def balance(self, invoice: str) -> Decimal:
        return self.books.balance(int(invoice))

    def pay(
        self,
        invoice: str,
        amount: Decimal,
        *,
        day: date | None = None,
        written_off: Decimal = Decimal(0),
        currency: str = "SEK",
    ) -> str:
        values: dict[str, Any] = {"payment_date": day.isoformat()} if day else {}
        if currency != "SEK":
            values["currency_id"] = self.books.currency(currency)
        if written_off:
            assert amount + written_off == self.balance(invoice), "Odoo writes off whatever is left"
            return str(self.books.pay_and_write_off(int(invoice), written_off, **values))
        return str(self.books.pay(int(invoice), amount, **values))

    def take_back(self, payment: str) -> None:
        self.books.payment(int(payment), "action_draft")
        self.books.payment(int(payment), "action_cancel")

    def receive(self, invoice: str, amount: Decimal, *, day: date) -> None:
        self.books.statement_line(float(amount), self.books.customer_of(int(invoice)), day=day)

    def credit(self, invoice: str, amount: Decimal | None = None, *, tied: bool = True) -> str:
        if not tied:
            note = self.books.credit_note(self.books.customer_of(int(invoice)), float(amount or 0))
        else:
            note = self.books.credit(int(invoice), None if amount is None else float(amount))
        return str(self.books.move(note, "name")["name"])

    def dispute(self, invoice: str) -> None:
        now = odoo_datetime(datetime.now(UTC))
        self.books.keep_request(int(invoice), DISPUTE, "Eva", x_answered=True)
        self._write(invoice, {DISPUTED: True, DISPUTED_BY: "Eva", DISPUTED_AT: now})

    def settle_dispute(self, invoice: str) -> None:
        self.books.keep_request(int(invoice), SETTLE, "Eva", x_answered=True)
        self._write(invoice, {DISPUTED: False, DISPUTED_BY: False, DISPUTED_AT: False})

    def put_off(self, invoice: str, until: date) -> None:
        self.books.put_off(int(invoice), until)

    def _write(self, invoice: str, values: Mapping[str, Any]) -> None:
        self.books.client.call("account.move", "write", ids=[int(invoice)], vals=values)


@dataclass
class RealOdoo:
    """One company's ledger in the real Odoo. `settings_of_host` are added to what `connect` finds."""

    books: Books
    settings_of_host: Mapping[str, Any]
    kind: str = "odoo"

    @property
    def bookkeeper(self) -> RealBookkeeper:
        return RealBookkeeper(self.books)

    def app(self) -> Flask:
        """Nothing: the real one is served already."""
        return Flask("nothing")

    def settings(self, url: str) -> dict[str, str]:
        return {}

    def connect(self, deployment: Deployment, url: str) -> Opened:
        env = self.books.env
        settings = {**self.books.place, **self.settings_of_host}
        key = SecretStr(env["ODOO_BOT_API_KEY"])
        return Opened(connecting.identify_ledger(deployment, self.kind, settings, key), settings, key)

    def secrets(self) -> Mapping[str, str]:
        return {"ledger key": self.books.env["ODOO_BOT_API_KEY"]}

    def customer(self, **values: Any) -> int:
        return self.books.customer(**values)

    def invoice(self, customer: Any, price: Decimal) -> str:
        line = {"product_id": self.books.product("Konsulttimme"), "quantity": 1, "price_unit": float(price)}
        return str(self.books.invoice(customer, lines=[line]))

    def number(self, invoice: str) -> str:
        return str(self.books.move(int(invoice), "name")["name"])

    def wish(self, invoice: str, by: str) -> None:
        values = {REQUESTED_AT: odoo_datetime(datetime.now(UTC)), REQUESTED_BY: by}
        self.books.client.call("account.move", "write", ids=[int(invoice)], vals=values)
        self.books.keep_request(int(invoice), SEND, by)

    def wished(self, invoice: str) -> bool:
        return bool(self.books.move(int(invoice), REQUESTED_AT)[REQUESTED_AT])

    def pay(self, invoice: str, amount: Decimal) -> None:
        self.bookkeeper.pay(invoice, amount)

    def case_shown(self, invoice: str) -> str:
        return str(self.books.move(int(invoice), CASE_ID)[CASE_ID] or "")

    def changing_writes(self, invoice: str) -> int:
        raise NotImplementedError("the real Odoo counts no writes")

    def strike(self, faults: tuple[Fault, ...]) -> None:
        raise NotImplementedError("nothing goes wrong in the real Odoo by order")

    def behave_as_before(self) -> None:
        """Nothing was switched."""

    def let_windows_pass(self, deployment: Deployment) -> None:
        """Odoo counts no requests."""
