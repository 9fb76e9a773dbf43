"""Another made-up system with the same documents, whose companies approve an app, and which tells of events itself."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from pydantic import BaseModel, ConfigDict, SecretStr

from connector.domain.errors import ConfigurationError, NotAuthorised, Unavailable
from connector.hosts.base import (
    CHANGES,
    App,
    AppContext,
    Companies,
    Consent,
    Consented,
    ConsentRefused,
    EventSource,
    Host,
    HostKind,
    Lifecycle,
    Outlets,
    Why,
)
from connector.remote.tokens import KeptToken

from .kind import hints
from .ledger import LunabokHost
from .translate import translate

SYSTEM = "Solbok"
_ID = "solbok"
_COMPANY = "company"
_TIMEOUT_S = 10
_EVERY_S = 0.2
_LEASE_S = 10.0
_TOPIC = "invoices"
_LASTS = timedelta(days=365)
_RIGHTS = ("books:read", "case:write")


class SolbokSettings(BaseModel):
    """Which company's books."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    company: str = ""


class SolbokDeployment(BaseModel):
    """The app of the deployment: where Solbok is, and what both know of each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    solbok_url: str = ""
    solbok_client_id: str = ""
    solbok_secret: SecretStr = SecretStr("")


class _App(App):
    def __init__(self, settings: SolbokDeployment, context: AppContext) -> None:
        self._url = settings.solbok_url
        self._client = settings.solbok_client_id
        self._secret = settings.solbok_secret
        self._context = context

    @property
    def rights(self) -> tuple[str, ...]:
        return _RIGHTS

    def consent_url(self, state: str, *, service_account: bool) -> str:
        del service_account
        asked = {"state": state, "client": self._client, "back": self._context.redirect_uri}
        return str(requests.Request("GET", f"{self._url}/consent", params=asked).prepare().url)

    def receive(self, answer: Mapping[str, str], *, state: str) -> Consented:
        if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
            raise ConsentRefused(Why.OTHER_ATTEMPT, "The answer is another attempt's.", system=SYSTEM, advice="Again.")
        given = self.asked("POST", "token", {"code": answer.get("code", "")})
        return _Given(self._context, str(given["company"]), SecretStr(given["token"]))

    def open(self, settings: Mapping[str, Any]) -> Host:
        company = str(settings.get(_COMPANY, ""))
        if not company:
            raise ConfigurationError("The settings of Solbok need a company.", system=SYSTEM)
        return LunabokHost(self._url, lambda: self._token(company), self._context.http, system=SYSTEM, version="2")

    def _token(self, company: str) -> SecretStr:
        kept = self._context.tokens.get(_key(company))
        if kept is None:
            raise NotAuthorised("the company has not approved the app.", system=SYSTEM, operation="read")
        return kept.value

    def forget(self, company: str) -> None:
        self._context.tokens.forget(_key(company))

    def ends(self, company: str) -> datetime | None:
        del company
        return None

    def asked(self, verb: str, path: str, body: Mapping[str, str]) -> Any:
        """What Solbok answers to the app itself."""
        login = (self._client, self._secret.get_secret_value())
        try:
            answer = requests.request(verb, f"{self._url}/{path}", json=body, auth=login, timeout=_TIMEOUT_S)
        except requests.RequestException:
            raise Unavailable("did not answer.", system=SYSTEM, operation=path) from None
        if answer.status_code != requests.codes.ok:
            raise NotAuthorised("does not accept the app.", system=SYSTEM, operation=path)
        return answer.json()


@dataclass(frozen=True)
class _Given(Consented):
    context: AppContext
    number: str
    token: SecretStr

    @property
    def missing(self) -> tuple[str, ...]:
        return ()

    @property
    def named_company(self) -> str:
        return self.number

    def company(self) -> str:
        return self.number

    def keep(self, company: str) -> bool:
        self.context.tokens.put(_key(company), KeptToken(self.token, datetime.now(UTC) + _LASTS))
        return True

    def give_back(self) -> None:
        return None


class _Events(EventSource):
    """Asks for what happened since it last asked, wherever it listens alone."""

    def __init__(self, app: _App, outlets: Outlets) -> None:
        self._app = app
        self._outlets = outlets
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"{_ID}-events", daemon=True)
        self._owner = f"{id(self)}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._outlets.release(f"{_ID}-events", self._owner)

    def _listen(self) -> None:
        failures = 0
        while not self._stop.wait(self._outlets.pause_s(failures) if failures else _EVERY_S):
            if not self._outlets.take_lease(f"{_ID}-events", self._owner, _LEASE_S):
                continue
            try:
                self._look()
                failures = 0
            except (NotAuthorised, Unavailable):
                failures += 1

    def _look(self) -> None:
        seen = self._outlets.offset(_ID, _TOPIC)
        told = self._app.asked("GET", f"events/{seen or 0}", {})
        connections = {str(one.settings.get(_COMPANY)): one.connection for one in self._outlets.ledgers()}
        found = [
            (connections[event["company"]], event["invoice"] or CHANGES)
            for event in told["events"]
            if event["company"] in connections
        ]
        if found:
            self._outlets.put_hints(found)
        if str(told["next"]) != seen:
            self._outlets.put_offset(_ID, _TOPIC, str(told["next"]))


class _Lifecycle(Lifecycle):
    def is_set_up(self, settings: BaseModel) -> bool:
        return bool(_deployment(settings).solbok_secret.get_secret_value())

    def is_genuine(self, body: bytes, headers: Mapping[str, str], settings: BaseModel) -> bool:
        secret = _deployment(settings).solbok_secret.get_secret_value().encode()
        signed = hmac.new(secret, body, "sha256").hexdigest()
        return hmac.compare_digest(signed, headers.get("X-Solbok-Signature", ""))

    def take(self, body: bytes, companies: Companies) -> None:
        try:
            told = json.loads(body)
        except ValueError:
            return
        connection = companies.connection_of(str(told.get("company", "")))
        if connection and told.get("event") == "withdrawn":
            companies.park(connection)


def _key(company: str) -> str:
    return f"{_ID}:{company}"


def _deployment(settings: BaseModel) -> SolbokDeployment:
    assert isinstance(settings, SolbokDeployment)
    return settings


def _app(context: AppContext) -> App | None:
    settings = _deployment(context.settings)
    return _App(settings, context) if settings.solbok_client_id else None


def _events(settings: BaseModel, app: App | None, outlets: Outlets) -> EventSource | None:
    del settings
    return _Events(app, outlets) if isinstance(app, _App) else None


def _same_books(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one.get(_COMPANY)) and one.get(_COMPANY) == other.get(_COMPANY)


KIND = HostKind(
    id=_ID,
    name=SYSTEM,
    settings=SolbokSettings,
    opened_by=Consent(
        app=_app,
        advice="Put what Solbok says of your app into SOLBOK_URL, SOLBOK_CLIENT_ID and SOLBOK_SECRET.",
        company_setting=_COMPANY,
        rights=_RIGHTS,
    ),
    translate=translate,
    same_books=_same_books,
    hints=hints,
    deployment_settings=SolbokDeployment,
    events=_events,
    lifecycle=_Lifecycle(),
)
