"""Who stands behind a contact, and what a change of that does to the books (Odoo 19, tried).

A contact's invoices stay with the customer behind it when it moves to another company. A customer that stood for itself
takes its invoices along to the company that it is given.
"""

from __future__ import annotations

from connector.sandbox.odoo.records import Records


def settle_commercial(records: Records, partner: int) -> None:
    """Set the commercial partner of a contact again after its company or kind changed, and of invoices that follow."""
    card = records.get("res.partner", partner)
    before, parent = card.get("commercial_partner_id"), card.get("parent_id")
    behind = (
        records.get("res.partner", parent)["commercial_partner_id"] if parent and not card["is_company"] else partner
    )
    records.update("res.partner", partner, {"commercial_partner_id": behind})
    if before == partner != behind:
        for move in records.search("account.move", [["commercial_partner_id", "=", partner]]):
            records.update("account.move", move, {"commercial_partner_id": behind})
