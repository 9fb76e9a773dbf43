"""An invoice at Amili that is lowered or raised in its ledger is asked about at once; nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import update

from connector.domain.reconcile import DifferenceKind
from connector.flows.reconcile.reconcile import reconcile
from connector.sandbox.odoo.changing import change_invoice
from connector.sandbox.odoo.settling import post_again, to_draft
from connector.store import follow_ups, tables
from tests.flows.follow_up_steps import (
    CAPITAL,
    AtAmili,
    actions,
    followed,
    kr,
    looked,
    pays,
    questions,
    remaining,
    sent,
    states,
    the_question,
)
from tests.flows.hand_over_steps import stored
from tests.flows.ledgers import OdooLedger
from tests.flows.stage import CONNECTION, Stage

PRICE = CAPITAL / Decimal("1.25")
LESS = Decimal(800)
"""A price without VAT: 250 kronor less with it."""


@pytest.fixture(autouse=True)
def nothing_paid_out(on: Stage) -> Iterator[None]:
    yield
    on.amili.now = lambda: datetime.now(UTC)


def change(on: Stage, invoice: str, price: Decimal) -> None:
    assert isinstance(on.side, OdooLedger)
    change_invoice(on.side.state.books, int(invoice), price)


def differences(on: Stage, hand_over: str) -> list[tuple[DifferenceKind, bool]]:
    """What the comparison says of the invoice, and whether it stands by a person's decision."""
    found = reconcile(on.deployment, on.deployment.connection(CONNECTION)).differences
    return [(one.kind, one.is_decided) for one in found if one.hand_over_id == hand_over]


def test_an_invoice_that_is_lowered_is_asked_about_at_once_and_credited_when_a_person_says_so(on: Stage) -> None:
    invoice, hand_over = sent(on)
    change(on, invoice, LESS)
    followed(on, hand_over)

    question = the_question(on, hand_over)
    assert (question.kind, question.amount, question.may_report) == ("lowered", kr(250), True)
    assert actions(on, invoice) == []
    assert differences(on, hand_over) == [(DifferenceKind.REPORT_UNDER_WAY, False)]

    follow_ups.report_it(on.deployment.databases.main, question.id, by="Eva")
    looked(on, hand_over)

    assert actions(on, invoice) == [AtAmili("crediting", kr(250), "completed")]
    assert remaining(on, invoice) == kr(1000)
    assert questions(on, hand_over) == []
    assert differences(on, hand_over) == []


def test_a_lowering_that_a_person_keeps_to_himself_stands(on: Stage) -> None:
    invoice, hand_over = sent(on)
    change(on, invoice, LESS)
    followed(on, hand_over)
    question = the_question(on, hand_over)
    follow_ups.skip(on.deployment.databases.main, question.id, by="Eva", reason="Görs hos Amili.")
    followed(on, hand_over)
    assert questions(on, hand_over) == []
    assert differences(on, hand_over) == [(DifferenceKind.NOT_REPORTED, True)]

    change(on, invoice, Decimal(700))
    followed(on, hand_over)
    assert the_question(on, hand_over).amount == kr(125)


def test_an_invoice_that_is_raised_is_asked_about_at_once_and_nothing_can_be_reported(on: Stage) -> None:
    invoice, hand_over = sent(on)
    change(on, invoice, Decimal(1200))
    followed(on, hand_over)
    question = the_question(on, hand_over)
    assert (question.kind, question.amount, question.may_report) == ("raised", kr(250), False)

    follow_ups.skip(on.deployment.databases.main, question.id, by="Eva", reason="Faktureras för sig.")
    followed(on, hand_over)

    assert questions(on, hand_over) == []
    assert actions(on, invoice) == []
    assert differences(on, hand_over) == [(DifferenceKind.MORE_IN_LEDGER, True)]


def test_a_change_that_is_taken_back_asks_nobody_any_more(on: Stage) -> None:
    invoice, hand_over = sent(on)
    change(on, invoice, LESS)
    followed(on, hand_over)
    assert questions(on, hand_over) == ["invoice_lowered"]
    change(on, invoice, PRICE)
    followed(on, hand_over)
    assert questions(on, hand_over) == []
    assert [state for _, state in states(on, hand_over)] == ["lapsed"]


def test_a_payment_is_reported_beside_the_question(on: Stage) -> None:
    invoice, hand_over = sent(on)
    change(on, invoice, LESS)
    pays(on, invoice, 1000)
    followed(on, hand_over)
    assert actions(on, invoice) == [AtAmili("payment", kr(1000), "completed")]
    assert questions(on, hand_over) == ["invoice_lowered"]


def test_a_payment_that_the_change_took_off_is_asked_about_beside_it(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 400)
    followed(on, hand_over)
    change(on, invoice, Decimal(1200))
    followed(on, hand_over)
    assert sorted(questions(on, hand_over)) == ["invoice_raised", "reversed"]
    assert actions(on, invoice) == [AtAmili("payment", kr(400), "completed")]


def test_a_draft_that_is_posted_unchanged_asks_nothing_of_its_amount(on: Stage) -> None:
    invoice, hand_over = sent(on)
    assert isinstance(on.side, OdooLedger)
    to_draft(on.side.state.books, int(invoice))
    followed(on, hand_over)
    assert questions(on, hand_over) == ["invoice_draft"]
    post_again(on.side.state.books, int(invoice))
    followed(on, hand_over)
    assert questions(on, hand_over) == []
    assert differences(on, hand_over) == []


def test_a_hand_over_of_a_release_that_kept_no_total_is_left_to_the_comparison(on: Stage) -> None:
    invoice, hand_over = sent(on)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.hand_overs).where(tables.hand_overs.c.id == hand_over).values(total_then=None))
    assert stored(on, hand_over).total_then is None
    change(on, invoice, LESS)
    followed(on, hand_over)
    assert questions(on, hand_over) == []
    assert differences(on, hand_over) == [(DifferenceKind.NOT_REPORTED, False)]
