"""The wire to Fortnox's API: only the calls of `calls.py`, for one company.

Source: API.md, "Calls", "Rate limit", "Errors" and "Lists". Retries belong to the flows; here every answer becomes a
result or one of the errors of `connector.domain.errors`. One exception: a call whose access token is no longer taken
was not made, and is made again at once with another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Protocol

import requests
from pydantic import SecretStr

from connector.domain.errors import Unreadable
from connector.hosts.fortnox.answers import Page, read_one, read_page, read_pdf, read_rows
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.documents import SYSTEM, Record, text
from connector.hosts.pacing import Pace
from connector.hosts.wire import Transport
from connector.remote.policy import ORDINARY, HttpPolicy
from connector.remote.retry_after import retry_after_s

API_URL = "https://api.fortnox.se"

REQUESTS = 25
WINDOW_S = 5.5
"""Fortnox takes 25 requests in any 5 seconds of an app for a company (API.md, "Rate limit"). They arrive less evenly
than they leave, so that half a second is left for the way."""

RESERVED = 8
"""How many of `REQUESTS` background work leaves to people: enough to look at an invoice without a wait."""

LONGEST_BLOCK_S = 300.0
"""A `Retry-After` beyond this is not believed for everybody at once."""

PAGE_SIZE = 500
"""The most that a list gives at once (API.md, "Lists")."""


class AccessTokens(Protocol):
    """Who gives the access token of one company."""

    def current(self) -> SecretStr:
        """A token that is good for a while."""

    def instead_of(self, refused: SecretStr) -> SecretStr:
        """A token other than `refused`, which Fortnox no longer takes."""


class FortnoxClient:
    """Calls to one company's Fortnox. Safe to use from several threads.

    Every method raises `KeyRefused` (our token is not accepted), `NotAuthorised` (a scope, licence or right is
    missing), `NotFound`, `Refused` with Fortnox's own words in Swedish (any other clear no), `RateLimited`,
    `Unavailable` (never reached), `OutcomeUnknown` (it failed, a timeout, a broken connection) and `Unreadable`
    (a page or a redirect instead of an answer), and what `tokens` raise.
    """

    def __init__(
        self,
        tokens: AccessTokens,
        pace: Pace,
        *,
        url: str = API_URL,
        http: HttpPolicy = ORDINARY,
    ) -> None:
        """`pace` keeps `REQUESTS` in `WINDOW_S` for the company, no matter who sends them.

        Raises `ConfigurationError` for an address that may not be used.
        """
        self._tokens = tokens
        self._pace = pace
        self._transport = Transport(SYSTEM, url, http)

    def __repr__(self) -> str:
        return f"FortnoxClient({self._transport.url!r})"

    def read(self, call: Call, key: str = "") -> dict[str, Any]:
        """One thing, out of its wrapper, with amounts as `Decimal`."""
        return self._one(call, key)

    def pages(self, call: Call, **query: str) -> Iterator[list[Record]]:
        """The rows of a list, page by page. `query` are its filters, in the names that Fortnox gives them."""
        return (page.rows for page in self.listed(call, **query))

    def listed(self, call: Call, **query: str) -> Iterator[Page]:
        """As `pages`, each with how many are left. Each is asked for only when it is wanted."""
        number = 1
        while True:
            page = self._page(call, {**query, "page": number, "limit": PAGE_SIZE})
            if page.left is None and len(page.rows) < PAGE_SIZE:
                page = replace(page, left=0)
            yield page
            if not page.rows or page.left == 0:
                return
            number += 1

    def probe(self, call: Call) -> None:
        """Ask for a list only to see whether we may."""
        self._page(call, None if call is Call.LIST_LABELS else {"limit": 1})

    def preview(self, invoice_number: str) -> bytes:
        """The invoice's PDF as Fortnox would print it now; nothing is marked as sent (API.md, "Actions and PDF")."""
        call = Call.PREVIEW_INVOICE
        answer, token = self._send(call, invoice_number)
        return read_pdf(answer, operation=call.operation, secret=token.get_secret_value())

    def set_reference(self, invoice_number: str, reference: str) -> Record:
        """Write `ExternalInvoiceReference2` (at most 80 characters); everything else stays
        (API.md, "Changing an invoice").

        Gives the invoice as Fortnox answers it, which need not be how it stands.
        """
        return self._change(invoice_number, {"ExternalInvoiceReference2": reference})

    def set_labels(self, invoice_number: str, label_ids: Sequence[int]) -> None:
        """Let the invoice have these labels and no others (API.md, "Labels")."""
        self._change(invoice_number, {"Labels": [{"Id": label_id} for label_id in label_ids]})

    def labels(self) -> dict[str, tuple[int, ...]]:
        """The company's labels: each text with its ids, the lowest first. Their list has no pages (API.md, "Lists")."""
        found: dict[str, tuple[int, ...]] = {}
        for row in self.label_rows():
            if text(row, "Id").isdecimal():
                ids = found.get(text(row, "Description"), ())
                found[text(row, "Description")] = tuple(sorted((*ids, int(text(row, "Id")))))
        return found

    def label_rows(self) -> list[Record]:
        """The company's labels as Fortnox lists them."""
        return self._page(Call.LIST_LABELS).rows

    def create_label(self, description: str) -> int:
        """The id of a new label with this text (1 to 25 characters). Fortnox does not say whether texts are unique."""
        call = Call.CREATE_LABEL
        created = self._one(call, sent=_json({call.wrapper: {"Description": description}}))
        if not text(created, "Id").isdecimal():
            raise Unreadable("answered without the new label's id.", system=SYSTEM)
        return int(text(created, "Id"))

    def upload(self, folder: str, file_name: str, pdf: bytes) -> str:
        """Put a file into a folder of the company's inbox; the id by which it can be attached (API.md, "Files")."""
        sent = {"files": {"file": (file_name, pdf, "application/pdf")}}
        found = text(self._one(Call.UPLOAD_FILE, params={"path": folder}, sent=sent), "ArchiveFileId")
        if not found:
            raise Unreadable("answered without the new file's id.", system=SYSTEM)
        return found

    def attach(self, invoice_number: str, file_id: str) -> None:
        """Hang a file on an invoice. It never goes out with the invoice, however that is sent later."""
        wanted = {"entityId": int(invoice_number), "entityType": "F", "fileId": file_id, "includeOnSend": False}
        self._rows(Call.ATTACH_FILE, sent=_json([wanted]))

    def attached(self, invoice_number: str) -> frozenset[str]:
        """The ids of the files that hang on an invoice."""
        query = {"entityid": invoice_number, "entitytype": "F"}
        return frozenset(text(row, "fileId") for row in self._rows(Call.LIST_ATTACHMENTS, params=query))

    def _change(self, invoice_number: str, fields: Record) -> Record:
        call = Call.CHANGE_INVOICE
        return self._one(call, invoice_number, sent=_json({call.wrapper: fields}))

    def _one(
        self, call: Call, key: str = "", *, params: Record | None = None, sent: Record | None = None
    ) -> dict[str, Any]:
        answer, token = self._send(call, key, params=params, sent=sent)
        return read_one(answer, wrapper=call.wrapper, operation=call.operation, secret=token.get_secret_value())

    def _rows(self, call: Call, *, params: Record | None = None, sent: Record | None = None) -> list[Record]:
        answer, token = self._send(call, params=params, sent=sent)
        return read_rows(answer, operation=call.operation, secret=token.get_secret_value())

    def _page(self, call: Call, params: Record | None = None) -> Page:
        answer, token = self._send(call, params=params)
        return read_page(answer, wrapper=call.wrapper, operation=call.operation, secret=token.get_secret_value())

    def _send(
        self, call: Call, key: str = "", *, params: Record | None = None, sent: Record | None = None
    ) -> tuple[requests.Response, SecretStr]:
        """`sent` is the request's content, in the words of `requests`."""
        path = call.path(key)
        token = self._tokens.current()
        answer = self._request(call, path, token, params, sent or {})
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            token = self._tokens.instead_of(token)
            answer = self._request(call, path, token, params, sent or {})
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            asked_s = retry_after_s(answer)
            self._pace.blocked(WINDOW_S if asked_s is None else min(asked_s, LONGEST_BLOCK_S))
        return answer, token

    def _request(
        self, call: Call, path: str, token: SecretStr, params: Record | None, sent: Record
    ) -> requests.Response:
        self._pace.wait()
        own = {"Authorization": f"Bearer {token.get_secret_value()}", "Accept": "application/json"}
        headers = {**own, **sent.get("headers", {})}
        return self._transport.send(
            call.verb, path, operation=call.operation, kind=call.kind, params=params, **{**sent, "headers": headers}
        )


def _json(content: Any) -> Record:
    data = json.dumps(content, ensure_ascii=False).encode()
    return {"data": data, "headers": {"Content-Type": "application/json"}}
