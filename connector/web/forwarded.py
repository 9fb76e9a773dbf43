"""What a proxy in front says of the visitor: believed of one proxy alone, and missed aloud where none is named."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from waitress.proxy_headers import proxy_headers_middleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_BELIEVED = {"x-forwarded-for", "x-forwarded-proto"}
_SCHEME = "HTTP_X_FORWARDED_PROTO"
_SCHEMES = ("http", "https")
_TELLTALE = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", _SCHEME, "HTTP_X_REAL_IP")


class Forwarded:
    """Stands before the app: visitors then have the address that the trusted proxy says, or their own.

    The first request that seems to come through any other proxy is said in the log, with what to do.
    """

    def __init__(self, app: WSGIApplication, *, trusted_proxy: str) -> None:
        self._trusted = trusted_proxy
        self._app = proxy_headers_middleware(
            app,
            trusted_proxy=trusted_proxy or None,
            trusted_proxy_headers=_BELIEVED if trusted_proxy else None,
            clear_untrusted=True,
        )
        self._said = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        peer = environ.get("REMOTE_ADDR", "")
        if peer != self._trusted and any(name in environ for name in _TELLTALE) and self._said.acquire(blocking=False):
            # Never given back: once is enough.
            log.warning(
                "Requests from %s look forwarded by a proxy, but TRUSTED_PROXY %s. All its visitors are taken for one, "
                "and wrong passwords of some slow the sign-in of others. If %s is your proxy, set TRUSTED_PROXY=%s.",
                peer,
                f"is {self._trusted}" if self._trusted else "is empty",
                peer,
                peer,
            )
        _keep_nearest_scheme(environ)
        return self._app(environ, start_response)


def _keep_nearest_scheme(environ: WSGIEnvironment) -> None:
    """Of several values of X-Forwarded-Proto leave the last: the trusted proxy's own, to which others' come before.

    A second proxy further out appends rather than replaces, and waitress refuses a list, or another scheme, with 400.
    """
    nearest = environ.pop(_SCHEME, "").rpartition(",")[2].strip().strip('"').lower()
    if nearest in _SCHEMES:
        environ[_SCHEME] = nearest
