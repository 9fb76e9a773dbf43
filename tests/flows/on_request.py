"""Something that happens while somebody reads: around a sandbox, just before it answers a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass
class OnRequest:
    """Lets `happens` happen once, before the sandbox around which it was put answers, `after` so many requests."""

    happens: Callable[[], object] | None = None
    after: int = 0

    def around(self, app: Flask) -> WSGIApplication:
        """The sandbox, with this around it."""

        def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self.after:
                self.after -= 1
            elif self.happens is not None:
                happens, self.happens = self.happens, None
                happens()
            return app(environ, start_response)

        return answering
