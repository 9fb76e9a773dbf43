"""The rate limit, kept against the Fortnox sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.domain.errors import RateLimited
from connector.flows.access.ledger_budget import LedgerBudget
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import REQUESTS, RESERVED, WINDOW_S, FortnoxClient
from connector.hosts.pacing import Pace, in_background
from connector.remote.policy import HttpPolicy
from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.grants import App, Grant
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import DOCUMENTED_RATE_LIMIT, RATE_WINDOW_S, FortnoxSwitches
from connector.sandbox.shared.serve import running
from connector.store.budgets import Quota
from connector.store.database import Databases
from tests.hosts.fortnox.scripted_answers import Tokens

APP = App("client-1", "the-apps-own-secret", "https://connector.example/callback")
LIMIT, FORTNOX_WINDOW_S = 5, 1.0
OURS = Quota(limit=LIMIT, window_s=2.0, reserved=2)
"""Both windows are shortened; more is left for the way, which does not shorten on a busy machine."""


@pytest.fixture
def state() -> FortnoxState:
    found = FortnoxState(app=APP, switches=FortnoxSwitches(rate_limit_requests=LIMIT, rate_window_s=FORTNOX_WINDOW_S))
    found.add_company("Testbolaget AB", "556677-8899")
    return found


@pytest.fixture
def url(state: FortnoxState) -> Iterator[str]:
    with running(create_fortnox(state)) as address:
        yield address


def client(state: FortnoxState, url: str, databases: Databases) -> FortnoxClient:
    """A client of its own budget object and connection, as another process would have."""
    (tenant,) = state.companies
    grant = Grant(APP.client_id, tenant, ("companyinformation",), service=True)
    state.consent(grant)
    token = state.grants.by_credentials(APP, str(tenant), ()).access.token
    pace = Pace(LedgerBudget(databases, f"fortnox:{APP.client_id}:{tenant}", OURS), system="Fortnox")
    return FortnoxClient(Tokens(token), pace, url=url, http=HttpPolicy(allow_private=True))


def test_fortnoxs_own_figures_are_kept() -> None:
    assert REQUESTS == DOCUMENTED_RATE_LIMIT
    assert WINDOW_S > RATE_WINDOW_S
    assert 0 < RESERVED < REQUESTS


def test_several_clients_of_one_company_are_never_refused(state: FortnoxState, url: str, databases: Databases) -> None:
    def work(number: int) -> int:
        ours = client(state, url, databases)
        for _ in range(5):
            if number % 2:
                with in_background():
                    ours.read(Call.READ_COMPANY)
            else:
                ours.read(Call.READ_COMPANY)
        return 5

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 20


def test_a_refusal_holds_everybody_back(state: FortnoxState, url: str, databases: Databases) -> None:
    for_others = [client(state, url, databases) for _ in range(2)]
    state.switches.set(FortnoxSwitches(rate_limit_requests=0, rate_limit_retry_after_s=120))

    with pytest.raises(RateLimited) as refusal:
        for_others[0].read(Call.READ_COMPANY)
    assert refusal.value.status == 429
    assert refusal.value.retry_after_s == 120

    state.switches.set(FortnoxSwitches())
    with pytest.raises(RateLimited) as told:
        for_others[1].read(Call.READ_COMPANY)
    assert told.value.status is None, "it was not even asked"
    assert (told.value.retry_after_s or 0) > 60
