"""Customers' cards by themselves, for open cases whose invoices are not read.

Few take a call each. Many take one for 500 of the company's customers; a row has no country, and the rest of what is
compared (API.md, "Customers").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.domain.errors import NotFound
from connector.domain.invoice import Address, Customer
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.customers import ADDRESS_FIELDS
from connector.hosts.fortnox.documents import Record, text

ONE_BY_ONE = 10
"""Up to how many cards are read one by one."""


def cards(client: FortnoxClient, customer_numbers: Sequence[str]) -> dict[str, Customer]:
    """These customers' cards, by their numbers; those that the company does not have are left out."""
    rows = _each(client, customer_numbers) if len(customer_numbers) <= ONE_BY_ONE else _listed(client, customer_numbers)
    return {card.id: card for card in map(_card, rows)}


def _each(client: FortnoxClient, customer_numbers: Sequence[str]) -> Iterator[Record]:
    for number in customer_numbers:
        try:
            yield client.read(Call.READ_CUSTOMER, number)
        except NotFound:
            continue


def _listed(client: FortnoxClient, customer_numbers: Sequence[str]) -> Iterator[Record]:
    wanted = set(customer_numbers)
    for rows in client.pages(Call.LIST_CUSTOMERS):
        for row in rows:
            if text(row, "CustomerNumber") in wanted:
                wanted.discard(text(row, "CustomerNumber"))
                yield row
        if not wanted:
            return


def _card(row: Record) -> Customer:
    number = text(row, "CustomerNumber")
    return Customer(
        id=number,
        number=number,
        name=text(row, "Name"),
        id_number=text(row, "OrganisationNumber"),
        address=Address(**{ours: text(row, theirs) for ours, theirs in ADDRESS_FIELDS.items()}),
    )
