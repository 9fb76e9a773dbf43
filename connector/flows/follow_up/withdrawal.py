"""A person withdraws a case: what they see before, and asking for it.

The cancellation itself is a follow-up, sent by a worker once, like a payment (`connector.flows.follow_up.reporting`).
To be read before: withdrawal may cost, the more the later, and a case that was paid is to be told of the payment and
left to close by itself (RULES.md, "After the hand-over").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connector.domain.case import CaseStanding
from connector.domain.errors import ConnectorError
from connector.domain.follow_up import IN_FLIGHT, FollowUpKind, FollowUpState, Verdict
from connector.domain.follow_up_rules import decide, not_told
from connector.domain.hand_over import HandOverState
from connector.domain.invoice import Standing
from connector.domain.withdrawal import kept_reason
from connector.flows.deployment import Deployment
from connector.flows.follow_up.case_reading import standing_of
from connector.flows.follow_up.follow_up import facts_of
from connector.store import follow_ups, hand_overs, withdrawals
from connector.store.connections import StoredConnection
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver

WITHDRAWABLE = (HandOverState.REGISTERED, HandOverState.DONE)
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class WithdrawalPreview:
    """What stands before a case is withdrawn.

    `case` is how it stands at Amili now. `unreported` are payments and credits in the ledger that Amili has not been
    told of, `on_their_way` those being told, `asking` those a person must decide on. `ledger_problem` says why the
    ledger could not be read, if so: that hinders no withdrawal. `withdrawal` is one that was asked for before.
    `mark_stays` says that what marks the invoice as sent in the ledger is left for a person to take away.
    """

    connection: StoredConnection
    hand_over: HandOver
    case: CaseStanding
    invoice: Standing | None
    unreported: tuple[Verdict, ...]
    on_their_way: tuple[FollowUp, ...]
    asking: tuple[FollowUp, ...]
    withdrawal: FollowUp | None
    ledger_problem: str = ""
    mark_stays: bool = False

    @property
    def is_paid(self) -> bool:
        """Return whether money or credits came that the case must be told of rather than be withdrawn."""
        return bool(self.unreported or self.on_their_way)

    @property
    def under_way(self) -> bool:
        """Return whether a withdrawal is under way already."""
        return self.withdrawal is not None and self.withdrawal.state in (FollowUpState.DUE, *IN_FLIGHT)

    @property
    def possible(self) -> bool:
        """Return whether there is an open case that no one is withdrawing yet."""
        return self.hand_over.state in WITHDRAWABLE and not self.case.closed and not self.under_way


def preview(deployment: Deployment, hand_over_id: str) -> WithdrawalPreview:
    """Read case and invoice afresh. Sends nothing. Raises `connector.domain.errors` where Amili cannot be read."""
    db = deployment.databases.main
    hand_over = hand_overs.get(db, hand_over_id)
    connection = deployment.connection(hand_over.connection)
    amili, host = deployment.sides(connection)
    case = amili.case(hand_over.case_id)
    rows = follow_ups.of_hand_over(db, hand_over_id)
    verdicts: tuple[Verdict, ...] = ()
    problem = ""
    try:
        verdicts = decide(facts_of(amili, host, hand_over, case, rows))
    except ConnectorError as error:
        problem = str(error)
    others = tuple(row for row in rows if row.kind is not FollowUpKind.WITHDRAWAL)
    return WithdrawalPreview(
        connection=connection,
        hand_over=hand_over,
        case=standing_of(case),
        invoice=hand_over.standing,
        unreported=not_told(verdicts),
        on_their_way=tuple(row for row in others if row.state in IN_FLIGHT and not row.is_asked),
        asking=tuple(row for row in others if row.is_asked),
        withdrawal=next((row for row in rows if row.kind is FollowUpKind.WITHDRAWAL), None),
        ledger_problem=problem,
        mark_stays=not deployment.host(connection).SUPPORTS_STATUS,
    )


def ask(deployment: Deployment, hand_over_id: str, *, by: str, reason: str) -> HandOver:
    """Ask for the withdrawal; durable when this returns. Gives the hand-over.

    Raises `ConfigurationError` without a reason or a case. No personal number is kept of the reason.
    """
    return withdrawals.ask(deployment.databases.main, hand_over_id, by=by, reason=kept_reason(reason))


def withdrawal_of(deployment: Deployment, hand_over_id: str) -> FollowUp | None:
    """The withdrawal that was asked for, if one was."""
    return withdrawals.of_hand_over(deployment.databases.main, hand_over_id)


def outcomes(
    deployment: Deployment, hand_over_id: str, *, wait_s: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[tuple[HandOver, FollowUp | None]]:
    """Yield, again and again, how far a withdrawal has come, until it has ended or `wait_s` is over."""
    give_up = time.monotonic() + wait_s
    while True:
        hand_over = hand_overs.get(deployment.databases.main, hand_over_id)
        row = withdrawal_of(deployment, hand_over_id)
        yield hand_over, row
        ended = hand_over.state is HandOverState.WITHDRAWN
        if ended or row is None or row.is_asked or time.monotonic() >= give_up:
            return
        sleep(_LOOK_EVERY_S)
