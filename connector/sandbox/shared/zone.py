"""Where the imitated companies' people are, and what day it is there."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def day_in_sweden(at: datetime) -> date:
    """The day in Sweden at an instant (aware)."""
    return at.astimezone(STOCKHOLM).date()
