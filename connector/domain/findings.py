"""Findings: the results of checks, in the words of the people who can fix them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from connector.domain.invoice import Frozen


class Severity(StrEnum):
    """How much a finding stops. Source: RULES.md, "How a check stops"."""

    BLOCK = "block"
    """Cannot be sent."""
    LIFTABLE = "liftable_block"
    """Cannot be sent until a named person lifts it with a reason."""
    WARNING = "warning"
    """Needs a person's tick."""
    INFO = "info"
    """Is only shown."""


class Finding(Frozen):
    """One result of a check.

    `code` is the check's id ("E3"; see RULES.md, "How a check stops"), or one of ours for what a remote system said
    ("amili_refused", "pdf_unavailable", ...). `field` names the thing to fix in our neutral form
    ("customer.id_number"), `value` is what stands there, masked.
    """

    code: str
    severity: Severity
    field: str = ""
    value: str = ""
    sv: str
    en: str


def stops(findings: Iterable[Finding], *, accepted: Iterable[str], lifted: Mapping[str, str]) -> tuple[Finding, ...]:
    """The findings that still stop a hand-over.

    A block always does; a liftable block unless its code is a key of `lifted` (code to a person's reason);
    a warning unless its code is in `accepted` (ticked by a person, or accepted for the whole connection).
    """
    ticked = set(accepted)

    def stands(finding: Finding) -> bool:
        match finding.severity:
            case Severity.BLOCK:
                return True
            case Severity.LIFTABLE:
                return not lifted.get(finding.code)
            case Severity.WARNING:
                return finding.code not in ticked
            case Severity.INFO:
                return False

    return tuple(finding for finding in findings if stands(finding))


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of how much they stop."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def masked(value: str, *, shown: int = 4) -> str:
    """`value` with all but its last `shown` characters replaced: for keys and account numbers."""
    return "•" * max(len(value) - shown, 0) + value[-shown:] if len(value) > shown else "•" * len(value)
