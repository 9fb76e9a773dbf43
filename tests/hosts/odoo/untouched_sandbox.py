"""Imitations of Odoo in which nothing of ours is installed, and what stands in their settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from connector.hosts.odoo import fields
from connector.hosts.odoo.client import OdooClient
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.fields import SETTINGS_ONLY
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.sandbox.shared.serve import running

INVOICING = "account.group_account_invoice"
ADMINISTRATOR = ("base.group_user", "base.group_system", INVOICING, "account.group_account_manager")


def fresh_odoo(version: OdooVersion = OdooVersion.V19) -> OdooState:
    """An Odoo with an administrator whose key is "settings", and the connector's own user, whose key is "connector"."""
    state = OdooState(switches=LedgerSwitches(custom_fields=False, version=version), api_key="connector")
    (model,) = state.records.search("ir.model", [["model", "=", fields.REQUEST]])
    state.made.unlink("ir.model", model)
    state.add_user("settings", key="settings", groups=ADMINISTRATOR)
    return state


@contextmanager
def by_key(state: OdooState, key: str = "settings", **options: Any) -> Iterator[OdooClient]:
    """A client of that Odoo with the key of the user who is called so."""
    with running(create_odoo(state)) as url:
        yield OdooClient(url, state.database, SecretStr(key), login=key, http=HttpPolicy(allow_private=True), **options)


def standing(state: OdooState) -> dict[str, Any]:
    """Everything that stands in an Odoo's settings, but for when it was written and by whom."""
    found: dict[str, Any] = {}
    for model in sorted({*SETTINGS_ONLY, "res.groups"}):
        rows = state.records.all(model) if model not in {"ir.config_parameter", "ir.cron"} else []
        found[model] = {
            row["id"]: {name: value for name, value in row.items() if not name.startswith(("write_", "create_"))}
            for row in rows
        }
    views = found["ir.ui.view"]
    found["texts"] = {
        (model, number, name): state.texts.shown(model, number, name, row.get(name), "sv_SE", state.version)
        for model, rows in found.items()
        for number, row in rows.items()
        for name in row
        if isinstance(row.get(name), str) and model != "ir.module.module"
    }
    found["words"] = {view: state.texts.of_view(view, views[view]["arch"], ["sv_SE"], state.version) for view in views}
    found["fields"] = {model: sorted(made) for model, made in state.made.fields.items() if made}
    return found
