"""The comparison of ledger, our record and Amili, read afresh. Lists every difference, and corrects nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.amili.client import AmiliClient
from connector.domain.case import CaseStanding
from connector.domain.errors import NotFound
from connector.domain.follow_up import REPORTABLE, UNFINISHED_FOLLOW_UPS, FollowUpState
from connector.domain.hand_over import HandOverState
from connector.domain.money_view import PaidOut
from connector.domain.reconcile import Difference, Three, differences, unknown_case, unknown_outcome
from connector.flows.case_reading import standing_of
from connector.flows.deployment import Deployment
from connector.flows.following import look_at_all
from connector.store import cases, follow_ups, hand_overs, payout_lines
from connector.store.connections import StoredConnection
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver

_UNDER_WAY = (*UNFINISHED_FOLLOW_UPS, FollowUpState.ASKING)
_ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Comparison:
    """How many cases were compared, and what did not agree."""

    compared: int
    differences: tuple[Difference, ...]


def reconcile(deployment: Deployment, connection: StoredConnection) -> Comparison:
    """Compare every case of a connection that is not known to have ended, and look for cases nobody here knows.

    Amili's open cases are read a hundred a call, and by itself what was open and is not among them; the ledger is
    asked for many invoices at once where it can. Raises the errors of remote calls: half a comparison is none.
    """
    db = deployment.databases.main
    amili, host = deployment.sides(connection)
    creditor = connection.settings.creditor
    open_now = {case.id: standing_of(case) for case in amili.open_cases(creditor)}
    look_at_all(deployment, connection.id, host)
    handed_over = [one for one in hand_overs.with_case(db, connection.id) if one.state is not HandOverState.WITHDRAWN]
    reports = follow_ups.of_connection(db, connection.id)
    lines = payout_lines.of_creditor(db, connection.settings.environment.value, creditor)
    found: list[Difference] = []
    for one, standing in _standings(deployment, amili, handed_over, open_now):
        found += differences(_three(one, standing, reports.get(one.id, ()), lines.get(one.invoice_number, ())))
    ours = hand_overs.known_cases(db, creditor)
    found += [
        unknown_case(case.id, case.invoice_number, case.remaining_capital)
        for case in open_now.values()
        if case.id not in ours
    ]
    found += [
        unknown_outcome(one.id, one.invoice_number, one.capital) for one in hand_overs.in_doubt(db, connection.id)
    ]
    return Comparison(len(handed_over), tuple(found))


def _standings(
    deployment: Deployment, amili: AmiliClient, handed_over: Sequence[HandOver], open_now: dict[str, CaseStanding]
) -> Iterator[tuple[HandOver, CaseStanding | None]]:
    """Each hand-over with how its case stands; None for a case that Amili does not have.

    A case that was seen closed before is taken for closed: closed cases are not read again and again.
    """
    kept = cases.of_many(deployment.databases.main, [one.case_id for one in handed_over])
    for one in handed_over:
        standing = open_now.get(one.case_id)
        before = kept.get(one.case_id)
        if standing is None and before is not None and before.closed:
            standing = before
        if standing is None:
            try:
                standing = standing_of(amili.case(one.case_id))
            except NotFound:
                yield one, None
                continue
        yield one, standing


def _three(
    one: HandOver, standing: CaseStanding | None, reports: Sequence[FollowUp], lines: Sequence[PaidOut]
) -> Three:
    own = [report for report in reports if report.kind in REPORTABLE]
    reported = [report for report in own if report.state is FollowUpState.REPORTED]
    under_way = [report.amount for report in own if report.state in _UNDER_WAY]
    latest = max((line for line in lines if line.payout_date), key=lambda line: str(line.payout_date), default=None)
    return Three(
        hand_over_id=one.id,
        invoice_number=one.invoice_number,
        case_id=one.case_id,
        claimed=one.capital,
        balance_then=one.balance_then,
        balance=one.standing.balance if one.standing else None,
        ledger=one.standing.kind if one.standing else None,
        reported=sum((_settled(report) for report in reported), _ZERO),
        under_way=sum(under_way, _ZERO),
        case_gone=standing is None,
        is_open=standing is not None and not standing.closed,
        remaining_capital=standing.remaining_capital if standing else None,
        payout_date=latest.payout_date if latest else None,
        payout_reference=latest.payout_reference if latest else "",
    )


def _settled(report: FollowUp) -> Decimal:
    return report.amount if report.settled is None else report.settled
