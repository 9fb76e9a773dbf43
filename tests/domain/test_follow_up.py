"""What is reported of an invoice after the hand-over, what is asked, and what never leaves."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.follow_up import (
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
    ledger_of,
)
from connector.domain.follow_up_rules import Facts, decide
from connector.domain.invoice import CreditNote, Hold, InvoiceState, OpenReceipt, Payment, PaymentKind, WriteOff
from tests.domain.clean_invoice import an_invoice

REGISTERED = date(2026, 3, 2)
TODAY = date(2026, 3, 20)
LATER = date(2026, 3, 10)
BOUNDARY = Boundary(counted=(), registered_on=REGISTERED, doubtful_until=REGISTERED)
FROM_BEFORE = Boundary(counted=None, registered_on=REGISTERED, doubtful_until=REGISTERED)


def kr(amount: int | str) -> Decimal:
    return Decimal(amount)


def paid(amount: int | str, identifier: str = "p1", **values: Any) -> Entry:
    details: dict[str, Any] = {"date": LATER}
    return Entry(kind=FollowUpKind.PAYMENT, id=identifier, amount=kr(amount), **(details | values))


def credited(amount: int | str, identifier: str = "c1", **values: Any) -> Entry:
    details: dict[str, Any] = {"date": LATER, "number": "K-1"}
    return Entry(kind=FollowUpKind.CREDIT, id=identifier, amount=kr(amount), **(details | values))


def noted(kind: FollowUpKind, identifier: str, amount: int, state: FollowUpState, **values: Any) -> Noted:
    details: dict[str, Any] = {"ledger_id": identifier, "at_amili": state is FollowUpState.REPORTED}
    if state is FollowUpState.REPORTED:
        details["settled"] = kr(amount)
    return Noted(kind=kind, id=identifier, state=state, amount=kr(amount), **(details | values))


def reported(amount: int, identifier: str = "p1") -> Noted:
    return noted(FollowUpKind.PAYMENT, identifier, amount, FollowUpState.REPORTED)


def case(capital: int = 1000, *, costs: int = 0, settled: int = 0, is_open: bool = True) -> CaseNow:
    return CaseNow(is_open=is_open, remaining_capital=capital, remaining_total=capital + costs, settled_capital=settled)


def line(
    amount: int, *, day: date = LATER, paid_on: date | None = LATER, payout: str = "A1", **values: str
) -> PayoutPart:
    category = values.get("category", "capital")
    return PayoutPart(category=category, amount=kr(amount), booked_on=day, paid_on=paid_on, payout=payout)


def decided(*entries: Entry, **values: Any) -> tuple[Verdict, ...]:
    ledger = Ledger(
        state=values.pop("state", InvoiceState.BOOKED),
        entries=entries,
        disputes=tuple(values.pop("disputes", ())),
        due_date=values.pop("due_date", None),
    )
    details: dict[str, Any] = {
        "boundary": BOUNDARY,
        "noted": (),
        "case": case(),
        "payouts": (),
        "today": TODAY,
    }
    return decide(Facts(ledger=ledger, **(details | values)))


def in_short(verdicts: tuple[Verdict, ...]) -> list[tuple[str, str, Decimal]]:
    return [(one.step, one.reason or "", one.amount) for one in verdicts]


def test_a_payment_is_reported_with_its_amount_and_day() -> None:
    (verdict,) = decided(paid("250.50"))
    assert (verdict.step, verdict.amount, verdict.date) == (Step.REPORT, kr("250.50"), LATER)


def test_a_credit_is_reported_with_its_number() -> None:
    (verdict,) = decided(credited(1000))
    assert (verdict.step, verdict.kind, verdict.number) == (Step.REPORT, FollowUpKind.CREDIT, "K-1")


def test_one_thing_is_reported_at_a_time_and_none_while_another_is_on_its_way() -> None:
    first, second = decided(paid(300), paid(300, "p2"))
    assert (first.step, second.step) == (Step.REPORT, Step.WAIT)
    on_its_way = noted(FollowUpKind.PAYMENT, "p1", 300, FollowUpState.UNKNOWN, at_amili=True)
    assert in_short(decided(paid(300), paid(300, "p2"), noted=(on_its_way,))) == [("wait", "", kr(300))]


@pytest.mark.parametrize(
    ("entry", "values", "reason", "may_report"),
    [
        (paid(1001), {}, Reason.OVER_REMAINING, True),
        (paid(100, date=REGISTERED - timedelta(days=1)), {}, Reason.BEFORE_CASE, True),
        (paid(100, currency="EUR"), {}, Reason.OTHER_CURRENCY, True),
        (paid(100, payment_kind=PaymentKind.OFFSET), {}, Reason.NO_RECEIPT, True),
        (paid(-100), {}, Reason.REFUND, False),
        (paid(100), {"case": case(is_open=False)}, Reason.CASE_CLOSED, True),
        (
            paid(100),
            {"case": CaseNow(is_open=True, remaining_capital=None, remaining_total=None, settled_capital=None)},
            Reason.REMAINING_UNKNOWN,
            True,
        ),
        (credited(1001), {"case": case(costs=60)}, Reason.OVER_REMAINING, False),
        (credited(100), {"case": case(is_open=False)}, Reason.CASE_CLOSED, True),
        (paid(100), {"payouts": (line(200),)}, Reason.MAY_BE_PAYOUT, True),
        (paid(200), {"payouts": (line(200, paid_on=None, payout=""),)}, Reason.MAY_BE_PAYOUT, True),
        (paid(100), {"case": case(800, settled=200)}, Reason.MAY_BE_PAYOUT, True),
    ],
)
def test_what_is_in_doubt_is_asked_and_not_sent(
    entry: Entry, values: dict[str, Any], reason: Reason, may_report: bool
) -> None:
    (verdict,) = decided(entry, **values)
    assert (verdict.step, verdict.reason, verdict.may_report) == (Step.ASK, reason, may_report)
    asked = noted(entry.kind, entry.id, 0, FollowUpState.ASKING).model_copy(update={"amount": entry.amount})
    assert decided(entry, noted=(asked,), **values) == ()


def test_a_payment_may_pay_the_reminder_fee_too() -> None:
    assert in_short(decided(paid(1060), case=case(costs=60))) == [("report", "", kr(1060))]


def test_what_the_claim_counted_is_not_reported_whatever_its_date() -> None:
    """A payment booked a second before the registration has the same day as one booked a second after it."""
    before, after = paid(100, "before", date=REGISTERED), paid(100, "after", date=REGISTERED)
    boundary = BOUNDARY.model_copy(update={"counted": (before,)})
    (verdict,) = decided(before, after, boundary=boundary)
    assert (verdict.step, verdict.id) == (Step.REPORT, "after")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (REGISTERED - timedelta(days=1), []),
        (REGISTERED, [("ask", Reason.AROUND_REGISTRATION, kr(100))]),
        (REGISTERED + timedelta(days=1), [("report", "", kr(100))]),
    ],
)
@pytest.mark.parametrize("of_kind", [paid, credited])
def test_without_a_list_of_what_was_counted_the_day_decides(day: date, expected: list[Any], of_kind: Any) -> None:
    assert in_short(decided(of_kind(100, date=day), boundary=FROM_BEFORE)) == expected


def test_a_credit_note_from_before_that_is_matched_later_is_reported() -> None:
    assert in_short(decided(credited(100, date=date(2026, 1, 1)))) == [("report", "", kr(100))]


def test_an_unbooked_or_future_payment_waits() -> None:
    assert in_short(decided(paid(100, payment_kind=PaymentKind.UNBOOKED))) == [("wait", "", kr(100))]
    assert in_short(decided(paid(100, date=TODAY + timedelta(days=1)))) == [("wait", "", kr(100))]


def test_a_payment_that_the_claim_knew_unbooked_is_known_again_under_its_new_id() -> None:
    boundary = BOUNDARY.model_copy(update={"counted": (paid(100, "early", payment_kind=PaymentKind.UNBOOKED),)})
    booked, another = paid(100, "booked"), paid(100, "more", date=LATER + timedelta(days=1))
    assert [one.step for one in decided(booked, another, boundary=boundary)] == [Step.COUNTED, Step.REPORT]
    known = noted(FollowUpKind.PAYMENT, "booked", 100, FollowUpState.COUNTED)
    assert [one.id for one in decided(booked, another, boundary=boundary, noted=(known,))] == ["more"]


@pytest.mark.parametrize("entry", [paid(100, "p1"), credited(100, "p1")])
def test_what_the_claim_knew_unbooked_under_the_same_id_is_counted_as_much_as_it_was(entry: Entry) -> None:
    before = entry.model_copy(update={"payment_kind": PaymentKind.UNBOOKED})
    boundary = BOUNDARY.model_copy(update={"counted": (before,)})
    assert in_short(decided(before, boundary=boundary)) == [("wait", "", kr(100))]
    assert in_short(decided(entry, boundary=boundary)) == [("counted", "", kr(100))]
    changed = entry.model_copy(update={"amount": kr(150)})
    assert in_short(decided(changed, boundary=boundary)) == [("counted", "", kr(100))]
    known = noted(entry.kind, "p1", 100, FollowUpState.COUNTED)
    assert in_short(decided(entry, boundary=boundary, noted=(known,))) == []
    assert in_short(decided(changed, boundary=boundary, noted=(known,))) == [("ask", Reason.INCREASED, kr(50))]
    another = paid(100, "p2")
    assert [one.id for one in decided(entry, another, boundary=boundary, noted=(known,))] == ["p2"]


def test_a_credit_note_that_is_a_draft_again_waits_and_one_that_amili_knows_is_asked() -> None:
    draft = credited(100, payment_kind=PaymentKind.UNBOOKED)
    assert in_short(decided(draft)) == [("wait", "", kr(100))]
    told = noted(FollowUpKind.CREDIT, "c1", 100, FollowUpState.REPORTED)
    assert in_short(decided(draft, noted=(told,))) == [("ask", Reason.REVERSED, kr(100))]
    assert in_short(decided(credited(100), noted=(told,))) == []


@pytest.mark.parametrize("boundary", [BOUNDARY, BOUNDARY.model_copy(update={"counted": (paid(300, "77"),)})])
def test_what_an_earlier_release_knew_under_another_id_is_not_reported_anew(boundary: Boundary) -> None:
    matched = paid(300, "bank-5", former_id="77")
    told = () if boundary.counted else (reported(300, "77"),)
    assert decided(matched, noted=told, boundary=boundary) == ()
    assert in_short(decided(matched)) == [("report", "", kr(300))]
    since = noted(FollowUpKind.PAYMENT, "bank-5", 300, FollowUpState.REPORTED)
    assert decided(matched, noted=(since,)) == ()


def test_a_payment_that_waits_for_the_bank_waits_and_takes_nothing_back_that_amili_knows() -> None:
    unseen = paid(100, payment_kind=PaymentKind.UNSEEN)
    assert in_short(decided(unseen)) == [("wait", "", kr(100))]
    assert decided(unseen, noted=(reported(100),)) == ()
    assert decided(unseen, noted=(reported(60),)) == ()
    assert in_short(decided(unseen, noted=(reported(150),))) == [("ask", Reason.REVERSED, kr(50))]
    asked = noted(FollowUpKind.REVERSAL, "payment:p1#1", 100, FollowUpState.ASKING, ledger_id="p1")
    assert [one.step for one in decided(unseen, noted=(reported(100), asked))] == [Step.LAPSE]
    counted = BOUNDARY.model_copy(update={"counted": (unseen,)})
    assert in_short(decided(paid(100), boundary=counted)) == [("counted", "", kr(100))]


def test_what_the_ledger_says_did_not_come_is_asked_about_and_never_reported_by_itself() -> None:
    rejected = paid(100, payment_kind=PaymentKind.REJECTED)
    assert in_short(decided(rejected)) == [("ask", Reason.REJECTED, kr(100))]
    asked = noted(FollowUpKind.PAYMENT, "p1", 100, FollowUpState.ASKING)
    assert decided(rejected, noted=(asked,)) == ()
    assert in_short(decided(rejected, noted=(asked.model_copy(update={"amount": kr(60)}),))) == [
        ("ask", Reason.REJECTED, kr(100))
    ]
    assert in_short(decided(rejected, noted=(reported(100),))) == [("ask", Reason.REVERSED, kr(100))]
    told_to = asked.model_copy(update={"state": FollowUpState.DUE, "decided": True})
    assert in_short(decided(rejected, noted=(told_to,))) == [("report", "", kr(100))]
    counted = BOUNDARY.model_copy(update={"counted": (rejected,)})
    assert decided(rejected, boundary=counted) == ()
    assert in_short(decided(paid(100), boundary=counted)) == [("counted", "", kr(100))]


def test_what_came_beyond_the_invoice_is_asked_after_the_payment_was_reported() -> None:
    surplus = paid(50, "p1+", payment_kind=PaymentKind.SURPLUS)
    assert in_short(decided(paid(900), surplus)) == [("report", "", kr(900)), ("ask", Reason.SURPLUS, kr(50))]
    asked = noted(FollowUpKind.PAYMENT, "p1+", 50, FollowUpState.ASKING)
    assert decided(paid(900), surplus, noted=(reported(900), asked)) == ()
    assert [one.step for one in decided(paid(900), noted=(reported(900), asked))] == [Step.LAPSE]


@pytest.mark.parametrize(
    ("settled", "expected"),
    [
        (0, ("report", "", kr(300))),
        (100, ("ask", Reason.PAYOUTS_UNREAD, kr(300))),
        (None, ("ask", Reason.PAYOUTS_UNREAD, kr(300))),
    ],
    ids=["nobody paid there", "somebody paid there", "not shown"],
)
def test_payouts_that_cannot_be_read_stop_only_what_may_be_one(settled: int | None, expected: tuple[Any, ...]) -> None:
    shown = case().model_copy(update={"settled_capital": None if settled is None else kr(settled)})
    assert in_short(decided(paid(300), case=shown, payouts_unread=True)) == [expected]


def test_an_own_payout_is_recognised_once() -> None:
    two = (paid(500, "a"), paid(500, "b"))
    first, second = decided(*two, case=case(500, settled=500), payouts=(line(500),))
    assert (first.step, first.payout) == (Step.PAYOUT, "A1")
    assert (second.step, second.id) == (Step.REPORT, "b")
    known = noted(FollowUpKind.PAYMENT, "a", 500, FollowUpState.PAYOUT, payout="A1")
    (rest,) = decided(*two, case=case(500, settled=500), payouts=(line(500),), noted=(known,))
    assert (rest.step, rest.id) == (Step.REPORT, "b")


@pytest.mark.parametrize("amount", [500, 560, 530, 590])
def test_a_payout_may_be_booked_with_what_came_beside_the_capital(amount: int) -> None:
    lines = (line(500), line(60, category="creditor_outlay"), line(30, category="interest"))
    assert [one.step for one in decided(paid(amount), payouts=lines)] == [Step.PAYOUT]


@pytest.mark.parametrize("days", [-1, 8])
def test_a_payment_of_the_right_amount_on_the_wrong_day_is_asked(days: int) -> None:
    found = decided(paid(500, date=LATER + timedelta(days=days)), payouts=(line(500, day=REGISTERED),))
    assert in_short(found) == [("ask", Reason.MAY_BE_PAYOUT, kr(500))]


def test_a_payment_from_before_amili_was_paid_is_no_payout() -> None:
    after = LATER + timedelta(days=1)
    lines = (line(300, day=after, paid_on=after),)
    assert [one.step for one in decided(paid(300), payouts=lines, case=case(700, settled=300))] == [Step.REPORT]


def test_what_a_person_was_asked_may_still_turn_out_to_be_a_payout() -> None:
    asked = noted(FollowUpKind.PAYMENT, "p1", 500, FollowUpState.ASKING)
    assert [one.step for one in decided(paid(500), payouts=(line(500),), noted=(asked,))] == [Step.PAYOUT]


def test_a_reported_payment_that_is_gone_stops_everything_else() -> None:
    reversal, waiting = decided(paid(100, "p2"), noted=(reported(250),), case=case(750, settled=250))
    assert (reversal.kind, reversal.reason, reversal.amount) == (FollowUpKind.REVERSAL, Reason.REVERSED, kr(250))
    assert not reversal.may_report
    assert waiting.step is Step.WAIT


def test_a_payment_counted_in_the_claim_that_is_reversed_is_asked() -> None:
    boundary = BOUNDARY.model_copy(update={"counted": (paid(250),)})
    (verdict,) = decided(boundary=boundary)
    assert (verdict.kind, verdict.amount) == (FollowUpKind.REVERSAL, kr(250))


def test_a_reversal_that_is_taken_back_lapses_and_the_next_one_is_asked_anew() -> None:
    asking = Noted(
        kind=FollowUpKind.REVERSAL,
        id="payment:p1#1",
        ledger_id="p1",
        state=FollowUpState.ASKING,
        amount=kr(250),
    )
    (lapse,) = decided(paid(250), noted=(reported(250), asking))
    assert (lapse.step, lapse.id) == (Step.LAPSE, "payment:p1#1")
    lapsed = asking.model_copy(update={"state": FollowUpState.LAPSED})
    (again,) = decided(noted=(reported(250), lapsed))
    assert (again.step, again.id) == (Step.ASK, "payment:p1#2")


def test_an_answered_reversal_does_not_come_back_and_a_further_one_is_only_the_rest() -> None:
    answered = Noted(
        kind=FollowUpKind.REVERSAL,
        id="payment:p1#1",
        ledger_id="p1",
        state=FollowUpState.SKIPPED,
        amount=kr(150),
    )
    assert decided(paid(100), noted=(reported(250), answered)) == ()
    (rest,) = decided(paid(40), noted=(reported(250), answered))
    assert (rest.kind, rest.amount) == (FollowUpKind.REVERSAL, kr(60))


def test_a_reported_payment_that_grows_is_asked_for_the_difference() -> None:
    (verdict,) = decided(paid(400), noted=(reported(250),), case=case(750, settled=250))
    assert (verdict.kind, verdict.amount, verdict.may_report) == (FollowUpKind.INCREASE, kr(150), True)


def test_an_increase_that_a_person_wants_reported_is_reported() -> None:
    wanted = Noted(
        kind=FollowUpKind.INCREASE,
        id="payment:p1#1",
        ledger_id="p1",
        state=FollowUpState.DUE,
        amount=kr(150),
        decided=True,
    )
    (verdict,) = decided(paid(400), noted=(reported(250), wanted), case=case(750, settled=250))
    assert (verdict.step, verdict.kind, verdict.amount) == (Step.REPORT, FollowUpKind.INCREASE, kr(150))


def test_a_dispute_stops_what_is_not_decided_by_a_person() -> None:
    dispute, waiting = decided(paid(100), disputes=("disputed:2026-03-09",))
    assert (dispute.reason, waiting.step) == (Reason.DISPUTED, Step.WAIT)
    standing = noted(FollowUpKind.DISPUTE, "disputed:2026-03-09", 0, FollowUpState.ASKING)
    wanted = noted(FollowUpKind.PAYMENT, "p1", 100, FollowUpState.DUE, decided=True)
    (sent,) = decided(paid(100), disputes=("disputed:2026-03-09",), noted=(standing, wanted))
    assert sent.step is Step.REPORT


@pytest.mark.parametrize("ends_by", ["the ledger", "a person"])
def test_what_waited_for_a_dispute_goes_on(ends_by: str) -> None:
    by_person = ends_by == "a person"
    state = FollowUpState.SKIPPED if by_person else FollowUpState.ASKING
    standing = noted(FollowUpKind.DISPUTE, "blocked:", 0, state)
    found = decided(paid(100), disputes=("blocked:",) if by_person else (), noted=(standing,))
    assert [one.step for one in found if one.step is not Step.LAPSE] == [Step.REPORT]


@pytest.mark.parametrize("due_date", [TODAY, TODAY + timedelta(days=60)])
def test_more_time_in_the_ledger_is_asked_and_stops_nothing(due_date: date) -> None:
    asked, report = decided(paid(100), due_date=due_date)
    assert (asked.step, asked.kind, asked.reason) == (Step.ASK, FollowUpKind.RESPITE, Reason.PUT_OFF)
    assert (asked.date, asked.may_report) == (due_date, False)
    assert report.step is Step.REPORT


@pytest.mark.parametrize("values", [{"due_date": TODAY - timedelta(days=1)}, {"due_date": None}])
def test_what_is_overdue_or_not_told_asks_nothing(values: dict[str, Any]) -> None:
    assert decided(**values) == ()


def test_more_time_is_no_matter_where_nothing_is_claimed_any_more() -> None:
    later = TODAY + timedelta(days=60)
    assert decided(due_date=later, case=case(0)) == ()
    assert decided(due_date=later, case=case(is_open=False)) == ()


@pytest.mark.parametrize("state", [FollowUpState.ASKING, FollowUpState.SKIPPED])
def test_each_later_day_is_asked_once(state: FollowUpState) -> None:
    first, second = TODAY + timedelta(days=30), TODAY + timedelta(days=60)
    known = noted(FollowUpKind.RESPITE, first.isoformat(), 0, state)
    assert decided(due_date=first, noted=(known,)) == ()
    lapsed, asked = decided(due_date=second, noted=(known,))
    assert (lapsed.step, lapsed.id) == (Step.LAPSE, first.isoformat())
    assert (asked.step, asked.id) == (Step.ASK, second.isoformat())
    (over,) = decided(noted=(known,), due_date=TODAY - timedelta(days=1))
    assert over.step is Step.LAPSE


def test_a_write_off_and_a_credit_without_invoice_are_shown_and_not_sent() -> None:
    write_off = Entry(kind=FollowUpKind.WRITE_OFF, id="w", amount=kr(10), date=LATER)
    untied = Entry(kind=FollowUpKind.UNTIED_CREDIT, id="K-2", amount=kr(99), date=LATER, number="K-2")
    found = decided(write_off, untied)
    assert [(one.step, one.reason, one.may_report) for one in found] == [
        (Step.ASK, Reason.WRITE_OFF, False),
        (Step.ASK, Reason.UNTIED_CREDIT, False),
    ]
    assert decided(write_off, untied, boundary=BOUNDARY.model_copy(update={"counted": (write_off, untied)})) == ()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (InvoiceState.CANCELLED, Reason.INVOICE_CANCELLED),
        (InvoiceState.DRAFT, Reason.INVOICE_DRAFT),
        (None, Reason.INVOICE_GONE),
    ],
)
def test_an_invoice_that_is_no_claim_any_more_is_one_question(state: InvoiceState | None, reason: Reason) -> None:
    (verdict,) = decided(state=state, noted=(reported(250), reported(100, "p2")))
    assert (verdict.kind, verdict.reason) == (FollowUpKind.INVOICE, reason)


def test_what_was_asked_lapses_when_it_leaves_the_ledger() -> None:
    asked = noted(FollowUpKind.PAYMENT, "p1", 2000, FollowUpState.ASKING)
    assert [one.step for one in decided(noted=(asked,))] == [Step.LAPSE]


def test_what_a_person_skipped_does_not_come_back() -> None:
    skipped = noted(FollowUpKind.PAYMENT, "p1", 2000, FollowUpState.SKIPPED)
    assert decided(paid(2000), noted=(skipped,)) == ()
    assert decided(noted=(skipped,)) == ()


def test_what_the_ledger_shows_is_read_from_the_invoice() -> None:
    read = ledger_of(
        an_invoice(
            payments=(Payment(id="p", amount=kr(10), date=LATER),),
            credit_notes=(CreditNote(id="c", number="K-1", amount=kr(-20), date=LATER),),
            unmatched_receipts=(
                OpenReceipt(amount=kr(5), date=LATER, rest_of="p"),
                OpenReceipt(amount=kr(7), date=LATER),
            ),
            write_offs=(WriteOff(id="w", amount=kr(1), date=LATER),),
            holds=(Hold(kind="disputed", since=LATER), Hold(kind="no_followup")),
        )
    )
    assert [(one.kind, one.id, one.amount, one.currency) for one in read.entries] == [
        (FollowUpKind.PAYMENT, "p", kr(10), ""),
        (FollowUpKind.PAYMENT, "p+", kr(5), ""),
        (FollowUpKind.CREDIT, "c", kr(20), ""),
        (FollowUpKind.WRITE_OFF, "w", kr(1), ""),
    ]
    assert read.disputes == (f"disputed:{LATER}",)


def test_in_an_invoice_of_another_currency_everything_is_asked() -> None:
    read = ledger_of(an_invoice(currency="EUR", payments=(Payment(id="p", amount=kr(10), date=LATER),)))
    assert in_short(decided(*read.entries)) == [("ask", Reason.OTHER_CURRENCY, kr(10))]
