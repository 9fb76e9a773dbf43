"""What goes to Amili, exactly, and what comes back, tolerantly.

Outgoing models refuse an unknown field and hold domain types (`Decimal`, `date`); `registration.to_json`
writes them as Amili wants them. Incoming models ignore what they do not know and require only what the
connector cannot do without. What Amili knows of the debtor (name, number, addresses) is not modelled at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Self

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connector.amili.dates import instant
from connector.domain.connection import FirstAction
from connector.domain.money import ORE, Kronor

ORIGINAL_INVOICE_FIELD = "original_invoice"
"""Where a case would show its uploaded invoice: the `dotted_path` of the upload. Unconfirmed for reading."""


class _Outgoing(BaseModel):
    # A validation error must not quote the debtor's data.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Incoming(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


_Filled = Annotated[str, Field(min_length=1)]
_PositiveKronor = Annotated[Kronor, Field(gt=0)]


class RegistrationAddress(_Outgoing):
    """The debtor's address; an absent part is left out. `zip_code` is five digits, `country` ISO 3166-1."""

    address_line_1: _Filled | None = Field(None, repr=False)
    zip_code: _Filled | None = Field(None, repr=False)
    city: _Filled | None = Field(None, repr=False)
    country: _Filled | None = None


class RegistrationCustomer(_Outgoing):
    """The debtor (amili.md 2.2). `id_number` is digits only: 10 for organisations, 12 for persons."""

    name: _Filled = Field(repr=False)
    id_number: Annotated[str, Field(pattern=r"^([0-9]{10}|[0-9]{12})$")] | None = Field(None, repr=False)
    is_company: bool | None = None
    address: RegistrationAddress | None = None
    mobile_number: _Filled | None = Field(None, repr=False)
    email: _Filled | None = Field(None, repr=False)


class IncludedFees(_Outgoing):
    """Fees inside `capital_to_claim`, in kronor including VAT."""

    invoice_fee: _PositiveKronor


class ClaimedReminder(_Outgoing):
    """A reminder fee (kronor) that the creditor charged beside the capital, and the day it did."""

    amount: _PositiveKronor
    fee_registration_date: date


class ClaimedFees(_Outgoing):
    """Fees already charged, outside `capital_to_claim`."""

    reminder: ClaimedReminder


class RegistrationDebt(_Outgoing):
    """One debt (amili.md 2.3); becomes one case."""

    invoice_number: _Filled
    debt_description: _Filled | None = Field(None, repr=False)
    invoice_date: date
    capital_to_claim: _PositiveKronor
    invoice_due_days_after_invoice_date: Annotated[int, Field(ge=0)]
    fees_included_in_capital_to_claim: IncludedFees | None = None
    fees_already_claimed: ClaimedFees | None = None

    @model_validator(mode="after")
    def _fee_is_part_of_capital(self) -> Self:
        included = self.fees_included_in_capital_to_claim
        if included and included.invoice_fee > self.capital_to_claim:
            raise ValueError("the invoice fee is more than the capital that includes it")
        return self


class CaseRegistration(_Outgoing):
    """The body of `POST /case--registrations`; the order of fields is the guide's.

    Exactly one debt: the answer does not say which case belongs to which debt (amili.md 2.4).
    """

    account: _Filled
    creditor: _Filled
    first_action: FirstAction
    currency: Annotated[str, Field(pattern="^SEK$")]
    customer: RegistrationCustomer
    debts: tuple[RegistrationDebt]


def _text(value: object) -> object:
    """A number where a text belongs, as text: `778899` for `"778899"`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(value: object) -> datetime | None:
    """A time stamp that is only shown: `None` where it cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        return instant(value)
    except ValueError:
        return None


def _amount(value: object) -> Decimal | None:
    """An amount to compare, in kronor with two decimals; `None` is unknown, never zero (amili.md 4.1)."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    amount = Decimal(value)
    # Beyond what a claim can be, `quantize` has no room for the decimals.
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15:
        return None
    return amount.quantize(ORE, rounding=ROUND_HALF_UP)


_Id = Annotated[str, Field(min_length=1)]
_Text = Annotated[str, BeforeValidator(_text)]
_Shown = Annotated[str, BeforeValidator(lambda value: "" if value is None else _text(value))]
_Texts = Annotated[tuple[_Text, ...], BeforeValidator(lambda value: value if isinstance(value, list) else ())]
_Moment = Annotated[datetime | None, BeforeValidator(_moment)]
_Amount = Annotated[Decimal | None, BeforeValidator(_amount)]


class RegistrationReceipt(_Incoming):
    """The answer to a registration of one debt (amili.md 2.4): so exactly one case, else it is no receipt."""

    registration_id: _Id = Field(validation_alias="_id")
    case_ids: tuple[_Id] = Field(validation_alias="_cases")
    ocr_number_ids: _Texts = Field((), validation_alias="_ocr_numbers")
    ocr_numbers: _Texts = Field((), validation_alias="_ocr_numbers_ocr")

    @property
    def case_id(self) -> str:
        """The id of the case, for every later action."""
        return self.case_ids[0]

    @property
    def ocr_number(self) -> str:
        """The payment reference that the debtor is to use with Amili, or "" if none was given."""
        return self.ocr_numbers[0] if self.ocr_numbers else ""


class Case(_Incoming):
    """A case as Amili shows it. `state` and `status` are kept as they came: their values are not documented.

    `closed` is whatever Amili sent, since its type is unknown; only `is_closed` judges it. Amounts are
    kronor, `None` where Amili shows none. `original_invoice_shown` says that the case shows an uploaded
    invoice; that it does not proves nothing.
    """

    id: _Id = Field(validation_alias="_id")
    creditor: _Text | None = None
    invoice_number: _Text | None = Field(None, validation_alias=AliasPath("debt", "invoice_number"))
    registration_id: _Text | None = Field(None, validation_alias="case_registration")
    state: _Shown = ""
    status: _Shown = ""
    closed: Any = Field(None, repr=False)
    created_at: _Moment = Field(None, validation_alias="_created")
    updated_at: _Moment = Field(None, validation_alias="_updated")
    capital_to_claim: _Amount = Field(None, validation_alias=AliasPath("debt", "capital_to_claim"))
    total_remaining_capital: _Amount = Field(None, validation_alias="total_remaining_capital_amount")
    local_remaining_capital: _Amount = Field(None, validation_alias="local_remaining_capital_amount")
    original_invoice_shown: Annotated[bool, BeforeValidator(bool)] = Field(
        False, validation_alias=ORIGINAL_INVOICE_FIELD
    )

    @property
    def remaining_capital(self) -> Decimal | None:
        """What is still owed on the invoice, in kronor; `None` is unknown (amili.md 4.1)."""
        if self.total_remaining_capital is not None:
            return self.total_remaining_capital
        return self.local_remaining_capital


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


class Creditor(_Incoming):
    """A creditor (amili.md 9). A sole trader's organisation number is a personal number, so it never shows.

    `is_active` and `has_payout_account` are `None` where Amili does not say.
    """

    id: _Id = Field(validation_alias="_id")
    account: _Shown = ""
    name: _Shown = Field("", repr=False)
    organization_number: _Shown = Field("", validation_alias="organization_no", repr=False)
    is_active: bool | None = None
    creditor_number: _Shown = ""
    has_payout_account: Annotated[bool | None, BeforeValidator(_has_payout)] = Field(
        None, validation_alias="payout_details"
    )


class Account(_Incoming):
    """An account: a client's agreement with Amili, holding one or more creditors (amili.md 9)."""

    id: _Id = Field(validation_alias="_id")
    name: _Shown = Field("", repr=False)
    organization_number: _Shown = Field("", validation_alias="organization_no", repr=False)


def _invoice_numbers(debts: object) -> tuple[str, ...]:
    if not isinstance(debts, list):
        return ()
    numbers = (debt.get("invoice_number") for debt in debts if isinstance(debt, Mapping))
    return tuple(str(number) for number in numbers if number is not None)


class Registration(_Incoming):
    """A case registration read back. What it shows is undocumented, so everything but its id may be empty."""

    id: _Id = Field(validation_alias="_id")
    account: _Shown = ""
    creditor: _Shown = ""
    case_ids: _Texts = Field((), validation_alias="_cases")
    invoice_numbers: Annotated[tuple[str, ...], BeforeValidator(_invoice_numbers)] = Field((), validation_alias="debts")
    created_at: _Moment = Field(None, validation_alias="_created")


class PageMeta(_Incoming):
    """Where a page of a list stands (amili.md 7.1). `total` may be missing; `max_results` may be less than asked."""

    page: Annotated[int, Field(ge=1)]
    max_results: Annotated[int, Field(ge=1)]
    total: Annotated[int, Field(ge=0)] | None = None


class Page(_Incoming):
    """One page of a list. The items are read one by one into the model of their resource."""

    items: tuple[dict[str, Any], ...] = Field(validation_alias="_items", repr=False)
    meta: PageMeta = Field(validation_alias="_meta")
