"""No text becomes a formula in a spreadsheet, in whatever locale it is opened."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.spreadsheet_text import no_formula

SIGNS = "=+-@＝＋－＠"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ('"=1+1', "'\"=1+1"),
        ("Berg;=1+1", "Berg;'=1+1"),
        ("Berg; -1", "Berg;' -1"),
        ("Berg\r\n=1+1", "Berg =1+1"),
        ("\t=1+1", "' =1+1"),
        ("Berg|+46", "Berg|'+46"),
        ("＝1", "'＝1"),
    ],
)
def test_what_could_begin_a_formula_is_preceded_by_an_apostrophe(text: str, written: str) -> None:
    assert no_formula(text) == written


@pytest.mark.parametrize("text", ["", "Berg & Söner AB", "A-B", "a@b.example", "1;2", "INV/2026/00001", "'=1"])
def test_any_other_text_stays(text: str) -> None:
    assert no_formula(text) == text


@given(st.text(st.sampled_from(f"{SIGNS};|\t\r\n\u2028\x85\0\"' ab,")))
def test_no_part_of_any_text_begins_with_a_sign_of_formulas(text: str) -> None:
    parts = re.split(r"[;|\t\r\n\v\f\x85\u2028\u2029]", no_formula(text))

    assert [part for part in parts if part.strip(' "\0').startswith(tuple(SIGNS))] == []
