"""Customer cards with the identity number of an invoice's debtor, found in one call (E15)."""

from __future__ import annotations

from collections.abc import Iterable

from connector.domain.dates import today
from connector.domain.errors import KeyRefused, RemoteError
from connector.domain.invoice import Customer
from connector.domain.same_number import NumberedCard, cards_of_another_name, number_to_search
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, text

SEARCHED_DIGITS = 4
"""How many of the last digits are searched by: the search finds parts, and before these people write a hyphen."""


def find(client: FortnoxClient, customer: Customer) -> list[Record] | None:
    """Rows of the list of customers, inactive ones too, whose number may be the debtor's.

    None if the debtor has no valid number, or if Fortnox does not answer, or not with all of them at once: the invoice
    is judged without. Raises `KeyRefused`.
    """
    number = number_to_search(customer, today=today())
    if not number:
        return None
    try:
        page = next(client.listed(Call.LIST_CUSTOMERS, organisationnumber=number[-SEARCHED_DIGITS:]))
    except KeyRefused:
        raise
    except RemoteError:
        return None
    return page.rows if page.left == 0 else None


def other_cards(customer: Customer, rows: Iterable[Record] | None) -> tuple[str, ...] | None:
    """`Customer.cards_with_number`, as `rows` of customers tell."""
    if rows is None:
        return None
    others = [
        NumberedCard(
            number=text(row, "CustomerNumber"),
            name=text(row, "Name"),
            id_numbers=(text(row, "OrganisationNumber"),),
        )
        for row in rows
        if text(row, "CustomerNumber") != customer.number
    ]
    return cards_of_another_name(customer, others, today=today())
