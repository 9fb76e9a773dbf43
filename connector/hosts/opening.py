"""The hosts there are, and how a connection's ledger is opened. A new host gets a case here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, Unreadable
from connector.domain.invoice import Invoice
from connector.hosts.base import Hints, Host, LedgerCases, SetUp
from connector.hosts.fortnox import events as fortnox_events
from connector.hosts.fortnox import setting_up as fortnox_setting_up
from connector.hosts.fortnox import translate as fortnox_translate
from connector.hosts.fortnox.access import FortnoxAccess, open_company, required
from connector.hosts.fortnox.settings import fortnox_settings
from connector.hosts.odoo import events as odoo_events
from connector.hosts.odoo import export as odoo_export
from connector.hosts.odoo import provision as odoo_provision
from connector.hosts.odoo import removal as odoo_removal
from connector.hosts.odoo import telling as odoo_telling
from connector.hosts.odoo import translate as odoo_translate
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import company_context
from connector.hosts.odoo.host import OdooHost
from connector.hosts.odoo.settings import OdooSettings, odoo_settings
from connector.hosts.odoo.settings import same_books as odoo_same_books
from connector.hosts.odoo.versions import parsed_version
from connector.remote.policy import HttpPolicy

PROVISION_TIMEOUT_S = 120.0
"""Installing a module of Odoo's own, and adding a field, make it reload itself."""


def open_host(
    kind: str,
    *,
    settings: dict[str, Any],
    api_key: SecretStr | None = None,
    fortnox: FortnoxAccess | None = None,
    http: HttpPolicy,
) -> Host:
    """The ledger of one connection. `settings` is `ConnectionSettings.host`; nothing is called yet.

    A ledger is opened by its `api_key`, or, where companies approve an app instead, by the deployment's access.
    Raises `ConfigurationError` for an unknown kind, and for settings that cannot work.
    """
    match kind:
        case "fortnox":
            return open_company(fortnox_settings(settings), fortnox)
        case "odoo":
            chosen = odoo_settings(settings)
            client = _odoo_client(
                chosen,
                api_key or SecretStr(""),
                http,
                context=company_context(chosen),
            )
            return OdooHost(client, chosen)
        case _:
            raise _unknown(kind)


def needs_login(kind: str, *, settings: dict[str, Any], http: HttpPolicy) -> bool:
    """Whether a ledger of this version wants the login of a key's user beside the key. Asks it for its version.

    Raises `ConfigurationError` for an unknown kind, for settings that cannot work and for a version that is not
    known to work, and the errors of remote calls.
    """
    match kind:
        case "fortnox":
            return False
        case "odoo":
            return _odoo_client(odoo_settings(settings), SecretStr(""), http).needs_login()
        case _:
            raise _unknown(kind)


def same_books(kind: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two connections' settings of a host of this kind name the same books, as far as they tell."""
    match kind:
        case "fortnox":
            return bool(one.get("tenant_id")) and one.get("tenant_id") == other.get("tenant_id")
        case "odoo":
            return odoo_same_books(one, other)
        case _:
            return False


def hints(kind: str, body: bytes) -> Hints:
    """The invoices that a webhook body points at; nothing for a body or a kind that is not understood."""
    match kind:
        case "odoo":
            return odoo_events.hints(body)
        case "fortnox":
            return fortnox_events.hints(body)
        case _:
            return Hints()


def translate_document(kind: str, document: dict[str, Any], settings: dict[str, Any]) -> Invoice:
    """The invoice of a saved host document. Calls nobody.

    Raises `ConfigurationError` for an unknown kind and for a document that is not one of its, and
    `AmountUnreadable` for an amount that is no exact number of öre.
    """
    try:
        match kind:
            case "odoo":
                return odoo_translate.translate(document, odoo_settings(settings))
            case "fortnox":
                return fortnox_translate.translate(document, fortnox_settings(settings))
            case _:
                raise _unknown(kind)
    except Unreadable as error:
        article = "an" if error.system[0] in "AEIOU" else "a"
        raise ConfigurationError(f"This is no document of {article} {error.system} invoice: {error.message}") from None


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
    match kind:
        case "odoo":
            chosen = odoo_settings(settings)
            client = _provisioning_client(settings, administrator_login, administrator_key, http)
            own = _odoo_client(chosen, api_key, http)
            uid, company_id = odoo_provision.connectors_user(own, chosen.company_id)
            report = odoo_provision.provision(
                client,
                webhook_url,
                company_id=company_id,
                key_user=uid,
                other_first_actions=other_first_actions,
                told=told,
            )
            found = {"pdf_action_id": report.pdf_action_id, "answer_action_id": report.answer_action_id}
            return SetUp(odoo_telling.installed(report), found)
        case "fortnox":
            raise _nothing_inside()
        case _:
            raise _unknown(kind)


def prepare(kind: str, *, settings: dict[str, Any], fortnox: FortnoxAccess | None) -> SetUp:
    """Make ready in the ledger what the connection's own credentials can; gives lines to show, if there is anything.

    Safe to repeat. Raises `ConfigurationError` and the errors of remote calls.
    """
    match kind:
        case "fortnox":
            chosen = fortnox_settings(settings)
            return fortnox_setting_up.prepare(required(fortnox).client(chosen.tenant_id), chosen)
        case "odoo":
            return SetUp(())
        case _:
            raise _unknown(kind)


def cases_in_ledger(
    kind: str,
    *,
    settings: dict[str, Any],
    keys: Sequence[tuple[dict[str, Any], SecretStr]],
    administrator_login: str,
    administrator_key: SecretStr,
    http: HttpPolicy,
) -> LedgerCases:
    """What `remove` will take away with the fields: every invoice with a case id, of every company in the database.

    `keys` are the settings and keys of the connections of that database, this one's first. Raises as `provision`.
    """
    match kind:
        case "odoo":
            administrator = _provisioning_client(settings, administrator_login, administrator_key, http)
            clients = [_odoo_client(odoo_settings(own), key, http) for own, key in keys]
            return odoo_export.cases_everywhere(administrator, clients)
        case "fortnox":
            raise _nothing_inside()
        case _:
            raise _unknown(kind)


def same_database(kind: str, one: Mapping[str, Any], another: Mapping[str, Any]) -> bool:
    """Whether two ledgers of a kind, by their settings, are in one database, where `remove` takes away for both."""
    if kind != "odoo":
        return False
    places = [
        (str(settings.get("url", "")).rstrip("/").lower(), settings.get("database")) for settings in (one, another)
    ]
    return places[0] == places[1]


def remove(
    kind: str, *, settings: dict[str, Any], administrator_login: str, administrator_key: SecretStr, http: HttpPolicy
) -> SetUp:
    """Take away from the host all that `provision` installed. Raises as `provision`."""
    match kind:
        case "odoo":
            client = _provisioning_client(settings, administrator_login, administrator_key, http)
            return SetUp(
                odoo_telling.removed(odoo_removal.remove(client)), {"pdf_action_id": None, "answer_action_id": None}
            )
        case "fortnox":
            raise _nothing_inside()
        case _:
            raise _unknown(kind)


def _odoo_client(
    settings: OdooSettings,
    api_key: SecretStr,
    http: HttpPolicy,
    *,
    context: Mapping[str, Any] | None = None,
) -> OdooClient:
    if not settings.url or not settings.database:
        raise ConfigurationError("The Odoo settings need a url and a database.")
    return OdooClient(
        settings.url,
        settings.database,
        api_key,
        login=settings.login,
        accept_version=parsed_version(settings.accept_version or ""),
        http=http,
        context=context,
    )


def _provisioning_client(settings: dict[str, Any], login: str, key: SecretStr, http: HttpPolicy) -> OdooClient:
    return _odoo_client(
        odoo_settings({**settings, "login": login}),
        key,
        replace(http, read_timeout_s=max(PROVISION_TIMEOUT_S, http.read_timeout_s)),
    )


def _nothing_inside() -> ConfigurationError:
    return ConfigurationError("Nothing is installed inside a Fortnox, so nothing can be removed from one.")


def _unknown(kind: str) -> ConfigurationError:
    return ConfigurationError(f"There is no host called {kind!r}.")
