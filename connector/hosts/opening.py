"""How a connection's ledger is opened, by the id of its kind, and what else is done with a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, Unreadable
from connector.domain.invoice import Invoice
from connector.hosts import kinds
from connector.hosts.base import App, Consent, Hints, Host, Installation
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


def installation(kind: str) -> Installation:
    """Return what an administrator installs in a host of this kind. Raises `ConfigurationError` where nothing is."""
    found = kinds.kind(kind)
    if found.installation is None:
        raise ConfigurationError(f"Nothing is installed inside a {found.name}, so nothing can be removed from one.")
    return found.installation
