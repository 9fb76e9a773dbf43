"""What a page says was done just now: it comes back in the address of a redirect, where anybody can write anything."""

from __future__ import annotations

from collections.abc import Collection

from flask import request


def told(known: Collection[str], *, name: str = "done") -> str:
    """Return what the address says was done, if it is one of `known`, else ""."""
    said = request.args.get(name, "")
    return said if said in known else ""
