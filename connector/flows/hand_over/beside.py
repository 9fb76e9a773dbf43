"""A look beside the worker that holds a hand-over and may be dead: it needs no lease, and may already end the doubt."""

from __future__ import annotations

from connector.amili.models import FoundCase
from connector.domain.errors import ConnectorError
from connector.flows.deployment import Deployment
from connector.flows.hand_over import debts
from connector.flows.hand_over.debts import Claimed
from connector.flows.outcome import NEXT, Outcome, Then
from connector.store import found_cases, hand_overs
from connector.store.hand_over_work import Busy


def while_busy(deployment: Deployment, busy: Busy) -> Outcome:
    """Someone else holds the row, perhaps dead: a look needs no lease, and may already end the doubt."""
    hand_over = busy.hand_over
    retry = Outcome(Then.AGAIN_FIRST, min(busy.wait_s, deployment.settings.settle_s / 4) + 0.05)
    claimed = debts.claimed_before(hand_over)
    if claimed is None or hand_over.taken_at is not None or not hand_over.invoice_number:
        return retry
    connection = deployment.connection(hand_over.connection)
    amili, _ = deployment.sides(connection)
    try:
        found = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number, since=hand_over.invoice_date)
    except ConnectorError:
        # A look beside the owner is a courtesy: the owner, or the look after its lease, gives the answer.
        return retry
    withdrawn = hand_overs.withdrawn_cases(deployment.databases.main, hand_over.connection, hand_over.invoice_id)
    standing = debts.in_question(found, hand_over, withdrawn=withdrawn)
    case = next((one for one in standing if _is_the_silent_owners(deployment, claimed, one)), None)
    if case is None:
        return retry
    found_cases.adopt_unowned(
        deployment.databases.main, hand_over, registration_id=case.registration_id or "", case_id=case.id
    )
    return NEXT


def _is_the_silent_owners(deployment: Deployment, claimed: Claimed, case: FoundCase) -> bool:
    found = debts.likeness(deployment, claimed, case)
    return found.fits and (debts.is_whole(claimed) or found.theirs_since_ours)
