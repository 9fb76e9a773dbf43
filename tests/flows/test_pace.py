"""Who leaves room for people in a ledger's budget of requests: what comes round by itself, and what a rule began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connector.domain.hand_over import Origin
from connector.flows.access import apps
from connector.flows.access.ledger_budget import LedgerBudget
from connector.flows.companies import keys
from connector.flows.events import following, requests
from connector.flows.events.requests import Hint
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.pace import paced
from connector.store import inbox
from tests.flows.hand_over_steps import asked, driven, elsewhere, events
from tests.flows.ledgers import FortnoxLedger
from tests.flows.stage import CONNECTION, Stage, stage_with


@pytest.fixture(scope="module")
def module_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_with(FortnoxLedger(), Path(tmp_path_factory.mktemp("stage")) / "data") as on:
        yield on


@pytest.fixture
def in_background(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each request to the ledger, whether it left room for people."""
    noted: list[bool] = []

    class Noting(LedgerBudget):
        def take(self, *, background: bool) -> float:
            noted.append(background)
            return super().take(background=background)

    monkeypatch.setattr(apps, "LedgerBudget", Noting)
    return noted


@pytest.fixture
def on(module_stage: Stage, in_background: list[bool]) -> Stage:
    """The stage as a process sees it that has opened no ledger yet."""
    del in_background
    module_stage.side.let_windows_pass(module_stage.deployment)
    return replace(module_stage, deployment=elsewhere(module_stage.deployment))


def test_what_comes_round_by_itself_leaves_room_for_people(on: Stage, in_background: list[bool]) -> None:
    for round_ in (following.poll, following.poll, following.look, keys.look):
        before = len(in_background)
        round_(on.deployment, CONNECTION)
        assert len(in_background) > before or round_ is following.look
    assert set(in_background) == {True}


def test_a_hint_may_be_one_of_thousands_and_leaves_room_until_it_turns_out_to_be_a_wish(
    on: Stage, in_background: list[bool]
) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    newest = max(item.id for item in inbox.waiting(on.deployment.databases.inbox))

    requests.follow_hint(on.deployment, Hint(CONNECTION, invoice, newest))

    assert set(in_background) == {True}


@pytest.mark.parametrize("origin", Origin)
def test_a_hand_over_goes_at_the_pace_of_who_asked(on: Stage, in_background: list[bool], origin: Origin) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom" if origin is Origin.LEDGER else "")
    hand_over = asked(on, invoice, origin=origin)[0].id

    for step in (register, upload, write_back):
        on.side.let_windows_pass(on.deployment)
        paced(on.deployment, step)(hand_over)

    assert driven(on, hand_over).case_id
    assert events(on, hand_over)[-1] == "done"
    assert set(in_background) == {origin is Origin.RULE}
