"""What people read: a finding, a text or a fact in each language."""

from __future__ import annotations

import re

from connector.domain.findings import Finding
from connector.domain.text import Fact
from connector.words import catalogue, say


def sv(told: Finding | Fact) -> str:
    """Return what is told, in Swedish."""
    return say(told.says if isinstance(told, Finding) else told, "sv")


def en(told: Finding | Fact) -> str:
    """Return what is told, in English."""
    return say(told.says if isinstance(told, Finding) else told, "en")


TEXTS: dict[str, str] = {
    key: text for key, text in catalogue("sv").texts.items() if re.fullmatch(r"[A-H][0-9]+(\.[a-z_]+)?", key)
}
"""What the checks say, in Swedish and by their keys, before it is told of an invoice."""
