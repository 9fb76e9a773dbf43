"""The pages of a company: its overdue invoices, its hand-overs, and each hand-over's course."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.amili.links import case_url
from connector.domain.case import Ending
from connector.domain.connection import Environment, FirstAction
from connector.domain.dates import today
from connector.domain.findings import worst_first
from connector.domain.follow_up import UNFINISHED_FOLLOW_UPS
from connector.domain.hand_over import MAY_BE_SENT_AGAIN, UNFINISHED, HandOverState, Origin, Request
from connector.flows import remote_findings
from connector.flows.follow_up import withdrawal
from connector.flows.hand_over import asking, held_plan
from connector.flows.hand_over.deciding import OPEN_TO_WORD
from connector.flows.hand_over.preview import PAGE_SIZE, Preview, overdue, preview
from connector.store import cases, connections, hand_overs, inbox, timeline
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.web import confirming, shown, shown_case
from connector.web.door import number_asked
from connector.web.pages import tasks
from connector.web.person import deployment, read, signed_in_user, usable_connection, words

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
def overdue_invoices(connection_id: str) -> AnyResponse | str:
    """The overdue invoices, and what stops each."""
    connection = usable_connection(connection_id)
    if connection.disconnected_at is not None:
        return redirect(url_for("connection.show", connection_id=connection_id))
    page = min(max(number_asked("page", 1), 1), _LAST_PAGE)
    with_ = deployment()
    rows = read(connection_id, ("overdue", page), lambda: overdue(with_, connection_id, page=page))
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
    connection = usable_connection(connection_id)
    action = confirming.first_action(connection.settings, request.args.get("first_action", ""))
    return confirming.page(_preview(connection_id, invoice_id, action), confirming.Answers())


@pages.post("/connections/<connection_id>/invoices/<invoice_id>")
def confirm(connection_id: str, invoice_id: str) -> AnyResponse | tuple[str, int]:
    """Send what the person saw and confirmed, if it still is so; else show it again and say what is missing.

    The button beside the choice of a first action shows the invoice with that choice, and sends nothing.
    """
    connection = usable_connection(connection_id)
    action = confirming.first_action(connection.settings, request.form.get("first_action", "")) or abort(400)
    look = _preview(connection_id, invoice_id, action)
    if request.form.get("show"):
        return confirming.page(look, confirming.kept_answers(look, request.form)), 200
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
            environment=look.connection.settings.environment,
        ),
    )
    target = url_for("pages.status", connection_id=connection_id, invoice_id=invoice_id, item=asked.item)
    return redirect(target, 303)


def _preview(connection_id: str, invoice_id: str, action: FirstAction | str | None) -> Preview:
    with_ = deployment()
    return read(
        connection_id,
        ("preview", invoice_id, action),
        lambda: preview(with_, connection_id, invoice_id, first_action=action),
    )


@pages.get("/connections/<connection_id>/invoices/<invoice_id>/status")
def status(connection_id: str, invoice_id: str) -> AnyResponse | str:
    """Return what has become of a confirmed invoice: being taken up, then its hand-over."""
    connection = usable_connection(connection_id)
    databases = deployment().databases
    item = number_asked("item")
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
    ocr = request.args.get("ocr", "").strip()
    found = hand_overs.listing(
        db, connection_id=connection_id, state=state, ending=ending, ocr=ocr, limit=_MOST_HAND_OVERS
    )
    known = cases.of_many(db, [one.case_id for one in found])
    return render_template(
        "hand_overs.html",
        connection=connection,
        hand_overs=[(one, shown_case.facts(known.get(one.case_id), one) if one.case_id else ()) for one in found],
        state=state,
        states=tuple(HandOverState),
        ending=ending,
        endings=tuple(Ending),
        ocr=ocr,
        limit=_MOST_HAND_OVERS,
    )


def _may_ask_again(connection: StoredConnection, hand_over: HandOver) -> bool:
    return connection.disconnected_at is None and hand_over.state in (*MAY_BE_SENT_AGAIN, HandOverState.LEFT)


def _may_decide(hand_over: HandOver) -> bool:
    """Return whether a person may have something to say of the hand-over's case."""
    asked = any(one.code in remote_findings.CASE_QUESTIONS for one in hand_over.findings)
    return hand_over.state in OPEN_TO_WORD and (asked or hand_over.taken_at is not None)


@pages.get("/hand-overs/<hand_over_id>")
def hand_over(hand_over_id: str) -> str:
    """One hand-over: its state, its case, what was found, and everything that was done."""
    db = deployment().databases.main
    found = next((one for one in hand_overs.find(db, hand_over_id) if one.id == hand_over_id), None) or abort(404)
    connection = usable_connection(found.connection)
    kept = cases.get(db, found.case_id) if found.case_id else None
    in_production = found.environment is Environment.PRODUCTION
    wanted = withdrawal.withdrawal_of(deployment(), found.id)
    withdrawing = wanted is not None and wanted.state in UNFINISHED_FOLLOW_UPS
    entries = timeline.of_hand_over(db, found.id)
    return render_template(
        "hand_over.html",
        connection=connection,
        hand_over=found,
        findings=worst_first(found.findings),
        waiting_for=shown.waits_for(found.waiting_for, words()),
        unfinished=found.state in UNFINISHED or withdrawing,
        may_ask_again=_may_ask_again(connection, found),
        may_decide=_may_decide(found),
        withdrawal=wanted,
        withdrawing=withdrawing,
        may_withdraw=found.state in withdrawal.WITHDRAWABLE and bool(found.case_id) and not withdrawing,
        case_url=case_url(found.case_id) if found.case_id and in_production else "",
        case=shown_case.case(kept, words()),
        facts=shown_case.facts(kept.standing if kept else None, found) if found.case_id else (),
        events=shown.events(entries, words()),
        write_back=shown.write_back(found.write_back, entries, words()),
        tasks=tasks.of_hand_over(connection.id, found.id),
        longest_reason=tasks.LONGEST_REASON,
    )
