"""A customer's card that does not say any more what Amili was told is a question for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from connector.domain.follow_up import FollowUpKind, FollowUpState
from connector.flows.reconcile.reconcile import reconcile
from connector.store import connections, follow_ups
from tests import canary
from tests.flows.hand_over_steps import begun, driven
from tests.flows.ledgers import FortnoxLedger, LedgerSide, OdooLedger
from tests.flows.stage import CONNECTION, Stage, stage_with

with_either_ledger = pytest.mark.ledgers("odoo", "fortnox")
FIELDS = {
    "name": {"odoo": "name", "fortnox": "Name"},
    "number": {"odoo": "company_registry", "fortnox": "OrganisationNumber"},
    "address": {"odoo": "street", "fortnox": "Address1"},
}


@pytest.fixture
def fresh(make_side: Callable[[], LedgerSide], tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own: a comparison is of everything that a company has."""
    with stage_with(make_side(), tmp_path / "data", SETTLE_S="60", READ_TIMEOUT_S="30") as on:
        yield on


def card(on: Stage, customer: Any, part: str, value: str) -> None:
    """Change a part of a customer's card in the ledger."""
    side = on.side
    field = FIELDS[part][side.kind]
    if isinstance(side, OdooLedger):
        side.state.books.set_customer(customer, **{field: value})
    else:
        assert isinstance(side, FortnoxLedger)
        with side.state.lock:
            side.books.set_customer(customer, **{field: value})


def asked(on: Stage, hand_over_id: str) -> set[str]:
    """Compare, and tell what people are asked about the debtor then."""
    on.side.let_windows_pass(on.deployment)
    reconcile(on.deployment, on.deployment.connection(CONNECTION))
    rows = follow_ups.of_hand_over(on.deployment.databases.main, hand_over_id)
    questions = [row for row in rows if row.kind is FollowUpKind.DEBTOR and row.state is FollowUpState.ASKING]
    return {finding.code.removeprefix("follow_up_") for row in questions for finding in row.findings}


@with_either_ledger
def test_what_changes_on_the_card_of_an_open_case_is_asked_about_once(fresh: Stage) -> None:
    on = fresh
    customer = on.side.customer()
    hand_over = driven(on, begun(on, on.invoice(customer)))
    assert asked(on, hand_over.id) == set()

    card(on, customer, "name", "  KUND   AB ")
    card(on, customer, "address", "kungsgatan  2")
    assert asked(on, hand_over.id) == set(), "it is merely spelt otherwise"

    card(on, customer, "name", "En Annan Kund AB")
    assert asked(on, hand_over.id) == {"debtor_name"}
    assert asked(on, hand_over.id) == {"debtor_name"}
    card(on, customer, "number", "556599-1238")
    card(on, customer, "address", "Nygatan 1")
    assert asked(on, hand_over.id) == {"debtor_name", "debtor_number", "debtor_address"}

    card(on, customer, "name", "Kund AB i konkurs")
    assert asked(on, hand_over.id) == {"debtor_name", "debtor_number", "debtor_address", "debtor_insolvent"}
    card(on, customer, "name", "Kund AB")
    assert asked(on, hand_over.id) == {"debtor_number", "debtor_address"}, "what is over is not asked any more"


@with_either_ledger
def test_a_debtor_who_has_died_since_is_asked_about(fresh: Stage) -> None:
    on = fresh
    customer = on.side.customer()
    card(on, customer, "name", "Karin Prov")
    hand_over = driven(on, begun(on, on.invoice(customer)))
    assert asked(on, hand_over.id) == set()

    card(on, customer, "name", "Dödsboet efter Karin Prov")

    assert asked(on, hand_over.id) == {"debtor_name", "debtor_estate"}


def test_a_debtor_whose_identity_has_become_protected_is_asked_about(fresh: Stage) -> None:
    on = fresh
    settings = on.deployment.connection(CONNECTION).settings
    watched = settings.model_copy(update={"host": {**settings.host, "protected_identity_field": "ref"}})
    connections.save_settings(on.deployment.databases.main, CONNECTION, watched)
    customer = on.side.customer(ref="")
    hand_over = driven(on, begun(on, on.invoice(customer)))
    assert asked(on, hand_over.id) == set()

    on.ledger.books.set_customer(customer, ref="skyddad")

    assert asked(on, hand_over.id) == {"debtor_protected"}


@with_either_ledger
def test_what_is_kept_of_a_debtor_gives_nothing_away(fresh: Stage) -> None:
    on = fresh
    driven(on, begun(on, on.invoice(on.side.customer())))
    with on.deployment.databases.main.connect() as connection:
        (kept,) = connection.execute(text("select * from sent_debtors")).all()
    assert not any(secret in str(kept) for secret in (canary.PERSON, "Kund", "Kungsgatan", "411 19"))
