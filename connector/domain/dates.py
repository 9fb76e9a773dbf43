"""Business dates: plain dates in Europe/Stockholm, and Swedish bank days.

Source: RULES.md, "Dates" and "Bank days". A date is never converted through a time zone; only "today" needs one.
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
    """Return whether Swedish banks book payments on `day`."""
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


def last_day_to_pay(due_date: date) -> date:
    """The last day on which the debtor pays in time: the due date or, where that is no bank day, the next one.

    Source: lag (1930:173) 2 §, by analogy.
    """
    return due_date if is_bank_day(due_date) else add_bank_days(due_date, 1)


def is_overdue(due_date: date, *, today: date) -> bool:
    """Return whether the last day to pay is over on `today`."""
    return last_day_to_pay(due_date) < today


def latest_overdue(today: date) -> date:
    """The latest due date that is overdue on `today`, for lists that compare dates alone."""
    return previous_bank_day(today)


def months_after(day: date, months: int) -> date:
    """The same day `months` months later, or the last day of that month where it has no such day."""
    first = _first_of_month(day, months)
    last = _first_of_month(day, months + 1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def _first_of_month(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)
