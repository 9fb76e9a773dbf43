"""How a connection's ledger is opened, by the id of its kind, and what else is done with a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, Unreadable
from connector.domain.invoice import Invoice
from connector.hosts import kinds
from connector.hosts.base import Administrator, App, Consent, Hints, Host, Installation, LedgerCases, SetUp
from connector.remote.policy import HttpPolicy


def open_host(
    kind: str,
    *,
    settings: dict[str, Any],
    api_key: SecretStr | None = None,
    app: App | None = None,
    http: HttpPolicy,
) -> Host:
    """The ledger of one connection. `settings` is `ConnectionSettings.host`; nothing is called yet.

    A ledger is opened by its `api_key`, or, where companies approve an app instead, by the deployment's `app`.
    Raises `ConfigurationError` for an unknown kind, and for settings that cannot work.
    """
    opened_by = kinds.kind(kind).opened_by
    if isinstance(opened_by, Consent):
        return required(kind, app).open(settings)
    return opened_by.open(settings, api_key or SecretStr(""), http)


def required(kind: str, app: App | None) -> App:
    """`app`, if the deployment has one at this kind of host. Raises `ConfigurationError` that says what to set."""
    found = kinds.kind(kind)
    if app is None:
        advice = found.by_consent.advice if found.by_consent else ""
        raise ConfigurationError(f"Your app at {found.name} is not set up here.", system=found.name, advice=advice)
    return app


def needs_login(kind: str, *, settings: dict[str, Any], http: HttpPolicy) -> bool:
    """Return whether a ledger of this version wants the login of a key's user beside the key. Asks it for its version.

    Raises `ConfigurationError` for an unknown kind, for settings that cannot work and for a version that is not
    known to work, and the errors of remote calls.
    """
    opened_by = kinds.kind(kind).opened_by
    return not isinstance(opened_by, Consent) and opened_by.needs_login(settings, http)


def same_books(kind: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two connections' settings of a host of this kind name the same books, as far as they tell."""
    return kinds.is_known(kind) and kinds.kind(kind).same_books(one, other)


def hints(kind: str, body: bytes) -> Hints:
    """The invoices that a webhook body points at; nothing for a body or a kind that is not understood."""
    return kinds.kind(kind).hints(body) if kinds.is_known(kind) else Hints()


def translate_document(kind: str, document: dict[str, Any], settings: dict[str, Any]) -> Invoice:
    """The invoice of a saved host document. Calls no one.

    Raises `ConfigurationError` for an unknown kind and for a document that is not one of its, and
    `AmountUnreadable` for an amount that is no exact number of öre.
    """
    try:
        return kinds.kind(kind).translate(document, settings)
    except Unreadable as error:
        raise ConfigurationError(
            f"This is no document of {kinds.article(error.system)} invoice: {error.message}"
        ) from None


def provision(
    kind: str,
    *,
    settings: dict[str, Any],
    api_key: SecretStr,
    administrator_login: str,
    administrator_key: SecretStr,
    http: HttpPolicy,
    webhook_url: str,
    other_first_actions: Sequence[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> SetUp:
    """Install into the host what the connector needs, or repair it: all of it, or nothing.

    `api_key` is the connection's own, by which its user and company are known. `administrator_key` is used for
    this alone and kept nowhere, as is the login of its user, which may be "" where `needs_login` says no. `told` is
    given each step in words as it begins. Raises `ConfigurationError`, `NotAuthorised`, the errors of remote calls, and
    `LeftBehind` where a run that failed could not be taken back whole.
    """
    return _installation(kind).provision(
        settings,
        api_key,
        Administrator(administrator_login, administrator_key),
        http,
        webhook_url=webhook_url,
        other_first_actions=other_first_actions,
        told=told,
    )


def cases_in_ledger(
    kind: str,
    *,
    settings: dict[str, Any],
    keys: Sequence[tuple[dict[str, Any], SecretStr]],
    administrator_login: str,
    administrator_key: SecretStr,
    http: HttpPolicy,
) -> LedgerCases:
    """Return what `remove` will take away with the fields: every invoice with a case id, of every company in the
    database.

    `keys` are the settings and keys of the connections of that database, this one's first. Raises as `provision`.
    """
    administrator = Administrator(administrator_login, administrator_key)
    return _installation(kind).cases(settings, keys, administrator, http)


def same_database(kind: str, one: Mapping[str, Any], another: Mapping[str, Any]) -> bool:
    """Return whether two ledgers of a kind, by their settings, are in one database, where `remove` takes away for
    both.
    """
    installation = kinds.kind(kind).installation
    return installation is not None and installation.is_shared(one, another)


def remove(
    kind: str, *, settings: dict[str, Any], administrator_login: str, administrator_key: SecretStr, http: HttpPolicy
) -> SetUp:
    """Take away from the host all that `provision` installed. Raises as `provision`."""
    administrator = Administrator(administrator_login, administrator_key)
    return _installation(kind).remove(settings, administrator, http)


def _installation(kind: str) -> Installation:
    found = kinds.kind(kind)
    if found.installation is None:
        raise ConfigurationError(f"Nothing is installed inside a {found.name}, so nothing can be removed from one.")
    return found.installation
