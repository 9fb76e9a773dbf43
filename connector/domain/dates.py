"""Business dates: plain dates in Europe/Stockholm, and Swedish bank days.

Source: domain.md section 5. A date is never converted through a time zone; only "today" needs one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def today(now: datetime | None = None) -> date:
    """The date in Stockholm now, or at the instant `now` (aware)."""
    return (now or datetime.now(UTC)).astimezone(STOCKHOLM).date()


@lru_cache(maxsize=64)
def _closed(year: int) -> frozenset[date]:
    # "de_facto" adds Midsommarafton, Julafton and Nyårsafton, on which Swedish banks are closed.
    return frozenset(holidays.country_holidays("SE", years=year, categories=("public", "de_facto")))


def is_bank_day(day: date) -> bool:
    """Whether Swedish banks book payments on `day`."""
    return day.weekday() < 5 and day not in _closed(day.year)


def previous_bank_day(day: date) -> date:
    """The last bank day before `day`."""
    day -= timedelta(days=1)
    while not is_bank_day(day):
        day -= timedelta(days=1)
    return day


def add_bank_days(day: date, count: int) -> date:
    """The `count`-th bank day after `day` (`count` >= 0; 0 gives `day` itself)."""
    for _ in range(count):
        day += timedelta(days=1)
        while not is_bank_day(day):
            day += timedelta(days=1)
    return day
