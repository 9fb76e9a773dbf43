from __future__ import annotations

import time

import pytest

from connector.amili.answers import EXCERPT_LENGTH, excerpt, masked
from tests.amili.samples import SIGNED_ADDRESS, TOKEN


@pytest.mark.parametrize(
    "number",
    [
        "8112189876",
        "811218-9876",
        "811218+9876",
        "198112189876",
        "19811218-9876",
        "19811218 9876",
        "19811218–9876",
        "19811218 - 9876",
        "165560269986",
        "+46709876543",
    ],
)
def test_personal_numbers_are_masked(number: str) -> None:
    text = masked(f"value '{number}' of x{number}y is not unique")
    assert number not in text
    assert "9876" not in text
    assert text.endswith("is not unique")


@pytest.mark.parametrize(
    "text", ["INV-2025-003", "Expected 24 hex characters", "20252463478311301072", "2025-09-03 07:56", "2050.00"]
)
def test_other_numbers_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJFUzI1NiJ9.eyJhcGlfY29kZSI6ImEifQ.c2ln_bmF0-dXJl",
        "eyJhbGciOiJFUzI1NiJ9.eyJhcGlfY29kZSI6Im",
        "Bearer abc.def",
        "bearer  xyz",
        "canary@example.se",
        TOKEN,
    ],
)
def test_what_looks_like_a_secret_or_is_named_as_one_is_masked(secret: str) -> None:
    assert masked(f"key {secret} is bad", secrets=("", TOKEN)) == "key ••• is bad"


def test_a_signed_address_loses_its_query() -> None:
    assert masked(f'{{"url":"{SIGNED_ADDRESS}"}}') == ('{"url":"https://storage.googleapis.com/bucket/cases/x?•••"}')


def test_html_is_read_as_its_text() -> None:
    page = (
        "<!DOCTYPE html><html><style>p { color: red }</style><script>track()</script>"
        "<h1>502&nbsp;Bad\n Gateway</h1><p>nginx &amp; co"
    )
    assert excerpt(page) == "502 Bad Gateway nginx & co"


def test_an_excerpt_is_short_and_masked_before_it_is_cut() -> None:
    beginning = "x" * (EXCERPT_LENGTH - 7)
    text = excerpt(f"{beginning} 198112189876 and more")
    assert len(text) == EXCERPT_LENGTH
    assert "1981" not in text


@pytest.mark.parametrize("unit", ["<", "a", "1", "eyJ", "a@", "<script", "https://?"])
def test_a_hostile_answer_is_read_in_no_time(unit: str) -> None:
    began = time.process_time()
    excerpt(unit * 1_000_000)
    assert time.process_time() - began < 5
