"""Postponing a case by a number of days.

That Amili offers it is documented; path, method, body and limits are not (API.md, "Respite"). Until they are, a person
does it in Amili's own application.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from connector.amili import SYSTEM
from connector.amili.links import case_url
from connector.amili.lists import item_path
from connector.amili.transport import Creation
from connector.domain.errors import ByHandOnly


class Creates(Protocol):
    """The creating calls of one API user, as `connector.amili.calls.Calls` makes them."""

    def create(self, path: str, creation: Creation, *, operation: str) -> dict[str, Any]:
        """Return what the creation at `path` is answered with."""


@dataclass(frozen=True)
class RespiteEndpoint:
    """Where a respite is asked for: POST to `path` and the case's id ("the case ID is in the URL", API.md, "Actions"),
    with the number of days in the field `days_field`."""

    path: str
    days_field: str


RESPITE_ENDPOINT: RespiteEndpoint | None = None
"""Unconfirmed: `None` until Amili's documentation of it has been read."""


def grant_respite(calls: Creates, case_id: str, days: int, *, may_send: Callable[[], None]) -> None:
    """Postpone a case by `days`. `may_send` as in `AmiliClient.register`.

    Raises `ByHandOnly`, with the address of the case at Amili, as long as the endpoint is not known.
    """
    operation = "postpone a case"
    if RESPITE_ENDPOINT is None:
        raise ByHandOnly(
            "takes a respite over its API in a way that is not public; nothing was sent.",
            system=SYSTEM,
            url=case_url(case_id),
            advice=f"Grant the respite on the case's page at Amili: {case_url(case_id)}",
        )
    body = json.dumps({RESPITE_ENDPOINT.days_field: days}).encode()
    path = item_path(RESPITE_ENDPOINT.path, case_id, operation=operation)
    calls.create(path, Creation(body, "application/json", may_send), operation=operation)
