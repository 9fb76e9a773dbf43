"""What the checks say of what they could not look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.domain.checks.finding import code_of
from connector.domain.findings import Finding, Severity
from connector.domain.text import text

NOT_CHECKED: Final[Mapping[str, str]] = {
    "A3": "not_in_ledger",
    "A4": "not_in_ledger",
    "A5": "not_in_ledger",
    "A6": "not_in_ledger",
    "A6.policies": "not_for_us",
    "A7": "not_in_ledger",
    "A8": "not_in_ledger",
    "B8": "not_in_ledger",
    "C4": "not_in_ledger",
    "D3": "not_in_ledger",
    "D8": "not_in_ledger",
    "E6": "no_number",
    "E9": "not_in_ledger",
    "E15": "not_searched",
    "F2": "not_fetched",
    "G1": "not_asked",
    "G2": "not_asked",
    "G2.payout": "not_stated",
}
"""What was not checked, and why: keys of texts under `not_checked` and `why_not`."""


def not_checked(key: str, *, field: str = "", right: str = "") -> Finding:
    """The finding that a check could not be made, told by `key` of `NOT_CHECKED`.

    `right` is what would let us look, as the ledger calls it.
    """
    why = text(f"why_not.{NOT_CHECKED[key]}")
    if right:
        why = text("why_not_without", why=why, right=right)
    return Finding(
        code=code_of(key),
        severity=Severity.INFO,
        field=field,
        says=text("not_checked", what=text(f"not_checked.{key}"), why=why),
    )
