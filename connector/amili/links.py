"""Addresses of Amili's own application, for people."""

from __future__ import annotations

from urllib.parse import urlencode

APP_URL = "https://app.amili.se"
"""Amili's web application in production (API.md, "Page of a case")."""


def case_url(case_id: str) -> str:
    """The page of a case in Amili's own application; production only (API.md, "Page of a case")."""
    return f"{APP_URL}/open?{urlencode({'resource': 'cases', 'id': case_id})}"
