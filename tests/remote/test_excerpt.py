"""Excerpts of what other systems said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.amili.answers import excerpt as amilis
from connector.hosts.wire import own_words
from connector.remote.excerpt import excerpt

SECRET = "a-key-of-forty-characters-0123456789abcd"


@pytest.mark.parametrize("said", [own_words, amilis])
@pytest.mark.parametrize("shown", range(1, 14))
def test_a_number_at_the_end_of_what_is_read_is_not_left_in_half(said: Callable[[str], str], shown: int) -> None:
    number = "19900101-1239"
    before = "No" + " " * (8_000 - 2 - shown)
    assert said(f"{before}{number}, so far") in {"No", ""}


def test_half_a_secret_is_not_left_either() -> None:
    text = "No" + " " * (8_000 - 2 - 39) + SECRET
    assert "a-key" not in excerpt(text, secrets=(SECRET,), mask="•", at_most=100)


def test_an_excerpt_is_one_line_and_ends_as_it_is_told() -> None:
    assert excerpt("Det\n gick   inte", mask="•", at_most=100) == "Det gick inte"
    assert excerpt("Det gick inte", mask="•", at_most=8, end="…") == "Det gic…"
    assert excerpt("Det gick inte", mask="•", at_most=8) == "Det gick"


def test_a_long_text_of_words_is_read_from_its_beginning() -> None:
    assert excerpt("Det gick inte. " * 10_000, mask="•", at_most=14) == "Det gick inte."
