"""The web server behind the application: waitress, with bounded bodies and one proxy at most to believe."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.server import MultiSocketServer

from connector.web.forwarded import Forwarded
from connector.web.lanes import Lanes, Threads
from connector.web.listener import Listener

if TYPE_CHECKING:
    from waitress.server import BaseWSGIServer

LONGEST_BODY_BYTES = 256 * 1024
"""More than any form or webhook needs; waitress stores a body before the application sees it."""
MOST_CONNECTIONS = 512
"""More than the pool of any proxy; a process may have 1 024 files open, by what systems set."""
_LOOK_EVERY_S = 5


def make_server(
    app: Flask,
    *,
    host: str,
    port: str | int,
    threads: Threads,
    trusted_proxy: str = "",
    most_connections: int = MOST_CONNECTIONS,
) -> MultiSocketServer | BaseWSGIServer:
    """A server that listens already and answers once its `run` is called.

    Behind a proxy, `trusted_proxy` is its address: what it says of the visitor's address is then believed, so
    that the brake on sign-ins tells visitors apart. It holds `most_connections` at once, and closes the one that has
    been idle for longest for a new one. Raises `OSError` if the address cannot be listened on.
    """
    adjustments = Adjustments(
        host=host,
        port=port,
        ident="amili-connector",
        max_request_body_size=LONGEST_BODY_BYTES,
        # `Forwarded` does it, which sees them before.
        clear_untrusted_proxy_headers=False,
        connection_limit=min(most_connections, _files_that_may_be_open() // 2),
        cleanup_interval=_LOOK_EVERY_S,
        # `select` takes no file beyond the 1 024th.
        asyncore_use_poll=True,
    )
    lanes: Any = Lanes(threads)
    sockets: dict[int, Any] = {}
    addresses: list[Any] = adjustments.listen
    believing = Forwarded(app, trusted_proxy=trusted_proxy)
    listeners = [
        Listener(believing, sockets, dispatcher=lanes, adj=adjustments, sockinfo=address) for address in addresses
    ]
    if len(listeners) == 1:
        return listeners[0]
    names = [(one.effective_host, one.effective_port) for one in listeners]
    return MultiSocketServer(sockets, adjustments, names, lanes, listeners[0].log_info)


def _files_that_may_be_open() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2 * MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft
