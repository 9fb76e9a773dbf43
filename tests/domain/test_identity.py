"""Identity numbers: what is read, what is refused, and that nothing leaks."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from connector.domain.identity import (
    IdentityKind,
    InvalidIdentity,
    mask_identity,
    read_identity,
)
from connector.domain.redaction import without_personal_numbers

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "5560160680",
        "556016-0680",
        " 556016 - 0680 ",
        "556016–0680",
        "556016−0680",
        "556016\u00a0-\u00a00680",
        "\u200b556016-0680\ufeff",
        "５５６０１６０６８０",
        "165560160680",
        "16556016-0680",
        "SE556016068001",
        "se 556016-0680 01",
    ],
)
def test_an_organisations_number_is_sent_as_ten_digits(text: str) -> None:
    identity = read_identity(text, today=TODAY)
    assert identity.kind is IdentityKind.ORGANISATION
    assert identity.digits == "5560160680"
    assert identity.group_digit == "5"
    assert identity.birth_date is None


@pytest.mark.parametrize(
    ("text", "digits", "century_known"),
    [
        ("199001011239", "199001011239", True),
        ("19900101-1239", "199001011239", True),
        ("19900101–1239", "199001011239", True),
        ("900101-1239", "199001011239", False),
        ("9001011239", "199001011239", False),
        ("SE900101123901", "199001011239", False),
        ("121212-1212", "201212121212", False),
        ("121212+1212", "191212121212", True),
        ("19121212+1212", "191212121212", True),
        ("202501012385", "202501012385", True),
        ("261122-0027", "202611220027", False),
        ("261123-0026", "192611230026", False),
    ],
)
def test_a_persons_number_is_sent_as_twelve_digits(text: str, digits: str, century_known: bool) -> None:
    identity = read_identity(text, today=TODAY)
    assert identity.kind is IdentityKind.PERSON
    assert identity.digits == digits
    assert identity.century_known is century_known
    assert identity.group_digit == ""
    assert identity.birth_date == date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))


@pytest.mark.parametrize("text", ["19701063-2391", "701063-2391", "7010632391"])
def test_a_coordination_number_keeps_its_raised_day(text: str) -> None:
    identity = read_identity(text, today=TODAY)
    assert identity.kind is IdentityKind.COORDINATION
    assert identity.digits == "197010632391"
    assert identity.birth_date == date(1970, 10, 3)


@pytest.mark.parametrize(
    ("text", "digits", "latest"),
    [
        ("850060-2399", "198500602399", date(1985, 12, 31)),
        ("8500602399", "198500602399", date(1985, 12, 31)),
        ("191500722390", "191500722390", date(1915, 12, 12)),
        ("191500882392", "191500882392", date(1915, 12, 28)),
        ("840260-2398", "198402602398", date(1984, 2, 29)),
        ("260060-2383", "202600602383", date(2026, 12, 31)),
        ("270060-2382", "192700602382", date(1927, 12, 31)),
    ],
)
def test_a_coordination_number_may_leave_month_or_day_open(text: str, digits: str, latest: date) -> None:
    identity = read_identity(text, today=TODAY)
    assert identity.kind is IdentityKind.COORDINATION
    assert identity.digits == digits
    assert identity.birth_date is None
    assert identity.latest_birth_date == latest


def test_the_check_digit_of_a_coordination_number_is_over_the_raised_day() -> None:
    luhn_over_the_real_day = "701003239" + luhn.calc_check_digit("701003239")
    with pytest.raises(InvalidIdentity):
        read_identity("701063" + luhn_over_the_real_day[6:], today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "1",
        "kund 17",
        "5560160681",
        "556016068",
        "55601606800",
        "556016+0680",
        "195560160680",
        "556016068001",
        "SE556016068002",
        "DE123456789",
        "900101-1238",
        "19900101-1238",
        "199013011234",
        "900260-1234",
        "900100-1234",
        "169001011238",
        "19900101-0009",
        "900101-0009",
        "850060-0005",
        "850092-2390",
        "851360-2390",
        "19850709-T123",
        "850709-T12",
        "219001011239",
        "0000000000",
        "000000000000",
        "199001011239199001011239",
        "٥٥٦٠١٦٠٦٨٠x",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentity):
        read_identity(text, today=TODAY)


def test_nobody_is_born_in_the_future() -> None:
    assert read_identity("202501012385", today=date(2025, 1, 1)).digits == "202501012385"
    with pytest.raises(InvalidIdentity):
        read_identity("202501012385", today=date(2024, 12, 31))


@st.composite
def personal_numbers(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), TODAY))
    raised = draw(st.sampled_from([0, 60]))
    nine = f"{born:%y%m}{born.day + raised:02d}{draw(st.integers(1, 999)):03d}"
    return f"{born.year // 100}{nine}{luhn.calc_check_digit(nine)}"


@given(personal_numbers())
def test_every_spelling_of_a_twelve_digit_number_is_one_person(number: str) -> None:
    plain = read_identity(number, today=TODAY)
    assert plain.digits == number
    assert plain.century_known
    assert read_identity(f"{number[:8]}-{number[8:]}", today=TODAY) == plain


@given(personal_numbers())
def test_a_missing_century_is_guessed_within_the_last_hundred_years(number: str) -> None:
    guessed = read_identity(number[2:], today=TODAY)
    assert guessed.digits[2:] == number[2:]
    assert guessed.birth_date is not None
    assert guessed.birth_date <= TODAY
    assert TODAY.year - guessed.birth_date.year <= 100
    assert not guessed.century_known


@given(personal_numbers(), st.integers(2, 11), st.integers(0, 9))
def test_one_wrong_digit_is_never_the_same_person(number: str, place: int, digit: int) -> None:
    wrong = number[:place] + str(digit) + number[place + 1 :]
    if wrong == number:
        return
    with pytest.raises(InvalidIdentity) as refusal:
        read_identity(wrong, today=TODAY)
    assert wrong[2:] not in str(refusal.value)


@given(personal_numbers())
def test_a_number_is_in_no_repr_mask_or_cause(number: str) -> None:
    identity = read_identity(number, today=TODAY)
    assert number[2:] not in repr(identity)
    assert f"{identity.birth_date}" not in repr(identity)
    for spelling in (number, f"{number[:8]}-{number[8:]}", number[2:], f" {number[2:8]}+{number[8:]}"):
        masked = mask_identity(spelling)
        assert number[-4:] not in masked
        assert number[2:8] not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("19900101-1239", "19xxxxxx-xxxx"),
        ("199001011239", "19xxxxxxxxxx"),
        ("900101-1239", "xxxxxx-xxxx"),
        ("556016-068", "xxxxxx-xxx"),
        ("Karin 900101-1239", "xxxxx xxxxxx-xxxx"),
        ("", ""),
    ],
)
def test_a_mask_shows_the_shape_alone(text: str, masked: str) -> None:
    assert mask_identity(text) == masked


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Behandling av 19900101-1239 i juli", "Behandling av  i juli"),
        ("Behandling 900101-1239", "Behandling "),
        ("Behandling 900101–1239", "Behandling "),
        ("Behandling 900101 - 1239", "Behandling "),
        ("Behandling 900101 1239", "Behandling "),
        ("Behandling 9001011239", "Behandling "),
        ("Pnr:199001011239.", "Pnr:."),
        ("Samordningsnummer 701063-2391", "Samordningsnummer "),
        ("Felskrivet 900101-1230", "Felskrivet "),
        ("Artikel 9001011230", "Artikel 9001011230"),
        ("Bolag 556016-0680", "Bolag 556016-0680"),
        ("Order 20250707 12", "Order 20250707 12"),
        ("Mätare 735999900101123900", "Mätare 735999900101123900"),
        ("Hyra juli 2025, lägenhet 1201", "Hyra juli 2025, lägenhet 1201"),
    ],
)
def test_personal_numbers_are_taken_out_of_free_text(text: str, clean: str) -> None:
    assert without_personal_numbers(text) == clean


@given(personal_numbers(), st.sampled_from(["", "-", "–", "+", " ", " - ", "\u00a0"]), st.booleans())
def test_no_spelling_of_a_personal_number_stays(number: str, separator: str, century: bool) -> None:
    spelled = (number if century else number[2:])[:-4] + separator + number[-4:]
    assert number[-4:] not in without_personal_numbers(f"Vård för {spelled}, besök")
