"""Whether the customers' cards hold what a claim needs: looked at once, at set-up, not found out case by case."""

from __future__ import annotations

from collections.abc import Collection

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.domain.identity import InvalidIdentity, read_identity
from connector.hosts.base import IdentityCoverage
from connector.hosts.odoo import number_lists
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.customers import identity_field
from connector.hosts.odoo.documents import company_context
from connector.hosts.odoo.present import described_fields
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM

_PAGE = 1000


def require_fields(client: OdooClient, settings: OdooSettings) -> None:
    """Raise `ConfigurationError` if the settings name a field that this Odoo's customers do not have, or one for
    identity numbers that can hold none.

    Every later reading would be refused for the sake of the one, and find no number in the other.
    """
    decisions = (settings.sole_trader_field, settings.protected_identity_field)
    named = (*settings.id_number_fields, *(name for name in decisions if name))
    existing = described_fields(client, "res.partner", named, company_context(settings))
    if missing := [name for name in named if name not in existing]:
        raise ConfigurationError(
            f"Customers in this Odoo have no field {', '.join(missing)}, which the Odoo settings name.",
            system=SYSTEM,
            advice="Correct the name, or leave it out.",
        )
    for name in settings.id_number_fields:
        if not number_lists.may_hold_number(existing[name]):
            raise ConfigurationError(
                f"The field {name} of customers in this Odoo can hold no identity number (it is of the type"
                f" {existing[name]['type']}), and id_number_fields names it.",
                system=SYSTEM,
                advice="Name a field of text, or the list id_numbers of OCA's partner_identification.",
            )


def identity_coverage(client: OdooClient, settings: OdooSettings, lists: Collection[str] = ()) -> IdentityCoverage:
    """Return how many customers have a valid identity number, by the field that holds it; no number leaves this
    function.

    `lists` are the fields that are lists of numbers.

    A customer is anyone who can owe: a company, or a person of no company, that Odoo has invoiced or that was
    entered as a customer. Raises the errors of `OdooClient.call`.
    """
    by_field = dict.fromkeys(settings.id_number_fields, 0)
    customers = last_id = 0
    while page := _page(client, settings, lists, after=last_id):
        customers += len(page)
        last_id = page[-1]["id"]
        for card in page:
            field, number = identity_field(card, settings)
            if _valid(number):
                by_field[field] += 1
        if len(page) < _PAGE:
            break
    return IdentityCoverage(customers=customers, valid=sum(by_field.values()), by_field=by_field)


def _page(client: OdooClient, settings: OdooSettings, lists: Collection[str], *, after: int) -> list[Record]:
    return number_lists.cards(
        client,
        [
            ("id", ">", after),
            ("customer_rank", ">", 0),
            "|",
            ("is_company", "=", True),
            ("parent_id", "=", False),
        ],
        list(settings.id_number_fields),
        lists,
        order="id",
        limit=_PAGE,
        context=company_context(settings),
    )


def _valid(number: str) -> bool:
    try:
        read_identity(number, today=today())
    except InvalidIdentity:
        return False
    return True
