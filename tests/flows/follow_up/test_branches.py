"""Money that comes in at the parent of a branch reaches Amili as any other, or a person is told what is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.domain.errors import OutOfReach
from connector.domain.hand_over import HandOverState
from connector.flows.follow_up.follow_up import follow_up
from connector.flows.hand_over import preview
from connector.sandbox.odoo import settling
from connector.sandbox.odoo.companies import make_branch, move_to_parent
from connector.store.follow_ups import Look
from tests.flows.follow_up_steps import AtAmili, actions, followed, kr, noticed, questions, sent
from tests.flows.hand_over_steps import begun, codes, driven, stored
from tests.flows.ledgers import LedgerSide
from tests.flows.stage import CONNECTION, Stage, stage_with


@pytest.fixture
def fresh(make_side: Callable[[], LedgerSide], tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own, whose company becomes a branch."""
    with stage_with(make_side(), tmp_path / "data", SETTLE_S="60", READ_TIMEOUT_S="30") as on:
        yield on


def paid_at_parent(on: Stage, parent: int, invoice: str, amount: int) -> None:
    books = on.ledger.books
    line = books.receive(kr(amount), partner=int(books.field(int(invoice), "partner_id")))
    settling.match_bank_line(books, line, int(invoice))
    move_to_parent(books, int(books.records.get("account.bank.statement.line", line)["move_id"]), parent)


def test_a_payment_at_the_parent_is_reported(fresh: Stage) -> None:
    on = fresh
    parent = make_branch(on.ledger.books)
    invoice, hand_over = sent(on)
    paid_at_parent(on, parent, invoice, 400)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([AtAmili("payment", kr(400), "completed")], [])


def test_an_invoice_that_is_partly_paid_at_the_parent_can_be_looked_at(fresh: Stage) -> None:
    on = fresh
    parent = make_branch(on.ledger.books)
    invoice = on.invoice()
    paid_at_parent(on, parent, invoice, 400)
    assessment = preview.preview(on.deployment, CONNECTION, invoice).assessment
    assert assessment is not None
    assert assessment.claim is not None
    assert assessment.claim.capital_to_claim == kr(850)


def test_a_parent_that_may_not_be_seen_asks_for_confirmation_and_its_payments_are_named(fresh: Stage) -> None:
    on = fresh
    parent = make_branch(on.ledger.books, sees_parent=False)
    stopped = begun(on, on.invoice())
    assert driven(on, stopped).state is HandOverState.BLOCKED
    assert codes(on, stopped) == ["A4"]
    invoice = on.invoice()
    hand_over = begun(on, invoice, accepted=("A4",))
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    noticed(on, hand_over)
    paid_at_parent(on, parent, invoice, 400)
    noticed(on, hand_over)
    with pytest.raises(OutOfReach, match="Moderbolaget AB"):
        follow_up(on.deployment, Look(hand_over, CONNECTION, stored(on, hand_over).follow_up_asked))
