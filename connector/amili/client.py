"""Amili's API for one API user: registering cases, uploading invoices, and reading what Amili holds.

Every method raises the errors of `connector.domain.errors`. Nothing is retried, apart from one repetition
with a fresh token when Amili answers 401; whether and when to repeat is the caller's to decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests
from pydantic import BaseModel, SecretStr
from urllib3.filepost import encode_multipart_formdata

from connector.amili.answers import SYSTEM, read_document, read_model, unreadable
from connector.amili.auth import AccessTokens, Credentials, TokenStore
from connector.amili.models import (
    Account,
    Case,
    CaseRegistration,
    Creditor,
    Page,
    Registration,
    RegistrationReceipt,
)
from connector.amili.registration import to_json
from connector.amili.transport import Creation, Transport
from connector.domain.errors import NotAuthorised, NotFound

SANDBOX_BASE_URL = "https://api-sandbox.amili.se"
"""Amili's sandbox. The production address is not published (amili.md 1.1), so it is always stated."""

APP_URL = "https://app.amili.se"
"""Amili's web application in production (amili.md 4.4)."""

PAGE_SIZE = 100
"""The most items that Amili puts on one page (amili.md 7.1)."""

_ID = re.compile(r"[0-9A-Za-z_-]+")

Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True)
class Visible:
    """What our key sees first: its accounts and creditors. No creditors means missing rights (amili.md 9)."""

    accounts: tuple[Account, ...]
    creditors: tuple[Creditor, ...]


class AmiliClient:
    """Speaks to one base address with one API user's credentials; may be shared by threads.

    `tokens` shares the access token with other clients and processes, `now` tells the time (aware).
    Raises `ConfigurationError` for a malformed `base_url`.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        tokens: TokenStore,
        *,
        connect_timeout_s: float = 5,
        read_timeout_s: float = 30,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._transport = Transport(base_url, connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s)
        self._tokens = AccessTokens(self._transport, credentials, tokens, now=now)
        self._api_code = credentials.api_code
        self._now = now

    def close(self) -> None:
        """Close the calling thread's connections."""
        self._transport.close()

    def register(self, registration: CaseRegistration, *, may_send: Callable[[], None]) -> RegistrationReceipt:
        """Register one debt as a case (amili.md 2).

        `may_send` is called after the connection stands and before the body leaves; what it raises stops the
        request and comes out unchanged. `OutcomeUnknown`, `Unreadable` included: there may be a case.
        """
        operation = "register a case"
        content = Creation(to_json(registration), "application/json", may_send)
        document = self._create("/case--registrations", content, operation=operation)
        return read_model(RegistrationReceipt, document, operation=operation)

    def upload_original_invoice(
        self, case_id: str, content: bytes, file_name: str, *, may_send: Callable[[], None]
    ) -> None:
        """Upload the invoice's PDF to a case (amili.md 3). `may_send` as in `register`.

        The answer's address is signed, so it is a secret: it is neither returned nor quoted.
        """
        operation = "upload the original invoice"
        body, content_type = encode_multipart_formdata(
            [
                ("domain", "cases"),
                ("dotted_path", "original_invoice"),
                ("file", (file_name, content, "application/pdf")),
            ]
        )
        path = _item_path("/media--upload", case_id, operation=operation)
        document = self._create(path, Creation(body, content_type, may_send), operation=operation)
        # Older pages show `url` alone, newer ones `_status` beside it.
        if not document.get("url") and document.get("_status") != "OK":
            raise unreadable("answered without the uploaded file's address", operation=operation)

    def case(self, case_id: str) -> Case:
        """One case. Raises `NotFound`."""
        return self._item("/cases", case_id, Case, operation="read a case")

    def cases(self, where: Mapping[str, Any] | None = None) -> Iterator[Case]:
        """The cases that match `where` (amili.md 7.1), oldest first, read a page at a time."""
        return self._list("/cases", Case, where, operation="list cases")

    def cases_of_invoice(self, creditor: str, invoice_number: str) -> tuple[Case, ...]:
        """Every case, open or closed, of exactly this creditor's invoice number.

        The answer is compared again, and raises `Unreadable` if a case lacks what to compare: whoever asks
        is about to register, and must not take an unclear answer for "none".
        """
        operation = "look for the invoice's cases"
        where = {"creditor": creditor, "debt.invoice_number": invoice_number}
        found = tuple(self._list("/cases", Case, where, operation=operation))
        if any(case.creditor is None or case.invoice_number is None for case in found):
            raise unreadable("answered with a case without creditor or invoice number", operation=operation)
        return tuple(case for case in found if (case.creditor, case.invoice_number) == (creditor, invoice_number))

    def registrations(self, where: Mapping[str, Any] | None = None) -> Iterator[Registration]:
        """The case registrations that match `where`, oldest first."""
        return self._list("/case--registrations", Registration, where, operation="list registrations")

    def creditors(self, organization_number: str | None = None) -> tuple[Creditor, ...]:
        """The creditors our key sees, or those of them with this organisation number (ten digits).

        A sole trader's organisation number is a personal number and must not stand in an address, where
        logs would show it: then all creditors are read and compared here.
        """
        operation = "list creditors"
        if organization_number is None:
            return tuple(self._list("/creditors", Creditor, None, operation=operation))
        wanted = _digits(organization_number)
        where = {"organization_no": wanted} if _is_legal_entity(wanted) else None
        found = self._list("/creditors", Creditor, where, operation=operation)
        return tuple(creditor for creditor in found if wanted and _digits(creditor.organization_number) == wanted)

    def creditor(self, creditor_id: str) -> Creditor:
        """One creditor. Raises `NotFound`."""
        return self._item("/creditors", creditor_id, Creditor, operation="read a creditor")

    def accounts(self) -> tuple[Account, ...]:
        """The accounts our key sees."""
        return tuple(self._list("/accounts", Account, None, operation="list accounts"))

    def who(self) -> Visible:
        """The first page of accounts and of creditors: whether the key works, and whom it speaks for."""
        accounts = self._page("/accounts", {}, 1, PAGE_SIZE, operation="list accounts")
        creditors = self._page("/creditors", {}, 1, PAGE_SIZE, operation="list creditors")
        return Visible(
            accounts=tuple(read_model(Account, item, operation="list accounts") for item in accounts.items),
            creditors=tuple(read_model(Creditor, item, operation="list creditors") for item in creditors.items),
        )

    def _item(self, path: str, item_id: str, model: type[Item], *, operation: str) -> Item:
        document = self._read(_item_path(path, item_id, operation=operation), {}, operation=operation)
        return read_model(model, document, operation=operation)

    def _list(self, path: str, model: type[Item], where: Mapping[str, Any] | None, *, operation: str) -> Iterator[Item]:
        """Every item, page by page, as the answers' own `_meta` counts them (amili.md 7.1).

        Sorted by `_id`, so that what is created meanwhile comes last and shifts nothing.
        """
        query = {"sort": "_id"} | ({"where": json.dumps(where)} if where else {})
        size = PAGE_SIZE
        number = 1
        while True:
            page = self._page(path, query, number, size, operation=operation)
            meta = page.meta
            # Amili may shorten the first page, but another size later would leave items out unseen.
            if meta.page != number or (number > 1 and meta.max_results != size):
                raise unreadable(
                    f"answered with page {meta.page} of {meta.max_results} instead of page {number} of {size}",
                    operation=operation,
                )
            size = meta.max_results
            yield from (read_model(model, item, operation=operation) for item in page.items)
            if meta.total is None:
                if len(page.items) < size:
                    return
            elif not page.items and (number - 1) * size < meta.total:
                raise unreadable(f"counts {meta.total} items but shows none on page {number}", operation=operation)
            elif number * size >= meta.total:
                return
            number += 1

    def _page(self, path: str, query: Mapping[str, str], number: int, size: int, *, operation: str) -> Page:
        paging = {"page": str(number), "max_results": str(size)}
        document = self._read(path, {**query, **paging}, operation=operation)
        return read_model(Page, document, operation=operation)

    def _read(self, path: str, params: Mapping[str, str], *, operation: str) -> dict[str, Any]:
        return self._answer(
            lambda key: self._transport.get(path, operation=operation, key=key, params=params),
            operation=operation,
        )

    def _create(self, path: str, creation: Creation, *, operation: str) -> dict[str, Any]:
        return self._answer(
            lambda key: self._transport.post(path, creation, operation=operation, key=key),
            operation=operation,
        )

    def _answer(self, send: Callable[[str], requests.Response], *, operation: str) -> dict[str, Any]:
        """What `send` is answered with, given an access token; once more with another one after a 401."""
        token = self._tokens.current()
        try:
            return self._attempt(send, token, operation=operation)
        except NotAuthorised as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED:
                raise
        return self._attempt(send, self._tokens.instead_of(token), operation=operation)

    def _attempt(self, send: Callable[[str], requests.Response], token: SecretStr, *, operation: str) -> dict[str, Any]:
        key = token.get_secret_value()
        secrets = (key, self._api_code.get_secret_value())
        return read_document(send(key), operation=operation, secrets=secrets, now=self._now())


def case_url(case_id: str) -> str:
    """The page of a case in Amili's own application, for people; production only (amili.md 4.4)."""
    return f"{APP_URL}/open?{urlencode({'resource': 'cases', 'id': case_id})}"


def _item_path(path: str, item_id: str, *, operation: str) -> str:
    if not _ID.fullmatch(item_id):
        raise NotFound("has no ids of this form; nothing was asked.", system=SYSTEM, operation=operation)
    return f"{path}/{item_id}"


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_legal_entity(digits: str) -> bool:
    # domain.md 2.1: the third digit of an organisation number is at least 2, of a personal number less.
    return digits[2:3] >= "2"
