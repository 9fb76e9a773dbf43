"""A rule's plan that waits for a person: what of it is still open, and letting go what the person chooses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine

from connector.domain.plan import PlanSize, Proposed, size_of
from connector.flows.deployment import Deployment
from connector.flows.hand_over import asking
from connector.flows.hand_over.plan import request_for, settled_by
from connector.store import hand_overs, held_plans
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.store.held_plans import HeldPlan


class PlanChanged(Exception):
    """The plan is not what the person saw any more: a later one has taken its place, or it was answered."""


@dataclass(frozen=True)
class WaitingPlan:
    """A plan that waits, with what has become of its invoices since it was made.

    `open` are those that still can be sent by it, `settled` the hand-overs of the others, by invoice id.
    """

    held: HeldPlan
    open: tuple[Proposed, ...]
    settled: dict[str, HandOver]

    @property
    def size(self) -> PlanSize:
        """Return how much is still open."""
        return size_of(self.open)


def waiting(db: Engine, held: HeldPlan) -> WaitingPlan:
    """Return how a plan stands, by our own record alone."""
    known = hand_overs.of_invoices(db, held.connection, tuple(one.invoice_id for one in held.proposed))
    settled = {invoice_id: one for invoice_id, one in known.items() if settled_by(one)}
    return WaitingPlan(held, tuple(one for one in held.proposed if one.invoice_id not in settled), settled)


def waiting_for(db: Engine, connection_id: str) -> WaitingPlan | None:
    """The plan of a connection that waits; None if none does, or nothing of it is open any more."""
    held = held_plans.get(db, connection_id)
    standing = waiting(db, held) if held else None
    return standing if standing and standing.open else None


def let_go(
    deployment: Deployment, connection: StoredConnection, plan: WaitingPlan, invoice_ids: Collection[str], *, by: str
) -> int:
    """Send the chosen of a plan's open invoices; gives how many. That answers the plan.

    Each is read and checked again by a worker. What was not chosen is left to the rule's next plan, and so is what a
    crash in here leaves over. Raises `PlanChanged` if the plan does not wait any more.
    """
    if not held_plans.answer(deployment.databases.main, plan.held):
        raise PlanChanged
    chosen = [one for one in plan.open if one.invoice_id in invoice_ids]
    for one in chosen:
        asking.ask(deployment, request_for(connection, one, by=by))
    return len(chosen)
