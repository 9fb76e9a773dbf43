"""That no text keeps a personal number, in any spelling, and that it keeps all the rest."""

from __future__ import annotations

import html
import json
import string
import unicodedata
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from connector.amili.answers import masked
from connector.domain.redaction import redacted, without_personal_numbers
from connector.hosts.wire import own_words

DASHES = "".join(
    sorted({chr(code) for code in range(0x3100) if unicodedata.category(chr(code)) == "Pd"} | set("\u00ad\u2212\uff0d"))
)
SPACES = " \u00a0\u2007\u2009\u202f\u3000"
SEPARATORS = [
    "",
    *DASHES,
    *(f"{space}{dash}{space}" for space in SPACES for dash in "-–\u2011\u2212"),
    *SPACES,
    "+",
    "\uff0b",
    " + ",
    "\u200b-",
    "\u2796",
    "\u2500",
    "\x00",
    "\ufe0f-",
    "--",
    "-\u00a0-",
    "     ",
    "  -     ",
    "\n\t-\r\n",
    *string.punctuation,
    *(f" {sign} " for sign in ",/:;|"),
]


@st.composite
def personal_numbers(draw: st.DrawFn) -> str:
    """Twelve digits: of persons, and coordination numbers whose month or day may be open."""
    born = draw(st.dates(date(1900, 1, 1), date(2026, 1, 1)))
    month, day = f"{born:%m}", born.day
    if draw(st.booleans()):
        month = draw(st.sampled_from([month, "00"]))
        day = draw(st.sampled_from([day + 60, 60]))
    nine = f"{born:%y}{month}{day:02d}{draw(st.integers(1, 999)):03d}"
    return f"{born.year // 100}{nine}{luhn.calc_check_digit(nine)}"


WAYS: list[Callable[[str], str]] = [without_personal_numbers, masked, own_words]
"""What cleans the text for a letter, what Amili said, and what a ledger said."""


def _leaks(spelled: str, last: str) -> list[str]:
    texts = (way(f"Tolkning för {spelled}, i mars") for way in WAYS)
    return [text for text in texts if last in text or not text.startswith("Tolkning för ")]


@given(personal_numbers(), st.sampled_from(SEPARATORS), st.sampled_from(["19", "20", "16", ""]))
def test_no_spelling_of_a_personal_number_stays(number: str, separator: str, century: str) -> None:
    century = number[:2] if century in {"19", "20"} else century
    assert not _leaks(f"{century}{number[2:8]}{separator}{number[8:]}", number[8:])


ESCAPES: list[Callable[[str], str]] = [
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: quote(text, safe="").replace("%20", "+"),
    lambda text: "".join(f"&#{ord(character)};" for character in text),
    lambda text: "".join(f"&#x{ord(character):X};" for character in text),
    lambda text: html.escape("".join(f"&#{ord(character)};" for character in text)),
    lambda text: json.dumps(text)[1:-1],
    lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
]


@given(
    personal_numbers(),
    st.sampled_from([*DASHES, "+", "", " ", *(f"{a}–{a}" for a in SPACES)]),
    st.sampled_from(ESCAPES),
)
def test_no_escape_hides_a_personal_number(number: str, separator: str, escape: Callable[[str], str]) -> None:
    assert not _leaks(f"{number[:8]}{escape(separator)}{number[8:]}", number[8:])
    assert not _leaks(f"/kunder/{escape(number[2:8] + separator + number[8:])}/fakturor", number[8:])


@pytest.mark.parametrize(
    "dash", ["&ndash;", "&minus;", "&shy;", "&nbsp;", "&hyphen;", "&#8209;", "%2D", "%2d", "%E2%80%91"]
)
def test_a_named_dash_is_a_dash(dash: str) -> None:
    assert not _leaks(f"900101{dash}1239", "1239")


@given(personal_numbers(), st.sampled_from(["", " ", "   ", " - ", "    -    ", "\u00a0\u00a0"]))
def test_none_comes_about_when_spaces_are_put_right(number: str, separator: str) -> None:
    text = f"Tolk {number[2:4]}  {number[4:6]}  {number[6:8]}{separator}{number[8:]}"
    assert number[8:] not in " ".join(without_personal_numbers(text).split())


def test_none_comes_about_where_another_was_taken_out() -> None:
    assert without_personal_numbers("Tolk 900101-9001011239 1239") == "Tolk "


@pytest.mark.parametrize("spaced", ["850709 - 12A3", "850709 – T123", "850709  12T3", "850709.T123", "850709%2DT123"])
def test_a_lettered_number_is_found_with_spaces_too(spaced: str) -> None:
    assert without_personal_numbers(f"Elev {spaced}, kurs") == "Elev , kurs"


@pytest.mark.parametrize(
    "spelled",
    [
        "1990 0101 1239",
        "1990-0101-1239",
        "19 90 01 01 12 39",
        "19900101 12 39",
        "900101-12 39",
        "90 0101 - 1239",
        "9 0 0 1 0 1 - 1 2 3 9",
        "1619900101-1239",
        "16 19900101-1239",
        "16199001011239",
    ],
)
def test_a_number_in_groups_of_any_length_is_found(spelled: str) -> None:
    for way in WAYS:
        assert "239" not in way(f"Tolk {spelled}, mars").replace(" ", "")
        assert "2 39" not in way(f"Tolk {spelled}, mars")


@pytest.mark.parametrize("form", ["SE900101123902", "SE.900101.1239.01", "SE 900101 1239 01", "SE16900101123901"])
def test_a_vat_number_is_found_in_every_form(form: str) -> None:
    assert not _leaks(form, "1239")


@given(personal_numbers(), st.sampled_from("-– \u2011./"), st.sampled_from("-–\u2011+"))
def test_no_date_with_dividers_stays(number: str, divider: str, dash: str) -> None:
    for year in (number[:4], number[2:4]):
        assert not _leaks(f"{divider.join((year, number[4:6], number[6:8]))}{dash}{number[8:]}", number[8:])


@given(personal_numbers(), st.sampled_from(["SE{0}{1}01", "SE{0}-{1}01", "se {0}-{1} 01", "SE-{0}{1}-01", "{0}{1}01"]))
def test_no_vat_number_of_a_sole_trader_stays(number: str, form: str) -> None:
    assert not _leaks(form.format(number[2:8], number[8:]), number[8:])


@given(
    personal_numbers(),
    st.sampled_from("TRSUWXJKLMNtPåÄ"),
    st.integers(0, 3),
    st.sampled_from(["", *DASHES, "+"]),
    st.booleans(),
)
def test_no_number_with_a_letter_stays(number: str, letter: str, place: int, dash: str, century: bool) -> None:
    last = f"{number[8:][:place]}{letter}{number[8:][place + 1 :]}"
    assert not _leaks(f"{number[:2] if century else ''}{number[2:8]}{dash}{last}", last)


@pytest.mark.parametrize(
    "text",
    [
        "Tolk 850060-2399",
        "Tolk 8500602399",
        "Tolk 198500602399",
        "Tolk 850091-2390",
        "Tolk 850360-2390",
        "Kurs, elev 850709-T123",
        "Kurs, elev 850709 T123",
        "Kurs, elev 19850709T123",
        "Kurs, elev 19850709-TF12",
        "Kurs, elev 1985-07-09-T123",
        "Vård för 1990 01 01 1239",
        "Vård för 900101/1239",
        "Vård för 900101.1239",
        "Vård för ９００１０１－１２３９",
        "Vård för 900101\u00ad1230",
    ],
)
def test_what_points_at_a_person_is_taken_out(text: str) -> None:
    for way in WAYS:
        assert not any(character.isdecimal() for character in way(text))


@pytest.mark.parametrize(
    "text",
    [
        "Bolag 556016-0680",
        "Bolag 556016–0680, SE556016068001, 165560160680, 16556016-0680",
        "OCR 20252463478311301072",
        "OCR 1045772",
        "Ring 070-174 06 05 eller +46701740605, 08-123 45 67, 0046 8 123 456 78, 46701740605",
        "Bankgiro 5050-1055, plusgiro 90 01 01-1",
        "IBAN SE35 5000 0000 0549 1000 0003",
        "Belopp 12 500,00 kr och 1234567,50",
        "Besök 2026-03-14 1200 kr, 2026-03-15 1 200:-",
        "Hyra 2026-01-01–2026-03-31 och 20260101-20260331, 2026-01-01-2026-03-31",
        "Hyra 260101-260331",
        "Hyra 200101-200131, 200101 - 200131, 20 01 01 - 20 01 31, 200101 200131, 200101-200123, 180101-180129",
        "Hyra 950901-951001, 960401 - 960501, 260901 261001",
        "Kl 2026-03-14 07:56 till 09:30",
        "Leverans 20260314 120h, 20260315 12st, 2026-03-14 100m",
        "Vecka 20260314 vård",
        "Artikel 9001011230, serienr 735999900101123900",
        "Ärende 665f1c2e8b9a4d0012345678",
        "Ärende 9001011239aa4d0012345678 och 19900101-1239-4f00-8000-9001011239ab",
        "Hyra 260101, 1500 kr; 260201, 2 st, period 20260101, 2026-03-31",
        "Rabatt 10%20 &amp; 5&nbsp;%, C:\\new\\temp",
        "Lokal 2026-03-14 12A3",
        "Storgatan 1\u20133, Åre\u00ad",
    ],
)
def test_all_other_text_stays_as_it_was_written(text: str) -> None:
    assert without_personal_numbers(text) == text


@st.composite
def organisation_numbers(draw: st.DrawFn) -> str:
    """Ten digits, the third of them at least 2."""
    two, third, rest = draw(st.integers(10, 99)), draw(st.integers(2, 9)), draw(st.integers(0, 999_999))
    nine = f"{two}{third}{rest:06d}"
    return nine + luhn.calc_check_digit(nine)


@given(
    organisation_numbers(), st.sampled_from(SEPARATORS), st.sampled_from(["{0}{1}{2}", "16{0}{1}{2}", "SE{0}{1}{2}01"])
)
def test_the_number_of_an_organisation_stays(number: str, separator: str, form: str) -> None:
    text = f"Bolag {form.format(number[:6], separator, number[6:])}, Åre"
    assert without_personal_numbers(text) == text


@given(st.from_regex(r"[0-9]{0,14}[a-f][0-9a-f]{9}", fullmatch=True), st.integers(0, 9), st.uuids())
def test_an_id_stays(part: str, digit: int, uuid: object) -> None:
    for text in (f"Ärende {part.rjust(24, str(digit))} öppnat", f"Uppdrag {uuid}."):
        assert without_personal_numbers(text) == redacted(text, mask="•") == text


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.decimals(0, 999_999, places=2))
def test_a_date_and_an_amount_stay(day: date, amount: Decimal) -> None:
    for text in (f"Den {day.isoformat()}: {amount} kr", f"{amount} SEK, {day:%Y%m%d}", f"{day:%y%m%d}-{day:%y%m%d}"):
        assert without_personal_numbers(text) == redacted(text, mask="•") == text


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(1, 40), st.times())
def test_a_period_and_a_time_stay(day: date, days: int, time: time) -> None:
    last = day + timedelta(days)
    for form in ("%Y-%m-%d", "%Y%m%d", "%y%m%d"):
        for mark in ("-", "–", " - ", "/"):
            period = f"{day:{form}}{mark}{last:{form}}"
            text = f"Hyra {period}, {day.isoformat()} {time:%H:%M}, {day.isoformat()}T{time:%H:%M:%S}"
            assert without_personal_numbers(text) == text


@given(st.integers(0, 10**20 - 1), st.integers(10**8, 10**9 - 1), st.integers(0, 9999), st.integers(0, 9999))
def test_an_account_and_a_telephone_stay(account: int, phone: int, first: int, last: int) -> None:
    groups = f"{account:020d}"
    iban = " ".join(("SE35", *(groups[at : at + 4] for at in range(0, 20, 4))))
    text = (
        f"{iban}, {iban.replace(' ', '')}, +46{phone}, bankgiro {first:04d}-{last:04d}, {first % 1000:03d}-{last:04d}"
    )
    assert without_personal_numbers(text) == text


def test_what_stands_beside_a_personal_number_stays() -> None:
    text = "Vård 850060-2399 500 kr, bolag 556016-0680, OCR 1045772, tel 070-174 06 05"
    assert without_personal_numbers(text) == "Vård  500 kr, bolag 556016-0680, OCR 1045772, tel 070-174 06 05"


def test_a_ledgers_words_lose_what_opens_a_system() -> None:
    text = own_words("Key abc of a@b.example at https://x.example/y?sig=1 and Bearer t.t and eyJhbGci.x", "abc")
    assert text == "Key •••• of •••• at https://x.example/y?•••• and •••• and ••••"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Basic Y2xpZW50LWlkOnNlY3JldA== is bad", "• is bad"),
        ("wss://me:hemligt@x.example/y", "wss://•@x.example/y"),
        ("GET /oauth/token?code=0123456789 failed", "GET /oauth/token?• failed"),
        ("wss://x.example/y?sig=1", "wss://x.example/y?•"),
        ('{"access_token": "0123456789fedcba"}', '{"access_token": "•"}'),
        ("client_secret=0123456789fedcba&x", "client_secret=•&x"),
        ("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY----- no", "• no"),
        ("key abcdef, abc", "key •, •"),
        ("key line one line two", "key •"),
    ],
)
def test_what_opens_a_system_is_taken_out(text: str, left: str) -> None:
    assert redacted(text, secrets=("abc", "abcdef", "line one\n line two"), mask="•") == left


@pytest.mark.parametrize(
    "text",
    ["A basic membership is needed", "Password: required", "och/eller? a=b", "The access token has expired", "a://b"],
)
def test_words_about_what_opens_a_system_stay(text: str) -> None:
    assert redacted(text, mask="•") == text


@given(st.text(), st.sampled_from(["", "•"]))
def test_any_text_is_taken_and_twice_is_as_once(text: str, mask: str) -> None:
    once = redacted(text, mask=mask)
    if mask:
        assert redacted(once, mask=mask) == once


@pytest.mark.parametrize(
    "unit",
    ["1", "1-", "1 ", "19", "SE", "2026-01-01-", "900101T", "é", "%25", "&amp;", "/", "a://", "900101 -", "\\u0031"],
)
def test_a_hostile_text_is_read(unit: str) -> None:
    assert len(redacted(unit * 2_000, mask="•")) <= 2_000 * len(unit)
