"""What is to be done about everything that happened to an invoice at Amili: one pure decision.

At most one act comes of a decision, because what remains of the case must be read again before the next. What is in
doubt is asked, and never sent (RULES.md, "H: after the registration"). What a person was asked is never sent without an
answer; it may lapse, or turn out to be Amili's own payout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from connector.domain import changed_total, counted
from connector.domain.follow_up import (
    IN_FLIGHT,
    REPORTABLE,
    STOPPING,
    Boundary,
    CaseNow,
    Entry,
    FollowUpKind,
    FollowUpState,
    Ledger,
    Noted,
    PayoutPart,
    Reason,
    Step,
    Verdict,
    change_id,
    reported_as,
)
from connector.domain.invoice import InvoiceState, PaymentKind
from connector.domain.payout_echo import NOTHING, Payouts

_INVOICE_REASONS = {
    InvoiceState.CANCELLED: Reason.INVOICE_CANCELLED,
    InvoiceState.DRAFT: Reason.INVOICE_DRAFT,
    None: Reason.INVOICE_GONE,
}
LESSENING = (*REPORTABLE, FollowUpKind.INCREASE)
"""What lessens the case at Amili once it is reported."""

TO_BE_ASKED_FIRST = (FollowUpKind.INCREASE, FollowUpKind.LOWERED)
"""What is reported only once a person has said so."""

_STANDS_NO_MORE = (PaymentKind.UNBOOKED, PaymentKind.REJECTED)
_OPEN_QUESTION = (FollowUpState.ASKING, FollowUpState.DUE)
_SETTLED_BY_HAND = (FollowUpState.SKIPPED, FollowUpState.PAYOUT, FollowUpState.COUNTED)


@dataclass(frozen=True)
class Facts:
    """Everything a decision is made from. `today` is a date in Stockholm.

    `payouts_unread` says that Amili's lines could not be read: then only what the case itself shows tells whether
    anybody has paid there.
    """

    ledger: Ledger
    boundary: Boundary
    noted: tuple[Noted, ...]
    case: CaseNow
    payouts: tuple[PayoutPart, ...]
    today: date
    payouts_unread: bool = False


def not_told(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The payments and credits among these that Amili has not been told of."""
    untold = (Step.REPORT, Step.ASK, Step.WAIT)
    return tuple(one for one in verdicts if one.step in untold and one.kind in LESSENING)


def decide(facts: Facts) -> tuple[Verdict, ...]:
    """Return what is to be done now. At most one verdict is `Step.REPORT`, and none while anything is in flight."""
    ledger = counted.under_known_ids(facts.ledger, facts.boundary, facts.noted)
    facts = replace(facts, ledger=ledger)
    if facts.ledger.unreadable or facts.ledger.state is not InvoiceState.BOOKED:
        return _about_the_invoice(facts)
    verdicts = [*_over(facts, FollowUpKind.INVOICE, ()), *_disputes(facts), *_respites(facts)]
    verdicts += _differences(facts)
    verdicts += changed_total.verdicts(facts.boundary.total, ledger.total, facts.noted)
    verdicts += _to_be_seen(facts, FollowUpKind.WRITE_OFF, Reason.WRITE_OFF)
    verdicts += _to_be_seen(facts, FollowUpKind.UNTIED_CREDIT, Reason.UNTIED_CREDIT)
    lapsing = _lapsing(verdicts)
    verdicts += _Reporting(facts, is_stopped=_is_stopped(facts, verdicts), lapsing=lapsing).verdicts()
    return tuple(verdicts)


def _about_the_invoice(facts: Facts) -> tuple[Verdict, ...]:
    """An invoice that is no claim any more is one question, not one for each payment that vanished with it."""
    ledger = facts.ledger
    what = f"unreadable:{ledger.unreadable}" if ledger.unreadable else str(ledger.state or "gone")
    reason = Reason.INVOICE_UNREADABLE if ledger.unreadable else _INVOICE_REASONS[ledger.state]
    asked = [] if _known(facts, FollowUpKind.INVOICE, what) else [_ask(FollowUpKind.INVOICE, what, what, reason)]
    return (*_over(facts, FollowUpKind.INVOICE, (what,)), *asked)


def _disputes(facts: Facts) -> list[Verdict]:
    standing = facts.ledger.disputes
    asked = [
        _ask(FollowUpKind.DISPUTE, dispute, dispute, Reason.DISPUTED)
        for dispute in standing
        if not _known(facts, FollowUpKind.DISPUTE, dispute)
    ]
    return [*_over(facts, FollowUpKind.DISPUTE, standing), *asked]


def _respites(facts: Facts) -> list[Verdict]:
    """Return what was overdue and falls due later now, while the case goes on (RULES.md, "A: the invoice")."""
    due, case = facts.ledger.due_date, facts.case
    is_claimed = case.is_open and case.remaining_capital != NOTHING
    if due is None or due < facts.today or not is_claimed:
        return _over(facts, FollowUpKind.RESPITE, ())
    until = due.isoformat()
    over = _over(facts, FollowUpKind.RESPITE, (until,))
    if _known(facts, FollowUpKind.RESPITE, until):
        return over
    return [*over, _ask(FollowUpKind.RESPITE, until, until, Reason.PUT_OFF).model_copy(update={"date": due})]


def _to_be_seen(facts: Facts, kind: FollowUpKind, reason: Reason) -> list[Verdict]:
    """Return what has no act at Amili, but must be seen by a person."""
    there = [entry for entry in facts.ledger.entries if entry.kind is kind]
    asked = [
        _ask(kind, entry.id, entry.id, reason, entry)
        for entry in there
        if not _known(facts, kind, entry.id) and not counted.is_counted(facts.boundary, entry)
    ]
    return [*_lapsed(facts, kind, [entry.id for entry in there]), *asked]


def _differences(facts: Facts) -> list[Verdict]:
    """Payments and credits that were dealt with, and stand otherwise in the ledger now."""
    entries = facts.ledger.entries
    now = {(one.kind, one.id): one for one in entries if one.payment_kind not in _STANDS_NO_MORE}
    verdicts = []
    for (kind, ledger_id), told in _told(facts).items():
        entry = now.get((kind, ledger_id))
        difference = (entry.amount if entry else NOTHING) - told.amount
        if entry and entry.is_unbooked:
            # That a company has begun to wait for its bank takes nothing back.
            difference = min(difference, NOTHING)
        if difference < 0 and not told.by_us:
            difference = NOTHING
        verdicts += _difference(facts, kind, ledger_id, difference)
    return verdicts


@dataclass
class _Told:
    """How much of an entry was dealt with. `by_us`: Amili knows of it, by the claim itself or by our report."""

    amount: Decimal = NOTHING
    by_us: bool = False


def _told(facts: Facts) -> dict[tuple[FollowUpKind, str], _Told]:
    told: dict[tuple[FollowUpKind, str], _Told] = {}
    for entry in facts.boundary.counted or ():
        if entry.kind in REPORTABLE and not entry.is_unbooked:
            told[entry.kind, entry.id] = _Told(entry.amount, by_us=True)
    for one in facts.noted:
        if one.kind in REPORTABLE and (one.at_amili or one.state in _SETTLED_BY_HAND):
            known = told.setdefault((one.kind, one.ledger_id), _Told())
            known.amount += one.amount
            known.by_us |= one.at_amili or one.state is FollowUpState.COUNTED
    for one in facts.noted:
        kind = reported_as(one.kind, one.id)
        if (kind, one.ledger_id) in told and (one.at_amili or one.state is FollowUpState.SKIPPED):
            if one.kind is FollowUpKind.INCREASE:
                told[kind, one.ledger_id].amount += one.amount
                told[kind, one.ledger_id].by_us |= one.at_amili
            elif one.kind is FollowUpKind.REVERSAL:
                told[kind, one.ledger_id].amount -= one.amount
    return told


def _difference(facts: Facts, kind: FollowUpKind, ledger_id: str, difference: Decimal) -> list[Verdict]:
    change = FollowUpKind.INCREASE if difference > 0 else FollowUpKind.REVERSAL
    before = [
        one
        for one in facts.noted
        if one.kind in (FollowUpKind.INCREASE, FollowUpKind.REVERSAL)
        and one.ledger_id == ledger_id
        and reported_as(one.kind, one.id) is kind
    ]
    asking = [one for one in before if one.state in _OPEN_QUESTION]
    if any(one.kind is change and one.amount == abs(difference) for one in asking):
        return []
    verdicts = [_lapse(one) for one in asking if not one.at_amili]
    if difference:
        reason = Reason.INCREASED if difference > 0 else Reason.REVERSED
        verdicts.append(
            Verdict(
                step=Step.ASK,
                kind=change,
                id=change_id(kind, ledger_id, len(before) + 1),
                ledger_id=ledger_id,
                amount=abs(difference),
                date=_date_of(facts, kind, ledger_id),
                reason=reason,
                may_report=difference > 0,
            )
        )
    return verdicts


def _date_of(facts: Facts, kind: FollowUpKind, ledger_id: str) -> date | None:
    return next((entry.date for entry in facts.ledger.entries if (entry.kind, entry.id) == (kind, ledger_id)), None)


def _lapsing(verdicts: Iterable[Verdict]) -> frozenset[tuple[FollowUpKind, str]]:
    return frozenset((one.kind, one.id) for one in verdicts if one.step is Step.LAPSE)


def _is_stopped(facts: Facts, verdicts: Iterable[Verdict]) -> bool:
    lapsing = _lapsing(verdicts)
    standing = any(
        one.kind in STOPPING and one.state is FollowUpState.ASKING and (one.kind, one.id) not in lapsing
        for one in facts.noted
    )
    return standing or any(one.kind in STOPPING and one.step is Step.ASK for one in verdicts)


@dataclass
class _Reporting:
    """The payments and credits that nothing has been done about yet, in the order of their dates.

    `lapsing` is what lapses by itself, though a person wanted it reported.
    """

    facts: Facts
    is_stopped: bool
    lapsing: frozenset[tuple[FollowUpKind, str]]
    _counted_left: list[Decimal] = field(default_factory=list)
    _acts: int = 0

    def verdicts(self) -> list[Verdict]:
        facts = self.facts
        self._counted_left = counted.under_other_ids(facts.boundary, facts.ledger.entries, facts.noted)
        self._payouts = Payouts(
            facts.payouts, recognised=(one.payout for one in facts.noted if one.state is FollowUpState.PAYOUT)
        )
        self._acts = sum(one.state in IN_FLIGHT for one in facts.noted)
        told = _told(facts)
        found: list[Verdict] = []
        entries = [one for one in facts.ledger.entries if one.kind in REPORTABLE]
        for entry in sorted(entries, key=lambda one: (one.date or date.max, one.kind, one.id)):
            if (entry.kind, entry.id) not in told:
                found += self._of(entry, _noted(facts, entry.kind, entry.id))
        for one in facts.noted:
            is_due = one.kind in TO_BE_ASKED_FIRST and one.state is FollowUpState.DUE
            if is_due and (one.kind, one.id) not in self.lapsing:
                found += self._of_increase(one)
        there = {(entry.kind, entry.id) for entry in entries}
        return found + [
            _lapse(one)
            for one in facts.noted
            if one.kind in REPORTABLE
            and one.state in _OPEN_QUESTION
            and not one.at_amili
            and (one.kind, one.ledger_id) not in there
        ]

    def _of(self, entry: Entry, noted: Noted | None) -> list[Verdict]:
        if noted is not None and noted.state is FollowUpState.LAPSED:
            noted = None
        asked = noted is not None and noted.state is FollowUpState.ASKING
        if entry.payment_kind is PaymentKind.REJECTED:
            return self._of_rejected(entry, noted)
        if entry.is_unbooked or (entry.date is not None and entry.date > self.facts.today):
            return [] if asked else [_verdict(Step.WAIT, entry)]
        if self.facts.boundary.counted is None and counted.is_counted(self.facts.boundary, entry):
            return []
        if (before := counted.unbooked(self.facts.boundary, entry)) is not None:
            return [_verdict(Step.COUNTED, before)]
        if entry.kind is FollowUpKind.PAYMENT and entry.amount in self._counted_left:
            self._counted_left.remove(entry.amount)
            return [_verdict(Step.COUNTED, entry)]
        decided = noted is not None and noted.decided and noted.state is FollowUpState.DUE
        if decided and noted is not None and noted.amount != entry.amount:
            decided = False
        if entry.kind is FollowUpKind.PAYMENT and not decided and (payout := self._payouts.echoed_by(entry)):
            self._payouts.recognise(payout)
            return [_verdict(Step.PAYOUT, entry, payout=payout)]
        if asked:
            return [] if noted is not None and noted.amount == entry.amount else [self._asked_anew(entry)]
        why = self._impossible(entry) or (None if decided else self._doubt(entry))
        if why:
            return [_asking(entry, why, may_report=self._impossible(entry) is None)]
        return [self._turn(_verdict(Step.REPORT, entry), decided=decided)]

    def _of_rejected(self, entry: Entry, noted: Noted | None) -> list[Verdict]:
        """Return what the ledger says did not come is no money, though it lessens the balance there: a person knows."""
        if counted.unbooked(self.facts.boundary, entry) is not None:
            return []
        if noted is not None and noted.amount == entry.amount:
            decided = noted.decided and noted.state is FollowUpState.DUE
            return [self._turn(_verdict(Step.REPORT, entry), decided=True)] if decided else []
        return [_asking(entry, Reason.REJECTED, may_report=self._impossible(entry) is None)]

    def _asked_anew(self, entry: Entry) -> Verdict:
        why = self._impossible(entry) or self._doubt(entry) or Reason.INCREASED
        return _asking(entry, why, may_report=self._impossible(entry) is None)

    def _of_increase(self, noted: Noted) -> list[Verdict]:
        kind = reported_as(noted.kind, noted.id)
        number = next((one.number for one in self.facts.ledger.entries if one.id == noted.ledger_id), "")
        day = _date_of(self.facts, kind, noted.ledger_id)
        entry = Entry(kind=kind, id=noted.ledger_id, amount=noted.amount, date=day, number=number)
        why = self._impossible(entry)
        step = Step.ASK if why else Step.REPORT
        verdict = Verdict(
            step=step,
            kind=noted.kind,
            id=noted.id,
            ledger_id=noted.ledger_id,
            amount=noted.amount,
            date=day,
            number=number,
            reason=why,
        )
        return [verdict if why else self._turn(verdict, decided=True)]

    def _turn(self, verdict: Verdict, *, decided: bool) -> Verdict:
        if self._acts or (self.is_stopped and not decided):
            return verdict.model_copy(update={"step": Step.WAIT})
        self._acts += 1
        return verdict

    def _impossible(self, entry: Entry) -> Reason | None:
        """Return why no one can have `entry` reported as it is."""
        if entry.amount <= 0:
            return Reason.REFUND
        if entry.kind is FollowUpKind.CREDIT:
            capital = self.facts.case.remaining_capital
            if entry.currency:
                return Reason.OTHER_CURRENCY
            if capital is not None and entry.amount > capital - self._unconfirmed():
                return Reason.OVER_REMAINING
        return None

    def _doubt(self, entry: Entry) -> Reason | None:
        """Return why a person must say whether `entry` is reported."""
        checks: tuple[Callable[[Entry], Reason | None], ...] = (
            self._of_the_entry,
            self._of_the_money,
            self._of_the_case,
        )
        return next((why for check in checks if (why := check(entry))), None)

    def _of_the_entry(self, entry: Entry) -> Reason | None:
        boundary = self.facts.boundary
        if entry.currency:
            return Reason.OTHER_CURRENCY
        if entry.payment_kind is PaymentKind.SURPLUS:
            return Reason.SURPLUS
        if entry.payment_kind is PaymentKind.OFFSET:
            return Reason.NO_RECEIPT
        if entry.date is None or (boundary.counted is None and entry.date <= boundary.doubtful_until):
            return Reason.AROUND_REGISTRATION
        if entry.kind is FollowUpKind.PAYMENT and entry.date < boundary.registered_on:
            return Reason.BEFORE_CASE
        return None

    def _of_the_money(self, entry: Entry) -> Reason | None:
        if entry.kind is not FollowUpKind.PAYMENT:
            return None
        unexplained = self._payouts.leave_unexplained(self.facts.case, _explained(self.facts.noted))
        if self.facts.payouts_unread:
            cannot_tell = unexplained or self.facts.case.settled_capital is None
            return Reason.PAYOUTS_UNREAD if cannot_tell else None
        return Reason.MAY_BE_PAYOUT if unexplained or self._payouts.may_be(entry) else None

    def _of_the_case(self, entry: Entry) -> Reason | None:
        case = self.facts.case
        if not case.is_open:
            return Reason.CASE_CLOSED
        remaining = case.remaining_total if entry.kind is FollowUpKind.PAYMENT else case.remaining_capital
        if remaining is None:
            return Reason.REMAINING_UNKNOWN
        return Reason.OVER_REMAINING if entry.amount > remaining - self._unconfirmed() else None

    def _unconfirmed(self) -> Decimal:
        """Return what Amili has taken in without saying yet what became of it."""
        return sum((one.amount for one in self.facts.noted if one.at_amili and one.settled is None), NOTHING)


def _explained(noted: tuple[Noted, ...]) -> Decimal:
    """Return what we reported, and what a person may have reported by hand instead."""
    reported = sum((one.amount if one.settled is None else one.settled for one in noted if one.at_amili), NOTHING)
    lessening = (*LESSENING, FollowUpKind.LOWERED)
    by_hand = (one.amount for one in noted if one.kind in lessening and one.state is FollowUpState.SKIPPED)
    return reported + sum(by_hand, NOTHING)


def _noted(facts: Facts, kind: FollowUpKind, identifier: str) -> Noted | None:
    return next((one for one in facts.noted if (one.kind, one.id) == (kind, identifier)), None)


def _known(facts: Facts, kind: FollowUpKind, identifier: str) -> bool:
    noted = _noted(facts, kind, identifier)
    return noted is not None and noted.state is not FollowUpState.LAPSED


def _lapsed(facts: Facts, kind: FollowUpKind, standing: Iterable[str]) -> list[Verdict]:
    there = set(standing)
    return [
        _lapse(one)
        for one in facts.noted
        if one.kind is kind and one.state is FollowUpState.ASKING and one.id not in there
    ]


def _over(facts: Facts, kind: FollowUpKind, standing: Iterable[str]) -> list[Verdict]:
    """Return what stands no longer, answered or not: under the same id it may come again, and is asked again then."""
    there = set(standing)
    answered = (FollowUpState.ASKING, FollowUpState.SKIPPED)
    return [_lapse(one) for one in facts.noted if one.kind is kind and one.state in answered and one.id not in there]


def _lapse(noted: Noted) -> Verdict:
    return Verdict(step=Step.LAPSE, kind=noted.kind, id=noted.id, ledger_id=noted.ledger_id, amount=noted.amount)


def _ask(kind: FollowUpKind, identifier: str, ledger_id: str, reason: Reason, entry: Entry | None = None) -> Verdict:
    asked = Verdict(step=Step.ASK, kind=kind, id=identifier, ledger_id=ledger_id, reason=reason)
    if entry is None:
        return asked
    return asked.model_copy(update={"amount": entry.amount, "date": entry.date, "number": entry.number})


def _verdict(step: Step, entry: Entry, *, payout: str = "") -> Verdict:
    return Verdict(
        step=step,
        kind=entry.kind,
        id=entry.id,
        ledger_id=entry.id,
        amount=entry.amount,
        date=entry.date,
        number=entry.number,
        payout=payout,
    )


def _asking(entry: Entry, reason: Reason, *, may_report: bool) -> Verdict:
    return _verdict(Step.ASK, entry).model_copy(update={"reason": reason, "may_report": may_report})
