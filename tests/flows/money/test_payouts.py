"""What Amili pays out is read line by line, once, and again when it changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.errors import ConnectorError
from connector.domain.money_view import PaidOut
from connector.flows.money import payouts
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import payout_lines
from tests.flows.hand_over_steps import calls, case_at_amili, strike
from tests.flows.stage import CONNECTION, Stage

LINES = "GET /finance--payout-specifications"


def read(on: Stage) -> int:
    connection = on.deployment.connection(CONNECTION)
    amili, _ = on.deployment.sides(connection)
    return payouts.read(on.deployment, connection, amili)


def kept(on: Stage, invoice: str) -> list[PaidOut]:
    found = payout_lines.of_creditor(on.deployment.databases.main, "sandbox", GUIDE_CREDITOR)
    return found.get(on.number(invoice), [])


def capital(lines: list[PaidOut]) -> Decimal:
    return sum((line.total or Decimal(0) for line in lines if line.category == "capital"), Decimal(0))


def test_a_settled_line_is_kept_and_dated_once_it_is_transferred(on: Stage) -> None:
    invoice = on.invoice()
    case = case_at_amili(on, invoice)
    debtor_pays(on.amili, case.id, Decimal("500.00"))

    read(on)
    before = kept(on, invoice)
    payout = make_payout(on.amili, GUIDE_CREDITOR)
    read(on)
    after = kept(on, invoice)

    assert capital(before) == capital(after) == Decimal("500.00")
    assert {line.payout_date for line in before} == {None}
    assert {line.payout_reference for line in after} == {payout["payout_reference"]}


def test_nothing_new_costs_one_call(on: Stage) -> None:
    case = case_at_amili(on, on.invoice())
    debtor_pays(on.amili, case.id)
    read(on)
    on.amili.traffic.clear()

    read(on)

    assert calls(on, LINES) == 1


def test_an_end_in_the_middle_loses_nothing(on: Stage) -> None:
    read(on)
    invoices = [on.invoice() for _ in range(3)]
    for invoice in invoices:
        debtor_pays(on.amili, case_at_amili(on, invoice).id, Decimal("10.00"))
    strike(on, Fault(FaultKind.FAIL_BEFORE, operations=("payout_specifications",), next_n=1))

    with pytest.raises(ConnectorError):
        read(on)
    read(on)

    assert [capital(kept(on, invoice)) for invoice in invoices] == [Decimal("10.00")] * 3
