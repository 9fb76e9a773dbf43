"""A ledger that does not accept our key, as the flows see it: it is not asked."""

from __future__ import annotations

from typing import NoReturn, cast

from connector.domain.errors import KeyRefused
from connector.hosts.base import Host


class _Parked:
    """Stands in for a host whose key is dead: whatever is wanted of it is refused here, without a call."""

    def __init__(self, system: str) -> None:
        self._system = system

    def __getattr__(self, name: str) -> NoReturn:
        raise KeyRefused(
            "does not accept our key, and is not asked before there is a new one.",
            system=self._system,
            operation=name,
            advice="Enter a new key for the company.",
        )


def parked_host(system: str) -> Host:
    """A host that raises `KeyRefused` for everything."""
    return cast(Host, _Parked(system))
