"""Why an invoice cannot be read although its own company's books can: something that belongs to it is another's."""

from __future__ import annotations

from connector.domain.errors import NotAuthorised, OutOfReach
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import Parents
from connector.hosts.odoo.documents import company_context, in_company, record_id
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM


def explained(
    client: OdooClient, error: NotAuthorised, invoice_id: str, settings: OdooSettings, parents: Parents
) -> NotAuthorised | OutOfReach:
    """Return what stands in the way, if it can be told: a customer's card that is restricted to another company, or
    money in a parent company that our user may not see; else `error`.
    """
    context = company_context(settings)
    names = ("partner_id", "commercial_partner_id")
    moves = client.call(
        "account.move",
        "search_read",
        domain=[*in_company(settings), ("id", "=", record_id(invoice_id))],
        fields=list(names),
        context=context,
    )
    cards = {move[name][0] for move in moves for name in names if move[name]}
    seen = client.call(
        "res.partner",
        "search",
        domain=[("id", "in", sorted(cards))],
        context={**context, "active_test": False},
    )
    if restricted := sorted(cards - set(seen)):
        return OutOfReach(
            f"The customer's card (id {restricted[0]}) is restricted to another company.",
            system=SYSTEM,
            operation=error.operation,
            status=error.status,
            advice="Take the company off the card in Odoo, under Sales & Purchase.",
            what="card",
            name=str(restricted[0]),
        )
    if parents.hidden:
        return OutOfReach(
            f"The invoice is matched with money of {parents.hidden}, which the connector's user may not see.",
            system=SYSTEM,
            operation=error.operation,
            status=error.status,
            advice=f"Add {parents.hidden} to the companies of the connector's user in Odoo.",
            what="company",
            name=parents.hidden,
        )
    return error
