"""Trying every endpoint that the flows read, one call each: which of them answer our key, and which do not.

Nothing is sent, and what is read is passed over. How the endpoints that create something answer cannot be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.amili.actions import ACTION_PATHS, RegisteredAction
from connector.amili.changes import changed_since
from connector.amili.finance import PayoutLine
from connector.amili.lists import Query, Reads, of_creditor
from connector.amili.models import CASE_PROJECTION, Case, Registration
from connector.domain.action import ActionKind
from connector.domain.errors import ConnectorError, NotFound

NO_ID = "0" * 24
"""An id that nothing has: that there is no such thing is an answer too."""


@dataclass(frozen=True)
class Probed:
    """One endpoint that was tried, in words; `error` is None where it answered."""

    operation: str
    error: ConnectorError | None


def probe(
    calls: Reads, creditor: str, *, look: Callable[[], object], open_cases: Callable[[], Iterator[Case]]
) -> Iterator[Probed]:
    """Try what the flows read of one creditor, by the means they read it by."""
    cases: list[Case] = []
    yield _tried("look for the invoice's cases", look)
    yield _tried("list open cases", lambda: cases.extend(_first(open_cases())))
    since = datetime.now(UTC)
    yield _tried(
        operation := "list changed cases",
        lambda: _first(
            changed_since(
                calls,
                "/cases",
                Case,
                creditor=creditor,
                since=since,
                projection=CASE_PROJECTION,
                operation=operation,
            )
        ),
    )
    case_id = cases[0].id if cases else NO_ID
    yield _item(calls, "/cases", case_id, Case, "read a case")
    for kind in ActionKind:
        found: list[RegisteredAction] = []
        yield _listed(calls, ACTION_PATHS[kind], RegisteredAction, {"case": case_id}, f"look for a {kind}", found)
        action_id = found[0].id if found else NO_ID
        yield _item(calls, ACTION_PATHS[kind], action_id, RegisteredAction, f"read a {kind}")
    lines = "/finance--payout-specifications"
    yield _listed(calls, lines, PayoutLine, of_creditor(creditor), "list payout specifications", [])
    of_invoice = {"creditor": creditor, "invoice_number": NO_ID}
    yield _listed(calls, lines, PayoutLine, of_invoice, "list an invoice's payout specifications", [])
    registered: list[Registration] = []
    path = "/case--registrations"
    yield _listed(calls, path, Registration, of_creditor(creditor), "list registrations", registered)
    registration_id = registered[0].id if registered else NO_ID
    yield _item(calls, path, registration_id, Registration, "read a registration")


def _tried(operation: str, call: Callable[[], object]) -> Probed:
    try:
        call()
    except ConnectorError as error:
        return Probed(operation, error)
    return Probed(operation, None)


def _listed(
    calls: Reads, path: str, model: type[Any], where: dict[str, str], operation: str, found: list[Any]
) -> Probed:
    return _tried(operation, lambda: found.extend(_first(calls.listed(path, model, Query(where), operation=operation))))


def _item(calls: Reads, path: str, item_id: str, model: type[Any], operation: str) -> Probed:
    tried = _tried(operation, lambda: calls.item(path, item_id, model, operation=operation))
    is_told = item_id == NO_ID and isinstance(tried.error, NotFound)
    return Probed(operation, None) if is_told else tried


def _first(found: Iterator[Any]) -> list[Any]:
    """Return what comes first, so that no more than a page is read."""
    return [one for one in [next(found, None)] if one is not None]
