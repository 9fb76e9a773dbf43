"""Taking away from an Odoo everything that was installed. Source: API.md, "Installing"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.installing import data_rows, existing, require_settings_rights
from connector.hosts.odoo.inventory import ORDER
from connector.hosts.odoo.journal import Row

FAVOURITES = "ir.filters"


@dataclass(frozen=True)
class RemovalReport:
    """What a removal took away: our objects by external id, and favourites of users that named our fields."""

    removed: tuple[str, ...]
    favourites: tuple[str, ...] = ()


def remove(client: OdooClient) -> RemovalReport:
    """Take away everything that `provision` installed, for every company; a second run finds nothing left to do.

    The added fields go with what stands in them, and so do searches that users saved with them, which Odoo could
    not open any more. Modules of Odoo's own stay, since others may use them by now. Raises `NotAuthorised` for a
    key without Settings rights, `ConfigurationError` as `OdooClient.require_language`, `Refused` in Odoo's words
    when something of the company's own still names a field, and the errors of `OdooClient.call`.
    """
    require_settings_rights(client)
    client.require_language()
    return RemovalReport(take_away(client, data_rows(client)), _remove_favourites(client))


def take_away(client: OdooClient, rows: Sequence[Row]) -> tuple[str, ...]:
    """Remove the objects that these external ids name; gives the ids. Those of what is gone already are dropped."""
    for model in ORDER:
        ids = [row["res_id"] for row in rows if row["model"] == model]
        standing = existing(client, model, ids) if ids else []
        if standing:
            client.call(model, "unlink", ids=standing)
    # Odoo drops the rows with their objects, except of those that went along with another.
    names = {row["name"] for row in rows}
    if left := [row["id"] for row in data_rows(client) if row["name"] in names]:
        client.call("ir.model.data", "unlink", ids=left)
    return tuple(sorted(names))


def _remove_favourites(client: OdooClient) -> tuple[str, ...]:
    ours = [(name, "like", "x_amili_") for name in ("domain", "context", "sort")]
    found = client.call(
        FAVOURITES,
        "search_read",
        domain=["|", "|", *ours],
        fields=["name"],
        context={"active_test": False},
    )
    if found:
        client.call(FAVOURITES, "unlink", ids=[favourite["id"] for favourite in found])
    return tuple(str(favourite["name"]) for favourite in found)
