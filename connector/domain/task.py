"""The words for tasks: what waits for a person, and what a person can do about it."""

from __future__ import annotations

from enum import StrEnum


class TaskKind(StrEnum):
    """Why something waits for a person; the most urgent first."""

    KEY_REFUSED = "key_refused"
    """The ledger does not accept our key, and everything of the company waits."""
    FAILING = "failing"
    """Amili refuses what the connector needs, or a step of its work has failed for an hour on end."""
    UNKNOWN = "unknown"
    """Whether a registration reached Amili has not been found out for long."""
    FOLLOW_UP = "follow_up"
    """A payment, credit or dispute after the hand-over asks for a decision."""
    BLOCKED = "blocked"
    """Findings stop an invoice that someone wants to send."""
    PLAN = "plan"
    """What a rule proposes is too much to go without a person."""
    DIFFERENCE = "difference"
    """Ledger and Amili do not agree about a case, and nothing that is under way ends it."""
    DELAYED = "delayed"
    """A hand-over has waited for another system for long."""
    REMARK = "remark"
    """A case stands, but something beside it failed: the invoice copy, the note in the ledger."""
    NOT_COMPARED = "not_compared"
    """The comparison with Amili has failed for several nights."""
    KEY_ENDS = "key_ends"
    """The key to the ledger ends soon."""


class TaskAct(StrEnum):
    """What a person did about a task."""

    ASSIGNED = "assigned"
    SKIPPED = "skipped"
    REOPENED = "reopened"
