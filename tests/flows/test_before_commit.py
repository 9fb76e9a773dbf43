"""Ledgers whose hints come before the change is saved: nothing is missed, and no user's save is ever made to fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from connector.domain.hand_over import HandOverState, Origin
from connector.flows.events import requests
from connector.flows.events.requests import Hint
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Outcome, Then
from connector.hosts import opening
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.store import connections, inbox, tables
from tests.flows.hand_over_steps import begun, driven, stored
from tests.flows.stage import CONNECTION, Stage

COMMIT_S = 3.0


@pytest.fixture(autouse=True)
def odoo_18(on: Stage) -> Iterator[None]:
    """The stage's ledger as Odoo 18, whose saves end some seconds after their hint."""
    settings = on.deployment.connection(CONNECTION).settings
    with_login = settings.model_copy(update={"host": settings.host | {"login": "connector"}})
    connections.save_settings(on.deployment.databases.main, CONNECTION, with_login)
    on.ledger.switches.set(LedgerSwitches(version=OdooVersion.V18, commit_after_s=COMMIT_S))
    yield
    on.ledger.now = lambda: datetime.now(UTC)


def pass_s(on: Stage, seconds: float) -> None:
    """Let time pass for the ledger, and for the hints that have come."""
    ahead = on.ledger.now() - datetime.now(UTC) + timedelta(seconds=seconds)
    on.ledger.now = lambda: datetime.now(UTC) + ahead
    table = tables.inbox
    with on.deployment.databases.inbox.begin() as connection:
        connection.execute(update(table).values(received_at=table.c.received_at - seconds))


def click(on: Stage, invoice: str) -> Hint:
    """A person asks for collection; the hint comes while that is being saved. Gives what is followed."""
    on.ledger.click_send(int(invoice), "Eva Ekonom")
    on.hint(invoice)
    newest = max(item.id for item in inbox.waiting(on.deployment.databases.inbox))
    return Hint(CONNECTION, invoice, newest)


def follow(on: Stage, hint: Hint) -> Outcome:
    return requests.follow_hint(on.deployment, hint)


def wished(on: Stage, invoice: str) -> bool:
    waiting = inbox.waiting(on.deployment.databases.inbox)
    return any(item.request is not None and item.invoice_id == invoice for item in waiting)


def taken_up(on: Stage) -> None:
    requests.dispatch(on.deployment, lambda _job: None)


def test_who_writes_meanwhile_makes_the_save_fail(on: Stage) -> None:
    """What the sandbox does to a connector that does not wait."""
    invoice = on.invoice()
    on.ledger.click_send(int(invoice), "Eva Ekonom")
    settings = on.deployment.connection(CONNECTION).settings.host
    host = opening.open_host(
        "odoo", settings=settings, api_key=SecretStr(on.ledger.api_key), http=HttpPolicy(allow_private=True)
    )
    before = on.ledger.saves.failed
    host.pdf(invoice)
    assert on.ledger.saves.failed == before + 1
    pass_s(on, COMMIT_S)
    assert host.wish(invoice) is None


def test_a_hint_that_comes_before_its_wish_is_seen_is_looked_at_again(on: Stage) -> None:
    invoice = on.invoice()
    failed = on.ledger.saves.failed
    subject = click(on, invoice)
    first = follow(on, subject)
    assert first.then is Then.AGAIN_FIRST
    assert 0 < first.after_s <= 2
    pass_s(on, first.after_s)
    second = follow(on, subject)
    assert second.then is Then.AGAIN_FIRST
    assert not wished(on, invoice)
    pass_s(on, second.after_s)
    assert follow(on, subject).then is Then.NEXT
    assert wished(on, invoice)
    assert on.ledger.saves.failed == failed


def test_nothing_is_written_before_the_save_has_ended_for_sure(on: Stage) -> None:
    invoice = on.invoice()
    failed = on.ledger.saves.failed
    subject = click(on, invoice)
    follow(on, subject)
    pass_s(on, COMMIT_S)
    follow(on, subject)
    taken_up(on)
    started = on.hand_over(invoice)
    assert started is not None
    waiting = register(on.deployment, started.id)
    assert waiting.then is Then.AGAIN_FIRST
    assert 0 < waiting.after_s <= 2
    assert on.cases(invoice) == 0
    pass_s(on, waiting.after_s)
    assert driven(on, started.id).state is HandOverState.REGISTERED
    upload(on.deployment, started.id)
    write_back(on.deployment, started.id)
    assert stored(on, started.id).state is HandOverState.DONE
    assert on.ledger.saves.failed == failed


@pytest.mark.parametrize("step", [upload, write_back])
def test_another_users_save_is_waited_for_too(on: Stage, step: object) -> None:
    invoice = on.invoice()
    started = begun(on, invoice)
    driven(on, started)
    failed = on.ledger.saves.failed
    click(on, invoice)
    assert callable(step)
    outcome = step(on.deployment, started)
    assert outcome.then is Then.AGAIN
    assert 0 < outcome.after_s <= 5
    assert not on.ledger.changing_writes(int(invoice))
    assert not on.ledger.pdfs_generated[int(invoice)]
    pass_s(on, outcome.after_s)
    assert step(on.deployment, started).then is Then.NEXT
    assert on.ledger.saves.failed == failed


def test_a_hint_whose_change_never_comes_is_let_go(on: Stage) -> None:
    invoice = on.invoice()
    on.hint(invoice)
    newest = max(item.id for item in inbox.waiting(on.deployment.databases.inbox))
    looks = []
    while (outcome := follow(on, Hint(CONNECTION, invoice, newest))).then is Then.AGAIN_FIRST:
        looks.append(outcome.after_s)
        pass_s(on, outcome.after_s)
        assert len(looks) < 10
    assert [round(sum(looks[: number + 1])) for number in range(len(looks))] == [2, 5, 15, 60]
    assert inbox.oldest_waiting_s(on.deployment.databases.inbox) == 0.0
    assert on.hand_over(invoice) is None


def test_a_wish_expressed_anew_is_waited_for_while_the_old_one_is_seen(on: Stage) -> None:
    invoice = on.invoice(on.customer(company_registry=""))
    on.ledger.switches.set(LedgerSwitches(version=OdooVersion.V18))
    on.ledger.click_send(int(invoice), "Eva Ekonom")
    mark = on.odoo.mark(invoice)
    assert driven(on, begun(on, invoice, origin=Origin.LEDGER, wish_mark=mark)).state is HandOverState.BLOCKED
    on.ledger.switches.set(LedgerSwitches(version=OdooVersion.V18, commit_after_s=COMMIT_S))
    pass_s(on, 60)
    subject = click(on, invoice)
    assert follow(on, subject).then is Then.AGAIN_FIRST
    pass_s(on, COMMIT_S)
    assert follow(on, subject).then is Then.NEXT
    assert wished(on, invoice)
