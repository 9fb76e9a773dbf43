"""Texts by language: worded from keys and facts, and never given back as something else than what was asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import flask_babel
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.money import as_text
from connector.domain.text import Fact, Money, Quote, Series, StoredWords, Text, as_data, from_data, text
from connector.web import person
from connector.web.babel import speak_languages
from connector.words import LANGUAGES, Language, MissingText, catalogue, say
from connector.words.catalogue import Catalogue
from connector.words.reading import read_catalogue
from tests.source import imports, modules, name_of

PO = {
    "sv": """
msgid "sent"
msgstr "{what} på {amount} skickades {day}."

msgid "invoices"
msgid_plural "invoices"
msgstr[0] "En faktura väntar"
msgstr[1] "{count} fakturor väntar"

msgid "fee"
msgstr "avgiften"

msgid "series.and"
msgstr "{first} och {last}"
""",
    "en": """
msgid "sent"
msgstr "{what} of {amount} was sent on {day}."

msgid "invoices"
msgid_plural "invoices"
msgstr[0] "One invoice waits"
msgstr[1] "{count} invoices wait"

msgid "fee"
msgstr "the fee"

msgid "series.and"
msgstr "{first} and {last}"
""",
}


def write(folder: Path, language: str, entries: str, name: str = "some.po") -> Path:
    place = folder / language / "LC_MESSAGES"
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(entries, encoding="utf-8")
    return folder


@pytest.fixture(params=LANGUAGES)
def spoken(request: pytest.FixtureRequest, tmp_path: Path) -> Catalogue:
    return read_catalogue(request.param, (write(tmp_path, request.param, PO[request.param]),))


def chosen(catalogue_: Catalogue, swedish: str, english: str) -> str:
    return {"sv": swedish, "en": english}[catalogue_.language]


def test_a_text_is_worded_with_its_facts_as_its_language_writes_them(spoken: Catalogue) -> None:
    told = text("sent", what=text("fee"), amount=Decimal("2050.00"), day=date(2026, 12, 1))
    assert spoken.say(told) == chosen(
        spoken, "avgiften på 2\u00a0050,00 kr skickades 2026-12-01.", "the fee of SEK 2,050.00 was sent on 2026-12-01."
    )


def test_singular_and_plural_are_chosen_by_the_count(spoken: Catalogue) -> None:
    assert spoken.say(text("invoices", count=1)) == chosen(spoken, "En faktura väntar", "One invoice waits")
    assert spoken.say(text("invoices", count=3)) == chosen(spoken, "3 fakturor väntar", "3 invoices wait")
    with pytest.raises(MissingText, match="count"):
        spoken.say(text("invoices"))


def test_a_row_of_facts_is_joined_as_the_language_does(spoken: Catalogue) -> None:
    assert spoken.say(Series(("a", text("fee"), "c"), "and")) == chosen(spoken, "a, avgiften och c", "a, the fee and c")
    assert spoken.say(Series((Decimal("5.00"), Money(Decimal("7.50"), "EUR")), " + ")) == chosen(
        spoken, "5,00 kr + 7,50 EUR", "SEK 5.00 + EUR 7.50"
    )
    assert spoken.say(Series(("a",), "and")) == "a"


def test_the_words_of_a_remote_system_are_set_apart_and_cannot_end_their_quotation(spoken: Catalogue) -> None:
    assert spoken.say(Quote('No "such” thing.\nAsk again')) == chosen(
        spoken, "”No 'such' thing. Ask again”", "“No 'such' thing. Ask again”"
    )


def test_what_an_earlier_release_stored_is_shown_in_its_words(spoken: Catalogue) -> None:
    assert spoken.say(StoredWords("Så var det", "So it was")) == chosen(spoken, "Så var det", "So it was")


@pytest.mark.parametrize("asked", [Text("nothing_such"), text("sent", what="x", amount="1")])
def test_a_text_or_fact_that_is_not_there_raises(asked: Text, spoken: Catalogue) -> None:
    with pytest.raises(MissingText, match=spoken.language):
        spoken.say(asked)


def test_a_language_that_we_do_not_speak_raises() -> None:
    assert say("plain", "sv") == "plain"
    with pytest.raises(MissingText, match="fi"):
        say("plain", "fi")


def test_a_key_that_stands_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "sv", PO["sv"])
    assert read_catalogue("sv", (tmp_path,)).texts
    write(tmp_path, "sv", 'msgid "fee"\nmsgstr "avgift"\n', "others.po")
    with pytest.raises(ValueError, match="fee stands twice"):
        read_catalogue("sv", (tmp_path,))


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_amounts_have_all_their_ore_and_are_written_as_everywhere_else(amount: Decimal) -> None:
    assert say(amount, "sv") == f"{as_text(amount)} kr"
    assert say(amount, "en") == f"SEK {amount:,.2f}"


plain: st.SearchStrategy[Fact] = (
    st.text()
    | st.integers()
    | st.dates()
    | st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9)
    | st.builds(Money, st.decimals(places=2, min_value=0, max_value=10**6), st.sampled_from(["EUR", "NOK"]))
    | st.builds(Quote, st.text())
    | st.builds(StoredWords, st.text(), st.text())
)
facts = st.recursive(
    plain,
    lambda inner: (
        st.builds(Text, st.text(), st.dictionaries(st.text(), inner, max_size=3))
        | st.builds(Series, st.lists(inner, max_size=3).map(tuple), st.sampled_from(["and", "; "]))
    ),
    max_leaves=8,
)


@given(facts)
def test_a_fact_that_was_stored_is_read_as_the_same(fact: Fact) -> None:
    read = from_data(as_data(fact))
    assert (type(read), read) == (type(fact), fact)


@pytest.mark.parametrize("data", [None, True, 1.5, {"kronor": 5}, {"else": "x"}])
def test_what_is_no_fact_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="fact"):
        from_data(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_flask_babel_speaks_the_same_catalogues(language: Language) -> None:
    app = Flask(__name__)
    speak_languages(app)
    with app.test_request_context(), flask_babel.force_locale(language):
        assert flask_babel.gettext("site.sign_out") == catalogue(language).text("site.sign_out")
        with pytest.raises(MissingText, match="nothing_such"):
            flask_babel.gettext("nothing_such")
    with app.app_context(), app.test_request_context(), pytest.raises(MissingText):
        flask_babel.gettext("nothing_such", a=1)


def test_outside_a_page_there_is_no_language_and_no_text() -> None:
    with pytest.raises(MissingText):
        person.words()
    with pytest.raises(MissingText):
        person.language()
    app = Flask(__name__)
    speak_languages(app)
    with app.app_context(), flask_babel.force_locale("en"):
        assert person.words().language == "en"


def test_flask_babel_is_known_where_it_is_made_to_raise() -> None:
    known = [name_of(path) for path in modules() if "flask_babel" in {name.partition(".")[0] for name in imports(path)}]
    assert known == ["connector.web.babel", "connector.web.person"]
