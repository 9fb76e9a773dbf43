"""JSON from outside: one odd letter or number spoils the field that holds it alone."""

from __future__ import annotations

from decimal import Decimal
from json import JSONDecodeError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.remote.json_text import parsed

PERSON = b"\xf0\x9f\x99\x82"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (rb'["A\ud800B", "next"]', ["A\ufffdB", "next"]),
        (rb'["\udc00"]', ["\ufffd"]),
        (rb'["A\u0000B"]', ["A\ufffdB"]),
        (rb'{"\ud800": {"a": ["\uDFFF"]}}', {"\ufffd": {"a": ["\ufffd"]}}),
        (rb'["\ud83d\ude42"]', ["\U0001f642"]),
        (b'["' + PERSON + b'"]', ["\U0001f642"]),
        (b'["A\xed\xa0\x80B"]', ["A\ufffd\ufffd\ufffdB"]),
        (b'["G\xf6teborg", "next"]', ["G\ufffdteborg", "next"]),
        (rb'["\\ud800"]', [r"\ud800"]),
        (b"\xef\xbb\xbf[1]", [1]),
    ],
)
def test_letters_that_are_none_are_replaced_and_others_are_not(content: bytes, found: Any) -> None:
    assert parsed(content) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"[1e400, 2.50]", [Decimal("1e400"), Decimal("2.50")]),
        (b"[" + b"9" * 5000 + b", 7]", [Decimal("9" * 5000), 7]),
        (b"[10063.000000000002]", [Decimal("10063.000000000002")]),
    ],
)
def test_numbers_beyond_all_measure_are_numbers(content: bytes, found: Any) -> None:
    assert parsed(content) == found
    assert type(parsed(b"[7]")[0]) is int


@pytest.mark.parametrize("content", [b"", b"<html>", b"{", b"\xff\xfe", b'"\x01"'])
def test_what_is_no_json_is_an_error(content: bytes) -> None:
    with pytest.raises(JSONDecodeError):
        parsed(content)


def test_what_is_nested_too_deeply_is_an_error() -> None:
    with pytest.raises(RecursionError):
        parsed(b"[" * 200_000)


@given(st.binary(max_size=200))
def test_whatever_comes_can_be_stored_and_shown(content: bytes) -> None:
    try:
        found = parsed(b'["' + content + b'"]')
    except ValueError:
        return
    for text in found:
        assert "\0" not in str(text)
        str(text).encode()
