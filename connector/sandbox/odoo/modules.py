"""Modules of OCA that the imitation can have: what each adds, and who may see it.

Written from their sources: OCA/credit-control (`account_credit_control`, `account_credit_control_dunning_fees`, and
`account_invoice_overdue_reminder`, which exists up to 18) and OCA/partner-contact (`partner_identification`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion

REMINDER_MODEL = "credit.control.line"
FEES_OF_REMINDERS = "dunning_fees_amount"
POLICY_MODEL = "credit.control.policy"
OVERDUE_MODEL = "account.invoice.overdue.reminder"
ACTION_MODEL = "overdue.reminder.action"
NUMBER_MODEL = "res.partner.id_number"

CREDIT_INFO = "account_credit_control.group_account_credit_control_info"
"""The least group of the credit control module. Invoicing may read its lines, and nothing else of it."""

ONLY_FOR_GROUP: Mapping[tuple[str, str], str] = {("account.move", "credit_policy_id"): CREDIT_INFO}
"""Fields that Odoo shows to members of one group alone, by model and name."""

READ_BY_GROUP: Mapping[str, str] = {POLICY_MODEL: CREDIT_INFO}
"""Models that only members of one group may read."""

F = TypeVar("F")


@dataclass(frozen=True)
class _Module:
    """What a module adds: models of its own, and fields on others, by model."""

    models: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)


_CREDIT_CONTROL = _Module(
    frozenset({REMINDER_MODEL, POLICY_MODEL}),
    {"account.move": frozenset({"credit_policy_id"}), "res.partner": frozenset({"credit_policy_id"})},
)
_FEES = _Module(fields={REMINDER_MODEL: frozenset({FEES_OF_REMINDERS})})
_OVERDUE = _Module(
    frozenset({OVERDUE_MODEL, ACTION_MODEL}),
    {
        "account.move": frozenset({"no_overdue_reminder", "overdue_reminder_ids", "overdue_reminder_last_date"}),
        "res.partner": frozenset({"no_overdue_reminder"}),
    },
)
_NUMBERS = _Module(frozenset({NUMBER_MODEL}), {"res.partner": frozenset({"id_numbers"})})


def _missing(switches: LedgerSwitches) -> tuple[_Module, ...]:
    installed = (
        (_CREDIT_CONTROL, switches.reminder_module),
        (_FEES, switches.reminder_fees),
        (_OVERDUE, switches.overdue_reminder_module and switches.version is not OdooVersion.V19),
        (_NUMBERS, switches.identification_module),
    )
    return tuple(module for module, is_there in installed if not is_there)


def without_missing_models(models: Iterable[str], switches: LedgerSwitches) -> frozenset[str]:
    """Those of `models` that no module is missing for."""
    missing = [model for module in _missing(switches) for model in module.models]
    return frozenset(models) - frozenset(missing)


def without_missing_fields(model: str, fields: Mapping[str, F], switches: LedgerSwitches) -> Mapping[str, F]:
    """Those of the `fields` of `model` that no module is missing for."""
    missing = {name for module in _missing(switches) for name in module.fields.get(model, ())}
    return {name: one for name, one in fields.items() if name not in missing} if missing else fields
