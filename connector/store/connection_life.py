"""The course of a connection: to Amili's other environment and back, a pause, its end; each is on record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from connector.domain.assessment import CreditorStatus
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding
from connector.domain.hand_over import HandOverState
from connector.store import ownership, series, tables, telling, transitions
from connector.store.crypto import Vault
from connector.store.database import now, reading
from connector.store.hand_over_record import findings_values
from connector.store.series import Standing
from connector.store.timeline import record

_table = tables.connections
_acts = tables.connection_acts
_hand_overs = tables.hand_overs


class LifeAct(StrEnum):
    """What someone did with a connection as a whole."""

    WENT_LIVE = "went_live"
    WENT_BACK = "went_back"
    PAUSED = "paused"
    RESUMED = "resumed"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True)
class Act:
    """One entry of a connection's record. `at` is an instant; `data` what it was about."""

    at: float
    actor: str
    act: LifeAct
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """Whom a connection joins its ledger to at Amili, and with which key pair."""

    environment: Environment
    account: str
    creditor: str
    amili_access: str


@dataclass(frozen=True)
class Ended:
    """What a connection left when it ended: cases that no one here follows any more, and what was never sent.

    `in_doubt` are invoices of which it is not known whether a case was made.
    """

    cases: int
    in_doubt: int
    asked: int


def acts(db: Engine, connection_id: str) -> tuple[Act, ...]:
    """Return what was done with a connection, the latest first."""
    with reading(db) as connection:
        rows = connection.execute(
            select(_acts).where(_acts.c.connection == connection_id).order_by(_acts.c.id.desc())
        ).all()
    return tuple(_act(row) for row in rows)


def left_side(db: Engine, connection_id: str) -> Side | None:
    """Return where a connection was before it went live; None if it did not, or has gone back since."""
    turns = (LifeAct.WENT_LIVE, LifeAct.WENT_BACK)
    latest = next((act for act in acts(db, connection_id) if act.act in turns), None)
    if latest is None or latest.act is LifeAct.WENT_BACK:
        return None
    from_ = latest.data["from"]
    return Side(Environment(from_["environment"]), from_["account"], from_["creditor"], from_["amili_access"])


def go(
    db: Engine, connection_id: str, *, from_: Side, to: Side, status: CreditorStatus, by: str, back: bool = False
) -> Standing:
    """Take a connection to Amili's other environment, and leave behind whatever it had; gives what that was.

    With `back`, what was left behind when it went live is given back. Raises `ConfigurationError`, nothing changed, if
    the connection has moved meanwhile, or if something was sent where it would go back from.
    """
    with db.begin() as connection:
        row = _locked(connection, connection_id)
        if _side(row) != from_:
            raise ConfigurationError("The connection has changed meanwhile.", advice="Look again.")
        if back and series.anything_sent(connection, connection_id, from_.environment):
            raise ConfigurationError(
                "Something was sent, or may have been, in Amili's production environment.",
                advice="It stays there. Pause the connection, if nothing more is to be sent.",
            )
        settings = ConnectionSettings.model_validate_json(row.settings).model_copy(
            update={"environment": to.environment, "account": to.account, "creditor": to.creditor}
        )
        connection.execute(
            update(_table)
            .where(_table.c.id == connection_id)
            .values(
                settings=settings.model_dump_json(),
                creditor=to.creditor,
                environment=to.environment,
                amili_access=to.amili_access,
                creditor_status=status.model_dump_json(),
                creditor_checked_at=now(connection),
                left_environment=from_.environment,
            )
        )
        left = series.leave(connection, connection_id, by=by)
        returned = series.take_back(connection, connection_id, to.environment, by=by) if back else 0
        data = {"from": _told(from_), "to": _told(to), "cases": left.cases, "asked": left.asked, "returned": returned}
        _record(connection, connection_id, by, LifeAct.WENT_BACK if back else LifeAct.WENT_LIVE, data)
    return left


def wishes_seen(db: Engine, connection_id: str, environment: Environment) -> None:
    """Note that every wish that stood in the ledger when `environment` was left is known."""
    with db.begin() as connection:
        connection.execute(
            update(_table)
            .where(_table.c.id == connection_id, _table.c.left_environment == environment)
            .values(left_environment="")
        )


def pause(db: Engine, connection_id: str, *, by: str) -> bool:
    """Send nothing more of a connection until it is resumed; False if it pauses already."""
    return _turn(db, connection_id, by, LifeAct.PAUSED, pauses=True)


def resume(db: Engine, connection_id: str, *, by: str) -> bool:
    """Let a connection go on; False if it does not pause."""
    return _turn(db, connection_id, by, LifeAct.RESUMED, pauses=False)


def _turn(db: Engine, connection_id: str, by: str, act: LifeAct, *, pauses: bool) -> bool:
    with db.begin() as connection:
        row = _locked(connection, connection_id)
        if (row.paused_at is not None) == pauses:
            return False
        connection.execute(
            update(_table).where(_table.c.id == connection_id).values(paused_at=now(connection) if pauses else None)
        )
        _record(connection, connection_id, by, act, {})
        return True


def disconnect(db: Engine, vault: Vault, connection_id: str, finding: Finding, *, by: str) -> Ended:
    """End a connection: its secrets are deleted, what waits is ended with `finding`, and its record stays.

    Raises `ConfigurationError` if it has ended already, or is unknown.
    """
    with db.begin() as connection:
        _locked(connection, connection_id)
        mine = _hand_overs.c.connection == connection_id
        counts = _counts(connection, connection_id)
        connection.execute(
            update(_table)
            .where(_table.c.id == connection_id)
            .values(
                disconnected_at=now(connection),
                secrets=vault.seal("{}"),
                webhook_tokens=vault.seal("[]"),
                changes_cursor="",
            )
        )
        waiting = transitions.DISCONNECT.may_begin()
        ids = connection.execute(select(_hand_overs.c.id).where(mine, waiting)).scalars().all()
        connection.execute(
            update(_hand_overs)
            .where(mine, waiting)
            .values(
                **transitions.DISCONNECT.values(),
                updated_at=now(connection),
                **findings_values((finding,)),
                **ownership.UNOWNED,
            )
        )
        connection.execute(
            update(_hand_overs)
            .where(mine)
            .values(
                state=transitions.finished_where_registered(),
                **telling.told_no_more(),
                follow_up_done=_hand_overs.c.follow_up_asked,
                **ownership.UNOWNED,
            )
        )
        ended = (tables.held_plans, tables.differences, tables.troubles, tables.comparisons, tables.holds)
        for table in ended:
            connection.execute(table.delete().where(table.c.connection == connection_id))
        for hand_over_id in ids:
            record(connection, hand_over_id, actor=by, event="disconnected")
        _record(connection, connection_id, by, LifeAct.DISCONNECTED, {"cases": counts.cases, "asked": counts.asked})
    return counts


def ends_with(db: Engine, connection_id: str) -> Ended:
    """Return what would be left of a connection if it ended now."""
    with reading(db) as connection:
        return _counts(connection, connection_id)


def _counts(connection: Connection, connection_id: str) -> Ended:
    cases = tables.cases
    is_closed = select(cases.c.id).where(cases.c.id == _hand_overs.c.case_id, cases.c.closed.is_(True)).exists()
    at_amili = (HandOverState.REGISTERED, HandOverState.DONE)
    doubtful = (HandOverState.REGISTERING, HandOverState.UNKNOWN, HandOverState.TAKEN)

    def count(*conditions: Any) -> int:
        query = select(func.count()).select_from(_hand_overs).where(_hand_overs.c.connection == connection_id)
        return int(connection.execute(query.where(*conditions)).scalar_one())

    return Ended(
        cases=count(_hand_overs.c.state.in_(at_amili), ~is_closed),
        in_doubt=count(_hand_overs.c.state.in_(doubtful)),
        asked=count(_hand_overs.c.state == HandOverState.REQUESTED),
    )


def _locked(connection: Connection, connection_id: str) -> Row[Any]:
    row = connection.execute(select(_table).where(_table.c.id == connection_id).with_for_update()).one_or_none()
    if row is None:
        raise ConfigurationError(f"There is no connection “{connection_id}”.")
    if row.disconnected_at is not None:
        raise ConfigurationError(f"The connection “{connection_id}” is disconnected.")
    return row


def _side(row: Row[Any]) -> Side:
    settings = ConnectionSettings.model_validate_json(row.settings)
    return Side(settings.environment, settings.account, settings.creditor, row.amili_access)


def _told(side: Side) -> dict[str, str]:
    return {
        "environment": side.environment,
        "account": side.account,
        "creditor": side.creditor,
        "amili_access": side.amili_access,
    }


def _record(connection: Connection, connection_id: str, by: str, act: LifeAct, data: Mapping[str, Any]) -> None:
    connection.execute(
        insert(_acts).values(connection=connection_id, at=now(connection), actor=by, act=act, data=json.dumps(data))
    )


def _act(row: Row[Any]) -> Act:
    return Act(at=row.at, actor=row.actor, act=LifeAct(row.act), data=json.loads(row.data))
