"""One company's ledger in the made-up system, read and written over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import requests
from pydantic import SecretStr

from connector.domain.errors import KeyRefused, NotFound, Unavailable
from connector.domain.invoice import BankAccount, Customer, Invoice, OverdueInvoice, Pdf, Standing
from connector.hosts.base import (
    Changes,
    Host,
    IdentityCoverage,
    Language,
    LedgerIdentity,
    PdfUnavailable,
    ReceiptFile,
    Wish,
    WriteBack,
    WriteBackResult,
)
from connector.remote.policy import HttpPolicy

from .translate import SYSTEM, translate


class LunabokHost(Host):
    """One company's ledger at `url`, opened by a key, or by the token of a consent."""

    def __init__(
        self, url: str, key: Callable[[], SecretStr], http: HttpPolicy, *, system: str = SYSTEM, version: str = "1"
    ) -> None:
        self._url = url
        self._key = key
        self._system = system
        self._version = version
        self._waits = (http.connect_timeout_s, http.read_timeout_s)

    def check(self) -> LedgerIdentity:
        """Who this ledger is."""
        company = self._json("company")
        return LedgerIdentity(company["name"], company["number"], version=self._version, user="the connector")

    def identity_coverage(self) -> IdentityCoverage:
        """How many customers have an identity number."""
        numbers = [one["buyer"]["number"] for one in self._json("invoices")]
        valid = sum(bool(number) for number in numbers)
        return IdentityCoverage(len(numbers), valid, {"number": valid})

    def bank_accounts(self) -> tuple[BankAccount, ...]:
        """How far receipts are booked."""
        return tuple(account for one in self._json("invoices")[:1] for account in _read(one).bank_accounts or ())

    def read(self, invoice_id: str) -> Invoice:
        """One invoice, fresh and whole."""
        return _read(self._json(f"invoices/{invoice_id}"))

    def cards(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """The cards of these customers."""
        known = {invoice.customer.id: invoice.customer for invoice in map(_read, self._json("invoices"))}
        return {one: known[one] for one in customer_ids if one in known}

    def find(self, number: str) -> str:
        """The id of the invoice with this number."""
        for one in self._json("invoices"):
            if one["number"] == number:
                return str(one["id"])
        raise NotFound("there is no invoice with that number.", system=self._system)

    def requested(self) -> Iterator[Wish]:
        """Every standing wish."""
        yield from (wish for one in self._json("invoices") if (wish := _wish(one)))

    def wish(self, invoice_id: str) -> Wish | None:
        """The wish on one invoice."""
        return _wish(self._json(f"invoices/{invoice_id}"))

    def vouches_for(self, mark: str) -> bool:
        """Wishes are on the ledger's own record."""
        return bool(mark)

    def changes(self, cursor: str, *, now: datetime) -> Iterator[Changes]:
        """How every invoice stands: there are few."""
        del now
        yield Changes(self.standings([one["id"] for one in self._json("invoices")]) if cursor else {}, "all")

    def standings(self, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
        """How these invoices stand now."""
        found = {invoice.id: invoice for invoice in map(_read, self._json("invoices"))}
        return {
            one: Standing(state=found[one].state, balance=found[one].balance) for one in invoice_ids if one in found
        }

    def overdue(self, *, today: date, page: int = 1, page_size: int = 50) -> tuple[OverdueInvoice, ...]:
        """One page of open invoices past due."""
        due = [
            one for one in map(_read, self._json("invoices")) if one.balance and one.due_date and one.due_date < today
        ]
        return tuple(
            OverdueInvoice(
                id=one.id,
                number=one.number,
                customer_name=one.customer.name,
                invoice_date=one.invoice_date,
                due_date=one.due_date,
                total=one.total,
                balance=one.balance,
                currency=one.currency,
            )
            for one in due[(page - 1) * page_size : page * page_size]
        )

    def pdf(self, invoice_id: str) -> Pdf:
        """The invoice as the customer got it."""
        answer = self._answer("GET", f"invoices/{invoice_id}/pdf")
        if answer.status_code == requests.codes.gone:
            raise PdfUnavailable("The PDF is not kept any more.", system=self._system)
        number = str(self._json(f"invoices/{invoice_id}")["number"])
        return Pdf(content=answer.content, file_name=f"{number}.pdf", invoice_number=number)

    def language(self) -> Language:
        """Its people read Swedish."""
        return "sv"

    def write_back(self, invoice_id: str, note: WriteBack, receipt: ReceiptFile | None = None) -> WriteBackResult:
        """Put the case id on the invoice."""
        del receipt
        self._answer("PUT", f"invoices/{invoice_id}/case/{note.case_id or 'none'}")
        return WriteBackResult(places=("case",), holds_case_id=bool(note.case_id))

    def _json(self, path: str) -> Any:
        return self._answer("GET", path).json()

    def _answer(self, verb: str, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._key().get_secret_value()}"}
        try:
            answer = requests.request(verb, f"{self._url}/{path}", headers=headers, timeout=self._waits)
        except requests.RequestException:
            raise Unavailable("did not answer.", system=self._system, operation=path) from None
        if answer.status_code == requests.codes.unauthorized:
            raise KeyRefused("does not accept our key.", system=self._system, operation=path)
        if answer.status_code == requests.codes.not_found:
            raise NotFound("there is no such invoice.", system=self._system, operation=path)
        return answer


def _read(document: dict[str, Any]) -> Invoice:
    return translate(document, {})


def _wish(document: dict[str, Any]) -> Wish | None:
    asked = document["wish"]
    return Wish(document["id"], mark=asked["mark"], by=asked["by"]) if asked else None
