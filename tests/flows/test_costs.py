"""What the comparison of ten thousand open cases costs: calls to Amili and to each ledger, and writes to our store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event

from connector.flows.events.following import look
from connector.flows.reconcile.reconcile import reconcile
from connector.sandbox import fortnox_settling as settling
from connector.sandbox.wire import Traffic
from connector.store import following
from connector.store.following import Followed
from tests.flows.ledgers import FortnoxLedger, answered
from tests.flows.many import many_at_amili
from tests.flows.stage import CONNECTION, Stage, stage, stage_with

MANY = 10_000
AMILI, ODOO = 110, 30
FORTNOX = 22
"""A call for 500 of what is unpaid, and one for what is not completed. Others that are unpaid come on top."""
LONG = {"CONNECT_TIMEOUT_S": "5", "READ_TIMEOUT_S": "30", "ATTEMPT_S": "60", "SETTLE_S": "60"}


def test_ten_thousand_open_cases_are_compared_by_few_calls(tmp_path: Path) -> None:
    with stage(tmp_path / "data", **LONG) as on:
        many_at_amili(on, MANY)
        on.amili.traffic.clear()
        on.ledger.traffic.clear()

        with writes(on) as written:
            comparison = reconcile(on.deployment, on.deployment.connection(CONNECTION))

        assert (comparison.compared, comparison.differences) == (MANY, ())
        assert asked(on.amili.traffic) <= AMILI
        assert asked(on.ledger.traffic) <= ODOO
        assert [statement for statement in written if "hand_overs" in statement] == []


def test_ten_thousand_invoices_in_fortnox_are_looked_at_by_few_calls_in_turn(tmp_path: Path) -> None:
    side = FortnoxLedger()
    with stage_with(side, tmp_path / "data", **LONG) as on:
        made = many_at_amili(on, MANY)
        with on.fortnox.lock:
            settling.pay(side.books, made[0])
        on.fortnox.traffic.clear()

        with writes(on) as written:
            look(on.deployment, f"{CONNECTION}/1")

        assert asked(on.fortnox.traffic) <= FORTNOX + 1, "one that is paid is asked for by itself"
        assert answered(on.fortnox, 429) == 0
        assert len([statement for statement in written if statement.startswith("UPDATE hand_overs")]) == 2
        assert [row.standing.kind for row in seen(on) if row.standing and row.standing.kind != "open"] == ["settled"]


def seen(on: Stage) -> tuple[Followed, ...]:
    """How the invoices stood when they were last seen."""
    return following.all_handed_over(on.deployment.databases.main, CONNECTION)


def asked(traffic: Traffic) -> int:
    return sum(traffic.snapshot()["requests"].values())


@contextmanager
def writes(on: Stage) -> Iterator[list[str]]:
    """What is written to our store within the block."""
    written: list[str] = []

    def noted(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    engine = on.deployment.databases.main
    event.listen(engine, "before_cursor_execute", noted)
    try:
        yield written
    finally:
        event.remove(engine, "before_cursor_execute", noted)
