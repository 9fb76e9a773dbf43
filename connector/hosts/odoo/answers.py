"""What Odoo's answers have in common, whichever wire they come by."""

from __future__ import annotations

from typing import Any

import requests
from pydantic import SecretStr

from connector.domain.errors import KeyRefused, NotAuthorised, OutcomeUnknown, RateLimited, Refused, Unreadable
from connector.domain.text import Quote
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.wire import own_words
from connector.remote.json_text import parsed
from connector.remote.retry_after import retry_after_s

NO_WORD = "refused without a word."
"""The message of an error for which Odoo gave no words."""
_CHECK_ADDRESS = "Check the address and the database name."


def require_answer(answer: requests.Response, operation: str) -> None:
    """Raise for an answer that is none of Odoo's own: `RateLimited` (429), `Unreadable` for a redirect."""
    if answer.status_code == requests.codes.too_many_requests:
        raise RateLimited(
            "asks us to wait.",
            system=SYSTEM,
            operation=operation,
            status=answer.status_code,
            retry_after_s=retry_after_s(answer),
        )
    if answer.is_redirect:
        raise unreadable(answer, operation)


def json_of(answer: requests.Response, operation: str) -> Any:
    """The JSON of an answer, with amounts as `Decimal`. Raises `Unreadable` if it is none."""
    if "json" not in answer.headers.get("Content-Type", ""):
        raise unreadable(answer, operation)
    try:
        return parsed(answer.content)
    except (ValueError, RecursionError):
        raise unreadable(answer, operation) from None


def words_of(error: Any, *, key: SecretStr) -> str:
    """Odoo's own words in an error's `message`.

    `debug` beside them is a server traceback and is never kept; the key and personal numbers are masked.
    """
    message = str(error.get("message") or "") if isinstance(error, dict) else ""
    return own_words(message, key.get_secret_value())


def said(message: str) -> Quote | None:
    """Odoo's own words as they are shown to people; None where it gave none."""
    return Quote(message) if message and message != NO_WORD else None


def key_refused(message: str, operation: str, status: int | None = None) -> KeyRefused:
    """The key is not accepted at all."""
    return KeyRefused(
        message,
        says=said(message),
        system=SYSTEM,
        operation=operation,
        status=status,
        advice="Make a new API key in Odoo and enter it in the connection.",
    )


def right_missing(message: str, operation: str, status: int | None = None) -> NotAuthorised:
    """The key's user lacks a right."""
    return NotAuthorised(
        message,
        says=said(message),
        system=SYSTEM,
        operation=operation,
        status=status,
        advice="Give the connector's user the right in Odoo.",
    )


def field_unknown(message: str, operation: str, status: int | None = None) -> Refused:
    """We named a field that this Odoo does not have: it says so while it reads the request, before it does anything."""
    return Refused(
        message,
        says=said(message),
        system=SYSTEM,
        operation=operation,
        status=status,
        advice="Check the field names in the connection's Odoo settings.",
    )


def failed(message: str, operation: str, status: int | None = None) -> OutcomeUnknown:
    """Odoo failed while it worked on the request."""
    return OutcomeUnknown(
        message or "failed without a readable word.",
        says=said(message),
        system=SYSTEM,
        operation=operation,
        status=status,
    )


def unreadable(answer: requests.Response, operation: str) -> Unreadable:
    """The answer is none of Odoo's JSON."""
    what = "a redirect" if answer.is_redirect else "something that is not its JSON"
    return Unreadable(
        f"answered with {what}.",
        system=SYSTEM,
        operation=operation,
        status=answer.status_code,
        advice=_CHECK_ADDRESS,
    )
