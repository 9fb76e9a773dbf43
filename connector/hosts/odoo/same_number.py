"""Customer cards with the identity number of an invoice's debtor, found in one call (E15).

Odoo's own warning of a second card with the same VAT number looks at archived cards too, and not at those below the
card itself (`_compute_same_vat_partner_id`, addons/base/models/res_partner.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from connector.domain.dates import today
from connector.domain.errors import KeyRefused, RemoteError
from connector.domain.invoice import Customer
from connector.domain.same_number import NumberedCard, cards_of_another_name, number_to_search
from connector.hosts.odoo import number_lists, records
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import company_context
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.settings import OdooSettings

CARD_FIELDS = ("name", "ref", "parent_id")
_MOST = 200


def find(
    client: OdooClient, customer: Customer, settings: OdooSettings, lists: Collection[str] = ()
) -> list[Record] | None:
    """Cards of companies, and of people who belong to none, that hold the digits of the debtor's number in this order.

    None if the debtor has no valid number, or if Odoo does not answer, or has more of them than a number can explain:
    the invoice is judged without. `lists` are the fields that are lists of numbers. Raises `KeyRefused`.
    """
    number = number_to_search(customer, today=today())
    if not number:
        return None
    # Whatever people write between the digits, before and after them.
    pattern = f"%{'%'.join(number)}%"
    names = settings.id_number_fields
    try:
        found = number_lists.cards(
            client,
            [
                *_of_company(settings),
                "|",
                ("is_company", "=", True),
                ("parent_id", "=", False),
                *["|"] * (len(names) - 1),
                *((number_lists.searched(name, lists), "=like", pattern) for name in names),
            ],
            list(dict.fromkeys((*CARD_FIELDS, *names))),
            lists,
            order="id",
            limit=_MOST,
            context={**company_context(settings), "active_test": False},
        )
    except KeyRefused:
        raise
    except RemoteError:
        return None
    return found if len(found) < _MOST else None


def _of_company(settings: OdooSettings) -> list[Any]:
    return [("company_id", "in", [False, settings.company_id])] if settings.company_id else []


def other_cards(customer: Customer, cards: Iterable[Record] | None, settings: OdooSettings) -> tuple[str, ...] | None:
    """`Customer.cards_with_number`, as `cards` tell: those above and below the customer's own are the same debtor."""
    if cards is None:
        return None
    rows = list(cards)
    own = _family(customer.id, rows)
    others = [
        NumberedCard(
            number=records.text(row, "ref") or str(records.value(row, "id")),
            name=records.text(row, "name"),
            id_numbers=tuple(text for name in settings.id_number_fields for text in number_lists.all_in(row, name)),
        )
        for row in rows
        if str(records.value(row, "id")) not in own
    ]
    return cards_of_another_name(customer, others, today=today())


def _family(own: str, rows: list[Record]) -> set[str]:
    """The ids of the customer's card and of those of `rows` that stand above or below it."""
    above = {str(records.value(row, "id")): str(records.reference(row, "parent_id")[0]) for row in rows}
    links = [{card, parent} for card, parent in above.items() if parent in above]
    family = {own}
    while grown := {one for link in links if link & family for one in link} - family:
        family |= grown
    return family
