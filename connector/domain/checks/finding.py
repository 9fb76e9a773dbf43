"""What a check says: a text of the catalogues, with the facts that it tells.

The key of a text is its check's code, with a suffix where one check has several things to say.
"""

from __future__ import annotations

from typing import Final

from connector.domain.findings import Finding, Severity
from connector.domain.text import Fact, Text

_HIGHEST: Final = {"A": 11, "B": 9, "C": 7, "D": 8, "E": 17, "F": 5, "G": 2}
CODES: Final = frozenset(f"{part}{number}" for part, highest in _HIGHEST.items() for number in range(1, highest + 1))
"""The codes of all checks (RULES.md, "How a check stops")."""


def finding(key: str, severity: Severity, *, field: str = "", value: str = "", **facts: Fact) -> Finding:
    """The finding that the text `key` tells. `facts` fill its placeholders; amounts are in kronor."""
    return Finding(code=code_of(key), severity=severity, field=field, value=value, says=Text(key, facts))


def code_of(key: str) -> str:
    """The check's code in a key of its texts."""
    return key.partition(".")[0]
