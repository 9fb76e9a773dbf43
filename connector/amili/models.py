"""What goes to Amili, exactly, and what comes back, tolerantly: registrations, cases, creditors, accounts, pages.

What Amili knows of the debtor (name, number, addresses) is not modelled at all. The kinds of field are in
`connector.amili.fields`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AliasPath, BeforeValidator, Field, model_validator

from connector.amili.fields import (
    Amount,
    Currency,
    Filled,
    Id,
    Incoming,
    Moment,
    Outgoing,
    PositiveKronor,
    Shown,
    Text,
    Texts,
)
from connector.domain.connection import FirstAction

ORIGINAL_INVOICE_FIELD = "original_invoice"
"""Where a case would show its uploaded invoice: the `dotted_path` of the upload. Unconfirmed for reading."""


class RegistrationAddress(Outgoing):
    """The debtor's address; an absent part is left out. `zip_code` is five digits, `country` ISO 3166-1."""

    address_line_1: Filled | None = Field(None, repr=False)
    zip_code: Filled | None = Field(None, repr=False)
    city: Filled | None = Field(None, repr=False)
    country: Filled | None = None


class RegistrationCustomer(Outgoing):
    """The debtor (amili.md 2.2). `id_number` is digits only: 10 for organisations, 12 for persons."""

    name: Filled = Field(repr=False)
    id_number: Annotated[str, Field(pattern=r"^([0-9]{10}|[0-9]{12})$")] | None = Field(None, repr=False)
    is_company: bool | None = None
    address: RegistrationAddress | None = None
    mobile_number: Filled | None = Field(None, repr=False)
    email: Filled | None = Field(None, repr=False)


class IncludedFees(Outgoing):
    """Fees inside `capital_to_claim`, in kronor including VAT."""

    invoice_fee: PositiveKronor


class ClaimedReminder(Outgoing):
    """A reminder fee (kronor) that the creditor charged beside the capital, and the day it did."""

    amount: PositiveKronor
    fee_registration_date: date


class ClaimedFees(Outgoing):
    """Fees already charged, outside `capital_to_claim`."""

    reminder: ClaimedReminder


class RegistrationDebt(Outgoing):
    """One debt (amili.md 2.3); becomes one case."""

    invoice_number: Filled
    debt_description: Filled | None = Field(None, repr=False)
    invoice_date: date
    capital_to_claim: PositiveKronor
    invoice_due_days_after_invoice_date: Annotated[int, Field(ge=0)]
    fees_included_in_capital_to_claim: IncludedFees | None = None
    fees_already_claimed: ClaimedFees | None = None

    @model_validator(mode="after")
    def _fee_is_part_of_capital(self) -> Self:
        included = self.fees_included_in_capital_to_claim
        if included and included.invoice_fee > self.capital_to_claim:
            raise ValueError("the invoice fee is more than the capital that includes it")
        return self


class CaseRegistration(Outgoing):
    """The body of `POST /case--registrations`; the order of fields is the guide's.

    Exactly one debt: the answer does not say which case belongs to which debt (amili.md 2.4).
    """

    account: Filled
    creditor: Filled
    first_action: FirstAction
    currency: Currency
    customer: RegistrationCustomer
    debts: tuple[RegistrationDebt]


class RegistrationReceipt(Incoming):
    """The answer to a registration of one debt (amili.md 2.4): so exactly one case, else it is no receipt."""

    registration_id: Id = Field(validation_alias="_id")
    case_ids: tuple[Id] = Field(validation_alias="_cases")
    ocr_number_ids: Texts = Field((), validation_alias="_ocr_numbers")
    ocr_numbers: Texts = Field((), validation_alias="_ocr_numbers_ocr")

    @property
    def case_id(self) -> str:
        """The id of the case, for every later action."""
        return self.case_ids[0]

    @property
    def ocr_number(self) -> str:
        """The payment reference that the debtor is to use with Amili, or "" if none was given."""
        return self.ocr_numbers[0] if self.ocr_numbers else ""


class CaseAmounts(Incoming):
    """What was put on a case and what is left of it, in kronor; `None` where Amili shows none (amili.md 4.1).

    `transaction` is the sum of capital, costs and interest.
    """

    added_capital: Amount = Field(None, validation_alias="added_capital_amount")
    added_costs: Amount = Field(None, validation_alias="added_costs_amount")
    added_interest: Amount = Field(None, validation_alias="added_interest_amount")
    added_transaction: Amount = Field(None, validation_alias="added_transaction_amount")
    remaining_capital: Amount = Field(None, validation_alias="remaining_capital_amount")
    remaining_costs: Amount = Field(None, validation_alias="remaining_costs_amount")
    remaining_interest: Amount = Field(None, validation_alias="remaining_interest_amount")
    remaining_transaction: Amount = Field(None, validation_alias="remaining_transaction_amount")

    @property
    def settled_capital(self) -> Decimal | None:
        """How much of the capital has been paid or credited; `None` is unknown. Amili does not tell the two apart."""
        if self.added_capital is None or self.remaining_capital is None:
            return None
        return self.added_capital - self.remaining_capital


class StateChange(Incoming):
    """One entry of a case's `state_history` (amili.md 4.2)."""

    state: Shown = ""
    at: Moment = Field(None, validation_alias="state_date")


def _entries(value: object) -> list[object]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _as_came(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list) else ()


class Case(Incoming):
    """A case as Amili shows it. `state`, `status` and their histories are kept as they came: their values, and the
    shape of a `status_history` entry, are not documented; `connector.amili.status` has words for those that are.

    `closed` is whatever Amili sent, since its type is unknown; only `is_closed` judges it. What separates the `local`
    amounts from the `total` ones is not stated; the properties take total where it is shown. `original_invoice_shown`
    says that the case shows an uploaded invoice; that it does not proves nothing.
    """

    id: Id = Field(validation_alias="_id")
    creditor: Text | None = None
    invoice_number: Text | None = Field(None, validation_alias=AliasPath("debt", "invoice_number"))
    registration_id: Text | None = Field(None, validation_alias="case_registration")
    state: Shown = ""
    status: Shown = ""
    state_history: Annotated[tuple[StateChange, ...], BeforeValidator(_entries)] = ()
    status_history: Annotated[tuple[Any, ...], BeforeValidator(_as_came)] = Field((), repr=False)
    latest_state_at: Moment = Field(None, validation_alias="latest_state_date")
    closed: Any = Field(None, repr=False)
    created_at: Moment = Field(None, validation_alias="_created")
    updated_at: Moment = Field(None, validation_alias="_updated")
    currency: Shown = ""
    reference_number: Shown = ""
    capital_to_claim: Amount = Field(None, validation_alias=AliasPath("debt", "capital_to_claim"))
    initial_capital: Amount = Field(None, validation_alias=AliasPath("debt", "initial_capital"))
    local: CaseAmounts = CaseAmounts()
    total: CaseAmounts = CaseAmounts()
    original_invoice_shown: Annotated[bool, BeforeValidator(bool)] = Field(
        False, validation_alias=ORIGINAL_INVOICE_FIELD
    )

    @model_validator(mode="before")
    @classmethod
    def _amounts_by_scope(cls, document: Any) -> Any:
        if not isinstance(document, Mapping):
            return document
        scopes: dict[str, dict[str, Any]] = {"local": {}, "total": {}}
        for name, value in document.items():
            scope, _, amount = name.partition("_")
            if scope in scopes and amount:
                scopes[scope][amount] = value
        return {**document, **scopes}

    @property
    def remaining_capital(self) -> Decimal | None:
        """What is still owed on the invoice, in kronor; `None` is unknown (amili.md 4.1)."""
        total = self.total.remaining_capital
        return self.local.remaining_capital if total is None else total

    @property
    def remaining_costs(self) -> Decimal | None:
        """What is still owed in fees and costs, in kronor; `None` is unknown."""
        total = self.total.remaining_costs
        return self.local.remaining_costs if total is None else total

    @property
    def settled_capital(self) -> Decimal | None:
        """How much of the capital has been paid or credited, in kronor; `None` is unknown."""
        total = self.total.settled_capital
        return self.local.settled_capital if total is None else total


CASE_PROJECTION = (
    "_id",
    "_created",
    "_updated",
    "creditor",
    "case_registration",
    "currency",
    "reference_number",
    "state",
    "status",
    "state_history",
    "status_history",
    "latest_state_date",
    "closed",
    "debt.invoice_number",
    "debt.capital_to_claim",
    "debt.initial_capital",
    *(
        f"{scope}_{kind}_{part}_amount"
        for scope in ("local", "total")
        for kind in ("added", "remaining")
        for part in ("capital", "costs", "interest", "transaction")
    ),
)
"""What lists of cases ask for (`projection`, amili.md 4.3): what `Case` reads, and nothing of the debtor."""


def is_closed(case: Case) -> bool:
    """Whether `case` is closed. The only place that reads `closed`.

    The field exists, its type does not stand anywhere (amili.md 4.2). Absent, null, false and "" are read as
    open; a date, an object, true or a text as closed.
    """
    return case.closed not in (None, False, "")


def _has_content(value: object) -> bool:
    return any(map(_has_content, value.values())) if isinstance(value, Mapping) else bool(value)


def _has_payout(value: object) -> bool | None:
    return None if value is None else _has_content(value)


class Creditor(Incoming):
    """A creditor (amili.md 9). A sole trader's organisation number is a personal number, so it never shows.

    `is_active` and `has_payout_account` are `None` where Amili does not say.
    """

    id: Id = Field(validation_alias="_id")
    account: Shown = ""
    name: Shown = Field("", repr=False)
    organization_number: Shown = Field("", validation_alias="organization_no", repr=False)
    is_active: bool | None = None
    creditor_number: Shown = ""
    has_payout_account: Annotated[bool | None, BeforeValidator(_has_payout)] = Field(
        None, validation_alias="payout_details"
    )


class Account(Incoming):
    """An account: a client's agreement with Amili, holding one or more creditors (amili.md 9)."""

    id: Id = Field(validation_alias="_id")
    name: Shown = Field("", repr=False)
    organization_number: Shown = Field("", validation_alias="organization_no", repr=False)


def _invoice_numbers(debts: object) -> tuple[str, ...]:
    if not isinstance(debts, list):
        return ()
    numbers = (debt.get("invoice_number") for debt in debts if isinstance(debt, Mapping))
    return tuple(str(number) for number in numbers if number is not None)


class Registration(Incoming):
    """A case registration read back. What it shows is undocumented, so everything but its id may be empty."""

    id: Id = Field(validation_alias="_id")
    account: Shown = ""
    creditor: Shown = ""
    case_ids: Texts = Field((), validation_alias="_cases")
    invoice_numbers: Annotated[tuple[str, ...], BeforeValidator(_invoice_numbers)] = Field((), validation_alias="debts")
    created_at: Moment = Field(None, validation_alias="_created")


class PageMeta(Incoming):
    """Where a page of a list stands (amili.md 7.1). `total` may be missing; `max_results` may be less than asked."""

    page: Annotated[int, Field(ge=1)]
    max_results: Annotated[int, Field(ge=1)]
    total: Annotated[int, Field(ge=0)] | None = None


class Page(Incoming):
    """One page of a list. The items are read one by one into the model of their resource."""

    items: tuple[dict[str, Any], ...] = Field(validation_alias="_items", repr=False)
    meta: PageMeta = Field(validation_alias="_meta")
