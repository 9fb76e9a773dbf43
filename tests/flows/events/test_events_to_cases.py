"""From an event of Fortnox's to what it leads to: a case, or a payment noted. Nothing here waits for a poll's turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.domain.hand_over import HandOverState
from connector.flows.events import following as polling
from connector.flows.events import requests
from connector.flows.events.sources import sources_of
from connector.flows.hand_over import driving
from connector.flows.job import Job
from connector.flows.outcome import Then
from connector.hosts.fortnox.listening import LEASE
from connector.sandbox.fortnox.switches import Change
from connector.store import following, inbox, leases, timeline
from tests.flows.hand_over_steps import begun, driven
from tests.flows.ledgers import FortnoxLedger, fortnox_state
from tests.flows.stage import CONNECTION, Stage, stage_with
from tests.flows.waiting import until
from tests.flows.zygote import zygote

WITHIN_S = 60.0
STARTED_AND_DONE_S = 60.0


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """A company in Fortnox, which tells of labels too."""
    ledger = FortnoxLedger(fortnox_state(more_events=(Change.LABEL,)), events=True)
    with stage_with(ledger, tmp_path / "data") as found:
        yield found


def switch(on: Stage, **changes: Any) -> None:
    on.fortnox.switches.set(replace(on.fortnox.switches.switches, **changes))


def await_subscription(on: Stage) -> None:
    def subscriptions() -> int:
        counted: dict[str, int] = on.fortnox.traffic.snapshot()["requests"]
        return counted.get("WS subscribe-v1", 0)

    until(lambda: subscriptions() == 1, within_s=STARTED_AND_DONE_S, what="a listener")


@contextmanager
def heard(on: Stage) -> Iterator[None]:
    """Somebody listens within the block."""
    (listener,) = sources_of(on.deployment)
    listener.start()
    try:
        await_subscription(on)
        yield
    finally:
        listener.stop()


def waiting(on: Stage) -> list[str]:
    return [item.invoice_id for item in inbox.waiting(on.deployment.databases.inbox)]


def await_hint(on: Stage, invoice: str) -> None:
    until(lambda: invoice in waiting(on), within_s=WITHIN_S, what=f"the hint {invoice!r}")


def jobs(on: Stage, kind: str) -> list[Job]:
    """What the engine would be given, of what waits in the inbox."""
    submitted: list[Job] = []
    requests.dispatch(on.deployment, submitted.append)
    return [job for job in submitted if job.kind == kind]


def test_an_event_before_fortnox_shows_its_change_is_followed_all_the_same(on: Stage) -> None:
    invoice = on.invoice()
    with heard(on):
        switch(on, rest_lag_s=3600.0)
        on.side.wish(invoice, "Eva Ekonom")
        await_hint(on, invoice)
    (look,) = jobs(on, requests.HINT)
    first = requests.follow_hint(on.deployment, look.payload)
    assert first.then is Then.AGAIN_FIRST
    assert 0 < first.after_s <= 10
    assert waiting(on) == [], "nothing was seen yet"
    switch(on, rest_lag_s=0.0)
    assert requests.follow_hint(on.deployment, look.payload).then is Then.NEXT
    jobs(on, driving.HAND_OVER)
    assert on.hand_over(invoice) is not None


def test_a_payments_event_lets_the_payment_be_noted(on: Stage) -> None:
    invoice = on.invoice(price="1000")
    started = begun(on, invoice)
    assert driven(on, started).state is HandOverState.REGISTERED
    polling.poll(on.deployment, CONNECTION)
    with heard(on):
        on.side.pay(invoice, Decimal(500))
        await_hint(on, inbox.NO_INVOICE)
    (question,) = jobs(on, polling.CHANGES)
    assert polling.ask_for_changes(on.deployment, question.payload).then is Then.STOP
    told = timeline.of_hand_over(on.deployment.databases.main, started)
    assert [one.data["balance"] for one in told if one.event == "ledger_changed"] == ["750.00"]


def test_a_label_set_in_fortnox_becomes_a_case_by_its_event(on: Stage, tmp_path: Path) -> None:
    invoice = on.invoice()
    db = on.deployment.databases.main
    with zygote(tmp_path / "log") as forking:
        worker = forking.fork(on.env)
        until(lambda: following.cursor(db, CONNECTION) != "", within_s=STARTED_AND_DONE_S, what="the first poll")
        await_subscription(on)
        on.side.wish(invoice, "Eva Ekonom")
        until(lambda: on.ended(invoice), within_s=STARTED_AND_DONE_S, what="the case")
        os.kill(worker, signal.SIGTERM)
        until(lambda: not forking.runs(worker), within_s=WITHIN_S, what="the worker's end")
    assert on.cases(invoice) == 1
    assert leases.try_lease(db, LEASE, "next", for_s=1), "whoever stops lets another listen"
