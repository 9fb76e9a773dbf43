"""Fortnox as the rest of the product knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from connector.domain.invoice import Invoice
from connector.hosts.base import (
    App,
    AppContext,
    Companies,
    Consent,
    EventSource,
    HostKind,
    Lifecycle,
    Outlets,
    RequestQuota,
)
from connector.hosts.fortnox import lifecycle, translate
from connector.hosts.fortnox.access import FortnoxAccess
from connector.hosts.fortnox.client import REQUESTS, RESERVED, WINDOW_S
from connector.hosts.fortnox.deployment import FortnoxDeployment
from connector.hosts.fortnox.documents import SYSTEM
from connector.hosts.fortnox.events import hints
from connector.hosts.fortnox.listening import Listener, Stream
from connector.hosts.fortnox.oauth import RECEIPT_SCOPES, SCOPES, FortnoxApp
from connector.hosts.fortnox.quality import QUALITY
from connector.hosts.fortnox.settings import FortnoxSettings, fortnox_settings

_ID = "fortnox"
_COMPANY = "tenant_id"
_QUOTA = RequestQuota(REQUESTS, WINDOW_S, RESERVED)


def _app(context: AppContext) -> App | None:
    chosen = context.settings
    assert isinstance(chosen, FortnoxDeployment)  # noqa: S101 - the kind's own model, as below
    if not chosen.fortnox_client_id or not chosen.fortnox_client_secret:
        return None
    app = FortnoxApp(
        client_id=chosen.fortnox_client_id,
        client_secret=chosen.fortnox_client_secret,
        redirect_uri=context.redirect_uri,
        more_scopes=RECEIPT_SCOPES if chosen.fortnox_receipts else (),
    )
    return FortnoxAccess(
        app=app,
        tokens=context.tokens,
        budget=lambda tenant_id: context.budget(f"{_ID}:{app.client_id}:{tenant_id}", _QUOTA),
        authorisation_url=chosen.fortnox_authorisation_url,
        api_url=chosen.fortnox_api_url,
        http=context.http,
    )


def _events(settings: BaseModel, app: App | None, outlets: Outlets) -> EventSource | None:
    """Return who listens to Fortnox's events; None where there is no app at Fortnox, or no address of its events."""
    assert isinstance(settings, FortnoxDeployment)  # noqa: S101 - as above
    if not isinstance(app, FortnoxAccess) or not settings.fortnox_events_url:
        return None
    stream = Stream(
        url=settings.fortnox_events_url,
        client_id=app.app.client_id,
        client_secret=app.app.client_secret,
        tokens=app.company_tokens,
        http=app.http,
    )
    return Listener(outlets, stream)


class _Lifecycle(Lifecycle):
    def is_set_up(self, settings: BaseModel) -> bool:
        return bool(_secret(settings).get_secret_value())

    def is_genuine(self, body: bytes, headers: Mapping[str, str], settings: BaseModel) -> bool:
        return lifecycle.is_signed(body, headers.get(lifecycle.SIGNATURE_HEADER, ""), _secret(settings))

    def take(self, body: bytes, companies: Companies) -> None:
        if told := lifecycle.notice(body):
            lifecycle.take(told, companies)


def _secret(settings: BaseModel) -> SecretStr:
    assert isinstance(settings, FortnoxDeployment)  # noqa: S101 - as above
    return settings.fortnox_webhook_secret or SecretStr("")


def _translate(document: dict[str, Any], settings: dict[str, Any]) -> Invoice:
    return translate.translate(document, fortnox_settings(settings))


def _same_books(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one.get(_COMPANY)) and one.get(_COMPANY) == other.get(_COMPANY)


KIND = HostKind(
    id=_ID,
    name=SYSTEM,
    settings=FortnoxSettings,
    opened_by=Consent(
        app=_app,
        advice="Put what Fortnox's developer portal says of it into FORTNOX_CLIENT_ID and FORTNOX_CLIENT_SECRET.",
        company_setting=_COMPANY,
        rights=tuple(SCOPES),
    ),
    translate=_translate,
    same_books=_same_books,
    hints=hints,
    deployment_settings=FortnoxDeployment,
    events=_events,
    lifecycle=_Lifecycle(),
    quality=QUALITY,
)
CALLBACK_PATH = KIND.callback_path
