"""Following a company in Fortnox: what concerns a case is read, and of all the rest only that it was touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.domain.hand_over import HandOverState
from connector.flows.events import following as polling
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import FortnoxSwitches, LockedPut
from connector.store import timeline
from tests.flows.hand_over_steps import begun, driven
from tests.flows.ledgers import FortnoxLedger, fortnox_state
from tests.flows.stage import CONNECTION, Stage, stage_with
from tests.hosts.fortnox.sandbox_ledger import SandboxClock

READ = "GET /3/invoices/{number}"


@pytest.fixture(scope="module")
def module_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    switches = FortnoxSwitches(booked_put=LockedPut.ALLOW_ALL)
    side = FortnoxLedger(FortnoxState(app=fortnox_state().app, switches=switches, now=SandboxClock()))
    with stage_with(side, tmp_path_factory.mktemp("stage") / "data") as on:
        yield on


@pytest.fixture
def on(module_stage: Stage) -> Stage:
    module_stage.side.let_windows_pass(module_stage.deployment)
    return module_stage


@pytest.fixture
def sent(on: Stage) -> tuple[str, str]:
    """An invoice that was handed over, and its hand-over; all changes so far have been followed."""
    with yesterday(on):
        invoice = on.invoice()
    started = begun(on, invoice)
    assert driven(on, started).state is HandOverState.REGISTERED
    poll(on)
    return invoice, started


@contextmanager
def yesterday(on: Stage) -> Iterator[None]:
    """What people do within the block was done a day ago."""
    clock = on.fortnox.now
    assert isinstance(clock, SandboxClock)
    clock.behind = timedelta(days=1)
    try:
        yield
    finally:
        clock.behind = timedelta()


def poll(on: Stage) -> Counter[str]:
    """Ask for the changes; the calls that it took."""
    on.side.let_windows_pass(on.deployment)
    before = calls(on)
    polling.poll(on.deployment, CONNECTION)
    return calls(on) - before


def calls(on: Stage) -> Counter[str]:
    return Counter(on.fortnox.traffic.snapshot()["requests"])


def told(on: Stage, hand_over: str) -> list[tuple[str, str]]:
    """What the record tells of changes in the ledger."""
    entries = timeline.of_hand_over(on.deployment.databases.main, hand_over)
    return [(entry.data["standing"], entry.data["balance"]) for entry in entries if entry.event == "ledger_changed"]


def test_of_a_hundred_payments_only_the_one_that_concerns_a_case_is_looked_at(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    with yesterday(on):
        others = [on.invoice() for _ in range(100)]
    for paid in (*others, invoice):
        on.side.pay(paid, Decimal("250.00"))

    took = [poll(on) for _ in range(2)]

    assert told(on, started) == [("open", "1000.00")]
    assert [one[READ] for one in took] == [1, 1]
    assert max(sum(one.values()) for one in took) <= 5


def test_a_credit_that_moves_no_time_of_its_invoice_is_noted_once(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    assert isinstance(on.side, FortnoxLedger)
    with on.fortnox.lock:
        credit = settling.credit(on.side.books, invoice, Decimal("250.00"))
        settling.set_off(on.side.books, invoice, credit, Decimal("250.00"))

    for _ in range(3):
        poll(on)

    assert told(on, started) == [("open", "1000.00")]
