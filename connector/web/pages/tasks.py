"""The list of everything that waits for a person, and what a person can do about each task."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.redaction import without_personal_numbers
from connector.domain.task import TaskAct, TaskKind
from connector.flows.tasks import tasks as task_list
from connector.flows.tasks.task import Task
from connector.flows.tasks.tasks import TaskChanged
from connector.store import connections, users
from connector.store.connections import StoredConnection
from connector.store.users import User
from connector.web.pages.sign_in import local_target
from connector.web.person import deployment, signed_in_user, usable_connection
from connector.web.told import told

LONGEST_REASON = 300
_MOST_SHOWN = 200
_REPORT = "reported"
TOLD = ("assigned", "skipped", "reopened", _REPORT, "digest_on", "digest_off")

tasks = Blueprint("tasks", __name__)


@tasks.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@dataclass(frozen=True)
class _Filter:
    """Which tasks a reader wants to see."""

    mine: bool
    kind: TaskKind | None
    company: str
    skipped: bool

    def takes(self, task: Task, user: User) -> bool:
        """Return whether `task` is among them."""
        return (
            (task.skip is not None) is self.skipped
            and (not self.mine or task.owner == user.email)
            and self.kind in (None, task.kind)
            and self.company in ("", task.connection)
        )


def _wanted() -> _Filter:
    kind = request.args.get("kind", "")
    return _Filter(
        mine=bool(request.args.get("mine")),
        kind=TaskKind(kind) if kind in tuple(TaskKind) else None,
        company=request.args.get("company", ""),
        skipped=bool(request.args.get("skipped")),
    )


@tasks.get("/tasks")
def everywhere() -> str:
    """The tasks of all companies that the person may use."""
    user = signed_in_user()
    known = connections.summaries(deployment().databases.main)
    usable = [one for one in known if user.may_use(one.id) and one.disconnected_at is None]
    return _page(tuple(one.id for one in usable), "tasks.html", companies=usable)


@tasks.get("/connections/<connection_id>/tasks")
def of_company(connection_id: str) -> str:
    """The tasks of one company."""
    return _company_page(usable_connection(connection_id))


@tasks.post("/connections/<connection_id>/tasks")
def decide(connection_id: str) -> AnyResponse | tuple[str, int]:
    """Assign, skip, report or reopen one task, if it still is what the person saw."""
    connection = usable_connection(connection_id)
    act = request.form.get("act", "")
    if act not in (*TaskAct, _REPORT):
        abort(400)
    found = task_list.gather(deployment().databases.main, (connection_id,))
    task = next((one for one in found if one.key == request.form.get("task")), None)
    if task is None or task.mark != request.form.get("mark"):
        return _company_page(connection, problem="tasks.changed"), 409
    reason = " ".join(without_personal_numbers(request.form.get("reason", "")).split())
    if act == TaskAct.SKIPPED and not 0 < len(reason) <= LONGEST_REASON:
        return _company_page(connection, problem="tasks.reason_missing"), 422
    try:
        _do(act, task, reason)
    except TaskChanged:
        return _company_page(connection, problem="tasks.changed"), 409
    return redirect(_told_at(request.form.get("next", ""), act), 303)


def _do(act: str, task: Task, reason: str) -> None:
    db = deployment().databases.main
    by = signed_in_user().email
    match act:
        case TaskAct.ASSIGNED:
            to = request.form.get("assignee", "").strip().lower()
            chosen = users.get(db, to) if to else None
            if to and (chosen is None or not chosen.may_use(task.connection)):
                abort(400)
            task_list.take(db, task, to=to, by=by)
        case TaskAct.SKIPPED:
            task_list.skip(db, task, by=by, reason=reason)
        case TaskAct.REOPENED:
            task_list.reopen(db, task, by=by)
        case _:
            if not task.may_report:
                abort(400)
            task_list.report(db, task, by=by)


@tasks.post("/tasks/digest")
def choose_digest() -> AnyResponse:
    """Have the daily mail of what waits, or none."""
    wanted = request.form.get("wanted") == "yes"
    users.set_digest(deployment().databases.main, signed_in_user().email, wanted=wanted)
    return redirect(_told_at(request.form.get("next", ""), "digest_on" if wanted else "digest_off"), 303)


def of_hand_over(connection_id: str, hand_over_id: str) -> list[Task]:
    """The tasks of one hand-over, for its page; also those that were skipped."""
    found = task_list.gather(deployment().databases.main, (connection_id,))
    return [task for task in found if task.is_about(hand_over_id)]


def count(connection_id: str) -> int:
    """Return how many tasks of a company wait, for its tab."""
    return len(task_list.waiting(task_list.gather(deployment().databases.main, (connection_id,))))


def _told_at(target: str, act: str) -> str:
    """A page of ours, to say there what was done."""
    parts = urlsplit(local_target(target))
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "told"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("told", act)])))


def _company_page(connection: StoredConnection, *, problem: str = "") -> str:
    return _page((connection.id,), "tasks_company.html", connection=connection, companies=(), problem=problem)


def _page(connection_ids: tuple[str, ...], template: str, *, problem: str = "", **more: object) -> str:
    db = deployment().databases.main
    user = signed_in_user()
    wanted = _wanted()
    found = [task for task in task_list.gather(db, connection_ids) if wanted.takes(task, user)]
    everybody = users.every(db)
    return render_template(
        template,
        tasks=[(task, task_list.age_days(task)) for task in found[:_MOST_SHOWN]],
        left_out=max(len(found) - _MOST_SHOWN, 0),
        people={one: [person for person in everybody if person.may_use(one)] for one in {t.connection for t in found}},
        names={person.email: person.name or person.email for person in everybody},
        wanted=wanted,
        kinds=tuple(TaskKind),
        told="" if problem else told(TOLD, name="told"),
        problem=problem,
        mails=bool(deployment().settings.smtp_host),
        longest_reason=LONGEST_REASON,
        **more,
    )
