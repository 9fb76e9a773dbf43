"""What an installer chooses for one connection to an Odoo: `ConnectionSettings.host`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from connector.domain.errors import ConfigurationError

ProductName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
VersionName = Annotated[str, StringConstraints(pattern=r"^(saas~)?[0-9]{1,3}(\.[0-9]{1,3})?$")]
AccountCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$")]


class OdooSettings(BaseModel):
    """Which Odoo and company, and how its invoices and customers are to be read."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Odoo settings")

    url: str = Field("", description="Odoo's address, for example https://company.odoo.com.")
    database: str = Field("", description="Name of the Odoo database.")
    login: str = Field("", description="Login of the key's user. Needed by Odoo 17 and 18.")
    accept_version: VersionName | None = Field(
        None,
        description="A version of Odoo, for example 20.0, that the connector is not known to work with and shall"
        " use all the same, on the installer's own responsibility.",
    )
    company_id: int | None = Field(
        None,
        gt=0,
        description="Id of the company in Odoo (res.company). Needed when the key's user sees several.",
    )
    fee_products: tuple[ProductName, ...] = Field(
        (), description="Internal references or names of the products that are invoice fees."
    )
    reminder_fee_products: tuple[ProductName, ...] = Field(
        (), description="Internal references or names of the products that are reminder fees."
    )
    interest_products: tuple[ProductName, ...] = Field(
        (), description="Internal references or names of the products that are late-payment interest."
    )
    fee_accounts: tuple[AccountCode, ...] = Field(
        (), description="Codes of the accounts that invoice fees are booked on, whatever the product."
    )
    reminder_fee_accounts: tuple[AccountCode, ...] = Field(
        (), description="Codes of the accounts that reminder fees are booked on."
    )
    interest_accounts: tuple[AccountCode, ...] = Field(
        (), description="Codes of the accounts that late-payment interest is booked on."
    )
    payments_await_bank: bool | None = Field(
        None,
        description="Whether a payment entered by hand counts only once Odoo has matched it with a line of the bank"
        " statement. Left out, it is so where the company has such matches.",
    )
    id_number_fields: tuple[FieldName, ...] = Field(
        ("company_registry", "vat"),
        min_length=1,
        description="Fields of the customer that may hold its identity number, the most trusted first: of text, or the"
        " list id_numbers of OCA's partner_identification.",
    )
    sole_trader_field: FieldName | None = Field(
        None,
        description="Field of the customer that is set when it is a sole trader, whose number is the owner's own.",
    )
    protected_identity_field: FieldName | None = Field(
        None, description="Field of the customer that is set when its identity is protected, if there is one."
    )
    pdf_action_id: int | None = Field(
        None,
        gt=0,
        description="Id of the action that renders invoices as PDF without side effects; provisioning installs it.",
    )
    answer_action_id: int | None = Field(
        None,
        gt=0,
        description="Id of the action by which people's requests are marked as answered; provisioning installs it."
        " Without it, requests in fields of an earlier release are read too, as questions to a person.",
    )


def odoo_settings(host: Mapping[str, Any]) -> OdooSettings:
    """The Odoo part of a connection's settings. Raises `ConfigurationError` naming the first thing wrong."""
    try:
        return OdooSettings.model_validate(host)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"The Odoo setting {where}: {first['msg']}.") from None


def same_books(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two connections read the same company of the same Odoo; a company that is not named may be any."""
    companies = {settings.get("company_id") for settings in (one, other)} - {None}
    return _database_of(one) == _database_of(other) and len(companies) < 2


def _database_of(settings: Mapping[str, Any]) -> tuple[str, int | None, str, str]:
    parts = urlsplit(str(settings.get("url", "")))
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.hostname or "", port, parts.path.rstrip("/"), str(settings.get("database", ""))
