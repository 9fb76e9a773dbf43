"""What people wish in Odoo: that an invoice be sent, that its case be withdrawn; and what an answer takes away.

A wish is a request that the server has kept (`connector.hosts.odoo.request_rows`). Before release 0.5.0 it stood in
fields of the invoice, which anyone who may change the invoice may write: such a wish has its time for a mark, and is a
question to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from connector.domain.errors import NotFound
from connector.hosts.base import Wish, WithdrawalWish, WriteBack
from connector.hosts.odoo import documents, fields, request_rows
from connector.hosts.odoo.documents import Record

WITHDRAWN = "withdrawn"

_PAGE = 1000
_WISH = (fields.REQUESTED_AT, fields.CASE_ID, fields.REQUESTED_BY, fields.FIRST_ACTION, fields.ENDED)
_WITHDRAWAL = (fields.WITHDRAWAL_AT, fields.WITHDRAWAL_CASE, fields.WITHDRAWAL_BY, fields.WITHDRAWAL_REASON)
_OF_WISH = (fields.REQUESTED_AT, fields.REQUESTED_BY)


OpenRequests = Mapping[str, tuple[int, ...]]
"""The ids of an invoice's open requests, by kind, oldest first."""


class Search(Protocol):
    """A search among the company's invoices: the fields `names` of those in `domain`."""

    def __call__(self, domain: list[Any], names: list[str], **paging: Any) -> list[Record]: ...


def requested(search: Search, added: frozenset[str]) -> Iterator[Wish]:
    """Every wish to send that stands in fields, newest first; none where they are not set up (`added` are)."""
    if not _holds_wishes(added):
        return
    domain = [("move_type", "=", "out_invoice"), (fields.REQUESTED_AT, "!=", False), *_may_be_sent(added)]
    yield from map(_wish, _paged(search, domain, _present(_WISH, added), order=f"{fields.REQUESTED_AT} desc, id desc"))


def wish(search: Search, added: frozenset[str], invoice_id: str) -> Wish | None:
    """The wish to send one invoice that stands in its fields; `None` if there is none, or no such invoice."""
    if not _holds_wishes(added):
        return None
    record = _one(search, invoice_id, _present(_WISH, added))
    if record is None or not record[fields.REQUESTED_AT]:
        return None
    has_case = record[fields.CASE_ID] and record.get(fields.ENDED) != WITHDRAWN
    return None if has_case else _wish(record)


def withdrawals(search: Search, added: frozenset[str]) -> Iterator[WithdrawalWish]:
    """Every wish to withdraw a case that stands in fields, oldest first."""
    if not set(_WITHDRAWAL) <= added:
        return
    domain = [("move_type", "=", "out_invoice"), (fields.WITHDRAWAL_AT, "!=", False)]
    order = f"{fields.WITHDRAWAL_AT}, id"
    yield from map(_withdrawal, _paged(search, domain, list(_WITHDRAWAL), order=order))


def withdrawal(search: Search, added: frozenset[str], invoice_id: str) -> WithdrawalWish | None:
    """The wish to withdraw the case of one invoice that stands in its fields; `None` if there is none."""
    record = _one(search, invoice_id, list(_WITHDRAWAL)) if set(_WITHDRAWAL) <= added else None
    return _withdrawal(record) if record is not None and record[fields.WITHDRAWAL_AT] else None


def read_for(note: WriteBack, added: frozenset[str]) -> list[str]:
    """The fields that `answered` and `taken_away` need to see."""
    return _present((fields.CASE_ID, fields.ENDED, *_OF_WISH, *_WITHDRAWAL), added) if _may_answer(note) else []


def may_answer(note: WriteBack, before: Record) -> bool:
    """Return whether a write-back, of an invoice that read `before`, can be the answer to a request."""
    shows_case = bool(note.case_id) and before.get(fields.CASE_ID) != note.case_id
    return shows_case or _shows_withdrawal(note, before) or bool(note.answered_wish or note.answered_withdrawal)


def answered(note: WriteBack, before: Record, open_requests: OpenRequests) -> tuple[int, ...]:
    """Those of an invoice's open `open_requests` that a write-back answers.

    Only the step that shows the withdrawal answers every wish, since whatever is expressed after it is meant again.
    """
    sends, withdrawals_ = open_requests.get(fields.SEND, ()), open_requests.get(fields.WITHDRAW, ())
    if _shows_withdrawal(note, before):
        return (*sends, *withdrawals_)
    shows_case = note.case_id and note.ended != WITHDRAWN
    return (
        *(sends if shows_case else request_rows.up_to(sends, note.answered_wish)),
        *request_rows.up_to(withdrawals_, note.answered_withdrawal),
    )


def taken_away(note: WriteBack, before: Record, open_requests: OpenRequests) -> dict[str, bool]:
    """The fields that a write-back empties, of an invoice that read `before`: those that show wishes it answers."""
    emptied: list[str] = []
    for names, mark, kind in (
        (_OF_WISH, note.answered_wish, fields.SEND),
        (_WITHDRAWAL, note.answered_withdrawal, fields.WITHDRAW),
    ):
        standing, rows = before.get(names[0]), open_requests.get(kind, ())
        is_newest = request_rows.is_mark(mark) and request_rows.up_to(rows, mark) == rows
        if standing and (_shows_withdrawal(note, before) or is_newest or standing == mark):
            emptied += [name for name in names if name in before]
    return dict.fromkeys(emptied, False)


def withdrawal_emptied() -> dict[str, bool]:
    """Return what takes a wish to withdraw away."""
    return dict.fromkeys(_WITHDRAWAL, False)


def _may_answer(note: WriteBack) -> bool:
    return bool(note.case_id or note.answered_wish or note.answered_withdrawal)


def _shows_withdrawal(note: WriteBack, before: Record) -> bool:
    return (
        note.ended == WITHDRAWN
        and fields.ENDED in before
        and (before[fields.ENDED], before[fields.CASE_ID]) != (WITHDRAWN, note.case_id)
    )


def _holds_wishes(added: frozenset[str]) -> bool:
    return {fields.REQUESTED_AT, fields.CASE_ID} <= added


def _may_be_sent(added: frozenset[str]) -> list[Any]:
    """No case, or one that was withdrawn before the wish (`taken_away`)."""
    without = (fields.CASE_ID, "=", False)
    return ["|", without, (fields.ENDED, "=", WITHDRAWN)] if fields.ENDED in added else [without]


def _present(names: tuple[str, ...], added: frozenset[str]) -> list[str]:
    return [name for name in names if name in added]


def _paged(search: Search, domain: list[Any], names: list[str], *, order: str) -> Iterator[Record]:
    seen: set[int] = set()
    while True:
        # Not by offset: wishes that are fulfilled meanwhile would move others into pages already read.
        page = search([*domain, ("id", "not in", sorted(seen))], names, order=order, limit=_PAGE)
        fresh = [record for record in page if record["id"] not in seen]
        seen.update(record["id"] for record in fresh)
        yield from fresh
        if len(page) < _PAGE or not fresh:
            return


def _one(search: Search, invoice_id: str, names: list[str]) -> Record | None:
    try:
        move_id = documents.record_id(invoice_id)
    except NotFound:
        return None
    found = search([("id", "=", move_id)], names, limit=1)
    return found[0] if found else None


def _wish(record: Record) -> Wish:
    return Wish(
        invoice_id=str(record["id"]),
        mark=str(record[fields.REQUESTED_AT]),
        by=str(record.get(fields.REQUESTED_BY) or ""),
        first_action=str(record.get(fields.FIRST_ACTION) or ""),
    )


def _withdrawal(record: Record) -> WithdrawalWish:
    return WithdrawalWish(
        invoice_id=str(record["id"]),
        mark=str(record[fields.WITHDRAWAL_AT]),
        case_id=str(record[fields.WITHDRAWAL_CASE] or ""),
        by=str(record[fields.WITHDRAWAL_BY] or ""),
        reason=str(record[fields.WITHDRAWAL_REASON] or ""),
    )
