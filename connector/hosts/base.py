"""The contract between the flows and a host. Adding a host is adding a folder that keeps it.

A host opened for one connection speaks to one company's ledger with that connection's credentials. Its
methods raise the errors of `connector.domain.errors` and nothing else; `tests/hosts/contract.py` is the suite
that every host must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from pydantic import SecretStr

from connector.domain.errors import ConnectorError
from connector.domain.invoice import BankAccount, Customer, Invoice, OverdueInvoice, Pdf, Standing

Language = Literal["sv", "en"]
"""The languages in which we speak to a ledger's people."""

CaseEnd = Literal["", "closed", "withdrawn"]
"""How a case has ended: "closed" by itself, "withdrawn" by a person; "" for one that has not, as far as is known."""


@dataclass(frozen=True)
class UnknownName:
    """What a host's setting names and the ledger does not have: a product, or the code of an account."""

    setting: str
    named: str
    is_account: bool


@dataclass(frozen=True)
class LedgerIdentity:
    """Who a ledger is: shown before anything is saved, compared with the Amili creditor.

    `organization_number` is ten digits, or "" if the ledger has none. `missing_rights` lists, in words, what
    our key may not do but needs to.
    """

    company: str
    organization_number: str
    version: str
    user: str
    missing_rights: tuple[str, ...] = ()
    bank_booked_until: date | None = None
    key_expires: date | None = None
    to_mend: tuple[str, ...] = ()
    """What else somebody must do in the ledger, in words; everything works without it, but not all of it as well."""
    unknown: tuple[UnknownName, ...] = ()
    """What the settings name and the ledger does not have, as far as it can tell; said in `to_mend` too."""
    found_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the host that it has found out by itself and that shall hold from now on."""


@dataclass(frozen=True)
class IdentityCoverage:
    """How many customers have a valid identity number, and where in the ledger it stands: counts by field."""

    customers: int
    valid: int
    by_field: Mapping[str, int]


@dataclass(frozen=True)
class HintTiming:
    """How a ledger's hints and the changes they tell of lie in time.

    A hint may come before its change can be seen: `look_again_at_s` are the ages of a hint, in seconds, at which
    an invoice that showed nothing new is looked at again. `quiet_s` is how long after an invoice's latest hint
    nothing may be written to it, since its user's change may not be saved yet.
    """

    look_again_at_s: tuple[float, ...] = ()
    quiet_s: float = 0.0


@dataclass(frozen=True)
class Changes:
    """A page of what changed in a ledger: how these invoices stand now, by their ids.

    `cursor` says where to go on, once the page has been dealt with. `touched` are further invoices that something
    happened to, where it would take a call each to say how they stand: `Host.standings` tells it of those that matter.
    """

    standings: Mapping[str, Standing]
    cursor: str
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wish:
    """A person's wish, held in the ledger, to send an invoice to collection.

    `mark` changes whenever the wish is expressed anew, so that one wish is acted on once. Whether the ledger's server
    says who expressed it, `Host.vouches_for` tells.
    """

    invoice_id: str
    mark: str
    by: str
    first_action: str = ""


@dataclass(frozen=True)
class WithdrawalWish:
    """A person's wish, held in the ledger, to have the case of an invoice withdrawn.

    `mark` is as `Wish.mark`. `case_id` is the case that the invoice showed when the wish was expressed: it is meant for
    no other. `reason` is as the person wrote it.
    """

    invoice_id: str
    mark: str
    case_id: str
    by: str
    reason: str


@dataclass(frozen=True)
class WriteBack:
    """What the ledger shall show on an invoice, its texts in the language of the ledger's people.

    `link` is the address of the case's page here; `findings` are what a person must know or mend, a text each. `ocr` is
    the number by which payments of the case are to be marked at Amili, "" if it is not known.

    In the step that shows a case as withdrawn, a ledger that holds wishes takes those away that stood before: one that
    stands afterwards was made afterwards, and asks for the invoice to be sent again. `forgets` is a case that counts no
    more: where the ledger shows it still, it shows it no longer. `answered_wish` and
    `answered_withdrawal` are marks of wishes that have been answered, and are taken away if they still stand.
    """

    case_id: str
    status: str
    at: datetime
    link: str = ""
    findings: tuple[str, ...] = ()
    ended: CaseEnd = ""
    answered_wish: str = ""
    answered_withdrawal: str = ""
    ocr: str = ""
    forgets: str = ""


@dataclass(frozen=True)
class WriteBackResult:
    """Where a write-back landed (`places`, for example field names), or why the ledger refused it.

    `holds_case_id` says that the case id itself stands in one of the places: a label, for example, holds none.
    `locked` says that it was refused for no other reason than that the ledger lets nobody change such an invoice, so
    that there is nothing to mend.
    """

    places: tuple[str, ...] = ()
    refused: str = ""
    locked: bool = False
    holds_case_id: bool = False


@dataclass(frozen=True)
class ReceiptFile:
    """The file of a receipt that a ledger may hold at an invoice.

    `id` is what the ledger calls it, "" before it was given over. `keep` must have stored a new id before anything is
    made of the file, so that no crash or lost answer leaves two receipts.
    """

    id: str
    keep: Callable[[str], None]


@dataclass(frozen=True)
class LedgerMessage:
    """A message to the people at an invoice, in their language. `key` is its own: the same key, the same message."""

    key: str
    title: str
    lines: tuple[str, ...]
    link: str
    link_text: str


@dataclass(frozen=True)
class LedgerCase:
    """What stands in the ledger of one case. `date` is as the ledger keeps it, in UTC; `company` keeps the books."""

    number: str
    invoice_id: str
    case_id: str
    status: str
    date: str
    company: str = ""


@dataclass(frozen=True)
class LedgerCases:
    """The cases in all companies of a ledger's database; `unread` names the companies that no key could read."""

    cases: tuple[LedgerCase, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class SetUp:
    """What a set-up inside a ledger did: lines for a person, and the host settings that the connection must keep."""

    lines: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


class PdfUnavailable(ConnectorError):
    """The ledger cannot give the invoice's PDF without side effects; the text says why."""


class Host(Protocol):
    """One company's ledger."""

    def check(self) -> LedgerIdentity:
        """Who this ledger is and whether our rights suffice. Reads only."""

    def identity_coverage(self) -> IdentityCoverage:
        """How many of the customers we could claim have a valid identity number. Reads all of them, cheaply."""

    def bank_accounts(self) -> tuple[BankAccount, ...]:
        """How far customers' money is booked, by account, read afresh; one without an id stands for all of them."""

    def key_expires(self) -> date | None:
        """When our key ends, as far as the ledger tells. Raises `KeyRefused` for one that is not accepted."""

    def renew_key(self, key: SecretStr, *, until: date) -> SecretStr | None:
        """A new key beside `key`, which is ours, valid to `until`; None where the ledger lets nobody make one so."""

    def revoke_key(self, key: SecretStr) -> None:
        """Give up `key`, after a newer one has taken its place."""

    def read(self, invoice_id: str) -> Invoice:
        """One invoice, fresh and whole. Raises `NotFound` if the ledger does not have it."""

    def cards(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """The cards of these customers as they are now, by their ids; those that the ledger does not have are left out.

        Name, identity number and address, and whether the identity is protected where the ledger tells; many at once
        where it can.
        """

    def find(self, number: str) -> str:
        """The id of the customer invoice whose number is exactly `number`. Raises `NotFound`."""

    def requested(self) -> Iterator[Wish]:
        """Every standing wish in the ledger, newest first; the guarantee behind the hints."""

    def wish(self, invoice_id: str) -> Wish | None:
        """The standing wish on one invoice, read afresh."""

    def hidden_wish(self, invoice_id: str) -> str:
        """The mark of a wish that stands on an invoice though its case hides it; "" for none, and where none is hidden.

        For ledgers in which all wishes have the same mark, as in `wishes_taken_away`.
        """

    def withdrawal_wishes(self) -> Iterator[WithdrawalWish]:
        """Every standing wish to withdraw a case; none in a ledger that has no place for them, without a call."""

    def withdrawal_wish(self, invoice_id: str) -> WithdrawalWish | None:
        """The standing wish to withdraw the case of one invoice, read afresh."""

    def vouches_for(self, mark: str) -> bool:
        """Whether a wish of this mark is on the ledger's own record, by whom it was expressed; asks nobody.

        Any other is a question to a person: whoever may change an invoice could have written it.
        """

    def refuse_withdrawal(self, wish: WithdrawalWish, why: str) -> None:
        """Take a wish away, if it still stands, and show `why` on its invoice: for a case that we know nothing of."""

    def wishes_taken_away(self, invoice_ids: Sequence[str]) -> frozenset[str]:
        """Those of these invoices on which it is certain that no wish to send stands, seen or hidden by a case.

        For ledgers in which all wishes have the same mark: only by its having been away can a later one be told from
        it. Where each has a mark of its own, none is named and nobody is asked.
        """

    def hint_timing(self) -> HintTiming:
        """How this ledger's hints lie in time."""

    def changes(self, cursor: str, *, now: datetime) -> Iterator[Changes]:
        """Customer invoices that changed since `cursor`, oldest change first; from "", only where to begin.

        An invoice that did not change may be among them, and one may come twice. What is read for this does not
        grow with the invoices that merely changed: the pages' `touched` leave it to the caller whom to look at. The
        cursor is the host's own; `now` (aware) keeps one from the future from hiding anything.
        """

    def standings(self, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
        """How these invoices stand now, by their ids; those that the ledger does not have are left out."""

    def overdue(self, *, today: date, page: int = 1, page_size: int = 50) -> tuple[OverdueInvoice, ...]:
        """One page of booked, open customer invoices past due on `today`, oldest due date first.

        A ledger that cannot sort reads all of them for a first page; later ones may be of that same reading.
        """

    def pdf(self, invoice_id: str) -> Pdf:
        """The invoice as the customer got it, without side effects. Raises `PdfUnavailable`."""

    def language(self) -> Language:
        """The language that the people at this ledger read."""

    def write_back(self, invoice_id: str, note: WriteBack, receipt: ReceiptFile | None = None) -> WriteBackResult:
        """Put what shall be shown where this ledger can hold it; writes only what differs.

        A ledger that can hold nothing else of it may hold a receipt, if it is told how that is remembered.
        """

    def has_messages(self) -> bool:
        """Whether this ledger has a place for messages at an invoice. Where it has none, none may be left."""

    def shows_status(self) -> bool:
        """Whether this ledger has a place for how a case stands, beside its id. Asks nobody.

        Where it has none, nothing is written when that changes.
        """

    def leave_message(self, invoice_id: str, message: LedgerMessage, *, may_stand: bool) -> str:
        """Leave a message for the ledger's own people at an invoice; it is mailed to nobody.

        `may_stand` says that an earlier try was not answered, so that it is looked for before it is left again.
        Returns "", or the ledger's words if it refused.
        """


@dataclass(frozen=True)
class Hints:
    """What an event pointed at: ids of invoices to look at. Never believed beyond that.

    `changes` says that something changed and no invoice was named: what has changed is to be asked for.
    """

    invoice_ids: tuple[str, ...] = field(default=())
    changes: bool = False
