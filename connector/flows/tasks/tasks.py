"""Everything that waits for a person, as one list: gathered from the store alone, nothing remote is asked.

A source is a function that gives tasks; `_SOURCES` is the list of them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from datetime import time as time_of_day
from typing import Final

from sqlalchemy import Engine

from connector.domain.dates import STOCKHOLM
from connector.domain.doubt import ASKED_ABOUT_AFTER_S
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding, stops, worst_first
from connector.domain.hand_over import HandOverState, Origin
from connector.domain.reconcile import WAITS_FOR_PERSON, DifferenceKind
from connector.domain.task import TaskKind
from connector.domain.text import Text
from connector.flows.hand_over import held_plan
from connector.flows.reconcile.reconcile_words import cause, cause_of
from connector.flows.tasks import failing, key_tasks, task_words
from connector.flows.tasks.task import Task
from connector.store import comparisons, connections, follow_ups, hand_overs, held_plans, tasks, users
from connector.store.comparisons import KeptDifference
from connector.store.connections import ConnectionSummary
from connector.store.hand_over_record import HandOver
from connector.store.tasks import Decided
from connector.store.users import User

UNKNOWN_IS_LONG_S = 3_600.0
"""Longer than any settling time: looks at Amili end an ordinary doubt within minutes."""
DELAY_IS_LONG_S = 86_400.0
MOST_OF_A_KIND = 1_000
NOT_COMPARED_IS_LONG_S = 129_600.0
"""A day and a half: two nights, each with all its tries."""

_ORDER: Final[Mapping[TaskKind, int]] = {kind: place for place, kind in enumerate(TaskKind)}


@dataclass(frozen=True)
class Scope:
    """What tasks are gathered for: some connections (None for all), as they stand in the store."""

    db: Engine
    connection_ids: Collection[str] | None
    companies: Mapping[str, ConnectionSummary]
    decided: Decided

    def company(self, connection_id: str) -> str:
        """The company's name."""
        return self.companies[connection_id].name


def gather(db: Engine, connection_ids: Collection[str] | None = None) -> tuple[Task, ...]:
    """Every task of these connections, or of all: the most urgent kind first, the oldest first within a kind.

    Those that were skipped are among them, with the decision in `skip`.
    """
    scope = Scope(
        db,
        connection_ids,
        {one.id: one for one in connections.summaries(db, only=connection_ids) if one.disconnected_at is None},
        tasks.decided(db, connection_ids),
    )
    people = {one.email: one for one in users.every(db)}
    found = (_with_decisions(task, scope.decided, people) for source in _SOURCES for task in source(scope))
    return tuple(sorted(found, key=lambda task: (_ORDER[task.kind], task.since, task.key)))


def waiting(found: Iterable[Task]) -> tuple[Task, ...]:
    """Those that were not skipped."""
    return tuple(task for task in found if task.skip is None)


def of_person(found: Iterable[Task], user: User) -> tuple[Task, ...]:
    """Those that are the person's own."""
    return tuple(task for task in found if task.owner == user.email)


def usable_ids(db: Engine, user: User) -> tuple[str, ...]:
    """The connections that a person may use, by name of the company."""
    return tuple(one.id for one in connections.summaries(db) if user.may_use(one.id))


def _with_decisions(task: Task, decided: Decided, people: Mapping[str, User]) -> Task:
    chosen = decided.owners.get(task.key, task.asked_by.strip().lower())
    owner = people.get(chosen)
    skip = decided.skips.get(task.key)
    return replace(
        task,
        owner=owner.email if owner and owner.may_use(task.connection) else "",
        skip=skip if skip and skip.mark == task.mark else None,
    )


def _keys(scope: Scope) -> Iterable[Task]:
    return key_tasks.found(scope.companies.values())


def _unknown(scope: Scope) -> Iterable[Task]:
    for one in tasks.of_unknown_outcome(scope.db, scope.connection_ids, for_s=UNKNOWN_IS_LONG_S, limit=MOST_OF_A_KIND):
        number = _number(one)
        if one.taken_at is not None or one.posts >= one.posts_allowed:
            # `_without_case` tells of it in time.
            continue
        yield _of_hand_over(
            scope, one, TaskKind.UNKNOWN, title=task_words.unknown(number), action=task_words.WAIT_OR_LOOK
        )


def _failing(scope: Scope) -> Iterable[Task]:
    failing_for_nights = comparisons.failing(scope.db, scope.connection_ids, for_s=NOT_COMPARED_IS_LONG_S)
    for one in failing.found(scope.db, scope.connection_ids, scope.companies, not_compared=failing_for_nights):
        yield Task(
            key=f"{TaskKind.FAILING}/{one.connection}/{_digest(one.what)}",
            mark=f"{one.since:.0f}",
            kind=TaskKind.FAILING,
            connection=one.connection,
            company=scope.company(one.connection),
            title=one.title,
            action=one.action,
            since=one.since,
            path=one.path,
            says=one.says,
            concerns=one.hand_overs,
        )


def _without_case(scope: Scope) -> Iterable[Task]:
    found = tasks.waiting_for_case(scope.db, scope.connection_ids, for_s=ASKED_ABOUT_AFTER_S, limit=MOST_OF_A_KIND)
    for one in found:
        taken = one.taken_at is not None
        number = _number(one)
        yield _of_hand_over(
            scope,
            one,
            TaskKind.UNKNOWN,
            title=task_words.taken_without_case(number) if taken else task_words.posted_often(number),
            action=task_words.ASK_FOR_CASE if taken else task_words.ASK_THEN_ALLOW,
            findings=_stopping(scope, one),
        )


def _follow_ups(scope: Scope) -> Iterable[Task]:
    only = next(iter(scope.companies)) if len(scope.companies) == 1 else None
    for asking in follow_ups.asking(scope.db, connection_id=only, limit=MOST_OF_A_KIND):
        one, hand_over = asking.follow_up, asking.hand_over
        if hand_over.connection not in scope.companies:
            continue
        task = _of_hand_over(
            scope,
            hand_over,
            TaskKind.FOLLOW_UP,
            title=task_words.follow_up(_number(hand_over)),
            action=task_words.REPORT_OR_CLOSE if one.may_report else task_words.DO_AND_CLOSE,
            findings=one.findings,
        )
        yield replace(
            task, key=f"follow_up/{one.id}", since=one.asked_since, follow_up=one.id, may_report=one.may_report
        )


def _blocked(scope: Scope) -> Iterable[Task]:
    prefix = f"{TaskKind.BLOCKED}/"
    declined = [key.removeprefix(prefix) for key in scope.decided.skips if key.startswith(prefix)]
    for one in tasks.blocked(scope.db, scope.connection_ids, declined, limit=MOST_OF_A_KIND):
        findings = _stopping(scope, one)
        if one.state is HandOverState.SKIPPED and not findings:
            continue
        task = _of_hand_over(
            scope,
            one,
            TaskKind.BLOCKED,
            title=task_words.blocked(_number(one)),
            action=task_words.MEND_OR_DECLINE,
            findings=findings,
        )
        # A person's new wish is to be answered again; a rule that asks again with the same result is no news.
        yield task if one.origin is Origin.RULE else replace(task, mark=f"{task.mark}/{one.asked_at:.3f}")


def _plans(scope: Scope) -> Iterable[Task]:
    for held in held_plans.every(scope.db, scope.connection_ids):
        size = held_plan.waiting(scope.db, held).size
        if not size.invoices:
            continue
        yield Task(
            key=f"{TaskKind.PLAN}/{held.connection}",
            # An invoice less is no news; one more is.
            mark=f"{held.grown_at:.3f}",
            kind=TaskKind.PLAN,
            connection=held.connection,
            company=scope.company(held.connection),
            title=task_words.plan(size.invoices),
            action=task_words.CHOOSE_FROM_PLAN,
            since=held.held_since,
            path=f"/connections/{held.connection}/plan",
            says=tuple(task_words.brake(brake) for brake in held.brakes),
        )


def _remarks(scope: Scope) -> Iterable[Task]:
    for one in tasks.with_remarks(scope.db, scope.connection_ids, limit=MOST_OF_A_KIND):
        if findings := _stopping(scope, one):
            yield _of_hand_over(
                scope,
                one,
                TaskKind.REMARK,
                title=task_words.remark(_number(one)),
                action=task_words.MEND_REMARK,
                findings=findings,
            )


def _delayed(scope: Scope) -> Iterable[Task]:
    for one in tasks.delayed(scope.db, scope.connection_ids, for_s=DELAY_IS_LONG_S, limit=MOST_OF_A_KIND):
        yield _of_hand_over(
            scope,
            one,
            TaskKind.DELAYED,
            title=task_words.delayed(_number(one), has_case=bool(one.case_id)),
            action=task_words.FIND_OUT,
        )


_BESIDE_A_WITHDRAWAL = (DifferenceKind.STILL_OPEN, DifferenceKind.SEVERAL_CASES)
"""What differs all the same once a case has been withdrawn."""


def _differences(scope: Scope) -> Iterable[Task]:
    kinds = tuple(kind for kind in WAITS_FOR_PERSON if kind is not DifferenceKind.UNKNOWN_CASE)
    found = comparisons.unasked(scope.db, scope.connection_ids, kinds, limit=MOST_OF_A_KIND)
    due = [one for one in found if must_be_seen_to(one)]
    hand_over_of = hand_overs.of_ids(scope.db, {one.difference.hand_over_id for one in due})
    for one in due:
        hand_over = hand_over_of[one.difference.hand_over_id]
        resolved = hand_over.state is HandOverState.WITHDRAWN and one.difference.kind not in _BESIDE_A_WITHDRAWAL
        if not resolved:
            yield _of_difference(scope, one, hand_over)


def must_be_seen_to(one: KeptDifference) -> bool:
    """Return whether a difference has stood for so long that a person must see to it, or the person who booked its
    payout has not.
    """
    may_stand = one.difference.may_stand
    if may_stand is None:
        return False
    payout_date = one.difference.payout_date
    paid_out_at = datetime.combine(payout_date, time_of_day(), STOCKHOLM).timestamp() if payout_date else 0.0
    return max(one.first_seen, paid_out_at) + may_stand.total_seconds() <= time.time()


def _of_difference(scope: Scope, one: KeptDifference, hand_over: HandOver) -> Task:
    difference = one.difference
    return replace(
        _of_hand_over(
            scope,
            hand_over,
            TaskKind.DIFFERENCE,
            title=task_words.difference(_number(hand_over)),
            action=task_words.SEE_COMPARISON,
        ),
        key=f"{TaskKind.DIFFERENCE}/{difference.key}",
        # The same amount again, after it was resolved once, is news.
        mark=f"{one.first_seen:.0f}/{difference.substance}",
        since=one.first_seen,
        path=f"/connections/{one.connection}/reconciliation#{difference.key}",
        says=(cause(difference),),
        codes=(difference.kind,),
    )


def _unknown_cases(scope: Scope) -> Iterable[Task]:
    """One task for a company's cases that no one here has sent: it may have had hundreds before it had us."""
    kind = DifferenceKind.UNKNOWN_CASE
    for found in comparisons.tallies(scope.db, scope.connection_ids, kind):
        key = f"{TaskKind.DIFFERENCE}/{kind}/{found.connection}"
        skip = scope.decided.skips.get(key)
        # A case less is no news; a case more is.
        latest = max(found.latest, float(skip.mark) if skip else 0.0)
        yield Task(
            key=key,
            mark=f"{latest:.3f}",
            kind=TaskKind.DIFFERENCE,
            connection=found.connection,
            company=scope.company(found.connection),
            title=task_words.unknown_cases(found.count),
            action=task_words.SEE_COMPARISON,
            since=found.oldest,
            path=f"/connections/{found.connection}/reconciliation",
            says=(cause_of(kind),),
            codes=(kind,),
        )


def _not_compared(scope: Scope) -> Iterable[Task]:
    for one in comparisons.failing(scope.db, scope.connection_ids, for_s=NOT_COMPARED_IS_LONG_S):
        since = one.failing_since or 0.0
        yield Task(
            key=f"{TaskKind.NOT_COMPARED}/{one.connection}",
            mark=f"{since:.3f}",
            kind=TaskKind.NOT_COMPARED,
            connection=one.connection,
            company=scope.company(one.connection),
            title=task_words.NOT_COMPARED,
            action=task_words.COMPARE_AGAIN,
            since=since,
            path=f"/connections/{one.connection}/reconciliation",
        )


_SOURCES: Final[tuple[Callable[[Scope], Iterable[Task]], ...]] = (
    _keys,
    _failing,
    _unknown,
    _without_case,
    _follow_ups,
    _blocked,
    _plans,
    _remarks,
    _delayed,
    _differences,
    _unknown_cases,
    _not_compared,
)


def _stopping(scope: Scope, one: HandOver) -> tuple[Finding, ...]:
    accepted = (*one.accepted, *scope.companies[one.connection].accepted_warnings)
    return worst_first(stops(one.findings, accepted=accepted, lifted=one.lifted))


def _of_hand_over(
    scope: Scope, one: HandOver, kind: TaskKind, *, title: Text, action: Text, findings: tuple[Finding, ...] = ()
) -> Task:
    return Task(
        key=f"{kind}/{one.id}",
        mark=_mark(findings) if findings else f"{one.asked_at:.3f}",
        kind=kind,
        connection=one.connection,
        company=scope.company(one.connection),
        title=title,
        action=action,
        since=(one.registered_at if kind is TaskKind.REMARK else None) or one.asked_at,
        path=f"/hand-overs/{one.id}",
        says=tuple(finding.says for finding in findings),
        codes=tuple(finding.code for finding in findings),
        invoice_number=one.invoice_number,
        hand_over=one,
        asked_by=one.asked_by,
    )


def _mark(findings: Iterable[Finding]) -> str:
    """A digest of findings' substance. Their texts may count days, which is no news."""
    return _digest("\n".join(sorted(f"{one.code}\t{one.field}\t{one.value}" for one in findings)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _number(one: HandOver) -> str:
    return one.invoice_number or one.invoice_id


class TaskChanged(Exception):
    """The task is not what the person saw any more, or is gone."""


def take(db: Engine, task: Task, *, to: str, by: str) -> None:
    """Make a task someone's from now on, or (`to` "") no one's."""
    tasks.assign(db, task.key, task.connection, to=to, by=by)


def skip(db: Engine, task: Task, *, by: str, reason: str) -> None:
    """Skip a task until its substance changes; for a blocked invoice that decides that it is not sent.

    That answers a follow-up: it is not (or no further) reported. Raises `TaskChanged` if things have moved on.
    """
    if task.follow_up:
        with _only_while_asked():
            follow_ups.skip(db, task.follow_up, by=by, reason=reason)
        return
    if task.hand_over is not None and task.hand_over.state is HandOverState.BLOCKED:
        if not tasks.decline(db, task.hand_over, task.key, by=by, reason=reason, mark=task.mark):
            raise TaskChanged
        return
    tasks.skip(db, task.key, task.connection, by=by, reason=reason, mark=task.mark)


def report(db: Engine, task: Task, *, by: str) -> None:
    """Have what a follow-up asks about reported to Amili. Raises `TaskChanged` if it was answered, or cannot be."""
    with _only_while_asked():
        follow_ups.report_it(db, task.follow_up, by=by)


@contextmanager
def _only_while_asked() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        raise TaskChanged from error


def reopen(db: Engine, task: Task, *, by: str) -> None:
    """Let a skipped task wait again. Raises `TaskChanged` if the hand-over has moved on."""
    if task.hand_over is not None and task.hand_over.state is HandOverState.SKIPPED:
        if not tasks.take_up(db, task.hand_over, task.key, by=by):
            raise TaskChanged
        return
    tasks.reopen(db, task.key, task.connection, by=by)


def age_days(task: Task) -> int:
    """For how many whole days a task has waited."""
    return max(int((time.time() - task.since) // 86_400), 0)
