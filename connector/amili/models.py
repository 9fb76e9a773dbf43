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
    Day,
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
from connector.domain.connection import AnyFirstAction

ORIGINAL_INVOICE_FIELD = "original_invoice"
"""Where a case would show its uploaded invoice: the `dotted_path` of the upload. Unconfirmed for reading."""

ORIGINAL_INVOICE_FILE_NAME = "original_invoice.pdf"
"""The uploaded file's name, as in the vendor's guide. A ledger's own file name may hold the customer's name."""


class RegistrationAddress(Outgoing):
    """The debtor's address; an absent part is left out. `zip_code` is five digits, `country` ISO 3166-1."""

    address_line_1: Filled | None = Field(None, repr=False)
    zip_code: Filled | None = Field(None, repr=False)
    city: Filled | None = Field(None, repr=False)
    country: Filled | None = None


class RegistrationCustomer(Outgoing):
    """The debtor (API.md, "Debtor"). `id_number` is digits only: 10 for organisations, 12 for persons."""

    name: Filled = Field(repr=False)
    id_number: Annotated[str, Field(pattern=r"^([0-9]{10}|[0-9]{12})$")] | None = Field(None, repr=False)
    is_company: bool | None = None
    address: RegistrationAddress | None = None
    mobile_number: Filled | None = Field(None, repr=False)
    email: Filled | None = Field(None, repr=False)


class IncludedFees(Outgoing):
    """Fees inside `capital_to_claim`, in kronor including VAT."""

    invoice_fee: PositiveKronor | None = None
    late_payment_fee: PositiveKronor | None = None


class ClaimedFee(Outgoing):
    """A fee (kronor) that the creditor charged beside the capital, and the day it did."""

    amount: PositiveKronor
    fee_registration_date: date


class ClaimedFees(Outgoing):
    """Fees already charged, outside `capital_to_claim`."""

    reminder: ClaimedFee | None = None
    late_payment_fee: ClaimedFee | None = None


class RegistrationDebt(Outgoing):
    """One debt (API.md, "Debt"); becomes one case."""

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
        fees = (included.invoice_fee or 0) + (included.late_payment_fee or 0) if included else 0
        if fees > self.capital_to_claim:
            raise ValueError("the invoice fee is more than the capital that includes it")
        return self


class CaseRegistration(Outgoing):
    """The body of `POST /case--registrations`; the order of fields is the guide's.

    Exactly one debt: the answer does not say which case belongs to which debt (API.md, "Answer to a registration").
    """

    account: Filled
    creditor: Filled
    first_action: AnyFirstAction
    currency: Currency
    customer: RegistrationCustomer
    debts: tuple[RegistrationDebt]


class RegistrationReceipt(Incoming):
    """The answer to a registration of one debt (API.md, "Answer to a registration"). It proves that Amili took it,
    whatever case it names."""

    registration_id: Id = Field(validation_alias="_id")
    case_ids: Texts = Field((), validation_alias="_cases")
    ocr_number_ids: Texts = Field((), validation_alias="_ocr_numbers")
    ocr_numbers: Texts = Field((), validation_alias="_ocr_numbers_ocr")

    @property
    def case_id(self) -> str:
        """The id of the case, for every later action; "" where none is named, or more than the one of one debt."""
        return self.case_ids[0] if len(self.case_ids) == 1 else ""

    @property
    def ocr_number(self) -> str:
        """The payment reference that the debtor is to use with Amili, or "" if none was given."""
        return self.ocr_numbers[0] if self.ocr_numbers else ""

    @property
    def ocr_number_id(self) -> str:
        """Amili's id of that reference, or "" if none was given."""
        return self.ocr_number_ids[0] if self.ocr_number_ids else ""


class CaseAmounts(Incoming):
    """What was put on a case and what is left of it, in kronor; `None` where Amili shows none (API.md, "Case").

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
        """Return how much of the capital has been paid or credited; `None` is unknown. Amili does not tell the two
        apart.
        """
        if self.added_capital is None or self.remaining_capital is None:
            return None
        return self.added_capital - self.remaining_capital


class StateChange(Incoming):
    """One entry of a case's `state_history` (API.md, "State and closing")."""

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
        """Return what is still owed on the invoice, in kronor; `None` is unknown (API.md, "Case")."""
        total = self.total.remaining_capital
        return self.local.remaining_capital if total is None else total

    @property
    def remaining_costs(self) -> Decimal | None:
        """Return what is still owed in fees and costs, in kronor; `None` is unknown."""
        total = self.total.remaining_costs
        return self.local.remaining_costs if total is None else total

    @property
    def settled_capital(self) -> Decimal | None:
        """Return how much of the capital has been paid or credited, in kronor; `None` is unknown."""
        total = self.total.settled_capital
        return self.local.settled_capital if total is None else total


class FoundCase(Case):
    """A case with what tells whose debt it is. Read for a look alone: the debtor's number is neither kept nor shown."""

    invoice_date: Day = Field(None, validation_alias=AliasPath("debt", "invoice_date"))
    debtor_number: Shown = Field("", validation_alias="customer_id_number", repr=False, exclude=True)


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
"""What lists of cases ask for (`projection`, API.md, "Finding cases"): what `Case` reads, and nothing of the debtor."""


FOUND_CASE_PROJECTION = (*CASE_PROJECTION, "debt.invoice_date", "customer_id_number")
"""What is asked for where it is to be told whose debt a case is: what `FoundCase` reads."""


def is_closed(case: Case) -> bool:
    """Return whether `case` is closed. The only place that reads `closed`.

    The field exists, its type does not stand anywhere (API.md, "State and closing"). Absent, null, false and "" are
    read as open, and so are an object and a list that hold nothing else; a date, true, or anything that says something
    as closed.
    """
    return _has_content(case.closed)


def _has_content(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_content, value.values()))
    return any(map(_has_content, value)) if isinstance(value, list) else bool(value)


def _has_payout(value: object) -> bool | None:
    return None if value is None else _has_content(value)


def _is_true(value: object) -> bool:
    return value is True


class Creditor(Incoming):
    """A creditor (API.md, "Accounts and creditors"). A sole trader's organisation number is a personal number, so it
    never shows.

    `is_active` and `has_payout_account` are `None` where Amili does not say. `standard_debt_description` is what the
    debtor reads where a registration describes no debt, or always.
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
    standard_debt_description: Shown = ""
    always_use_standard_debt_description: Annotated[bool, BeforeValidator(_is_true)] = False


class Account(Incoming):
    """An account: a client's agreement with Amili, holding one or more creditors (API.md, "Accounts and creditors")."""

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
    ocr_numbers: Texts = Field((), validation_alias="_ocr_numbers_ocr")
    invoice_numbers: Annotated[tuple[str, ...], BeforeValidator(_invoice_numbers)] = Field((), validation_alias="debts")
    created_at: Moment = Field(None, validation_alias="_created")
    ocr_number_ids: Texts = Field((), validation_alias="_ocr_numbers")

    @property
    def case_id(self) -> str:
        """The id of its one case, or ""."""
        return self.case_ids[0] if len(self.case_ids) == 1 else ""

    @property
    def ocr_number(self) -> str:
        """The payment reference of its one case, or ""."""
        return self.ocr_numbers[0] if self.case_id and self.ocr_numbers else ""


class PageMeta(Incoming):
    """Where a page of a list stands (API.md, "Lists"). `total` may be missing; `max_results` may be less than asked."""

    page: Annotated[int, Field(ge=1)]
    max_results: Annotated[int, Field(ge=1)]
    total: Annotated[int, Field(ge=0)] | None = None


class Page(Incoming):
    """One page of a list. The items are read one by one into the model of their resource."""

    items: tuple[dict[str, Any], ...] = Field(validation_alias="_items", repr=False)
    meta: PageMeta = Field(validation_alias="_meta")
