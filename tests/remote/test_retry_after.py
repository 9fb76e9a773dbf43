"""How long a system asks us to wait, by its header `Retry-After`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from connector.remote.retry_after import retry_after_s

NOW = datetime(2025, 9, 3, 8, 0, tzinfo=UTC)


def answer(header: str) -> requests.Response:
    made = requests.Response()
    made.headers["Retry-After"] = header
    return made


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("Wed, 03 Sep 2025 08:01:30 GMT", 90.0),
        ("Wed, 03 Sep 2025 10:01:30 +0200", 90.0),
        ("Wed, 03 Sep 2025 08:01:30 -0000", 90.0),
        ("Wed, 03 Sep 2025 08:01:30 +99999999999999", None),
        ("Wed, 03 Sep 2025 07:00:00 GMT", 0.0),
        ("9" * 400, 86400.0),
        ("Wed, 03 Sep 2125 08:00:00 GMT", 86400.0),
        ("-7", None),
        ("soon", None),
        ("", None),
    ],
)
def test_seconds_and_dates_are_read(header: str, wait_s: float | None) -> None:
    assert retry_after_s(answer(header), now=NOW) == wait_s


def test_a_date_is_reckoned_from_the_clock_unless_an_instant_is_given() -> None:
    later = datetime.now(UTC) + timedelta(minutes=10)
    wait_s = retry_after_s(answer(f"{later:%a, %d %b %Y %H:%M:%S} GMT"))
    assert wait_s is not None
    assert 500 < wait_s <= 600


def test_no_header_names_no_wait() -> None:
    assert retry_after_s(requests.Response()) is None
