"""Through which day receipts are booked: the account that is booked least far, or a later day that a person said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from connector.domain.bank_booking import booked_until, with_said
from connector.domain.invoice import BankAccount
from tests.domain.clean_invoice import an_invoice


def on(day: int) -> date:
    return date(2026, 3, day)


A, OTHER, SILENT = (BankAccount(id=name, booked_until=day) for name, day in (("a", on(19)), ("b", on(3)), ("c", None)))


@pytest.mark.parametrize(
    ("accounts", "said", "until"),
    [
        ((A,), {}, on(19)),
        ((A, OTHER), {}, on(3)),
        ((A, SILENT), {}, None),
        ((), {}, None),
        ((), {"": on(18)}, on(18)),
        ((), {"a": on(18)}, None),
        ((A, OTHER), {"": on(18)}, on(18)),
        ((A, OTHER), {"b": on(18)}, on(18)),
        ((A, OTHER), {"a": on(18)}, on(3)),
        ((A, OTHER), {"": on(2)}, on(3)),
        ((A, SILENT), {"c": on(18)}, on(18)),
        ((A, SILENT), {"": on(18)}, on(18)),
    ],
)
def test_the_account_that_is_booked_least_far_decides(
    accounts: tuple[BankAccount, ...], said: Mapping[str, date], until: date | None
) -> None:
    assert booked_until(accounts, said) == until
    read = an_invoice(bank_booked_until=booked_until(accounts), bank_accounts=accounts)
    assert with_said(read, said).bank_booked_until == until


def test_what_is_said_of_a_ledger_that_names_no_account() -> None:
    read = an_invoice(bank_booked_until=on(3))

    assert with_said(read, {"": on(18)}).bank_booked_until == on(18)
    assert with_said(read, {"": on(2)}).bank_booked_until == on(3)
    assert with_said(read, {}) == read
