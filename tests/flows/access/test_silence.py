"""A ledger that does not answer is asked ever more rarely, by one at a time; one that refuses is asked as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.domain.errors import ConnectorError, NotFound, OutcomeUnknown, RateLimited, Unavailable
from connector.flows.access.silence import LedgerSilent, Silences
from connector.hosts.pacing import Pace

COUNTS_AFTER_S = 5.0
WAITS_S = 30.0
FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_OF_A_PERSON_S = 30.0


class Ledger:
    """Takes its time for every call, and answers, refuses, or does not answer."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.takes_s = 0.0
        self.fails: Callable[[], ConnectorError] | None = None
        self.asked = 0
        self.silences = Silences(counts_after_s=COUNTS_AFTER_S, waits_s=WAITS_S, clock_s=lambda: self.now_s)

    def call(self) -> str:
        self.asked += 1
        self.now_s += self.takes_s
        if self.fails:
            raise self.fails()
        return "the invoice"

    def hangs(self) -> None:
        self.takes_s, self.fails = WAITS_S, lambda: OutcomeUnknown("did not answer in time.", system="Odoo")

    def answers(self) -> None:
        self.takes_s, self.fails = 0.1, None

    def ask(self, company: str = "a") -> str:
        return self.silences.ask(company, "Odoo", "read", self.call)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def failed(ledger: Ledger) -> float:
    """Ask once, which fails; gives for how long it is not asked again."""
    with pytest.raises(OutcomeUnknown):
        ledger.ask()
    return left(ledger)


def left(ledger: Ledger) -> float:
    before = ledger.asked
    with pytest.raises(LedgerSilent) as silent:
        ledger.ask()
    assert ledger.asked == before, "nothing was asked"
    assert silent.value.retry_after_s is not None
    return silent.value.retry_after_s


def test_a_ledger_that_hangs_is_not_asked_for_a_growing_while_and_freed_by_its_first_answer(ledger: Ledger) -> None:
    ledger.silences.ask_rarely()
    ledger.hangs()
    pauses = []
    for _ in range(7):
        pauses.append(failed(ledger))
        ledger.now_s += pauses[-1]
    assert pauses == [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0]
    ledger.answers()
    assert ledger.ask() == ledger.ask() == "the invoice"
    ledger.hangs()
    assert failed(ledger) == FIRST_PAUSE_S, "it begins anew"


def test_where_people_wait_it_is_asked_twice_a_minute_at_least(ledger: Ledger) -> None:
    ledger.hangs()
    for _ in range(6):
        pause_s = failed(ledger)
        ledger.now_s += pause_s
    assert failed(ledger) == LONGEST_PAUSE_OF_A_PERSON_S


def test_only_one_at_a_time_tries_whether_it_answers_again(ledger: Ledger) -> None:
    ledger.hangs()
    pause_s = failed(ledger)
    ledger.now_s += pause_s
    beside: list[float] = []

    def tries() -> str:
        beside.append(left(ledger))
        return "the invoice"

    assert ledger.silences.ask("a", "Odoo", "read", tries) == "the invoice"
    assert 0 < beside[0] <= FIRST_PAUSE_S
    ledger.answers()
    assert ledger.ask() == "the invoice"


@pytest.mark.parametrize(
    ("takes_s", "error"),
    [
        (0.1, OutcomeUnknown("the connection broke.", system="Odoo")),
        (0.1, Unavailable("refused the connection.", system="Odoo")),
        (30.0, NotFound("no such invoice.", system="Odoo")),
        (30.0, RateLimited("asks us to wait.", system="Odoo", retry_after_s=5.0)),
    ],
)
def test_one_that_answers_or_refuses_is_asked_as_before(ledger: Ledger, takes_s: float, error: ConnectorError) -> None:
    ledger.takes_s, ledger.fails = takes_s, lambda: error
    for _ in range(3):
        with pytest.raises(type(error)) as raised:
            ledger.ask()
        assert raised.value is error
    assert ledger.asked == 3


def test_another_companys_ledger_is_asked_all_the_same(ledger: Ledger) -> None:
    ledger.hangs()
    failed(ledger)
    ledger.answers()
    assert ledger.ask("b") == "the invoice"
    left(ledger)


class Host:
    """As much of a host as is asked here."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def read(self, invoice_id: str) -> str:
        return f"{self._ledger.call()} {invoice_id}"

    def requested(self) -> Iterator[str]:
        while True:
            yield self._ledger.call()

    def language(self) -> str:
        return "sv"


def test_a_host_is_asked_so_call_by_call_and_item_by_item(ledger: Ledger) -> None:
    host = ledger.silences.listening("a", "odoo", Host(ledger))  # type: ignore[arg-type]
    assert str(host.read("7")) == "the invoice 7"
    wishes = host.requested()
    assert str(next(wishes)) == "the invoice"
    ledger.hangs()
    with pytest.raises(OutcomeUnknown):
        next(wishes)
    with pytest.raises(LedgerSilent):
        host.read("7")
    assert host.language() == "sv", "what needs no call is answered"
    with pytest.raises(LedgerSilent):
        host.read("7")


class Turns:
    """A budget with one wait for a turn."""

    def __init__(self, wait_s: float) -> None:
        self._left = [wait_s]

    def take(self, *, background: bool) -> float:
        return self._left.pop() if self._left else 0.0

    def block(self, for_s: float) -> None:
        raise AssertionError("nobody asked for a pause")


def test_a_wait_for_our_own_turn_is_no_silence_of_the_ledger(ledger: Ledger) -> None:
    def sleep(for_s: float) -> None:
        ledger.now_s += for_s

    def call() -> str:
        Pace(Turns(2 * COUNTS_AFTER_S), system="Odoo", sleep=sleep).wait()
        return ledger.call()

    ledger.takes_s, ledger.fails = 0.1, lambda: OutcomeUnknown("the answer broke off.", system="Odoo")
    with pytest.raises(OutcomeUnknown):
        ledger.silences.ask("a", "Odoo", "read", call)
    ledger.answers()
    assert ledger.ask() == "the invoice", "it is asked as before"
    ledger.hangs()
    with pytest.raises(OutcomeUnknown):
        ledger.silences.ask("a", "Odoo", "read", call)
    assert left(ledger) > 0, "what it takes beside the turn counts"
