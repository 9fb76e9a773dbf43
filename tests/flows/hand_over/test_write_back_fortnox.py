"""The write-back into Fortnox, which has no place for messages, and may take nothing on a booked invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connector.domain.findings import Severity
from connector.domain.hand_over import HandOverState, Origin, WriteBackState
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Outcome, Then
from connector.sandbox.fortnox.files import Attachment
from connector.sandbox.fortnox.switches import LockedPut
from connector.store import connections
from tests.flows.hand_over_steps import begun, codes, death_at_call, driven, events, let_pass, stored
from tests.flows.ledgers import FortnoxLedger
from tests.flows.stage import CONNECTION, Stage, stage_with
from tests.remote.around_calls import around_calls
from tests.said import sv


@pytest.fixture(scope="module")
def module_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage with a Fortnox whose companies are asked for what receipts need."""
    folder = tmp_path_factory.mktemp("stage") / "data"
    with stage_with(FortnoxLedger(), folder, FORTNOX_RECEIPTS="true") as on:
        yield on


@pytest.fixture
def on(module_stage: Stage) -> Iterator[Stage]:
    """The stage with a Fortnox that lets nobody change a booked invoice."""
    on = module_stage
    on.side.let_windows_pass(on.deployment)
    before, settings = on.fortnox.switches.switches, on.deployment.connection(CONNECTION).settings
    switch(on, booked_put=LockedPut.REJECT)
    yield on
    on.amili.now = lambda: datetime.now(UTC)
    on.fortnox.switches.set(before)
    connections.save_settings(on.deployment.databases.main, CONNECTION, settings)


@pytest.fixture
def hand_over(on: Stage) -> str:
    """A hand-over whose case has its PDF."""
    started = begun(on, on.invoice())
    driven(on, started)
    upload(on.deployment, started)
    on.side.let_windows_pass(on.deployment)
    return started


def switch(on: Stage, **changes: Any) -> None:
    on.fortnox.switches.set(replace(on.fortnox.switches.switches, **changes))


def with_receipts(on: Stage) -> None:
    """From now on the company attaches receipts."""
    settings = on.deployment.connection(CONNECTION).settings
    chosen = settings.model_copy(update={"host": {**settings.host, "attach_receipt": True}})
    connections.save_settings(on.deployment.databases.main, CONNECTION, chosen)


def step(on: Stage, hand_over: str) -> Outcome:
    return write_back(on.deployment, hand_over)


def calls(on: Stage) -> int:
    """How many calls Fortnox has had."""
    counted: dict[str, int] = on.fortnox.traffic.snapshot()["requests"]
    return sum(count for what, count in counted.items() if "/oauth-v1/" not in what)


def attached(on: Stage, hand_over: str) -> list[Attachment]:
    assert isinstance(on.side, FortnoxLedger)
    with on.fortnox.lock:
        return on.fortnox.files[on.side.books.tenant].attached_to(int(stored(on, hand_over).invoice_id), "F")


@contextmanager
def on_upload(act: Callable[[], None]) -> Iterator[None]:
    """`act` as soon as Fortnox has taken a file, before the answer is seen."""

    def taken(request: requests.PreparedRequest) -> None:
        if request.method == "POST" and "/3/inbox" in str(request.url):
            act()

    with around_calls(after=taken):
        yield


def test_a_ledger_without_messages_is_asked_for_none(on: Stage, hand_over: str) -> None:
    switch(on, booked_put=LockedPut.ALLOW_ALL)
    before = calls(on)

    assert step(on, hand_over).then is Then.NEXT

    assert calls(on) - before == 3, "read, write, read back"
    assert events(on, hand_over)[-2:] == ["written_back", "done"]
    assert not {"message_left", "message_refused"} & set(events(on, hand_over))


def test_a_locked_invoice_is_noted_once_and_quietly(on: Stage, hand_over: str) -> None:
    before = calls(on)

    for _ in range(3):
        assert step(on, hand_over).then is Then.NEXT

    ended = stored(on, hand_over)
    assert (ended.state, ended.write_back) == (HandOverState.DONE, WriteBackState.REFUSED)
    (noted,) = (finding for finding in ended.findings if finding.code == "case_shown_here")
    assert (noted.severity, noted.value) == (Severity.INFO, ended.case_id)
    assert "Fortnox låter ingen ändra bokförda fakturor" in sv(noted)
    assert codes(on, hand_over) == []
    assert calls(on) - before <= 7, "five, and two for the label the first time"
    assert events(on, hand_over).count("write_back_refused") == 1


def test_what_people_can_mend_stays_a_warning(on: Stage, hand_over: str) -> None:
    assert isinstance(on.side, FortnoxLedger)
    with on.fortnox.lock:
        on.side.books.set_invoice(stored(on, hand_over).invoice_id, ExternalInvoiceReference2="ORDER-77")

    assert step(on, hand_over).then is Then.NEXT

    assert codes(on, hand_over) == ["write_back_refused"]
    assert stored(on, hand_over).state is HandOverState.DONE


def test_a_stopped_wish_has_no_place_in_the_ledger_and_costs_no_call(on: Stage) -> None:
    switch(on, booked_put=LockedPut.ALLOW_ALL)
    invoice = on.invoice(on.customer(OrganisationNumber=""), wished_by="Eva Ekonom")
    started = begun(on, invoice, origin=Origin.LEDGER, wish_mark="m")
    assert driven(on, started).state is HandOverState.BLOCKED
    before, told = calls(on), events(on, started)

    for _ in range(2):
        assert step(on, started).then is Then.NEXT

    assert calls(on) == before
    assert events(on, started) == told
    assert stored(on, started).state is HandOverState.BLOCKED


def test_a_process_that_dies_while_it_attaches_the_receipt_attaches_it_once(on: Stage) -> None:
    with_receipts(on)
    for call in range(1, 10):
        for after in (False, True):
            on.amili.now = lambda: datetime.now(UTC)
            hand_over = begun(on, on.invoice())
            driven(on, hand_over)
            upload(on.deployment, hand_over)
            on.side.let_windows_pass(on.deployment)
            with death_at_call(call, after=after):
                step(on, hand_over)
            let_pass(on, hand_over, 3 * on.deployment.settings.attempt_s)
            on.side.let_windows_pass(on.deployment)
            assert step(on, hand_over).then is Then.NEXT
            assert len(attached(on, hand_over)) == 1
            assert stored(on, hand_over).write_back is WriteBackState.WRITTEN


def test_whoever_wakes_up_late_attaches_nothing(on: Stage, hand_over: str) -> None:
    """Another process has taken the hand-over over while this one slept after its upload."""
    with_receipts(on)
    woken: list[bool] = []

    def sleeps() -> None:
        if not woken:
            woken.append(True)
            let_pass(on, hand_over, 3 * on.deployment.settings.attempt_s)
            assert step(on, hand_over).then is Then.NEXT

    with on_upload(sleeps):
        assert step(on, hand_over).then is Then.AGAIN

    assert woken
    assert len(attached(on, hand_over)) == 1
    assert stored(on, hand_over).state is HandOverState.DONE
