"""Whatever happens in the ledger and at Amili, in any order: both end at the same sums, or a question says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.follow_up import (
    IN_FLIGHT,
    REPORTABLE,
    Boundary,
    CaseNow,
    Entry,
    FollowUpKind,
    FollowUpState,
    Ledger,
    Noted,
    PayoutPart,
    Step,
    Verdict,
    reported_as,
)
from connector.domain.follow_up_rules import Facts, decide
from connector.domain.invoice import InvoiceState, PaymentKind

CAPITAL = Decimal(1000)
REGISTERED = date(2026, 3, 2)
NOTHING = Decimal(0)
STATE_OF = {
    Step.REPORT: FollowUpState.DUE,
    Step.ASK: FollowUpState.ASKING,
    Step.PAYOUT: FollowUpState.PAYOUT,
    Step.COUNTED: FollowUpState.COUNTED,
    Step.LAPSE: FollowUpState.LAPSED,
}
Key = tuple[FollowUpKind, str]


@dataclass
class World:
    """A ledger, an Amili, and what our record holds; `noted` is kept as the store keeps it."""

    counted: tuple[Entry, ...]
    entries: dict[Key, Entry] = field(default_factory=dict)
    gone: dict[Key, Entry] = field(default_factory=dict)
    noted: dict[Key, Noted] = field(default_factory=dict)
    reports: Counter[Key] = field(default_factory=Counter)
    received: dict[Key, Decimal] = field(default_factory=dict)
    remaining: Decimal = CAPITAL
    lines: list[PayoutPart] = field(default_factory=list)
    disputes: tuple[str, ...] = ()
    is_open: bool = True
    day: date = REGISTERED
    number: int = 0

    def __post_init__(self) -> None:
        self.entries = {(entry.kind, entry.id): entry for entry in self.counted}

    def next_id(self) -> str:
        self.number += 1
        return f"e{self.number}"

    # What happens

    def enter(self, kind: FollowUpKind, amount: int, payment_kind: PaymentKind = PaymentKind.RECEIPT) -> None:
        entry = Entry(kind=kind, id=self.next_id(), amount=Decimal(amount), date=self.day, payment_kind=payment_kind)
        self.entries[kind, entry.id] = entry

    def take_out(self, which: int) -> None:
        if self.entries:
            key = list(self.entries)[which % len(self.entries)]
            self.gone[key] = self.entries.pop(key)

    def put_back(self, which: int, amount: int) -> None:
        if self.gone:
            key = list(self.gone)[which % len(self.gone)]
            entry = self.gone.pop(key)
            self.entries[key] = entry.model_copy(update={"amount": Decimal(amount)}) if amount else entry

    def book(self) -> None:
        for key, entry in self.entries.items():
            if entry.is_unbooked:
                self.entries[key] = entry.model_copy(update={"payment_kind": PaymentKind.RECEIPT})

    def pay_amili(self, amount: int) -> None:
        paid = min(Decimal(amount), self.remaining)
        if paid:
            self.remaining -= paid
            self.lines.append(PayoutPart(category="capital", amount=paid, booked_on=self.day))

    def pay_out(self) -> None:
        waiting = [line for line in self.lines if not line.payout]
        if waiting:
            sent = {"payout": self.next_id(), "paid_on": self.day}
            self.lines = [line if line.payout else line.model_copy(update=sent) for line in self.lines]
            self.enter(FollowUpKind.PAYMENT, int(sum((line.amount for line in waiting), NOTHING)))

    # What a worker does

    def facts(self) -> Facts:
        return Facts(
            ledger=Ledger(state=InvoiceState.BOOKED, entries=tuple(self.entries.values()), disputes=self.disputes),
            boundary=Boundary(counted=self.counted, registered_on=REGISTERED, doubtful_until=REGISTERED),
            noted=tuple(self.noted.values()),
            case=CaseNow(
                is_open=self.is_open,
                remaining_capital=self.remaining,
                remaining_total=self.remaining,
                settled_capital=CAPITAL - self.remaining,
            ),
            payouts=tuple(self.lines),
            today=self.day,
        )

    def look(self, *, received: bool, answered: bool) -> bool:
        """One round, as the flow makes it; False once nothing is to be sent. A report may be lost, or its answer."""
        for one in [one for one in self.noted.values() if one.state in IN_FLIGHT]:
            self.settle(one)
            return True
        verdicts = decide(self.facts())
        assert sum(one.step is Step.REPORT for one in verdicts) <= 1
        to_report = None
        for verdict in verdicts:
            if verdict.step is not Step.WAIT:
                self.keep(verdict)
                to_report = verdict if verdict.step is Step.REPORT else to_report
        if to_report is None:
            return False
        self.send(self.noted[to_report.kind, to_report.id], received=received, answered=answered)
        return True

    def keep(self, verdict: Verdict) -> None:
        before = self.noted.get((verdict.kind, verdict.id))
        if before and (before.at_amili or before.state in (FollowUpState.REPORTED, FollowUpState.SKIPPED)):
            return
        self.noted[verdict.kind, verdict.id] = Noted(
            kind=verdict.kind,
            id=verdict.id,
            ledger_id=verdict.ledger_id,
            state=STATE_OF[verdict.step],
            amount=verdict.amount,
            decided=bool(before and before.decided),
            payout=verdict.payout,
        )

    def change(self, one: Noted, **values: object) -> None:
        self.noted[one.kind, one.id] = one.model_copy(update=values)

    def send(self, one: Noted, *, received: bool, answered: bool) -> None:
        if received:
            self.reports[one.kind, one.id] += 1
            self.received[one.kind, one.id] = one.amount
            self.remaining -= min(one.amount, self.remaining)
        self.change(one, state=FollowUpState.UNKNOWN, at_amili=True)
        if received and answered:
            self.settle(self.noted[one.kind, one.id])

    def settle(self, one: Noted) -> None:
        """The look after the settling time, and what is read back."""
        if (one.kind, one.id) in self.received:
            self.change(one, state=FollowUpState.REPORTED, at_amili=True, settled=one.amount)
        else:
            self.change(one, state=FollowUpState.DUE, at_amili=False)

    def answer(self, which: int, *, report: bool) -> None:
        asking = [one for one in self.noted.values() if one.state is FollowUpState.ASKING]
        if asking:
            one = asking[which % len(asking)]
            reportable = reported_as(one.kind, one.id) in REPORTABLE and one.kind is not FollowUpKind.REVERSAL
            if report and reportable and one.amount > 0:
                self.change(one, state=FollowUpState.DUE, decided=True)
            else:
                self.change(one, state=FollowUpState.SKIPPED, decided=True)

    # What must hold

    def open_difference(self, key: Key) -> Decimal:
        """What the ledger shows of an entry, less all that was counted, reported, recognised or decided."""
        kind, ledger_id = key
        entry = self.entries.get(key)
        now = entry.amount if entry else NOTHING
        counted = sum((one.amount for one in self.counted if (one.kind, one.id) == key), NOTHING)
        own = [
            one
            for one in self.noted.values()
            if one.ledger_id == ledger_id and reported_as(one.kind, one.id) is kind and not _lapsed(one)
        ]
        dealt = [one for one in own if one.at_amili or one.state is not FollowUpState.ASKING]
        sign = {FollowUpKind.REVERSAL: -1}
        return now - counted - sum((sign.get(one.kind, 1) * one.amount for one in dealt if not _due(one)), NOTHING)

    def asked(self, key: Key) -> Decimal:
        """How much of an entry a question stands for."""
        kind, ledger_id = key
        return sum(
            (
                -one.amount if one.kind is FollowUpKind.REVERSAL else one.amount
                for one in self.noted.values()
                if one.ledger_id == ledger_id
                and reported_as(one.kind, one.id) is kind
                and one.state is FollowUpState.ASKING
                and not one.at_amili
            ),
            NOTHING,
        )


def _lapsed(one: Noted) -> bool:
    return one.state is FollowUpState.LAPSED


def _due(one: Noted) -> bool:
    return one.state is FollowUpState.DUE


Event = Callable[[World], object]
KINDS = st.sampled_from([FollowUpKind.PAYMENT, FollowUpKind.PAYMENT, FollowUpKind.CREDIT])
AMOUNTS = st.integers(1, 12).map(lambda hundreds: hundreds * 100)


def _entering(kind: FollowUpKind, amount: int) -> Event:
    return lambda world: world.enter(kind, amount)


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(_entering, KINDS, AMOUNTS),
    st.builds(_entering, KINDS, AMOUNTS),
    st.builds(lambda amount: lambda world: world.enter(FollowUpKind.PAYMENT, amount, PaymentKind.UNBOOKED), AMOUNTS),
    st.builds(lambda which: lambda world: world.take_out(which), st.integers(0, 9)),
    st.builds(
        lambda which, amount: lambda world: world.put_back(which, amount),
        st.integers(0, 9),
        st.one_of(st.just(0), AMOUNTS),
    ),
    st.just(lambda world: world.book()),
    st.builds(lambda amount: lambda world: world.pay_amili(amount), AMOUNTS),
    st.just(lambda world: world.pay_out()),
    st.builds(
        lambda received, answered: lambda world: world.look(received=received, answered=answered),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(lambda which, report: lambda world: world.answer(which, report=report), st.integers(0, 9), st.booleans()),
    st.just(lambda world: setattr(world, "disputes", () if world.disputes else ("disputed:",))),
    st.just(lambda world: setattr(world, "day", world.day + timedelta(days=3))),
)
COUNTED = st.lists(st.builds(lambda kind, amount: (kind, amount), KINDS, AMOUNTS), max_size=2)


@settings(max_examples=400)
@given(before=COUNTED, events=st.lists(EVENTS, max_size=14))
def test_ledger_and_amili_end_at_the_same_sums_or_a_question_stands_for_the_difference(
    before: list[tuple[FollowUpKind, int]], events: list[Event]
) -> None:
    counted = tuple(
        Entry(kind=kind, id=f"c{number}", amount=Decimal(amount), date=REGISTERED)
        for number, (kind, amount) in enumerate(before)
    )
    world = World(counted)
    for event in events:
        event(world)
        assert max(world.reports.values(), default=0) <= 1, "nothing is reported twice"
    for _ in range(100):
        if not world.look(received=True, answered=True):
            break
    else:
        raise AssertionError("it never comes to rest")
    _in_step(world)


def _in_step(world: World) -> None:
    noted = tuple(world.noted.values())
    stopped = any(
        one.state is FollowUpState.ASKING
        and one.kind in (FollowUpKind.DISPUTE, FollowUpKind.REVERSAL, FollowUpKind.INVOICE)
        for one in noted
    )
    keys = {*world.entries, *((reported_as(one.kind, one.id), one.ledger_id) for one in noted)}
    for key in keys:
        if key[0] not in REPORTABLE:
            continue
        difference, asked = world.open_difference(key), world.asked(key)
        entry = world.entries.get(key)
        waits = stopped or (entry is not None and entry.is_unbooked)
        dropped = difference < 0 and not any(
            one.at_amili and one.ledger_id == key[1] and reported_as(one.kind, one.id) is key[0] for one in noted
        )
        assert difference == asked or (waits and not asked) or dropped, (key, difference, asked, noted)
    for payout in {line.payout for line in world.lines if line.payout}:
        assert sum(one.payout == payout for one in noted) <= 1, "one payment for each payout"
    assert world.remaining >= 0
    assert not any(one.state in IN_FLIGHT for one in noted)
