"""Calls to one address, as one policy allows them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import requests

from connector.domain.errors import TooLarge
from connector.remote.addresses import guarded_pool
from connector.remote.calls import AnswerTooLarge, Kind, ask
from connector.remote.policy import HttpPolicy


class HttpClient:
    """Requests to one base address of `system`, without redirects and retries. Safe to use from several threads.

    `headers` go with every request.
    """

    def __init__(
        self, system: str, url: str, policy: HttpPolicy, *, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.system = system
        self.url = url
        self._policy = policy
        self._headers = dict(headers)
        self._pool = guarded_pool(allow_private=policy.allow_private)

    def send(
        self,
        verb: str,
        path: str,
        *,
        operation: str,
        kind: Kind,
        advice: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        **request: Any,
    ) -> requests.Response:
        """The answer to one request, whatever its status, read whole. `request` is in the words of `ask`.

        Raises `TooLarge`, which names `operation` and gives `advice`, for an answer larger than any of its `kind`,
        `ConfigurationError` for a server on a private network that may not be called, and what else `ask` raises.
        """
        policy = self._policy
        try:
            return ask(
                self._pool,
                verb,
                self.url + path,
                kind=kind,
                timeout_s=(policy.connect_timeout_s, policy.read_timeout_s),
                within_s=policy.longest_call_s,
                headers=self._headers | dict(headers),
                **request,
            )
        except AnswerTooLarge as fault:
            raise TooLarge(
                f"answered with more than {fault.kind.in_words}; the rest was not read.",
                system=self.system,
                operation=operation,
                status=fault.status,
                advice=advice,
            ) from None
