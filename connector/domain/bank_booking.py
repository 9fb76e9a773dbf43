"""Through which day a company's bank receipts are booked: what its accounts show, and what people have said.

Source: RULES.md, "How far receipts are booked". An account counts while customers' money has come in on it lately.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from connector.domain.invoice import BankAccount, Invoice

COUNTS_FOR = timedelta(days=90)
"""For how long after its latest receipt an account is one on which customers pay."""

WHOLE_COMPANY = ""
"""The account that stands for all of a company's accounts."""


def counts_since(today: date) -> date:
    """The first day of which a receipt still makes its account count."""
    return today - COUNTS_FOR


def booked_until(accounts: Iterable[BankAccount], said: Mapping[str, date] | None = None) -> date | None:
    """The last day through which receipts are booked on every account; None where nothing tells.

    `said` are the days that people have said, by the account's id or `WHOLE_COMPANY`: the later of what an account
    shows and what was said of it holds.
    """
    said = said or {}
    for_all = said.get(WHOLE_COMPANY)
    days = [_latest(one.booked_until, said.get(one.id), for_all) for one in accounts]
    if not days:
        return for_all
    known = [day for day in days if day is not None]
    return min(known) if len(known) == len(days) else None


def with_said(invoice: Invoice, said: Mapping[str, date]) -> Invoice:
    """The invoice with what people have said of its company's receipts."""
    if not said:
        return invoice
    accounts = invoice.bank_accounts
    if accounts is None:
        # A ledger that names no accounts: what it shows, if anything, stands for the whole company.
        accounts = (BankAccount(id=WHOLE_COMPANY, booked_until=invoice.bank_booked_until),)
    return invoice.model_copy(update={"bank_booked_until": booked_until(accounts, said)})


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)
