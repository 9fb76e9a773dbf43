"""A text in both languages of the people who use the connector."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    sv: str
    en: str

    def within(self, language: str) -> str:
        """The text in this language."""
        return self.sv if language == "sv" else self.en
