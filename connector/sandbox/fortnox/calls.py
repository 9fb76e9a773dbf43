"""One call to the REST interface of the Fortnox imitation: who calls, whether it may, and how it is answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Flask, Response, g, request

from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import shown
from connector.sandbox.fortnox.errors import (
    BAD_BODY,
    BAD_CONTENT_TYPE,
    BAD_JSON,
    NO_LICENCE,
    NO_SCOPE,
    NOT_ALLOWED,
    Refused,
    Unauthorised,
    gateway_refusal,
    refusal_answer,
)
from connector.sandbox.fortnox.files import Files
from connector.sandbox.fortnox.grants import Access
from connector.sandbox.fortnox.query import ListShape, page_of
from connector.sandbox.fortnox.rate import too_many_requests
from connector.sandbox.fortnox.records import Document, Table
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import FortnoxSwitches
from connector.sandbox.shared.wire import as_json

SCOPE_OF = {
    "invoices": "invoice",
    "taxreductions": "invoice",
    "customers": "customer",
    "invoicepayments": "payment",
    "companyinformation": "companyinformation",
    "settings": "settings",
    "labels": "settings",
    "modesofpayments": "settings",
    "me": "profile",
    "inbox": "inbox",
    "archive": "archive",
}
"""Which scope opens a resource, by the first part of its path: fortnox/API.md, "Scopes"."""

ATTACHMENTS = "fileattachments"


@dataclass(frozen=True)
class Call:
    """The request at hand, let in: whose it is and for which company."""

    state: FortnoxState
    access: Access

    @property
    def books(self) -> Books:
        return self.state.companies[self.access.grant.tenant]

    @property
    def files(self) -> Files:
        return self.state.files[self.access.grant.tenant]

    @property
    def switches(self) -> FortnoxSwitches:
        return self.state.switches.switches

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self.switches.rest_lag_s)

    def body(self, wrapper: str) -> dict[str, Any]:
        """The object in the request's JSON under `wrapper`. Raises `Refused`."""
        if request.mimetype != "application/json":
            raise Refused("Felaktig content-type.", BAD_CONTENT_TYPE)
        try:
            sent = json.loads(request.get_data(), parse_float=Decimal)
        except ValueError:
            raise Refused("Kunde inte tolka JSON.", BAD_JSON) from None
        if not isinstance(sent, dict) or not isinstance(sent.get(wrapper), dict):
            raise Refused("Anropets innehåll är tomt eller felaktigt.", BAD_BODY)
        return dict(sent[wrapper])

    def one(self, wrapper: str, path: str, document: Mapping[str, Any], status: int = 200) -> Response:
        """A single document as an answer."""
        return as_json({wrapper: self._shown(path, document)}, status)

    def seen(self, table: Table, key: str, missing: Refused) -> Document:
        """A document as a read sees it, which may lag. Raises `missing`."""
        version = table.seen(key, self.lag)
        if version is None or version.document is None:
            raise missing
        return version.document

    def listed(
        self, wrapper: str, path: str, table: Table, shape: ListShape, item: Callable[[Document], Document], key: str
    ) -> Response:
        """A page of a list as an answer; `key` is the field whose value ends each document's address."""
        page = page_of(shape, table.all_seen(self.lag), request.args.to_dict(), self.switches)
        items = [self._shown(f"{path}/{document[key]}", item(document)) for document in page.documents]
        return as_json({"MetaInformation": page.meta(), wrapper: items})

    def _shown(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return shown(path, document, empty=self.switches.empty, hidden=self.books.facts.hidden_fields)

    def wrote(self, fields: Iterable[str] = ()) -> None:
        """Note that the request changed something."""
        self.state.written(self.books.tenant, request.method, request.path, sorted(fields))


View = Callable[..., Response]
"""What answers a call: it takes the `Call` and the variables of the path."""


def serve(app: Flask, state: FortnoxState, method: str, rule: str, operation: str, view: View) -> None:
    """Answer `method` on `rule` with `view`, under the lock. `operation` is the name that faults and counts go by."""

    def answer(**variables: Any) -> Response:
        with state.lock:
            return view(g.call, **variables)

    app.add_url_rule(rule, operation, answer, methods=[method])


def _resource() -> str:
    """The first part of the path after /3/ or /api/, "" for other paths."""
    _, root, resource, *_ = f"{request.path}//".split("/")
    return resource if root in ("3", "api") else ""


def _check_rights(call: Call, resource: str) -> None:
    scope = call.switches.attachment_scope if resource == ATTACHMENTS else SCOPE_OF.get(resource, "")
    facts = call.books.facts
    if scope and scope not in call.access.grant.scopes:
        raise Refused("Har inte behörighet för scope.", NO_SCOPE, call.switches.scope_status)
    if scope in facts.unlicensed_scopes:
        raise Refused("Företaget saknar aktiv licens för scopet.", NO_LICENCE, call.switches.licence_status)
    if resource in facts.forbidden_resources:
        raise Refused(f"Saknar behörighet för {resource}.", NOT_ALLOWED, 403)


def install_calls(app: Flask, state: FortnoxState) -> None:
    """Let in, or refuse, every REST call to `app`: token, then rate, then licence, scope and right."""

    @app.before_request
    def let_in() -> Response | None:
        resource = _resource()
        if not resource:
            return None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorised
        with state.lock:
            call = Call(state, state.grants.access(token.strip()))
            if not state.rate.admit(call.access, state.now(), call.switches):
                return too_many_requests(call.switches)
            _check_rights(call, resource)
        g.call = call
        return None

    @app.after_request
    def trace(answer: Response) -> Response:
        if _resource():
            answer.headers["X-Uid"] = secrets.token_hex(4)
        return answer

    @app.errorhandler(Unauthorised)
    def unauthorised(_error: Unauthorised) -> Response:
        return gateway_refusal()

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return refusal_answer(error, state.switches.switches, request.endpoint or "")
