"""The case ids that stand in an Odoo, to be saved before the fields that hold them are removed."""

from __future__ import annotations

from collections.abc import Iterator

from connector.hosts.base import LedgerCase
from connector.hosts.odoo import fields
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.present import existing_fields

_PAGE = 500


def cases(client: OdooClient, company_id: int) -> Iterator[LedgerCase]:
    """Every invoice of the company with a case id, by the connector's own key; nothing where the field is not there.

    Raises the errors of `OdooClient.call`.
    """
    names = [fields.CASE_ID, fields.STATUS, fields.DATE]
    found = existing_fields(client, "account.move", names, {})
    if fields.CASE_ID not in found:
        return
    read = ["name", *(name for name in names if name in found)]
    context = {"allowed_company_ids": [company_id]}
    last = 0
    while True:
        page = client.call(
            "account.move",
            "search_read",
            domain=[(fields.CASE_ID, "!=", False), ("company_id", "=", company_id), ("id", ">", last)],
            fields=read,
            order="id",
            limit=_PAGE,
            context=context,
        )
        for move in page:
            yield LedgerCase(
                number=str(move["name"] or ""),
                invoice_id=str(move["id"]),
                case_id=str(move[fields.CASE_ID]),
                status=str(move.get(fields.STATUS) or ""),
                date=str(move.get(fields.DATE) or ""),
            )
        if len(page) < _PAGE:
            return
        last = page[-1]["id"]
