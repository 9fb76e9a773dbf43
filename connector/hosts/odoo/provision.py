"""Installing into an Odoo what the connector needs: fields, groups, actions, views, menu, and rules that send hints.

Source: odoo.md sections 2 and 3. Done with the key of a user with Settings rights, which is not kept. A second
run finds everything by its external id, updates and repairs it, and takes away what an earlier release installed
and this one does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import Any
from urllib.parse import urlencode, urlsplit

from connector.domain.errors import ConfigurationError
from connector.hosts.odoo import inventory
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import only_company
from connector.hosts.odoo.installing import Installer, data_rows, require_settings_rights
from connector.hosts.odoo.inventory import ACTION, GROUP, MENU, RULE, WINDOW, HintRule
from connector.hosts.odoo.removal import take_away
from connector.hosts.odoo.transport import SYSTEM
from connector.resources import read_template

AUTOMATION_MODULE = "base_automation"

_CATEGORY_PARENT = "base.module_category_accounting"
_CATEGORY_MODELS = {
    # By the group's field that names it: the model, and its own field for what it belongs to (odoo.md section 3).
    "category_id": ("ir.module.category", "parent_id"),
    "privilege_id": ("res.groups.privilege", "category_id"),
}


@dataclass(frozen=True)
class ProvisionReport:
    """What a run did, by external id.

    `installed` names modules of Odoo's own that had to be installed, `senders` the users who may send now, and
    `pdf_action_id` the action that renders an invoice's PDF, which the connection is to know.
    """

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    installed: tuple[str, ...]
    senders: tuple[str, ...]
    pdf_action_id: int


def provision(client: OdooClient, webhook_url: str, *, company_id: int, key_user: int | None = None) -> ProvisionReport:
    """Install or repair everything, with hints of `company_id`'s invoices to `webhook_url`.

    `webhook_url` holds the connection's token and is a secret; Odoo shows it to Settings users only. `key_user`
    is the connector's own user, whose API keys may then last a year. At the first set-up the users who administer
    invoicing may send; after that, who may is the company's own affair and is not touched.

    Raises `ConfigurationError` for a version of Odoo that is not known to work or an address that is none,
    `NotAuthorised` for a key without Settings rights, and the errors of `OdooClient.call`.
    """
    if urlsplit(webhook_url).scheme not in {"http", "https"}:
        raise ConfigurationError("The webhook address must begin with https://.")
    client.version()
    require_settings_rights(client)
    modules = _install_automation(client)
    run = Installer(client)
    field_ids = {added.name: run.field(added) for added in inventory.ADDED_FIELDS}
    send_group = _groups(client, run, key_user)
    actions = _actions(client, run)
    views = _views(client, run, actions)
    _menu(client, run, views)
    # Last, so that the address in use stays the one before when something above is refused.
    for rule in inventory.HINT_RULES:
        _hints(run, rule, f"{_without_query(webhook_url)}?{urlencode({'event': rule.event})}", company_id, field_ids)
    kept = {*run.created, *run.updated}
    obsolete = [
        row
        for row in data_rows(client)
        if row["name"] not in kept and inventory.company_of(row["name"]) in {None, company_id}
    ]
    return ProvisionReport(
        tuple(run.created),
        tuple(run.updated),
        take_away(client, obsolete),
        modules,
        _members(client, send_group),
        actions[inventory.PDF_ACTION],
    )


def connectors_user(client: OdooClient, company_id: int | None) -> tuple[int, int]:
    """The id of the user whose key `client` has, and the company it is there for.

    Raises `ConfigurationError` if no `company_id` is chosen and the user sees several, and the errors of
    `OdooClient.call`.
    """
    uid = int(client.call("res.users", "context_get")["uid"])
    if company_id is not None:
        return uid, company_id
    (user,) = client.call("res.users", "read", ids=[uid], fields=["company_ids"])
    return uid, only_company(user["company_ids"])


def _install_automation(client: OdooClient) -> tuple[str, ...]:
    """Make sure that automation rules are there, which Odoo does not install by itself."""
    found = client.call("ir.module.module", "search_read", domain=[("name", "=", AUTOMATION_MODULE)], fields=["state"])
    if not found:
        raise ConfigurationError("This Odoo lacks the module for automation rules.", system=SYSTEM)
    if found[0]["state"] == "installed":
        return ()
    client.call("ir.module.module", "button_immediate_install", ids=[found[0]["id"]])
    return (AUTOMATION_MODULE,)


def _groups(client: OdooClient, run: Installer, key_user: int | None) -> int:
    """The group that may send, and the one that lets the connector's own keys last; gives the first one's id."""
    dialect = client.dialect
    model, parent = _CATEGORY_MODELS[dialect.category_field]
    category = run.keep(model, inventory.CATEGORY, inventory.CATEGORY_NAME, {parent: run.reference(_CATEGORY_PARENT)})
    invoicing = (4, run.reference(inventory.INVOICING_GROUP))
    if dialect.group_key_duration:
        run.keep(
            GROUP,
            inventory.KEY_GROUP,
            inventory.KEY_GROUP_NAME,
            {
                "api_key_duration": inventory.KEY_DURATION_DAYS,
                **({dialect.members_field: [(4, key_user)]} if key_user is not None else {}),
            },
        )
    administrators = client.call(
        "res.users",
        "search",
        domain=[(dialect.groups_field, "in", [run.reference(inventory.BILLING_ADMINISTRATORS)])],
    )
    return run.keep(
        GROUP,
        inventory.SEND_GROUP,
        inventory.SEND_GROUP_NAME,
        {"implied_ids": [invoicing], dialect.category_field: category},
        at_first={dialect.members_field: [(4, user) for user in administrators]},
    )


def _members(client: OdooClient, group_id: int) -> tuple[str, ...]:
    found = client.call(
        "res.users", "search_read", domain=[(client.dialect.groups_field, "in", [group_id])], fields=["name"]
    )
    return tuple(str(user["name"]) for user in found)


def _actions(client: OdooClient, run: Installer) -> dict[str, int]:
    model_id = run.reference("account.model_account_move")
    actions = {}
    for action in inventory.CODE_ACTIONS:
        actions[action.key] = run.keep(
            ACTION,
            action.key,
            action.name,
            {
                "model_id": model_id,
                "state": "code",
                "code": read_template(f"odoo/{action.template}"),
                "binding_model_id": model_id if action.in_menu else False,
                "binding_type": "action",
                "binding_view_types": "list,form",
                client.dialect.groups_field: [(6, 0, [run.reference(group) for group in action.groups])],
            },
        )
    return actions


def _views(client: OdooClient, run: Installer, actions: dict[str, int]) -> dict[str, int]:
    names = {
        "send": actions[inventory.SEND_ACTION],
        "withdraw": actions[inventory.WITHDRAW_ACTION],
        "withdraw_case": actions[inventory.WITHDRAW_CASE_ACTION],
        "dispute": actions[inventory.DISPUTE_ACTION],
        "settle": actions[inventory.SETTLE_ACTION],
        "list_view": client.dialect.list_view,
        "status_column": client.dialect.status_column,
    }
    views = {}
    for view in inventory.VIEWS:
        arch = Template(read_template(f"odoo/{view.template}")).substitute(names)
        extends: dict[str, Any] = {"model": view.model, "priority": 99, "active": True}
        if view.inherits:
            extends |= {"inherit_id": run.reference(view.inherits), "mode": "extension"}
        views[view.key] = run.view(view.key, arch, extends)
    return views


def _menu(client: OdooClient, run: Installer, views: dict[str, int]) -> None:
    list_view = client.dialect.list_view
    window = run.keep(
        WINDOW,
        inventory.COLLECTION_WINDOW,
        inventory.COLLECTION_NAME,
        {
            "res_model": inventory.INVOICE,
            "view_mode": f"{list_view},form",
            "view_ids": [
                (5, 0, 0),
                (0, 0, {"sequence": 1, "view_mode": list_view, "view_id": views[inventory.COLLECTION_LIST]}),
                (0, 0, {"sequence": 2, "view_mode": "form", "view_id": run.reference("account.view_move_form")}),
            ],
            "search_view_id": run.reference("account.view_account_invoice_filter"),
            "domain": "[('move_type', '=', 'out_invoice')]",
            "context": "{'default_move_type': 'out_invoice', 'search_default_amili_requested': 1, "
            "'search_default_amili_case': 1, 'search_default_amili_needs_action': 1}",
        },
    )
    run.keep(
        MENU,
        inventory.COLLECTION_MENU,
        inventory.COLLECTION_NAME,
        {
            "parent_id": run.reference(inventory.MENU_PARENT),
            "action": f"{WINDOW},{window}",
            "sequence": inventory.MENU_SEQUENCE,
            "active": True,
        },
    )


def _hints(run: Installer, rule: HintRule, url: str, company_id: int, field_ids: dict[str, int]) -> None:
    """One rule of a company's: its webhook, and the code under the rule that calls it once a transaction."""
    model_id = run.reference("account.model_account_move")

    def own(kind: str) -> str:
        return inventory.of_company(f"{kind}_{rule.event}", company_id)

    hook = run.keep(
        ACTION, own("webhook"), rule.webhook_name, {"model_id": model_id, "state": "webhook", "webhook_url": url}
    )
    watched = [field_ids.get(name) or run.reference(f"account.field_account_move__{name}") for name in rule.watched]
    rule_id = run.keep(
        RULE,
        own("rule"),
        rule.name,
        {
            "model_id": model_id,
            "trigger": "on_create_or_write",
            "filter_domain": f"[('company_id', '=', {company_id}), ('move_type', '=', 'out_invoice'), {rule.domain}]",
            "trigger_field_ids": [(6, 0, watched)],
            "active": True,
        },
    )
    run.keep(
        ACTION,
        own("hint"),
        rule.name,
        {
            "model_id": model_id,
            "state": "code",
            "code": Template(read_template("odoo/hint.py.txt")).substitute(hook=hook),
            "base_automation_id": rule_id,
            "usage": "base_automation",
        },
    )


def _without_query(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()
