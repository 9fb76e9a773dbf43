"""The pages of a company: its overdue invoices, its hand-overs, and each hand-over's course."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.amili.links import case_url
from connector.domain.case import Ending
from connector.domain.connection import Environment
from connector.domain.dates import today
from connector.domain.findings import worst_first
from connector.domain.follow_up import UNFINISHED_FOLLOW_UPS
from connector.domain.hand_over import MAY_BE_SENT_AGAIN, UNFINISHED, HandOverState, Origin, Request
from connector.flows.follow_up import withdrawal
from connector.flows.hand_over import asking, held_plan
from connector.flows.hand_over.preview import PAGE_SIZE, overdue, preview
from connector.store import cases, connections, hand_overs, inbox, timeline
from connector.web import confirming, shown, shown_case, tasks
from connector.web.person import deployment, signed_in_user, usable_connection, words

_LAST_PAGE = 10_000
_MOST_HAND_OVERS = 200

pages = Blueprint("pages", __name__)


@pages.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@pages.get("/")
def home() -> AnyResponse | str:
    """The companies that the person may use; straight to the overdue invoices when there is one."""
    user = signed_in_user()
    usable = [one for one in connections.summaries(deployment().databases.main) if user.may_use(one.id)]
    if len(usable) == 1:
        return redirect(url_for("pages.overdue_invoices", connection_id=usable[0].id))
    return render_template("home.html", connections=usable)


@pages.get("/connections/<connection_id>/")
def overdue_invoices(connection_id: str) -> str:
    """The overdue invoices, and what stops each."""
    connection = usable_connection(connection_id)
    page = min(max(request.args.get("page", 1, type=int), 1), _LAST_PAGE)
    rows = overdue(deployment(), connection_id, page=page)
    return render_template(
        "overdue.html",
        connection=connection,
        rows=[(row, worst_first(row.stopping)) for row in rows],
        plan=held_plan.waiting_for(deployment().databases.main, connection_id),
        is_protected=shown.is_protected,
        today=today(),
        page=page,
        more=len(rows) == PAGE_SIZE,
    )


@pages.get("/connections/<connection_id>/invoices/<invoice_id>")
def invoice(connection_id: str, invoice_id: str) -> str:
    """One invoice as it would be sent now: every amount, the customer, every finding, and the button."""
    usable_connection(connection_id)
    action = confirming.first_action(request.args.get("first_action", ""))
    look = preview(deployment(), connection_id, invoice_id, first_action=action)
    return confirming.page(look, confirming.Answers())


@pages.post("/connections/<connection_id>/invoices/<invoice_id>")
def confirm(connection_id: str, invoice_id: str) -> AnyResponse | tuple[str, int]:
    """Send what the person saw and confirmed, if it still is so; else show it again and say what is missing."""
    usable_connection(connection_id)
    action = confirming.first_action(request.form.get("first_action", "")) or abort(400)
    look = preview(deployment(), connection_id, invoice_id, first_action=action)
    answers = confirming.read_answers(look, request.form)
    if answers.problems or look.invoice is None:
        return confirming.page(look, answers), 409 if answers.changed else 422
    asked = asking.ask(
        deployment(),
        # The number is left to the worker's own reading, which settles whose it is.
        Request(
            connection=connection_id,
            invoice_id=invoice_id,
            origin=Origin.PAGE,
            asked_by=signed_in_user().email,
            first_action=action,
            proposed_balance=look.invoice.balance,
            accepted=answers.accepted,
            lifted=answers.lifted,
            again_after=asking.again_after(look.hand_over),
        ),
    )
    target = url_for("pages.status", connection_id=connection_id, invoice_id=invoice_id, item=asked.item)
    return redirect(target, 303)


@pages.get("/connections/<connection_id>/invoices/<invoice_id>/status")
def status(connection_id: str, invoice_id: str) -> AnyResponse | str:
    """What has become of a confirmed invoice: being taken up, then its hand-over."""
    connection = usable_connection(connection_id)
    databases = deployment().databases
    item = request.args.get("item", type=int)
    if item is not None and not inbox.is_done(databases.inbox, item):
        return render_template(
            "taking_up.html",
            connection=connection,
            invoice_id=invoice_id,
            worker_runs=asking.worker_runs(deployment()),
        )
    found = hand_overs.latest(databases.main, connection_id, invoice_id)
    if found is None:
        return redirect(url_for("pages.invoice", connection_id=connection_id, invoice_id=invoice_id))
    return redirect(url_for("pages.hand_over", hand_over_id=found.id))


@pages.get("/connections/<connection_id>/hand-overs")
def hand_over_list(connection_id: str) -> str:
    """The company's hand-overs, newest first, all or those in one state, or that came so far."""
    connection = usable_connection(connection_id)
    db = deployment().databases.main
    wanted, wanted_end = request.args.get("state", ""), request.args.get("ending", "")
    state = HandOverState(wanted) if wanted in tuple(HandOverState) else None
    ending = Ending(wanted_end) if wanted_end in tuple(Ending) else None
    found = hand_overs.listing(db, connection_id=connection_id, state=state, ending=ending, limit=_MOST_HAND_OVERS)
    known = cases.of_many(db, [one.case_id for one in found])
    return render_template(
        "hand_overs.html",
        connection=connection,
        hand_overs=[(one, shown_case.facts(known.get(one.case_id), one) if one.case_id else ()) for one in found],
        state=state,
        states=tuple(HandOverState),
        ending=ending,
        endings=tuple(Ending),
        limit=_MOST_HAND_OVERS,
    )


@pages.get("/hand-overs/<hand_over_id>")
def hand_over(hand_over_id: str) -> str:
    """One hand-over: its state, its case, what was found, and everything that was done."""
    db = deployment().databases.main
    found = next((one for one in hand_overs.find(db, hand_over_id) if one.id == hand_over_id), None) or abort(404)
    connection = usable_connection(found.connection)
    kept = cases.get(db, found.case_id) if found.case_id else None
    in_production = connection.settings.environment is Environment.PRODUCTION
    wanted = withdrawal.withdrawal_of(deployment(), found.id)
    withdrawing = wanted is not None and wanted.state in UNFINISHED_FOLLOW_UPS
    return render_template(
        "hand_over.html",
        connection=connection,
        hand_over=found,
        findings=worst_first(found.findings),
        waiting_for=words().text_or_key("waiting", found.waiting_for),
        unfinished=found.state in UNFINISHED or withdrawing,
        may_ask_again=found.state in MAY_BE_SENT_AGAIN,
        withdrawal=wanted,
        withdrawing=withdrawing,
        may_withdraw=found.state in withdrawal.WITHDRAWABLE and bool(found.case_id) and not withdrawing,
        case_url=case_url(found.case_id) if found.case_id and in_production else "",
        case=shown_case.case(kept, words()),
        facts=shown_case.facts(kept.standing if kept else None, found) if found.case_id else (),
        events=[shown.event(entry, words()) for entry in timeline.of_hand_over(db, found.id)],
        tasks=tasks.of_hand_over(connection.id, found.id),
        longest_reason=tasks.LONGEST_REASON,
    )
