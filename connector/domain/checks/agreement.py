"""Part G: the creditor at Amili. Source: RULES.md, "G: the creditor"; amili/API.md, "Rules of registration"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connector.domain.assessment import CreditorStatus
from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.findings import Finding, Severity


def check(
    settings: ConnectionSettings, creditor: CreditorStatus | None, *, first_action: FirstAction | str
) -> Iterator[Finding]:
    """G1 and G2. `creditor` is what Amili says, or None if Amili was not asked."""
    yield from _g1_mapped(settings, creditor)
    if first_action not in settings.first_actions:
        yield finding("G1.first_action", Severity.BLOCK, field="first_action", value=first_action, action=first_action)
    yield from _g2_active(creditor)


def _g1_mapped(settings: ConnectionSettings, creditor: CreditorStatus | None) -> Iterator[Finding]:
    environment = settings.environment.value
    if not settings.account or not settings.creditor:
        field = "settings.creditor" if settings.account else "settings.account"
        yield finding("G1.missing", Severity.BLOCK, field=field, environment=environment)
    elif creditor is None:
        yield not_checked("G1", field="settings.creditor")
    elif (settings.account, settings.creditor) != (creditor.account, creditor.id):
        yield finding(
            "G1.mismatch",
            Severity.BLOCK,
            field="settings.creditor",
            value=settings.creditor,
            environment=environment,
        )
    elif _differ(settings.organization_number, creditor.organization_number):
        yield finding("G1.organization", Severity.BLOCK, field="settings.organization_number", environment=environment)


def _g2_active(creditor: CreditorStatus | None) -> Iterator[Finding]:
    if creditor is None:
        yield not_checked("G2", field="creditor")
        return
    if not creditor.is_active:
        yield finding("G2.inactive", Severity.BLOCK, field="creditor.is_active")
    if creditor.has_payout_account is None:
        yield not_checked("G2.payout", field="creditor.payout_account")
    elif not creditor.has_payout_account:
        yield finding("G2.payout", Severity.BLOCK, field="creditor.payout_account")


def _differ(one: str, other: str) -> bool:
    # The last ten digits: some systems put "16" before an organisation's number.
    numbers = [re.sub(r"[^0-9]", "", number)[-10:] for number in (one, other)]
    return all(numbers) and numbers[0] != numbers[1]
