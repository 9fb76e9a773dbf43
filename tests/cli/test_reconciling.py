"""`reconcile`: every difference in a table, in words, and for programs."""

from __future__ import annotations

from decimal import Decimal

from connector.sandbox.amili.settling import debtor_pays
from tests.cli.conftest import House
from tests.flows.hand_over_steps import begun, driven


def paid_at_amili(house: House) -> tuple[str, str]:
    """The number and the case of an invoice of which a part was paid at Amili."""
    invoice = house.on.invoice()
    case = driven(house.on, begun(house.on, invoice)).case_id
    debtor_pays(house.on.amili, case, Decimal("500.00"))
    return house.on.number(invoice), case


def test_nothing_to_tell(house: House) -> None:
    driven(house.on, begun(house.on, house.on.invoice()))

    said = house.terminal.run("reconcile", "--exit-code")

    assert said.status == 0, said.err
    assert said.out == "1 case compared; no differences.\n"


def test_a_difference_is_shown_with_what_resolves_it(house: House) -> None:
    number, case = paid_at_amili(house)

    said = house.terminal.run("reconcile", "--language", "sv", "--exit-code")

    assert said.status == 5
    line = next(one for one in said.out.splitlines() if one.startswith(number))
    assert case in line
    assert "500,00" in line
    assert "Bokför utbetalningen när den har kommit" in said.out
    assert said.out.endswith("1 case compared; 1 difference.\n")


def test_programs_get_the_same(house: House) -> None:
    number, case = paid_at_amili(house)

    said = house.terminal.run("reconcile", "--json", "--language", "en")

    assert said.status == 0, said.err
    (one,) = said.json["differences"]
    assert (one["invoice_number"], one["case_id"], one["kind"]) == (number, case, "paid_at_amili")
    assert (one["in_ledger"], one["at_amili"], one["amount"]) == ("1250.00", "750.00", "500.00")
    assert one["cause"].startswith("The debtor has paid to Amili.")
