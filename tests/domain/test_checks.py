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
from connector.domain.checks.unchecked import NOT_CHECKED
from connector.domain.connection import ClaimScope, FirstAction, ReminderPolicy
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import (
    Address,
    BankAccount,
    CreditNote,
    Customer,
    CustomerType,
    Hold,
    Instalment,
    InvoicedParty,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
    OpenReceipt,
    Payment,
    ReminderSent,
)
from connector.domain.text import Quote
from tests.domain.clean_invoice import (
    COMPANY_NUMBER,
    DUE_DATE,
    INVOICE_DATE,
    OWN_NUMBER,
    PERSON_NUMBER,
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
from tests.said import TEXTS, en, sv

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


def invoiced(name: str, number: str = "", **card: Any) -> World:
    return debtor(invoiced=InvoicedParty(name=name, id_number=number), **card)


def placed(first: str, second: str = "") -> World:
    return debtor(invoice_address=an_address(address_line_1=first, address_line_2=second), address=Address())


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


STANDARD = "Varor och tjänster"
OTHER_ACTION = "surveillance"


def standard(*, always: bool, lines: Any = None, **changes: Any) -> World:
    """A creditor with a standard text."""
    status = a_creditor(standard_debt_description=STANDARD, always_use_standard_debt_description=always)
    invoice = {} if lines is None else {"lines": lines}
    return World(invoice=invoice, settings=changes, circumstances={"creditor": status})


def beginning(action: str, *agreed: str, **customer: Any) -> World:
    """A case that is to begin with `action`, of a company that has agreed others with Amili."""
    return World(
        invoice={"customer": a_customer(**customer)},
        settings={"other_first_actions": agreed},
        circumstances={"first_action": action},
    )


CLEAN = World()
SATURDAY = date(2025, 8, 30)
AGREED = {"reminders": ReminderPolicy(fee_agreed=True)}
FEE, REMINDER_FEE, INTEREST = LineKind.INVOICE_FEE, LineKind.REMINDER_FEE, LineKind.INTEREST

WITH_FEE = {
    "total": kr("2050.00"),
    "balance": kr("2050.00"),
    "lines": (a_line("2000.00"), a_line("50.00", "Fakturaavgift", FEE)),
}


def fee_line(amount: str, **changes: Any) -> dict[str, Any]:
    return {**WITH_FEE, "lines": (a_line("2000.00"), a_line(amount, "Fakturaavgift", FEE)), **changes}


def many_small_lines(total: str) -> World:
    """An invoice whose lines add up to 129.80, the VAT of each of 210 rounded up by half an öre."""
    lines = (*(a_line("0.38", "Skruv M4") for _ in range(210)), a_line("50.00", "Fakturaavgift", FEE))
    return policy({"total": kr(total), "balance": kr(total), "lines": lines}, invoice_fee_agreed=True)


def paid_with(reference: str, *, has_length_digit: bool = False, **changes: Any) -> World:
    return ledger(payment_reference=reference, reference_has_length_digit=has_length_digit, **changes)


def letters(*reminders: ReminderSent) -> World:
    return policy({"reminders": reminders}, **AGREED)


def reminded(**changes: Any) -> dict[str, Any]:
    return {"reminders": (a_reminder(**changes),)}


def with_line(description: str, kind: LineKind = LineKind.GOODS, *, amount: str = "60.00", **changes: Any) -> World:
    lines = (a_line("2000.00"), a_line(amount, description, kind))
    total = kr("2000.00") + kr(amount)
    return ledger(**{"total": total, "balance": total, "lines": lines, **changes})


def a_receipt(amount: str, *, currency: str = "") -> OpenReceipt:
    return OpenReceipt(amount=kr(amount), currency=currency, date=YESTERDAY)


def in_parts(*due_dates: date) -> World:
    parts = tuple(Instalment(due_date=day, balance=kr("1000.00")) for day in due_dates)
    return ledger(due_date=due_dates[-1], instalments=parts)


def old(customer: Customer, invoiced: date, *, by_rule: bool = False, **changes: Any) -> World:
    return World(
        {"customer": customer, "invoice_date": invoiced, "due_date": invoiced + timedelta(days=30), **changes},
        circumstances={"by_rule": by_rule},
    )


def special(setting: str, **scope: tuple[str, ...]) -> World:
    line = Line(description="Kontorslokal juli", amount=kr("2000.00"), products=("hyra",), account="3910")
    return World({"lines": (line,)}, settings={setting: ClaimScope(**scope)})


def elsewhere(**changes: Any) -> World:
    return debtor(invoice_address=an_address(**changes), address=an_address(**changes))


A_PAYMENT = Payment(id="p", amount=kr("500.00"), date=YESTERDAY)
CUSTOMERS_PART = Payment(id="p", amount=kr("1400.00"), date=YESTERDAY)
A_CREDIT_NOTE = CreditNote(id="c", number="KR-1", amount=kr("500.00"), date=YESTERDAY)

REJECTED = ledger(
    balance=kr("1600.00"),
    payments=(Payment(id="p1", amount=kr("400.00"), date=YESTERDAY),),
    taken_back=("p1",),
)
CREDIT_IN_DRAFT = ledger(
    balance=kr("1600.00"),
    credit_notes=(CreditNote(id="7", number="K7", amount=kr("400.00"), date=YESTERDAY, booked=False),),
    taken_back=("credit-7",),
)

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
    ("A2", LIFTABLE, REJECTED, World(REJECTED.invoice | {"taken_back": ()})),
    ("A2", LIFTABLE, CREDIT_IN_DRAFT, World(CREDIT_IN_DRAFT.invoice | {"taken_back": ()})),
    ("A4", WARNING, ledger(reversed_payments=(OpenReceipt(amount=kr("400.00")),)), CLEAN),
    ("A4", WARNING, ledger(hidden_company="Moderbolaget AB"), CLEAN),
    ("A3", LIFTABLE, ledger(bank_booked_until=date(2025, 9, 1)), ledger(bank_booked_until=YESTERDAY)),
    (
        "A3",
        LIFTABLE,
        World({"bank_booked_until": date(2025, 8, 28)}, circumstances={"today": date(2025, 9, 1)}),
        World({"bank_booked_until": date(2025, 8, 29)}, circumstances={"today": date(2025, 9, 1)}),
    ),
    (
        "A3",
        LIFTABLE,
        ledger(bank_booked_until=None, bank_accounts=(BankAccount(id=""),)),
        ledger(bank_accounts=(BankAccount(id="", booked_until=YESTERDAY),)),
    ),
    ("A4", WARNING, ledger(unmatched_receipts=(a_receipt("2060.00"),)), CLEAN),
    ("A5", LIFTABLE, ledger(unapplied_credits=(a_receipt("-10.00"),)), CLEAN),
    ("A6", LIFTABLE, ledger(holds=(Hold(kind="disputed", by="Eva", since=YESTERDAY),)), CLEAN),
    ("A6", LIFTABLE, ledger(holds=(Hold(kind="no_follow_policy"),)), CLEAN),
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
    ("B3", BLOCK, many_small_lines("128.74"), many_small_lines("128.75")),
    ("B3", BLOCK, many_small_lines("130.86"), many_small_lines("130.85")),
    ("B4", WARNING, policy(WITH_FEE), policy(WITH_FEE, invoice_fee_agreed=True)),
    ("B5", WARNING, ledger(balance=kr("99.99")), ledger(balance=kr("100.00"))),
    ("B5", WARNING, policy({}, minimum_amount=kr("2000.01")), policy({}, minimum_amount=kr("2000.00"))),
    ("B6", LIFTABLE, policy({}, maximum_amount=kr("1999.99")), policy({}, maximum_amount=kr("2000.00"))),
    ("B7", INFO, ledger(balance=kr("1500.00"), payments=(A_PAYMENT,)), CLEAN),
    ("B8", WARNING, ledger(tax_reduction=kr("600.00"), balance=kr("1400.00")), CLEAN),
    (
        "B8",
        LIFTABLE,
        ledger(tax_reduction=kr("600.00"), balance=kr("600.00"), only_reduction_left=True, payments=(CUSTOMERS_PART,)),
        ledger(balance=kr("600.00"), payments=(CUSTOMERS_PART,)),
    ),
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
    ("C2", BLOCK, World({"due_date": SATURDAY}, circumstances={"today": SATURDAY + timedelta(days=2)}), CLEAN),
    (
        "C3",
        LIFTABLE,
        policy({"due_date": YESTERDAY}, bank_days_after_due=1),
        policy({"due_date": YESTERDAY}, bank_days_after_due=0),
    ),
    (
        "C3",
        LIFTABLE,
        World({"due_date": date(2025, 8, 27)}, circumstances={"by_rule": True}),
        World({"due_date": date(2025, 8, 26)}, circumstances={"by_rule": True}),
    ),
    (
        "C4",
        WARNING,
        policy({"reminders": ()}, own_reminder_expected=True),
        policy({"reminders": (ReminderSent(date=YESTERDAY),)}, own_reminder_expected=True),
    ),
    ("C4", WARNING, policy({"reminders": ()}, own_reminder_expected=True), CLEAN),
    ("C5", WARNING, ledger(due_date=INVOICE_DATE), ledger(due_date=INVOICE_DATE + timedelta(days=1))),
    (
        "C5",
        WARNING,
        ledger(invoice_date=YESTERDAY - timedelta(days=91), due_date=YESTERDAY),
        ledger(invoice_date=YESTERDAY - timedelta(days=90), due_date=YESTERDAY),
    ),
    ("C6", LIFTABLE, old(a_person(), date(2022, 9, 3)), old(a_customer(), date(2022, 9, 3))),
    ("C6", WARNING, old(a_person(), date(2022, 9, 4)), old(a_customer(), date(2022, 9, 4))),
    ("C6", LIFTABLE, old(a_customer(), date(2015, 9, 3)), old(a_customer(), date(2015, 12, 4))),
    ("C6", WARNING, old(a_customer(), date(2015, 12, 3)), old(a_customer(), date(2015, 12, 4))),
    ("C7", WARNING, old(a_customer(), date(2024, 9, 2)), old(a_customer(), date(2024, 9, 3))),
    ("D1", BLOCK, ledger(**reminded(fee=kr("60.01"))), ledger(**reminded(fee=kr("60.00")))),
    ("D1", BLOCK, policy(reminded(fee=None), reminders=ReminderPolicy(fee=kr("75.00"))), policy(reminded(fee=None))),
    ("D2", BLOCK, ledger(reminders=(a_reminder(), a_reminder(date=YESTERDAY))), ledger(**reminded())),
    (
        "D2",
        WARNING,
        World(reminded(), circumstances={"first_action": FirstAction.REMINDER}),
        World(reminded(paid=True), circumstances={"first_action": FirstAction.REMINDER}),
    ),
    ("D2", WARNING, World(reminded(), circumstances={"first_action": FirstAction.REMINDER}), ledger(**reminded())),
    (
        "D2",
        INFO,
        letters(a_reminder(), a_reminder(date=YESTERDAY, fee=kr("0.00"))),
        letters(a_reminder(), a_reminder(date=YESTERDAY, fee=None)),
    ),
    (
        "D2",
        INFO,
        letters(a_reminder(fee=kr("0.00"), not_claimed=kr("60.00")), a_reminder(date=YESTERDAY)),
        letters(a_reminder(fee=kr("0.00")), a_reminder(date=YESTERDAY)),
    ),
    (
        "D2",
        INFO,
        letters(a_reminder(fee=kr("0.00"), not_claimed=kr("60.00"), claimed_with="INV-2025-002")),
        letters(a_reminder(fee=kr("60.00"))),
    ),
    (
        "D2",
        INFO,
        policy(
            {"reminders": (a_reminder(fee=kr("0.00"), claimed_with="INV-2025-002"),)},
            reminders=ReminderPolicy(fee=kr("60.00"), fee_agreed=True),
        ),
        letters(a_reminder(fee=kr("0.00"), claimed_with="INV-2025-002")),
    ),
    (
        "D3",
        INFO,
        policy({"reminders_known": False}, reminders=ReminderPolicy(fee=kr("60.00"))),
        policy({"reminders_known": False}),
    ),
    (
        "D3",
        INFO,
        policy({}, reminders=ReminderPolicy(fee=kr("60.00"), in_ledger=False)),
        policy({}, reminders=ReminderPolicy(fee=kr("60.00"))),
    ),
    (
        "D3",
        INFO,
        policy({"reminders_known": False}, reminders=ReminderPolicy(fee=kr("60.00"), fee_agreed=True)),
        policy(
            {"reminders_known": False, "reminders": (a_reminder(fee=None),)},
            reminders=ReminderPolicy(fee=kr("60.00"), fee_agreed=True),
        ),
    ),
    ("D3", BLOCK, ledger(due_date=SATURDAY, **reminded(date=SATURDAY + timedelta(days=2))), CLEAN),
    ("D3", BLOCK, ledger(**reminded(date=DUE_DATE)), ledger(**reminded(date=DUE_DATE + timedelta(days=1)))),
    ("D3", BLOCK, ledger(**reminded(date=TODAY + timedelta(days=1))), ledger(**reminded(date=TODAY))),
    ("D4", WARNING, policy(reminded()), policy(reminded(), **AGREED)),
    (
        "D4",
        LIFTABLE,
        policy({**reminded(), "customer": a_person()}),
        policy({**reminded(), "customer": a_person()}, **AGREED),
    ),
    ("B3", INFO, with_line("Faktureringsavgift"), with_line("Faktureringsavgift", FEE)),
    ("D5", LIFTABLE, with_line("Förseningsersättning"), with_line("Förseningsanalys")),
    (
        "D5",
        BLOCK,
        with_line("Förseningsavgift", customer=a_person()),
        with_line("Förseningsanalys", customer=a_person()),
    ),
    ("D5", BLOCK, with_line("Förseningsavgift", amount="450.01"), with_line("Förseningsavgift", amount="450.00")),
    (
        "D5",
        BLOCK,
        with_line("Late fee", customer=a_customer(customer_type=None, id_number="")),
        with_line("Late fee", customer=a_customer()),
    ),
    ("D6", BLOCK, with_line("Förseningsersättning", **reminded()), with_line("Förseningsersättning")),
    ("D7", BLOCK, with_line("Inkassokostnad"), with_line("Inkassotjänst, kurs")),
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
    ("E5", WARNING, person(id_number="120060-2397"), person(id_number="850060-2399")),
    ("E6", BLOCK, person(id_number="202501012385"), person()),
    ("E6", BLOCK, person(id_number="200700602394"), person(id_number="200600602395")),
    (
        "E6",
        BLOCK,
        World({"customer": a_person(id_number="200807082391")}, circumstances={"today": date(2026, 9, 1)}),
        person(),
    ),
    ("E7", LIFTABLE, debtor(name="Dödsboet efter Karin Prov"), debtor(name="Dödsboservice Syd AB")),
    ("E7", LIFTABLE, debtor(id_number="1020000004"), CLEAN),
    ("E8", LIFTABLE, debtor(name="Provbolaget AB i konkurs"), debtor(name="Konkursförvaltarbyrån")),
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
    ("E16", WARNING, invoiced("Nya Köparen AB"), invoiced("PROVBOLAGET, aktiebolag")),
    ("E16", WARNING, invoiced("Karin Prov", PERSON_NUMBER, id_number=""), invoiced("Prov-bolaget", COMPANY_NUMBER)),
    ("E16", BLOCK, invoiced("Provbolaget AB", "556026-9986"), invoiced("Provbolaget AB", "SE556016068001")),
    ("E10", BLOCK, placed("c/o Nils Prov"), placed("c/o Nils Prov", "Storgatan 42")),
    ("E10", BLOCK, placed("Att: Ekonomi"), placed("Box 12")),
    ("E10", INFO, placed("Storgatan 42", "c/o Nils Prov"), placed("Avd 3, plan 2", "Storgatan 42")),
    ("E10", INFO, placed("Storgatan 42", "Box 12"), placed("Storgatan 42", "123 45 Stockholm")),
    ("E17", INFO, debtor(phone="08-123 45 67"), debtor(phone="46701740605")),
    ("E17", INFO, debtor(phone="+47 412 34 567"), debtor(phone="+46 070-174 06 05")),
    ("E17", INFO, debtor(phone="070-12 eller 073"), debtor(phone="Mobil: 070-174 06 05")),
    ("E16", WARNING, debtor(debtor_changed=True), CLEAN),
    ("E16", WARNING, debtor(addressee_left=True), CLEAN),
    ("E12", LIFTABLE, elsewhere(country="NO", zip_code="0150"), CLEAN),
    ("E13", WARNING, debtor(id_number="2021000001", name="Teststad"), CLEAN),
    ("E13", WARNING, debtor(id_number="", name="Teststads kommun"), CLEAN),
    ("E14", WARNING, debtor(id_number=OWN_NUMBER), CLEAN),
    (
        "E14",
        WARNING,
        policy({}, group_numbers=("16556016-0680",)),
        policy({}, group_numbers=("556016-0681", OWN_NUMBER)),
    ),
    ("E15", WARNING, debtor(cards_with_number=("1018", "1019")), debtor(cards_with_number=())),
    ("F1", BLOCK, ledger(lines=()), CLEAN),
    ("F1", WARNING, policy({}, debt_description="Services"), policy({}, debt_description="Services: {lines}")),
    ("F1", WARNING, standard(always=False, debt_description="Services"), CLEAN),
    ("F1", INFO, standard(always=True, debt_description="Services"), CLEAN),
    ("F1", INFO, standard(always=True), CLEAN),
    ("F1", INFO, standard(always=False, lines=()), standard(always=False)),
    ("F2", WARNING, pdf(available=False, problem=Quote("Ingen PDF.")), CLEAN),
    (
        "F2",
        BLOCK,
        World(settings={"require_pdf": True}, circumstances={"pdf": a_pdf(available=False)}),
        World(settings={"require_pdf": True}),
    ),
    ("F2", WARNING, pdf(is_pdf=False), CLEAN),
    ("F2", WARNING, pdf(active=True), pdf(active=False)),
    ("F2", WARNING, pdf(files=1), pdf(files=0)),
    ("F2", WARNING, pdf(invoice_number="INV-2025-004"), pdf(invoice_number="")),
    ("F2", WARNING, pdf(size_bytes=0), pdf(size_bytes=1)),
    ("F2", WARNING, pdf(size_bytes=content.PDF_MAX_BYTES + 1), pdf(size_bytes=content.PDF_MAX_BYTES)),
    ("F3", LIFTABLE, special("special_claims", products=("HYRA",)), special("special_claims", products=("HYR",))),
    ("F3", LIFTABLE, special("special_claims", accounts=("3910",)), special("special_claims", accounts=("391",))),
    ("F3", LIFTABLE, special("special_claims", customers=("1017",)), special("special_claims", customers=("101",))),
    ("F4", WARNING, special("sensitive_claims", products=("hyra",)), special("sensitive_claims")),
    ("F4", WARNING, special("sensitive_claims", customers=("17",)), special("sensitive_claims", customers=("",))),
    ("F5", INFO, paid_with("1234567815"), paid_with("1234567814")),
    ("F5", INFO, paid_with("1234567815"), paid_with("Faktura 1234567815")),
    ("F5", INFO, paid_with("1234567815"), paid_with("RF18539007547034")),
    ("F5", INFO, paid_with("1234567815"), paid_with("1234567815", number="1234567815")),
    ("F5", INFO, paid_with("1234567814", has_length_digit=True), paid_with("1234567814")),
    ("F5", INFO, paid_with("1234567814", has_length_digit=True), paid_with("1234567806", has_length_digit=True)),
    ("F5", INFO, paid_with("00000000000000000000000000"), paid_with("0000000000000000000000000")),
    ("G1", BLOCK, policy({}, account=""), CLEAN),
    ("G1", BLOCK, beginning(OTHER_ACTION), beginning(OTHER_ACTION, OTHER_ACTION)),
    ("E2", BLOCK, beginning(OTHER_ACTION, OTHER_ACTION, id_number=""), beginning(OTHER_ACTION, OTHER_ACTION)),
    ("G1", BLOCK, policy({}, creditor=""), CLEAN),
    ("G1", BLOCK, creditor(id=ANOTHER_ID), CLEAN),
    ("G1", BLOCK, creditor(account=ANOTHER_ID), CLEAN),
    ("G1", BLOCK, creditor(organization_number="556016-0680"), creditor(organization_number="16556677-8899")),
    ("G2", BLOCK, creditor(is_active=False), CLEAN),
    ("G2", BLOCK, creditor(has_payout_account=False), CLEAN),
]

NOT_CHECKED_WITHOUT_DATA: list[tuple[str, World, World]] = [
    ("A3", ledger(bank_booked_until=None), CLEAN),
    ("A4", ledger(unmatched_receipts=None), CLEAN),
    ("A5", ledger(unapplied_credits=None), CLEAN),
    ("A6", ledger(holds=None), CLEAN),
    ("A6", ledger(policies_unseen=True), CLEAN),
    ("A7", ledger(respite_until=None), CLEAN),
    ("A8", ledger(other_owners=None), CLEAN),
    ("B8", ledger(tax_reduction=None), CLEAN),
    ("C4", ledger(reminders_known=False), CLEAN),
    ("C4", policy({}, reminders=ReminderPolicy(in_ledger=False)), CLEAN),
    ("D3", with_line("Avi", REMINDER_FEE), ledger(**reminded())),
    (
        "D8",
        ledger(**reminded(paid=None)),
        ledger(**reminded(paid=None, in_balance=True), total=kr("2060.00"), balance=kr("2060.00")),
    ),
    ("E6", person(id_number=""), debtor(id_number="")),
    ("E9", debtor(protected_identity=None), CLEAN),
    ("E15", debtor(cards_with_number=None), CLEAN),
    ("E15", debtor(cards_with_number=None), debtor(cards_with_number=None, id_number="")),
    ("F2", around(pdf=None), CLEAN),
    ("G1", around(creditor=None), World(settings={"account": ""}, circumstances={"creditor": None})),
    ("G2", around(creditor=None), CLEAN),
    ("G2", creditor(has_payout_account=None), CLEAN),
]

EVERY_CODE = (
    *(f"A{n}" for n in range(1, 12)),
    *(f"B{n}" for n in range(1, 10)),
    *(f"C{n}" for n in range(1, 8)),
    *(f"D{n}" for n in range(1, 9)),
    *(f"E{n}" for n in range(1, 18)),
    *("F1", "F2", "F3", "F4", "F5", "G1", "G2"),
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
    assert sv(finding) != en(finding)
    assert not {"{", "}"} & set(sv(finding) + en(finding))


@pytest.mark.parametrize(("code", "severity", "_fires", "clears"), FIRES_AND_CLEARS)
def test_a_check_clears(code: str, severity: Severity, _fires: World, clears: World) -> None:
    assert severity not in [finding.severity for finding in of(code, clears)]


@pytest.mark.parametrize(("code", "without", "_with"), NOT_CHECKED_WITHOUT_DATA)
def test_a_check_without_data_says_so_once(code: str, without: World, _with: World) -> None:
    (finding,) = of(code, without)
    assert finding.severity is INFO
    assert sv(finding).startswith("Inte kontrollerat: ")
    assert en(finding).startswith("Not checked: ")


@pytest.mark.parametrize(("code", "_without", "with_data"), NOT_CHECKED_WITHOUT_DATA)
def test_a_check_with_data_does_not(code: str, _without: World, with_data: World) -> None:
    assert not [finding for finding in of(code, with_data) if en(finding).startswith("Not checked")]


@pytest.mark.parametrize("text", ["Förseningsavgift", "Påminnelseavgift", "Inkassokostnad", "Dröjsmålsränta"])
def test_an_invoice_of_nothing_but_a_fee_is_said_to_be_one(text: str) -> None:
    only = ledger(total=kr("450.00"), balance=kr("450.00"), lines=(a_line("450.00", text),))
    assert [finding.severity for finding in of("A11", only)] == [WARNING]
    assert not of("A11", with_line(text))


def test_a_fee_that_was_taken_back_is_in_no_capital() -> None:
    lines = (a_line("2000.00"), a_line("450.00", "Förseningsavgift"), a_line("-450.00", "Kredit förseningsavgift"))
    assert ledger(lines=lines).judged().findings == ()


def test_every_text_is_used() -> None:
    said = {sv(finding) for _, _, fires, _ in FIRES_AND_CLEARS for finding in fires.judged().findings}
    said.add(sv(unreadable_amount("balance")))
    unused = []
    for key, words in TEXTS.items():
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(words))
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


@pytest.mark.parametrize(
    ("always", "lines", "reads", "sent"),
    [
        (False, None, "Konsulttimmar webbplats juli", "Konsulttimmar webbplats juli"),
        (True, None, STANDARD, "Konsulttimmar webbplats juli"),
        (False, (), STANDARD, STANDARD),
        (True, (), STANDARD, STANDARD),
    ],
)
def test_what_the_debtor_will_read_is_said_and_a_missing_text_is_the_creditors(
    always: bool, lines: Any, reads: str, sent: str
) -> None:
    judged = standard(always=always, lines=lines).judged()
    assert judged.debtor_reads == reads
    assert judged.claim is not None
    assert judged.claim.debt_description == sent


def test_a_compensation_for_late_payment_in_the_capital_is_known_to_the_claim() -> None:
    claim = with_line("Förseningsersättning").judged().claim
    assert claim is not None
    assert claim.late_payment_fee is not None
    assert (claim.late_payment_fee.amount, claim.late_payment_fee.in_capital) == (kr("60.00"), True)
    without = with_line("Frakt").judged().claim
    assert without is not None
    assert without.late_payment_fee is None


@pytest.mark.parametrize(("action", "agreed"), [("reminder", ()), ("surveillance", ("surveillance",))])
def test_an_agreed_first_action_is_claimed_as_it_is(action: str, agreed: tuple[str, ...]) -> None:
    claim = beginning(action, *agreed).judged().claim
    assert claim is not None
    assert claim.first_action == action
    assert beginning("surveillance").judged().claim is None


def test_texts_carry_amounts_and_dates_as_each_language_writes_them() -> None:
    (finding,) = of("B7", ledger(balance=kr("1500.00")))
    assert sv(finding) == "500,00 kr av 2\u00a0000,00 kr är betalt eller krediterat; 1\u00a0500,00 kr skickas."
    assert en(finding) == "SEK 500.00 of SEK 2,000.00 is paid or credited; SEK 1,500.00 is sent."
    (due,) = of("C2", ledger(due_date=date(2025, 10, 1)))
    assert "2025-10-01" in sv(due)
    assert "2025-10-01" in en(due)


def test_a_total_printed_after_tax_reduction_is_not_reduced_again() -> None:
    lines = (a_line("1950.00"), a_line("50.00", "Fakturaavgift", FEE))
    printed_net = {"total": kr("1400.00"), "balance": kr("1400.00"), "lines": lines, "tax_reduction": kr("600.00")}
    assert not of("B2", ledger(**printed_net))
    assert not of("B3", ledger(**printed_net))


def test_a_hold_names_who_and_when() -> None:
    holds = (Hold(kind="disputed", by="Eva", since=YESTERDAY), Hold(kind="a_new_kind"))
    (finding,) = of("A6", ledger(holds=holds))
    assert "(bestridd, Eva, 2025-09-02; a_new_kind)" in sv(finding)
    assert "(disputed, Eva, 2025-09-02; a_new_kind)" in en(finding)


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
    assert "3 delar" in sv(finding)
    assert "700,00 kr har förfallit, men 1\u00a0300,00 kr förfaller först senare" in sv(finding)
    assert "2026-01-01" in sv(finding)
    assert "SEK 700.00 is overdue, but SEK 1,300.00 falls due later" in en(finding)


def test_an_invoice_in_parts_of_which_none_is_overdue_is_simply_not_due() -> None:
    parts = tuple(Instalment(due_date=day, balance=kr("1000.00")) for day in (TODAY, TODAY + timedelta(days=30)))
    (finding,) = of("C2", ledger(due_date=parts[-1].due_date, instalments=parts))
    assert "delar" not in sv(finding)


def test_money_in_other_currencies_is_not_added_up_with_kronor() -> None:
    receipts = (a_receipt("100.00"), a_receipt("7.00", currency="EUR"), a_receipt("20.50"))
    (finding,) = of("A4", ledger(unmatched_receipts=receipts))
    assert "120,50 kr + 7,00 EUR" in sv(finding)
    assert "SEK 120.50 + EUR 7.00" in en(finding)
    (credit,) = of("A5", ledger(unapplied_credits=(a_receipt("7.00", currency="EUR"),)))
    assert "kredit på 7,00 EUR." in sv(credit)


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
    assert "amount_residual" in sv(finding)
    assert "amount_residual" in en(finding)
