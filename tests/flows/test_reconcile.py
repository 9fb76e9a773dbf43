"""Ledger, our record and Amili compared: every difference is found, by few calls, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connector.domain.reconcile import DifferenceKind
from connector.flows.reconcile import reconcile
from connector.flows.reconcile_words import EN, SV
from connector.sandbox.amili_settling import debtor_pays
from tests.flows.acting import armed, begun, calls, case_at_amili, driven
from tests.flows.stage import CONNECTION, Stage, stage

KINDS = DifferenceKind


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own: a comparison is of everything that a company has."""
    with stage(tmp_path / "data", SETTLE_S="60", ATTEMPT_S="60") as on:
        yield on


def sent(on: Stage, price: str = "1000") -> tuple[str, str]:
    """An invoice that is at Amili, and its case."""
    invoice = on.invoice(price=price)
    return invoice, driven(on, begun(on, invoice)).case_id


def found(on: Stage) -> dict[str, DifferenceKind]:
    """What does not agree, by invoice number."""
    comparison = reconcile(on.deployment, on.deployment.connection(CONNECTION))
    return {one.invoice_number: one.kind for one in comparison.differences}


def test_what_agrees_is_not_listed(fresh: Stage) -> None:
    for _ in range(3):
        sent(fresh)

    comparison = reconcile(fresh.deployment, fresh.deployment.connection(CONNECTION))

    assert (comparison.compared, comparison.differences) == (3, ())


def test_a_debtor_who_paid_at_amili_is_told_from_one_who_paid_the_company(fresh: Stage) -> None:
    at_amili, case = sent(fresh)
    at_home, _ = sent(fresh)
    debtor_pays(fresh.amili, case, Decimal("500.00"))
    fresh.side.pay(at_home, Decimal("400.00"))

    assert found(fresh) == {
        fresh.number(at_amili): KINDS.PAID_AT_AMILI,
        fresh.number(at_home): KINDS.NOT_REPORTED,
    }


def test_a_closed_case_an_unknown_one_and_a_doubtful_registration_are_found(fresh: Stage) -> None:
    closed, case = sent(fresh)
    fresh.amili.set_case(case, closed=True)
    unknown = case_at_amili(fresh, fresh.invoice())
    doubtful = fresh.invoice()
    armed(fresh, begun(fresh, doubtful))

    differences = found(fresh)

    assert differences[fresh.number(closed)] is KINDS.CLOSED_AT_AMILI
    assert differences[unknown.invoice_number] is KINDS.UNKNOWN_CASE
    assert differences[fresh.number(doubtful)] is KINDS.OUTCOME_UNKNOWN
    assert len(differences) == 3


def test_a_disputed_and_a_cancelled_invoice_at_amili_are_found(fresh: Stage) -> None:
    disputed, _ = sent(fresh)
    cancelled, _ = sent(fresh)
    fresh.ledger.books.records.update("account.move", int(disputed), {"x_amili_disputed": True})
    fresh.ledger.books.records.update("account.move", int(cancelled), {"state": "cancel"})

    assert found(fresh) == {
        fresh.number(disputed): KINDS.DISPUTED,
        fresh.number(cancelled): KINDS.NO_CLAIM,
    }


def test_nothing_is_changed_and_few_calls_are_made(fresh: Stage) -> None:
    cases = [sent(fresh) for _ in range(4)]
    fresh.amili.traffic.clear()
    fresh.ledger.traffic.clear()
    writes = len(fresh.ledger.writes)

    found(fresh)

    assert calls(fresh, "GET /cases") == 2
    assert calls(fresh, "GET /cases/{case_id}") == 0
    assert sum(fresh.ledger.traffic.snapshot()["requests"].values()) <= 2
    assert len(fresh.ledger.writes) == writes
    assert len(fresh.amili.cases) == len(cases)
    first = next(iter(fresh.amili.cases.values()))
    assert first.remaining_capital == Decimal("1250.00")


def test_every_difference_has_words_in_both_languages() -> None:
    assert set(SV) == set(EN) == set(DifferenceKind)
