"""The settings of one connection: one ledger joined to one Amili creditor.

This model is the `connection_settings` schema in manifest.json. Secrets are not in it; the store keeps them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from connector.domain.money import Kronor


class FirstAction(StrEnum):
    """Where a case enters Amili's flow: the two most common values, as the vendor's guide calls them."""

    REMINDER = "reminder"
    DEBT_COLLECTION = "debt_collection"


OtherFirstAction = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,59}$")]
"""Another value, that a company has agreed with Amili; which there are is not documented."""

AnyFirstAction = Annotated[FirstAction | str, Field(union_mode="left_to_right")]


def first_action_of(text: str) -> FirstAction | str:
    """The first action that `text` names: one of the two known ones, else the text as it is."""
    return FirstAction(text) if text in tuple(FirstAction) else text


class Environment(StrEnum):
    SANDBOX = "sandbox"
    PRODUCTION = "production"


class ReminderPolicy(BaseModel):
    """What the creditor's own reminders charge, for ledgers that do not record it themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fee: Kronor = Field(
        Decimal("0.00"),
        description=(
            "Reminder fee in kronor that the company charges per claim; at most 60 (lag 1981:739). Claimed for a "
            "reminder that the ledger shows without its fee, and never where it shows none (D3)."
        ),
    )
    fee_agreed: bool = Field(
        False,
        description="The reminder fee is agreed with the customer at latest when the debt arises (lag 1981:739, 2 §).",
    )
    in_ledger: bool = Field(
        True,
        description=(
            "The ledger keeps the company's own reminders. False where they are sent elsewhere, so that none in the "
            "ledger says nothing (C4)."
        ),
    )


class EscalationRule(BaseModel):
    """When `propose` proposes an overdue invoice, and how large a plan may go without a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days_after_due: int = Field(14, ge=1, description="Days after the last day to pay before an invoice is proposed.")
    bank_days_after_due: int = Field(
        5, ge=0, description="Bank days after the last day to pay that must be over as well, before a rule sends (C3)."
    )
    days_after_reminder: int = Field(
        10, ge=0, description="Days after the company's own latest reminder before it is proposed."
    )
    oldest_months: int = Field(
        12, ge=12, description="Months from the invoice date up to which a rule takes an invoice (C7)."
    )
    most_invoices: int = Field(50, ge=1, description="A plan of more invoices waits for a person.")
    most_amount: Kronor = Field(Decimal("500000.00"), description="A plan of more kronor in all waits for a person.")


class ClaimScope(BaseModel):
    """Claims of one kind, by what the company says of its products, accounts and customers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    products: tuple[str, ...] = Field((), description="Internal references, article numbers or names of products.")
    accounts: tuple[str, ...] = Field((), description="Codes of the accounts that the lines are booked on.")
    customers: tuple[str, ...] = Field((), description="Numbers or ids of customers in the ledger.")


class ConnectionSettings(BaseModel):
    """How one company's invoices become cases. Every field may be changed later without setting up again."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        title="Connection settings",
        json_schema_extra={
            "if": {"properties": {"other_first_actions": {"maxItems": 0}}},
            "then": {"properties": {"first_action": {"enum": [action.value for action in FirstAction]}}},
        },
    )

    environment: Environment = Field(Environment.SANDBOX, description="Which of Amili's environments cases go to.")
    account: str = Field("", description="Amili's id of the account (24 hexadecimal characters).")
    creditor: str = Field("", description="Amili's id of the creditor (24 hexadecimal characters).")
    organization_number: str = Field("", description="The company's organisation number, ten digits.")
    other_first_actions: tuple[OtherFirstAction, ...] = Field(
        (),
        description=(
            "Further values of first_action that the company has agreed with Amili, passed on as they are. "
            "The default and the sender's choice may then be one of them."
        ),
    )
    first_action: AnyFirstAction = Field(
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
    own_reminder_expected: bool = Field(
        False, description="A collection demand without an own reminder before it needs a tick (warning C4)."
    )
    bank_days_after_due: int = Field(
        0, ge=0, description="Bank days after the last day to pay before a person sends without lifting C3."
    )
    minimum_amount: Kronor = Field(
        Decimal("100.00"), description="Below this capital a hand-over needs a tick (B5), in kronor."
    )
    maximum_amount: Kronor = Field(
        Decimal("100000.00"), description="Above this capital a person must lift B6, in kronor."
    )
    rule: EscalationRule = Field(default_factory=EscalationRule, description="What `propose` goes by.")
    group_numbers: tuple[str, ...] = Field(
        (), description="Organisation numbers of the company's group; a claim on one needs a tick (E14)."
    )
    special_claims: ClaimScope = Field(
        default_factory=ClaimScope,
        description="Claims that special rules hold for: rent, energy, credit, parking, toll. A person must lift F3.",
    )
    sensitive_claims: ClaimScope = Field(
        default_factory=ClaimScope,
        description="Claims whose invoice may disclose care, school or legal matters: look at each PDF (F4).",
    )
    require_pdf: bool = Field(False, description="Do not register a case whose invoice PDF cannot be had (F2 blocks).")
    accepted_warnings: Annotated[
        tuple[str, ...],
        Field(description='Codes of warnings that never need a tick in this company, for example ["C5"].'),
    ] = ()
    host: dict[str, Any] = Field(default_factory=dict, description="Settings of the host, by the host's own schema.")

    @property
    def first_actions(self) -> tuple[FirstAction | str, ...]:
        """Every first action that can be chosen: the two known ones, then those agreed with Amili."""
        return tuple(dict.fromkeys((*FirstAction, *map(first_action_of, self.other_first_actions))))

    @field_validator("first_action")
    @classmethod
    def _can_be_chosen(cls, action: FirstAction | str, info: ValidationInfo) -> FirstAction | str:
        if action not in (*FirstAction, *info.data.get("other_first_actions", ())):
            raise ValueError("must be reminder, debt_collection or one of other_first_actions")
        return action


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The first setting that is wrong, its parts joined by points, and what is wrong with it; never its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return field, str(first["msg"]).removeprefix("Value error, ").rstrip(".")
