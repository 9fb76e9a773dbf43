"""Catalogues read from their files.

Source of the format: the GNU gettext manual, "The Format of PO Files".
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from connector.words.catalogue import Catalogue
from connector.words.languages import LANGUAGES, MissingText


class _NoTexts(NullTranslations):
    """What stands where a catalogue ends. gettext itself would give the key back as if it were a text."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def gettext(self, message: str) -> str:
        raise MissingText(f"{self._language}: {message}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002
        raise MissingText(f"{self._language}: {msgid1}")

    ugettext = gettext
    ungettext = ngettext


def read_catalogue(language: str, folders: tuple[Path, ...]) -> Catalogue:
    """The texts in `language` of every `.po` file of these folders. Raises `MissingText` for one we do not speak, and
    `ValueError` for a key that stands twice.
    """
    known = next((one for one in LANGUAGES if one == language), None)
    if known is None:
        raise MissingText(f"no catalogue is in the language {language!r}")
    whole = Catalog(locale=language)
    texts: dict[str, str] = {}
    plurals: set[str] = set()
    for path in sorted(path for folder in folders for path in folder.glob(f"{language}/LC_MESSAGES/*.po")):
        for key, said in _messages(path, language):
            if key in texts:
                raise ValueError(f"{path}: {key} stands twice")
            if isinstance(said, str):
                texts[key] = said
                whole.add(key, said)
            else:
                texts[key] = said[0]
                plurals.add(key)
                whole.add((key, key), said)
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    translations = Translations(compiled)
    translations.add_fallback(_NoTexts(language))
    return Catalogue(known, translations, texts, frozenset(plurals))


def _messages(path: Path, language: str) -> list[tuple[str, str | tuple[str, ...]]]:
    """Return the keys of one file, each with what it says, or with its singular and its plural."""
    with path.open("rb") as file:
        found = read_po(file, locale=language, abort_invalid=True)
    return [
        (one.id, str(one.string)) if isinstance(one.id, str) else (one.id[0], tuple(map(str, one.string or ())))
        for one in found
        if one.id
    ]
