"""Five thousand overdue invoices of one company: looked at within Fortnox's limit, while people go first.

Every clock here is one that stands still until somebody waits for a turn: what is counted are calls and turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connector.flows.hand_over.preview import PAGE_SIZE
from connector.hosts.fortnox.client import PAGE_SIZE as ROWS_IN_A_CALL
from connector.hosts.fortnox.client import REQUESTS, RESERVED, WINDOW_S, FortnoxClient
from connector.hosts.fortnox.host import FortnoxHost
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.pacing import Pace, in_background
from connector.remote.policy import HttpPolicy
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.grants import Grant
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import DOCUMENTED_RATE_LIMIT
from connector.sandbox.installed import imitation
from connector.sandbox.shared.serve import running
from connector.store import budgets
from connector.store.budgets import Quota
from connector.store.database import Databases, open_databases
from connector.store.schema import migrate
from tests.flows.ledgers import answered, fortnox_state
from tests.hosts.fortnox.scripted_answers import Tokens
from tests.sandbox.clock import Clock

OVERDUE, CUSTOMERS = 5_000, 250
LOOKED_AT = 40
SCOPES = ("invoice", "customer", "payment", "companyinformation", "settings")
QUOTA = Quota(REQUESTS, WINDOW_S, RESERVED)


@dataclass
class Turns:
    """The budget in the store by the clock, noting when a request was allowed."""

    databases: Databases
    name: str
    clock: Clock
    allowed_at: list[float] = field(default_factory=list)

    def take(self, *, background: bool) -> float:
        at = self.clock().timestamp()
        turn = budgets.take(self.databases.main, self.name, QUOTA, background=background, at=at)
        if not turn.wait_s:
            self.allowed_at.append(turn.at)
        return turn.wait_s

    def block(self, for_s: float) -> None:
        raise AssertionError(f"Fortnox asked us to wait for {for_s} s")


@dataclass
class Fortnox:
    """Two companies in one Fortnox: one with very many overdue invoices, one with a single one."""

    state: FortnoxState
    clock: Clock
    url: str
    many: Books
    single: Books
    databases: Databases

    def host(self, books: Books, pauses: list[float]) -> tuple[FortnoxHost, Turns]:
        """A company's ledger as a process of its own has it. `pauses` get how long it waits, the clock moving on."""

        def wait(seconds: float) -> None:
            pauses.append(seconds)
            self.clock.forward(seconds)

        return self.waiting_by(books, wait)

    def waiting_by(self, books: Books, wait: Callable[[float], None]) -> tuple[FortnoxHost, Turns]:
        app = self.state.app
        token = self.state.grants.by_credentials(app, str(books.tenant), ()).access.token
        turns = Turns(self.databases, f"fortnox:{app.client_id}:{books.tenant}", self.clock)
        pace = Pace(turns, system="Fortnox", sleep=wait)
        client = FortnoxClient(Tokens(token), pace, url=self.url, http=HttpPolicy(allow_private=True))
        return FortnoxHost(client, FortnoxSettings()), turns

    def listed(self) -> int:
        """How often the list of invoices was asked for."""
        asked: dict[str, int] = self.state.traffic.snapshot()["requests"]
        return asked.get("GET /3/invoices", 0)


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[FortnoxState, Clock, str, Books, Books]]:
    clock = Clock(datetime.now(UTC))
    state = fortnox_state(now=clock)
    many, single = state.add_company("Många AB", "5566778899"), state.add_company("En AB", "5590000003")
    for books, customers, count in ((many, CUSTOMERS, OVERDUE), (single, 1, 1)):
        state.consent(Grant(state.app.client_id, books.tenant, SCOPES, service=True))
        keys = [books.add_customer(f"Kund {number} AB") for number in range(customers)]
        for number in range(count):
            row = Row("Konsulttimme", Decimal(1000 + number))
            books.add_invoice(keys[number % customers], [row], due_days_ago=10 + number % 300)
    with running(imitation("fortnox").app(state)) as url:
        yield state, clock, url, many, single


@pytest.fixture
def fortnox(filled: tuple[FortnoxState, Clock, str, Books, Books], tmp_path: Path) -> Iterator[Fortnox]:
    state, clock, url, many, single = filled
    clock.forward(10 * WINDOW_S)
    state.traffic.clear()
    databases = open_databases(data_dir=tmp_path, database_url=None)
    migrate(databases)
    yield Fortnox(state, clock, url, many, single, databases)
    databases.dispose()


def test_every_page_of_five_thousand_is_shown_for_ten_calls(fortnox: Fortnox) -> None:
    host, _ = fortnox.host(fortnox.many, [])
    shown: list[str] = []
    page = 1
    while rows := host.overdue(today=fortnox.many.today(), page=page, page_size=PAGE_SIZE):
        shown += [row.id for row in rows]
        page += 1
    assert (len(shown), set(shown)) == (OVERDUE, set(fortnox.many.invoices.keys()))
    assert fortnox.listed() == OVERDUE // ROWS_IN_A_CALL
    host.overdue(today=fortnox.many.today(), page=1, page_size=PAGE_SIZE)
    assert fortnox.listed() == 2 * OVERDUE // ROWS_IN_A_CALL, "a first page is read afresh"


def test_who_proposes_in_the_background_never_lets_a_click_wait(fortnox: Fortnox) -> None:
    """Whenever the background has used its share up and waits, somebody of its company, and of another, clicks."""
    waited: list[float] = []
    clicked_at: list[float] = []
    same, people = fortnox.host(fortnox.many, waited)
    other, _ = fortnox.host(fortnox.single, waited)
    (others_invoice,) = fortnox.single.invoices.keys()

    def click() -> None:
        same.read(fortnox.many.invoices.keys()[-1])
        other.read(others_invoice)

    def meanwhile(seconds: float) -> None:
        now = fortnox.clock().timestamp()
        if not clicked_at or now - clicked_at[-1] >= WINDOW_S:
            clicked_at.append(now)
            # In a thread of its own, since this one works in the background.
            with ThreadPoolExecutor(1) as person:
                person.submit(click).result()
        fortnox.clock.forward(seconds)

    proposing, background = fortnox.waiting_by(fortnox.many, meanwhile)
    with in_background():
        found = proposing.overdue(today=fortnox.many.today(), page_size=OVERDUE)
        for row in found[:LOOKED_AT]:
            proposing.read(row.id)

    calls_of_a_look = len(people.allowed_at) // len(clicked_at)
    assert len(found) == OVERDUE
    assert len(background.allowed_at) == OVERDUE // ROWS_IN_A_CALL + LOOKED_AT * calls_of_a_look
    assert len(clicked_at) >= LOOKED_AT * calls_of_a_look // REQUESTS
    assert waited == []
    assert calls_of_a_look <= RESERVED, "a look fits into what is kept for people"
    assert most_in_a_window(background.allowed_at) <= REQUESTS - RESERVED
    assert fortnox.state.rate.fullest <= DOCUMENTED_RATE_LIMIT
    assert answered(fortnox.state, 429) == 0


def most_in_a_window(instants: list[float]) -> int:
    return max(sum(start <= one < start + WINDOW_S for one in instants) for start in instants)
