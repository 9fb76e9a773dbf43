"""What a difference most likely comes from, and what resolves it."""

from __future__ import annotations

from connector.domain.reconcile import Difference, DifferenceKind
from connector.domain.text import Text, text


def cause(difference: Difference) -> Text:
    """Return what a difference comes from and what to do."""
    return text("cause.decided") if difference.is_decided else cause_of(difference.kind)


def cause_of(kind: DifferenceKind) -> Text:
    """Return what differences of this kind come from and what to do."""
    return text(f"cause.{kind}")
