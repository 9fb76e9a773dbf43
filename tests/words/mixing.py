"""Whether a text is in one language alone, by the words that its sentences cannot do without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from connector.words import Language

_SWEDISH: Final = """
    och att det inte är för på som till har den ett så eller om när kan ska vad från med fakturan faktura ärendet
    ärende hos kopplingen företaget företagets betalning betalningen bokföringen bokföringssystemet skicka skickas
    igen sedan utan redan inget ingen får gäller kunden kundens finns saknas nekade svarade efter blir här där
"""
_ENGLISH: Final = """
    and the is not of that it was or this which your with are what has if from you an been were cannot
    invoice the invoices case company payment ledger send sent again without already nothing refused answered
    customer missing at to there here when who they
"""
OWN_WORDS: Final[Mapping[Language, frozenset[str]]] = {
    "sv": frozenset(_SWEDISH.split()),
    "en": frozenset(_ENGLISH.split()),
}
"""Words that are only one of the languages'."""

_SET_APART: Final = re.compile(r"“[^”]*”|”[^”]*”|`[^`]*`")
"""What is not ours: the words of a remote system, names, and what is typed."""


def foreign_words(text: str, language: Language) -> set[str]:
    """Return the words of a text in `language` that are the other one's, but for what is set apart in marks."""
    other: Language = "en" if language == "sv" else "sv"
    return set(OWN_WORDS[other]) & set(re.findall(r"[^\W\d_]+", _SET_APART.sub(" ", text).lower()))
