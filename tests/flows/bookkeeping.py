"""What a company's people do in its ledger to an invoice that was handed over, by one vocabulary for every ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.odoo.chart import RECEIVABLE
from connector.sandbox.odoo.matching import match, receivable, unmatch
from connector.sandbox.odoo.state import OdooState

DISPUTED = "Bestridd"
"""The label by which people in Fortnox mark an invoice as disputed."""


class Bookkeeper(Protocol):
    """People at work in one ledger. Invoices, payments and credit notes are named by the ledger's own ids, as texts."""

    @property
    def without_number(self) -> Mapping[str, Any]:
        """A customer without an identity number, in the names of the ledger's own fields."""

    def balance(self, invoice: str) -> Decimal:
        """What the ledger says is open."""

    def pay(
        self,
        invoice: str,
        amount: Decimal,
        *,
        day: date | None = None,
        written_off: Decimal = Decimal(0),
        currency: str = "SEK",
    ) -> str:
        """Money comes in on `day`, today if not given, and is booked on the invoice; gives the payment.

        `written_off` is taken off the invoice with it, and nobody pays it.
        """

    def take_back(self, payment: str) -> None:
        """Somebody takes a booked payment off its invoice again."""

    def receive(self, invoice: str, amount: Decimal, *, day: date) -> None:
        """Money for the invoice comes in, and nobody books it on the invoice yet."""

    def credit(self, invoice: str, amount: Decimal | None = None, *, tied: bool = True) -> str:
        """A credit note, of all that is open if no `amount` is given; gives its number. Not `tied`, it names none."""

    def put_off(self, invoice: str, until: date) -> None:
        """It is agreed with the customer that the invoice is paid by `until`, and put down as the ledger can."""

    def dispute(self, invoice: str) -> None:
        """Somebody notes that the customer disputes the invoice."""

    def settle_dispute(self, invoice: str) -> None:
        """Somebody takes that note away."""


@dataclass(frozen=True)
class OdooBookkeeper:
    """People at work in Odoo."""

    state: OdooState

    @property
    def without_number(self) -> Mapping[str, Any]:
        return {"company_registry": ""}

    def balance(self, invoice: str) -> Decimal:
        return Decimal(self.state.books.field(int(invoice), "amount_residual"))

    def pay(
        self,
        invoice: str,
        amount: Decimal,
        *,
        day: date | None = None,
        written_off: Decimal = Decimal(0),
        currency: str = "SEK",
    ) -> str:
        books = self.state.books
        if not written_off and currency == "SEK":
            return str(books.pay(int(invoice), amount, day=day))
        with self.state.lock:
            partner = self.state.records.get("account.move", int(invoice))["partner_id"]
            payment = books.prepay(partner, amount, day=day)
            entry = self.state.records.get("account.payment", payment)["move_id"]
            self._change_row(entry, written_off, currency)
            return str(match(self.state.records, int(invoice), entry, amount + written_off))

    def _change_row(self, entry: int, written_off: Decimal, currency: str) -> None:
        """Odoo makes one row of the money and the difference that is written off with it."""
        records = self.state.records
        row = receivable(records, entry)
        shown = {name: row[name] - written_off for name in ("balance", "amount_residual", "amount_residual_currency")}
        unit = records.create("res.currency", {"name": currency, "active": True}) if currency != "SEK" else None
        records.update("account.move.line", row["id"], shown | ({"currency_id": unit} if unit else {}))

    def take_back(self, payment: str) -> None:
        with self.state.lock:
            unmatch(self.state.records, int(payment))

    def receive(self, invoice: str, amount: Decimal, *, day: date) -> None:
        self.state.books.receive(amount, day=day)

    def credit(self, invoice: str, amount: Decimal | None = None, *, tied: bool = True) -> str:
        return self.state.books.number(self.state.books.credit(int(invoice), amount, matched=tied))

    def put_off(self, invoice: str, until: date) -> None:
        with self.state.lock:
            row = receivable(self.state.records, int(invoice))
            self.state.records.update("account.move.line", row["id"], {"date_maturity": until.isoformat()})

    def dispute(self, invoice: str) -> None:
        self.state.books.set_invoice(int(invoice), x_amili_disputed=True, x_amili_disputed_by="Eva")

    def settle_dispute(self, invoice: str) -> None:
        self.state.books.set_invoice(int(invoice), x_amili_disputed=False)

    def offset(self, invoice: str, amount: Decimal) -> None:
        """A bookkeeper lessens the invoice by an entry that is neither a payment nor a bank line."""
        books = self.state.books
        with self.state.lock:
            partner = self.state.records.get("account.move", int(invoice))["partner_id"]
            entry = books._bank_entry(
                partner, amount, books.today(), name="MISC/1", text="Rättelse", counter=RECEIVABLE
            )
            match(self.state.records, int(invoice), entry, amount)


@dataclass(frozen=True)
class FortnoxBookkeeper:
    """People at work in one company's Fortnox. Its payments and credit invoices have numbers of their own."""

    state: FortnoxState
    books: Books

    @property
    def without_number(self) -> Mapping[str, Any]:
        return {"OrganisationNumber": ""}

    def balance(self, invoice: str) -> Decimal:
        with self.state.lock:
            return Decimal(self.books.invoice(invoice)["Balance"])

    def pay(
        self,
        invoice: str,
        amount: Decimal,
        *,
        day: date | None = None,
        written_off: Decimal = Decimal(0),
        currency: str = "SEK",
    ) -> str:
        offs = [settling.write_off(written_off)] if written_off else []
        with self.state.lock:
            payment = settling.add_payment(self.books, invoice, amount, day=day, source="file", write_offs=offs)
            self.books.payments.put(payment, {**self.books.payments[payment], "Currency": currency})
            settling.book_payment(self.books, payment)
            return payment

    def take_back(self, payment: str) -> None:
        with self.state.lock:
            settling.delete_payment(self.books, payment, booked_too=True)

    def enter(self, invoice: str, amount: Decimal, *, day: date | None = None) -> str:
        """A payment is entered on the invoice, and not booked."""
        with self.state.lock:
            return settling.add_payment(self.books, invoice, amount, day=day, source="file")

    def book(self, payment: str) -> None:
        """A payment that was entered is booked."""
        with self.state.lock:
            settling.book_payment(self.books, payment)

    def receive(self, invoice: str, amount: Decimal, *, day: date) -> None:
        self.enter(invoice, amount, day=day)

    def credit(self, invoice: str, amount: Decimal | None = None, *, tied: bool = True) -> str:
        with self.state.lock:
            credited = self.books.invoice(invoice)["Total"] if amount is None else amount
            number = settling.credit(self.books, invoice, amount, referenced=tied)
            if tied:
                settling.set_off(self.books, invoice, number, credited)
            return number

    def put_off(self, invoice: str, until: date) -> None:
        with self.state.lock:
            self.books.set_invoice(invoice, DueDate=until.isoformat())

    def dispute(self, invoice: str) -> None:
        self.label(invoice, DISPUTED)

    def settle_dispute(self, invoice: str) -> None:
        self.unlabel(invoice, DISPUTED)

    def label(self, invoice: str, text: str) -> None:
        """Put a label on the invoice, beside those that it has."""
        with self.state.lock:
            known = {description: number for number, description in self.books.labels.items()}
            self._set_labels(invoice, {*self._labels(invoice), known.get(text) or self.books.add_label(text)})

    def unlabel(self, invoice: str, text: str) -> None:
        """Take a label off the invoice."""
        with self.state.lock:
            self._set_labels(invoice, {one for one in self._labels(invoice) if self.books.labels[one] != text})

    def labels(self, invoice: str) -> set[str]:
        """The texts of the labels on the invoice."""
        with self.state.lock:
            return {self.books.labels[one] for one in self._labels(invoice)}

    def _labels(self, invoice: str) -> set[int]:
        return {label["Id"] for label in self.books.invoice(invoice)["Labels"]}

    def _set_labels(self, invoice: str, labels: set[int]) -> None:
        self.books.set_labels(invoice, sorted(labels))
