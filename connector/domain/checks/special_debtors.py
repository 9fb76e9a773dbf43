"""Part E: who must not be claimed like anybody (E7, E8, E13 to E15). Names and numbers are never shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings
from connector.domain.debtor import DebtorReading
from connector.domain.debtor_words import is_care_of, names_a_public_body, names_an_estate, names_insolvency
from connector.domain.findings import Finding, Severity
from connector.domain.identity import IdentityKind
from connector.domain.invoice import Customer

ESTATES, PUBLIC_BODIES = "1", "2"
"""Group digits of organisation numbers (RULES.md, "Identity numbers")."""


def estate_or_insolvent(debtor: DebtorReading) -> Iterator[Finding]:
    """E7 and E8: the claim goes to the person who looks after the estate."""
    texts, group = _names(debtor), _group_digit(debtor)
    is_firm = group not in {"", ESTATES}
    if group == ESTATES:
        yield finding("E7", Severity.LIFTABLE, field="customer.id_number")
    elif any(names_an_estate(text, is_firm=is_firm) for text in texts):
        yield finding("E7", Severity.LIFTABLE, field="customer.name")
    if any(names_insolvency(text) for text in texts):
        yield finding("E8", Severity.LIFTABLE, field="customer.name")


def public_own_or_shared(debtor: DebtorReading, settings: ConnectionSettings, own: str) -> Iterator[Finding]:
    """E13 to E15. `own` is the creditor's organisation number as Amili has it, or ""."""
    group = _group_digit(debtor)
    by_name = group == "" and debtor.is_company is not False and names_a_public_body(debtor.customer.name)
    if group == PUBLIC_BODIES or by_name:
        field = "customer.id_number" if group == PUBLIC_BODIES else "customer.name"
        yield finding("E13", Severity.WARNING, field=field)
    numbers = (own, settings.organization_number, *settings.group_numbers)
    if debtor.identity is not None and debtor.identity.digits[-10:] in set(_last_ten(numbers)):
        yield finding("E14", Severity.WARNING, field="customer.id_number")
    if debtor.identity is not None:
        yield from _e15_same_number_elsewhere(debtor.customer)


def _e15_same_number_elsewhere(customer: Customer) -> Iterator[Finding]:
    cards = customer.cards_with_number
    if cards is None:
        yield not_checked("E15", field="customer.id_number")
    elif cards:
        shown = ", ".join(cards)
        yield finding("E15", Severity.WARNING, field="customer.id_number", value=shown, cards=shown)


def _names(debtor: DebtorReading) -> tuple[str, ...]:
    """The names of the one who is claimed, on the invoice and on the card, which may say what happened since."""
    lines = (
        line
        for address in (debtor.card.address, debtor.card.invoice_address)
        for line in (address.address_line_1, address.address_line_2)
    )
    names = dict.fromkeys((debtor.customer.name, debtor.card.name))
    return (*names, *(line for line in lines if is_care_of(line)))


def _group_digit(debtor: DebtorReading) -> str:
    identity = debtor.identity
    return identity.group_digit if identity is not None and identity.kind is IdentityKind.ORGANISATION else ""


def _last_ten(numbers: Iterable[str]) -> Iterator[str]:
    # Some systems put "16" before an organisation's number.
    digits = ("".join(filter(str.isdecimal, number))[-10:] for number in numbers)
    return (ten for ten in digits if len(ten) == 10)
