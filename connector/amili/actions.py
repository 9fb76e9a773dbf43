"""What the creditor tells Amili of a running case: payments, creditings, cancellations.

Source: API.md, "Actions". A 201 is no success: whether, and for how much, an action took effect is read afterwards
(`RegisteredAction`, judged by `connector.amili.status.outcome`). Amili has no idempotency key, so our own reference
goes with payments and creditings and is looked for before any repetition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import AliasChoices, Field

from connector.amili.answers import unclear
from connector.amili.fields import (
    Amount,
    Currency,
    Day,
    Filled,
    Id,
    Incoming,
    Moment,
    Outgoing,
    PositiveKronor,
    Shown,
    Text,
    to_json,
)
from connector.domain.action import ActionKind

SEND_ACCOUNT = False
"""Whether actions carry the `account`. Older pages require it, newer ones call it readonly, set from the case
(API.md, "Contradictions"). Unconfirmed."""

ACTION_PATHS: Mapping[ActionKind, str] = MappingProxyType(
    {
        ActionKind.PAYMENT: "/creditor--payments",
        ActionKind.CREDITING: "/creditor--creditings",
        ActionKind.CANCELLATION: "/creditor--cancellations",
    }
)
"""Where each kind is created, listed and read back (API.md, "Actions")."""


class CreditorPayment(Outgoing):
    """A payment that the debtor made directly to the creditor (API.md, "Payments"); never one that Amili paid out.

    `bank_transaction_date` is the day it was booked at the bank, which is the day it discharges the debtor
    (RULES.md, "After the hand-over"); `creditor_payment_reference` is our own, one for each payment of the ledger.
    Amount in kronor.
    """

    kind: ClassVar[ActionKind] = ActionKind.PAYMENT

    account: Filled
    creditor: Filled
    case: Filled
    currency: Currency = "SEK"
    amount: PositiveKronor
    bank_transaction_date: date
    creditor_payment_reference: Filled
    origin: Literal["creditor_system"] = "creditor_system"

    @property
    def reference(self) -> str:
        """Return what it is found again by."""
        return self.creditor_payment_reference

    @property
    def booked_on(self) -> date | None:
        """The bank's day."""
        return self.bank_transaction_date


class CreditorCrediting(Outgoing):
    """A credit of the capital, whole or in part (API.md, "Creditings").

    `credit_invoice` is the number of the credit invoice in the ledger, `creditor_reference` our own, one for each
    credit. Amount in kronor, positive.
    """

    kind: ClassVar[ActionKind] = ActionKind.CREDITING

    account: Filled
    creditor: Filled
    case: Filled
    currency: Currency = "SEK"
    amount: PositiveKronor
    credit_invoice: Filled | None = None
    creditor_reference: Filled
    origin: Literal["creditor_system"] = "creditor_system"

    @property
    def reference(self) -> str:
        """Return what it is found again by."""
        return self.creditor_reference

    @property
    def booked_on(self) -> date | None:
        """A crediting names no day."""
        return None


class CreditorCancellation(Outgoing):
    """The withdrawal of a case: it is not pursued any further (API.md, "Cancellations").

    Amili takes no reason, no amount and no reference, so the reason stays with us. Whether it costs the creditor
    anything is not documented; other collectors charge by stage (RULES.md, "After the hand-over"), so anyone who asks
    is told before.
    """

    kind: ClassVar[ActionKind] = ActionKind.CANCELLATION

    account: Filled
    creditor: Filled
    case: Filled
    origin: Literal["creditor_system"] = "creditor_system"


Action = CreditorPayment | CreditorCrediting | CreditorCancellation


class ActionReceipt(Incoming):
    """The answer to an action: it was taken in. `announced` is the vendor's word of that moment, not the outcome."""

    id: Id = Field(validation_alias="_id")
    announced: Shown = Field("", validation_alias=AliasChoices("_payment_status", "_cancellation_status"))


class RegisteredAction(Incoming):
    """A payment, crediting or cancellation as Amili shows it (API.md, "What became of an action").

    Amounts are kronor. `status` and `status_reason` (a locale key) are kept as they came, "" if they are not shown;
    `settled_amount` is what was actually settled, `None` where it is not shown. A cancellation has no amounts and no
    reference.
    """

    id: Id = Field(validation_alias="_id")
    creditor: Text | None = None
    case_id: Text | None = Field(None, validation_alias="case")
    amount: Amount = None
    settled_amount: Amount = None
    booked_on: Day = Field(None, validation_alias="bank_transaction_date")
    reference: Shown = Field("", validation_alias=AliasChoices("creditor_payment_reference", "creditor_reference"))
    credit_invoice: Shown = ""
    status: Shown = ""
    status_reason: Shown = Field("", validation_alias="status_reason_locale")
    invoice_number: Shown = Field("", validation_alias=AliasChoices("case_invoice_number", "invoice_number"))
    created_at: Moment = Field(None, validation_alias="_created")
    updated_at: Moment = Field(None, validation_alias="_updated")


def action_json(action: Action) -> bytes:
    """The bytes to send. Raises `InexactAmount` for an amount that a JSON number cannot carry to the öre."""
    return to_json(action, leave_out=() if SEND_ACCOUNT else ("account",))


def matching(action: Action, found: Iterable[RegisteredAction], *, operation: str) -> tuple[RegisteredAction, ...]:
    """Those of `found` that are `action`: of its case, and with exactly its reference, where its kind has one.

    Anyone who asks is about to send, and must not take an unclear answer for "none". So it raises `Unclear` for an
    action without a case, and for one without any reference that may be ours by amount and day: if it was entered by
    hand, reporting it again would take the money off twice.
    """
    same: list[RegisteredAction] = []
    for one in found:
        if one.case_id is None:
            raise unclear("answered with an action that names no case", operation=operation)
        if one.case_id != action.case:
            continue
        if isinstance(action, CreditorCancellation) or one.reference == action.reference:
            same.append(one)
        elif not one.reference and _may_be(one, action):
            raise unclear(
                f"shows the {action.kind} {one.id} of the same amount without a reference, which may be this one",
                operation=operation,
            )
    return tuple(same)


def _may_be(one: RegisteredAction, action: CreditorPayment | CreditorCrediting) -> bool:
    return one.amount in (None, action.amount) and (
        one.booked_on is None or action.booked_on is None or one.booked_on == action.booked_on
    )
