"""What the claim had taken into account when it was registered, and the ids under which it is known since."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from connector.domain.follow_up import (
    Boundary,
    Entry,
    FollowUpKind,
    FollowUpState,
    Ledger,
    Noted,
    reported_as,
)

NOTHING: Final = Decimal("0.00")


def of_the_invoice(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries as far as they lessened the invoice: without what was paid beside it, and was not claimed."""
    lessened = (
        one.model_copy(update={"amount": one.amount - one.beside, "beside": NOTHING}) if one.beside else one
        for one in entries
    )
    return tuple(one for one in lessened if one.amount or one.kind is not FollowUpKind.PAYMENT)


def is_counted(boundary: Boundary, entry: Entry) -> bool:
    """Return whether the claim knew `entry`."""
    if boundary.counted is None:
        return entry.date is not None and entry.date < boundary.registered_on
    return any((one.kind, one.id) == (entry.kind, entry.id) for one in boundary.counted)


def unbooked(boundary: Boundary, entry: Entry) -> Entry | None:
    """Return what the claim counted of `entry` when it was not booked yet. How it has changed since is seen
    afterwards.
    """
    known = (one for one in boundary.counted or () if one.is_unbooked)
    return next((one for one in known if (one.kind, one.id) == (entry.kind, entry.id)), None)


def under_other_ids(boundary: Boundary, entries: Iterable[Entry], noted: Iterable[Noted]) -> list[Decimal]:
    """Payments that the claim knew before they were booked, and that the ledger does not show under their id any more.

    Once booked, such a payment may have another id; it is known again by its amount.
    """
    known = [one for one in boundary.counted or () if one.kind is FollowUpKind.PAYMENT and one.is_unbooked]
    there = {entry.id for entry in entries}
    own = {one.id for one in known}
    left = [one.amount for one in known if one.id not in there]
    for one in noted:
        if one.state is FollowUpState.COUNTED and one.ledger_id not in own and one.amount in left:
            left.remove(one.amount)
    return left


def under_known_ids(ledger: Ledger, boundary: Boundary, noted: Iterable[Noted]) -> Ledger:
    """The ledger with each entry under the id by which it was noted or counted, if an earlier release did that."""
    known = {(reported_as(one.kind, one.id), one.ledger_id) for one in noted}
    known |= {(one.kind, one.id) for one in boundary.counted or ()}
    entries = tuple(
        one.model_copy(update={"id": one.former_id})
        if (one.kind, one.id) not in known and (one.kind, one.former_id) in known
        else one
        for one in ledger.entries
    )
    return ledger.model_copy(update={"entries": entries})
