"""Every step that needs the ledger, while that fails: after an hour on end a person is told, until it works again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import update

from connector.domain.errors import ConnectorError
from connector.flows import troubles
from connector.flows.events import following, requests
from connector.flows.events.requests import Hint
from connector.flows.hand_over import preview
from connector.flows.troubles import About
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind
from connector.store import ledger_keys, tables
from connector.store import troubles as kept
from tests.flows.stage import CONNECTION, Stage
from tests.flows.test_refused_endpoints import (
    Work,
    comparing_now,
    of_company,
    paying,
    registering,
    uploading,
    words,
    writing_back,
)
from tests.flows.test_troubles import an_hour_passes, failing, watched
from tests.said import en

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


@pytest.fixture(autouse=True)
def nothing_fails(on: Stage) -> Iterator[None]:
    yield
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.troubles.delete())


def polling(on: Stage) -> Work:
    return of_company(on, troubles.POLL, following.poll, CONNECTION)


def looking_at_all(on: Stage) -> Work:
    writing_back(on)
    return of_company(on, troubles.STANDINGS, following.look, CONNECTION)


def comparing_with_ledger(on: Stage) -> Work:
    writing_back(on)
    return comparing_now(on)


def hinted(on: Stage, invoice: str = "") -> Work:
    hint = partial(requests.follow_hint, on.deployment)
    step = watched(on, troubles.HINT, lambda one: About.of_invoice(one.connection, one.invoice_id), hint)
    named = Hint(CONNECTION, invoice or on.invoice(), 1)

    def once() -> object:
        on.side.let_windows_pass(on.deployment)
        return step(named)

    return Work(once)  # type: ignore[arg-type]


STEPS: dict[str, Callable[[Stage], Work]] = {
    "reading the invoice": registering,
    "its PDF": uploading,
    "the write-back": writing_back,
    "what happened to it": paying,
    "what was wished for and changed": polling,
    "every invoice": looking_at_all,
    "what a hint named": hinted,
    "the comparison": comparing_with_ledger,
}


def ledger_fails(on: Stage, *operations: str, status: int = 500) -> None:
    on.side.strike((Fault(FaultKind.FAIL_BEFORE, operations, share=1.0, status=status, body=BodyKind.JSON),))


@pytest.mark.parametrize("name", STEPS)
def test_a_ledger_that_fails_for_an_hour_is_told_until_it_works_again(on: Stage, name: str) -> None:
    work = STEPS[name](on)
    ledger_fails(on)

    work.take()
    assert failing(on) == [], "that may pass"
    an_hour_passes(on)

    (task,) = failing(on)
    system = on.side.kind.capitalize()
    assert f"{system} answered HTTP 500" in words(task)
    assert f"See that {system} works." in en(task.action)
    on.side.behave_as_before()
    work.finish()
    assert failing(on) == [], "it works again"


@pytest.mark.ledgers("odoo")
def test_a_message_that_cannot_be_left_is_told(on: Stage) -> None:
    work = writing_back(on)
    ledger_fails(on, "account.move/message_post")
    work.take()
    an_hour_passes(on)
    (task,) = failing(on)
    assert "writing the case into the ledger" in words(task)
    on.side.behave_as_before()
    work.finish()
    assert failing(on) == []


def test_that_other_invoices_can_be_read_ends_no_trouble_of_one(on: Stage) -> None:
    one, other = hinted(on), hinted(on)
    ledger_fails(on)
    one.take()
    an_hour_passes(on)
    on.side.behave_as_before()
    other.finish()
    assert len(failing(on)) == 1
    one.finish()
    assert failing(on) == []


def test_the_list_of_what_is_overdue_names_who_failed(on: Stage) -> None:
    ledger_fails(on)
    with pytest.raises(ConnectorError, match="HTTP 500") as raised:
        preview.overdue(on.deployment, CONNECTION)
    assert raised.value.system == on.side.kind.capitalize()
    on.side.behave_as_before()
    on.side.let_windows_pass(on.deployment)
    preview.overdue(on.deployment, CONNECTION)


@pytest.mark.ledgers("odoo")
def test_a_refusal_of_the_key_that_the_key_s_own_look_does_not_confirm_is_told_too(on: Stage) -> None:
    work = uploading(on)
    ledger_fails(on, "account.move/search_read", status=401)
    work.take()
    assert on.deployment.connection(CONNECTION).key.refused_at is None
    assert failing(on) == []
    an_hour_passes(on)
    (task,) = failing(on)
    assert "Odoo answered HTTP 401" in words(task)
    on.side.behave_as_before()
    work.finish()
    assert failing(on) == []


@pytest.mark.ledgers("odoo")
def test_what_waits_for_a_new_key_is_told_by_the_key_alone(on: Stage) -> None:
    work = polling(on)
    ledger_fails(on)
    work.take()
    an_hour_passes(on)
    assert len(failing(on)) == 1
    db = on.deployment.databases.main
    key = on.deployment.connection(CONNECTION).key
    assert ledger_keys.refused(db, CONNECTION, key.number)
    assert failing(on) == [], "nothing is tried of it"
    ledger_keys.accepted(db, CONNECTION, key.number, expires=None)
    assert len(failing(on)) == 1, "the control"


@pytest.mark.ledgers("odoo")
def test_what_nobody_tries_any_more_is_forgotten(on: Stage) -> None:
    old, young = uploading(on), polling(on)
    ledger_fails(on)
    old.take()
    db = on.deployment.databases.main
    with db.begin() as connection:
        connection.execute(update(tables.troubles).values(seen_at=tables.troubles.c.seen_at - 172_801))
    young.take()
    assert len(kept.every(db)) == 2
    kept.forget(db, untried_for_s=172_800)
    assert [one.step for one in kept.every(db)] == [troubles.POLL]
