"""What an installer chooses for one connection to a Fortnox company: `ConnectionSettings.host`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, field_validator

from connector.domain.errors import ConfigurationError

Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=25)]
TenantId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{0,18}$")]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class FortnoxSettings(BaseModel):
    """How the invoices and customers of one Fortnox company are to be read."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Fortnox settings")

    tenant_id: TenantId = Field("", description="The company's number in Fortnox; found when it is connected.")
    fee_articles: tuple[Number, ...] = Field(
        (), description="Article numbers of rows that are invoice fees, besides Fortnox's own invoice fee."
    )
    reminder_fee_articles: tuple[Number, ...] = Field((), description="Article numbers of rows that are reminder fees.")
    interest_articles: tuple[Number, ...] = Field(
        (), description="Article numbers of rows that are late-payment interest."
    )
    sole_traders: tuple[Number, ...] = Field(
        (), description="Customer numbers of sole traders, whose organisation number is the owner's personal number."
    )
    request_label: Label = Field(
        "", description="Label by which people ask for collection, for example “Till inkasso”; empty: none is followed."
    )
    case_label: Label = Field(
        "Hos inkasso",
        min_length=1,
        validate_default=True,
        description="Label that an invoice gets when it is at Amili and Fortnox does not take the case id itself.",
    )
    dispute_label: Label = Field(
        "",
        description="Label by which people mark an invoice as disputed, for example “Bestridd”; empty: none is read.",
    )
    attach_receipt: bool = Field(
        False,
        description="Attach a one-page receipt to an invoice that takes neither case id nor label.",
    )

    @field_validator("case_label")
    @classmethod
    def _another_than_the_one_to_ask_by(cls, label: str, info: ValidationInfo) -> str:
        if label == info.data.get("request_label"):
            raise ValueError("must be another label than request_label, or nobody could ask by it")
        return label

    @field_validator("dispute_label")
    @classmethod
    def _another_than_the_others(cls, label: str, info: ValidationInfo) -> str:
        if label and label in (info.data.get("request_label"), info.data.get("case_label")):
            raise ValueError("must be another label than request_label and case_label")
        return label


def fortnox_settings(host: Mapping[str, Any]) -> FortnoxSettings:
    """The Fortnox part of a connection's settings. Raises `ConfigurationError` naming the first thing wrong."""
    try:
        return FortnoxSettings.model_validate(host)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"The Fortnox setting {where}: {first['msg']}.") from None
