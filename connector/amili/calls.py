"""What every call to Amili has in common: the access token, one answer read, a list read page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import requests
from pydantic import SecretStr

from connector.amili.answers import read_document, read_model, unreadable
from connector.amili.auth import Credentials, access_tokens
from connector.amili.lists import PAGE_SIZE, Item, Query, Wheres, is_bad_query, item_path
from connector.amili.models import Page
from connector.amili.transport import Creation, Transport
from connector.domain.errors import NotAuthorised, Refused, RemoteError, Unreadable
from connector.remote.calls import Kind
from connector.remote.tokens import TokenStore


class Calls:
    """The calls of one API user to one base address; may be shared by threads.

    `now` tells the time (aware). Nothing is retried, apart from one repetition with a fresh token on a 401.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        tokens: TokenStore,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._transport = transport
        self._tokens = access_tokens(transport, credentials, tokens, now=now)
        self._api_code = credentials.api_code
        self._now = now

    def create(self, path: str, creation: Creation, *, operation: str) -> dict[str, Any]:
        """Return what the creation at `path` is answered with."""
        return self._answer(
            lambda key: self._transport.post(path, creation, operation=operation, key=key),
            operation=operation,
            creates=True,
        )

    def receipt(self, path: str, creation: Creation, model: type[Item], *, operation: str) -> Item:
        """The answer to the creation at `path`. Raises `Unreadable` with the status of success where it cannot be read:
        that answer too proves that something took it in."""
        document = self.create(path, creation, operation=operation)
        try:
            return read_model(model, document, operation=operation)
        except Unreadable as error:
            fault = error.message
        raise unreadable(fault, operation=operation, status=HTTPStatus.CREATED)

    def item(self, path: str, item_id: str, model: type[Item], *, operation: str) -> Item:
        """The item `item_id` of the list at `path`. Raises `NotFound`."""
        document = self._read(item_path(path, item_id, operation=operation), {}, operation=operation)
        return read_model(model, document, operation=operation)

    def listed(self, path: str, model: type[Item], query: Query, *, operation: str) -> Iterator[Item]:
        """Every item, read a page at a time. Raises `Unreadable` where the list may be incomplete."""
        for page in self.pages(path, model, query, operation=operation):
            yield from page

    def filtered(
        self,
        path: str,
        model: type[Item],
        wheres: Wheres,
        query: Query,
        *,
        operation: str,
    ) -> Iterator[Item]:
        """Return what the first filter of `wheres` finds that is not refused (`is_bad_query`); the caller compares.

        Raises as `listed` does, and the last filter's refusal.
        """
        for where in wheres[:-1]:
            try:
                yield from self.listed(path, model, replace(query, where=where), operation=operation)
            except Refused as refusal:
                if not is_bad_query(refusal):
                    raise
            else:
                return
        yield from self.listed(path, model, replace(query, where=wheres[-1]), operation=operation)

    def pages(self, path: str, model: type[Item], query: Query, *, operation: str) -> Iterator[tuple[Item, ...]]:
        """Every page of a list, as the answers' own `_meta` counts them (API.md, "Lists"). Raises as `listed` does."""
        parameters = query.parameters()
        size = PAGE_SIZE
        number = 1
        while True:
            page = self.page(path, parameters, number, size, operation=operation)
            meta = page.meta
            # Amili may shorten the first page, but another size later would leave items out unseen.
            if meta.page != number or (number > 1 and meta.max_results != size):
                raise unreadable(
                    f"answered with page {meta.page} of {meta.max_results} instead of page {number} of {size}",
                    operation=operation,
                )
            size = meta.max_results
            yield tuple(read_model(model, item, operation=operation) for item in page.items)
            if meta.total is None:
                if len(page.items) < size:
                    return
            elif not page.items and (number - 1) * size < meta.total:
                raise unreadable(f"counts {meta.total} items but shows none on page {number}", operation=operation)
            elif number * size >= meta.total:
                return
            number += 1

    def page(self, path: str, parameters: Mapping[str, str], number: int, size: int, *, operation: str) -> Page:
        """One page of a list, counted from 1."""
        paging = {"page": str(number), "max_results": str(size)}
        document = self._read(path, {**parameters, **paging}, operation=operation, kind=Kind.LIST)
        return read_model(Page, document, operation=operation)

    def _read(
        self, path: str, params: Mapping[str, str], *, operation: str, kind: Kind = Kind.DOCUMENT
    ) -> dict[str, Any]:
        return self._answer(
            lambda key: self._transport.get(path, operation=operation, key=key, params=params, kind=kind),
            operation=operation,
        )

    def _answer(
        self, send: Callable[[str], requests.Response], *, operation: str, creates: bool = False
    ) -> dict[str, Any]:
        """Return what `send` is answered with, given an access token; once more with another one after a 401.

        What creates is repeated only after a 401 in the API's own form: any other proves nothing of its effect.
        """
        token = self._tokens.current()
        try:
            return self._attempt(send, token, operation=operation, creates=creates)
        except RemoteError as refusal:
            proves_nothing = creates and not isinstance(refusal, NotAuthorised)
            if refusal.status != HTTPStatus.UNAUTHORIZED or proves_nothing:
                raise
        return self._attempt(send, self._tokens.instead_of(token), operation=operation, creates=creates)

    def _attempt(
        self, send: Callable[[str], requests.Response], token: SecretStr, *, operation: str, creates: bool
    ) -> dict[str, Any]:
        key = token.get_secret_value()
        secrets = (key, self._api_code.get_secret_value())
        return read_document(send(key), operation=operation, secrets=secrets, now=self._now(), creates=creates)
