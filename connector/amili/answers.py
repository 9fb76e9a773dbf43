"""What Amili's answers mean: a document to read, or one of the errors of `connector.domain.errors`.

A no (4xx) is Amili's own only in the form of its framework: a JSON object with `_status` ERR, `_error` or `_issues`
(API.md, "Errors"). Gateways in front of such an API answer 400, 403 and 404 of their own, in HTML, in text, or in a
JSON of another form: these prove nothing, and are unreadable answers. 429 is the exception, which the framework itself
gives as plain text. The body of a success is never quoted: it holds debtors, tokens or signed addresses.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError

from connector.amili import SYSTEM
from connector.domain.errors import (
    FieldIssue,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteError,
    Unclear,
    Unreadable,
)
from connector.domain.redaction import redacted
from connector.remote.excerpt import excerpt as beginning
from connector.remote.json_text import parsed
from connector.remote.retry_after import retry_after_s

_MOST_ISSUES = 50
_DEEPEST_ISSUE = 10
_WORDS_LENGTH = 300

EXCERPT_LENGTH = 300
_MASK = "•••"

_MARKUP_WITHOUT_TEXT = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)")
_TAG = re.compile(r"(?s)<[^>]*>")

Model = TypeVar("Model", bound=BaseModel)


def read_document(
    response: requests.Response, *, operation: str, secrets: Sequence[str], now: datetime, creates: bool = False
) -> dict[str, Any]:
    """The JSON object of a successful answer, its decimals as `Decimal`.

    `operation` names what was tried, `secrets` are masked wherever they are echoed, `now` (aware) is what an
    HTTP date in `Retry-After` is reckoned from. `creates` says that the request may have had an effect. Raises
    `RateLimited`, `NotAuthorised`, `NotFound`, `Refused`, `OutcomeUnknown` or `Unreadable`.
    """
    if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        raise _error(response, operation=operation, secrets=secrets, now=now, creates=creates)
    document = _json(response)
    if not isinstance(document, dict):
        raise unreadable(
            f"answered with {_describe(response)} where a JSON object belongs",
            operation=operation,
            status=response.status_code,
        )
    # A success that calls itself an error may be either (API.md, "Errors": `_status` is OK or ERR).
    if document.get("_status") == "ERR":
        raise unreadable("answered with success and an error at once", operation=operation, status=response.status_code)
    return document


def read_model(model: type[Model], document: Mapping[str, Any], *, operation: str) -> Model:
    """`document` as `model`. Raises `Unreadable`, naming the fields at fault but no value."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))} ({fault['type']})"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise unreadable(f"answered without what was expected: {', '.join(faults)}", operation=operation)


def unreadable(message: str, *, operation: str, status: int | None = None) -> Unreadable:
    """The error for an answer of Amili's that cannot be understood."""
    return Unreadable(
        message,
        system=SYSTEM,
        operation=operation,
        status=status,
        advice="The answer may come from something else than Amili's API: check the base address.",
    )


def is_own_form(document: object) -> bool:
    """Return whether `document` is a failure as the API itself writes it (API.md, "Errors"), whatever its status."""
    return isinstance(document, dict) and (
        document.get("_status") == "ERR" or bool(document.get("_error")) or "_issues" in document
    )


def unclear(message: str, *, operation: str) -> Unclear:
    """The error for an answer of Amili's that was read and leaves open what had to be known."""
    return Unclear(message, system=SYSTEM, operation=operation, advice="Look at the case at Amili.")


def _error(
    response: requests.Response, *, operation: str, secrets: Sequence[str], now: datetime, creates: bool
) -> RemoteError:
    status = response.status_code
    document = _json(response)
    details: dict[str, Any] = {
        "system": SYSTEM,
        "operation": operation,
        "status": status,
        "answer": _words(response, document, secrets=secrets),
        "issues": _issues(document, secrets=secrets),
    }
    # A request that only reads has no effect to be in doubt of.
    doubt = "; whether anything took effect is not known." if creates else "."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = retry_after_s(response, now=now)
        return RateLimited("asks us to slow down.", retry_after_s=wait_s, **details)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown(f"failed{doubt}", **details)
    if status == HTTPStatus.REQUEST_TIMEOUT:
        # Meant for a request that never arrived whole, but gateways send it for a slow server behind them.
        return OutcomeUnknown(f"timed out{doubt}", **details)
    if status >= HTTPStatus.BAD_REQUEST:
        return _refusal(status, details) if is_own_form(document) else _foreign(doubt, details)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return Unreadable("redirected the request, which is never followed.", **details)
    return Unreadable("answered with an unexpected status.", **details)


def _refusal(status: int, details: dict[str, Any]) -> Refused:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return NotAuthorised(
            "does not accept our key, or the key lacks the right.",
            **details,
            advice="Check the API code and that Amili has registered its public key.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound("does not have this, or does not show it to our key.", **details)
    return Refused("refused the request.", **details)


def _foreign(doubt: str, details: dict[str, Any]) -> Unreadable:
    return Unreadable(
        f"answered with a refusal in a form that is not its own{doubt}",
        **details,
        advice="Something in front of Amili's API, such as a gateway, may have answered.",
    )


def _json(response: requests.Response) -> Any:
    """The body as JSON, or `None` if it is something else (JSON's `null` is as useless)."""
    try:
        return parsed(response.content)
    except (ValueError, RecursionError):
        return None


def _describe(response: requests.Response) -> str:
    if not response.content:
        return "an empty body"
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    return f"{len(response.content)} bytes ({masked(kind) or 'no content type'})"


def _words(response: requests.Response, document: Any, *, secrets: Sequence[str]) -> str:
    """Return what the answer says in words: `_error.message`, `_error` itself, or the text of the body."""
    if not isinstance(document, dict):
        return excerpt(response.content.decode("utf-8", "replace"), secrets=secrets)
    error = document.get("_error")
    message = error.get("message") if isinstance(error, dict) else error
    if isinstance(message, str):
        return excerpt(message, secrets=secrets)
    if "_issues" in document:
        return ""
    return excerpt(json.dumps(document, ensure_ascii=False, default=str), secrets=secrets)


def _issues(document: Any, *, secrets: Sequence[str]) -> tuple[FieldIssue, ...]:
    """`_issues` as a flat list: `{"debts": [{"0": {"invoice_number": ["…"]}}]}` is `debts.0.invoice_number`."""
    if not isinstance(document, dict) or not document.get("_issues"):
        return ()
    found = islice(_flattened(document["_issues"], path=()), _MOST_ISSUES)
    return tuple(
        FieldIssue(
            field=masked(".".join(path), secrets=secrets)[:_WORDS_LENGTH],
            message=excerpt(message, secrets=secrets),
        )
        for path, message in found
    )


def _flattened(issues: Any, *, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if len(path) < _DEEPEST_ISSUE and isinstance(issues, dict):
        for name, inner in issues.items():
            yield from _flattened(inner, path=(*path, name))
    elif isinstance(issues, list) and any(isinstance(inner, dict) for inner in issues):
        for inner in issues:
            yield from _flattened(inner, path=path)
    elif isinstance(issues, list):
        yield from ((path, str(inner)) for inner in issues)
    else:
        yield path, str(issues)


def masked(text: str, *, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets`, and without what looks like one or like a personal number."""
    return redacted(text, secrets=secrets, mask=_MASK)


def excerpt(text: str, *, secrets: Iterable[str] = ()) -> str:
    """The beginning of `text` (plain or HTML) on one line, masked, at most `EXCERPT_LENGTH` characters."""
    return beginning(text, secrets=secrets, mask=_MASK, at_most=EXCERPT_LENGTH, end="…", read=_plain_words)


def _plain_words(text: str) -> str:
    """The words of `text`, also where it is HTML."""
    if not text.lstrip().startswith("<"):
        return text
    return html.unescape(_TAG.sub(" ", _MARKUP_WITHOUT_TEXT.sub(" ", text)))
