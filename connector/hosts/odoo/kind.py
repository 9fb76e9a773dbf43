"""Odoo as the rest of the product knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError
from connector.domain.invoice import Invoice
from connector.hosts.base import Administrator, ApiKey, AskedSetting, Host, HostKind, Installation, LedgerCases, SetUp
from connector.hosts.odoo import export, removal, telling, translate
from connector.hosts.odoo import provision as provisioning
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import company_context
from connector.hosts.odoo.events import hints
from connector.hosts.odoo.host import OdooHost
from connector.hosts.odoo.quality import QUALITY
from connector.hosts.odoo.settings import OdooSettings, odoo_settings, same_books
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.odoo.versions import parsed_version
from connector.remote.policy import HttpPolicy

PROVISION_TIMEOUT_S = 120.0
"""Installing a module of Odoo's own, and adding a field, make it reload itself."""


class _Key(ApiKey):
    asked = (
        AskedSetting("url", "Address of the Odoo, for example https://company.odoo.com.", "The ledger's address"),
        AskedSetting("database", "Name of the Odoo database.", "Name of the Odoo database"),
        AskedSetting(
            "login", "Login of the key's user, which Odoo 17 and 18 want beside the key; asked for there if not given."
        ),
    )
    login_setting = "login"

    def open(self, settings: Mapping[str, Any], key: SecretStr, http: HttpPolicy) -> Host:
        chosen = odoo_settings(settings)
        return OdooHost(_client(chosen, key, http, company_context(chosen)), chosen)

    def needs_login(self, settings: Mapping[str, Any], http: HttpPolicy) -> bool:
        return _client(odoo_settings(settings), SecretStr(""), http).needs_login()


class _Inside(Installation):
    installs = "fields, group, actions, views, menu, and rules that tell it of changes"
    login_help = "Login of that user, which Odoo 17 and 18 want beside the key; asked for there if not given."
    patience = (
        "Setting Odoo up. On a real server it takes up to two minutes; Odoo reloads itself on the way, and its users "
        "wait now and then. If it fails, what was begun is taken back."
    )

    def provision(
        self,
        settings: Mapping[str, Any],
        api_key: SecretStr,
        administrator: Administrator,
        http: HttpPolicy,
        *,
        webhook_url: str,
        other_first_actions: Sequence[str],
        told: Callable[[str], None],
    ) -> SetUp:
        chosen = odoo_settings(settings)
        client = _administrators(settings, administrator, http)
        uid, company_id = provisioning.connectors_user(_client(chosen, api_key, http), chosen.company_id)
        report = provisioning.provision(
            client,
            webhook_url,
            company_id=company_id,
            key_user=uid,
            other_first_actions=other_first_actions,
            told=told,
        )
        found = {"pdf_action_id": report.pdf_action_id, "answer_action_id": report.answer_action_id}
        return SetUp(telling.installed(report), found)

    def remove(self, settings: Mapping[str, Any], administrator: Administrator, http: HttpPolicy) -> SetUp:
        client = _administrators(settings, administrator, http)
        return SetUp(telling.removed(removal.remove(client)), {"pdf_action_id": None, "answer_action_id": None})

    def cases(
        self,
        settings: Mapping[str, Any],
        keys: Sequence[tuple[Mapping[str, Any], SecretStr]],
        administrator: Administrator,
        http: HttpPolicy,
    ) -> LedgerCases:
        client = _administrators(settings, administrator, http)
        return export.cases_everywhere(client, [_client(odoo_settings(own), key, http) for own, key in keys])

    def is_shared(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        places = [
            (str(settings.get("url", "")).rstrip("/").lower(), settings.get("database")) for settings in (one, other)
        ]
        return places[0] == places[1]


def _client(
    settings: OdooSettings, api_key: SecretStr, http: HttpPolicy, context: Mapping[str, Any] | None = None
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


def _administrators(settings: Mapping[str, Any], administrator: Administrator, http: HttpPolicy) -> OdooClient:
    patient = replace(http, read_timeout_s=max(PROVISION_TIMEOUT_S, http.read_timeout_s))
    return _client(odoo_settings({**settings, "login": administrator.login}), administrator.key, patient)


def _translate(document: dict[str, Any], settings: dict[str, Any]) -> Invoice:
    return translate.translate(document, odoo_settings(settings))


KIND = HostKind(
    id="odoo",
    name=SYSTEM,
    settings=OdooSettings,
    opened_by=_Key(),
    translate=_translate,
    same_books=same_books,
    hints=hints,
    installation=_Inside(),
    quality=QUALITY,
)
