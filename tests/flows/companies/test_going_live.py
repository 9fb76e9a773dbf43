"""A company goes live: nothing of the sandbox follows it, nothing is lost from record, and it can go back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connector.domain.connection import Environment
from connector.domain.errors import ConfigurationError, ConnectorError, KeyRefused, Unavailable
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.domain.invoice import InvoiceState, Standing
from connector.flows.companies import going_live
from connector.flows.events import requests
from connector.flows.events.requests import Hint
from connector.flows.follow_up import withdrawal
from connector.flows.hand_over import held_plan
from connector.flows.hand_over.plan import request_for
from connector.flows.tasks import tasks
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.store import connection_life, connections, hand_over_work, hand_overs, held_plans, inbox
from connector.store import timeline as record
from connector.store.connection_life import LifeAct
from connector.store.hand_over_work import Lease
from connector.store.ownership import LostOwnership
from tests.flows.bookkeeping import FortnoxBookkeeper
from tests.flows.follow_up_steps import followed, noticed
from tests.flows.hand_over_steps import armed, begun, claimed, closed_port, driven, let_pass, name_debt, stored
from tests.flows.ledgers import REQUEST_LABEL, LedgerSide
from tests.flows.stage import CONNECTION
from tests.flows.two_amilis import LIVE, TwoAmilis, two_amilis
from tests.store.samples import proposed

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


@pytest.fixture
def both(make_side: Callable[[], LedgerSide], tmp_path: Path, database_url: str | None) -> Iterator[TwoAmilis]:
    """A company in the sandbox, with production beside it."""
    with two_amilis(make_side(), tmp_path / "data", database_url=database_url or "") as found:
        yield found


def sent(both: TwoAmilis) -> str:
    """An invoice that has its case where the company is."""
    invoice = both.on.invoice()
    both.on.ask(invoice)
    both.dispatched()
    return invoice


def asked_anew(both: TwoAmilis, invoice: str) -> None:
    """The wish is made anew, as the ledger's people do: pressed again, or the label taken off and put on again."""
    if isinstance(both.on.side.bookkeeper, FortnoxBookkeeper):
        both.on.side.bookkeeper.unlabel(invoice, REQUEST_LABEL)
        for one in both.of(invoice):
            let_pass(both.on, one.id, 700, at_amili=False)
        both.polled()
    both.on.side.wish(invoice, "Eva Ekonom")


def test_cases_stay_on_record_and_a_new_request_makes_one_for_real(both: TwoAmilis) -> None:
    invoice = sent(both)
    (before,) = both.of(invoice)
    assert (before.state, both.on.side.case_shown(invoice)) == (HandOverState.DONE, before.case_id)

    left = both.go()

    assert left.cases == 1
    (kept,) = both.of(invoice)
    assert (kept.state, kept.environment, kept.case_id) == (HandOverState.LEFT, Environment.SANDBOX, before.case_id)
    assert [one.event for one in record.of_hand_over(both.deployment.databases.main, kept.id)][-1] == "left"
    (act,) = connection_life.acts(both.deployment.databases.main, CONNECTION)
    assert (act.act, act.actor, act.data["cases"]) == (LifeAct.WENT_LIVE, "Ina", 1)
    both.polled()
    assert both.on.side.case_shown(invoice) == ""
    assert both.cases(invoice) == (1, 0)

    both.on.ask(invoice)
    both.dispatched()

    assert both.cases(invoice) == (1, 1)
    live, _ = both.of(invoice)
    assert (live.state, live.environment, live.generation) == (HandOverState.DONE, Environment.PRODUCTION, 0)
    assert both.on.side.case_shown(invoice) == live.case_id


def test_a_wish_in_the_ledger_is_not_sent_until_it_is_made_again(both: TwoAmilis) -> None:
    answered, unread = both.on.invoice(wished_by="Eva Ekonom"), both.on.invoice()
    both.polled()
    both.on.side.wish(unread, "Eva Ekonom")

    both.go()
    both.polled()
    both.polled()

    assert (both.cases(answered), both.cases(unread)) == ((1, 0), (0, 0))
    assert [(one.state, one.environment) for one in both.of(unread)] == [(HandOverState.LEFT, Environment.SANDBOX)]
    asked_anew(both, unread)
    both.polled()
    assert both.cases(unread) == (0, 1)


def test_a_hint_of_a_wish_from_before_comes_to_nothing(both: TwoAmilis) -> None:
    invoice = both.on.invoice(wished_by="Eva Ekonom")
    both.go()
    both.on.hint(invoice)
    (item,) = inbox.waiting(both.deployment.databases.inbox)

    requests.follow_hint(both.deployment, Hint(CONNECTION, invoice, item.id))
    both.dispatched()

    assert both.cases(invoice) == (0, 0)


def test_a_wish_that_a_sandbox_case_hides_is_from_before_too(both: TwoAmilis) -> None:
    invoice = sent(both)
    if both.on.side.kind == "fortnox":
        both.on.side.wish(invoice, "Eva Ekonom")

    both.go()
    both.polled()
    both.polled()

    assert both.on.side.case_shown(invoice) == ""
    assert both.cases(invoice) == (1, 0)
    asked_anew(both, invoice)
    both.polled()
    assert both.cases(invoice) == (1, 1)


def test_wishes_that_could_not_be_read_at_the_step_are_from_before_all_the_same(both: TwoAmilis) -> None:
    invoice = both.on.invoice(wished_by="Eva Ekonom")
    connection = both.deployment.connection(CONNECTION)
    prospect = going_live.look(both.deployment, connection, amili_access=LIVE)
    assert (prospect.creditor is not None, prospect.wishes) == (True, 1)
    db = both.deployment.databases.main
    side = going_live.side_of(connection)
    to = replace(side, environment=Environment.PRODUCTION, amili_access=LIVE)
    assert connection.creditor_status is not None
    connection_life.go(db, CONNECTION, from_=side, to=to, status=connection.creditor_status, by="Ina")

    both.polled()

    assert both.deployment.connection(CONNECTION).left_environment is None
    assert both.cases(invoice) == (0, 0)
    assert [one.state for one in both.of(invoice)] == [HandOverState.LEFT]


@pytest.mark.parametrize("origin", [Origin.PAGE, Origin.COMMAND, Origin.RULE])
def test_a_request_that_waits_in_the_inbox_is_put_on_record_and_not_sent(both: TwoAmilis, origin: Origin) -> None:
    invoice = both.on.invoice()
    inbox.put_request(
        both.deployment.databases.inbox,
        Request(
            connection=CONNECTION,
            invoice_id=invoice,
            origin=origin,
            asked_by="Eva",
            environment=Environment.SANDBOX,
        ),
    )

    both.go()
    both.dispatched()

    assert both.cases(invoice) == (0, 0)
    assert [(one.state, one.asked_by) for one in both.of(invoice)] == [(HandOverState.LEFT, "Eva")]


def test_a_hand_over_that_waits_is_left_behind_and_whoever_works_on_it_has_lost_it(both: TwoAmilis) -> None:
    invoice, other = both.on.invoice(), both.on.invoice()
    waiting, at_work = begun(both.on, invoice), begun(both.on, other)
    lease = claimed(both.on, at_work)
    name_debt(both.on, lease)

    left = both.go()

    assert left.asked == 2
    assert {stored(both.on, one).state for one in (waiting, at_work)} == {HandOverState.LEFT}
    with pytest.raises(LostOwnership):
        _arm(both, lease)
    driven(both.on, waiting)
    both.dispatched()
    assert (both.cases(invoice), both.cases(other)) == ((0, 0), (0, 0))


def _arm(both: TwoAmilis, lease: Lease) -> None:
    hand_over_work.arm(
        both.deployment.databases.main,
        lease,
        for_s=5.0,
        settle_s=5.0,
        debtor_name="Kund AB",
        capital=Decimal("1250.00"),
        standing=Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00")),
        counted=(),
    )


def test_a_plan_that_waits_is_gone_and_what_was_proposed_is_not_sent(both: TwoAmilis) -> None:
    invoice = both.on.invoice()
    db = both.deployment.databases.main
    held_plans.hold(db, CONNECTION, proposed(invoice), (), by="rule")
    connection = both.deployment.connection(CONNECTION)
    plan = held_plan.waiting_for(db, CONNECTION)
    assert plan is not None
    of_rule = request_for(connection, plan.open[0], by="rule")

    both.go()

    assert held_plan.waiting_for(db, CONNECTION) is None
    with pytest.raises(held_plan.PlanChanged):
        held_plan.let_go(both.deployment, connection, plan, (invoice,), by="Eva")
    inbox.put_request(both.deployment.databases.inbox, of_rule)
    both.dispatched()
    assert both.cases(invoice) == (0, 0)
    assert not hand_overs.has_case(db, CONNECTION)


def test_what_happens_to_a_left_case_is_told_nobody(both: TwoAmilis) -> None:
    invoice = sent(both)
    (hand_over,) = both.of(invoice)
    noticed(both.on, hand_over.id)
    both.go()
    both.on.amili.traffic.clear()
    both.production.traffic.clear()

    both.on.side.bookkeeper.pay(invoice, both.on.side.bookkeeper.balance(invoice))
    both.polled()
    followed(both.on, hand_over.id)

    for amili in (both.on.amili, both.production):
        posted = [name for name in amili.traffic.snapshot()["requests"] if name.startswith("POST")]
        assert posted == []
    assert [one.kind for one in tasks.gather(both.deployment.databases.main)] == []
    with pytest.raises(ConfigurationError):
        withdrawal.ask(both.deployment, hand_over.id, by="Eva", reason="Test")


def test_production_is_tested_first_and_nothing_changes_where_it_does_not_answer(both: TwoAmilis) -> None:
    connection = both.deployment.connection(CONNECTION)

    def fails(error: type[ConnectorError], *, access: str = LIVE) -> None:
        with pytest.raises(error):
            going_live.look(both.deployment, connection, amili_access=access)
        assert both.deployment.connection(CONNECTION) == connection

    # The pair of the sandbox is none that production knows.
    fails(KeyRefused, access=connection.amili_access)
    both.production.set_creditor(GUIDE_CREDITOR, is_active=False)
    fails(ConfigurationError)
    both.production.set_creditor(GUIDE_CREDITOR, is_active=True)
    settings = both.deployment.settings
    nowhere = settings.model_copy(update={"amili_production_url": f"http://127.0.0.1:{closed_port()}"})
    both.on.deployment = replace(both.deployment, settings=nowhere, _clients={})
    fails(Unavailable)
    unset = settings.model_copy(update={"amili_production_url": ""})
    both.on.deployment = replace(both.deployment, settings=unset, _clients={})
    fails(ConfigurationError)

    both.on.deployment = replace(both.deployment, settings=settings, _clients={})
    both.go()
    assert both.deployment.connection(CONNECTION).settings.environment is Environment.PRODUCTION


def test_it_goes_back_with_its_cases_while_nothing_was_sent(both: TwoAmilis) -> None:
    invoice, asked = sent(both), both.on.invoice()
    (before,) = both.of(invoice)
    both.go()
    both.polled()
    waits = begun(both.on, asked)

    both.go_back()
    both.polled()

    (back,) = both.of(invoice)
    assert (back.state, back.generation, back.case_id) == (HandOverState.DONE, 0, before.case_id)
    assert both.on.side.case_shown(invoice) == before.case_id
    assert both.deployment.connection(CONNECTION).settings.environment is Environment.SANDBOX
    assert stored(both.on, waits).state is HandOverState.LEFT
    assert both.cases(asked) == (0, 0)
    assert hand_overs.latest(both.deployment.databases.main, CONNECTION, invoice) == back
    both.on.ask(invoice)
    both.dispatched()
    assert both.cases(invoice) == (1, 0)

    both.go()
    assert {one.state for one in both.of(invoice)} == {HandOverState.LEFT}
    both.on.ask(invoice)
    both.dispatched()
    assert both.cases(invoice) == (1, 1)


def test_there_is_no_way_back_once_something_was_sent(both: TwoAmilis) -> None:
    both.go()
    sent(both)
    connection = both.deployment.connection(CONNECTION)

    assert going_live.way_back(both.deployment, connection) is None
    with pytest.raises(ConfigurationError):
        both.go_back()
    assert both.deployment.connection(CONNECTION) == connection


def test_there_is_no_way_back_for_what_began_in_production(both: TwoAmilis) -> None:
    assert going_live.way_back(both.deployment, both.deployment.connection(CONNECTION)) is None
    with pytest.raises(ConfigurationError):
        both.go_back()


def test_settings_read_before_do_not_take_it_back(both: TwoAmilis) -> None:
    before = both.deployment.connection(CONNECTION).settings
    both.go()

    with pytest.raises(ConfigurationError):
        connections.save_settings(
            both.deployment.databases.main,
            CONNECTION,
            before.model_copy(update={"require_pdf": True}),
            known=before.environment,
        )
    now = both.deployment.connection(CONNECTION).settings
    connections.save_settings(both.deployment.databases.main, CONNECTION, now.model_copy(update={"require_pdf": True}))
    assert both.deployment.connection(CONNECTION).settings.environment is Environment.PRODUCTION


def test_a_registration_on_its_way_stays_in_the_sandbox(both: TwoAmilis) -> None:
    invoice = both.on.invoice()
    hand_over = begun(both.on, invoice)
    armed(both.on, hand_over)

    both.go()
    let_pass(both.on, hand_over, 600)
    both.polled()

    assert stored(both.on, hand_over).state is HandOverState.LEFT
    assert both.cases(invoice) == (0, 0)
    both.on.ask(invoice)
    both.dispatched()
    assert both.cases(invoice) == (0, 1)
