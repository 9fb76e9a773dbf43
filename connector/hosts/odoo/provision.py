"""Installing into an Odoo what the connector needs, and taking all of it away again.

Source: odoo.md section 3. Done with the key of a user with Settings rights, which is not kept. Every object has
an external id in the module `amili_connector`, by which a second run finds, updates and repairs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connector.domain.errors import ConfigurationError, NotAuthorised, NotFound
from connector.hosts.odoo import fields
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.transport import SYSTEM
from connector.resources import read_template

MODULE = "amili_connector"
AUTOMATION_MODULE = "base_automation"

FIELD, ACTION, RULE = "ir.model.fields", "ir.actions.server", "base.automation"

SEND_ACTION = "action_send_to_collection"
REQUESTED_RULE = "rule_requested"
WEBHOOK_ACTION = "action_webhook_requested"


@dataclass(frozen=True)
class Words:
    """A text in the two languages that the connector speaks."""

    sv: str
    en: str

    def in_language(self, code: str) -> str:
        """The text for an Odoo language code such as "sv_SE"."""
        return self.sv if code.startswith("sv") else self.en


ADDED_FIELDS: Mapping[str, tuple[str, Words]] = {
    fields.CASE_ID: ("char", Words("Amili ärende", "Amili case")),
    fields.STATUS: ("char", Words("Amili status", "Amili status")),
    fields.DATE: ("datetime", Words("Amili uppdaterad", "Amili updated")),
    fields.REQUESTED_AT: ("datetime", Words("Inkasso begärt", "Collection requested")),
    fields.REQUESTED_BY: ("char", Words("Inkasso begärt av", "Collection requested by")),
    fields.FIRST_ACTION: ("char", Words("Amili första åtgärd", "Amili first action")),
}
"""Type and label of each field added to invoices."""

SEND_NAME = Words("Skicka till inkasso", "Send to collection")
RULE_NAME = Words("Amili: inkasso begärt", "Amili: collection requested")
WEBHOOK_NAME = Words("Amili: säg till om begärt inkasso", "Amili: tell of a requested collection")


@dataclass(frozen=True)
class ProvisionReport:
    """What a run did, by external id. `installed` names modules of Odoo's own that had to be installed."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    installed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemovalReport:
    """What a removal took away, by external id."""

    removed: tuple[str, ...]


def provision(client: OdooClient, webhook_url: str) -> ProvisionReport:
    """Install or repair fields, the action "Send to collection", and the webhook that tells of its use.

    `webhook_url` holds the connection's token and is a secret; Odoo shows it to Settings users only. Raises
    `ConfigurationError` for a version of Odoo that is not known to work or an address that is none,
    `NotAuthorised` for a key without Settings rights, and the errors of `OdooClient.call`.
    """
    if urlsplit(webhook_url).scheme not in {"http", "https"}:
        raise ConfigurationError("The webhook address must begin with https://.")
    client.version()
    _require_settings_rights(client)
    run = _Run(client)
    installed = _install_automation(client)
    model_id = _reference(client, "account", "model_account_move")
    field_ids = {name: run.field(model_id, name, *described) for name, described in ADDED_FIELDS.items()}
    run.keep(
        ACTION,
        SEND_ACTION,
        SEND_NAME,
        {
            "model_id": model_id,
            "state": "code",
            "code": read_template("odoo/send_to_collection.py.txt"),
            "binding_model_id": model_id,
            "binding_type": "action",
            "binding_view_types": "list,form",
            client.dialect.groups_field: [(6, 0, [_reference(client, "account", "group_account_invoice")])],
        },
    )
    rule_id = run.keep(
        RULE,
        REQUESTED_RULE,
        RULE_NAME,
        {
            "model_id": model_id,
            "trigger": "on_create_or_write",
            "filter_domain": f"[('{fields.REQUESTED_AT}', '!=', False)]",
            "trigger_field_ids": [(6, 0, [field_ids[fields.REQUESTED_AT]])],
            "active": True,
        },
    )
    run.keep(
        ACTION,
        WEBHOOK_ACTION,
        WEBHOOK_NAME,
        {
            "model_id": model_id,
            "state": "webhook",
            "webhook_url": webhook_url,
            "base_automation_id": rule_id,
            "usage": "base_automation",
        },
    )
    return ProvisionReport(tuple(run.created), tuple(run.updated), installed)


def remove(client: OdooClient) -> RemovalReport:
    """Take away everything that `provision` installed; a second run finds nothing left to do.

    The added fields go with what stands in them. Modules of Odoo's own stay, since others may use them by
    now. Raises as `provision`.
    """
    _require_settings_rights(client)
    # A rule takes its actions along; fields go last, because rule and actions name them (odoo.md section 3).
    rows = _data_rows(client)
    for model in (RULE, ACTION, FIELD):
        ids = [row["res_id"] for row in rows if row["model"] == model]
        standing = _existing(client, model, ids) if ids else []
        if standing:
            client.call(model, "unlink", ids=standing)
    # Odoo drops the rows with their objects, except of those that went along with another.
    if left := [row["id"] for row in _data_rows(client)]:
        client.call("ir.model.data", "unlink", ids=left)
    return RemovalReport(tuple(sorted(row["name"] for row in rows)))


class _Run:
    """One run of `provision`: what it found, and what it did."""

    def __init__(self, client: OdooClient) -> None:
        self.created: list[str] = []
        self.updated: list[str] = []
        self._client = client
        self._rows = {row["name"]: row for row in _data_rows(client)}
        languages = client.call("res.lang", "search_read", domain=[("active", "=", True)], fields=["code"])
        self._languages = [str(language["code"]) for language in languages]

    def field(self, model_id: int, name: str, kind: str, label: Words) -> int:
        """Keep one added field. A field of that name is taken over; what it is made of is never rewritten."""
        key = f"field_{name}"
        found = self._client.call(
            FIELD,
            "search_read",
            domain=[("model_id", "=", model_id), ("name", "=", name)],
            fields=["ttype"],
        )
        if not found:
            values = {"model_id": model_id, "name": name, "ttype": kind, "copied": False}
            return self._create(FIELD, key, "field_description", label, values)
        if found[0]["ttype"] != kind:
            raise ConfigurationError(
                f"The invoice has a field {name} of type {found[0]['ttype']} instead of {kind}.",
                system=SYSTEM,
                advice="Rename or remove it first.",
            )
        field_id = int(found[0]["id"])
        self._client.call(FIELD, "write", ids=[field_id], vals={"copied": False})
        return self._updated(FIELD, key, field_id, "field_description", label)

    def keep(self, model: str, key: str, name: Words, values: Mapping[str, Any]) -> int:
        """Keep one object as `values` say: made if it is not there, else put right."""
        row = self._rows.get(key)
        standing = row is not None and row["model"] == model and _existing(self._client, model, [row["res_id"]])
        if not row or not standing:
            return self._create(model, key, "name", name, values)
        object_id = int(row["res_id"])
        self._client.call(model, "write", ids=[object_id], vals=dict(values))
        return self._updated(model, key, object_id, "name", name)

    def _create(self, model: str, key: str, named: str, name: Words, values: Mapping[str, Any]) -> int:
        (object_id,) = self._client.call(model, "create", vals_list=[{**values, named: name.en}])
        self._name(model, object_id, named, name)
        self._bind(model, key, object_id)
        self.created.append(key)
        return int(object_id)

    def _updated(self, model: str, key: str, object_id: int, named: str, name: Words) -> int:
        self._name(model, object_id, named, name)
        self._bind(model, key, object_id)
        self.updated.append(key)
        return object_id

    def _name(self, model: str, object_id: int, named: str, name: Words) -> None:
        for language in self._languages:
            values = {named: name.in_language(language)}
            self._client.call(model, "write", ids=[object_id], vals=values, context={"lang": language})

    def _bind(self, model: str, key: str, object_id: int) -> None:
        values = {"module": MODULE, "name": key, "model": model, "res_id": object_id, "noupdate": True}
        row = self._rows.get(key)
        if row is None:
            self._client.call("ir.model.data", "create", vals_list=[values])
        elif (row["model"], row["res_id"]) != (model, object_id):
            self._client.call("ir.model.data", "write", ids=[row["id"]], vals=values)


def _require_settings_rights(client: OdooClient) -> None:
    if not client.allows(FIELD, "create"):
        raise NotAuthorised(
            "the key's user may not change Odoo's settings.",
            system=SYSTEM,
            advice="Use a key of a user with Settings rights; it is not kept.",
        )


def _install_automation(client: OdooClient) -> tuple[str, ...]:
    """Make sure that automation rules are there, which Odoo does not install by itself."""
    found = client.call("ir.module.module", "search_read", domain=[("name", "=", AUTOMATION_MODULE)], fields=["state"])
    if not found:
        raise ConfigurationError("This Odoo lacks the module for automation rules.", system=SYSTEM)
    if found[0]["state"] == "installed":
        return ()
    client.call("ir.module.module", "button_immediate_install", ids=[found[0]["id"]])
    return (AUTOMATION_MODULE,)


def _reference(client: OdooClient, module: str, name: str) -> int:
    found = client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", module), ("name", "=", name)],
        fields=["res_id"],
    )
    if not found:
        raise ConfigurationError(f"This Odoo lacks {module}.{name}; is Invoicing installed?", system=SYSTEM)
    return int(found[0]["res_id"])


def _data_rows(client: OdooClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", MODULE)],
        fields=["name", "model", "res_id"],
    )
    return rows


def _existing(client: OdooClient, model: str, ids: list[int]) -> list[int]:
    """Those of `ids` that still stand, switched off or not; none if Odoo has lost the model itself."""
    try:
        found: list[int] = client.call(model, "search", domain=[("id", "in", ids)], context={"active_test": False})
    except NotFound:
        return []
    return found
