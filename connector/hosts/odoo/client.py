"""Calls to one Odoo, by the wire that its version speaks: JSON-2 from 19 on, JSON-RPC in 17 and 18.

Source: API.md, "Calls". One call is one transaction in Odoo. Retries belong to the flows; here every answer
becomes a result or one of the errors of `connector.domain.errors`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from connector.domain.errors import (
    ConfigurationError,
    ConnectorError,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unavailable,
    Unreadable,
)
from connector.hosts.odoo.detection import detect
from connector.hosts.odoo.json2 import Json2
from connector.hosts.odoo.jsonrpc import JsonRpc, PerhapsNoModel
from connector.hosts.odoo.transport import SYSTEM, odoo_transport
from connector.hosts.odoo.versions import Dialect, Version, dialect_of
from connector.remote.calls import Kind
from connector.remote.policy import ORDINARY, HttpPolicy

REMEMBERED_S = 3600.0
"""How long a version found holds good. An Odoo that was upgraded speaks its new dialect after that at the latest."""

LOOK_AGAIN_S = 60.0
"""The shortest time between two looks at the version, or at the models, that refusals bring about."""

_MODELS = "ir.model"


class Wire(Protocol):
    """A way to call methods of one database."""

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        *,
        kind: Kind,
        context: Mapping[str, Any],
        **arguments: Any,
    ) -> Any:
        """The result of `method`; see `OdooClient.call`."""


@dataclass(frozen=True)
class _Spoken:
    """What has been found out about an Odoo, and when (monotonic)."""

    version: Version
    dialect: Dialect
    wire: Wire
    found_at_s: float


class OdooClient:
    """Calls to one Odoo database with one API key. Safe to use from several threads.

    The version is found out before the first call and remembered for an hour. When Odoo refuses something and
    turns out to have been upgraded meanwhile, the call raises `Unavailable`, so that it is made again.
    """

    def __init__(
        self,
        url: str,
        database: str,
        api_key: SecretStr,
        *,
        login: str = "",
        accept_version: Version | None = None,
        http: HttpPolicy = ORDINARY,
        context: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`login` is that of the key's user, which Odoo 17 and 18 need. `accept_version` is one that the
        installer takes although it is not known to work. `context` goes with every call;
        `clock` counts seconds.

        Raises `ConfigurationError` for an address that may not be used.
        """
        self._transport = odoo_transport(url, http)
        self.database = database
        self.context = dict(context or {})
        self._login = login
        self._api_key = api_key
        self._accepted = accept_version
        self._clock = clock
        self._lock = threading.Lock()
        self._known: _Spoken | None = None
        self._models: frozenset[str] = frozenset()
        self._models_asked_at_s = float("-inf")

    @property
    def url(self) -> str:
        """Odoo's address: scheme, host and port."""
        return self._transport.url

    def __repr__(self) -> str:
        return f"OdooClient({self.url!r}, {self.database!r})"

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        kind: Kind = Kind.LIST,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """The result of `method` of `model`, as JSON with amounts as `Decimal`.

        `arguments` are the Python method's named ones; `ids` is left out for a method of the model itself.
        `create` takes `vals_list` and gives a list of ids. `kind` is what is asked for: most methods give lists.

        Raises `KeyRefused` (the key is not accepted), `NotAuthorised` (its user lacks a right), `NotFound` (no
        such model, method or record), `Refused` with Odoo's own message (any other clear no), `RateLimited`,
        `Unavailable` (never reached, not even its version could be asked for, or upgraded meanwhile),
        `OutcomeUnknown` (it failed, a timeout, a broken connection), `Unreadable` (a page or a redirect instead
        of JSON), `TooLarge` (more than `kind` holds), and `ConfigurationError` for a version that is not known to
        work, a missing login, and a database that is not there.
        """
        spoken = self._spoken()
        try:
            return spoken.wire.call(
                model, method, ids, kind=kind, context={**self.context, **(context or {})}, **arguments
            )
        except NotAuthorised:
            raise
        except (Refused, Unreadable) as error:
            told = self._told_apart(error, model) if isinstance(error, PerhapsNoModel) else error
            self._look_for_upgrade(spoken, told)
            raise told from None

    def allows(self, model: str, operation: str, *, context: Mapping[str, Any] | None = None) -> bool:
        """Return whether the key's user may do `operation` ("read", "write", "create", "unlink") on `model`.

        Raises the errors of `call`.
        """
        check = self.dialect.access_check
        ids: list[int] | None = None if check.of_the_model else []
        return bool(self.call(model, check.method, ids, context=context, operation=operation, **check.arguments))

    def require_language(self) -> None:
        """Raise `ConfigurationError` where Odoo would lock itself up for want of a language that a request can name.

        Odoo 17 keeps what it has read of the customers to find one for as long as the call lasts: a call that
        changes the customers' table would wait for itself. Raises the errors of `call` too.
        """
        spoken = self._spoken()
        wire = spoken.wire
        if spoken.dialect.names_language and isinstance(wire, JsonRpc) and not wire.language(self.context):
            raise ConfigurationError(
                f"This Odoo {spoken.version} has no language that a request can name, and would lock itself up while"
                " its fields are changed. Nothing was changed.",
                system=SYSTEM,
                advice="Activate English (US) or Swedish under Settings, Translations, Languages in Odoo.",
            )

    @property
    def dialect(self) -> Dialect:
        """Return what this Odoo's version calls things. Raises as `version` where it was not found out before."""
        return self._spoken().dialect

    def version(self) -> str:
        """Odoo's version, asked for afresh, for example "19.0"; needs no key.

        Raises `ConfigurationError` for a version that is not known to work, and for one that needs a login
        where none is set; `Unreadable` for what is no Odoo, and the errors of `call` that mean it was not
        reached.
        """
        return str(self._find_out().version)

    def needs_login(self) -> bool:
        """Return whether this Odoo wants the login of the key's user beside the key; needs neither. Raises as
        `version`.
        """
        found = detect(self._transport)
        dialect_of(found.version, self._accepted)
        return not found.json2

    def _spoken(self) -> _Spoken:
        """Return what is known of this Odoo. Raises as `version`, but for `Unavailable` in place of `OutcomeUnknown`.

        However the question for the version ends, the call that it was asked for has not been sent.
        """
        known = self._known
        if known is not None and self._clock() - known.found_at_s <= REMEMBERED_S:
            return known
        try:
            return self._find_out()
        except OutcomeUnknown as error:
            raise Unavailable(
                error.message,
                says=error.says,
                system=SYSTEM,
                operation=error.operation,
                status=error.status,
                advice=error.advice,
            ) from None

    def _find_out(self) -> _Spoken:
        with self._lock:
            found = detect(self._transport)
            dialect = dialect_of(found.version, self._accepted)
            wire = self._wire(found.version, dialect, json2=found.json2)
            self._known = _Spoken(found.version, dialect, wire, self._clock())
            return self._known

    def _wire(self, version: Version, dialect: Dialect, *, json2: bool) -> Wire:
        if json2:
            return Json2(self._transport, self.database, self._api_key)
        if not self._login:
            raise ConfigurationError(
                f"Odoo {version} wants the login of the key's user beside the key.",
                system=SYSTEM,
                advice="Enter it as login in the connection's Odoo settings.",
            )
        return JsonRpc(
            self._transport, self.database, self._login, self._api_key, names_language=dialect.names_language
        )

    def _told_apart(self, error: PerhapsNoModel, model: str) -> Refused:
        """Return what a refusal that names the model means: a model that is not there, or a refusal as any other."""
        try:
            there = model == _MODELS or self._has_model(model)
        except ConnectorError:
            there = True
        kind = Refused if there else NotFound
        return kind(error.message, says=error.says, system=SYSTEM, operation=error.operation, advice=error.advice)

    def _has_model(self, model: str) -> bool:
        """Return whether this Odoo has `model` for the key's user to read; that it lacks one is believed for a
        minute.
        """
        with self._lock:
            if model not in self._models and self._clock() - self._models_asked_at_s <= LOOK_AGAIN_S:
                return False
        # Users without Settings rights may not search among the models, but ask for those that they may read.
        rows = self.call(_MODELS, "get_available_models")
        with self._lock:
            self._models = frozenset(str(row["model"]) for row in rows)
            self._models_asked_at_s = self._clock()
            return model in self._models

    def _look_for_upgrade(self, spoken: _Spoken, error: Refused | Unreadable) -> None:
        """Look whether a refusal comes of another version than we took it for, but not at every refusal.

        Raises `Unavailable` in place of a refusal, which says that nothing was done. After an answer that
        could not be read the next call is made the new way.
        """
        if self._clock() - spoken.found_at_s < LOOK_AGAIN_S:
            return
        try:
            now = self._find_out()
        except ConnectorError:
            raise error from None
        if now.version != spoken.version and isinstance(error, Refused):
            raise Unavailable(
                f"was upgraded from {spoken.version} to {now.version} meanwhile; nothing was done.",
                system=SYSTEM,
                operation=error.operation,
            ) from None
