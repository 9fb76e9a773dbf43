"""What a set-up in Odoo, and its removal, did: the lines that the installer reads."""

from __future__ import annotations

from collections.abc import Iterator

from connector.hosts.odoo.inventory import SEND_GROUP_NAME
from connector.hosts.odoo.provision import ProvisionReport
from connector.hosts.odoo.removal import RemovalReport

_PARTS = (
    ("fields on invoices and customers", ("field_",)),
    ("parts of the model that holds people's requests", ("request_",)),
    ("groups of users", ("group_", "category")),
    ("actions on invoices", ("action_",)),
    ("tab, columns, filters, customer's flag", ("view_",)),
    ("menu “Inkasso” / “Collection” under Customers", ("menu_", "window_")),
    ("rules that tell the connector, with their webhooks", ("rule_", "webhook_", "hint_")),
)
"""The parts of a set-up in words, and how the external ids in each begin."""


def installed(report: ProvisionReport) -> tuple[str, ...]:
    """Return what `provision` did, part by part, who may send now, and what to do next."""
    group = f"“{SEND_GROUP_NAME.in_language('sv_SE')}” / “{SEND_GROUP_NAME.source}”"
    return (
        *(f"Installed Odoo's own module {name}." for name in report.installed),
        "In Odoo now:",
        *_by_part(report.created, report.updated),
        *(("Taken away, from an earlier release: " + ", ".join(report.removed) + ".",) if report.removed else ()),
        *((f"Not taken away, from an earlier release: {report.kept_old}",) if report.kept_old else ()),
        f"May send (group {group}): {', '.join(report.senders) or 'nobody yet'}.",
        "Next: put those who are to send into that group in Odoo, under Settings, Users; then reload Odoo's pages.",
    )


def removed(report: RemovalReport) -> tuple[str, ...]:
    """Return what `remove` took away, part by part; nothing if there was nothing."""
    return (
        *(("Taken away from Odoo:",) if report.removed else ()),
        *_by_part((), report.removed),
        *(f"Taken away: the saved search “{name}”, which used our fields." for name in report.favourites),
    )


def _by_part(new: tuple[str, ...], others: tuple[str, ...]) -> Iterator[str]:
    for words, beginnings in _PARTS:
        count_new = sum(key.startswith(beginnings) for key in new)
        count = count_new + sum(key.startswith(beginnings) for key in others)
        if count:
            yield f"  {count:>2} {words}" + (f", {count_new} of them new" if 0 < count_new < count else "")
