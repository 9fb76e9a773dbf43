"""Whether the customers' cards hold what a claim needs: looked at once, at set-up, not found out case by case."""

from __future__ import annotations

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.domain.identity import InvalidIdentity, read_identity
from connector.hosts.base import IdentityCoverage
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.customers import identity_field
from connector.hosts.odoo.documents import Record, company_context
from connector.hosts.odoo.present import existing_fields
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM

_PAGE = 1000


def require_fields(client: OdooClient, settings: OdooSettings) -> None:
    """Raise `ConfigurationError` if the settings name a field that this Odoo's customers do not have.

    Every later reading would be refused for its sake.
    """
    decisions = (settings.sole_trader_field, settings.protected_identity_field)
    named = (*settings.id_number_fields, *(name for name in decisions if name))
    existing = existing_fields(client, "res.partner", named, company_context(settings))
    if missing := [name for name in named if name not in existing]:
        raise ConfigurationError(
            f"Customers in this Odoo have no field {', '.join(missing)}, which the Odoo settings name.",
            system=SYSTEM,
            advice="Correct the name, or leave it out.",
        )


def identity_coverage(client: OdooClient, settings: OdooSettings) -> IdentityCoverage:
    """How many customers have a valid identity number, by the field that holds it; no number leaves this function.

    A customer is whoever can owe: a company, or a person of no company, that Odoo has invoiced or that was
    entered as a customer. Raises the errors of `OdooClient.call`.
    """
    by_field = dict.fromkeys(settings.id_number_fields, 0)
    customers = last_id = 0
    while page := _page(client, settings, after=last_id):
        customers += len(page)
        last_id = page[-1]["id"]
        for card in page:
            field, number = identity_field(card, settings)
            if _valid(number):
                by_field[field] += 1
        if len(page) < _PAGE:
            break
    return IdentityCoverage(customers=customers, valid=sum(by_field.values()), by_field=by_field)


def _page(client: OdooClient, settings: OdooSettings, *, after: int) -> list[Record]:
    found: list[Record] = client.call(
        "res.partner",
        "search_read",
        domain=[
            ("id", ">", after),
            ("customer_rank", ">", 0),
            "|",
            ("is_company", "=", True),
            ("parent_id", "=", False),
        ],
        fields=list(settings.id_number_fields),
        order="id",
        limit=_PAGE,
        context=company_context(settings),
    )
    return found


def _valid(number: str) -> bool:
    try:
        read_identity(number, today=today())
    except InvalidIdentity:
        return False
    return True
