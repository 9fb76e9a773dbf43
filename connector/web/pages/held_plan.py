"""The page of a rule's plan that waits for a person: why it waits, what it proposes, and letting the chosen go."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.dates import today
from connector.flows.hand_over import asking, held_plan
from connector.flows.hand_over.held_plan import PlanChanged, WaitingPlan
from connector.flows.tasks.task_words import brake
from connector.store.connections import StoredConnection
from connector.web.door import number_asked
from connector.web.person import deployment, signed_in_user, usable_connection, words

MOST_SHOWN = 500

held_plan_pages = Blueprint("held_plan", __name__)


@held_plan_pages.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@held_plan_pages.get("/connections/<connection_id>/plan")
def show(connection_id: str) -> str:
    """Return what the rule proposes and does not send by itself."""
    return _page(usable_connection(connection_id))


@held_plan_pages.post("/connections/<connection_id>/plan")
def send(connection_id: str) -> AnyResponse | tuple[str, int]:
    """Send what the person has chosen, if the plan is still the one that they saw."""
    connection = usable_connection(connection_id)
    plan = held_plan.waiting_for(deployment().databases.main, connection_id)
    if plan is None or _seen(connection, plan) != request.form.get("seen"):
        return _page(connection, problem="plan.changed"), 409
    chosen = frozenset(request.form.getlist("invoice"))
    if not any(one.invoice_id in chosen for one in plan.open):
        return _page(connection, problem="plan.none_chosen", chosen=chosen), 422
    if request.form.get("reviewed") != "yes":
        return _page(connection, problem="plan.not_reviewed", chosen=chosen), 422
    try:
        count = held_plan.let_go(deployment(), connection, plan, chosen, by=signed_in_user().email)
    except PlanChanged:
        return _page(connection, problem="plan.changed"), 409
    return redirect(url_for("held_plan.show", connection_id=connection_id, sent=count), 303)


def _page(connection: StoredConnection, *, problem: str = "", chosen: frozenset[str] | None = None) -> str:
    plan = held_plan.waiting_for(deployment().databases.main, connection.id)
    proposed = plan.held.proposed if plan else ()
    return render_template(
        "plan.html",
        connection=connection,
        plan=plan,
        seen=_seen(connection, plan) if plan else "",
        why=[words().say(brake(one)) for one in plan.held.brakes] if plan else [],
        rows=proposed[:MOST_SHOWN],
        left_out=max(len(proposed) - MOST_SHOWN, 0),
        chosen=frozenset(one.invoice_id for one in proposed) if chosen is None else chosen,
        problem=problem,
        sent=number_asked("sent", 0),
        worker_runs=asking.worker_runs(deployment()),
        today=today(),
    )


def _seen(connection: StoredConnection, plan: WaitingPlan) -> str:
    """Return what a person agrees to beside the invoices: these very proposals, what they begin as, and where they
    go.
    """
    settings = connection.settings
    return f"{plan.held.id} {settings.first_action} {settings.environment}"
