"""One company's Fortnox as the flows see it: `connector.hosts.base.Host`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from connector.domain import dates
from connector.domain.bank_booking import booked_until
from connector.domain.errors import KeyRefused, NotAuthorised, NotFound, Refused, Unreadable
from connector.domain.identity import InvalidIdentity, read_identity
from connector.domain.invoice import BankAccount, Customer, Invoice, OverdueInvoice, Pdf, Standing
from connector.domain.text import Text
from connector.hosts.base import (
    Changes,
    HintTiming,
    Host,
    IdentityCoverage,
    Language,
    LedgerIdentity,
    LedgerMessage,
    PdfUnavailable,
    ReceiptFile,
    SetUp,
    Wish,
    WriteBack,
    WriteBackResult,
)
from connector.hosts.fortnox import changes, events, same_number, setting_up
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.cards import cards
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.customers import customer as customer_of
from connector.hosts.fortnox.documents import SYSTEM, Record, flag, label_ids, text
from connector.hosts.fortnox.fetch import fetch, latest_payment
from connector.hosts.fortnox.labels import LABEL_FIELD
from connector.hosts.fortnox.oauth import SCOPES
from connector.hosts.fortnox.overdue import OverdueList
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.standing import standings
from connector.hosts.fortnox.translate import bank_accounts_of, translate
from connector.hosts.fortnox.write_back import case_of, taken_off, write_back
from connector.words import say

API_VERSION = "3"

_PROBES = {
    Call.LIST_INVOICES: "invoice",
    Call.LIST_CUSTOMERS: "customer",
    Call.LIST_PAYMENTS: "payment",
    Call.LIST_LABELS: "settings",
}
"""What is asked for to see whether each scope holds, its licence and the user's right included."""


class FortnoxHost(Host):
    """One company's ledger in Fortnox. Safe to use from several threads."""

    def __init__(self, client: FortnoxClient, settings: FortnoxSettings) -> None:
        self._client = client
        self._settings = settings
        self._overdue = OverdueList(client)

    def check(self) -> LedgerIdentity:
        """Return who this company is and whether our rights suffice. Reads only."""
        company = self._client.read(Call.READ_COMPANY)
        missing = tuple(f"{scope}: {SCOPES[scope]}" for call, scope in _PROBES.items() if not self._may(call))
        latest = None if missing else latest_payment(self._client, today=dates.today())
        digits = "".join(one for one in text(company, "OrganizationNumber") if one.isascii() and one.isdigit())
        return LedgerIdentity(
            company=text(company, "CompanyName"),
            organization_number=digits[-10:] if len(digits) in {10, 12} else "",
            version=API_VERSION,
            user=f"Fortnox {text(company, 'DatabaseNumber')}",
            missing_rights=missing,
            bank_booked_until=booked_until(bank_accounts_of(latest or {}) or ()),
        )

    def prepare(self) -> SetUp:
        """Find or make the labels of the settings."""
        return setting_up.prepare(self._client, self._settings)

    def identity_coverage(self) -> IdentityCoverage:
        """Return how many customers have a valid identity number in `OrganisationNumber`, the one field there is
        for it.
        """
        numbers = [text(row, "OrganisationNumber") for rows in self._client.pages(Call.LIST_CUSTOMERS) for row in rows]
        valid = sum(map(_is_valid, numbers))
        return IdentityCoverage(customers=len(numbers), valid=valid, by_field={"OrganisationNumber": valid})

    def bank_accounts(self) -> tuple[BankAccount, ...]:
        """Return how far receipts are booked; the list of payments names no account, so that one stands for all."""
        return bank_accounts_of(latest_payment(self._client, today=dates.today()) or {}) or ()

    def key_expires(self) -> date | None:
        """None: a consent ends when it is withdrawn. Raises `KeyRefused` if it was."""
        self._client.read(Call.READ_COMPANY)
        return None

    def read(self, invoice_id: str) -> Invoice:
        """One invoice, fresh and whole. Raises `NotFound`, and `AmountUnreadable` for inexact amounts."""
        document = fetch(self._client, invoice_id, today=dates.today())
        if self._settings.dispute_label and label_ids(document["Invoice"]):
            document["Labels"] = self._client.label_rows()
        customer = customer_of(document["Invoice"], document["Customer"], self._settings)
        document["CustomersWithNumber"] = same_number.find(self._client, customer)
        return translate(document, self._settings)

    def cards(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """The cards of these customers as they are now: a call each, or one for 500 of the company's customers."""
        return cards(self._client, customer_ids)

    def find(self, number: str) -> str:
        """The id of the customer invoice whose number is exactly `number`, which is the same. Raises `NotFound`."""
        found = text(self._client.read(Call.READ_INVOICE, number), "DocumentNumber")
        if found != number:
            raise NotFound("there is no customer invoice with that number.", system=SYSTEM)
        return found

    def requested(self) -> Iterator[Wish]:
        """Every invoice with the label by which people ask, and no case yet; the highest number first."""
        labels = self._client.labels() if self._settings.request_label else {}
        asked = labels.get(self._settings.request_label, ())
        if not asked:
            return
        handled = {text(row, "DocumentNumber") for row in self._labelled(labels.get(self._settings.case_label, ()))}
        standing = [text(row, "DocumentNumber") for row in self._labelled(asked) if not case_of(row)]
        for invoice_id in sorted(set(standing) - handled, key=int, reverse=True):
            yield _wish(invoice_id, asked)

    def wish(self, invoice_id: str) -> Wish | None:
        """The standing wish on one invoice, read afresh; None if there is none, or no such invoice."""
        if not self._settings.request_label:
            return None
        try:
            invoice = self._client.read(Call.READ_INVOICE, invoice_id)
        except NotFound:
            return None
        there = set(label_ids(invoice))
        if not there or case_of(invoice):
            return None
        labels = self._client.labels()
        asked, handled = (labels.get(one, ()) for one in (self._settings.request_label, self._settings.case_label))
        return _wish(invoice_id, asked) if there & set(asked) and not there & set(handled) else None

    def hidden_wish(self, invoice_id: str) -> str:
        """The mark of the label by which people ask, if it stands on an invoice, whatever else does."""
        if not self._settings.request_label:
            return ""
        asked = self._client.labels().get(self._settings.request_label, ())
        try:
            there = set(label_ids(self._client.read(Call.READ_INVOICE, invoice_id)))
        except NotFound:
            return ""
        return _wish(invoice_id, asked).mark if there & set(asked) else ""

    def vouches_for(self, mark: str) -> bool:  # noqa: ARG002 - the contract's
        """Always: Fortnox keeps no rights to a label, so that all who may change invoices there may send."""
        return True

    def wishes_taken_away(self, invoice_ids: Sequence[str]) -> frozenset[str]:
        """Those of these invoices that do not have the label by which people ask, each read by itself to be sure.

        None while the company has no label of that name: the person who gave it another name has taken it off no
        invoice.
        """
        label = self._settings.request_label
        asked = self._client.labels().get(label, ()) if label and invoice_ids else ()
        if not asked:
            return frozenset()
        labelled = {text(row, "DocumentNumber") for row in self._labelled(asked)}
        return frozenset(one for one in invoice_ids if one not in labelled and self._lacks_labels(one, asked))

    def hint_timing(self) -> HintTiming:
        """Return how Fortnox's events lie in time."""
        return events.TIMING

    def changes(self, cursor: str, *, now: datetime) -> Iterator[Changes]:
        """Invoices that changed since `cursor`; from "", only where to begin."""
        disputed = self._disputed() if cursor else frozenset()
        # That a label was set need not move the invoice's modified time, so that all that have it are looked at.
        untold = disputed
        for page in changes.since(self._client, cursor, now=now):
            yield Changes(_held(page.standings, disputed), page.cursor, page.touched | (untold - set(page.standings)))
            untold = frozenset()

    def standings(self, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return how these invoices stand now; those that Fortnox does not have are left out.

        Few take a call each; many take one for 500 of the company's unpaid invoices, and few others (`standing`).
        """
        return _held(standings(self._client, invoice_ids), self._disputed())

    def overdue(self, *, today: date, page: int = 1, page_size: int = 50) -> tuple[OverdueInvoice, ...]:
        """One page of booked, open customer invoices past due on `today`, oldest due date first.

        Fortnox cannot sort by due date, so that all of them are read for a first page, and kept a while for the rest.
        """
        return self._overdue.page(page, today=today, page_size=page_size)

    def pdf(self, invoice_id: str) -> Pdf:
        """The invoice as Fortnox would print it now, by its preview; it is not marked as sent.

        Raises `PdfUnavailable` with Fortnox's words, and `NotFound`.
        """
        try:
            content = self._client.preview(invoice_id)
        except (KeyRefused, NotFound):
            raise
        except (Refused, Unreadable) as error:
            # Fortnox's own words, which its people read in Swedish; the finding says that the PDF is missing.
            raise PdfUnavailable(error.message, says=error.says, system=SYSTEM, advice=error.advice) from None
        return Pdf(content=content, file_name=f"{invoice_id}.pdf", invoice_number=invoice_id)

    def language(self) -> Language:
        """Fortnox's people read Swedish."""
        return "sv"

    def leave_message(self, invoice_id: str, message: LedgerMessage, *, may_stand: bool) -> str:  # noqa: ARG002
        """Say that Fortnox has no place for messages."""
        return say(Text("ledger.no_messages"), self.language())

    def write_back(self, invoice_id: str, note: WriteBack, receipt: ReceiptFile | None = None) -> WriteBackResult:
        """Put the case id on the invoice, or else a label, or else a receipt; nothing else has a place in Fortnox.

        A case that was withdrawn would stand there as if it went on: it is not put there, and what stands is left.

        One that counts no more is taken off where its id stands in the reference; a label stays, which anybody may have
        set. Returns what holds afterwards, or why Fortnox refused. Raises `NotFound` for an unknown invoice.
        """
        if note.forgets:
            return taken_off(self._client, invoice_id, note.forgets)
        if not note.case_id or note.ended == "withdrawn":
            return WriteBackResult()
        return write_back(self._client, invoice_id, note, self._settings, receipt)

    def _lacks_labels(self, invoice_id: str, label_ids_: Sequence[int]) -> bool:
        """Return whether an invoice shows its labels, and none of these is among them."""
        try:
            invoice = self._client.read(Call.READ_INVOICE, invoice_id)
        except NotFound:
            return False
        return isinstance(invoice.get(LABEL_FIELD), list) and not set(label_ids_) & set(label_ids(invoice))

    def _may(self, call: Call) -> bool:
        try:
            self._client.probe(call)
        except KeyRefused:
            raise
        except NotAuthorised:
            return False
        return True

    def _disputed(self) -> frozenset[str]:
        """The invoices that people have marked as disputed: two calls and more, or none if the company has no mark."""
        label = self._settings.dispute_label
        marks = self._client.labels().get(label, ()) if label else ()
        return frozenset(text(row, "DocumentNumber") for row in self._labelled(marks))

    def _labelled(self, label_ids: Iterable[int]) -> Iterator[Record]:
        for label_id in label_ids:
            for rows in self._client.pages(Call.LIST_INVOICES, label=str(label_id)):
                yield from (row for row in rows if not flag(row, "Cancelled"))


def _held(standings: Mapping[str, Standing], disputed: Container[str]) -> Mapping[str, Standing]:
    """`standings` by their ids, with those of disputed invoices held."""
    return {one: known.model_copy(update={"held": one in disputed}) for one, known in standings.items()}


def _is_valid(identity_number: str) -> bool:
    try:
        read_identity(identity_number, today=dates.today())
    except InvalidIdentity:
        return False
    return True


def _wish(invoice_id: str, label_ids: Sequence[int]) -> Wish:
    """Fortnox tells neither who set a label nor when: the same label, and one with the same text, is the same wish.

    Only `FortnoxHost.wishes_taken_away` tells a later one from it.
    """
    return Wish(invoice_id=invoice_id, mark=f"label {label_ids[0]}", by="")
