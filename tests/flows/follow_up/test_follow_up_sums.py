"""However payments, credits, reversals, faults, deaths and looks follow one another: ledger and Amili end in step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.errors import ConnectorError
from connector.domain.follow_up import FollowUpKind, FollowUpState
from connector.flows.events import requests
from connector.flows.events.requests import Hint
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import follow_ups, inbox
from tests.flows.follow_up_steps import (
    actions,
    kr,
    looked,
    noticed,
    one_round,
    passes,
    pays,
    remaining,
    rows,
    sent,
)
from tests.flows.hand_over_steps import death_at_call, strike
from tests.flows.ledgers import LedgerSide
from tests.flows.stage import CONNECTION, Stage, stage_with

SETTLE_S, ATTEMPT_S = 10.0, 10.0
OPERATIONS = ((), ("pay",), ("credit",), ("payments",), ("read_payment",))


@dataclass
class Following:
    """One invoice at Amili, and the payments that stand on it in its ledger."""

    on: Stage
    invoice: str
    hand_over: str
    payments: list[str]

    @property
    def balance(self) -> Decimal:
        return self.on.side.bookkeeper.balance(self.invoice)


Act = Callable[[Following], None]


@dataclass(frozen=True)
class Pay:
    amount: int

    def __call__(self, at: Following) -> None:
        if at.balance:
            at.payments.append(pays(at.on, at.invoice, min(kr(self.amount), at.balance)))


@dataclass(frozen=True)
class Credit:
    amount: int

    def __call__(self, at: Following) -> None:
        if at.balance:
            at.on.side.bookkeeper.credit(at.invoice, min(kr(self.amount), at.balance))


@dataclass(frozen=True)
class TakeBack:
    which: int

    def __call__(self, at: Following) -> None:
        if at.payments:
            at.on.side.bookkeeper.take_back(at.payments.pop(self.which % len(at.payments)))


@dataclass(frozen=True)
class Look:
    """A worker makes a round, in this weather; it may be told twice of the same thing, and die at one of its calls."""

    fault: FaultKind | None
    operations: tuple[str, ...]
    visible_after_s: float
    dies_at: int
    after: bool

    def __call__(self, at: Following) -> None:
        faults = (Fault(self.fault, self.operations, next_n=1),) if self.fault else ()
        noticed(at.on, at.hand_over)
        strike(at.on, *faults, visible_after_s=self.visible_after_s)
        amili = at.on.env["AMILI_SANDBOX_URL"]
        with suppress(ConnectorError), death_at_call(self.dies_at or 1_000, after=self.after, to=amili):
            one_round(at.on, at.hand_over)
        strike(at.on, visible_after_s=self.visible_after_s)


@dataclass(frozen=True)
class Hear:
    """The ledger's event of the invoice arrives, late or once more."""

    def __call__(self, at: Following) -> None:
        at.on.side.let_windows_pass(at.on.deployment)
        at.on.hint(at.invoice)
        newest = max(item.id for item in inbox.waiting(at.on.deployment.databases.inbox))
        requests.follow_hint(at.on.deployment, Hint(CONNECTION, at.invoice, newest))


@dataclass(frozen=True)
class Pass:
    seconds: float

    def __call__(self, at: Following) -> None:
        passes(at.on, at.hand_over, self.seconds)


AMOUNTS = st.sampled_from([100, 250, 500, 900])
LOOKS = st.builds(
    Look,
    st.sampled_from([None, *(kind for kind in FaultKind if kind is not FaultKind.UNAUTHORISED)]),
    st.sampled_from(OPERATIONS),
    st.sampled_from([0.0, SETTLE_S * 0.5]),
    st.integers(0, 9),
    st.booleans(),
)
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(Pay, AMOUNTS),
    st.builds(Credit, AMOUNTS),
    st.builds(TakeBack, st.integers(0, 5)),
    st.builds(Hear),
    LOOKS,
    LOOKS,
    LOOKS,
    st.builds(Pass, st.sampled_from([1.0, SETTLE_S, SETTLE_S + ATTEMPT_S])),
)


@pytest.fixture(scope="module")
def at_work(side: LedgerSide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage with times that can be passed over many times before Amili's clock is too far ahead of ours."""
    folder: Path = tmp_path_factory.mktemp("stage") / "data"
    times = {"ATTEMPT_S": str(ATTEMPT_S), "SETTLE_S": str(SETTLE_S), "CONNECT_TIMEOUT_S": "2", "READ_TIMEOUT_S": "5"}
    with stage_with(side, folder, **times) as on:
        yield on


@settings(max_examples=25)
@given(acts=st.lists(ACTS, min_size=3, max_size=12))
def test_both_end_at_the_same_sum_but_for_what_a_person_was_asked(at_work: Stage, acts: list[Act]) -> None:
    end_in_step(at_work, acts)


@pytest.mark.ledgers("fortnox")
@settings(max_examples=12, derandomize=True)
@given(acts=st.lists(ACTS, min_size=4, max_size=12))
def test_so_do_fortnox_and_amili(at_work: Stage, acts: list[Act]) -> None:
    end_in_step(at_work, acts)


def end_in_step(on: Stage, acts: list[Act]) -> None:
    """Let all of this happen to an invoice at Amili; see that both sides know the same, or a person was asked."""
    on.amili.now = lambda: datetime.now(UTC)
    strike(on)
    at = Following(on, *sent(on), payments=[])
    for act in acts:
        act(at)
    strike(on)
    passes(on, at.hand_over, SETTLE_S + ATTEMPT_S)
    noticed(on, at.hand_over)
    looked(on, at.hand_over)
    asked = answered_all(at)
    told = [row for row in rows(on, at.hand_over) if row.action_id]
    assert len(actions(on, at.invoice)) == len(told), "nothing is reported twice, and nothing without a record"
    assert remaining(on, at.invoice) - at.balance == asked
    assert follow_ups.due(on.deployment.databases.main) == ()


def answered_all(at: Following) -> Decimal:
    """Skip every question until none stands; gives by how much they say that Amili is behind the ledger."""
    for _ in range(20):
        asking = [row for row in rows(at.on, at.hand_over) if row.state is FollowUpState.ASKING]
        if not asking:
            break
        for row in asking:
            follow_ups.skip(at.on.deployment.databases.main, row.id, by="Eva", reason="Gjort hos Amili.")
        looked(at.on, at.hand_over)
    skipped = [row for row in rows(at.on, at.hand_over) if row.state is FollowUpState.SKIPPED]
    signs = {FollowUpKind.REVERSAL: -1}
    return sum((signs.get(row.kind, 1) * row.amount for row in skipped), Decimal(0))
