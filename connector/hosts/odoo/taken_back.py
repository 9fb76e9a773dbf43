"""What is matched to invoices and does not stand firm any more: found by what was matched, for no invoice tells of it.

Odoo keeps the matches of a payment that is put back to draft or rejected, and neither the balance nor the `write_date`
of its invoice changes (API.md, "Payments").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import Parents
from connector.hosts.odoo.counterparts import RECEIVABLE
from connector.hosts.odoo.documents import Record, in_company, money_context
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.settlements import REJECTED_STATES, credit_key

Matches = Callable[[list[Any]], Iterable[Record]]
"""The matches (`account.partial.reconcile`, as MATCH says) of the company's invoices that a domain fits."""

MATCH: Record = {
    "debit_move_id": {"fields": {"move_id": {}}},
    "credit_move_id": {
        "fields": {
            "move_id": {"fields": {"write_date": {}}},
            "move_type": {},
            "parent_state": {},
            "statement_line_id": {},
            "payment_id": {"fields": {"state": {}, "write_date": {}}},
        }
    },
}
OF_INVOICES = (
    ("debit_move_id.account_type", "=", RECEIVABLE),
    ("debit_move_id.move_id.move_type", "=", "out_invoice"),
)
_INVOICE = "debit_move_id.move_id"
_TAKEN_BACK = [
    "|",
    ("credit_move_id.parent_state", "!=", "posted"),
    ("credit_move_id.payment_id.state", "in", list(REJECTED_STATES)),
]
_MOST_NAMED = 1000
_PAGE = 1000


def matches(client: OdooClient, domain: list[Any], settings: OdooSettings, parents: Parents) -> Iterator[Record]:
    """The matches of the company's invoices that `domain` fits, with its own money and that of its parents."""
    ours = [(f"debit_move_id.{name}", operator, value) for name, operator, value in in_company(settings)]
    # Naming the companies keeps what no one may see from refusing all the others.
    theirs = [("credit_move_id.company_id", "in", [settings.company_id, *parents.ids])] if ours else []
    last_id = 0
    while True:
        page: list[Record] = client.call(
            "account.partial.reconcile",
            "web_search_read",
            domain=[("id", ">", last_id), *ours, *theirs, *OF_INVOICES, *domain],
            specification=MATCH,
            order="id",
            limit=_PAGE,
            context=money_context(settings, parents),
        )["records"]
        yield from page
        if len(page) < _PAGE:
            return
        last_id = page[-1]["id"]


@dataclass(frozen=True)
class TakenBack:
    """What was taken back, by the ids of its invoices; the invoices of which anything matched was written, and when
    last."""

    by_invoice: Mapping[int, tuple[str, ...]]
    touched: frozenset[int] = frozenset()
    newest: str = ""


def of_invoices(matches: Matches, invoice_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """`Standing.taken_back` of these invoices; of very many it is asked as of all, since there is little of it."""
    if not invoice_ids:
        return {}
    named = [(_INVOICE, "in", list(invoice_ids))] if len(invoice_ids) <= _MOST_NAMED else []
    return _found(matches([*named, *_TAKEN_BACK])).by_invoice


def since(matches: Matches, last: str) -> TakenBack:
    """All that is taken back, and which invoices had something matched written since `last`, in one question."""
    written = [
        "|",
        ("credit_move_id.move_id.write_date", ">=", last),
        ("credit_move_id.payment_id.write_date", ">=", last),
    ]
    return _found(matches(["|", *_TAKEN_BACK, *written]), last)


def _found(matches: Iterable[Record], last: str = "") -> TakenBack:
    keys: dict[int, set[str]] = {}
    touched = set()
    newest = ""
    for match in matches:
        invoice = int(match["debit_move_id"]["move_id"])
        written = max(str(one["write_date"])[:19] for one in _written(match["credit_move_id"]))
        if written >= last:
            touched.add(invoice)
            newest = max(newest, written)
        if key := _key(match["credit_move_id"]):
            keys.setdefault(invoice, set()).add(key)
    return TakenBack({invoice: tuple(sorted(found)) for invoice, found in keys.items()}, frozenset(touched), newest)


def _written(row: Record) -> list[Record]:
    return [one for one in (row["move_id"], row["payment_id"]) if one]


def _key(row: Record) -> str:
    """Return what the row is called in `Standing.taken_back`, as in `settlements.taken_back`; "" for one that
    stands.
    """
    payment = row["payment_id"] or None
    if row["parent_state"] == "posted" and not (payment and payment["state"] in REJECTED_STATES):
        return ""
    if row["move_type"] == "out_refund":
        return credit_key(row["move_id"]["id"])
    return f"bank-{row['statement_line_id']}" if row["statement_line_id"] else str(row["id"])
