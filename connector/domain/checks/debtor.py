"""Part E: who owes. Source: RULES.md, "E: the debtor". Addresses and numbers are never shown, names only by E16."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connector.domain.checks import special_debtors
from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.debtor import (
    SWEDEN,
    DebtorReading,
    NumberState,
    has_place,
    left_out_line,
    missing_address_parts,
    same_place,
)
from connector.domain.findings import Finding, Severity
from connector.domain.identity import Identity, IdentityKind, mask_identity
from connector.domain.invoice import Customer
from connector.domain.invoiced import Named
from connector.domain.phones import NoMobile, read_mobile
from connector.domain.redaction import without_personal_numbers
from connector.domain.text import in_series, text

ADULT_YEARS = 18


def check(
    debtor: DebtorReading,
    settings: ConnectionSettings,
    *,
    own_number: str,
    first_action: FirstAction | str,
    invoice_date: date | None,
    today: date,
) -> Iterator[Finding]:
    """E1 to E17. `own_number` is the creditor's organisation number as Amili has it, or ""."""
    yield from _e1_name(debtor)
    yield from _e2_number_present(debtor, first_action)
    yield from _e3_number_valid(debtor)
    yield from _e4_kind_of_debtor(debtor)
    yield from _e5_century(debtor, today)
    yield from _e6_adult(debtor, invoice_date)
    yield from special_debtors.estate_or_insolvent(debtor)
    yield from _e9_protected(debtor)
    yield from _e10_address(debtor)
    yield from _e10_second_line(debtor)
    yield from _e11_same_address(debtor)
    yield from _e12_country(debtor)
    yield from special_debtors.public_own_or_shared(debtor, settings, own_number)
    yield from _e16_who_was_invoiced(debtor)
    yield from _e17_phone_left_out(debtor)


def is_adult(birth_date: date, on: date) -> bool:
    """Return whether someone born on `birth_date` was 18 on the day `on` (föräldrabalken 9 kap. 1 §)."""
    return (birth_date.year + ADULT_YEARS, birth_date.month, birth_date.day) <= (on.year, on.month, on.day)


def _e1_name(debtor: DebtorReading) -> Iterator[Finding]:
    if not debtor.customer.name.strip():
        yield finding("E1", Severity.BLOCK, field="customer.name")


def _e2_number_present(debtor: DebtorReading, first_action: FirstAction | str) -> Iterator[Finding]:
    keys = {NumberState.MISSING: "E2", NumberState.FOREIGN: "E2.foreign"}
    if key := keys.get(debtor.number_state):
        # What another value begins with is agreed with Amili and not known here: it is held to the stricter rule.
        severity = Severity.WARNING if first_action is FirstAction.REMINDER else Severity.BLOCK
        yield finding(key, severity, field="customer.id_number", value=_masked(debtor))


def _e3_number_valid(debtor: DebtorReading) -> Iterator[Finding]:
    if debtor.number_state is NumberState.INVALID:
        yield finding("E3", Severity.BLOCK, field="customer.id_number", value=_masked(debtor))


def _e4_kind_of_debtor(debtor: DebtorReading) -> Iterator[Finding]:
    if debtor.is_company is None:
        identity = debtor.identity
        conflict = identity is not None and identity.kind is IdentityKind.ORGANISATION
        yield finding(
            "E4.conflict" if conflict else "E4",
            Severity.BLOCK,
            field="customer.customer_type",
            value=debtor.customer.customer_type or "",
        )


def _e5_century(debtor: DebtorReading, today: date) -> Iterator[Finding]:
    if debtor.identity is not None and _century_unclear(debtor.identity, today):
        yield finding("E5", Severity.WARNING, field="customer.id_number", value=_masked(debtor))


def _century_unclear(identity: Identity, today: date) -> bool:
    # Ledgers drop the plus sign, so a "child" may be over a hundred; an adult read a hundred years older
    # would be older than anybody is (RULES.md, "Identity numbers").
    born = identity.latest_birth_date
    return not identity.century_known and born is not None and not is_adult(born, today)


def _e6_adult(debtor: DebtorReading, invoice_date: date | None) -> Iterator[Finding]:
    if debtor.identity is None:
        if debtor.is_company is not True:
            yield not_checked("E6", field="customer.id_number")
        return
    born = debtor.identity.latest_birth_date
    if born is not None and invoice_date is not None and not is_adult(born, invoice_date):
        yield finding("E6", Severity.BLOCK, field="customer.id_number", value=_masked(debtor))


def _e9_protected(debtor: DebtorReading) -> Iterator[Finding]:
    if debtor.customer.protected_identity is None:
        yield not_checked("E9", field="customer.protected_identity")
    elif debtor.customer.protected_identity:
        yield finding("E9", Severity.BLOCK, field="customer.protected_identity")


def _e10_address(debtor: DebtorReading) -> Iterator[Finding]:
    if parts := missing_address_parts(debtor.address):
        yield finding(
            "E10",
            Severity.BLOCK,
            field=f"customer.{_address_field(debtor)}.{parts[0]}",
            parts=in_series(text(f"address_part.{part}") for part in parts),
        )


def _e10_second_line(debtor: DebtorReading) -> Iterator[Finding]:
    if left_out_line(debtor.address) and not debtor.card.protected_identity:
        yield finding("E10.second", Severity.INFO, field=f"customer.{_address_field(debtor)}.address_line_2")


def _e11_same_address(debtor: DebtorReading) -> Iterator[Finding]:
    invoiced, card = debtor.customer.invoice_address, debtor.customer.address
    if has_place(invoiced) and has_place(card) and not same_place(invoiced, card):
        yield finding("E11", Severity.WARNING, field="customer.invoice_address")


def _e12_country(debtor: DebtorReading) -> Iterator[Finding]:
    country = debtor.address.country
    if country not in {SWEDEN, ""}:
        yield finding(
            "E12",
            Severity.LIFTABLE,
            field=f"customer.{_address_field(debtor)}.country",
            value=country,
            country=country,
        )


def _e16_who_was_invoiced(debtor: DebtorReading) -> Iterator[Finding]:
    if debtor.card.addressee_left:
        yield finding("E16.addressee", Severity.WARNING, field="customer.invoice_address")
    if debtor.card.debtor_changed:
        yield finding("E16.changed", Severity.WARNING, field="customer.id")
    if debtor.named is Named.SAME or debtor.card.protected_identity:
        return
    invoiced, card = (_shown_name(customer) for customer in (debtor.customer, debtor.card))
    other_number = debtor.named is Named.OTHER_NUMBER
    yield finding(
        "E16.number" if other_number else "E16.name",
        Severity.BLOCK if other_number else Severity.WARNING,
        field="customer.name",
        value=invoiced,
        invoiced=invoiced,
        card=card,
    )


def _e17_phone_left_out(debtor: DebtorReading) -> Iterator[Finding]:
    phone = debtor.customer.phone
    read = read_mobile(phone)
    if isinstance(read, NoMobile) and read is not NoMobile.EMPTY and not debtor.card.protected_identity:
        yield finding(f"E17.{read}", Severity.INFO, field="customer.phone", value=mask_identity(phone))


def _shown_name(customer: Customer) -> str:
    return " ".join(without_personal_numbers(customer.name).split()) or "–"


def _address_field(debtor: DebtorReading) -> str:
    return "invoice_address" if has_place(debtor.customer.invoice_address) else "address"


def _masked(debtor: DebtorReading) -> str:
    return mask_identity(debtor.customer.id_number)
