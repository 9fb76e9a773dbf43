"""What lessened an invoice of Fortnox: set-offs, linked credits by either reading, fees paid beside, tax reductions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.connection import ConnectionSettings, FirstAction, ReminderPolicy
from connector.domain.errors import AmountUnreadable
from connector.domain.findings import Severity
from connector.domain.invoice import Invoice, LineKind, PaymentKind
from connector.domain.reckoning import reckon
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.settlements import LinkedCredit, receipts_of_day
from connector.hosts.fortnox.translate import ReducedBalance, translate
from tests.hosts.fortnox.shapes import changed, credit, payment
from tests.said import en, sv

TODAY = date(2026, 3, 4)
TOTAL = 15063


def paid(amount: int, number: str = "1", day: str = "2026-03-03", **changes: Any) -> dict[str, Any]:
    return payment(Number=number, Amount=amount, AmountCurrency=amount, PaymentDate=day, **changes)


def on_credit(amount: int, number: str = "9", day: str = "2026-03-03", credit_number: int = 10460) -> dict[str, Any]:
    return paid(-amount, number, day, InvoiceNumber=credit_number)


def read(
    balance: int | Decimal,
    payments: list[dict[str, Any]],
    credits_: list[dict[str, Any]] | None = None,
    entered: list[dict[str, Any]] | None = None,
    *,
    means: LinkedCredit = LinkedCredit.NOTHING,
    reduced: ReducedBalance = ReducedBalance.WHOLE,
    **changes: Any,
) -> Invoice:
    found = changed("Invoice", Balance=balance, **changes) | {
        "InvoicePayments": payments,
        "CreditInvoices": credits_ or [],
        "CreditPayments": entered,
    }
    return translate(found, FortnoxSettings(), linked_credit_means=means, reduced_balance_means=reduced)


def money(invoice: Invoice) -> list[int]:
    return [int(one.amount) for one in invoice.payments if one.kind is PaymentKind.RECEIPT]


def credited(invoice: Invoice) -> list[tuple[str, int]]:
    return [(note.id, int(note.amount)) for note in invoice.credit_notes]


def codes(invoice: Invoice, *severities: Severity) -> set[str]:
    around = Circumstances(today=TODAY, first_action=FirstAction.DEBT_COLLECTION)
    found = assess(invoice, ConnectionSettings(), around).findings
    return {one.code for one in found if one.severity in severities}


def capital(invoice: Invoice) -> Decimal:
    return reckon(invoice, ReminderPolicy()).capital_to_claim


LINKED = credit(Total=-3000)
FROM_SCRATCH = 10461

SETTLED: dict[str, tuple[Invoice, list[int], list[tuple[str, int]]]] = {
    "linked, set off by payments": (
        read(12063, [paid(3000)], [LINKED], [on_credit(3000)]),
        [],
        [("10460", 3000)],
    ),
    "linked, set off by payments, what was entered on the credit not asked for": (
        read(12063, [paid(3000)], [LINKED]),
        [],
        [("10460", 3000)],
    ),
    "from scratch, set off by payments": (
        read(12063, [paid(3000)], [], [on_credit(3000, credit_number=FROM_SCRATCH)]),
        [],
        [("10461", 3000)],
    ),
    "linked, and it lessened the invoice by itself": (read(12063, [], [LINKED], []), [], [("10460", 3000)]),
    "so, and money of the same amount came in": (
        read(9063, [paid(3000)], [LINKED], []),
        [3000],
        [("10460", 3000)],
    ),
    "so, and money of the same amount came in, not asked": (
        read(9063, [paid(3000)], [LINKED]),
        [3000],
        [("10460", 3000)],
    ),
    "by itself and by payments: once all the same": (
        read(9063, [paid(3000)], [credit(Total=-3000, Balance=3000)], [on_credit(3000)]),
        [],
        [("10460", 3000)],
    ),
    "linked, lessened the invoice and kept its own balance": (
        read(12063, [], [credit(Total=-3000, Balance=-3000)], []),
        [],
        [("10460", 3000)],
    ),
    "linked, paid back to the customer": (
        read(10063, [paid(5000)], [LINKED], [on_credit(3000, day="2026-03-09")]),
        [5000],
        [],
    ),
    "linked, used up elsewhere": (read(15063, [], [LINKED], []), [], []),
    "set off beside money on one day": (
        read(7063, [paid(5000, "1"), paid(3000, "2")], [LINKED], [on_credit(3000)]),
        [5000],
        [("10460", 3000)],
    ),
    "another day is no set-off": (
        read(12063, [paid(3000)], [], [on_credit(3000, day="2026-03-04", credit_number=FROM_SCRATCH)]),
        [3000],
        [],
    ),
    "two credits against one payment": (
        read(10063, [paid(5000)], [LINKED], [on_credit(3000), on_credit(2000, "8", credit_number=FROM_SCRATCH)]),
        [],
        [("10460", 3000), ("10461", 2000)],
    ),
    "one credit on two days": (
        read(
            12063,
            [paid(1000, "1"), paid(2000, "2", "2026-03-05")],
            [LINKED],
            [on_credit(1000), on_credit(2000, "8", "2026-03-05")],
        ),
        [],
        [("10460", 1000), ("10460/2", 2000)],
    ),
    "not booked": (
        read(15063, [paid(3000, Booked=False)], [], [on_credit(3000, credit_number=FROM_SCRATCH)]),
        [],
        [],
    ),
}


@pytest.mark.parametrize("name", SETTLED)
def test_a_credit_is_a_credit_once_and_money_is_money(name: str) -> None:
    invoice, receipts, notes = SETTLED[name]
    assert (money(invoice), credited(invoice)) == (receipts, notes)
    assert "B2" not in codes(invoice, Severity.BLOCK)
    assert capital(invoice) == invoice.balance


@pytest.mark.parametrize("means", LinkedCredit)
def test_what_a_linked_credit_means_counts_only_where_no_balance_tells(means: LinkedCredit) -> None:
    told = read(12063, [], [LINKED], [], means=means)
    untold = read(14063, [], [LINKED], [], means=means)

    assert credited(told) == [("10460", 3000)]
    assert credited(untold) == ([("10460", 3000)] if means is LinkedCredit.SET_OFF else [])
    assert capital(untold) == 14063


def test_a_credit_that_kept_its_balance_is_open_only_where_the_invoice_shows_it_whole() -> None:
    open_credit = credit(Total=-3000, Balance=-3000)

    assert "A5" not in codes(read(12063, [], [open_credit], []), Severity.LIFTABLE)
    assert "A5" in codes(read(15063, [], [open_credit], []), Severity.LIFTABLE)


def test_a_part_of_a_larger_entry_on_a_credit_is_for_a_person_to_judge() -> None:
    invoice = read(14063, [paid(1000)], [], [on_credit(3000, credit_number=FROM_SCRATCH)])

    assert [one.kind for one in invoice.payments] == [PaymentKind.OFFSET]


ROWS: list[tuple[list[int], list[int]]] = [
    ([500], [500]),
    ([0], []),
    ([-500], []),
    ([500, -500], []),
    ([500, -500, 500], [500]),
    ([700, 500, -500], [700]),
    ([], []),
]


@pytest.mark.parametrize(("amounts", "left"), ROWS)
def test_which_payments_of_a_day_brought_money(amounts: list[int], left: list[int]) -> None:
    rows = [{"Amount": one, "Number": str(number)} for number, one in enumerate(amounts)]
    assert [one["Amount"] for one in receipts_of_day(rows)] == left


NO_RECEIPTS: dict[str, dict[str, Any]] = {
    "a write-off": {"Amount": 0},
    "money paid back": {"Amount": -500},
    "not booked": {"Amount": 500, "Booked": False},
    "one side of a set-off": {"Amount": 3000, "Number": "1"},
}


@pytest.mark.parametrize("name", NO_RECEIPTS)
def test_what_is_no_receipt_does_not_tell_how_far_receipts_are_booked(name: str) -> None:
    found = changed("LatestInvoicePayment", **NO_RECEIPTS[name])
    found |= {"InvoicePayments": [paid(3000)], "CreditInvoices": [], "CreditPayments": [on_credit(3000)]}
    invoice = translate(found, FortnoxSettings())

    assert invoice.bank_booked_until is None
    assert "A3" in codes(invoice, Severity.LIFTABLE)


@pytest.mark.parametrize("source", ["manual", "direct", "file"])
def test_money_tells_it_whatever_its_source(source: str) -> None:
    invoice = translate(changed("LatestInvoicePayment", Source=source), FortnoxSettings())
    assert str(invoice.bank_booked_until) == "2026-03-03"


def fee(amount: int) -> dict[str, Any]:
    return {"Amount": -amount, "AccountNumber": 3540, "Currency": "SEK", "Description": "Påminnelseavgift"}


@pytest.mark.parametrize("paid_fee", [0, 60])
def test_a_part_payment_with_the_reminder_fee_in_it(paid_fee: int) -> None:
    offs = [fee(paid_fee)] if paid_fee else []
    invoice = read(10063, [paid(5000 + paid_fee, WriteOffs=offs)])
    policy = ReminderPolicy(fee=Decimal(60), fee_agreed=True)

    assert codes(invoice, Severity.BLOCK) == {"G1"}
    assert capital(invoice) == 10063
    assert not invoice.write_offs
    assert [one.beside for one in invoice.payments] == [paid_fee]
    assert (reckon(invoice, policy).reminder_fee is None) is bool(paid_fee), "what is paid is not claimed again"
    assert sum(one.amount for one in reckon(invoice, policy).trail if one.term == "other_settlement") == 0


ROT: dict[str, Any] = {"TaxReductionType": "rot", "HouseWork": True, "TaxReduction": 3000, "TotalToPay": TOTAL - 3000}
PART = TOTAL - 3000

REDUCED: dict[str, tuple[Invoice, int, bool]] = {
    "unpaid, the whole": (read(TOTAL, [], **ROT), PART, False),
    "unpaid, the customer's part": (read(PART, [], **ROT), PART, False),
    "paid in part, the whole": (read(TOTAL - 5000, [paid(5000)], **ROT), PART - 5000, False),
    "paid in part, the customer's part": (read(PART - 5000, [paid(5000)], **ROT), PART - 5000, False),
    "the customer's part is paid": (read(3000, [paid(PART)], **ROT), 3000, True),
    "so, and the Agency has paid a part": (read(1000, [paid(PART), paid(2000, "2")], **ROT), 1000, True),
    "as much as the reduction is left of the customer's part": (read(3000, [paid(PART - 3000)], **ROT), 3000, False),
    "credited in part, the whole": (
        read(TOTAL - 1000, [paid(1000)], [credit()], [on_credit(1000)], **ROT),
        PART - 1000,
        False,
    ),
}


@pytest.mark.parametrize("name", REDUCED)
def test_only_the_customers_part_is_claimed(name: str) -> None:
    invoice, claimed, only_reduction = REDUCED[name]

    assert capital(invoice) == claimed
    assert codes(invoice, Severity.BLOCK) == {"G1"}, "never B2 or A2"
    assert ("B8" in codes(invoice, Severity.LIFTABLE)) is only_reduction
    assert ("B8" in codes(invoice, Severity.WARNING)) is not only_reduction
    assert sum(one.amount for one in reckon(invoice, ReminderPolicy()).trail if one.term == "other_settlement") == 0


def test_the_block_says_that_the_agency_owes_it_or_has_refused() -> None:
    invoice, _, _ = REDUCED["the customer's part is paid"]
    around = Circumstances(today=TODAY, first_action=FirstAction.DEBT_COLLECTION)
    (said,) = (one for one in assess(invoice, ConnectionSettings(), around).findings if one.code == "B8")

    assert "Skatteverket ännu skyldigt" in sv(said)
    assert "nekat" in sv(said)
    assert "still owes" in en(said)
    assert "refused" in en(said)


def test_an_invoice_that_is_paid_by_both_is_paid() -> None:
    assert "A2" in codes(read(0, [paid(TOTAL)], **ROT), Severity.BLOCK)


@pytest.mark.parametrize(("reduced", "claimed"), [(ReducedBalance.WHOLE, 8000), (ReducedBalance.CUSTOMERS_PART, 11000)])
def test_what_a_balance_means_that_fits_neither(reduced: ReducedBalance, claimed: int) -> None:
    assert capital(read(11000, [paid(2000)], reduced=reduced, **ROT)) == claimed


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (Decimal("10063.000000000002"), "10063.00"),
        (10063.000000000002, "10063.00"),
        (Decimal("10062.999999999998"), "10063.00"),
        ("10063,00", "10063.00"),
        ("10063,5", "10063.50"),
        (" 10063.00 ", "10063.00"),
        (Decimal("10063.00001"), None),
        (Decimal("10063.005"), None),
        ("10063,005", None),
        ("1.063,00", None),
        ("1,063,00", None),
        ("x", None),
        (True, None),
    ],
)
def test_the_noise_of_floats_and_decimal_commas_are_read_and_finer_amounts_refused(
    written: Any, read_as: str | None
) -> None:
    found = changed("Invoice", Balance=written)
    if read_as is None:
        with pytest.raises(AmountUnreadable):
            translate(found, FortnoxSettings())
    else:
        assert str(translate(found, FortnoxSettings()).balance) == read_as


def test_an_invoice_fee_written_with_a_comma_is_none_where_it_is_nothing() -> None:
    bare = translate(changed("Invoice", AdministrationFee="0,00", AdministrationFeeVAT="0,00"), FortnoxSettings())
    assert [line.kind for line in bare.lines].count(LineKind.INVOICE_FEE) == 0
