"""Every check fires, says so in both languages, and clears when its cause is mended."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from connector.domain.assess import assess
from connector.domain.assessment import Assessment
from connector.domain.checks import content
from connector.domain.checks.money import unreadable_amount
from connector.domain.checks.texts import TEXTS
from connector.domain.checks.unchecked import NOT_CHECKED
from connector.domain.connection import FirstAction, ReminderPolicy
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import (
    CreditNote,
    CustomerType,
    Hold,
    Instalment,
    InvoiceKind,
    InvoiceState,
    LineKind,
    OpenReceipt,
    Payment,
)
from tests.domain.build import (
    DUE_DATE,
    INVOICE_DATE,
    TODAY,
    YESTERDAY,
    a_creditor,
    a_customer,
    a_line,
    a_pdf,
    a_person,
    a_reminder,
    an_address,
    an_invoice,
    circumstances,
    kr,
    settings,
)

BLOCK, LIFTABLE, WARNING, INFO = Severity.BLOCK, Severity.LIFTABLE, Severity.WARNING, Severity.INFO
ANOTHER_ID = "674dbeb208847b9501cc9999"


@dataclass(frozen=True)
class World:
    """What differs from the clean default."""

    invoice: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    circumstances: dict[str, Any] = field(default_factory=dict)

    def judged(self) -> Assessment:
        return assess(an_invoice(**self.invoice), settings(**self.settings), circumstances(**self.circumstances))


def ledger(**changes: Any) -> World:
    return World(invoice=changes)


def debtor(**changes: Any) -> World:
    return World(invoice={"customer": a_customer(**changes)})


def person(**changes: Any) -> World:
    return World(invoice={"customer": a_person(**changes)})


def policy(invoice: dict[str, Any], **changes: Any) -> World:
    return World(invoice=invoice, settings=changes)


def around(**changes: Any) -> World:
    return World(circumstances=changes)


def creditor(**changes: Any) -> World:
    return around(creditor=a_creditor(**changes))


def pdf(**changes: Any) -> World:
    return around(pdf=a_pdf(**changes))


CLEAN = World()
AGREED = {"reminders": ReminderPolicy(fee_agreed=True)}
FEE, REMINDER_FEE, INTEREST = LineKind.INVOICE_FEE, LineKind.REMINDER_FEE, LineKind.INTEREST

WITH_FEE = {
    "total": kr("2050.00"),
    "balance": kr("2050.00"),
    "lines": (a_line("2000.00"), a_line("50.00", "Fakturaavgift", FEE)),
}


def fee_line(amount: str, **changes: Any) -> dict[str, Any]:
    return {**WITH_FEE, "lines": (a_line("2000.00"), a_line(amount, "Fakturaavgift", FEE)), **changes}


def reminded(**changes: Any) -> dict[str, Any]:
    return {"reminders": (a_reminder(**changes),)}


def with_line(description: str, kind: LineKind = LineKind.GOODS) -> World:
    lines = (a_line("2000.00"), a_line("60.00", description, kind))
    return ledger(total=kr("2060.00"), balance=kr("2060.00"), lines=lines)


def a_receipt(amount: str, *, currency: str = "") -> OpenReceipt:
    return OpenReceipt(amount=kr(amount), currency=currency, date=YESTERDAY)


def in_parts(*due_dates: date) -> World:
    parts = tuple(Instalment(due_date=day, balance=kr("1000.00")) for day in due_dates)
    return ledger(due_date=due_dates[-1], instalments=parts)


def elsewhere(**changes: Any) -> World:
    return debtor(invoice_address=an_address(**changes), address=an_address(**changes))


A_PAYMENT = Payment(id="p", amount=kr("500.00"), date=YESTERDAY)
A_CREDIT_NOTE = CreditNote(id="c", number="KR-1", amount=kr("500.00"), date=YESTERDAY)

FIRES_AND_CLEARS: list[tuple[str, Severity, World, World]] = [
    ("A1", BLOCK, ledger(state=InvoiceState.DRAFT), CLEAN),
    ("A1", BLOCK, ledger(state=InvoiceState.CANCELLED), CLEAN),
    ("A1", BLOCK, ledger(kind=InvoiceKind.CREDIT_NOTE), CLEAN),
    ("A1", BLOCK, ledger(kind=InvoiceKind.CASH), CLEAN),
    ("A1", BLOCK, ledger(kind=InvoiceKind.OTHER), CLEAN),
    ("A1", BLOCK, ledger(number=" "), CLEAN),
    ("A2", BLOCK, ledger(balance=kr("0.00")), CLEAN),
    ("A2", BLOCK, ledger(balance=kr("-0.01")), ledger(balance=kr("100.00"))),
    ("A2", BLOCK, around(proposed_balance=kr("2000.01")), around(proposed_balance=kr("2000.00"))),
    ("A3", LIFTABLE, ledger(bank_booked_until=date(2025, 9, 1)), ledger(bank_booked_until=YESTERDAY)),
    (
        "A3",
        LIFTABLE,
        World({"bank_booked_until": date(2025, 8, 28)}, circumstances={"today": date(2025, 9, 1)}),
        World({"bank_booked_until": date(2025, 8, 29)}, circumstances={"today": date(2025, 9, 1)}),
    ),
    ("A4", WARNING, ledger(unmatched_receipts=(a_receipt("2060.00"),)), CLEAN),
    ("A5", LIFTABLE, ledger(unapplied_credits=(a_receipt("-10.00"),)), CLEAN),
    ("A6", LIFTABLE, ledger(holds=(Hold(kind="disputed", by="Eva", since=YESTERDAY),)), CLEAN),
    (
        "A6",
        BLOCK,
        ledger(customer=a_customer(never_send=True)),
        ledger(customer=a_customer(never_send=False)),
    ),
    ("A7", LIFTABLE, ledger(respite_until=(TODAY,)), ledger(respite_until=(YESTERDAY,))),
    ("A8", BLOCK, ledger(other_owners=("Factoringbolaget",)), CLEAN),
    ("A9", BLOCK, around(open_case="68b7f49c7b02934caddab092"), CLEAN),
    ("A9", BLOCK, around(unknown_attempt=True), CLEAN),
    ("A10", WARNING, around(withdrawn_case="68b7f49c7b02934caddab092"), CLEAN),
    ("A11", WARNING, ledger(kind=InvoiceKind.INTEREST), CLEAN),
    ("A11", WARNING, ledger(lines=(a_line("2000.00", "Fakturaavgift", FEE),)), CLEAN),
    (
        "A11",
        WARNING,
        ledger(**fee_line("50.00", balance=kr("50.00"))),
        ledger(**fee_line("50.00", balance=kr("50.01"))),
    ),
    ("B1", BLOCK, ledger(currency="EUR"), CLEAN),
    ("B1", BLOCK, ledger(currency=""), CLEAN),
    ("B2", BLOCK, ledger(balance=kr("2000.01")), CLEAN),
    ("B2", BLOCK, ledger(payments=(A_PAYMENT,)), ledger(payments=(A_PAYMENT,), balance=kr("1500.00"))),
    ("B2", BLOCK, ledger(credit_notes=(A_CREDIT_NOTE,)), ledger(credit_notes=(A_CREDIT_NOTE,), balance=kr("1500.00"))),
    ("B2", BLOCK, ledger(tax_reduction=kr("600.00")), ledger(tax_reduction=kr("600.00"), balance=kr("1400.00"))),
    (
        "B2",
        BLOCK,
        ledger(lines=(a_line("1940.00"), a_line("60.00", "Avi", REMINDER_FEE)), balance=kr("60.00")),
        ledger(lines=(a_line("1940.00"), a_line("60.00", "Avi", REMINDER_FEE)), balance=kr("60.01")),
    ),
    ("B3", BLOCK, ledger(**fee_line("-50.00")), ledger(**fee_line("50.00"))),
    ("B3", BLOCK, ledger(**fee_line("2050.01", lines=(a_line("2050.01", "Fakturaavgift", FEE),))), ledger(**WITH_FEE)),
    ("B3", BLOCK, ledger(**fee_line("40.00")), ledger(**fee_line("49.50"))),
    ("B4", WARNING, policy(WITH_FEE), policy(WITH_FEE, invoice_fee_agreed=True)),
    ("B5", WARNING, ledger(balance=kr("99.99")), ledger(balance=kr("100.00"))),
    ("B5", WARNING, policy({}, minimum_amount=kr("2000.01")), policy({}, minimum_amount=kr("2000.00"))),
    ("B6", LIFTABLE, policy({}, maximum_amount=kr("1999.99")), policy({}, maximum_amount=kr("2000.00"))),
    ("B7", INFO, ledger(balance=kr("1500.00"), payments=(A_PAYMENT,)), CLEAN),
    ("B8", WARNING, ledger(tax_reduction=kr("600.00"), balance=kr("1400.00")), CLEAN),
    ("B9", BLOCK, with_line("Dröjsmålsränta juni"), with_line("Dröjsmålsränta juni", INTEREST)),
    ("C1", BLOCK, ledger(invoice_date=None), CLEAN),
    ("C1", BLOCK, ledger(due_date=None), CLEAN),
    ("C1", BLOCK, ledger(due_date=INVOICE_DATE - timedelta(days=1)), ledger(due_date=INVOICE_DATE)),
    (
        "C1",
        BLOCK,
        ledger(invoice_date=TODAY + timedelta(days=1), due_date=TODAY + timedelta(days=1)),
        ledger(invoice_date=TODAY, due_date=TODAY),
    ),
    ("C2", BLOCK, ledger(due_date=TODAY), ledger(due_date=YESTERDAY)),
    ("C2", BLOCK, in_parts(YESTERDAY, TODAY), ledger(due_date=YESTERDAY)),
    ("C2", INFO, in_parts(YESTERDAY - timedelta(days=1), YESTERDAY), ledger(due_date=YESTERDAY)),
    ("C5", WARNING, ledger(due_date=INVOICE_DATE), ledger(due_date=INVOICE_DATE + timedelta(days=1))),
    (
        "C5",
        WARNING,
        ledger(invoice_date=YESTERDAY - timedelta(days=91), due_date=YESTERDAY),
        ledger(invoice_date=YESTERDAY - timedelta(days=90), due_date=YESTERDAY),
    ),
    ("D1", BLOCK, ledger(**reminded(fee=kr("60.01"))), ledger(**reminded(fee=kr("60.00")))),
    ("D1", BLOCK, policy(reminded(fee=None), reminders=ReminderPolicy(fee=kr("75.00"))), policy(reminded(fee=None))),
    ("D2", BLOCK, ledger(reminders=(a_reminder(), a_reminder(date=YESTERDAY))), ledger(**reminded())),
    ("D3", BLOCK, ledger(**reminded(date=DUE_DATE)), ledger(**reminded(date=DUE_DATE + timedelta(days=1)))),
    ("D3", BLOCK, ledger(**reminded(date=TODAY + timedelta(days=1))), ledger(**reminded(date=TODAY))),
    ("D4", WARNING, policy(reminded()), policy(reminded(), **AGREED)),
    (
        "D4",
        LIFTABLE,
        policy({**reminded(), "customer": a_person()}),
        policy({**reminded(), "customer": a_person()}, **AGREED),
    ),
    ("D7", BLOCK, with_line("Påminnelseavgift"), with_line("Påminnelseavgift", REMINDER_FEE)),
    ("D8", BLOCK, ledger(**reminded(paid=True)), ledger(**reminded(paid=False))),
    ("E1", BLOCK, debtor(name=" "), CLEAN),
    ("E2", BLOCK, debtor(id_number=""), CLEAN),
    (
        "E2",
        WARNING,
        World({"customer": a_customer(id_number=" ")}, circumstances={"first_action": FirstAction.REMINDER}),
        CLEAN,
    ),
    ("E2", BLOCK, debtor(id_number="DE123456789", invoice_address=an_address(country="DE")), CLEAN),
    ("E3", BLOCK, debtor(id_number="5560160681"), CLEAN),
    ("E3", BLOCK, person(id_number="19900101-1238"), person(id_number="19900101-1239")),
    ("E4", BLOCK, debtor(customer_type=CustomerType.PERSON), CLEAN),
    (
        "E4",
        BLOCK,
        person(customer_type=CustomerType.COMPANY),
        person(customer_type=CustomerType.COMPANY, sole_trader=True),
    ),
    ("E5", WARNING, person(id_number="121212-1212"), person(id_number="121212+1212")),
    ("E5", WARNING, person(id_number="1212121212"), person(id_number="191212121212")),
    ("E6", BLOCK, person(id_number="202501012385"), person()),
    (
        "E6",
        BLOCK,
        World({"customer": a_person(id_number="200807082391")}, circumstances={"today": date(2026, 9, 1)}),
        person(),
    ),
    ("E9", BLOCK, debtor(protected_identity=True), CLEAN),
    ("E10", BLOCK, elsewhere(address_line_1=""), CLEAN),
    ("E10", BLOCK, elsewhere(zip_code="1234"), CLEAN),
    ("E10", BLOCK, elsewhere(zip_code="01234"), CLEAN),
    ("E10", BLOCK, elsewhere(city=" "), CLEAN),
    ("E10", BLOCK, elsewhere(country=""), CLEAN),
    (
        "E11",
        WARNING,
        debtor(address=an_address(address_line_1="Annangatan 1")),
        debtor(address=an_address(zip_code="12345", city="STOCKHOLM")),
    ),
    ("E12", LIFTABLE, elsewhere(country="NO", zip_code="0150"), CLEAN),
    ("F1", BLOCK, ledger(lines=()), CLEAN),
    ("F1", WARNING, policy({}, debt_description="Services"), policy({}, debt_description="Services: {lines}")),
    ("F2", WARNING, pdf(available=False, problem="Ingen PDF."), CLEAN),
    (
        "F2",
        BLOCK,
        World(settings={"require_pdf": True}, circumstances={"pdf": a_pdf(available=False)}),
        World(settings={"require_pdf": True}),
    ),
    ("F2", WARNING, pdf(starts_as_pdf=False), CLEAN),
    ("F2", WARNING, pdf(invoice_number="INV-2025-004"), pdf(invoice_number="")),
    ("F2", WARNING, pdf(size_bytes=0), pdf(size_bytes=1)),
    ("F2", WARNING, pdf(size_bytes=content.PDF_MAX_BYTES + 1), pdf(size_bytes=content.PDF_MAX_BYTES)),
    ("G1", BLOCK, policy({}, account=""), CLEAN),
    ("G1", BLOCK, policy({}, creditor=""), CLEAN),
    ("G1", BLOCK, creditor(id=ANOTHER_ID), CLEAN),
    ("G1", BLOCK, creditor(account=ANOTHER_ID), CLEAN),
    ("G1", BLOCK, creditor(organization_number="556016-0680"), creditor(organization_number="16556026-9986")),
    ("G2", BLOCK, creditor(is_active=False), CLEAN),
    ("G2", BLOCK, creditor(has_payout_account=False), CLEAN),
]

NOT_CHECKED_WITHOUT_DATA: list[tuple[str, World, World]] = [
    ("A3", ledger(bank_booked_until=None), CLEAN),
    ("A4", ledger(unmatched_receipts=None), CLEAN),
    ("A5", ledger(unapplied_credits=None), CLEAN),
    ("A6", ledger(holds=None), CLEAN),
    ("A7", ledger(respite_until=None), CLEAN),
    ("A8", ledger(other_owners=None), CLEAN),
    ("B8", ledger(tax_reduction=None), CLEAN),
    ("D3", with_line("Avi", REMINDER_FEE), ledger(**reminded())),
    (
        "D8",
        ledger(**reminded(paid=None)),
        ledger(**reminded(paid=None, in_balance=True), total=kr("2060.00"), balance=kr("2060.00")),
    ),
    ("E6", person(id_number=""), debtor(id_number="")),
    ("E9", debtor(protected_identity=None), CLEAN),
    ("F2", around(pdf=None), CLEAN),
    ("G1", around(creditor=None), World(settings={"account": ""}, circumstances={"creditor": None})),
    ("G2", around(creditor=None), CLEAN),
    ("G2", creditor(has_payout_account=None), CLEAN),
]

EVERY_CODE = (
    *(f"A{n}" for n in range(1, 12)),
    *(f"B{n}" for n in range(1, 10)),
    *("C1", "C2", "C5"),
    *("D1", "D2", "D3", "D4", "D7", "D8"),
    *(f"E{n}" for n in (1, 2, 3, 4, 5, 6, 9, 10, 11, 12)),
    *("F1", "F2", "G1", "G2"),
)


def of(code: str, world: World) -> list[Finding]:
    return [finding for finding in world.judged().findings if finding.code == code]


def test_the_default_has_no_finding_at_all() -> None:
    assert CLEAN.judged().findings == ()
    assert person().judged().findings == ()


def test_every_check_is_in_the_table() -> None:
    assert {row[0] for row in FIRES_AND_CLEARS} == set(EVERY_CODE)


@pytest.mark.parametrize(("code", "severity", "fires", "_clears"), FIRES_AND_CLEARS)
def test_a_check_fires(code: str, severity: Severity, fires: World, _clears: World) -> None:
    findings = of(code, fires)
    assert [finding.severity for finding in findings] == [severity]
    (finding,) = findings
    assert finding.field
    assert finding.sv != finding.en
    assert not {"{", "}"} & set(finding.sv + finding.en)


@pytest.mark.parametrize(("code", "severity", "_fires", "clears"), FIRES_AND_CLEARS)
def test_a_check_clears(code: str, severity: Severity, _fires: World, clears: World) -> None:
    assert severity not in [finding.severity for finding in of(code, clears)]


@pytest.mark.parametrize(("code", "without", "_with"), NOT_CHECKED_WITHOUT_DATA)
def test_a_check_without_data_says_so_once(code: str, without: World, _with: World) -> None:
    (finding,) = of(code, without)
    assert finding.severity is INFO
    assert finding.sv.startswith("Inte kontrollerat: ")
    assert finding.en.startswith("Not checked: ")


@pytest.mark.parametrize(("code", "_without", "with_data"), NOT_CHECKED_WITHOUT_DATA)
def test_a_check_with_data_does_not(code: str, _without: World, with_data: World) -> None:
    assert not [finding for finding in of(code, with_data) if finding.en.startswith("Not checked")]


def test_every_text_is_used() -> None:
    said = {finding.sv for _, _, fires, _ in FIRES_AND_CLEARS for finding in fires.judged().findings}
    said.add(unreadable_amount("balance").sv)
    unused = []
    for key, words in TEXTS.items():
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(words.sv))
        if not any(re.fullmatch(pattern, text) for text in said):
            unused.append(key)
    assert unused == []
    assert {key.partition(".")[0] for key in NOT_CHECKED} == {row[0] for row in NOT_CHECKED_WITHOUT_DATA}


def test_all_findings_come_at_once_in_the_order_of_the_parts() -> None:
    world = World(
        invoice={
            "state": InvoiceState.DRAFT,
            "currency": "EUR",
            "due_date": None,
            "lines": (),
            "reminders": (a_reminder(fee=kr("75.00")),),
            "customer": a_customer(name="", id_number=""),
        },
        settings={"account": "", "creditor": ""},
    )
    codes = [finding.code for finding in world.judged().findings]
    assert codes == ["A1", "B1", "C1", "D1", "D4", "E1", "E2", "F1", "G1"]


def test_texts_carry_amounts_and_dates_as_each_language_writes_them() -> None:
    (finding,) = of("B7", ledger(balance=kr("1500.00")))
    assert finding.sv == "500,00 kr av 2\u00a0000,00 kr är betalt eller krediterat; 1\u00a0500,00 kr skickas."
    assert finding.en == "SEK 500.00 of SEK 2,000.00 is paid or credited; SEK 1,500.00 is sent."
    (due,) = of("C2", ledger(due_date=date(2025, 10, 1)))
    assert "2025-10-01" in due.sv
    assert "2025-10-01" in due.en


def test_a_total_printed_after_tax_reduction_is_not_reduced_again() -> None:
    lines = (a_line("1950.00"), a_line("50.00", "Fakturaavgift", FEE))
    printed_net = {"total": kr("1400.00"), "balance": kr("1400.00"), "lines": lines, "tax_reduction": kr("600.00")}
    assert not of("B2", ledger(**printed_net))
    assert not of("B3", ledger(**printed_net))


def test_a_hold_names_who_and_when() -> None:
    holds = (Hold(kind="disputed", by="Eva", since=YESTERDAY), Hold(kind="a_new_kind"))
    (finding,) = of("A6", ledger(holds=holds))
    assert "(bestridd, Eva, 2025-09-02; a_new_kind)" in finding.sv
    assert "(disputed, Eva, 2025-09-02; a_new_kind)" in finding.en


def test_a_bar_on_the_customer_stands_beside_a_hold_on_the_invoice() -> None:
    findings = of("A6", ledger(holds=(Hold(kind="blocked"),), customer=a_customer(never_send=True)))
    assert [finding.severity for finding in findings] == [BLOCK, LIFTABLE]


def test_what_is_overdue_of_an_invoice_in_parts_is_told_apart_from_what_is_not() -> None:
    parts = (
        Instalment(due_date=YESTERDAY - timedelta(days=30), balance=kr("0.00")),
        Instalment(due_date=YESTERDAY, balance=kr("700.00")),
        Instalment(due_date=date(2026, 1, 1), balance=kr("1300.00")),
    )
    (finding,) = of("C2", ledger(due_date=date(2026, 1, 1), instalments=parts))
    assert finding.severity is BLOCK
    assert "3 delar" in finding.sv
    assert "700,00 kr har förfallit, men 1\u00a0300,00 kr förfaller först senare" in finding.sv
    assert "2026-01-01" in finding.sv
    assert "SEK 700.00 is overdue, but SEK 1,300.00 falls due later" in finding.en


def test_an_invoice_in_parts_of_which_none_is_overdue_is_simply_not_due() -> None:
    parts = tuple(Instalment(due_date=day, balance=kr("1000.00")) for day in (TODAY, TODAY + timedelta(days=30)))
    (finding,) = of("C2", ledger(due_date=parts[-1].due_date, instalments=parts))
    assert "delar" not in finding.sv


def test_money_in_other_currencies_is_not_added_up_with_kronor() -> None:
    receipts = (a_receipt("100.00"), a_receipt("7.00", currency="EUR"), a_receipt("20.50"))
    (finding,) = of("A4", ledger(unmatched_receipts=receipts))
    assert "120,50 kr + 7,00 EUR" in finding.sv
    assert "SEK 120.50 + EUR 7.00" in finding.en
    (credit,) = of("A5", ledger(unapplied_credits=(a_receipt("7.00", currency="EUR"),)))
    assert "kredit på 7,00 EUR." in credit.sv


def test_both_reasons_of_one_check_are_shown() -> None:
    assert len(of("A9", around(open_case="68b7f49c7b02934caddab092", unknown_attempt=True))) == 2
    assert len(of("G2", creditor(is_active=False, has_payout_account=False))) == 2


def test_an_id_number_is_shown_masked_only() -> None:
    world = person(id_number="19900101-1238")
    (finding,) = of("E3", world)
    assert finding.value == "19xxxxxx-xxxx"
    assert "1238" not in str(world.judged().findings)


def test_names_and_addresses_are_not_shown() -> None:
    moved = an_address(address_line_1="Annangatan 1", zip_code="1234")
    shown = str(person(invoice_address=moved, id_number="121212-1212").judged().findings)
    for secret in ("Karin", "Annangatan", "Storgatan", "1234", "1212"):
        assert secret not in shown


def test_a_number_that_claims_an_age_of_over_a_hundred_is_believed_only_in_full() -> None:
    assert of("E6", person(id_number="121212-1212"))
    assert not of("E6", person(id_number="121212+1212"))


@pytest.mark.parametrize(
    ("number", "invoiced", "minor"),
    [("200807082391", date(2026, 7, 7), True), ("200807082391", date(2026, 7, 8), False)],
)
def test_of_age_is_judged_on_the_invoice_date(number: str, invoiced: date, minor: bool) -> None:
    world = World(
        {"customer": a_person(id_number=number), "invoice_date": invoiced, "due_date": date(2026, 8, 7)},
        circumstances={"today": date(2026, 9, 1)},
    )
    assert [finding.severity for finding in of("E6", world)] == ([BLOCK] if minor else [])


def test_somebody_born_on_a_leap_day_is_of_age_on_the_first_of_march() -> None:
    number = "200402292395"
    for invoiced, minor in ((date(2022, 2, 28), True), (date(2022, 3, 1), False)):
        world = ledger(customer=a_person(id_number=number), invoice_date=invoiced)
        assert [finding.severity for finding in of("E6", world)] == ([BLOCK] if minor else [])


@pytest.mark.parametrize("limit", [1_000, 50_000_000])
def test_the_pdfs_size_limit_is_one_constant(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PDF_MAX_BYTES", limit)
    assert of("F2", pdf(size_bytes=limit + 1))
    assert not of("F2", pdf(size_bytes=limit))


def test_an_unreadable_amount_is_a_block_that_names_the_field() -> None:
    finding = unreadable_amount("amount_residual")
    assert (finding.code, finding.severity, finding.field) == ("B2", BLOCK, "amount_residual")
    assert "amount_residual" in finding.sv
    assert "amount_residual" in finding.en
