"""Fortnox's invoices in our form, on documents of the recorded shapes with every doubtful value."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.connection import ConnectionSettings, FirstAction, ReminderPolicy
from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.findings import Severity
from connector.domain.invoice import (
    CreditNote,
    CustomerType,
    Hold,
    Invoice,
    InvoiceKind,
    InvoiceState,
    LineKind,
    OpenReceipt,
    ReminderSent,
)
from connector.domain.reckoning import reckon
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.translate import translate
from tests.hosts.fortnox.shapes import (
    EMPTY,
    MISSING,
    changed,
    credit,
    customer,
    document,
    invoice,
    payment,
    with_parts,
)

TODAY = date(2026, 3, 4)
NO_RIGHT = "API_NORIGHT"


def findings(read: Invoice, severity: Severity, **settings: Any) -> set[str]:
    judged = assess(
        read,
        ConnectionSettings(**settings),
        Circumstances(today=TODAY, first_action=FirstAction.DEBT_COLLECTION),
    )
    return {finding.code for finding in judged.findings if finding.severity is severity}


def lines(read: Invoice) -> list[tuple[str, str, LineKind]]:
    return [(line.description, str(line.amount), line.kind) for line in read.lines]


def test_the_invoice() -> None:
    read = invoice()

    assert (read.id, read.number) == ("10457", "10457")
    assert (read.kind, read.state) == (InvoiceKind.INVOICE, InvoiceState.BOOKED)
    assert (read.invoice_date, read.due_date) == (date(2026, 1, 15), date(2026, 2, 14))
    assert (read.currency, read.total, read.balance) == ("SEK", Decimal("15063.00"), Decimal("10063.00"))
    assert lines(read) == [
        ("Konsulttimmar januari", "15000.00", LineKind.GOODS),
        ("Fakturaavgift", "62.50", LineKind.INVOICE_FEE),
        ("Öresavrundning", "0.50", LineKind.ROUNDING),
    ]
    assert sum(line.amount for line in read.lines) == read.total
    assert [(str(one.amount), one.date, one.reference) for one in read.payments] == [
        ("5000.00", date(2026, 3, 3), "C402")
    ]
    assert read.reminders == (ReminderSent(date=date(2026, 2, 25)),)
    assert read.credit_notes == ()
    assert read.unapplied_credits == ()
    assert read.other_owners == ()
    assert read.tax_reduction == 0
    assert read.bank_booked_until == date(2026, 3, 3)


def test_what_fortnox_has_no_data_for_is_said_to_be_unchecked() -> None:
    read = invoice()

    assert (read.unmatched_receipts, read.holds, read.respite_until) == (None, None, None)
    assert {"A4", "A6", "A7", "E9"} <= findings(read, Severity.INFO)


def test_the_example_can_be_sent_once_its_fee_is_agreed_and_the_creditor_known() -> None:
    assert findings(invoice(), Severity.BLOCK) == {"G1"}
    assert findings(invoice(), Severity.LIFTABLE) == set()


def test_the_customer() -> None:
    read = invoice().customer

    assert (read.id, read.number, read.name) == ("2001", "2001", "Exempelbolaget AB")
    assert (read.customer_type, read.sole_trader) == (CustomerType.COMPANY, None)
    assert read.id_number == "552000-0018"
    assert (read.email, read.phone) == ("kontor@exempelbolaget.example", "010-000 00 00")
    assert read.address == read.invoice_address
    assert (read.address.address_line_1, read.address.zip_code, read.address.city, read.address.country) == (
        "Provgatan 12",
        "123 45",
        "Teststad",
        "SE",
    )


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, InvoiceState.BOOKED),
        ({"Booked": False}, InvoiceState.DRAFT),
        ({"Booked": None}, InvoiceState.DRAFT),
        ({"Booked": MISSING}, InvoiceState.DRAFT),
        ({"Booked": NO_RIGHT}, InvoiceState.DRAFT),
        ({"Booked": False, "Sent": True}, InvoiceState.DRAFT),
        ({"Booked": False, "Sent": True, "AccountingMethod": "CASH"}, InvoiceState.BOOKED),
        ({"Booked": False, "Sent": False, "AccountingMethod": "CASH"}, InvoiceState.DRAFT),
        ({"Booked": False, "Sent": True, "AccountingMethod": "CASH", "Cancelled": NO_RIGHT}, InvoiceState.DRAFT),
        ({"NotCompleted": True}, InvoiceState.DRAFT),
        ({"Cancelled": True}, InvoiceState.CANCELLED),
        ({"Cancelled": True, "Booked": False, "NotCompleted": True}, InvoiceState.CANCELLED),
        ({"Cancelled": NO_RIGHT}, InvoiceState.BOOKED),
    ],
)
def test_the_state(changes: dict[str, Any], state: InvoiceState) -> None:
    read = invoice(**changes)

    assert read.state is state
    assert ("A1" in findings(read, Severity.BLOCK)) is (state is not InvoiceState.BOOKED)


@pytest.mark.parametrize(
    ("changes", "kind", "stopped"),
    [
        ({"InvoiceType": "AGREEMENTINVOICE"}, InvoiceKind.INVOICE, False),
        ({"InvoiceType": "SUMMARYINVOICE"}, InvoiceKind.INVOICE, False),
        ({"InvoiceType": "INTRESTINVOICE"}, InvoiceKind.INTEREST, False),
        ({"InvoiceType": "CASHINVOICE"}, InvoiceKind.CASH, True),
        ({"InvoiceType": "SOMETHINGNEW"}, InvoiceKind.OTHER, True),
        ({"InvoiceType": NO_RIGHT}, InvoiceKind.OTHER, True),
        ({"InvoiceType": MISSING}, InvoiceKind.OTHER, True),
        ({"Credit": "true"}, InvoiceKind.CREDIT_NOTE, True),
        ({"Credit": True}, InvoiceKind.CREDIT_NOTE, True),
        ({"Credit": "false"}, InvoiceKind.INVOICE, False),
        ({"Credit": False}, InvoiceKind.INVOICE, False),
        ({"Credit": MISSING}, InvoiceKind.INVOICE, False),
        ({"Credit": MISSING, "Total": -15063}, InvoiceKind.CREDIT_NOTE, True),
        ({"Credit": NO_RIGHT, "Total": -15063}, InvoiceKind.CREDIT_NOTE, True),
        ({"Credit": "true", "InvoiceType": "CASHINVOICE"}, InvoiceKind.CREDIT_NOTE, True),
    ],
)
def test_the_kind(changes: dict[str, Any], kind: InvoiceKind, stopped: bool) -> None:
    read = invoice(**changes)

    assert read.kind is kind
    assert ("A1" in findings(read, Severity.BLOCK)) is stopped


def test_an_interest_invoice_needs_a_persons_tick() -> None:
    assert "A11" in findings(invoice(InvoiceType="INTRESTINVOICE"), Severity.WARNING)


@pytest.mark.parametrize("empty", EMPTY)
def test_an_invoice_handled_by_fortnox_finans_is_somebody_elses(empty: Any) -> None:
    assert invoice(NoxFinans=False).other_owners == ()
    assert "A8" in findings(invoice(NoxFinans=True), Severity.BLOCK)
    for unknown in (empty, NO_RIGHT):
        assert invoice(NoxFinans=unknown).other_owners is None
        assert "A8" in findings(invoice(NoxFinans=unknown), Severity.INFO)


@pytest.mark.parametrize(
    ("balance", "final", "open_amount"),
    [
        (10063, None, "10063.00"),
        (10063, "", "10063.00"),
        (10063, "2026-03-03", "0.00"),
        (0, "2026-03-03", "0.00"),
        (-100, "2026-03-03", "-100.00"),
        (-100, None, "-100.00"),
        ("10063.50", None, "10063.50"),
    ],
)
def test_what_is_finally_paid_is_never_open(balance: Any, final: Any, open_amount: str) -> None:
    read = invoice(Balance=balance, FinalPayDate=final)

    assert str(read.balance) == open_amount
    assert ("A2" in findings(read, Severity.BLOCK)) is (read.balance <= 0)


AMOUNTS = {
    "VATIncluded": False,
    "AdministrationFee": 50,
    "AdministrationFeeVAT": Decimal("12.5"),
    "Freight": 25,
    "FreightVAT": Decimal("6.25"),
    "Net": 100,
    "Gross": 100,
    "TotalVAT": Decimal("43.75"),
    "RoundOff": Decimal("0.25"),
    "Total": 219,
    "TotalToPay": 219,
    "Balance": 219,
}
"""As recorded of a real invoice (fortnox/API.md, "Amounts")."""

ROW = {"ArticleNumber": "KONS", "Description": "Konsulttimmar", "Total": 100, "VAT": 25}


def test_the_recorded_amounts_add_up() -> None:
    read = invoice(**AMOUNTS, InvoiceRows=[ROW])

    assert lines(read) == [
        ("Konsulttimmar", "125.00", LineKind.GOODS),
        ("Fakturaavgift", "62.50", LineKind.INVOICE_FEE),
        ("Frakt", "31.25", LineKind.GOODS),
        ("Öresavrundning", "0.25", LineKind.ROUNDING),
    ]
    assert sum(line.amount for line in read.lines) == read.total
    assert reckon(read, ReminderPolicy()).invoice_fee == Decimal("62.50")


VAT_INCLUSIVE = AMOUNTS | {
    "VATIncluded": True,
    "AdministrationFee": Decimal("62.5"),
    "Freight": Decimal("31.25"),
    "InvoiceRows": [ROW | {"Total": 125, "TotalExcludingVAT": 100}],
}


@pytest.mark.parametrize(
    ("claim", "kind", "invoice_fee"), [(False, LineKind.GOODS, "0.00"), (True, LineKind.INVOICE_FEE, "62.50")]
)
def test_the_fee_of_an_invoice_whose_prices_include_vat(claim: bool, kind: LineKind, invoice_fee: str) -> None:
    read = translate(changed("Invoice", **VAT_INCLUSIVE), FortnoxSettings(), claim_fee_with_vat=claim)

    assert lines(read)[:3] == [
        ("Konsulttimmar", "125.00", LineKind.GOODS),
        ("Fakturaavgift", "62.50", kind),
        ("Frakt", "31.25", LineKind.GOODS),
    ]
    assert sum(line.amount for line in read.lines) == read.total
    reckoning = reckon(read, ReminderPolicy())
    assert (str(reckoning.invoice_fee), str(reckoning.capital_to_claim)) == (invoice_fee, "219.00")


def test_until_somebody_knows_that_fee_is_capital() -> None:
    assert reckon(invoice(**VAT_INCLUSIVE), ReminderPolicy()).invoice_fee == 0


def test_a_fee_claimed_in_error_is_stopped_by_its_sum() -> None:
    excluding = VAT_INCLUSIVE | {"AdministrationFee": 50}
    read = translate(changed("Invoice", **excluding), FortnoxSettings(), claim_fee_with_vat=True)

    assert "B3" in findings(read, Severity.BLOCK)


@pytest.mark.parametrize("empty", EMPTY)
def test_an_invoice_without_charges(empty: Any) -> None:
    read = invoice(AdministrationFee=empty, AdministrationFeeVAT=empty, Freight=empty, FreightVAT=empty, RoundOff=empty)

    assert lines(read)[0] == ("Konsulttimmar januari", "15000.00", LineKind.GOODS)
    assert LineKind.INVOICE_FEE not in {line.kind for line in read.lines}


@pytest.mark.parametrize("empty", [*EMPTY, NO_RIGHT])
@pytest.mark.parametrize("field", ["AdministrationFeeVAT", "Total", "Balance"])
def test_an_amount_that_must_be_known(field: str, empty: Any) -> None:
    with pytest.raises(AmountUnreadable):
        invoice(**{field: empty})


@pytest.mark.parametrize("value", ["much", Decimal("10063.005"), True, [], {}, "NaN", Decimal("1e40")])
@pytest.mark.parametrize("field", ["Balance", "Total", "AdministrationFee", "RoundOff", "TotalToPay"])
def test_an_amount_that_is_none(field: str, value: Any) -> None:
    with pytest.raises(AmountUnreadable) as unreadable:
        invoice(**{field: value})
    assert unreadable.value.system == "Fortnox"


@pytest.mark.parametrize("value", ["much", True, [], {}, "NaN", "1e400", NO_RIGHT])
def test_a_rows_amount_that_is_none(value: Any) -> None:
    with pytest.raises(AmountUnreadable) as unreadable:
        invoice(InvoiceRows=[ROW, ROW | {"Total": value}])
    assert unreadable.value.field == "lines[1].amount"


def test_a_row_of_text_is_a_line_without_amount() -> None:
    text_row = {"Description": "Avser mars", "Total": None, "VAT": None, "ArticleNumber": ""}

    assert lines(invoice(InvoiceRows=[ROW, text_row]))[1] == ("Avser mars", "0.00", LineKind.GOODS)


def test_vat_on_each_row_may_differ_by_an_ore() -> None:
    rows = [ROW | {"Total": Decimal("10.02"), "VAT": 25}, ROW | {"Total": Decimal("10.02"), "VAT": 25}]
    changes = {"AdministrationFee": 0, "RoundOff": 0, "InvoiceRows": rows, "TotalToPay": Decimal("25.05")}

    read = invoice(Total=Decimal("25.05"), Balance=Decimal("25.05"), **changes)

    assert [str(line.amount) for line in read.lines] == ["12.53", "12.53", "-0.01"]


def test_a_difference_that_is_no_rounding_is_not_hidden() -> None:
    read = invoice(InvoiceRows=[ROW])

    assert sum(line.amount for line in read.lines) != read.total
    assert "B3" in findings(read, Severity.BLOCK)


@pytest.mark.parametrize("empty", EMPTY)
def test_an_invoice_without_rows_says_not_what_was_sold(empty: Any) -> None:
    assert "F1" in findings(invoice(InvoiceRows=empty), Severity.BLOCK)


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("fee_articles", LineKind.INVOICE_FEE),
        ("reminder_fee_articles", LineKind.REMINDER_FEE),
        ("interest_articles", LineKind.INTEREST),
    ],
)
def test_rows_of_the_articles_in_the_settings(setting: str, kind: LineKind) -> None:
    settings = FortnoxSettings.model_validate({setting: ["avg"]})
    rows = [ROW, ROW | {"ArticleNumber": "AVG"}, ROW | {"ArticleNumber": None}, ROW | {"ArticleNumber": "AVG2"}]

    read = translate(changed("Invoice", InvoiceRows=rows), settings)

    assert [line.kind for line in read.lines][:4] == [LineKind.GOODS, kind, LineKind.GOODS, LineKind.GOODS]


@pytest.mark.parametrize(
    ("changes", "reminders"),
    [
        ({}, [date(2026, 2, 25)]),
        ({"Reminders": 3}, [date(2026, 2, 25)]),
        ({"Reminders": "1"}, [date(2026, 2, 25)]),
        ({"Reminders": 0, "LastRemindDate": None}, []),
        ({"Reminders": 0}, []),
        ({"Reminders": None, "LastRemindDate": ""}, []),
        ({"Reminders": MISSING, "LastRemindDate": MISSING}, []),
        ({"Reminders": NO_RIGHT}, [date(2026, 2, 25)]),
        ({"Reminders": 1, "LastRemindDate": None}, [None]),
        ({"Reminders": 1, "LastRemindDate": NO_RIGHT}, [None]),
    ],
)
def test_reminders(changes: dict[str, Any], reminders: list[date | None]) -> None:
    assert [one.date for one in invoice(**changes).reminders] == reminders


def test_the_fee_of_a_reminder_is_the_connections() -> None:
    policy = ReminderPolicy(fee=Decimal(60), fee_agreed=True)

    fee = reckon(invoice(), policy).reminder_fee

    assert fee is not None
    assert (str(fee.amount), fee.date) == ("60.00", date(2026, 2, 25))
    assert reckon(invoice(), policy).capital_to_claim == 10063
    assert "D8" in findings(invoice(), Severity.INFO, reminders=policy)
    assert reckon(invoice(), ReminderPolicy()).reminder_fee is None
    assert reckon(invoice(Reminders=0), policy).reminder_fee is None


def test_the_fee_of_a_reminder_without_a_date_is_not_claimed_and_said_so() -> None:
    policy, read = ReminderPolicy(fee=Decimal(60), fee_agreed=True), invoice(LastRemindDate=None)

    assert reckon(read, policy).reminder_fee is None
    assert "D3" in findings(read, Severity.INFO, reminders=policy)


ROT = {
    "TaxReductionType": "rot",
    "HouseWork": True,
    "TaxReduction": 4500,
    "BasisTaxReduction": 15000,
    "TotalToPay": 10563,
}


@pytest.mark.parametrize(
    ("changes", "reduction"),
    [
        (ROT, "4500.00"),
        (ROT | {"TaxReduction": None}, "4500.00"),
        (ROT | {"TaxReduction": 4000}, "4500.00"),
        (ROT | {"TotalToPay": MISSING}, "4500.00"),
        (ROT | {"TaxReduction": 0, "TotalToPay": 15063}, "0.00"),
        ({"TaxReductionType": "green", "TaxReduction": 100}, "100.00"),
        ({"TaxReduction": 100}, "100.00"),
        ({}, "0.00"),
        ({"TaxReductionType": MISSING, "TaxReduction": MISSING}, "0.00"),
        ({"TaxReductionType": NO_RIGHT, "TotalToPay": None, "HouseWork": False}, "0.00"),
        ({"TaxReductionType": "", "TotalToPay": "", "HouseWork": MISSING}, None),
    ],
)
def test_tax_reductions(changes: dict[str, Any], reduction: str | None) -> None:
    read = invoice(**changes)

    assert (None if read.tax_reduction is None else str(read.tax_reduction)) == reduction
    assert ("B8" in findings(read, Severity.WARNING)) is bool(read.tax_reduction)
    assert ("B8" in findings(read, Severity.INFO)) is (read.tax_reduction is None)


def test_a_tax_reduction_of_unknown_size_stops_the_invoice() -> None:
    with pytest.raises(AmountUnreadable) as unreadable:
        invoice(TaxReductionType="rut", TaxReduction=None, TotalToPay=None)
    assert unreadable.value.field == "tax_reduction"


@pytest.mark.parametrize("balance", [10563, 15063])
def test_the_tax_agencys_part_is_never_claimed_from_the_customer(balance: int) -> None:
    read = translate(changed("Invoice", **ROT, Balance=balance) | {"InvoicePayments": []}, FortnoxSettings())

    assert "B2" not in findings(read, Severity.BLOCK)
    assert reckon(read, ReminderPolicy()).capital_to_claim == 10563


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, True),
        ({"Booked": "true"}, True),
        ({"Booked": False}, False),
        ({"Booked": None}, False),
        ({"Booked": NO_RIGHT}, False),
    ],
)
def test_only_booked_payments_count(changes: dict[str, Any], counted: bool) -> None:
    read = with_parts(InvoicePayments=[payment(**changes)])

    assert [str(one.amount) for one in read.payments] == (["5000.00"] if counted else [])
    assert ("A4" in findings(read, Severity.WARNING)) is not counted
    if not counted:
        assert read.unmatched_receipts == (OpenReceipt(amount=Decimal(5000), date=date(2026, 3, 3), reference="8891"),)


def test_a_payment_counts_in_the_invoices_currency() -> None:
    foreign = payment(Amount=5000, AmountCurrency=450, Currency="EUR")
    without = payment(AmountCurrency=None)

    read = with_parts(InvoicePayments=[foreign, without]).payments
    assert [(one.amount, one.currency) for one in read] == [(Decimal(450), "EUR"), (Decimal(5000), "")]


def test_a_refund_is_a_negative_payment() -> None:
    refund = payment(Amount=-100, AmountCurrency=-100, Number="8900")

    assert [one.amount for one in with_parts(InvoicePayments=[payment(), refund]).payments] == [5000, -100]


def test_a_write_off_is_no_payment_and_is_seen_in_the_reckoning() -> None:
    write_off = {"AccountNumber": 3740, "Amount": Decimal("0.5"), "Currency": "SEK", "Description": "Öre"}
    found = changed("Invoice", Balance=Decimal("10062.5")) | {"InvoicePayments": [payment(WriteOffs=[write_off])]}
    read = translate(found, FortnoxSettings())

    assert [one.amount for one in read.payments] == [5000]
    assert [(one.id, one.amount, one.date) for one in read.write_offs] == [
        (read.payments[0].id, Decimal("0.5"), read.payments[0].date)
    ]
    trail = {line.term: line.amount for line in reckon(read, ReminderPolicy()).trail}
    assert trail["other_settlement"] == Decimal("-0.50")


def test_a_write_off_without_money_is_no_payment() -> None:
    write_off = {"AccountNumber": 6351, "Amount": Decimal(300), "Currency": "SEK", "Description": "Kundförlust"}
    nothing = payment(Amount=Decimal(0), AmountCurrency=Decimal(0), WriteOffs=[write_off])
    read = with_parts(InvoicePayments=[nothing])

    assert read.payments == ()
    assert [one.amount for one in read.write_offs] == [300]


def test_a_reminder_fee_in_a_payment_is_money_and_no_write_off() -> None:
    """What the payment brings beyond the invoice is booked as a negative write-off (fortnox/API.md, "Reminders")."""
    fee = {"AccountNumber": 3540, "Amount": Decimal(-60), "Currency": "SEK", "Description": "Påminnelseavgift"}
    ore = {"AccountNumber": 3740, "Amount": Decimal("0.40"), "Currency": "SEK", "Description": "Öre"}
    read = with_parts(InvoicePayments=[payment(Amount=Decimal(1310), AmountCurrency=Decimal(1310), WriteOffs=[fee])])
    both = with_parts(InvoicePayments=[payment(WriteOffs=[fee, ore])])

    assert [one.amount for one in read.payments] == [1310]
    assert read.write_offs == ()
    assert [one.amount for one in both.write_offs] == [Decimal("0.40")]


DISPUTED = FortnoxSettings(dispute_label="Bestridd")
LABELS = [{"Id": 7, "Description": "Till inkasso"}, {"Id": 9, "Description": "Bestridd"}]


def test_an_invoice_with_the_companys_label_of_disputes_is_disputed() -> None:
    labelled = changed("Invoice", Labels=[{"Id": 7}, {"Id": 9}]) | {"Labels": LABELS}

    assert translate(labelled, DISPUTED).holds == (Hold(kind="disputed"),)
    assert translate(labelled, FortnoxSettings()).holds is None


@pytest.mark.parametrize("labels", [[], None, "", [{"Id": 7}]])
def test_an_invoice_without_it_is_not(labels: Any) -> None:
    assert translate(changed("Invoice", Labels=labels) | {"Labels": LABELS}, DISPUTED).holds == ()


def test_without_the_companys_labels_it_is_not_known_what_an_invoices_labels_mean() -> None:
    assert translate(changed("Invoice", Labels=[{"Id": 9}]), DISPUTED).holds is None
    assert translate(changed("Invoice", Labels=[]), DISPUTED).holds == ()


def test_a_payment_must_have_a_date() -> None:
    with pytest.raises(Unreadable, match="PaymentDate"):
        with_parts(InvoicePayments=[payment(PaymentDate=None)])


CREDIT_NOTE = CreditNote(id="10460", number="10460", amount=Decimal(1000), date=date(2026, 2, 1))
UNUSED = OpenReceipt(amount=Decimal(1000), date=date(2026, 2, 1), reference="10460")


@pytest.mark.parametrize(
    ("changes", "notes", "unused"),
    [
        ({}, (CREDIT_NOTE,), ()),
        ({"Booked": False, "Balance": -1000}, (), (UNUSED,)),
        ({"Booked": False, "Balance": 0}, (), (UNUSED,)),
        ({"Balance": -1000}, (), (UNUSED,)),
        (
            {"Balance": -400},
            (CREDIT_NOTE.model_copy(update={"amount": Decimal("600.00")}),),
            (UNUSED.model_copy(update={"amount": Decimal("400.00")}),),
        ),
        ({"Cancelled": True}, (), ()),
        ({"CreditInvoiceReference": "1045"}, (), ()),
        ({"CreditInvoiceReference": "0"}, (), ()),
        ({"CreditInvoiceReference": 10457}, (CREDIT_NOTE,), ()),
        ({"Credit": "false", "Total": 1000}, (), ()),
    ],
)
def test_credit_invoices_that_refer_to_the_invoice(
    changes: dict[str, Any], notes: tuple[CreditNote, ...], unused: tuple[OpenReceipt, ...]
) -> None:
    owed = 10063 - sum(note.amount for note in notes)
    read = translate(changed("Invoice", Balance=owed) | {"CreditInvoices": [credit(**changes)]}, FortnoxSettings())

    assert read.credit_notes == notes
    assert read.unapplied_credits == unused
    assert ("A5" in findings(read, Severity.LIFTABLE)) is bool(unused)


def test_a_credit_invoice_that_the_invoice_refers_to() -> None:
    pointing = changed("Invoice", CreditInvoiceReference="10460", Balance=9063)
    credits_ = [credit(CreditInvoiceReference="0"), credit(CreditInvoiceReference="0", DocumentNumber="104600")]

    assert translate(pointing | {"CreditInvoices": credits_}, FortnoxSettings()).credit_notes == (CREDIT_NOTE,)


def test_several_part_credits() -> None:
    credits_ = [credit(Total=-100), credit(Total=-200, DocumentNumber="10461")]

    read = translate(changed("Invoice", Balance=9763) | {"CreditInvoices": credits_}, FortnoxSettings())

    assert [note.amount for note in read.credit_notes] == [100, 200]


def test_what_else_the_customer_has_to_its_credit() -> None:
    overpaid = {"DocumentNumber": "10400", "Balance": -50, "Total": 500, "InvoiceDate": "2026-01-02"}
    unreferenced = {"DocumentNumber": "10461", "Balance": "-20.50", "Total": -20.5, "InvoiceDate": "2026-02-03"}
    cancelled = {"DocumentNumber": "10462", "Balance": -7, "Total": -7, "Cancelled": True}

    read = with_parts(OpenCredits=[overpaid, unreferenced, cancelled])

    assert [(str(one.amount), one.reference) for one in read.unapplied_credits or ()] == [
        ("50.00", "10400"),
        ("20.50", "10461"),
    ]
    assert read.credit_notes == ()


def test_an_open_credit_that_is_listed_and_tied_counts_once() -> None:
    row = {"DocumentNumber": "10460", "Balance": -1000, "Total": -1000, "InvoiceDate": "2026-02-01"}

    read = with_parts(OpenCredits=[row], CreditInvoices=[credit(Balance=-1000)])

    assert read.unapplied_credits == (UNUSED,)


@pytest.mark.parametrize("absent", [MISSING, None])
@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("InvoicePayments", "A4"),
        ("CreditInvoices", "A5"),
        ("OpenCredits", "A5"),
        ("LatestInvoicePayment", "A3"),
    ],
)
def test_a_part_that_was_not_saved_is_told(part: str, code: str, absent: Any) -> None:
    assert code in findings(with_parts(**{part: absent}), Severity.INFO)


def test_a_company_without_payments_tells_no_date() -> None:
    assert with_parts(LatestInvoicePayment={}).bank_booked_until is None


@pytest.mark.parametrize("part", ["Invoice", "Customer"])
@pytest.mark.parametrize("absent", [MISSING, None, [], "x", 7])
def test_a_document_needs_an_invoice_and_its_customer(part: str, absent: Any) -> None:
    with pytest.raises(Unreadable, match=part):
        with_parts(**{part: absent})


@pytest.mark.parametrize("part", ["InvoicePayments", "CreditInvoices", "OpenCredits"])
@pytest.mark.parametrize("wrong", [{}, "x", [7], [None]])
def test_a_list_must_be_one(part: str, wrong: Any) -> None:
    with pytest.raises(Unreadable, match=part):
        with_parts(**{part: wrong})


@pytest.mark.parametrize("field", ["DocumentNumber", "VATIncluded"])
@pytest.mark.parametrize("empty", [*EMPTY, NO_RIGHT])
def test_what_an_invoice_must_have(field: str, empty: Any) -> None:
    with pytest.raises(Unreadable, match=field):
        invoice(**{field: empty})


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("DueDate", "2026-02-30"),
        ("InvoiceDate", "snart"),
        ("LastRemindDate", {}),
        ("Booked", "kanske"),
        ("Credit", []),
        ("InvoiceRows", "x"),
        ("CustomerName", {"a": 1}),
    ],
)
def test_values_of_the_wrong_kind(field: str, wrong: Any) -> None:
    with pytest.raises(Unreadable, match=field):
        translate(changed("Invoice", **{field: wrong}) | {"Customer": {}}, FortnoxSettings())


@pytest.mark.parametrize("field", ["InvoiceDate", "DueDate"])
@pytest.mark.parametrize("empty", [*EMPTY, NO_RIGHT])
def test_a_missing_date_is_a_finding(field: str, empty: Any) -> None:
    assert "C1" in findings(invoice(**{field: empty}), Severity.BLOCK)


@pytest.mark.parametrize("currency", ["EUR", "", None, NO_RIGHT, MISSING])
def test_only_kronor(currency: Any) -> None:
    assert "B1" in findings(invoice(Currency=currency), Severity.BLOCK)


@pytest.mark.parametrize(
    ("type_", "found"),
    [
        ("PRIVATE", CustomerType.PERSON),
        ("COMPANY", CustomerType.COMPANY),
        ("", None),
        (None, None),
        (NO_RIGHT, None),
        (MISSING, None),
    ],
)
def test_the_customers_type(type_: Any, found: CustomerType | None) -> None:
    assert customer(Type=type_).customer.customer_type is found


@pytest.mark.parametrize("empty", [*EMPTY, NO_RIGHT])
def test_the_invoice_says_what_the_customer_card_does_not(empty: Any) -> None:
    fields = ("CustomerNumber", "Name", "OrganisationNumber")

    read = customer(**dict.fromkeys(fields, empty)).customer

    assert (read.id, read.name, read.id_number) == ("2001", "Exempelbolaget AB", "552000-0018")


@pytest.mark.parametrize(
    ("invoice", "stops"),
    [
        ({}, Severity.INFO),
        ({"CustomerName": "EXEMPELBOLAGET, Aktiebolag", "OrganisationNumber": ""}, Severity.INFO),
        ({"CustomerName": "Exempel i Norr AB"}, Severity.INFO),
        ({"CustomerName": "Karin Prov", "OrganisationNumber": ""}, Severity.WARNING),
        ({"OrganisationNumber": "556016-0680"}, Severity.BLOCK),
    ],
)
def test_whom_the_invoice_names_is_compared_with_the_card(invoice: dict[str, Any], stops: Severity) -> None:
    read = translate(changed("Invoice", **invoice), FortnoxSettings())

    for severity in (Severity.WARNING, Severity.BLOCK):
        assert ("E16" in findings(read, severity)) is (severity is stops)


def test_what_the_invoice_shares_with_the_card_is_the_cards() -> None:
    found = changed("Customer", Email="a@card.example", Phone1="070-123 45 67")
    found["Invoice"] |= {"Phone1": "070-123 45 67", "EmailInformation": {"EmailAddressTo": "A@card.example"}}
    assert _party(found) == ("", "")
    found["Invoice"] |= {"Phone1": "073-123 45 67", "EmailInformation": {"EmailAddressTo": "b@own.example"}}
    assert _party(found) == ("b@own.example", "073-123 45 67")


def _party(document: dict[str, Any]) -> tuple[str, str]:
    party = translate(document, FortnoxSettings()).customer.invoiced
    assert party is not None
    return party.email, party.phone


def test_a_number_nobody_may_see_is_missing() -> None:
    found = changed("Invoice", OrganisationNumber=NO_RIGHT)
    found["Customer"]["OrganisationNumber"] = NO_RIGHT

    assert "E2" in findings(translate(found, FortnoxSettings()), Severity.BLOCK)


def test_sole_traders_are_named_in_the_settings() -> None:
    found = changed("Customer", OrganisationNumber="900101-1239")
    found["Invoice"]["OrganisationNumber"] = "19900101-1239"
    decided = translate(found, FortnoxSettings(sole_traders=("2001",)))

    assert "E4" in findings(translate(found, FortnoxSettings()), Severity.BLOCK)
    assert decided.customer.sole_trader is True
    assert "E4" not in findings(decided, Severity.BLOCK)


@pytest.mark.parametrize(
    ("email", "invoice_email", "found"),
    [("a@x.example", "b@x.example", "a@x.example"), ("", "b@x.example", "b@x.example"), (None, None, "")],
)
def test_the_email(email: str | None, invoice_email: str | None, found: str) -> None:
    assert customer(Email=email, EmailInvoice=invoice_email).customer.email == found


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("08-123 45", "070-123 45 67", "070-123 45 67"),
        ("070-123 45 67", "073-123 45 67", "070-123 45 67"),
        ("08-123 45", None, "08-123 45"),
        ("", "08-123 45", "08-123 45"),
        (None, None, ""),
    ],
)
def test_a_mobile_number_goes_before_others(first: str | None, second: str | None, found: str) -> None:
    assert customer(Phone1=first, Phone2=second).customer.phone == found


@pytest.mark.parametrize(
    ("on_invoice", "code", "on_card", "invoice_country", "card_country"),
    [
        ("Sverige", "SE", "Sverige", "SE", "SE"),
        ("Sverige", "", "", "SE", ""),
        ("Sverige", None, "Sverige", "SE", "SE"),
        ("", "SE", "Sverige", "SE", "SE"),
        ("Norge", "NO", "Norge", "NO", "NO"),
        ("Norge", "SE", "Sverige", "", "SE"),
        ("", "", "", "", ""),
    ],
)
def test_countries(on_invoice: str, code: str, on_card: str, invoice_country: str, card_country: str) -> None:
    found = changed("Customer", CountryCode=code, Country=on_card)
    found["Invoice"]["Country"] = on_invoice
    read = translate(found, FortnoxSettings()).customer

    assert (read.invoice_address.country, read.address.country) == (invoice_country, card_country)


def test_an_address_that_moved_is_told() -> None:
    assert "E11" in findings(customer(Address1="Nygatan 1"), Severity.WARNING)


def test_floats_read_as_they_were_written() -> None:
    assert invoice(Total=15063.0, Balance=10063.1).balance == Decimal("10063.10")


@pytest.mark.parametrize("value", [None, "", NO_RIGHT, 0, "0", "x", -1, True, [], {}, [{}], 1.5, "1e400"])
@pytest.mark.parametrize("part", ["Invoice", "Customer"])
def test_no_value_breaks_the_reading(part: str, value: Any) -> None:
    """It is read, or refused with one of the two errors that people are told of; anything else fails here."""
    circumstances = Circumstances(today=TODAY, first_action=FirstAction.REMINDER)
    for field in document()[part]:
        with suppress(AmountUnreadable, Unreadable):
            assess(
                translate(changed(part, **{field: value}), FortnoxSettings()),
                ConnectionSettings(),
                circumstances,
            )
