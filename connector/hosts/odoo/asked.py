"""What people ask for in one company's Odoo: the requests that it has kept, and what still stands in fields."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connector.domain.errors import KeyRefused, NotAuthorised, NotFound, Refused
from connector.domain.text import Fact, text
from connector.hosts.base import Wish, WithdrawalWish
from connector.hosts.odoo import documents, fields, request_rows, wishes
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import Record
from connector.hosts.odoo.settings import OdooSettings

RUN_PROVISION = "Run `amili-connector odoo provision` again."
LOOK_AGAIN_EVERY_S = 60.0
"""How often an Odoo that keeps no requests is asked whether it does now."""


class Asked:
    """Reads wishes, and marks them as answered. Safe to use from several threads.

    Until the set-up has been run for this connection, wishes of before 0.5.0 may stand in fields of invoices, and are
    told too. Methods raise the errors of `OdooClient.call`.
    """

    def __init__(
        self,
        client: OdooClient,
        settings: Callable[[], OdooSettings],
        search: wishes.Search,
        added: Callable[[], frozenset[str]],
    ) -> None:
        """`settings` gives those with a company, `search` searches its invoices, `added` tells our fields on them."""
        self._client = client
        self._settings = settings
        self._search = search
        self._added = added
        self._lock = threading.Lock()
        self._missed_at_s = float("-inf")

    def requested(self) -> Iterator[Wish]:
        """Every standing wish to send, newest first; those that stand in fields come last."""
        seen: set[str] = set()
        for wish in request_rows.requested(self._find):
            seen.add(wish.invoice_id)
            yield wish
        if self._reads_fields():
            yield from (wish for wish in wishes.requested(self._search, self._added()) if wish.invoice_id not in seen)

    def wish(self, invoice_id: str) -> Wish | None:
        """The standing wish to send one invoice."""
        move_id = _move_id(invoice_id)
        kept = request_rows.wish(self._find, move_id) if move_id else None
        if kept is not None or not self._reads_fields():
            return kept
        return wishes.wish(self._search, self._added(), invoice_id)

    def withdrawals(self) -> Iterator[WithdrawalWish]:
        """Every standing wish to withdraw a case."""
        seen: set[str] = set()
        for wish in request_rows.withdrawals(self._find):
            seen.add(wish.invoice_id)
            yield wish
        if self._reads_fields():
            yield from (wish for wish in wishes.withdrawals(self._search, self._added()) if wish.invoice_id not in seen)

    def withdrawal(self, invoice_id: str) -> WithdrawalWish | None:
        """The standing wish to withdraw the case of one invoice."""
        move_id = _move_id(invoice_id)
        kept = request_rows.withdrawal(self._find, move_id) if move_id else None
        if kept is not None or not self._reads_fields():
            return kept
        return wishes.withdrawal(self._search, self._added(), invoice_id)

    def open_of(self, move_id: int) -> wishes.OpenRequests:
        """The ids of one invoice's open requests."""
        return request_rows.open_of(self._find, move_id)

    def answer(self, rows: Sequence[int]) -> Fact:
        """Mark requests as answered; gives what hinders it, "" for nothing.

        Where the set-up was never run for this connection they stay open: none is acted on twice for that.
        """
        action = self._settings().answer_action_id
        if not rows or action is None:
            return ""
        records = {"active_model": fields.REQUEST, "active_id": rows[0], "active_ids": list(rows)}
        try:
            self._client.call("ir.actions.server", "run", ids=[action], context={**self._context(), **records})
        except KeyRefused:
            raise
        except Refused as error:
            return text("odoo.write_back.not_answered", said=error.says or "–")
        return ""

    def answer_withdrawal(self, wish: WithdrawalWish) -> None:
        """Mark a wish to withdraw, and those before it, as answered."""
        standing = self.open_of(documents.record_id(wish.invoice_id)).get(fields.WITHDRAW, ())
        self.answer(request_rows.up_to(standing, wish.mark))

    def disputes(self, move_ids: Sequence[int]) -> Mapping[int, request_rows.Dispute]:
        """Return what was last said of a dispute about these invoices; those of which nothing was said are left out."""
        return request_rows.disputes(self._find, move_ids) if move_ids else {}

    def to_mend(self) -> tuple[str, ...]:
        """Return what someone must do so that Odoo tells who asked, in words; nothing where nothing is set up."""
        if not self._added() or (self._keeps_requests() and not self._reads_fields()):
            return ()
        return (f"Odoo does not tell for certain who asks to send. {RUN_PROVISION}",)

    def _context(self) -> Record:
        return documents.company_context(self._settings())

    def _find(self, domain: list[Any], names: Sequence[str], **paging: Any) -> list[Record]:
        if not self._added():
            return []
        settings = self._settings()
        own = [(fields.COMPANY_OF, "=", settings.company_id)]
        with self._lock:
            if time.monotonic() - self._missed_at_s < LOOK_AGAIN_EVERY_S:
                return []
        try:
            found: list[Record] = self._client.call(
                fields.REQUEST,
                "search_read",
                domain=[*own, *domain],
                fields=list(names),
                context=documents.company_context(settings),
                **paging,
            )
        except KeyRefused:
            raise
        except (NotFound, NotAuthorised):
            # This Odoo keeps no requests, or no more, or none for us to see.
            with self._lock:
                self._missed_at_s = time.monotonic()
            return []
        return found

    def _keeps_requests(self) -> bool:
        self._find([], ["id"], limit=1)
        with self._lock:
            return time.monotonic() - self._missed_at_s >= LOOK_AGAIN_EVERY_S

    def _reads_fields(self) -> bool:
        return self._settings().answer_action_id is None


def _move_id(invoice_id: str) -> int:
    """Odoo's number of an invoice; 0 for what cannot be one."""
    try:
        return documents.record_id(invoice_id)
    except NotFound:
        return 0
