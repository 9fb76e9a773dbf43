"""A gateway before a real Odoo that lets its JSON-RPC through and not its JSON-2, as some companies' do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

import requests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TIMEOUT_S = 90


def without_json2(odoo_url: str) -> WSGIApplication:
    """The gateway as a WSGI application, for `connector.sandbox.serve.running`."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if path.startswith("/json/"):
            start_response("404 Not Found", [("Content-Type", "text/html")])
            return [b"<h1>Not Found</h1>"]
        passed = requests.request(
            environ["REQUEST_METHOD"],
            odoo_url + quote(path),
            params=environ["QUERY_STRING"],
            data=environ["wsgi.input"].read(),
            headers={"Content-Type": environ["CONTENT_TYPE"]} if environ["CONTENT_TYPE"] else {},
            allow_redirects=False,
            timeout=TIMEOUT_S,
        )
        kept = [(name, passed.headers[name]) for name in ("Content-Type", "Location") if name in passed.headers]
        start_response(f"{passed.status_code} {passed.reason}", kept)
        return [passed.content]

    return answer
