"""Amili's words in ours: only those that are documented. Every other value is shown as itself, never guessed at.

Source: API.md, "State and closing", "What became of an action" and "Payouts". The full lists of states and statuses are
not public, so nothing here says that a case is closed or paid: `connector.amili.models.is_closed` and the amounts do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connector.amili.actions import RegisteredAction
from connector.domain.action import ActionOutcome
from connector.domain.text import Fact, text


@dataclass(frozen=True)
class Known:
    """The documented values of one field of Amili's, and the family of the texts that say them."""

    family: str
    values: frozenset[str]


CASE_STATES: Final = Known("case_state", frozenset({"initializing", "invoice", "reminder", "debt_collection"}))
"""`state` of a case, and of a payout line."""

CASE_STATUSES: Final = Known("case_status", frozenset({"initialized", "invoice", "debt_collection_active"}))
"""`status` of a case."""

ACTION_STATUSES: Final = Known("action_status", frozenset({"completed", "warning", "error"}))
"""`status` of a payment, crediting or cancellation; a cancellation knows no `error`."""

FINANCE_CATEGORIES: Final = Known(
    "finance_category", frozenset({"capital", "interest", "creditor_commission", "creditor_outlay"})
)
"""`finance_category` of a payout line."""

FINANCE_ARTICLES: Final = Known(
    "finance_article",
    frozenset(
        {
            "capital",
            "interest",
            "reminder",
            "debt_collection",
            "invoice_fee",
            "late_payment_fee",
            "verdict_fee",
            "enforcement",
        }
    ),
)
"""`article` of a payout line."""


def words_for(value: str, known: Known) -> Fact:
    """Our words for one of Amili's values; an undocumented one is shown unchanged, in both languages."""
    return text(f"{known.family}.{value}") if value in known.values else value


def outcome(action: RegisteredAction) -> ActionOutcome:
    """Return what became of an action, from what Amili shows of it (API.md, "What became of an action").

    `UNKNOWN` where it shows no status, or an undocumented one; what was announced when it was taken in proves nothing.
    """
    settled_otherwise = (
        action.settled_amount is not None and action.amount is not None and action.settled_amount != action.amount
    )
    match action.status:
        case "error":
            return ActionOutcome.FAILED
        case "warning":
            return ActionOutcome.DIFFERENT
        case "completed":
            return ActionOutcome.DIFFERENT if settled_otherwise else ActionOutcome.DONE
        case _:
            return ActionOutcome.UNKNOWN
