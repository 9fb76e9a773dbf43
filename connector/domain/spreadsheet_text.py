"""Texts for tables that people open in a spreadsheet, which takes a cell that begins with certain signs for a formula.

Which sign ends a cell depends on the reader's locale: in Sweden a semicolon does, so what follows one within a text
begins a cell too. Source: owasp.org, "CSV Injection".
"""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Line breaks, tabs and other control characters: no name or number needs one, and each may end a cell or a row."""
_BEGINS_FORMULA = re.compile(r"""(^|[;|])(?=[\s"\u200b\ufeff]*[=+\-@＝＋－＠])""")


def no_formula(text: str) -> str:
    """Return `text` in one line, with an apostrophe wherever a reader could take it for the beginning of a formula."""
    return _BEGINS_FORMULA.sub(r"\1'", _BREAKS.sub(" ", text))
