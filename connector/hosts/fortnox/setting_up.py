"""What is made ready inside a company's Fortnox when it is connected: the labels that its people see and set."""

from __future__ import annotations

from connector.hosts.base import SetUp
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.labels import find_or_create
from connector.hosts.fortnox.settings import FortnoxSettings


def prepare(client: FortnoxClient, settings: FortnoxSettings) -> SetUp:
    """Find or make the labels of `settings`; safe to repeat, and to run twice at once.

    Those by which people ask, and mark what is disputed, are made only where the company has named them. Raises the
    errors of `FortnoxClient`; no case depends on it: the label of cases is made when first needed, and people can make
    theirs.
    """
    uses = {
        settings.request_label: "is how people ask for collection",
        settings.case_label: "stands on invoices that are at Amili and take no case id",
        settings.dispute_label: "marks invoices that are disputed",
    }
    wanted = {label: use for label, use in uses.items() if label}
    return SetUp(tuple(line for label, use in wanted.items() for line in _lines(client, label, use)))


def _lines(client: FortnoxClient, label: str, use: str) -> tuple[str, ...]:
    first, *others = find_or_create(client, label)
    if not others:
        return (f"The label “{label}” (number {first}) {use}.",)
    also = ", ".join(str(one) for one in others)
    return (
        f"The label “{label}” {use}.",
        f"There are several with this text, which mean the same: {first} is set; {also} may be removed if unused.",
    )
