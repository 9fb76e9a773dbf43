"""How the Fortnox imitation says no: the five forms and the codes of fortnox/API.md, "Errors"."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from connector.sandbox.fortnox.switches import ErrorSpelling, FortnoxSwitches
from connector.sandbox.shared.wire import as_json

SYSTEM_ERROR = 1000003
BAD_CONTENT_TYPE = 1000031
WRONG_TYPE = 2000106
TOO_LONG = 2000107
NOT_FOUND = 2000434
CUSTOMER_NOT_FOUND = 2000433
INVALID_FILTER = 2000587
INVALID_PARAMETER = 2000588
NUMBER_IN_USE = 2000637
NO_SCOPE = 2000663
INVALID_IDENTIFIER = 2000729
PAID_BEFORE_INVOICED = 2001089
NO_LICENCE = 2001101
NOT_ALLOWED = 2001393
BAD_BODY = 2001392
UNKNOWN_FIELD = 2001399
BAD_JSON = 2002115
LOCKED_PERIOD = 2002141
NOT_IN_WAREHOUSE = 2003498
UNKNOWN_CODE = 2990000
"""Where no code is established: a number that Fortnox does not use, so that no client can learn it."""


class Refused(Exception):
    """Fortnox's no: an `ErrorInformation` with a Swedish message, a code and an HTTP status."""

    def __init__(self, message: str, code: int = UNKNOWN_CODE, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class AttachmentRefused(Exception):
    """The attachment service's no, by the error names of fortnox/API.md, "Files"."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class GrantRefused(Exception):
    """The token endpoint's no (fortnox/API.md, "Errors of the token endpoint")."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class Unauthorised(Exception):
    """The gateway's no: no access token, or one that is expired or garbled."""


def not_found(what: str) -> Refused:
    """The 404 for something that is not there; recorded for an invoice only."""
    return Refused(f"Kan inte hitta {what}.", NOT_FOUND, 404)


def error_information(refusal: Refused, spelling: ErrorSpelling, *, code_as_text: bool = False) -> dict[str, Any]:
    """The body of a refusal: the first two forms of fortnox/API.md, "Errors"."""
    capitalised = spelling is ErrorSpelling.CAPITALISED or (
        spelling is ErrorSpelling.AS_RECORDED and refusal.status == 404
    )
    code = str(refusal.code) if code_as_text else refusal.code
    values = {"error": 1, "message": refusal.message, "code": code}
    return {"ErrorInformation": {key.capitalize() if capitalised else key: value for key, value in values.items()}}


def refusal_answer(refusal: Refused, switches: FortnoxSwitches, operation: str) -> Response:
    """The answer to a request of `operation` that was refused, spelt as the switches say."""
    spelling = switches.error_spelling_of.get(operation, switches.error_spelling)
    return as_json(error_information(refusal, spelling, code_as_text=switches.code_as_text), refusal.status)


def grant_refusal(refusal: GrantRefused) -> Response:
    """The token endpoint's refusal; its content types are the recorded ones, which are not JSON's."""
    body = json.dumps({"error": refusal.error, "error_description": refusal.description})
    kind = "text/plain; charset=utf-8" if refusal.status == 401 else "text/html; charset=utf-8"
    return Response(body, status=refusal.status, content_type=kind)


def attachment_refusal(refusal: AttachmentRefused, trace: str) -> Response:
    """Form 5: all values are texts."""
    body = {"error": refusal.error, "id": trace, "message": f"Request failed: {refusal.error}"}
    return as_json(body, refusal.status)


def gateway_refusal() -> Response:
    """Form 3, as recorded."""
    return as_json({"message": "unauthorized"}, 401)


def failure_in_json(status: int, reason: str) -> dict[str, Any]:
    """The body of a failure that never reached Fortnox's own code."""
    if status == 401:
        return {"message": "unauthorized"}
    if status == 429:
        return {"message": reason}
    return error_information(Refused(reason, SYSTEM_ERROR, status), ErrorSpelling.LOWER)
