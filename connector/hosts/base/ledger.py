"""What a host tells of a ledger, and what it is given: values that both sides of the contract know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from connector.domain.errors import ConnectorError
from connector.domain.invoice import Standing
from connector.domain.text import Fact

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
    """What else someone must do in the ledger, in words; everything works without it, but not all of it as well."""
    unknown: tuple[UnknownName, ...] = ()
    """What the settings name and the ledger does not have, as far as it can tell; said in `to_mend` too."""
    found_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the host that it has found out by itself and that should hold from now on."""


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

    `mark` changes whenever the wish is expressed again, so that one wish is acted on once. Whether the ledger's server
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
    """What the ledger should show on an invoice, its texts in the language of the ledger's people.

    `link` is the address of the case's page here; `findings` are what a person must know or fix, a text each. `ocr` is
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
    `locked` says that it was refused for no other reason than that the ledger lets no one change such an invoice, so
    that there is nothing to fix.
    """

    places: tuple[str, ...] = ()
    refused: Fact = ""
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


@dataclass(frozen=True)
class Hints:
    """What an event pointed at: ids of invoices to look at. Never believed beyond that.

    `changes` says that something changed and no invoice was named: what has changed is to be asked for.
    """

    invoice_ids: tuple[str, ...] = field(default=())
    changes: bool = False
