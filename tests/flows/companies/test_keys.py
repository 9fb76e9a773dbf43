"""Keys to ledgers: a dead one parks its company alone and is not hammered, a new one frees everything at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError, KeyRefused
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, Origin, WriteBackState
from connector.flows.companies import keys
from connector.flows.events import following, requests
from connector.flows.events.requests import Hint
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Outcome, Then
from connector.sandbox.odoo.switches import LedgerSwitches, MakesKeys
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import hand_overs, ledger_keys
from connector.store.connections import StoredConnection
from connector.store.ledger_keys import LedgerKey
from tests.flows.hand_over_steps import armed, begun, case_at_amili, driven, let_pass, name_debt, stored
from tests.flows.stage import CONNECTION, Stage

NEW = "a-new-key-0123456789abcdef0123456789abcd"
SOON = today() + timedelta(days=10)
BOT = 5


@pytest.fixture(autouse=True)
def key_in_order(on: Stage) -> Iterator[None]:
    """The key that the stage began with, in the ledger and in the store."""
    first = on.ledger.api_key
    yield
    for key in set(on.ledger.keys) - {first}:
        on.ledger.drop_key(key)
    on.ledger.set_key(first, BOT)
    on.ledger.switches.set(LedgerSwitches())
    keys.enter(on.deployment, connection(on), SecretStr(first), by="test")


def connection(on: Stage) -> StoredConnection:
    return on.deployment.connection(CONNECTION)


def key(on: Stage) -> LedgerKey:
    return connection(on).key


def kill_key(on: Stage) -> None:
    """The key is deleted in the ledger, or has run out."""
    on.ledger.drop_key(on.ledger.api_key)


def calls(on: Stage) -> int:
    return sum(on.ledger.traffic.snapshot()["requests"].values())


def enter(on: Stage, new: str = NEW) -> None:
    on.ledger.set_key(new, BOT)
    keys.enter(on.deployment, connection(on), SecretStr(new), by="eva@byran.example")


def look(on: Stage) -> Outcome:
    return keys.look(on.deployment, CONNECTION)


# A dead key


def test_a_dead_key_parks_the_hand_over_in_words(on: Stage) -> None:
    started = begun(on, on.invoice())
    kill_key(on)
    assert register(on.deployment, started).then is Then.STOP
    waiting = stored(on, started)
    assert (waiting.state, waiting.waiting_for, waiting.findings) == (HandOverState.REQUESTED, WAITS_FOR_KEY, ())
    assert key(on).refused_at is not None


def test_a_parked_ledger_is_not_asked_again(on: Stage) -> None:
    started = begun(on, on.invoice())
    kill_key(on)
    register(on.deployment, started)
    before = calls(on)
    for _ in range(20):
        assert register(on.deployment, started).then is Then.STOP
        assert register(on.deployment, begun(on, on.invoice())).then is Then.STOP
        assert following.poll(on.deployment, CONNECTION).then is Then.STOP
        assert requests.follow_hint(on.deployment, Hint(CONNECTION, "7", 1)).then is Then.NEXT
    assert calls(on) == before


def test_a_key_that_dies_between_read_and_write_leaves_the_case_in_order(on: Stage) -> None:
    invoice = on.invoice()
    started = begun(on, invoice)
    driven(on, started)
    kill_key(on)
    assert upload(on.deployment, started).then is Then.STOP
    assert write_back(on.deployment, started).then is Then.STOP
    waiting = stored(on, started)
    assert (waiting.state, waiting.waiting_for) == (HandOverState.REGISTERED, WAITS_FOR_KEY)
    assert waiting.findings == stored(on, started).findings
    assert waiting.write_back is WriteBackState.PENDING
    enter(on)
    assert upload(on.deployment, started).then is Then.NEXT
    assert write_back(on.deployment, started).then is Then.NEXT
    assert stored(on, started).state is HandOverState.DONE
    assert on.ledger.books.field(int(invoice), "x_amili_case_id") == stored(on, started).case_id


def test_a_refusal_that_a_second_look_does_not_confirm_parks_nothing(on: Stage) -> None:
    started = begun(on, on.invoice())
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.UNAUTHORISED, next_n=1),)))
    assert register(on.deployment, started).then is Then.AGAIN_FIRST
    assert key(on).refused_at is None
    assert driven(on, started).state is HandOverState.REGISTERED


def test_a_doubt_is_still_ended_while_the_ledger_is_parked(on: Stage) -> None:
    invoice = on.invoice()
    started = begun(on, invoice)
    name_debt(on, armed(on, started))
    kill_key(on)
    look(on)
    case = case_at_amili(on, invoice)
    let_pass(on, started, 3 * on.deployment.settings.attempt_s)
    assert register(on.deployment, started).then is Then.NEXT
    assert stored(on, started).case_id == case.id


def test_an_old_refusal_does_not_park_a_new_key(on: Stage) -> None:
    before = key(on).number
    enter(on)
    assert not ledger_keys.refused(on.deployment.databases.main, CONNECTION, before)
    assert key(on).refused_at is None


def test_a_key_that_was_put_right_in_the_ledger_is_found_by_itself(on: Stage) -> None:
    kill_key(on)
    look(on)
    assert key(on).refused_at is not None
    on.ledger.set_key(on.ledger.api_key, BOT)
    look(on)
    assert key(on).refused_at is None


# What goes on


def test_what_is_parked_is_driven_again_only_when_there_is_a_new_key(on: Stage) -> None:
    started = begun(on, on.invoice())
    kill_key(on)
    register(on.deployment, started)

    def waiting() -> set[str]:
        return {one.id for one in hand_overs.unfinished(on.deployment.databases.main)}

    assert started not in waiting()
    enter(on)
    assert started in waiting()


def test_an_answer_that_waited_for_a_key_is_given_afterwards(on: Stage) -> None:
    invoice = on.invoice(on.customer(company_registry=""))
    started = begun(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    driven(on, started)
    kill_key(on)
    assert write_back(on.deployment, started).then is Then.STOP
    assert stored(on, started).state is HandOverState.BLOCKED
    enter(on)
    assert started in {one.id for one in hand_overs.unfinished(on.deployment.databases.main)}
    assert write_back(on.deployment, started).then is Then.NEXT
    assert on.ledger.books.field(int(invoice), "x_amili_status") == "Åtgärd krävs"
    assert started not in {one.id for one in hand_overs.unfinished(on.deployment.databases.main)}


# Entering a new one


def test_a_new_key_takes_the_place_of_the_old_one(on: Stage) -> None:
    kill_key(on)
    look(on)
    before = key(on)
    on.ledger.set_key(NEW, BOT, expires=SOON)
    identity = keys.enter(on.deployment, connection(on), SecretStr(NEW), by="eva@byran.example")
    assert identity.company == "Testbolaget AB"
    now = key(on)
    assert (now.number, now.refused_at, now.expires, now.set_by) == (before.number + 1, None, SOON, "eva@byran.example")
    assert connection(on).secrets["api_key"].get_secret_value() == NEW


def test_a_key_that_does_not_work_is_not_saved(on: Stage) -> None:
    before = connection(on)
    with pytest.raises(KeyRefused):
        keys.enter(on.deployment, before, SecretStr("wrong"), by="eva")
    assert connection(on).secrets == before.secrets
    assert key(on) == before.key


def test_a_key_of_another_company_is_not_saved(on: Stage) -> None:
    before = connection(on)
    on.ledger.set_key(NEW, BOT)
    registry = on.ledger.records.get("res.company", 1)["company_registry"]
    on.ledger.records.update("res.company", 1, {"company_registry": "556000-4615", "name": "Annat AB"})
    try:
        with pytest.raises(ConfigurationError, match="Annat AB"):
            keys.enter(on.deployment, before, SecretStr(NEW), by="eva")
    finally:
        on.ledger.records.update("res.company", 1, {"company_registry": registry, "name": "Testbolaget AB"})
    assert connection(on).secrets == before.secrets


def test_a_key_without_the_rights_is_not_saved(on: Stage) -> None:
    before = connection(on)
    on.ledger.add_user("Reader", key=NEW, groups=("base.group_user",))
    with pytest.raises(ConfigurationError, match="lacks rights"):
        keys.enter(on.deployment, before, SecretStr(NEW), by="eva")
    assert connection(on).secrets == before.secrets


def test_of_two_who_enter_a_key_at_once_one_is_told(on: Stage) -> None:
    seen_by_both = connection(on)
    enter(on)
    on.ledger.set_key("another", BOT)
    with pytest.raises(ConfigurationError, match="Somebody else"):
        keys.enter(on.deployment, seen_by_both, SecretStr("another"), by="ove")
    assert connection(on).secrets["api_key"].get_secret_value() == NEW


# The end of a key, and its renewal


@pytest.mark.parametrize(
    ("days", "troubled"), [(14, True), (15, False), (0, True), (-1, True)], ids=["14", "15", "today", "over"]
)
def test_the_end_of_a_key_is_told_fourteen_days_ahead(on: Stage, days: int, troubled: bool) -> None:
    ends = today() + timedelta(days=days)
    on.ledger.set_key(on.ledger.api_key, BOT, expires=ends)
    look(on)
    assert key(on).expires == ends
    assert (key(on).trouble(today()) is not None) == troubled


def test_what_is_known_of_the_end_is_kept_where_the_ledger_does_not_tell_any_more(on: Stage) -> None:
    on.ledger.set_key(on.ledger.api_key, BOT, expires=SOON)
    look(on)
    on.ledger.set_key("of the same user", BOT)
    look(on)
    assert key(on).expires == SOON


@pytest.mark.parametrize("makes", [MakesKeys.ABSENT, MakesKeys.REFUSED])
def test_where_the_ledger_makes_no_keys_a_person_is_warned(
    on: Stage, makes: MakesKeys, caplog: pytest.LogCaptureFixture
) -> None:
    on.ledger.switches.set(LedgerSwitches(makes_keys=makes))
    on.ledger.set_key(on.ledger.api_key, BOT, expires=SOON)
    before = connection(on)
    look(on)
    assert connection(on).secrets == before.secrets
    assert f"its key ends on {SOON}" in caplog.text


def test_where_the_ledger_makes_keys_ours_is_renewed_in_good_time(on: Stage) -> None:
    on.ledger.switches.set(LedgerSwitches(makes_keys=MakesKeys.ALLOWED))
    on.ledger.set_key(on.ledger.api_key, BOT, expires=SOON)
    old = connection(on).secrets["api_key"].get_secret_value()
    look(on)
    renewed = connection(on)
    new = renewed.secrets["api_key"].get_secret_value()
    assert new != old
    assert set(on.ledger.keys) == {new}, "the old one was given up"
    assert (renewed.key.expires, renewed.key.set_by) == (today() + timedelta(days=90), "connector")
    look(on)
    assert connection(on).key.number == renewed.key.number, "not renewed again"
    assert driven(on, begun(on, on.invoice())).state is HandOverState.REGISTERED


def test_a_key_that_lasts_is_not_renewed(on: Stage) -> None:
    on.ledger.switches.set(LedgerSwitches(makes_keys=MakesKeys.ALLOWED))
    on.ledger.set_key(on.ledger.api_key, BOT, expires=today() + timedelta(days=60))
    before = key(on).number
    look(on)
    assert key(on).number == before


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER, FaultKind.FAIL_AFTER])
def test_a_renewal_whose_answer_was_lost_leaves_the_old_key_in_use(on: Stage, kind: FaultKind) -> None:
    fault = Fault(kind, ("res.users.apikeys/generate",), next_n=1)
    on.ledger.switches.set(LedgerSwitches(makes_keys=MakesKeys.ALLOWED, faults=(fault,)))
    on.ledger.set_key(on.ledger.api_key, BOT, expires=SOON)
    before = connection(on)
    outcome = look(on)
    assert (outcome.then, outcome.failed is not None) == (Then.NEXT, True)
    assert connection(on).secrets == before.secrets
    assert driven(on, begun(on, on.invoice())).state is HandOverState.REGISTERED
    look(on)
    assert connection(on).key.number == before.key.number + 1


def test_a_key_that_cannot_be_given_up_does_no_harm(on: Stage) -> None:
    fault = Fault(FaultKind.FAIL_BEFORE, ("res.users.apikeys/revoke",), next_n=1)
    on.ledger.switches.set(LedgerSwitches(makes_keys=MakesKeys.ALLOWED, faults=(fault,)))
    on.ledger.set_key(on.ledger.api_key, BOT, expires=SOON)
    look(on)
    assert connection(on).key.expires == today() + timedelta(days=90)
