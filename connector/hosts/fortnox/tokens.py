"""One company's tokens, shared by all processes and renewed by one at a time.

A refresh token is void once it was used, and there is no grace: two processes that used one would lose the
connection (API.md, "Tokens"). So it is used under a lock that all processes share, and its successor is stored before
anything else is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from connector.domain.errors import KeyRefused, NotAuthorised, NotSent
from connector.hosts.base import TokenStore
from connector.hosts.fortnox.oauth import AuthorisationServer, Granted
from connector.remote.tokens import KeptToken, TokenCache


class CompanyTokens:
    """The access tokens of one company, for one app. Safe to use from several threads."""

    def __init__(
        self,
        server: AuthorisationServer,
        tenant_id: str,
        store: TokenStore,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`tenant_id` is the company's number in Fortnox."""
        self._server = server
        self._tenant_id = tenant_id
        self._store = store
        # Hashed: a key stands in the clear where its token is sealed.
        owner = hashlib.sha256(f"{server.identity}\n{tenant_id}".encode()).hexdigest()[:32]
        self._access_key, self._refresh_key = f"fortnox:{owner}:access", f"fortnox:{owner}:refresh"
        self._access = TokenCache(store, key=self._access_key, lock_key=f"fortnox:{owner}", renew=self._renew, now=now)

    def current(self) -> SecretStr:
        """A token that is good for a while: the one in memory, else the stored one, else a new one.

        Raises the errors of `AuthorisationServer`; the call that needs the token has then not been sent.
        """
        return self._access.current()

    def instead_of(self, refused: SecretStr) -> SecretStr:
        """A token other than `refused`, which Fortnox no longer takes. Raises as `current` does."""
        return self._access.instead_of(refused)

    def lasting(self, at_least: timedelta, *, other_than: SecretStr | None = None) -> KeptToken:
        """A token with its end, for anyone who uses it longer than for a call. Raises as `current` does.

        It is good for `at_least`, unless a new one is not; and it is not `other_than`, which was refused.
        """
        return self._access.lasting(at_least, other_than=other_than)

    def admit(self, granted: Granted) -> bool:
        """Keep what a fresh consent gave. True if no refresh token is needed: a service account was approved.

        Raises `NotAuthorised` if there is neither a service account nor a refresh token.
        """
        with self._access.held():
            if granted.refresh is not None:
                self._store.put(self._refresh_key, granted.refresh)
            self._access.keep(granted.access)
            try:
                by_tenant = self._server.by_tenant(self._tenant_id)
            except (NotAuthorised, NotSent):
                if granted.refresh is None:
                    raise
                return False
            self._access.keep(by_tenant.access)
            self._store.forget(self._refresh_key)
            return True

    def ends(self) -> datetime | None:
        """Return when the kept refresh token ends unless it is used; None where none is needed, or nothing is kept."""
        kept = self._store.get(self._refresh_key)
        return kept.expires_at if kept else None

    def forget(self) -> None:
        """Give the connection up: the refresh token, if there is one, is voided at Fortnox, and nothing is kept.

        A consent for a service account is withdrawn in Fortnox only. Raises the errors of `AuthorisationServer`;
        nothing is forgotten then.
        """
        with self._access.held():
            if (kept := self._store.get(self._refresh_key)) is not None:
                self._server.revoke(kept.value)
            self._store.forget(self._refresh_key)
            self._store.forget(self._access_key)
            self._access.drop()

    def _renew(self) -> KeptToken:
        kept = self._store.get(self._refresh_key)
        granted = self._server.by_tenant(self._tenant_id) if kept is None else self._rotated(kept)
        return granted.access

    def _rotated(self, kept: KeptToken) -> Granted:
        try:
            granted = self._server.by_refresh_token(kept.value)
        except KeyRefused:
            # A lock ends by itself, so that a process which froze may have used the token and stored the next.
            newer = self._store.get(self._refresh_key)
            if newer is None or newer.value == kept.value:
                raise
            granted = self._server.by_refresh_token(newer.value)
        if granted.refresh is not None:
            self._store.put(self._refresh_key, granted.refresh)
        return granted
