"""The header `Retry-After`: how long a system asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

LONGEST_WAIT_S = 24 * 60 * 60.0
"""A wait beyond a day is taken for a mistake and shortened to a day."""


def retry_after_s(answer: requests.Response, *, now: datetime | None = None) -> float | None:
    """Seconds to wait by the header of `answer`, which holds seconds or a date (RFC 9110, 10.2.3); None without one.

    `now` (aware) is what a date is reckoned from: the clock's time, unless given.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        # "-0000" names no zone, and HTTP knows one only.
        until = until.replace(tzinfo=UTC)
    return min(max((until - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT_S)
