"""Which debt an invoice is, and whether a case that was found at Amili is that debt's (`connector.domain.fitting`).

A debtor's number is read for a look alone: only its keyed digest is kept, and nothing of it is logged or shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from connector.amili.models import FoundCase, is_closed
from connector.domain.connection import ConnectionSettings
from connector.domain.dates import today
from connector.domain.debtor import read_debtor
from connector.domain.errors import AmountUnreadable, NotFound
from connector.domain.findings import Finding
from connector.domain.fitting import Likeness, same_capital, same_date
from connector.domain.follow_up import Entry, entries_of
from connector.domain.invoice import Invoice
from connector.domain.reckoning import reckon
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.store import digest_keys, hand_over_work, hand_overs
from connector.store.debts import Debt, unread_before, with_number_alone
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Lease

_BY_NUMBER = "number:"
_BY_CUSTOMER = "customer:"
_TOLD_DIGITS = 10
"""A number may be shown with or without its century: the last ten digits tell the debtor."""

_CLOCKS_DIFFER = timedelta(seconds=5)


@dataclass(frozen=True)
class Claimed:
    """What a debt is known by when its case is looked for. `capital` is kronor, `entries` what lessened the invoice.

    `posted_at` is when the first registration of it left that no one answered, None if none did.
    """

    debtor: str
    invoice_date: date | None
    capital: Decimal | None
    entries: tuple[Entry, ...]
    posted_at: datetime | None


def debt_of(deployment: Deployment, settings: ConnectionSettings, connection_id: str, invoice: Invoice) -> Debt:
    """The debt that an invoice is."""
    identity = read_debtor(invoice.customer, today=today()).identity
    if identity is not None:
        debtor = _BY_NUMBER + _digest(deployment, identity.digits[-_TOLD_DIGITS:])
    else:
        debtor = _BY_CUSTOMER + _digest(deployment, f"{connection_id}/{invoice.customer.id}")
    return Debt(settings.environment, invoice.number, invoice.invoice_date, debtor)


def is_taken(deployment: Deployment, lease: Lease, debt: Debt) -> bool:
    """Return whether another hand-over than the lease's is of this debt; if not, none else can be from now on.

    What was asked for before, and not read yet, comes first if it is the same debt. Raises the errors of remote calls.
    """
    db, hand_over = deployment.databases.main, lease.hand_over
    if debt.key == hand_over.debt:
        return False
    for other in unread_before(db, hand_over, debt.invoice_number):
        connection = deployment.connection(other.connection)
        _, host = deployment.sides(connection)
        try:
            invoice = host.read(other.invoice_id)
        except (NotFound, AmountUnreadable):
            continue
        if debt_of(deployment, connection.settings, connection.id, invoice).key == debt.key:
            return True
    return not hand_over_work.name_debt(db, lease, debt)


def why_taken(deployment: Deployment, lease: Lease, debt: Debt) -> Finding | None:
    """Return why no case can be made of a debt: it is, or may be, that of another hand-over. None where it is not.

    Raises as `is_taken`.
    """
    if not is_taken(deployment, lease, debt):
        return None
    earlier = cases_with_number_alone(deployment, lease.hand_over, debt.invoice_number)
    if case_id := next(iter(earlier), ""):
        return remote_findings.case_of_number(debt.invoice_number, case_id)
    return remote_findings.number_taken(debt.invoice_number)


def cases_with_number_alone(
    deployment: Deployment, hand_over: HandOver, invoice_number: str
) -> dict[str, Decimal | None]:
    """The cases, with their capital, of whose debt an earlier release kept nothing but this number."""
    earlier = with_number_alone(deployment.databases.main, hand_over, invoice_number)
    return {one.case_id: one.capital for one in earlier if one.case_id}


def claimed_now(
    deployment: Deployment,
    settings: ConnectionSettings,
    hand_over: HandOver | None,
    connection_id: str,
    invoice: Invoice,
) -> Claimed:
    """The debt as its invoice shows it now."""
    return Claimed(
        debtor=debt_of(deployment, settings, connection_id, invoice).debtor,
        invoice_date=invoice.invoice_date,
        capital=reckon(invoice, settings.reminders).capital_to_claim,
        entries=entries_of(invoice),
        posted_at=_posted_at(hand_over),
    )


def claimed_before(hand_over: HandOver) -> Claimed | None:
    """The debt as it was when a registration was last posted; None where none was.

    A release that kept less of it leaves `debtor` and `invoice_date` untold: see `is_whole`.
    """
    if hand_over.attempted_at is None:
        return None
    return Claimed(
        debtor=hand_over.debtor,
        invoice_date=hand_over.invoice_date,
        capital=hand_over.capital,
        entries=hand_over.counted or (),
        posted_at=_posted_at(hand_over),
    )


def is_whole(claimed: Claimed) -> bool:
    """Return whether all is known of a debt that tells its case from another's."""
    return bool(claimed.debtor) and claimed.invoice_date is not None and claimed.capital is not None


def likeness(deployment: Deployment, claimed: Claimed, case: FoundCase) -> Likeness:
    """Return what a case that was found has in common with a debt."""
    since_ours = (
        claimed.posted_at is not None
        and case.created_at is not None
        and case.created_at >= claimed.posted_at - _CLOCKS_DIFFER
    )
    return Likeness(
        invoice_date=same_date(case.invoice_date, claimed.invoice_date),
        capital=same_capital(case.initial_capital, claimed.capital, claimed.entries),
        debtor=_same_debtor(deployment, claimed, case),
        theirs_since_ours=since_ours,
    )


def claimed_by(
    deployment: Deployment,
    settings: ConnectionSettings,
    hand_over: HandOver | None,
    connection_id: str,
    invoice: Invoice,
) -> Claimed:
    """The debt by which its case is known: as a registration of it was posted if all of that is known, else as now."""
    before = claimed_before(hand_over) if hand_over is not None else None
    if before is not None and is_whole(before):
        return before
    return claimed_now(deployment, settings, hand_over, connection_id, invoice)


def in_question(
    cases: Iterable[FoundCase], hand_over: HandOver | None, *, withdrawn: Collection[str]
) -> tuple[FoundCase, ...]:
    """The open cases of an invoice's number that may be its debt's.

    No one has withdrawn them (a withdrawn one may look open for a while, and is never used), and no one has said
    that they are of another debt.
    """
    set_aside = (*withdrawn, *(hand_over.other_cases if hand_over is not None else ()))
    return tuple(case for case in cases if not is_closed(case) and case.id not in set_aside)


def surely_own(hand_over: HandOver, standing: Sequence[FoundCase]) -> tuple[FoundCase, ...]:
    """The case that a person has named, or else those of the hand-over's own registration."""
    if chosen := tuple(case for case in standing if case.id == hand_over.this_case):
        return chosen
    return tuple(
        case for case in standing if case.registration_id and case.registration_id == hand_over.registration_id
    )


def strangers(
    deployment: Deployment,
    settings: ConnectionSettings,
    hand_over: HandOver | None,
    connection_id: str,
    invoice: Invoice,
    cases: Iterable[FoundCase],
) -> tuple[tuple[str, Likeness], ...]:
    """The open cases that would stop an invoice until a person says whose they are: none where one of them fits."""
    withdrawn = hand_overs.withdrawn_cases(deployment.databases.main, connection_id, invoice.id) if hand_over else ()
    standing = in_question(cases, hand_over, withdrawn=withdrawn)
    if not standing or (hand_over is not None and surely_own(hand_over, standing)):
        return ()
    claimed = claimed_by(deployment, settings, hand_over, connection_id, invoice)
    found = tuple((case.id, likeness(deployment, claimed, case)) for case in standing)
    return () if any(alike.fits for _, alike in found) else found


def closed_case(
    deployment: Deployment, claimed: Claimed, cases: Iterable[FoundCase], *, but: Collection[str] = ()
) -> str:
    """The id of a withdrawn or closed case of a debt among the cases of its number, or ""; those in `but` are none."""
    closed = (case for case in cases if is_closed(case) and case.id not in but)
    return next((case.id for case in closed if not likeness(deployment, claimed, case).is_of_another), "")


def _same_debtor(deployment: Deployment, claimed: Claimed, case: FoundCase) -> bool | None:
    digits = re.sub(r"[^0-9]", "", case.debtor_number)
    if len(digits) < _TOLD_DIGITS or not claimed.debtor.startswith(_BY_NUMBER):
        return None
    return claimed.debtor == _BY_NUMBER + _digest(deployment, digits[-_TOLD_DIGITS:])


def _digest(deployment: Deployment, text: str) -> str:
    return digest_keys.of_debtor(deployment.databases.main, deployment.vault, text)


def _posted_at(hand_over: HandOver | None) -> datetime | None:
    if hand_over is None or hand_over.first_post_at is None:
        return None
    return datetime.fromtimestamp(hand_over.first_post_at, UTC)
