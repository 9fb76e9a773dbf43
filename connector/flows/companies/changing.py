"""Changing how a connected company's invoices become cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from connector.domain.connection import ConnectionSettings, first_problem
from connector.domain.errors import ConfigurationError
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.store import connections
from connector.store.connections import API_KEY, StoredConnection

FOUND_AT_CONNECTING = ("environment", "account", "creditor", "organization_number")
"""Who the two sides are: another creditor, or another environment, is another connection."""


def changed(known: ConnectionSettings, wanted: Mapping[str, Any]) -> ConnectionSettings:
    """`known` with what `wanted` names put in place; of `host`, what it names there, and null for the default.

    Raises `ConfigurationError` for a field that does not exist, cannot hold the value or is not to be changed.
    """
    present = known.model_dump(mode="json")
    for name in FOUND_AT_CONNECTING:
        if name in wanted and wanted[name] != present[name]:
            raise ConfigurationError(
                f"The setting {name} says whom the connection joins, and is not changed.",
                advice="Connect the company anew, under another name, with `amili-connector connect`.",
            )
    host = wanted.get("host", {})
    if not isinstance(host, Mapping):
        raise ConfigurationError("The setting host: must be a JSON object.")
    merged = {name: value for name, value in {**known.host, **host}.items() if value is not None}
    if "tenant_id" in known.host and merged.get("tenant_id") != known.host["tenant_id"]:
        raise ConfigurationError("The setting host.tenant_id is the company itself, and is not changed.")
    try:
        return ConnectionSettings.model_validate({**present, **wanted, "host": merged})
    except ValidationError as error:
        field, problem = first_problem(error)
        raise ConfigurationError(f"The setting {field}: {problem}.") from None


def differences(before: ConnectionSettings, after: ConnectionSettings) -> dict[str, tuple[Any, Any]]:
    """What `after` says otherwise than `before`: both values by the setting's name, "host.…" for the ledger's."""
    old, new = _flat(before), _flat(after)
    names = sorted(old.keys() | new.keys())
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def change(deployment: Deployment, connection: StoredConnection, settings: ConnectionSettings) -> None:
    """Save `settings`, after the ledger has been opened by them and is still the same company's.

    Raises `ConfigurationError`, nothing saved, if it is not, or cannot be opened so, and the errors of remote calls.
    """
    if settings.host != connection.settings.host:
        ledger = connecting.identify_ledger(deployment, connection.host, settings.host, connection.secrets.get(API_KEY))
        if ledger.organization_number != settings.organization_number:
            raise ConfigurationError(
                f"With these settings the books are those of {ledger.company} "
                f"({ledger.organization_number or 'no organisation number'}), not of {connection.name}."
            )
    connections.save_settings(deployment.databases.main, connection.id, settings)


def _flat(settings: ConnectionSettings) -> dict[str, Any]:
    plain = settings.model_dump(mode="json")
    host = plain.pop("host")
    return {**plain, **{f"host.{name}": value for name, value in host.items()}}
