"""Which version an Odoo is, and whether it speaks JSON-2. Source: API.md, "Versions". No redirect is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from connector.domain.errors import Unreadable
from connector.hosts.odoo.answers import failed, json_of, require_answer
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.odoo.versions import Version, parsed_version
from connector.hosts.wire import Transport

OPERATION = "version"


@dataclass(frozen=True)
class Detected:
    """The version of an Odoo. `json2` says that it offers the interface of 19 and later."""

    version: Version
    json2: bool


def detect(transport: Transport) -> Detected:
    """Ask an Odoo for its version, without a key.

    Raises `Unreadable` for what is no Odoo, `RateLimited`, and the errors of `Transport.send`.
    """
    # 19 answers with JSON; 18 sends us to its login page.
    answer = transport.send("GET", "/json/version", operation=OPERATION)
    told = _json(answer)
    if isinstance(told, dict) and (version := parsed_version(str(told.get("version", "")))):
        return Detected(version, json2=True)
    answer = transport.send("POST", "/web/webclient/version_info", operation=OPERATION, json={})
    told = _json(answer)
    result = told.get("result") if isinstance(told, dict) else None
    if isinstance(result, dict) and (version := parsed_version(str(result.get("server_serie", "")))):
        return Detected(version, json2=False)
    raise Unreadable(
        "tells no version.",
        system=SYSTEM,
        operation=OPERATION,
        status=answer.status_code,
        advice="Check that the address is that of an Odoo.",
    )


def _json(answer: requests.Response) -> Any:
    """The JSON of an answer; `None` for a redirect, a page or an address that is not there."""
    if not answer.is_redirect:
        require_answer(answer, OPERATION)
    if answer.status_code >= requests.codes.server_error:
        raise failed("", OPERATION, answer.status_code)
    if answer.status_code != requests.codes.ok:
        return None
    try:
        return json_of(answer, OPERATION)
    except Unreadable:
        return None
