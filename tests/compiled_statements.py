"""Keeps what SQLAlchemy has compiled for all engines of a process, of which nearly every test opens its own.

An engine's cache names its dialect, an object of its own; here it is named by the dialect's class, which is enough
where every engine speaks to the same two kinds of server. This module is a plugin of pytest.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

_KEPT = 4_000


class _Compiled(LRUCache[Any, Any]):
    def get(self, key: Any, default: Any = None) -> Any:
        """Return what was compiled for any engine of the same dialect."""
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), value)


_COMPILED = _Compiled(_KEPT)
_open = Engine.__init__


def _open_with_what_is_compiled(self: Engine, *arguments: Any, **options: Any) -> None:
    _open(self, *arguments, **options)
    self._compiled_cache = _COMPILED


Engine.__init__ = _open_with_what_is_compiled  # type: ignore[method-assign]
