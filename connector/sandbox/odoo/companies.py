"""Several companies in one database: who may see what of which, and branches whose parent's bank is theirs too.

Odoo's own record rules: what belongs to a company is seen within the companies of the call, or, if it names none, in
all of the user's. A search leaves the rest out; reading it, by itself or below something else, is refused. Source:
odoo/API.md, "Rights and companies" and "Payments"; seen in Odoo 19.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.sandbox.odoo import chart
from connector.sandbox.odoo.books import Books
from connector.sandbox.odoo.call import Call, access_error

PARENTS_BANK = 22
"""The bank journal of the parent."""


def company_domain(call: Call) -> list[Any]:
    """Return what the companies of a call ask of the records of its model. Raises `LedgerError` for one that is not
    theirs.
    """
    allowed = _allowed(call)
    if call.model == "res.company":
        # Who has Settings rights sees every company (base/security/base_security.xml).
        if "base.group_system" in call.groups:
            return []
        return [["id", "in", allowed]]
    return [["company_id", "in", [False, *allowed]]] if _has_company(call) else []


def require_companies(call: Call, numbers: Sequence[int]) -> None:
    """Raise `LedgerError` if one of these records belongs to a company beyond those of the call."""
    allowed = _allowed(call)
    if not _has_company(call):
        return
    for number in numbers:
        company = call.state.records.get(call.model, number).get("company_id")
        if company and company not in allowed:
            raise access_error(
                "Due to security restrictions, you are not allowed to access the records of another company.\n\n"
                f"Records: {call.model},{number}"
            )


def _allowed(call: Call) -> list[int]:
    own = call.state.records.get("res.users", call.user)["company_ids"]
    asked = call.context.get("allowed_company_ids") or own
    if not set(asked) <= set(own):
        raise access_error("Access to unauthorized or invalid companies.")
    return list(asked)


def _has_company(call: Call) -> bool:
    by_company = call.model.startswith("account.") or call.model == "res.partner"
    return by_company and "company_id" in call.state.fields(call.model)


def make_branch(books: Books, *, user: int = 5, sees_parent: bool = True) -> int:
    """Make the company a branch of another, which has a bank of its own; gives the parent's id."""
    with books.lock:
        records = books.records
        values = {"name": "Moderbolaget AB", "company_registry": "559012-3450", "currency_id": chart.SEK}
        parent = records.create("res.company", {**values, "country_id": chart.SWEDEN})
        records.update("res.company", 1, {"parent_id": parent})
        bank = {"name": "Bank", "type": "bank", "code": "BNK2", "active": True, "company_id": parent}
        records.create("account.journal", bank, identifier=PARENTS_BANK)
        if sees_parent:
            let_see(books, parent, user=user)
        return parent


def let_see(books: Books, company: int, *, user: int = 5) -> None:
    """Add a company to those of a user."""
    with books.lock:
        seen = books.records.get("res.users", user)["company_ids"]
        books.records.update("res.users", user, {"company_ids": [*seen, company]})


def move_to_parent(books: Books, entry: int, parent: int) -> None:
    """Have an entry, with its payment or bank line, belong to the parent, on whose bank the money came in."""
    with books.lock:
        records = books.records
        theirs = {"company_id": parent, "journal_id": PARENTS_BANK}
        records.update("account.move", entry, theirs)
        for row in books.field(entry, "line_ids"):
            records.update("account.move.line", row, theirs)
        for model, link in (
            ("account.payment", "origin_payment_id"),
            ("account.bank.statement.line", "statement_line_id"),
        ):
            if number := books.field(entry, link):
                records.update(model, number, theirs)
