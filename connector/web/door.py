"""What every request is held to before a view sees it, so that no text or number of it is more than a database takes.

PostgreSQL holds no NUL in a text, no database a lone surrogate, and the store's whole numbers have 32 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import overload

from flask import Flask, abort, request

_NOT_STORABLE = re.compile(r"[\0\ud800-\udfff]")
_LARGEST_NUMBER = 2**31 - 1
_METHODS_WITH_FORM = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def guard_door(app: Flask, *, bodies_left_alone: frozenset[str]) -> None:
    """Refuse every request of `app` whose path (404), query or form (400) no database could hold.

    The bodies sent to the blueprints named are not looked at: anyone who reads them must see them unread.
    """

    @app.before_request
    def check() -> None:
        if not storable(request.path):
            abort(404)
        if not all(storable(text) for text in _texts(request.args.lists())):
            abort(400)
        has_form = request.method in _METHODS_WITH_FORM and request.blueprint not in bodies_left_alone
        if has_form and not all(storable(text) for text in _texts(request.form.lists())):
            abort(400)


def storable(text: str) -> bool:
    """Return whether both databases could hold `text`."""
    return _NOT_STORABLE.search(text) is None


@overload
def number_asked(name: str) -> int | None: ...
@overload
def number_asked(name: str, default: int) -> int: ...
def number_asked(name: str, default: int | None = None) -> int | None:
    """The whole number in the address's query; `default` where there is none, or none that a database could hold."""
    found = request.args.get(name, type=int)
    return found if found is not None and abs(found) <= _LARGEST_NUMBER else default


def _texts(fields: Iterable[tuple[str, list[str]]]) -> Iterable[str]:
    for name, values in fields:
        yield name
        yield from values
