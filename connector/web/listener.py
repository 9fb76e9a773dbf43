"""waitress' server, which makes room for new connections by closing the one that has been idle for longest.

By itself it takes no new ones once it has as many as it may, so that anyone who opens that many and says nothing closes
the service for everybody, until they have been idle for two minutes.
"""

from __future__ import annotations

import time
from typing import Any, cast

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

LONGEST_RECEIVING_S = 30.0
"""For how long a request may be on its way to us. Bodies are small; who sends a byte now and then holds a place."""
_ROOM = 8
"""Places that are kept free for those who come."""


class Connection(HTTPChannel):
    """One connection. `began_s` is when the request began that has not come in wholly yet."""

    began_s: float | None = None

    def received(self, data: bytes) -> bool:
        """Take what came in."""
        taken: bool = super().received(data)
        if self.request is None:
            self.began_s = None
        elif self.began_s is None:
            self.began_s = time.time()
        return taken

    @property
    def is_idle(self) -> bool:
        """Return whether nothing that was asked wholly waits for its answer."""
        return not (self.requests or self.total_outbufs_len or self.will_close)

    @property
    def idle_since_s(self) -> float:
        """Since when; what is said in drops counts from the first."""
        return self.last_activity if self.began_s is None else self.began_s


class Listener(TcpWSGIServer):
    """Listens at one address."""

    channel_class = Connection
    effective_host: str
    effective_port: int
    _map: dict[int, object]

    def readable(self) -> bool:
        """Return whether the next connection is taken. Makes room for it first."""
        if len(self._map) > self.adj.connection_limit - _ROOM:
            self._make_room(len(self._map) - (self.adj.connection_limit - _ROOM))
        takes: bool = super().readable()
        return takes

    def maintenance(self, now: float) -> None:
        """Close connections that have been idle for too long, or are too slow to say what they want."""
        super().maintenance(cast("Any", now))
        for one in self._connections():
            if one.is_idle and one.began_s is not None and now - one.began_s > LONGEST_RECEIVING_S:
                one.will_close = True

    def _make_room(self, places: int) -> None:
        idle = sorted((one for one in self._connections() if one.is_idle), key=lambda one: one.idle_since_s)
        for one in idle[:places]:
            one.will_close = True

    def _connections(self) -> list[Connection]:
        # One map is shared by the listeners of all addresses, and the limit is for it.
        return [one for one in self._map.values() if isinstance(one, Connection)]
