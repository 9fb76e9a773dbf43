"""Fields that modules of OCA add to invoices and customers, and that say something of collecting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.hosts.odoo import records, reminders
from connector.hosts.odoo.records import Record

POLICIES = "credit.control.policy"
"""How an invoice is followed up, in OCA's credit control. Only that module's own groups may read it."""

RIGHT_TO_POLICIES = "Credit Control / Info"
"""The smallest of those groups, as Odoo names it on a user's page."""

POLICY = "credit_policy_id"
"""The field with the policy of an invoice, or of a customer, which holds where the invoice has none."""

NO_REMINDER = "no_overdue_reminder"
"""The mark of `account_invoice_overdue_reminder`, on an invoice or a customer, that it is not to be reminded of."""

OF_INVOICES = (POLICY, NO_REMINDER, reminders.OVERDUE)
OF_CUSTOMERS = (POLICY, NO_REMINDER)

_NESTED: Record = {
    POLICY: {"fields": {"display_name": {}, "do_nothing": {}}},
    reminders.OVERDUE: reminders.OVERDUE_FIELDS,
}


def asked(names: Iterable[str]) -> dict[str, Any]:
    """These fields as a specification for `web_search_read`."""
    return {name: _NESTED.get(name, {}) for name in names}


def policies_in(*owners: Any) -> list[dict[str, Any]]:
    """The policies that an answer has on an invoice and its customer, each once, in order of their ids."""
    found = {
        owner[POLICY]["id"]: {"id": owner[POLICY]["id"], "do_nothing": owner[POLICY]["do_nothing"]}
        for owner in owners
        if isinstance(owner, dict) and owner.get(POLICY)
    }
    return [found[number] for number in sorted(found)]


def holds(document: Record) -> list[str]:
    """The kinds of hold that modules keep. What is said of the invoice goes before what is said of its customer."""
    move, customer = records.part(document, "move"), document.get("commercial_partner") or {}
    policies = {policy["id"]: policy for policy in document.get("policies") or ()}
    policy = next((owner[POLICY][0] for owner in (move, customer) if owner.get(POLICY)), None)
    kinds = ["no_follow_policy"] if policy in policies and policies[policy]["do_nothing"] else []
    if move.get(NO_REMINDER):
        kinds.append("no_reminder")
    elif customer.get(NO_REMINDER):
        kinds.append("no_reminder_customer")
    return kinds
