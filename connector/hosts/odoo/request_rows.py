"""People's requests in Odoo as its server has kept them: rows of a model that only the installed actions make.

What a row says of who asked and when is the server's own (`create_uid`, `create_date`); the fields on the invoice only
show it, and are not asked here. A request is open until it is answered (API.md, "What is made by API").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connector.hosts.base import Wish, WithdrawalWish
from connector.hosts.odoo import fields
from connector.hosts.odoo.documents import Record

_PAGE = 1000
_MARK = f"{fields.REQUEST},"
_READ = (fields.INVOICE_OF, fields.CHOSEN_ACTION, fields.CASE_SHOWN, fields.REASON, "create_uid")
_OF_DISPUTE = (fields.INVOICE_OF, fields.KIND, "create_uid", "create_date")


class Find(Protocol):
    """A search among the company's requests: the fields `names` of those in `domain`."""

    def __call__(self, domain: list[Any], names: Sequence[str], **paging: Any) -> list[Record]: ...


@dataclass(frozen=True)
class Dispute:
    """What was last said of an invoice: that it is disputed, or that its dispute is settled."""

    stands: bool
    by: str
    at: str


def mark_of(row_id: int) -> str:
    """Return what tells one request from the next."""
    return f"{_MARK}{row_id}"


def is_mark(mark: str) -> bool:
    """Return whether `mark` is that of a request kept by the server."""
    return mark.startswith(_MARK)


def requested(find: Find) -> Iterator[Wish]:
    """The newest open request to send of each invoice, newest first."""
    yield from map(_wish, _newest(find, fields.SEND))


def wish(find: Find, move_id: int) -> Wish | None:
    """The newest open request to send one invoice."""
    row = _open(find, fields.SEND, move_id)
    return _wish(row) if row else None


def withdrawals(find: Find) -> Iterator[WithdrawalWish]:
    """The newest open request to withdraw a case of each invoice."""
    yield from map(_withdrawal, _newest(find, fields.WITHDRAW))


def withdrawal(find: Find, move_id: int) -> WithdrawalWish | None:
    """The newest open request to withdraw the case of one invoice."""
    row = _open(find, fields.WITHDRAW, move_id)
    return _withdrawal(row) if row else None


def open_of(find: Find, move_id: int) -> Mapping[str, tuple[int, ...]]:
    """The ids of the open requests of one invoice, by kind, oldest first."""
    domain = [(fields.INVOICE_OF, "=", move_id), (fields.ANSWERED, "=", False)]
    found: dict[str, tuple[int, ...]] = {}
    for row in find(domain, [fields.KIND], order="id"):
        found[row[fields.KIND]] = (*found.get(row[fields.KIND], ()), int(row["id"]))
    return found


def up_to(rows: Sequence[int], mark: str) -> tuple[int, ...]:
    """Those of `rows` that are not newer than the one of `mark`; none where that is the mark of something else."""
    if not is_mark(mark):
        return ()
    last = int(mark.removeprefix(_MARK))
    return tuple(row for row in rows if row <= last)


def disputes(find: Find, move_ids: Sequence[int]) -> Mapping[int, Dispute]:
    """Return what was last said of a dispute about each of these invoices; those of which nothing was said are left
    out.
    """
    found: dict[int, Dispute] = {}
    ids = sorted(set(move_ids))
    for start in range(0, len(ids), _PAGE):
        last = 0
        while True:
            domain = [
                (fields.INVOICE_OF, "in", ids[start : start + _PAGE]),
                (fields.KIND, "in", [fields.DISPUTE, fields.SETTLE]),
                ("id", ">", last),
            ]
            page = find(domain, _OF_DISPUTE, order="id", limit=_PAGE)
            for row in page:
                stands = row[fields.KIND] == fields.DISPUTE
                found[int(row[fields.INVOICE_OF][0])] = Dispute(stands, _by(row), str(row["create_date"])[:19])
            if len(page) < _PAGE:
                break
            last = int(page[-1]["id"])
    return found


def _open(find: Find, kind: str, move_id: int) -> Record | None:
    domain = [(fields.INVOICE_OF, "=", move_id), (fields.KIND, "=", kind), (fields.ANSWERED, "=", False)]
    found = find(domain, _READ, order="id desc", limit=1)
    return found[0] if found else None


def _newest(find: Find, kind: str) -> Iterator[Record]:
    seen: set[int] = set()
    standing = [(fields.KIND, "=", kind), (fields.ANSWERED, "=", False)]
    before: list[Any] = []
    while True:
        page = find([*standing, *before], _READ, order="id desc", limit=_PAGE)
        for row in page:
            # A row without its invoice asks for nothing any more.
            if row[fields.INVOICE_OF] and row[fields.INVOICE_OF][0] not in seen:
                seen.add(row[fields.INVOICE_OF][0])
                yield row
        if len(page) < _PAGE:
            return
        before = [("id", "<", int(page[-1]["id"]))]


def _by(row: Record) -> str:
    return str(row["create_uid"][1]) if row["create_uid"] else ""


def _wish(row: Record) -> Wish:
    return Wish(
        invoice_id=str(row[fields.INVOICE_OF][0]),
        mark=mark_of(row["id"]),
        by=_by(row),
        first_action=str(row[fields.CHOSEN_ACTION] or ""),
    )


def _withdrawal(row: Record) -> WithdrawalWish:
    return WithdrawalWish(
        invoice_id=str(row[fields.INVOICE_OF][0]),
        mark=mark_of(row["id"]),
        case_id=str(row[fields.CASE_SHOWN] or ""),
        by=_by(row),
        reason=str(row[fields.REASON] or ""),
    )
