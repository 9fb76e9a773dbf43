"""Pausing a connection, and ending it: nothing more is sent; what is at Amili is followed, or said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connector.domain.connection import Environment
from connector.domain.errors import ConfigurationError
from connector.domain.hand_over import WAITS_WHILE_PAUSED, HandOverState
from connector.flows.companies import connecting, consent, ending
from connector.flows.events import following, requests
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.flows.tasks import tasks
from connector.store import connection_life, connections, hand_overs, resting, timeline
from connector.store.connection_life import LifeAct
from connector.store.ownership import LostOwnership
from tests.flows.follow_up_steps import actions, followed, noticed, pays
from tests.flows.hand_over_steps import armed, begun, driven, let_pass, step, stored
from tests.flows.ledgers import LedgerSide
from tests.flows.stage import CONNECTION, Stage, join, stage_with

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


@pytest.fixture
def on(make_side: Callable[[], LedgerSide], tmp_path: Path, database_url: str | None) -> Iterator[Stage]:
    """A stage of the test's own."""
    with stage_with(make_side(), tmp_path / "data", database_url=database_url or "") as found:
        yield found


def pause(on: Stage) -> None:
    """Somebody pauses the company."""
    assert ending.pause(on.deployment, on.deployment.connection(CONNECTION), by="Ina")


def resume(on: Stage) -> None:
    """Somebody lets it go on."""
    assert ending.resume(on.deployment, on.deployment.connection(CONNECTION), by="Ina")


def done(on: Stage, hand_over: str) -> None:
    """The hand-over with its PDF and its write-back."""
    driven(on, hand_over)
    on.side.let_windows_pass(on.deployment)
    upload(on.deployment, hand_over)
    write_back(on.deployment, hand_over)
    assert stored(on, hand_over).state is HandOverState.DONE


def test_what_is_asked_for_waits_and_goes_on_afterwards(on: Stage) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    db = on.deployment.databases.main
    pause(on)
    before = resting.every(db)

    on.side.let_windows_pass(on.deployment)
    following.poll(on.deployment, CONNECTION)
    requests.dispatch(on.deployment, lambda _job: None)
    waiting = on.hand_over(invoice)
    assert waiting is not None
    outcome = step(on, waiting.id)

    assert outcome.then is Then.STOP
    assert stored(on, waiting.id).waiting_for == WAITS_WHILE_PAUSED
    assert (on.cases(invoice), hand_overs.unfinished(db)) == (0, ())
    assert hand_overs.oldest_unfinished_s(db) == 0.0
    let_pass(on, waiting.id, 2 * 86_400.0, at_amili=False)
    assert tasks.gather(db) == ()

    resume(on)

    assert resting.every(db)[CONNECTION].was_woken(before[CONNECTION])
    assert [one.id for one in hand_overs.unfinished(db)] == [waiting.id]
    done(on, waiting.id)
    assert on.cases(invoice) == 1
    assert [one.act for one in connection_life.acts(db, CONNECTION)] == [LifeAct.RESUMED, LifeAct.PAUSED]


def test_a_pause_that_begins_as_it_is_about_to_leave_holds_it_too(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    pause(on)
    with pytest.raises(LostOwnership):
        armed(on, hand_over)
    resume(on)
    let_pass(on, hand_over, 600)
    armed(on, hand_over)


def test_payments_of_open_cases_go_on_being_reported(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    done(on, hand_over)
    noticed(on, hand_over)
    pause(on)

    pays(on, invoice, 400)
    on.side.let_windows_pass(on.deployment)
    following.look(on.deployment, CONNECTION)
    followed(on, hand_over)

    assert [one.amount for one in actions(on, invoice)] == [Decimal("400.00")]


def test_a_doubt_is_ended_during_a_pause_and_nothing_is_posted_again(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    armed(on, hand_over)
    pause(on)
    let_pass(on, hand_over, 600)

    outcome = step(on, hand_over)

    assert outcome.then is Then.STOP
    assert (stored(on, hand_over).state, on.cases(invoice)) == (HandOverState.REQUESTED, 0)
    resume(on)
    driven(on, hand_over)
    assert on.cases(invoice) == 1


def test_the_end_deletes_the_keys_and_keeps_the_record(on: Stage) -> None:
    db = on.deployment.databases.main
    invoice, other = on.invoice(), on.invoice()
    handed_over = begun(on, invoice)
    done(on, handed_over)
    waiting = begun(on, other)
    connection = on.deployment.connection(CONNECTION)
    tenant = str(connection.settings.host.get("tenant_id", ""))

    ended, problem = ending.disconnect(on.deployment, connection, by="Ina")

    assert (ended.cases, ended.asked, problem) == (1, 1, "")
    gone = on.deployment.connection(CONNECTION)
    assert (gone.secrets, connections.webhook_digests(db, on.deployment.vault, CONNECTION)) == ({}, ())
    if tenant:
        access = on.deployment.app("fortnox")
        assert access is not None
        assert access.ends(tenant) is None
        assert consent.connection_of(on.deployment, "fortnox", tenant) == ""
    for opening in (lambda: on.deployment.sides(gone), lambda: on.deployment.host(gone)):
        with pytest.raises(ConfigurationError):
            opening()
    assert stored(on, handed_over).state is HandOverState.DONE
    assert stored(on, waiting).state is HandOverState.SKIPPED
    assert [one.event for one in timeline.of_hand_over(db, waiting)][-1] == "disconnected"
    assert (hand_overs.unfinished(db), resting.every(db), connections.every(db, on.deployment.vault)) == ((), {}, ())
    assert tasks.gather(db) == ()
    assert register(on.deployment, waiting).then is Then.NEXT
    assert on.cases(other) == 0
    on.ask(on.invoice())
    requests.dispatch(on.deployment, lambda _job: None)
    assert len(hand_overs.listing(db)) == 2
    with pytest.raises(ConfigurationError):
        ending.disconnect(on.deployment, gone, by="Ina")


def test_books_are_connected_once_and_again_after_the_end(on: Stage) -> None:
    settings = on.deployment.connection(CONNECTION).settings

    def required(environment: Environment, **changed: object) -> tuple[str, ...]:
        return connecting.require_new(
            on.deployment,
            on.side.kind,
            {**settings.host, **changed},
            organization_number=settings.organization_number,
            environment=environment,
        )

    with pytest.raises(ConfigurationError, match="connected to Amili's sandbox already, as “testbolaget”"):
        required(Environment.SANDBOX)
    assert required(Environment.PRODUCTION) == (CONNECTION,)
    assert required(Environment.SANDBOX, tenant_id="77", company_id=77) == ()

    ending.disconnect(on.deployment, on.deployment.connection(CONNECTION), by="Ina")
    assert required(Environment.SANDBOX) == ()
    join(on.deployment, on.side, on.ledger_url, "igen")

    assert connecting.present_connections_of(
        on.deployment,
        on.side.kind,
        on.deployment.connection("igen").settings.host,
        organization_number=on.deployment.connection("igen").settings.organization_number,
    ) == {"igen": "sandbox"}


def test_what_is_of_unknown_outcome_comes_to_rest_with_the_end(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    armed(on, hand_over)
    ended, _ = ending.disconnect(on.deployment, on.deployment.connection(CONNECTION), by="Ina")
    let_pass(on, hand_over, 600)

    outcome = step(on, hand_over)

    assert (ended.in_doubt, outcome.then) == (1, Then.STOP)
    assert stored(on, hand_over).state is HandOverState.REGISTERING
    assert hand_overs.unfinished(on.deployment.databases.main) == ()
