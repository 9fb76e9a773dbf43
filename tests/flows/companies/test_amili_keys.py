"""Key pairs to Amili: one that Amili refuses parks its companies and is not hammered; one is replaced while in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from connector.amili.keys import make_key_pair
from connector.domain.connection import Environment
from connector.domain.errors import ConfigurationError, KeyRefused
from connector.domain.hand_over import WAITS_FOR_AMILI_KEY, HandOverState
from connector.domain.task import TaskKind
from connector.flows import parking
from connector.flows.companies import amili_keys
from connector.flows.follow_up import case_reading
from connector.flows.follow_up.follow_up import follow_up
from connector.flows.hand_over.register import register
from connector.flows.outcome import Then
from connector.flows.tasks import tasks
from connector.flows.tasks.failing import found as failing
from connector.sandbox.shared.switches import AmiliSwitches, BodyKind, Fault, FaultKind
from connector.store import amili_accesses, case_readings, connections, follow_ups, hand_overs, resting
from connector.store.connections import DEFAULT_ACCESS
from connector.store.database import reading
from connector.store.follow_ups import Look
from tests import canary
from tests.flows.follow_up_steps import noticed, pays
from tests.flows.hand_over_steps import begun, driven, let_pass, step, stored
from tests.flows.ledgers import OdooLedger
from tests.flows.stage import CONNECTION, Stage, stage_with
from tests.said import en, sv

NEW_CODE = "canary-new-code-5c21"


@pytest.fixture
def on(tmp_path: Path, database_url: str | None) -> Iterator[Stage]:
    """A stage of the test's own."""
    with stage_with(OdooLedger(), tmp_path / "data", database_url=database_url or "") as found:
        yield found


def refuse(on: Stage) -> None:
    """Amili gives the key pair up."""
    on.amili.register_key(canary.API_CODE, make_key_pair().public_key)
    on.amili.expire_tokens()


def accept(on: Stage, public_key: str = "", *, code: str = canary.API_CODE) -> None:
    """Amili registers a public key: the present one, unless another is given."""
    on.amili.register_key(code, public_key or on.deployment.access(DEFAULT_ACCESS).public_key)


def calls(on: Stage) -> int:
    """How often Amili was asked anything."""
    return sum(on.amili.traffic.snapshot()["requests"].values())


def parked(on: Stage) -> str:
    """A hand-over that found the key pair refused."""
    started = begun(on, on.invoice())
    refuse(on)
    assert register(on.deployment, started).then is Then.STOP
    return started


def test_a_refused_pair_parks_the_hand_over_and_amili_is_not_asked_again(on: Stage) -> None:
    started = parked(on)

    waiting = stored(on, started)
    assert (waiting.state, waiting.waiting_for, waiting.findings) == (HandOverState.REQUESTED, WAITS_FOR_AMILI_KEY, ())
    db = on.deployment.databases.main
    assert (hand_overs.unfinished(db), case_readings.accesses(db)) == ((), ())
    before = calls(on)
    for _ in range(5):
        assert register(on.deployment, started).then is Then.STOP
        assert register(on.deployment, begun(on, on.invoice())).then is Then.STOP
        assert case_reading.read(on.deployment, lambda _job: None, DEFAULT_ACCESS).then is Then.STOP
    assert calls(on) == before


def test_the_ledger_goes_on_being_asked(on: Stage) -> None:
    parked(on)
    connection = on.deployment.connection(CONNECTION)
    _, host = on.deployment.sides(connection)

    assert connection.key.refused_at is None
    assert list(host.requested()) == []


def test_one_task_and_no_other_says_so(on: Stage) -> None:
    parked(on)
    db = on.deployment.databases.main

    (task,) = tasks.gather(db)

    assert (task.kind, task.connection) == (TaskKind.KEY_REFUSED, CONNECTION)
    assert "Amili godtar inte" in sv(task.title)
    assert "Amili does not accept" in en(task.title)
    companies = {one.id: one for one in connections.summaries(db)}
    assert list(failing(db, None, companies, not_compared=())) == []


def test_a_gateways_no_parks_nobody(on: Stage) -> None:
    started = begun(on, on.invoice())
    on.amili.expire_tokens()
    gone = Fault(FaultKind.FAIL_BEFORE, operations=("authenticate",), share=1.0, status=403, body=BodyKind.HTML)
    on.amili.switches.set(AmiliSwitches(faults=(gone,)))

    register(on.deployment, started)

    assert amili_accesses.refusals(on.deployment.databases.main) == ()
    on.amili.switches.set(AmiliSwitches())
    let_pass(on, started, 60)
    driven(on, started)


def test_a_report_waits_and_goes_on(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    noticed(on, hand_over)
    db = on.deployment.databases.main
    pays(on, invoice, 400)
    keys_before = resting.every(db)
    refuse(on)
    assert [look.hand_over for look in follow_ups.due(db)] in ([], [hand_over])

    assert (
        follow_up(on.deployment, Look(hand_over, CONNECTION, stored(on, hand_over).follow_up_asked)).then is Then.STOP
    )
    assert on.deployment.connection(CONNECTION).amili_refused_at is not None
    assert follow_ups.due(db) == ()

    accept(on)
    amili_keys.look(on.deployment, DEFAULT_ACCESS)

    assert on.deployment.connection(CONNECTION).amili_refused_at is None
    assert resting.every(db)[CONNECTION].key == keys_before[CONNECTION].key


def test_it_goes_on_by_itself_once_amili_accepts_the_pair_again(on: Stage) -> None:
    started = parked(on)
    db = on.deployment.databases.main
    before = resting.every(db)
    amili_keys.look(on.deployment, DEFAULT_ACCESS)
    assert on.deployment.connection(CONNECTION).amili_refused_at is not None

    accept(on)
    amili_keys.look(on.deployment, DEFAULT_ACCESS)

    assert resting.every(db)[CONNECTION].was_woken(before[CONNECTION])
    assert [one.id for one in hand_overs.unfinished(db)] == [started]
    driven(on, started)
    assert tasks.gather(db) == ()


def test_a_new_pair_waits_until_it_works_and_the_old_one_goes_on(on: Stage) -> None:
    old = on.deployment.access(DEFAULT_ACCESS)
    public = amili_keys.replace(on.deployment, DEFAULT_ACCESS, by="Ina")
    assert amili_keys.replace(on.deployment, DEFAULT_ACCESS, by="Ina") == public
    waiting = on.deployment.access(DEFAULT_ACCESS)
    assert waiting.new is not None
    assert (waiting.private_key, waiting.new.public_key) == (old.private_key, public)

    assert not amili_keys.confirm(on.deployment, waiting, by="Ina").is_whole
    amili_keys.look(on.deployment, DEFAULT_ACCESS)
    assert on.deployment.access(DEFAULT_ACCESS).private_key == old.private_key
    driven(on, begun(on, on.invoice()))

    accept(on, public)
    amili_keys.look(on.deployment, DEFAULT_ACCESS)

    used = on.deployment.access(DEFAULT_ACCESS)
    assert (used.public_key, used.new, used.number) == (public, None, old.number + 1)
    on.amili.expire_tokens()
    driven(on, begun(on, on.invoice()))


def test_a_new_pair_frees_what_the_old_one_holds_up(on: Stage) -> None:
    started = parked(on)
    before = resting.every(on.deployment.databases.main)
    public = amili_keys.replace(on.deployment, DEFAULT_ACCESS, by="Ina")
    accept(on, public, code=NEW_CODE)
    waiting = on.deployment.access(DEFAULT_ACCESS)

    assert not amili_keys.confirm(on.deployment, waiting, by="Ina").is_whole
    assert amili_keys.confirm(on.deployment, waiting, by="Ina", api_code=SecretStr(NEW_CODE)).is_whole

    assert on.deployment.connection(CONNECTION).amili_refused_at is None
    assert resting.every(on.deployment.databases.main)[CONNECTION].was_woken(before[CONNECTION])
    driven(on, started)


def test_a_refusal_of_the_old_pair_that_comes_late_parks_nobody(on: Stage) -> None:
    db = on.deployment.databases.main
    old = on.deployment.access(DEFAULT_ACCESS)
    accept(on, amili_keys.replace(on.deployment, DEFAULT_ACCESS, by="Ina"))
    assert amili_keys.confirm(on.deployment, on.deployment.access(DEFAULT_ACCESS), by="Ina").is_whole

    assert not amili_accesses.refused(db, DEFAULT_ACCESS, old.number, Environment.SANDBOX)
    assert amili_accesses.refusals(db) == ()


def test_without_a_new_pair_there_is_nothing_to_confirm(on: Stage) -> None:
    with pytest.raises(ConfigurationError, match="No new key pair waits"):
        amili_keys.confirm(on.deployment, on.deployment.access(DEFAULT_ACCESS), by="Ina")
    amili_keys.replace(on.deployment, DEFAULT_ACCESS, by="Ina")
    assert amili_accesses.give_up_new(on.deployment.databases.main, DEFAULT_ACCESS)
    with pytest.raises(ConfigurationError, match="No new key pair waits"):
        amili_keys.confirm(on.deployment, on.deployment.access(DEFAULT_ACCESS), by="Ina")


def test_a_page_or_command_that_finds_it_refused_parks_it_too(on: Stage) -> None:
    refuse(on)
    connection = on.deployment.connection(CONNECTION)
    with pytest.raises(KeyRefused) as caught:
        amili_keys.check_creditor(on.deployment, connection)
    assert parking.parked(on.deployment, CONNECTION, caught.value)
    assert on.deployment.connection(CONNECTION).amili_refused_at is not None
    accept(on)

    amili_keys.check_creditor(on.deployment, on.deployment.connection(CONNECTION))

    assert on.deployment.connection(CONNECTION).amili_refused_at is None
    assert step(on, begun(on, on.invoice())).then is Then.NEXT


def looked_at(db: Engine) -> tuple[str, ...]:
    with reading(db) as connection:
        return tuple(connection.execute(amili_accesses.to_look_at()).scalars())


def test_a_code_that_was_stored_untried_is_tried_by_itself(on: Stage) -> None:
    db, vault = on.deployment.databases.main, on.deployment.vault
    connections.set_api_code(db, vault, DEFAULT_ACCESS, SecretStr(canary.API_CODE), untried=True)
    assert looked_at(db) == (DEFAULT_ACCESS,)

    amili_keys.look(on.deployment, DEFAULT_ACCESS)

    assert not on.deployment.access(DEFAULT_ACCESS).is_untried
    assert looked_at(db) == ()
    connections.set_api_code(db, vault, DEFAULT_ACCESS, SecretStr("canary-wrong-code-11"), untried=True)
    amili_keys.look(on.deployment, DEFAULT_ACCESS)
    assert on.deployment.connection(CONNECTION).amili_refused_at is not None
