"""What Fortnox's answers mean: a document to read, or one of the errors of `connector.domain.errors`.

Source: API.md, "Errors". Errors come in five spellings, and which endpoint uses which is not established, so
every one is taken anywhere. JSON is tried whatever the content type says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests

from connector.domain.errors import (
    KeyRefused,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unreadable,
)
from connector.domain.text import Quote
from connector.hosts.fortnox.documents import SYSTEM, Record
from connector.hosts.wire import own_words
from connector.remote.json_text import parsed
from connector.remote.retry_after import retry_after_s

PDF_START = b"%PDF-"

LOGIN_CODES = frozenset({2000310, 2000311, 2004054})
SCOPE_CODES = frozenset({2000663})
LICENCE_CODES = frozenset({2001101, 2001103})
RIGHT_CODES = frozenset({2001339, 2001393, 2003330})
NOT_FOUND_CODES = frozenset({2000433, 2000434, 2000729})
"""No such customer, no such invoice, and an identifier that can be no one's."""
FAULT_CODES = frozenset(
    {1000030, 1000031, 2000106, 2000107, 2000108, 2000134, 2000359, 2000587, 2000588, 2001392, 2001399, 2002115}
)
"""Fortnox did not understand a request of ours: a value's type, length or letters, a field's name, a filter."""
FAILED_CODES = frozenset({1000003})

CONNECT_AGAIN = "Connect Fortnox again."
CONNECT_WITH_RIGHTS = "Connect Fortnox again, and approve every right that is asked for."
NEEDS_LICENCE = "The company needs a licence in Fortnox for what is asked for; an administrator of it can add one."
NEEDS_RIGHT = "An administrator of the company gives the right in Fortnox; nothing is wrong with the connection."

_TRACE = re.compile(r"[\w-]{1,64}", re.ASCII)


class Misunderstood(Refused):
    """What we sent was not what Fortnox takes: a fault of ours, whatever the state of its things."""


@dataclass(frozen=True)
class _Words:
    """What an error's body says; `code` is None if it has none."""

    text: str
    code: int | None


@dataclass(frozen=True)
class Page:
    """A page of a list; `left` is how many pages come after it, None where that is not told."""

    rows: list[Record]
    left: int | None


def read_one(answer: requests.Response, *, wrapper: str, operation: str, secret: str) -> dict[str, Any]:
    """The thing in a successful answer, out of its `wrapper`, its decimals as `Decimal`.

    `operation` says what was tried, `secret` is masked where it is echoed. Raises `RateLimited`, `KeyRefused`,
    `NotAuthorised`, `NotFound`, `Refused` with Fortnox's own words, `OutcomeUnknown` and `Unreadable`.
    """
    _require_success(answer, operation=operation, secret=secret)
    thing = json_object(answer).get(wrapper)
    if not isinstance(thing, dict):
        raise unreadable(answer, operation)
    return thing


def read_page(answer: requests.Response, *, wrapper: str, operation: str, secret: str) -> Page:
    """The rows in a successful answer that lists things. Raises as `read_one`."""
    _require_success(answer, operation=operation, secret=secret)
    found = json_object(answer)
    rows, meta = found.get(wrapper), found.get("MetaInformation")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable(answer, operation)
    number, pages = (meta.get(name) if isinstance(meta, dict) else None for name in ("@CurrentPage", "@TotalPages"))
    told = isinstance(number, int) and isinstance(pages, int)
    return Page(rows, max(pages - number, 0) if told else None)  # type: ignore[operator]


def read_rows(answer: requests.Response, *, operation: str, secret: str) -> list[Record]:
    """The things in a successful answer that is a bare list of them, or one alone (API.md, "Files"). As `read_one`."""
    _require_success(answer, operation=operation, secret=secret)
    found = _json(answer)
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable(answer, operation)
    return rows


def read_pdf(answer: requests.Response, *, operation: str, secret: str) -> bytes:
    """The PDF of a successful answer. Fortnox's no can come as a PDF too: the first bytes decide
    (API.md, "Actions and PDF").

    Raises as `read_one`.
    """
    _require_success(answer, operation=operation, secret=secret)
    if answer.content.startswith(PDF_START):
        return answer.content
    words = _words(_json(answer), secret)
    if words.text:
        raise _clear_no(answer, words, operation)
    raise unreadable(answer, operation)


def oauth_words(answer: requests.Response, *secrets: str) -> tuple[str, str]:
    """The error's name and its description in an answer of the token endpoint; empty where it is none."""
    found = _json(answer)
    if not isinstance(found, dict) or not isinstance(found.get("error"), str):
        return "", ""
    return own_words(found["error"], *secrets), own_words(str(found.get("error_description") or ""), *secrets)


def json_object(answer: requests.Response) -> Record:
    """The JSON object of an answer; empty if it is none."""
    found = _json(answer)
    return found if isinstance(found, dict) else {}


def _require_success(answer: requests.Response, *, operation: str, secret: str) -> None:
    status = answer.status_code
    if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return
    words = _words(_json(answer), secret)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            "asks us to wait.",
            system=SYSTEM,
            operation=operation,
            status=status,
            answer=_trace(answer, words),
            retry_after_s=retry_after_s(answer),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT or _failed(words):
        raise OutcomeUnknown(
            words.text or "failed without a readable word.",
            says=_said(words),
            system=SYSTEM,
            operation=operation,
            status=status,
            answer=_trace(answer, words),
        )
    if status < HTTPStatus.BAD_REQUEST:
        raise unreadable(answer, operation)
    raise _clear_no(answer, words, operation)


def _failed(words: _Words) -> bool:
    return words.code in FAILED_CODES


def _clear_no(answer: requests.Response, words: _Words, operation: str) -> Refused:
    """The error of an answer that proves that nothing was done. A code says more than the status."""
    kind, advice = _meaning(answer.status_code, words.code)
    return kind(
        words.text or "refused without a word.",
        says=_said(words),
        system=SYSTEM,
        operation=operation,
        status=answer.status_code,
        answer=_trace(answer, words),
        advice=advice,
    )


def _said(words: _Words) -> Quote | None:
    """Fortnox's own words as they are shown to people; None where it gave none."""
    return Quote(words.text) if words.text else None


def _meaning(status: int, code: int | None) -> tuple[type[Refused], str]:
    if code in SCOPE_CODES:
        return NotAuthorised, CONNECT_WITH_RIGHTS
    if code in LICENCE_CODES:
        return NotAuthorised, NEEDS_LICENCE
    if code in RIGHT_CODES:
        return NotAuthorised, NEEDS_RIGHT
    if code in LOGIN_CODES or status == HTTPStatus.UNAUTHORIZED:
        return KeyRefused, CONNECT_AGAIN
    if status == HTTPStatus.FORBIDDEN:
        return NotAuthorised, NEEDS_RIGHT
    if code in NOT_FOUND_CODES or status == HTTPStatus.NOT_FOUND:
        return NotFound, ""
    return (Misunderstood if code in FAULT_CODES else Refused), ""


def _words(found: Any, secret: str) -> _Words:
    """The words of an error in any of its spellings."""
    if not isinstance(found, dict):
        return _Words("", None)
    information = found.get("ErrorInformation")
    body = {
        str(name).lower(): value for name, value in (information if isinstance(information, dict) else found).items()
    }
    code = str(body.get("code") or "")
    for name in ("message", "error_description", "error"):
        text = body.get(name)
        if isinstance(text, str) and text.strip():
            return _Words(own_words(text, secret), int(code) if code.isascii() and code.isdigit() else None)
    return _Words("", int(code) if code.isascii() and code.isdigit() else None)


def _trace(answer: requests.Response, words: _Words) -> str:
    """Return what Fortnox's support can find the request by: its code, and the id in the answer's header."""
    trace = _TRACE.fullmatch(answer.headers.get("X-Uid", ""))
    parts = (f"code {words.code}" if words.code is not None else "", f"X-Uid {trace[0]}" if trace else "")
    return ", ".join(filter(None, parts))


def _json(answer: requests.Response) -> Any:
    try:
        return parsed(answer.content)
    except (ValueError, RecursionError):
        return None


def unreadable(answer: requests.Response, operation: str) -> Unreadable:
    """The error for an answer that is not what was asked for."""
    what = "a redirect" if answer.is_redirect else "something that is not what was asked for"
    return Unreadable(
        f"answered with {what}.",
        system=SYSTEM,
        operation=operation,
        status=answer.status_code,
        advice="Try again later; Fortnox may be under maintenance.",
    )
