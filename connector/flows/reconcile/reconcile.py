"""The comparison of ledger, our record and Amili, read afresh. Lists every difference, and corrects nothing.

What differs is looked at once more before it is listed: a payment may be reported, or a case made or closed, between
the reading of the one side and of the other.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from connector.amili.client import AmiliClient
from connector.domain.case import CaseStanding
from connector.domain.errors import NotFound
from connector.domain.follow_up import UNFINISHED_FOLLOW_UPS, FollowUpKind, FollowUpState
from connector.domain.hand_over import HandOverState
from connector.domain.invoice import Standing
from connector.domain.money_view import PaidOut
from connector.domain.reconcile import (
    Difference,
    Three,
    differences,
    several_cases,
    still_open,
    unknown_case,
    unknown_outcome,
)
from connector.flows import troubles
from connector.flows.deployment import Deployment
from connector.flows.events.following import look_at_all, note_standings
from connector.flows.follow_up import debtor_watch
from connector.flows.follow_up.case_reading import ONE_BY_ONE, OVERLAP, SURELY_LISTED_S, standing_of
from connector.hosts.base import Host
from connector.store import cases, follow_ups, hand_overs, payout_lines
from connector.store.connections import StoredConnection
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver

MOST_LOOKED_AT_AGAIN = 500
"""How many invoices are looked at once more, those first whose difference is not known yet."""
_MOST_CHANGES = 300
"""How many of the cases that changed meanwhile are read, the latest first: three calls."""

_UNDER_WAY = (*UNFINISHED_FOLLOW_UPS, FollowUpState.ASKING)
_REPORTED = (FollowUpKind.PAYMENT, FollowUpKind.CREDIT, FollowUpKind.INCREASE, FollowUpKind.LOWERED)
_LESSENING = (*_REPORTED, FollowUpKind.WRITE_OFF)
_ADDING = (FollowUpKind.REVERSAL, FollowUpKind.RAISED)
_ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Comparison:
    """How many cases were compared, and what did not agree."""

    compared: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Sides:
    """Both sides of one connection, and what they have told in this comparison.

    `cases` are Amili's by id and `gone` those it lacks; `standings` is how the ledger says that invoices stand, by
    hand-over. What we kept of an invoice counts only where the ledger was not asked.
    """

    deployment: Deployment
    connection: StoredConnection
    amili: AmiliClient
    host: Host
    cases: dict[str, CaseStanding]
    gone: set[str]
    standings: dict[str, Standing]


@dataclass(frozen=True)
class _PaidOut:
    """What Amili has paid out on an invoice, as it was last read, and when that was."""

    lines: tuple[PaidOut, ...]
    read_at: float | None


def reconcile(deployment: Deployment, connection: StoredConnection, *, known: Collection[str] = ()) -> Comparison:
    """Compare every case of a connection that is not known to have ended, and look for cases no one here knows.

    Whether the debtors of open cases are still who they were is asked of the ledger too (`debtor_watch`).
    Amili's open cases are read a hundred a call, and by itself, within bounds, what was open and is not among them;
    the ledger is asked for many invoices at once where it can. `known` are the keys of differences that stood before.
    Raises the errors of remote calls: half a comparison is none.
    """
    db = deployment.databases.main
    amili, host = deployment.sides(connection)
    began = datetime.now(UTC)
    listed = {case.id: standing_of(case) for case in amili.open_cases(connection.settings.creditor)}
    told = look_at_all(deployment, connection.id, host)
    sides = _Sides(deployment, connection, amili, host, dict(listed), set(), told)
    handed_over = hand_overs.with_case(db, connection.id)
    _read_missing(sides, handed_over)
    debtor_watch.watch(deployment, host, [one for one in handed_over if _is_open(sides, one)])
    found = _found(sides, handed_over)
    ours = _ours(sides)
    unknown = [case_id for case_id in listed if case_id not in ours]
    if found or unknown:
        again = _to_look_at_again(handed_over, found, known)
        if again:
            sides.standings.update(note_standings(deployment, host, again))
        for case in islice(amili.cases_changed_since(connection.settings.creditor, began - OVERLAP), _MOST_CHANGES):
            sides.cases[case.id] = standing_of(case)
        found = _looked_at_again(sides, again, found)
    compared = sum(one.state is not HandOverState.WITHDRAWN for one in handed_over)
    return Comparison(compared, (*found, *_unknown_cases(sides, unknown), *_unknown_outcomes(sides)))


def _read_missing(sides: _Sides, handed_over: Sequence[HandOver]) -> None:
    """Read by themselves the cases that were not among the open ones, but for those seen closed before.

    What is beyond the bound, the next reading of cases sees to, and the next comparison with it.
    """
    missing = [one.case_id for one in handed_over if one.case_id not in sides.cases and _is_followed(one)]
    kept = cases.of_many(sides.deployment.databases.main, missing)
    sides.cases.update({case_id: standing for case_id, standing in kept.items() if standing.closed})
    for case_id in [case_id for case_id in missing if case_id not in sides.cases][:ONE_BY_ONE]:
        try:
            sides.cases[case_id] = standing_of(sides.amili.case(case_id))
        except NotFound:
            sides.gone.add(case_id)


def _is_followed(one: HandOver) -> bool:
    return one.state is not HandOverState.WITHDRAWN


def _is_open(sides: _Sides, one: HandOver) -> bool:
    standing = sides.cases.get(one.case_id)
    return _is_followed(one) and standing is not None and not standing.closed


def _found(sides: _Sides, handed_over: Sequence[HandOver]) -> list[Difference]:
    """Return what does not agree of these hand-overs, by what both sides have told."""
    db, settings = sides.deployment.databases.main, sides.connection.settings
    reports = follow_ups.of_connection(db, sides.connection.id)
    lines = payout_lines.of_creditor(db, settings.environment.value, settings.creditor)
    read_at = payout_lines.read_at(db, settings.environment.value, settings.creditor)
    hindered = troubles.hindered(db, sides.connection.id)
    found: list[Difference] = []
    for one in handed_over:
        paid_out = _PaidOut(tuple(lines.get(one.invoice_number, ())), read_at)
        found += _of_one(sides, one, reports.get(one.id, ()), paid_out, one.id in hindered)
    return found


def _of_one(
    sides: _Sides, one: HandOver, reports: Sequence[FollowUp], paid_out: _PaidOut, is_hindered: bool
) -> Iterator[Difference]:
    standing = sides.cases.get(one.case_id)
    if not _is_followed(one):
        if standing is not None and not standing.closed:
            yield still_open(_three(one, one.standing, standing, reports, paid_out))
        return
    if one.case_id in sides.gone and time.time() - (one.registered_at or 0.0) < SURELY_LISTED_S:
        return
    three = _three(one, sides.standings.get(one.id, one.standing), standing, reports, paid_out)
    update = {"case_gone": one.case_id in sides.gone, "is_hindered": is_hindered}
    yield from differences(three.model_copy(update=update))


def _to_look_at_again(
    handed_over: Sequence[HandOver], found: Sequence[Difference], known: Collection[str]
) -> tuple[HandOver, ...]:
    by_id = {one.id: one for one in handed_over}
    news_first = sorted(found, key=lambda one: one.key in known)
    again = dict.fromkeys(one.hand_over_id for one in news_first)
    return tuple(by_id[hand_over_id] for hand_over_id in again)[:MOST_LOOKED_AT_AGAIN]


def _looked_at_again(sides: _Sides, again: Sequence[HandOver], before: Sequence[Difference]) -> list[Difference]:
    """Return what still does not agree of the hand-overs in `again`, and what was found of the others."""
    now = hand_overs.of_ids(sides.deployment.databases.main, [one.id for one in again])
    return [*_found(sides, tuple(now.values())), *(one for one in before if one.hand_over_id not in now)]


def _ours(sides: _Sides) -> frozenset[str]:
    return hand_overs.known_cases(sides.deployment.databases.main, sides.connection.settings.creditor)


def _unknown_cases(sides: _Sides, candidates: Sequence[str]) -> Iterator[Difference]:
    """Those of the cases that are still open, and that nothing here is known to have made.

    One with the number of an invoice that was handed over is a second case of that. Where another company of the
    creditor's handed it over, it stands in that one's comparison.
    """
    # A registration that ends between the two readings is in the second.
    doubtful = hand_overs.doubtful_numbers(sides.deployment.databases.main, sides.connection.settings.creditor)
    ours = _ours(sides)
    unknown = [
        standing
        for standing in (sides.cases[case_id] for case_id in candidates)
        if not standing.closed and standing.id not in ours and standing.invoice_number not in doubtful
    ]
    numbers = {standing.invoice_number for standing in unknown if standing.invoice_number}
    known = hand_overs.with_number(sides.deployment.databases.main, sides.connection.settings.creditor, numbers)
    for standing in unknown:
        one = known.get(standing.invoice_number)
        if one is None:
            yield unknown_case(standing.id, standing.invoice_number, standing.remaining_capital)
        elif one.connection == sides.connection.id:
            left = standing.remaining_capital
            yield several_cases(one.id, one.invoice_number, one.capital, case_id=standing.id, remaining_capital=left)


def _unknown_outcomes(sides: _Sides) -> Iterator[Difference]:
    for one in hand_overs.in_doubt(sides.deployment.databases.main, sides.connection.id):
        yield unknown_outcome(one.id, one.invoice_number, one.capital)


def _three(
    one: HandOver,
    invoice: Standing | None,
    standing: CaseStanding | None,
    reports: Sequence[FollowUp],
    paid_out: _PaidOut,
) -> Three:
    reported = [row for row in reports if row.kind in _REPORTED and row.state is FollowUpState.REPORTED]
    under_way = [row.amount for row in reports if row.kind in _LESSENING and row.state in _UNDER_WAY]
    put_aside = [row.amount for row in reports if row.kind in _LESSENING and row.state is FollowUpState.SKIPPED]
    # What Amili did not settle, and a person has seen.
    unsettled = [row.amount - _settled(row) for row in reported if row.decided_by]
    taken_back = [
        row.amount
        for row in reports
        if row.kind in _ADDING and row.state in (FollowUpState.SKIPPED, FollowUpState.REPORTED)
    ]
    return Three(
        hand_over_id=one.id,
        invoice_number=one.invoice_number,
        case_id=one.case_id,
        claimed=one.capital,
        balance_then=one.balance_then,
        balance=invoice.balance if invoice and not invoice.unreadable else None,
        ledger=invoice.kind if invoice else None,
        reported=sum((_settled(row) for row in reported), _ZERO),
        under_way=sum(under_way, _ZERO),
        not_to_report=sum((*put_aside, *unsettled), _ZERO),
        taken_back=sum(taken_back, _ZERO),
        is_looked_at=one.follow_up_asked > one.follow_up_done,
        is_open=standing is None or not standing.closed,
        remaining_capital=standing.remaining_capital if standing else None,
        payouts=paid_out.lines,
        payouts_read_at=paid_out.read_at,
    )


def _settled(report: FollowUp) -> Decimal:
    return report.amount if report.settled is None else report.settled
