"""Amili's dates: RFC 1123 in GMT, out of plain dates and back into instants.

Source: API.md, "Dates", RULES.md, "Dates".
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime


def rfc1123(day: date) -> str:
    """`day` as Amili writes a business date: `Mon, 07 Jul 2025 00:00:00 GMT`.

    The day is never converted through a time zone, so a `datetime` is refused with `TypeError`: anyone who
    holds an instant has to say which day it means.
    """
    if isinstance(day, datetime):
        raise TypeError("a plain date is needed, not an instant")
    # Not strftime: its names of days and months follow the locale of the process.
    return format_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC), usegmt=True)


def rfc1123_instant(moment: datetime) -> str:
    """An instant (aware) as Amili writes time stamps, to the second."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def instant(text: str) -> datetime:
    """A time stamp of Amili's as an aware instant in UTC.

    Takes RFC 1123 whatever weekday it names (Amili's own samples name wrong ones) and ISO 8601, which older
    pages show; without a zone it is read as UTC. Raises `ValueError` for anything else.
    """
    moment = _parsed(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parsed(text: str) -> datetime:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(text)
        except ValueError:
            continue
    raise ValueError("neither an RFC 1123 nor an ISO 8601 time stamp")
