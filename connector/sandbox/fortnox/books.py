"""One company's books in the Fortnox imitation: customers and invoices, from a draft to booked, sent, cancelled.

Source: fortnox/API.md, "Invoice", "Locked invoices" and "Labels". Payments and credits are in
`connector.sandbox.fortnox.settling`. What is done here is done as a person would in Fortnox's own pages; what the API
may do of it is decided where its requests are handled.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.sandbox.amili.state import luhn_digit
from connector.sandbox.fortnox.documents import EMPTY_CUSTOMER, EMPTY_INVOICE, Row, added_up
from connector.sandbox.fortnox.errors import LOCKED_PERIOD, NOT_IN_WAREHOUSE, NUMBER_IN_USE, Refused, not_found
from connector.sandbox.fortnox.records import Document, Table
from connector.sandbox.fortnox.switches import Change, FortnoxSwitches, LinkedCredit
from connector.sandbox.shared.zone import day_in_sweden

NO_BANK_DETAILS = "Bankuppgifter saknas."
"""The refusal of print and e-mail in a company without bank details (fortnox/API.md, "Actions and PDF")."""


EVENT_OF = {
    Change.CREATED: "invoice-created",
    Change.UPDATED: "invoice-updated",
    Change.BOOKED: "invoice-bookkeep",
    Change.SENT: "invoice-updated",
    Change.CANCELLED: "invoice-cancelled",
    Change.REMINDER: "reminder-sent",
}
"""fortnox/API.md, "Events". Payments have events of their own; no event is known for the other changes."""

PRICING = frozenset({"AdministrationFee", "Freight", "VATIncluded"})
"""Fields that the amounts follow from, beside the rows."""

Publish = Callable[[str, str, str], None]
"""Sends an event: topic, type without its version, entity."""


@dataclass
class CompanyFacts:
    """What is true of one company, not of Fortnox; a test or a demo changes it at will."""

    accounting_method: str = "ACCRUAL"
    whole_kronor: bool = True
    bank_details: bool = True
    warehouse: bool = False
    locked_until: str = ""
    unlicensed_scopes: set[str] = field(default_factory=set)
    """Scopes without a licence: every call answers 2001101."""
    forbidden_resources: set[str] = field(default_factory=set)
    """Resources, by the first part of their path, that answer 403: "customers", "invoicepayments"."""
    hidden_fields: set[str] = field(default_factory=set)
    """Fields that show API_NORIGHT."""


class Books:
    """The books of one company. The caller holds the lock.

    `publish` sends an event; `side_effects` counts, by action and document number, everything that reached someone
    outside or changed the books through the API's actions.
    """

    def __init__(
        self,
        tenant: int,
        name: str,
        organisation_number: str,
        *,
        now: Callable[[], datetime],
        switches: Callable[[], FortnoxSwitches],
        publish: Publish,
    ) -> None:
        self.tenant = tenant
        self.name = name
        self.organisation_number = organisation_number
        self.facts = CompanyFacts()
        self.now = now
        self.switches = switches
        self.publish = publish
        self.customers = Table(now)
        self.invoices = Table(now)
        self.payments = Table(now)
        self.labels: dict[int, str] = {}
        self.credits: dict[str, list[str]] = defaultdict(list)
        """Credit invoices by the debit they refer to."""
        self.payments_of: dict[str, list[str]] = defaultdict(list)
        self.broken_pdfs: dict[str, str] = {}
        """What Fortnox says instead of a PDF, by document number."""
        self.tax_reductions: list[dict[str, Any]] = []
        """The applicants of ROT and RUT reductions, as /3/taxreductions lists them."""
        self.side_effects: dict[str, Counter[str]] = defaultdict(Counter)
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._customer_numbers = itertools.count(2001)
        self._invoice_numbers = itertools.count(10451)
        self._label_numbers = itertools.count(7)
        self._voucher_numbers = itertools.count(301)
        self.payment_numbers = itertools.count(8801)

    def today(self) -> date:
        """Today in Sweden, by the imitation's clock."""
        return day_in_sweden(self.now())

    # Customers

    def add_customer(self, name: str, **fields: Any) -> str:
        """A new customer with Fortnox's field names; returns the number. Raises `Refused` if it is in use."""
        number = str(fields.get("CustomerNumber") or next(self._customer_numbers))
        if number in self.customers:
            raise Refused(f'Kundnummer "{number}" används redan.', NUMBER_IN_USE)
        self.customers.put(number, {**EMPTY_CUSTOMER, "Name": name, **fields, "CustomerNumber": number})
        self.publish("customers", "customer-created", number)
        return number

    def set_customer(self, number: str, **fields: Any) -> None:
        """Change fields of a customer. Raises `Refused`."""
        self.customers.put(number, {**self.customer(number), **fields})
        self.publish("customers", "customer-updated", number)

    def remove_customer(self, number: str) -> None:
        """Delete a customer without invoices. Raises `Refused`."""
        self.customer(number)
        if any(self.invoices[key]["CustomerNumber"] == number for key in self.invoices.keys()):  # noqa: SIM118
            raise Refused("Kunden används och kan inte tas bort.")
        self.customers.remove(number)
        self.publish("customers", "customer-deleted", number)

    def customer(self, number: str) -> Document:
        """The customer as it is now. Raises `Refused`."""
        if number not in self.customers:
            raise not_found("kunden")
        return self.customers[number]

    # Invoices

    def invoice(self, number: str) -> Document:
        """The invoice as it is now. Raises `Refused`."""
        if number not in self.invoices:
            raise not_found("fakturan")
        return self.invoices[number]

    def add_invoice(
        self,
        customer: str,
        rows: Sequence[Row],
        *,
        due_days_ago: int = -30,
        terms_days: int = 30,
        booked: bool = True,
        sent: bool = True,
        **fields: Any,
    ) -> str:
        """A new invoice with Fortnox's field names in `fields`; returns its number.

        Due `due_days_ago` before today unless `fields` has a `DueDate`, dated `terms_days` before that.
        """
        number = str(fields.get("DocumentNumber") or next(self._invoice_numbers))
        if number in self.invoices:
            raise Refused(f'Fakturanummer "{number}" används redan.', NUMBER_IN_USE)
        due = fields.get("DueDate") or (self.today() - timedelta(days=due_days_ago)).isoformat()
        dated = fields.get("InvoiceDate") or (date.fromisoformat(due) - timedelta(days=terms_days)).isoformat()
        given = {name: value for name, value in fields.items() if name not in ("DocumentNumber", "DueDate")}
        invoice = {
            **EMPTY_INVOICE,
            **self._copied_from(self.customer(customer)),
            "AccountingMethod": self.facts.accounting_method,
            "WarehouseReady": not self.facts.warehouse,
            "OutboundDate": dated,
            "TermsOfPayment": str(terms_days),
            "OCR": _ocr(number),
            **given,
            "DocumentNumber": number,
            "InvoiceDate": dated,
            "DueDate": due,
        }
        self._rows[number] = tuple(rows)
        self._store(number, {**invoice, **self._amounts(rows, invoice)}, Change.CREATED)
        if booked:
            self.book(number)
        if sent:
            self.change_invoice(number, {"Sent": True}, Change.SENT)
        return number

    def _copied_from(self, customer: Document) -> dict[str, Any]:
        names = ("Address1", "Address2", "ZipCode", "City", "Country", "Phone1", "Phone2", "OrganisationNumber",
                 "CustomerNumber", "Currency", "YourReference", "OurReference")  # fmt: skip
        email = {**EMPTY_INVOICE["EmailInformation"], "EmailAddressTo": customer["EmailInvoice"] or customer["Email"]}
        copied = {name: customer[name] or "" for name in names}
        return {**copied, "CustomerName": customer["Name"], "EmailInformation": email}

    def _amounts(self, rows: Sequence[Row], invoice: Document) -> dict[str, Any]:
        inclusive = invoice["VATIncluded"] and self.switches().fee_includes_vat_when_prices_do
        return added_up(rows, invoice, fees_include_vat=inclusive, whole_kronor=self.facts.whole_kronor)

    def rows(self, number: str) -> tuple[Row, ...]:
        """The rows an invoice was made with."""
        return self._rows[number]

    def set_invoice(self, number: str, **fields: Any) -> None:
        """Change fields of an invoice, booked or not: for a test that needs it so. Amounts are not added up again."""
        self.change_invoice(number, fields, Change.UPDATED)

    def edit_invoice(self, number: str, fields: Mapping[str, Any], rows: Sequence[Row] | None = None) -> None:
        """Change fields of an unlocked invoice, and its rows if given; the amounts are added up again."""
        changed = {**self.invoice(number), **fields}
        amounts: dict[str, Any] = {}
        if rows is not None or set(fields) & PRICING:
            self._rows[number] = tuple(rows) if rows is not None else self._rows[number]
            amounts = self._amounts(self._rows[number], changed)
        only_labels = rows is None and set(fields) == {"Labels"}
        self.change_invoice(number, {**fields, **amounts}, Change.LABEL if only_labels else Change.UPDATED)

    def change_invoice(self, number: str, fields: Mapping[str, Any], change: Change) -> None:
        """Put `fields` into an invoice and work out its balance; `change` says why."""
        self._store(number, {**self.invoice(number), **fields}, change)

    def _store(self, number: str, invoice: Document, change: Change) -> None:
        balance = self._balance(number, invoice)
        settled = invoice["Booked"] and not balance and not invoice["Cancelled"]
        final = (invoice["FinalPayDate"] or self._last_payment_day(number)) if settled else None
        stored = {**invoice, "Balance": balance, "FinalPayDate": final}
        switches = self.switches()
        self.invoices.put(number, stored, modifies=change not in switches.unmodified_by)
        if change in EVENT_OF:
            self.publish("invoices", EVENT_OF[change], number)
        elif change in switches.more_events:
            self.publish("invoices", "invoice-updated", number)

    def _last_payment_day(self, number: str) -> str:
        days = [self.payments[key]["PaymentDate"] for key in self.payments_of[number] if self.payments[key]["Booked"]]
        return max(days, default=self.today().isoformat())

    # Balance: fortnox/API.md, "Invoice", "Payments" and "Credits and set-off"

    def remaining(self, number: str, invoice: Document) -> Decimal:
        """Return what remains of an invoice by its own payments, in its currency, before credits."""
        net = self.switches().balance_net_of_tax_reduction
        owed: Decimal = invoice["TotalToPay"] if net else invoice["Total"]
        for key in self.payments_of[number]:
            payment = self.payments[key]
            if payment["Booked"]:
                owed -= payment["AmountCurrency"] + sum((off["Amount"] for off in payment["WriteOffs"]), Decimal(0))
        return owed

    def _offsets(self, debit: str, invoice: Document) -> dict[str, Decimal]:
        """Return how much each booked credit takes off a debit by itself: no more than there is left."""
        if self.switches().linked_credit_means is LinkedCredit.NOTHING:
            return {}
        left = self.remaining(debit, invoice)
        taken: dict[str, Decimal] = {}
        for number in self.credits[debit]:
            credit = self.invoices[number]
            if credit["Booked"]:
                taken[number] = min(-credit["Total"], max(left, Decimal(0)))
                left -= taken[number]
        return taken

    def _balance(self, number: str, invoice: Document) -> Decimal:
        if invoice["Cancelled"]:
            return Decimal(0)
        left = self.remaining(number, invoice)
        sets_off = self.switches().linked_credit_means is LinkedCredit.SET_OFF
        linked = invoice["Credit"] == "true" and invoice["CreditInvoiceReference"] in self.invoices
        if sets_off and linked and invoice["Booked"]:
            debit = invoice["CreditInvoiceReference"]
            # The credit being stored may be booked by this very change, and not be among the stored ones yet.
            others = sum(
                (taken for key, taken in self._offsets(debit, self.invoices[debit]).items() if key != number),
                Decimal(0),
            )
            free = max(self.remaining(debit, self.invoices[debit]) - others, Decimal(0))
            left += min(-left, free)
        else:
            left -= sum(self._offsets(number, invoice).values(), Decimal(0))
        return left

    # What a person or an action does to an invoice

    def locked(self, invoice: Document) -> bool:
        """Return whether Fortnox's pages no longer let anybody edit it (fortnox/API.md, "Locked invoices")."""
        if invoice["AccountingMethod"] == "CASH":
            return bool(invoice["Sent"] or invoice["FinalPayDate"])
        return bool(invoice["Booked"])

    def check_period(self, day: str) -> None:
        """Raises `Refused` if `day` lies in the locked period."""
        if self.facts.locked_until and day <= self.facts.locked_until:
            raise Refused("Perioden är låst.", LOCKED_PERIOD)

    def voucher(self, series: str) -> dict[str, Any]:
        """The next voucher in `series`."""
        return {"VoucherNumber": next(self._voucher_numbers), "VoucherSeries": series, "VoucherYear": 7}

    def book(self, number: str) -> None:
        """Bookkeep an invoice. Raises `Refused`."""
        invoice = self.invoice(number)
        if invoice["Booked"] or invoice["Cancelled"]:
            raise Refused("Fakturan är redan bokförd eller makulerad.")
        if not invoice["WarehouseReady"]:
            raise Refused("Fakturan måste först klarmarkeras i lagret.", NOT_IN_WAREHOUSE)
        needs_sent = invoice["AccountingMethod"] == "CASH" and self.switches().cash_bookkeep_needs_sent
        if needs_sent and not invoice["Sent"]:
            raise Refused("Fakturan måste vara skickad innan den kan bokföras.")
        self.check_period(invoice["InvoiceDate"])
        self.change_invoice(number, {"Booked": True, **self.voucher("B")}, Change.BOOKED)
        if invoice["CreditInvoiceReference"] in self.invoices and invoice["Credit"] == "true":
            self.change_invoice(invoice["CreditInvoiceReference"], {}, Change.CREDIT)

    def cancel(self, number: str) -> None:
        """Cancel an invoice that is not booked. Raises `Refused`."""
        if self.invoice(number)["Booked"]:
            raise Refused("Fakturan är bokförd och kan inte makuleras.")
        self.change_invoice(number, {"Cancelled": True}, Change.CANCELLED)

    def send(self, number: str) -> None:
        """Mark an invoice as sent."""
        self.change_invoice(number, {"Sent": True}, Change.SENT)

    def remind(self, number: str, day: date | None = None) -> None:
        """A reminder went out on `day`, today if not given."""
        fields = {"Reminders": self.invoice(number)["Reminders"] + 1, "Sent": True}
        fields["LastRemindDate"] = (day or self.today()).isoformat()
        self.change_invoice(number, fields, Change.REMINDER)

    # Labels

    def add_label(self, description: str) -> int:
        """A new label; returns its id. Raises `Refused` unless it has 1 to 25 characters."""
        self._check_label(description)
        number = next(self._label_numbers)
        self.labels[number] = description
        return number

    def rename_label(self, number: int, description: str) -> None:
        """Give a label another text. Raises `Refused`."""
        if number not in self.labels:
            raise not_found("etiketten")
        self._check_label(description)
        self.labels[number] = description

    def _check_label(self, description: str) -> None:
        if not 1 <= len(description) <= 25:
            raise Refused("Beskrivningen ska ha 1 till 25 tecken.")

    def remove_label(self, number: int) -> None:
        """Delete a label, also from every invoice (fortnox/API.md, "Labels"). Raises `Refused`."""
        if self.labels.pop(number, None) is None:
            raise not_found("etiketten")
        for key in self.invoices.keys():  # noqa: SIM118
            held = self.invoices[key]["Labels"]
            if {"Id": number} in held:
                self.set_labels(key, [label["Id"] for label in held if label["Id"] != number])

    def set_labels(self, number: str, labels: Sequence[int]) -> None:
        """Put exactly these labels on an invoice, as a person does."""
        self.change_invoice(number, {"Labels": tuple({"Id": label} for label in labels)}, Change.LABEL)


def _ocr(number: str) -> str:
    """The number with a length digit and a check digit, for numbers of digits alone."""
    if not number.isdecimal():
        return ""
    with_length = f"{number}{(len(number) + 2) % 10}"
    return f"{with_length}{luhn_digit(with_length)}"
