"""The case ids that stand in an Odoo, to be saved before the fields that hold them are removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connector.domain.errors import NotAuthorised
from connector.hosts.base import LedgerCase, LedgerCases
from connector.hosts.odoo import fields, inventory
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import WITHIN_NONE, seen_companies
from connector.hosts.odoo.installing import data_rows, require_settings_rights
from connector.hosts.odoo.present import existing_fields

_PAGE = 500


def cases_everywhere(administrator: OdooClient, keys: Sequence[OdooClient]) -> LedgerCases:
    """The case ids of every company of a database, each read by the first key that may.

    `administrator` has Settings rights, by which it is known which companies there are; `keys` are those of
    connections. Raises `NotAuthorised` for an administrator's key that is not accepted or lacks the right, and the
    errors of `OdooClient.call`.
    """
    require_settings_rights(administrator)
    rows = administrator.call("res.company", "search_read", domain=[], fields=["name"], context=WITHIN_NONE)
    names = {int(row["id"]): str(row["name"]) for row in rows}
    found: dict[int, list[LedgerCase]] = {}
    for client in (*keys, administrator):
        for company in _readable(client):
            if company not in found:
                name = names.get(company, "")
                try:
                    found[company] = [replace(case, company=name) for case in cases(client, company)]
                except NotAuthorised:
                    continue
    set_up = {inventory.company_of(row["name"]) for row in data_rows(administrator)} - {None}
    unread = sorted(names.get(company, f"company {company}") for company in set_up if company and company not in found)
    return LedgerCases(tuple(case for company in sorted(found) for case in found[company]), tuple(unread))


def _readable(client: OdooClient) -> tuple[int, ...]:
    """The companies of a key's user; none for a key that is not accepted any more."""
    try:
        return seen_companies(client)
    except NotAuthorised:
        return ()


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
