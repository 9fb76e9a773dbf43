"""Every page, full of data, says nothing in the other language but what it sets apart as somebody else's words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from connector.web.app import create_app
from connector.web.pages import help as help_pages
from connector.words import LANGUAGES, Language
from tests.flows.stage import CONNECTION, Stage
from tests.web import long_data
from tests.web.long_data import INSTALLER
from tests.web.test_layout_browser import addresses
from tests.web.visitor import Visitor
from tests.words.mixing import foreign_words

NAMES = (
    long_data.COMPANY,
    long_data.LONG_NAME,
    long_data.PERSON,
    "Hyra av ljudanläggning",
    "Beloppet är attesterat av",
)
_SET_APART = {"blockquote", "q", "code", "script", "style"}
_VOID = {"input", "meta", "link", "br", "hr", "img"}


class _Ours(HTMLParser):
    """The text of a page without what it quotes, shows as code, or marks as another language's."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self._language = language
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        language = dict(attrs).get("lang")
        apart = (
            tag in _SET_APART
            or "code" in (dict(attrs).get("class") or "").split()
            or (language is not None and language != self._language)
        )
        self._open.append((tag, apart))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(apart for _, apart in self._open):
            self.text.append(data)


def ours(html: str, language: str) -> str:
    reader = _Ours(language)
    reader.feed(html)
    return " ".join(" ".join(reader.text).split())


def faults(html: str, language: Language) -> set[str]:
    # What the ledger holds is in no language of ours: names, addresses, and what was sold.
    text = re.sub("|".join((r"\S+@\S+", *map(re.escape, NAMES))), " ", ours(html, language))
    return {
        text[max(0, found.start() - 60) : found.end() + 30]
        for word in foreign_words(text, language)
        for found in re.finditer(rf"\b{word}\b", text, re.IGNORECASE)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_its_readers_language_alone(house: Stage, language: Language) -> None:
    values = long_data.fill(house)
    app = create_app(house.deployment)
    reader = Visitor(app, language=language)
    paths = {"/sign-in", *(f"/help/{one}" for one in help_pages.PAGES)}
    found = {path: faults(reader.get(path).text, language) for path in paths}
    reader.sign_in(INSTALLER)
    company = f"/connections/{CONNECTION}"
    named = addresses(app, values) | {"deciding.show": f"/hand-overs/{values['undecided']}/case"}
    named.pop("session.sign_in")
    paths = {
        *named.values(),
        f"{company}/invoices/{values['clean']}",
        f"{company}/invoices/{house.ledger.labels['without_identity']}",
        f"{company}/tasks?skipped=1",
        f"/hand-overs/{values['stopped']}",
        f"/hand-overs/{values['undecided']}",
        f"/connections/{long_data.OTHER_COMPANY}/hand-overs",
        f"/connections/{long_data.OTHER_COMPANY}/key",
        f"/connections/{long_data.OTHER_COMPANY}/money",
        "/nowhere",
    }
    found |= {path: faults(reader.get(path).text, language) for path in paths}
    assert len(found) > 40
    assert {path: some for path, some in found.items() if some} == {}
