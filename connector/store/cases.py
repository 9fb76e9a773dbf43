"""Cases as they were last read from Amili, by Amili's ids. What is kept is never replaced by something older.

A change, its event, and that a ledger must be told of it are one transaction, so none is lost and none repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.case import CaseStanding, Ending
from connector.domain.hand_over import HandOverState
from connector.domain.invoice import StandingKind
from connector.store import tables, telling
from connector.store.case_readings import Place
from connector.store.database import now, reading
from connector.store.hand_over_record import HandOver, fetch
from connector.store.lists import one_of
from connector.store.timeline import WORKER, record

_table = tables.cases
_hand_overs = tables.hand_overs
_AT_AMILI = (HandOverState.REGISTERED, HandOverState.DONE)
_TRIES = 5

_ZERO = Decimal("0.00")

Result = TypeVar("Result")

Tells = Callable[[CaseStanding | None, CaseStanding], bool]


@dataclass(frozen=True)
class KeptCase:
    """What is kept of a case. `standing` is None while it has not been read; instants are seconds since the epoch.

    `gone_at` is when Amili said that it has no such case.
    """

    id: str
    creditor: str
    invoice_number: str
    standing: CaseStanding | None
    first_seen_at: float | None
    gone_at: float | None


def get(db: Engine, case_id: str) -> KeptCase | None:
    """Return what is kept of one case."""
    return next(iter(_kept(db, select(_table).where(_table.c.id == case_id))), None)


def of(db: Engine, case_id: str) -> CaseStanding | None:
    """Return how a case stood when it was last read; None if it never was."""
    return of_many(db, (case_id,)).get(case_id)


def of_many(db: Engine, case_ids: Collection[str]) -> dict[str, CaseStanding]:
    """Return how these cases stood when they were last read, by their ids; those that never were are left out."""
    found = {}
    with reading(db) as connection:
        for row in connection.execute(select(_table.c.id, _table.c.standing).where(one_of(_table.c.id, case_ids))):
            if row.standing:
                found[row.id] = row.standing
    return found


def news(db: Engine, found: Sequence[CaseStanding]) -> tuple[CaseStanding, ...]:
    """Those of `found` that are not kept just so."""
    with reading(db) as connection:
        kept = _rows(connection, found)
    return tuple(one for one in found if _is_news(kept.get(one.id), one))


def _is_news(row: Row[Any] | None, found: CaseStanding) -> bool:
    if row is None or row.missed_at is not None or row.gone_at is not None:
        return True
    if row.standing == _as_kept(found):
        return False
    # Someone who read later may have been faster.
    return row.updated_at is None or found.updated_at is None or found.updated_at.timestamp() >= row.updated_at


def _as_kept(found: CaseStanding) -> CaseStanding:
    """The case as it will be read again: of what Amili sent without our knowing its type, JSON may keep less."""
    return CaseStanding.model_validate_json(found.model_dump_json())


def connections_of(db: Engine, found: Iterable[CaseStanding]) -> frozenset[str]:
    """The connections that these cases were handed over for."""
    ids = [one.id for one in found]
    with reading(db) as connection:
        query = select(_hand_overs.c.connection).where(one_of(_hand_overs.c.case_id, ids)).distinct()
        return frozenset(connection.execute(query).scalars())


def keep(
    db: Engine, place: Place, found: Sequence[CaseStanding], *, tells: Tells, showing: Collection[str]
) -> tuple[HandOver, ...]:
    """Keep how these cases stand. Gives the finished hand-overs whose ledgers must be told: each needs new work.

    `showing` are the connections whose ledgers show how a case stands; they are told where `tells` says so of what
    was kept before and what is now.
    """
    return _entering(db, lambda connection: _keep(connection, place, found, tells, showing))


def _entering(db: Engine, work: Callable[[Connection], Result]) -> Result:
    """Return what `work` gives, in a transaction; again if someone else entered one of its rows at this moment."""
    for _ in range(_TRIES):
        try:
            with db.begin() as connection:
                return work(connection)
        except IntegrityError as error:
            clash = error
    raise clash


def _keep(
    connection: Connection, place: Place, found: Sequence[CaseStanding], tells: Tells, showing: Collection[str]
) -> tuple[HandOver, ...]:
    kept = _rows(connection, found, locked=True)
    to_drive: list[HandOver] = []
    for one in found:
        row = kept.get(one.id)
        if not _is_news(row, one):
            continue
        before = row.standing if row is not None else None
        _store(connection, place, one, new=row is None)
        if before is not None and before.facts() == one.facts():
            continue
        for owner in connection.execute(_owners(one.id)).all():
            _record_change(connection, owner.id, one)
            if owner.state in _AT_AMILI and owner.connection in showing and tells(before, one):
                to_drive += _to_tell(connection, owner.id)
    return tuple(to_drive)


def _store(connection: Connection, place: Place, found: CaseStanding, *, new: bool) -> None:
    values = {
        "amili_access": place.amili_access,
        "environment": place.environment,
        "creditor": found.creditor,
        "invoice_number": found.invoice_number,
        "standing": found,
        "closed": found.closed,
        "balance": found.balance,
        "updated_at": found.updated_at.timestamp() if found.updated_at else None,
        "changed_at": now(connection),
        "missed_at": None,
        "gone_at": None,
    }
    if new:
        connection.execute(insert(_table).values(id=found.id, first_seen_at=now(connection), **values))
    else:
        seen_at = func.coalesce(_table.c.first_seen_at, now(connection))
        connection.execute(update(_table).where(_table.c.id == found.id).values(first_seen_at=seen_at, **values))


def _owners(case_id: str) -> Select[Any]:
    columns = (_hand_overs.c.id, _hand_overs.c.connection, _hand_overs.c.state)
    return select(*columns).where(_hand_overs.c.case_id == case_id)


def _record_change(connection: Connection, hand_over_id: str, found: CaseStanding) -> None:
    record(
        connection,
        hand_over_id,
        actor=WORKER,
        event="case_changed",
        state=found.state,
        status=found.status,
        closed=found.closed,
        remaining_capital=found.remaining_capital,
        remaining=found.remaining,
    )


def _to_tell(connection: Connection, hand_over_id: str) -> list[HandOver]:
    """Let the ledger be told; anyone who tells it something at this moment must not take that for the last word.

    A finished hand-over needs new work to drive it, an unfinished one has it.
    """
    finished = _hand_overs.c.state == HandOverState.DONE
    connection.execute(
        update(_hand_overs)
        .where(_hand_overs.c.id == hand_over_id, _hand_overs.c.state.in_(_AT_AMILI))
        .values(
            **telling.told_again(),
            submission=_hand_overs.c.submission + case((finished, 1), else_=0),
            updated_at=now(connection),
        )
    )
    told = fetch(connection, hand_over_id)
    return [told] if told.state is HandOverState.DONE else []


def _rows(connection: Connection, found: Iterable[CaseStanding], *, locked: bool = False) -> dict[str, Row[Any]]:
    query = select(_table).where(one_of(_table.c.id, [one.id for one in found])).order_by(_table.c.id)
    rows = connection.execute(query.with_for_update() if locked else query).all()
    return {row.id: row for row in rows}


def came_to(ending: Ending) -> ColumnElement[bool]:
    """That a hand-over's case and invoice have come this far, as a condition on `hand_overs`."""
    paid = _hand_overs.c.standing_kind == StandingKind.SETTLED

    def case_is(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return select(_table.c.id).where(_table.c.id == _hand_overs.c.case_id, *conditions).exists()

    at_zero = case_is(_table.c.closed.is_(True), _table.c.balance == _ZERO)
    match ending:
        case Ending.OPEN:
            return case_is(_table.c.closed.is_(False)) & ~paid
        case Ending.PAID:
            return case_is(_table.c.closed.is_(False)) & paid
        case Ending.CLOSED:
            return case_is(_table.c.closed.is_(True)) & ~paid
        case Ending.BALANCE:
            return case_is(_table.c.closed.is_(True)) & paid & ~at_zero
        case Ending.ENDED:
            return at_zero & paid


# Cases that were expected and not met


def miss(db: Engine, place: Place, seen: Collection[str], *, registered_for_s: float) -> int:
    """Note which cases ought to be among the open ones and were not `seen` there; gives how many.

    Those are what is kept as open, and what was handed over more than `registered_for_s` seconds ago.
    """
    return _entering(db, lambda connection: _miss(connection, place, seen, registered_for_s))


def _miss(connection: Connection, place: Place, seen: Collection[str], registered_for_s: float) -> int:
    believed_open = select(_table.c.id).where(*_read_at(place), _table.c.closed.is_(False), _table.c.gone_at.is_(None))
    missed = set(connection.execute(believed_open).scalars()) - set(seen)
    connection.execute(update(_table).where(one_of(_table.c.id, missed)).values(missed_at=now(connection)))
    unread = {
        row.case_id: row
        for row in connection.execute(_never_read(now(connection) - registered_for_s)).all()
        if row.connection in place.connections and row.case_id not in seen
    }
    for case_id, row in unread.items():
        connection.execute(
            insert(_table).values(
                id=case_id,
                amili_access=place.amili_access,
                environment=place.environment,
                creditor=row.creditor,
                invoice_number=row.invoice_number or "",
                changed_at=now(connection),
                missed_at=now(connection),
            )
        )
    return len(missed) + len(unread)


def _read_at(place: Place) -> tuple[ColumnElement[bool], ...]:
    return _table.c.amili_access == place.amili_access, _table.c.environment == place.environment


def _never_read(registered_before: Any) -> Select[Any]:
    columns = (_hand_overs.c.case_id, _hand_overs.c.connection, _hand_overs.c.creditor, _hand_overs.c.invoice_number)
    return (
        select(*columns)
        .outerjoin(_table, _table.c.id == _hand_overs.c.case_id)
        .where(_hand_overs.c.case_id.is_not(None), _table.c.id.is_(None), _hand_overs.c.state != HandOverState.LEFT)
        .where(_hand_overs.c.registered_at < registered_before)
    )


def missed(db: Engine, place: Place, *, limit: int) -> tuple[str, ...]:
    """Cases that were missed among the open ones and have not been read since, the longest missed first."""
    with reading(db) as connection:
        return tuple(
            connection.execute(
                select(_table.c.id)
                .where(*_read_at(place), _table.c.missed_at.is_not(None))
                .order_by(_table.c.missed_at, _table.c.id)
                .limit(limit)
            ).scalars()
        )


def gone(db: Engine, case_id: str) -> None:
    """Note that Amili says it has no such case."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == case_id, _table.c.gone_at.is_(None))
            .values(gone_at=now(connection), missed_at=None)
        )
        if changed.rowcount:
            for owner in connection.execute(_owners(case_id)).all():
                record(connection, owner.id, actor=WORKER, event="case_gone", case_id=case_id)


@dataclass(frozen=True)
class GoneCase:
    """A case that Amili says it does not have, of a hand-over that has it; `gone_at` is when it said so first."""

    hand_over: str
    connection: str
    gone_at: float


def gone_lately(db: Engine, connection_ids: Collection[str] | None, *, within_s: float) -> tuple[GoneCase, ...]:
    """The cases of these connections, or of all, that Amili began to say it does not have within the last seconds."""
    query = (
        select(_hand_overs.c.id, _hand_overs.c.connection, _table.c.gone_at)
        .join(_table, _table.c.id == _hand_overs.c.case_id)
        .where(_table.c.gone_at.is_not(None), _hand_overs.c.state.in_(_AT_AMILI))
        .order_by(_table.c.gone_at, _hand_overs.c.id)
    )
    if connection_ids is not None:
        query = query.where(one_of(_hand_overs.c.connection, connection_ids))
    with reading(db) as connection:
        rows = connection.execute(query.where(_table.c.gone_at > now(connection) - within_s)).all()
    return tuple(GoneCase(row.id, row.connection, row.gone_at) for row in rows)


# For anyone who compares


def unknown(db: Engine, *, limit: int = 1000) -> tuple[KeptCase, ...]:
    """Cases of our creditors that no hand-over is known to have made, newest first.

    A registration whose outcome is still unknown may be the reason.
    """
    ours = select(_hand_overs.c.id).where(_hand_overs.c.case_id == _table.c.id).exists()
    return _kept(db, select(_table).where(~ours).order_by(_table.c.first_seen_at.desc(), _table.c.id).limit(limit))


def vanished(db: Engine, *, limit: int = 1000) -> tuple[KeptCase, ...]:
    """Cases that Amili had, or gave us a receipt for, and says it does not have; the latest first."""
    query = select(_table).where(_table.c.gone_at.is_not(None))
    return _kept(db, query.order_by(_table.c.gone_at.desc(), _table.c.id).limit(limit))


def _kept(db: Engine, query: Select[Any]) -> tuple[KeptCase, ...]:
    with reading(db) as connection:
        return tuple(
            KeptCase(
                id=row.id,
                creditor=row.creditor,
                invoice_number=row.invoice_number,
                standing=row.standing,
                first_seen_at=row.first_seen_at,
                gone_at=row.gone_at,
            )
            for row in connection.execute(query).all()
        )
