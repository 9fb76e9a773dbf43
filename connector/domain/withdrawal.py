"""Why a case is withdrawn, as it is kept: Amili has no field for it (amili/API.md, "Cancellations")."""

from __future__ import annotations

from connector.domain.redaction import without_personal_numbers

LONGEST_REASON_CHARACTERS = 500


def kept_reason(text: str) -> str:
    """A reason as it is kept: on one line, bounded, without personal numbers."""
    return " ".join(without_personal_numbers(text).split())[:LONGEST_REASON_CHARACTERS]
