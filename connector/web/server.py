"""The web server behind the application: waitress, with bounded bodies and one proxy at most to believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from waitress.server import create_server

if TYPE_CHECKING:
    from waitress.server import BaseWSGIServer, MultiSocketServer

LONGEST_BODY_BYTES = 256 * 1024
"""More than any form or webhook needs; waitress stores a body before the application sees it."""
_FORWARDED = {"x-forwarded-for", "x-forwarded-proto"}


def make_server(
    app: Flask, *, host: str, port: str | int, threads: int, trusted_proxy: str = ""
) -> MultiSocketServer | BaseWSGIServer:
    """A server that listens already and answers once its `run` is called.

    Behind a proxy, `trusted_proxy` is its address: what it says of the visitor's address is then believed, so
    that the brake on sign-ins tells visitors apart. Raises `OSError` if the address cannot be listened on.
    """
    believed: dict[str, Any] = {}
    if trusted_proxy:
        believed = {"trusted_proxy": trusted_proxy, "trusted_proxy_headers": _FORWARDED}
    return create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        ident="amili-connector",
        max_request_body_size=LONGEST_BODY_BYTES,
        clear_untrusted_proxy_headers=True,
        **believed,
    )
