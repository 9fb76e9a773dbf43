"""Amili's words in ours: only those that are documented. Every other value is shown as itself, never guessed at.

Source: API.md, "State and closing", "What became of an action" and "Payouts". The full lists of states and statuses are
not public, so nothing here says that a case is closed or paid: `connector.amili.models.is_closed` and the amounts do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.amili.actions import RegisteredAction
from connector.domain.action import ActionOutcome
from connector.domain.checks.words import Words

CASE_STATES: Mapping[str, Words] = MappingProxyType(
    {
        "initializing": Words(sv="Registrerat", en="Registered"),
        "invoice": Words(sv="Faktura", en="Invoice"),
        "reminder": Words(sv="Påminnelse", en="Reminder"),
        "debt_collection": Words(sv="Inkassokrav", en="Collection demand"),
    }
)
"""`state` of a case, and of a payout line."""

CASE_STATUSES: Mapping[str, Words] = MappingProxyType(
    {
        "initialized": Words(sv="Registrerat", en="Registered"),
        "invoice": Words(sv="Faktura", en="Invoice"),
        "debt_collection_active": Words(sv="Inkasso pågår", en="In debt collection"),
    }
)
"""`status` of a case."""

ACTION_STATUSES: Mapping[str, Words] = MappingProxyType(
    {
        "completed": Words(sv="Genomfört", en="Completed"),
        "warning": Words(sv="Genomfört med varning", en="Completed with a warning"),
        "error": Words(sv="Misslyckades hos Amili", en="Failed at Amili"),
    }
)
"""`status` of a payment, crediting or cancellation; a cancellation knows no `error`."""

FINANCE_CATEGORIES: Mapping[str, Words] = MappingProxyType(
    {
        "capital": Words(sv="Kapital", en="Capital"),
        "interest": Words(sv="Dröjsmålsränta", en="Late interest"),
        "creditor_commission": Words(sv="Provision till borgenären", en="Commission to the creditor"),
        "creditor_outlay": Words(sv="Borgenärens egna avgifter", en="The creditor's own fees"),
    }
)
"""`finance_category` of a payout line."""

FINANCE_ARTICLES: Mapping[str, Words] = MappingProxyType(
    {
        "capital": Words(sv="Kapital", en="Capital"),
        "interest": Words(sv="Dröjsmålsränta", en="Late interest"),
        "reminder": Words(sv="Påminnelseavgift", en="Reminder fee"),
        "debt_collection": Words(sv="Inkassokostnad", en="Collection cost"),
        "invoice_fee": Words(sv="Faktureringsavgift", en="Invoice fee"),
        "late_payment_fee": Words(sv="Förseningsersättning", en="Late-payment compensation"),
        "verdict_fee": Words(sv="Avgift enligt utslag", en="Court verdict fee"),
        "enforcement": Words(sv="Verkställighet", en="Enforcement"),
    }
)
"""`article` of a payout line."""


def words_for(value: str, table: Mapping[str, Words]) -> Words:
    """Our words for one of Amili's values; an undocumented one is shown unchanged, in both languages."""
    return table.get(value, Words(sv=value, en=value))


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
