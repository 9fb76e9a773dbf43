"""Changing how a connected company's invoices become cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from connector.domain.connection import ConnectionSettings, first_problem
from connector.domain.errors import ConfigurationError
from connector.domain.settings_limits import Objection, SettingsRefused, require_meant
from connector.domain.text import text
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.hosts.base import UnknownName
from connector.store import connections
from connector.store.connections import API_KEY, StoredConnection

FOUND_AT_CONNECTING = ("environment", "account", "creditor", "organization_number")
"""Who the two sides are: another creditor is another connection, and another environment a step of its own."""


def changed(known: ConnectionSettings, wanted: Mapping[str, Any]) -> ConnectionSettings:
    """`known` with what `wanted` names put in place, at any depth; null takes what it names back to its default.

    Raises `ConfigurationError` for a field that does not exist, cannot hold the value or is not to be changed, and
    `SettingsRefused` for a value that cannot be meant. What stood before and is not named hinders nothing.
    """
    present = known.model_dump(mode="json")
    for name in FOUND_AT_CONNECTING:
        if name in wanted and wanted[name] != present[name]:
            raise ConfigurationError(
                f"The setting {name} says whom the connection joins, and is not changed.",
                advice="`amili-connector go-live` takes the company to the other environment."
                if name == "environment"
                else "Connect the company anew, under another name, with `amili-connector connect`.",
            )
    if not isinstance(wanted.get("host", {}), Mapping):
        raise ConfigurationError("The setting host: must be a JSON object.")
    merged = _merged(present, wanted)
    if "tenant_id" in known.host and merged.get("host", {}).get("tenant_id") != known.host["tenant_id"]:
        raise ConfigurationError("The setting host.tenant_id is the company itself, and is not changed.")
    try:
        after = ConnectionSettings.model_validate(merged)
    except ValidationError as error:
        field, problem = first_problem(error)
        raise ConfigurationError(f"The setting {field}: {problem}.") from None
    require_meant(after, known)
    return after


def _merged(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """`present` with what `wanted` names in place of it, the same within each object; null leaves its name out."""
    merged = dict(present)
    for name, value in wanted.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            below = present.get(name)
            merged[name] = _merged(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def differences(before: ConnectionSettings, after: ConnectionSettings) -> dict[str, tuple[Any, Any]]:
    """Return what `after` says otherwise than `before`: both values by the setting's name, "host.…" for the
    ledger's.
    """
    old, new = _flat(before), _flat(after)
    names = sorted(old.keys() | new.keys())
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def change(deployment: Deployment, connection: StoredConnection, settings: ConnectionSettings) -> None:
    """Save `settings`, after the ledger has been opened by them and is still the same company's.

    Raises `ConfigurationError`, nothing saved, if it is not, or cannot be opened so, `SettingsRefused` if they name a
    product or account that they did not before and the ledger does not have, and the errors of remote calls.
    """
    if settings.host != connection.settings.host:
        ledger = connecting.identify_ledger(deployment, connection.host, settings.host, connection.secrets.get(API_KEY))
        if ledger.organization_number != settings.organization_number:
            raise ConfigurationError(
                f"With these settings the books are those of {ledger.company} "
                f"({ledger.organization_number or 'no organisation number'}), not of {connection.name}."
            )
        if unknown := [one for one in ledger.unknown if one.named not in connection.settings.host.get(one.setting, ())]:
            raise SettingsRefused([_unknown(one) for one in unknown])
    connections.save_settings(deployment.databases.main, connection.id, settings, known=connection.settings.environment)


def _unknown(one: UnknownName) -> Objection:
    name = f"host.{one.setting}"
    key = "objection.no_account" if one.is_account else "objection.no_product"
    return Objection(name, one.named, text(key, name=name, named=one.named))


def _flat(settings: ConnectionSettings) -> dict[str, Any]:
    plain = settings.model_dump(mode="json")
    host = plain.pop("host")
    return {**plain, **{f"host.{name}": value for name, value in host.items()}}
