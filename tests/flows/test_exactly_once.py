"""However asks, steps, faults, deaths and pauses follow one another: one case, and no person is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.doubt import BEFORE_A_THIRD_S
from connector.domain.hand_over import HandOverState, Origin
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import hand_overs
from tests.flows.hand_over_steps import asked, death_at_call, driven, let_pass, step, stored, strike
from tests.flows.ledgers import FortnoxLedger
from tests.flows.stage import Stage, stage, stage_with

SETTLE_S, ATTEMPT_S = 10.0, 10.0
MOST_POSTS = 3
OPERATIONS = ((), ("look",), ("register",), ("authenticate",))
READINGS = ((), ("token",), ("invoice",), ("list_invoices",), ("customer",), ("list_payments",))
"""Calls of the first step to Fortnox."""
TIMES = {"ATTEMPT_S": str(ATTEMPT_S), "SETTLE_S": str(SETTLE_S), "CONNECT_TIMEOUT_S": "2", "READ_TIMEOUT_S": "5"}
"""They can be passed over many times before Amili's clock is too far ahead of ours."""


@dataclass(frozen=True)
class Ask:
    """Somebody asks for the invoice, again."""

    origin: Origin

    def __call__(self, on: Stage, hand_over: str) -> None:
        asked(on, stored(on, hand_over).invoice_id, origin=self.origin, wish_mark="x_amili_request,1")


@dataclass(frozen=True)
class Step:
    """A worker makes the first step, in this weather."""

    fault: FaultKind | None
    operations: tuple[str, ...]
    times: int
    visible_after_s: float

    def __call__(self, on: Stage, hand_over: str) -> None:
        faults = (Fault(self.fault, self.operations, next_n=self.times),) if self.fault else ()
        strike(on, *faults, visible_after_s=self.visible_after_s)
        step(on, hand_over)
        strike(on, visible_after_s=self.visible_after_s)


@dataclass(frozen=True)
class Die:
    """A worker makes the first step and is gone at one of its calls."""

    call: int
    after: bool

    def __call__(self, on: Stage, hand_over: str) -> None:
        with death_at_call(self.call, after=self.after):
            step(on, hand_over)


@dataclass(frozen=True)
class Pass:
    """Time passes."""

    seconds: float

    def __call__(self, on: Stage, hand_over: str) -> None:
        let_pass(on, hand_over, self.seconds)


@dataclass(frozen=True)
class TokensExpire:
    """Amili forgets every access token."""

    def __call__(self, on: Stage, hand_over: str) -> None:
        on.amili.expire_tokens()


@dataclass(frozen=True)
class Reading:
    """A worker makes the first step while the ledger is in this weather."""

    fault: FaultKind
    operations: tuple[str, ...]
    times: int
    retry_after_s: int | None
    fresh_tokens: bool

    def __call__(self, on: Stage, hand_over: str) -> None:
        if self.fresh_tokens:
            on.fortnox.grants.expire_access()
        on.side.strike((Fault(self.fault, self.operations, next_n=self.times, retry_after_s=self.retry_after_s),))
        step(on, hand_over)
        on.side.strike(())
        on.side.let_windows_pass(on.deployment)


Act = Callable[[Stage, str], None]
STEPS = st.builds(
    Step,
    st.sampled_from([None, *FaultKind]),
    st.sampled_from(OPERATIONS),
    st.integers(1, 3),
    st.sampled_from([0.0, SETTLE_S * 0.3, SETTLE_S * 0.9]),
)
# The registration is the eighth call at most: a look, the reading of the invoice, a look, and the authentication.
DEATHS = st.builds(Die, st.integers(1, 12), st.booleans())
PAUSES = st.builds(Pass, st.sampled_from([1.0, SETTLE_S / 2, SETTLE_S, SETTLE_S + ATTEMPT_S, 25.0]))
ACTS: st.SearchStrategy[Act] = st.one_of(
    STEPS, STEPS, DEATHS, PAUSES, st.builds(Ask, st.sampled_from(Origin)), st.just(TokensExpire())
)


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage with Odoo whose times can be passed over."""
    folder: Path = tmp_path_factory.mktemp("stage") / "data"
    with stage(folder, **TIMES) as on:
        yield on


@pytest.fixture(scope="module")
def at_work_with_fortnox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The same with Fortnox."""
    folder: Path = tmp_path_factory.mktemp("stage") / "data"
    with stage_with(FortnoxLedger(), folder, **TIMES) as on:
        yield on


@settings(max_examples=40)
@given(acts=st.lists(ACTS, min_size=2, max_size=9))
def test_one_case_comes_of_whatever_happens(at_work: Stage, acts: list[Act]) -> None:
    _one_case(at_work, acts)


# More calls come before the registration than with Odoo: the company's token, and what its invoice is read by.
FORTNOX_ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(
        Reading,
        st.sampled_from(FaultKind),
        st.sampled_from(READINGS),
        st.integers(1, 3),
        st.sampled_from([None, 0, 1]),
        st.booleans(),
    ),
    st.builds(Die, st.integers(1, 16), st.booleans()),
    STEPS,
    PAUSES,
    st.builds(Ask, st.sampled_from(Origin)),
)


@settings(max_examples=25)
@given(acts=st.lists(FORTNOX_ACTS, min_size=2, max_size=9))
def test_one_case_comes_of_whatever_happens_with_fortnox(at_work_with_fortnox: Stage, acts: list[Act]) -> None:
    _one_case(at_work_with_fortnox, acts)


def _one_case(on: Stage, acts: list[Act]) -> None:
    on.side.let_windows_pass(on.deployment)
    on.amili.now = lambda: datetime.now(UTC)
    strike(on)
    invoice = on.invoice()
    hand_over = asked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")[0].id
    for act in acts:
        act(on, hand_over)
        assert on.cases(invoice) <= 1, f"two cases after {act}"
    assert stored(on, hand_over).posts <= MOST_POSTS
    strike(on)
    let_pass(on, hand_over, SETTLE_S)
    # A third registration waits for an hour, and a fourth for a person.
    let_pass(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
    step(on, hand_over)
    if stored(on, hand_over).posts == MOST_POSTS and not stored(on, hand_over).case_id:
        assert hand_overs.allow_one_more(on.deployment.databases.main, stored(on, hand_over), by="Eva")
    ended = driven(on, hand_over)
    (case,) = on.amili.cases_of(on.number(invoice))
    assert (ended.state, ended.case_id) == (HandOverState.REGISTERED, case.id)
