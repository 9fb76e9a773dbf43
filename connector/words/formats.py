"""How each language writes amounts, and words that are not ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

_KRONOR: Final[Mapping[str, str]] = {"sv": "#,##0.00 ¤", "en": "¤¤ #,##0.00;¤¤ -#,##0.00"}
_OTHERS: Final[Mapping[str, str]] = {"sv": "#,##0.00 ¤¤", "en": "¤¤ #,##0.00;¤¤ -#,##0.00"}
_MARKS: Final[Mapping[str, tuple[str, str]]] = {"sv": ("”", "”"), "en": ("“", "”")}
_INNER_MARKS: Final = str.maketrans(dict.fromkeys('"“”„«»', "'"))


@lru_cache(maxsize=512)
def money(amount: Decimal, currency: str, language: str) -> str:
    """`2050.00` kronor as `2 050,00 kr` in Swedish and `SEK 2,050.00` in English; all its öre are written."""
    # Babel takes long to import, and many a process writes no amount.
    from babel.numbers import format_currency  # noqa: PLC0415

    pattern = (_KRONOR if currency == "SEK" else _OTHERS)[language]
    return format_currency(amount, currency, pattern, locale=language, currency_digits=False).replace("\u2212", "-")


def quoted(words: str, language: str) -> str:
    """Return what a remote system said, on one line in quotation marks: set apart from our own sentence.

    Quotation marks within are made single ones, and the stop at its end is left to our sentence.
    """
    opening, closing = _MARKS[language]
    return f"{opening}{' '.join(words.split()).rstrip('.').translate(_INNER_MARKS)}{closing}"
