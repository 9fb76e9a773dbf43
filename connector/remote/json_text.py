"""JSON from outside, so that one odd letter or number spoils the field that holds it, and not the whole answer."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_REPLACED = "\ufffd"
_MAY_BE_ODD = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)|\x00")
_ODD = re.compile("[\0\ud800-\udfff]")
"""What no database and no page can hold: NUL, and half of a letter that UTF-16 writes in two."""


def parsed(content: bytes) -> Any:
    """Return what `content` says, its decimals as `Decimal`. Raises `ValueError` and `RecursionError` for what is no
    JSON.

    Letters that are none are replaced, and so are bytes that are no UTF-8. A whole number of more digits than Python
    reads is a `Decimal` too.
    """
    text = content.decode("utf-8-sig", "replace")
    try:
        found = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError:
        raise
    except ValueError:
        found = json.loads(text, parse_float=Decimal, parse_int=_whole_number)
    return _mended(found) if _MAY_BE_ODD.search(content) else found


def _whole_number(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:
        return Decimal(digits)


def _mended(found: Any) -> Any:
    if isinstance(found, str):
        return _ODD.sub(_REPLACED, found)
    if isinstance(found, list):
        return [_mended(one) for one in found]
    if isinstance(found, dict):
        return {_mended(name): _mended(value) for name, value in found.items()}
    return found
