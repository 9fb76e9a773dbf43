"""Installing into an Odoo what the connector needs: fields, groups, actions, views, menu, and rules that send hints.

Source: API.md, "Webhooks" and "Installing". Done with the key of a user with Settings rights, which is not kept. A
second run finds everything by its external id, updates and repairs it, and takes away what an earlier release installed
and this one does not. A run that fails in the middle is taken back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from string import Template
from typing import Any
from urllib.parse import urlencode, urlsplit

from connector.domain.errors import ConfigurationError, ConnectorError, LeftBehind, RemoteError
from connector.hosts.odoo import fields, inventory
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import only_company, seen_companies
from connector.hosts.odoo.installing import Installer, data_rows, require_settings_rights
from connector.hosts.odoo.inventory import (
    ACCESS,
    ACTION,
    GROUP,
    MENU,
    MODULE,
    RECORD_RULE,
    RULE,
    WINDOW,
    AddedField,
    HintRule,
    Label,
)
from connector.hosts.odoo.removal import take_away
from connector.hosts.odoo.transport import SYSTEM
from connector.resources import read_template

AUTOMATION_MODULE = "base_automation"

_PRIVILEGE = "res.groups.privilege"
_PRIVILEGE_PARENT = "base.module_category_accounting"

Told = Callable[[str], None]
"""Takes each step of a run, in words, as it begins."""

NOTHING_LEFT = "What the set-up had begun was taken back: Odoo is as it was before."
NOTHING_LEFT_BUT_MODULE = (
    "What the set-up had begun was taken back: Odoo is as it was before, but for its own module Automation Rules, which"
    " was installed and does nothing by itself."
)


@dataclass(frozen=True)
class ProvisionReport:
    """What a run did, by external id.

    `installed` names modules of Odoo's own that had to be installed, `senders` the users who may send now. `kept_old`
    says, in words, why something of an earlier release could not be taken away: the set-up stands all the same.
    `pdf_action_id` is the action that renders an invoice's PDF and `answer_action_id` the one by which requests are
    answered: the connection is to know them.
    """

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    installed: tuple[str, ...]
    senders: tuple[str, ...]
    pdf_action_id: int
    answer_action_id: int
    kept_old: str = ""


def _silent(step: str) -> None:
    """Tell no one."""


def provision(
    client: OdooClient,
    webhook_url: str,
    *,
    company_id: int,
    key_user: int | None = None,
    other_first_actions: Sequence[str] = (),
    told: Told = _silent,
    pause: Callable[[float], None] = time.sleep,
) -> ProvisionReport:
    """Install or repair everything, with hints of `company_id`'s invoices to `webhook_url`.

    `webhook_url` holds the connection's token and is a secret; Odoo shows it to Settings users only. `key_user`
    is the connector's own user, whose API keys may then last a year. At the first set-up the users who administer
    invoicing may send; after that, who may is the company's own affair and is not touched. `other_first_actions` can
    be chosen on an invoice beside the known ones; what another company has added stays.

    `told` is given each step as it begins; on real servers all of them take up to two minutes. `pause` waits between
    tries to take back.

    A run that fails is taken back before its error is raised, which says so. Raises `ConfigurationError` for a version
    of Odoo that is not known to work, an address that is none, and as `OdooClient.require_language`; `NotAuthorised`
    for a key without Settings rights; `LeftBehind` where something could not be taken back; and the errors of
    `OdooClient.call`.
    """
    if urlsplit(webhook_url).scheme not in {"http", "https"}:
        raise ConfigurationError("The webhook address must begin with https://.")
    client.version()
    require_settings_rights(client)
    client.require_language()
    modules = _install_automation(client, told)
    run = Installer(client, pause=pause)
    try:
        send_group, actions = _install(client, run, webhook_url, company_id, key_user, other_first_actions, told)
        senders = _members(client, send_group)
    except BaseException as error:
        told("It failed: taking back what was begun")
        _say_what_is_left(error, run.take_back(), module_installed=bool(modules))
        raise
    removed, kept_old = _take_old_away(client, run, company_id)
    return ProvisionReport(
        tuple(run.created),
        tuple(run.updated),
        removed,
        modules,
        senders,
        actions[inventory.PDF_ACTION],
        actions[inventory.ANSWER_ACTION],
        kept_old,
    )


def _install(
    client: OdooClient,
    run: Installer,
    webhook_url: str,
    company_id: int,
    key_user: int | None,
    other_first_actions: Sequence[str],
    told: Told,
) -> tuple[int, dict[str, int]]:
    """Put everything there; gives the group that may send, and the actions by external id."""
    field_ids = {}
    for place, added in enumerate(inventory.ADDED_FIELDS, 1):
        told(f"Fields: {place} of {len(inventory.ADDED_FIELDS)}")
        field_ids[added.name] = run.field(with_choices(added, other_first_actions))
    told("Groups of users")
    send_group = _groups(client, run, key_user)
    told("The model of people's requests")
    keep_requests(run)
    told("Actions")
    actions = _actions(client, run)
    told("Views and menu")
    views = _views(client, run, actions)
    _menu(client, run, views)
    told("Rules that tell the connector")
    # Last, so that the address in use stays the one before when something above is refused.
    for rule in inventory.HINT_RULES:
        _hints(run, rule, f"{_without_query(webhook_url)}?{urlencode({'event': rule.event})}", company_id, field_ids)
    return send_group, actions


def _say_what_is_left(error: BaseException, left: Sequence[str], *, module_installed: bool) -> None:
    """Add to the error of a run what became of it. Raises `LeftBehind` in its place if it was not taken back whole."""
    if left:
        detail = error.message if isinstance(error, ConnectorError) else type(error).__name__
        raise LeftBehind(
            f"{detail} Not everything that the set-up had begun could be taken back: {', '.join(left)}.",
            system=SYSTEM,
            operation=error.operation if isinstance(error, RemoteError) else "",
            advice="Run `amili-connector odoo provision` again, or `amili-connector odoo remove`.",
        ) from error
    if isinstance(error, ConnectorError):
        note = NOTHING_LEFT_BUT_MODULE if module_installed else NOTHING_LEFT
        error.advice = f"{error.advice} {note}".strip()


def _take_old_away(client: OdooClient, run: Installer, company_id: int) -> tuple[tuple[str, ...], str]:
    """Take away what the set-up does not have any more; gives what, and why something stayed.

    Only once everything else stands: this cannot be taken back.
    """
    try:
        take_away_other_access(client, run)
        kept = {*run.created, *run.updated}
        obsolete = [
            row
            for row in data_rows(client)
            if row["name"] not in kept and inventory.company_of(row["name"]) in {None, company_id}
        ]
        return take_away(client, obsolete), ""
    except ConnectorError as error:
        return (), str(error)


def connectors_user(client: OdooClient, company_id: int | None) -> tuple[int, int]:
    """The id of the user whose key `client` has, and the company it is there for.

    Raises `ConfigurationError` if no `company_id` is chosen and the user sees several, and the errors of
    `OdooClient.call`.
    """
    uid = int(client.call("res.users", "context_get")["uid"])
    return uid, only_company(seen_companies(client)) if company_id is None else company_id


def _install_automation(client: OdooClient, told: Told) -> tuple[str, ...]:
    """Make sure that automation rules are there, which Odoo does not install by itself."""
    found = client.call("ir.module.module", "search_read", domain=[("name", "=", AUTOMATION_MODULE)], fields=["state"])
    if not found:
        raise ConfigurationError("This Odoo lacks the module for automation rules.", system=SYSTEM)
    if found[0]["state"] == "installed":
        return ()
    told("Odoo's own module Automation Rules")
    client.call("ir.module.module", "button_immediate_install", ids=[found[0]["id"]])
    return (AUTOMATION_MODULE,)


def _groups(client: OdooClient, run: Installer, key_user: int | None) -> int:
    """The group that may send, and that of the connector's own user, whose keys last; gives the first one's id."""
    dialect = client.dialect
    of_privilege = {}
    if dialect.privilege_field:
        parent = {"category_id": run.reference(_PRIVILEGE_PARENT)}
        of_privilege[dialect.privilege_field] = run.keep(
            _PRIVILEGE, inventory.CATEGORY, inventory.CATEGORY_NAME, parent
        )
    invoicing = (4, run.reference(inventory.INVOICING_GROUP))
    run.keep(
        GROUP,
        inventory.KEY_GROUP,
        inventory.KEY_GROUP_NAME,
        {
            **({"api_key_duration": inventory.KEY_DURATION_DAYS} if dialect.group_key_duration else {}),
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
        {"implied_ids": [invoicing], **of_privilege},
        at_first={dialect.members_field: [(4, user) for user in administrators]},
    )


def keep_requests(run: Installer) -> None:
    """The model of people's requests: the Invoicing group may read those of its companies, no one may do more."""
    model_id = run.model(inventory.REQUEST_MODEL, inventory.REQUEST, inventory.REQUEST_NAME, inventory.REQUEST_FIELDS)
    nothing_more = dict.fromkeys(("perm_write", "perm_create", "perm_unlink"), False)
    run.keep(
        ACCESS,
        inventory.REQUEST_ACCESS,
        inventory.REQUEST_NAME,
        {
            "model_id": model_id,
            "group_id": run.reference(inventory.INVOICING_GROUP),
            "active": True,
            "perm_read": True,
            **nothing_more,
        },
    )
    run.keep(
        RECORD_RULE,
        inventory.REQUEST_RULE,
        inventory.REQUEST_NAME,
        {
            "model_id": model_id,
            "domain_force": inventory.OWN_COMPANIES,
            "groups": [(5, 0, 0)],
            "active": True,
            **dict.fromkeys(("perm_read", *nothing_more), True),
        },
    )


def take_away_other_access(client: OdooClient, run: Installer) -> None:
    """Take away whatever else gives access to the model of requests: it would let people make them in others' names."""
    domain = [
        ("model_id", "=", run.reference(f"{MODULE}.{inventory.REQUEST_MODEL}")),
        ("id", "!=", run.reference(f"{MODULE}.{inventory.REQUEST_ACCESS}")),
    ]
    if others := client.call(ACCESS, "search", domain=domain, context={"active_test": False}):
        client.call(ACCESS, "unlink", ids=others)


def with_choices(added: AddedField, other_first_actions: Sequence[str]) -> AddedField:
    """A field with the values among its choices that a company has agreed with Amili, if it is that of these."""
    if added.name != fields.FIRST_ACTION:
        return added
    others = {value: Label(word=value) for value in other_first_actions if value not in added.choices}
    return replace(added, choices={**added.choices, **others})


def _members(client: OdooClient, group_id: int) -> tuple[str, ...]:
    found = client.call(
        "res.users", "search_read", domain=[(client.dialect.groups_field, "in", [group_id])], fields=["name"]
    )
    return tuple(str(user["name"]) for user in found)


def _actions(client: OdooClient, run: Installer) -> dict[str, int]:
    invoices = run.reference("account.model_account_move")
    models = {inventory.INVOICE: invoices, inventory.REQUEST: run.reference(f"{MODULE}.{inventory.REQUEST_MODEL}")}
    actions = {}
    for action in inventory.CODE_ACTIONS:
        model_id = models[action.model]
        actions[action.key] = run.keep(
            ACTION,
            action.key,
            action.name,
            {
                "model_id": model_id,
                "state": "code",
                "code": Template(read_template(f"odoo/{action.template}")).substitute(exempt=client.dialect.exempt),
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
        "confirm_label": client.dialect.confirm_label,
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
