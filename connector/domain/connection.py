"""The settings of one connection: one ledger joined to one Amili creditor.

This model is the `connection_settings` schema in manifest.json. Secrets are not in it; the store keeps them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.domain.money import Kronor


class FirstAction(StrEnum):
    """Where a case enters Amili's flow. Source: amili.md 2.1; other values exist, undocumented."""

    REMINDER = "reminder"
    DEBT_COLLECTION = "debt_collection"


class Environment(StrEnum):
    SANDBOX = "sandbox"
    PRODUCTION = "production"


class ReminderPolicy(BaseModel):
    """What the creditor's own reminders charge, for ledgers that do not record it themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fee: Kronor = Field(
        Decimal("0.00"),
        description="Reminder fee in kronor that the company charges per claim; at most 60 (lag 1981:739).",
    )
    fee_agreed: bool = Field(
        False,
        description="The reminder fee is agreed with the customer at latest when the debt arises (lag 1981:739, 2 §).",
    )


class EscalationRule(BaseModel):
    """When `propose` proposes an overdue invoice, and how large a plan may go without a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days_after_due: int = Field(14, ge=1, description="Days after the due date before an invoice is proposed.")
    days_after_reminder: int = Field(
        10, ge=0, description="Days after the company's own latest reminder before it is proposed."
    )
    most_invoices: int = Field(50, ge=1, description="A plan of more invoices waits for a person.")
    most_amount: Kronor = Field(Decimal("500000.00"), description="A plan of more kronor in all waits for a person.")


class ConnectionSettings(BaseModel):
    """How one company's invoices become cases. Every field may be changed later without setting up again."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Connection settings")

    environment: Environment = Field(Environment.SANDBOX, description="Which of Amili's environments cases go to.")
    account: str = Field("", description="Amili's id of the account (24 hexadecimal characters).")
    creditor: str = Field("", description="Amili's id of the creditor (24 hexadecimal characters).")
    organization_number: str = Field("", description="The company's organisation number, ten digits.")
    first_action: FirstAction = Field(
        FirstAction.REMINDER, description="Where a case starts unless the sender chooses otherwise."
    )
    debt_description: str = Field(
        "{lines}",
        min_length=1,
        description=(
            "Template of the text after 'The debt concerns'. Placeholders: {lines}, {invoice_number}, {invoice_date}."
        ),
    )
    invoice_fee_agreed: bool = Field(
        False, description="The invoice fee is agreed with the customers (clears warning B4)."
    )
    reminders: ReminderPolicy = Field(default_factory=ReminderPolicy, description="The company's own reminders.")
    minimum_amount: Kronor = Field(
        Decimal("100.00"), description="Below this capital a hand-over needs a tick (B5), in kronor."
    )
    maximum_amount: Kronor = Field(
        Decimal("100000.00"), description="Above this capital a person must lift B6, in kronor."
    )
    rule: EscalationRule = Field(default_factory=EscalationRule, description="What `propose` goes by.")
    require_pdf: bool = Field(False, description="Do not register a case whose invoice PDF cannot be had (F2 blocks).")
    accepted_warnings: Annotated[
        tuple[str, ...],
        Field(description='Codes of warnings that never need a tick in this company, for example ["C5"].'),
    ] = ()
    host: dict[str, Any] = Field(default_factory=dict, description="Settings of the host, by the host's own schema.")


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The first setting that is wrong, its parts joined by points, and what is wrong with it; never its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return field, str(first["msg"]).removeprefix("Value error, ").rstrip(".")
