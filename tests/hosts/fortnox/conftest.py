"""A company in the sandbox's Fortnox for the tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.shared.serve import running
from tests.hosts.fortnox.sandbox_ledger import APP, SandboxClock, SandboxLedger


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FortnoxState, str]]:
    state = FortnoxState(app=APP, now=SandboxClock())
    with running(create_fortnox(state)) as url:
        yield state, url


@pytest.fixture
def ledger(served: tuple[FortnoxState, str]) -> Iterator[SandboxLedger]:
    """Whatever a test does, nothing was sent, printed, booked, credited or cancelled by us."""
    state, url = served
    found = SandboxLedger(state, url)
    yield found
    assert not any(found.books.side_effects.values())
