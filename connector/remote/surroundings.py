"""What a deployment's environment says of how other systems are reached: proxies, and who vouches for servers.

The names are those that `requests` knows. They are looked up once for each server, and again once they change.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SERVERS = 1_024


@dataclass(frozen=True)
class Surroundings:
    """How one server is reached: `proxies` by scheme, and the file or folder of authorities, or those of `requests`."""

    proxies: Mapping[str, str]
    verify: str | bool


def of(url: str) -> Surroundings:
    """Return how the server of `url` is reached from here."""
    parts = urlsplit(url)
    return _of(f"{parts.scheme}://{parts.netloc}", _said())


def _said() -> tuple[str, ...]:
    read = os.environ.get
    return tuple(read(name, "") for name in (*_AUTHORITIES, *_NAMES, *map(str.upper, _NAMES)))


@lru_cache(_SERVERS)
def _of(server: str, said: tuple[str, ...]) -> Surroundings:
    verify = next((path for path in said[: len(_AUTHORITIES)] if path), True)
    return Surroundings(get_environ_proxies(server), verify)
