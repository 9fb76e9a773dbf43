"""The languages that we speak."""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["sv", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en")
DEFAULT_LANGUAGE: Final[Language] = "sv"


class MissingText(LookupError):
    """A text was asked for that no catalogue holds, or without a fact that it tells, or in an unknown language."""
