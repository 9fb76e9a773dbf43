"""What a hand-over and the comparison of many cases cost: calls to Amili and each ledger, and writes to our store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from connector.flows.events.following import look
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.reconcile.reconcile import reconcile
from connector.sandbox.fortnox import settling
from connector.sandbox.shared.wire import Traffic
from connector.store import following
from connector.store.following import Followed
from tests.flows.conftest import LEDGERS
from tests.flows.hand_over_steps import begun, driven
from tests.flows.ledgers import FortnoxLedger, answered
from tests.flows.many_cases import many_at_amili
from tests.flows.stage import CONNECTION, Stage, stage, stage_with
from tests.source import ROOT

MANY = 10_000
AMILI, ODOO = 110, 30
FORTNOX = 22
"""A call for 500 of what is unpaid, and one for what is not completed. Others that are unpaid come on top."""


OPERATING = " ".join((ROOT / "connector/OPERATING.md").read_text(encoding="utf-8").split())
FORTNOX_GUIDE = " ".join((ROOT / "connector/hosts/fortnox/README.md").read_text(encoding="utf-8").split())
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        ("odoo", r"makes (\d+) calls with Odoo \((\d+) to it and (\d+) to Amili\)"),
        ("fortnox", r"and (\d+) with Fortnox \((\d+) and (\d+)\)"),
    ],
    ids=["odoo", "fortnox"],
)
def test_a_hand_over_costs_what_the_guide_for_operating_says(tmp_path: Path, ledger: str, words: str) -> None:
    said = re.search(words, OPERATING)
    assert said
    with stage_with(LEDGERS[ledger](), tmp_path / "data") as on:
        hands_over(on)
        hand_over = begun(on, on.invoice())
        to_ledger = on.ledger.traffic if ledger == "odoo" else on.fortnox.traffic
        to_ledger.clear()
        on.amili.traffic.clear()
        hands_over(on, hand_over)
        made = asked(to_ledger), asked(on.amili.traffic)
    assert (sum(made), *made) == tuple(int(figure) for figure in said.groups())


def test_an_invoice_in_fortnox_is_read_by_as_many_calls_as_its_guide_says(tmp_path: Path) -> None:
    said = re.search(r"one invoice whole takes (\w+) requests", FORTNOX_GUIDE)
    assert said
    with stage_with(FortnoxLedger(), tmp_path / "data") as on:
        invoice = on.invoice()
        _, host = on.deployment.sides(on.deployment.connection(CONNECTION))
        on.fortnox.traffic.clear()
        host.read(invoice)
        assert NUMBERS[asked(on.fortnox.traffic)] == said[1]


def hands_over(on: Stage, hand_over: str = "") -> None:
    """A hand-over from the first step to the last: what is kept from call to call is not asked for by the next one."""
    hand_over = hand_over or begun(on, on.invoice())
    driven(on, hand_over)
    upload(on.deployment, hand_over)
    write_back(on.deployment, hand_over)


def test_ten_thousand_open_cases_are_compared_by_few_calls(tmp_path: Path) -> None:
    with stage(tmp_path / "data") as on:
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
    with stage_with(side, tmp_path / "data") as on:
        made = many_at_amili(on, MANY)
        with on.fortnox.lock:
            settling.pay(side.books, made[0])
        on.fortnox.traffic.clear()

        with writes(on) as written:
            look(on.deployment, CONNECTION)

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
