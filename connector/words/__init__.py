"""The one way of saying something to people: gettext catalogues by language, and texts worded from them.

A text has a stable key, which is its `msgid`; what it says in a language stands in
`templates/locale/<language>/LC_MESSAGES/*.po`, and what only one host says in the folder `locale` beside its kind.
"""

from __future__ import annotations

from connector.words.catalogue import Catalogue
from connector.words.catalogues import catalogue, say
from connector.words.languages import DEFAULT_LANGUAGE, LANGUAGES, Language, MissingText

__all__ = ["DEFAULT_LANGUAGE", "LANGUAGES", "Catalogue", "Language", "MissingText", "catalogue", "say"]
