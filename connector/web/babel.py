"""Flask-Babel over our catalogues: the language of a page, and its texts by key."""

from __future__ import annotations

from babel.support import Translations
from flask import Flask
from flask_babel import Babel, Domain, get_locale

from connector.web import person
from connector.words import DEFAULT_LANGUAGE, MissingText, catalogue


class _OurTexts(Domain):  # type: ignore[misc]
    """The texts of `connector.words`. Where no page is being made, Flask-Babel's own would give every key back."""

    def get_translations(self) -> Translations:
        locale = get_locale()
        if locale is None:
            raise MissingText("no page is being made whose reader has a language")
        return catalogue(str(locale)).translations


class _OurBabel(Babel):  # type: ignore[misc]
    domain_instance = _OurTexts()


def speak_languages(app: Flask) -> None:
    """Have the pages of `app` in the language that their reader has chosen."""
    _OurBabel(
        app,
        default_locale=DEFAULT_LANGUAGE,
        default_timezone="Europe/Stockholm",
        locale_selector=person.chosen,
    )
