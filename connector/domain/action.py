"""What a creditor tells the collector of a running case, and what became of it."""

from __future__ import annotations

from enum import StrEnum


class ActionKind(StrEnum):
    """The acts of a creditor on a case (amili/API.md, "Actions")."""

    PAYMENT = "payment"
    """The debtor paid the creditor directly."""
    CREDITING = "crediting"
    """The creditor credited the invoice, whole or in part."""
    CANCELLATION = "cancellation"
    """The creditor withdraws the case."""


class ActionOutcome(StrEnum):
    """What became of an act that the collector took in."""

    DONE = "done"
    """All of it took effect."""
    DIFFERENT = "different"
    """It was taken with a warning, or for another amount: a person should look."""
    FAILED = "failed"
    """It was taken in and then had no effect."""
    UNKNOWN = "unknown"
    """The collector does not say, or says something undocumented. Never taken for done."""
