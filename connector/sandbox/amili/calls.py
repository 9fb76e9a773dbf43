"""What the handlers of the Amili imitation share: who calls, what is refused and how, lists and items.

Source: amili/API.md, "Authentication", "Lists" and "Errors". The framework's wording of errors is not confirmed for
Amili.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import Response, request

from connector.sandbox.amili.checks import Shape, issues
from connector.sandbox.amili.query import (
    BadQuery,
    Document,
    in_order,
    matches,
    paged,
    project,
    read_projection,
    read_where,
    with_ids_cast,
)
from connector.sandbox.amili.state import AmiliState
from connector.sandbox.shared.switches import AmiliSwitches, BodyKind, ClosedAs
from connector.sandbox.shared.wire import as_json, failure_answer


class Answer(Exception):
    """An answer that ends the handling of a request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def envelope(code: int, message: str) -> dict[str, Any]:
    """A failure as the framework writes it."""
    return {"_status": "ERR", "_error": {"code": code, "message": message}}


class Calls:
    """The handlers' common ground: the state and the switches in force."""

    def __init__(self, state: AmiliState) -> None:
        self.state = state

    @property
    def switches(self) -> AmiliSwitches:
        return self.state.switches.switches

    def refusal(self, code: int, message: str, found: Mapping[str, Any] | None = None) -> Response:
        """A refusal in the form that the switch `error_body` asks for."""
        if self.switches.error_body is not BodyKind.JSON:
            return failure_answer(code, self.switches.error_body, envelope)
        body = envelope(code, message)
        return as_json(body if found is None else {**body, "_issues": found}, code)

    def invalid(self, found: Mapping[str, Any], code: int = 422) -> Answer:
        """The refusal of a document, with what is wrong by field."""
        message = "Insertion failure: 1 document(s) contain(s) error(s)"
        return Answer(self.refusal(code, message, found))

    def missing(self) -> Answer:
        """The refusal of what does not exist, or is not shown to the caller."""
        return Answer(self.refusal(404, "The requested URL was not found on the server."))

    def caller(self) -> str:
        """The api code behind the access token of the request at hand; ends it with 401 if there is none."""
        code = self.state.api_code_of(request.headers.get("X-API-Key", ""))
        if code is None:
            raise Answer(self.refusal(401, "Please provide proper credentials"))
        return code

    def document(self, shape: Shape) -> dict[str, Any]:
        """The JSON of the request at hand; ends it unless it is of `shape`."""
        if request.mimetype != "application/json":
            raise Answer(self.refusal(400, "Unknown or no Content-Type header supplied"))
        try:
            body = json.loads(request.get_data(), parse_float=Decimal)
        except ValueError:
            raise Answer(self.refusal(400, "The request could not be understood: not JSON")) from None
        found = issues(body, shape, self.switches.unknown_fields)
        if found is not None:
            raise self.invalid(found if isinstance(found, dict) else {"": found})
        result: dict[str, Any] = body
        return result

    def where(self) -> dict[str, Any]:
        """The filter of the request at hand."""
        switches = self.switches
        where = read_where(request.args.get("where"), switches.filter_operators)
        refused = [name for name in where if name in switches.refused_filters]
        if switches.filters_by_type and "closed" in where and not _fits(where["closed"], switches.closed_as):
            refused.append("closed")
        if refused:
            raise BadQuery(f"filter on '{refused[0]}' is invalid")
        return where

    def listed(self, documents: Sequence[Document], where: Mapping[str, Any]) -> Response:
        """The page asked for of those `documents` that fit `where`."""
        if self.switches.sorts_by_one_key and "," in request.args.get("sort", ""):
            raise BadQuery("Unable to parse `sort` clause")
        wanted = with_ids_cast(where) if self.switches.casts_object_ids else where
        found = [document for document in documents if matches(document, wanted)]
        page = paged(
            in_order(found, request.args.get("sort"), ties_in_any_order=self.switches.ties_in_any_order),
            request.args.get("page"),
            request.args.get("max_results"),
        )
        shown = read_projection(request.args.get("projection"))
        page["_items"] = [project(item, shown) for item in page["_items"]]
        return as_json(page)

    def one(self, document: Document | None) -> Response:
        """One item; 404 for none."""
        if document is None:
            raise self.missing()
        return as_json(project(document, read_projection(request.args.get("projection"))))


def _fits(wanted: object, closed_as: ClosedAs) -> bool:
    """Return whether a filter's value is of the type that `closed` has; what may be left out may be asked for as
    null.
    """
    match closed_as:
        case ClosedAs.ABSENT:
            return False
        case ClosedAs.BOOLEAN:
            return isinstance(wanted, bool)
        case ClosedAs.DATE:
            return wanted is None or isinstance(wanted, str)
        case ClosedAs.OBJECT:
            return wanted is None or isinstance(wanted, dict)
        case ClosedAs.OBJECT_OR_EMPTY:
            return isinstance(wanted, dict)
        case ClosedAs.LIST:
            return isinstance(wanted, list)
