"""One mail a day at most for each person, however many processes and restarts; a clear failure is tried again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from connector.store import digests
from connector.store.database import Databases
from connector.store.digests import DigestState

DAY = date(2026, 11, 24)
EVA = "eva@byran.example"


def test_of_many_at_once_one_sends(databases: Databases) -> None:
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: digests.begin(databases.main, EVA, DAY), range(16)))

    assert begun.count(True) == 1


def test_what_a_crash_left_half_done_is_not_sent_again(databases: Databases) -> None:
    assert digests.begin(databases.main, EVA, DAY)
    assert not digests.begin(databases.main, EVA, DAY)
    assert digests.begin(databases.main, EVA, date(2026, 11, 25))
    assert digests.begin(databases.main, "bo@byran.example", DAY)


def test_a_clear_failure_is_tried_again_until_it_is_given_up(databases: Databases) -> None:
    begun = 0
    while digests.begin(databases.main, EVA, DAY):
        digests.settle(databases.main, EVA, DAY, DigestState.FAILED)
        begun += 1

    assert begun == digests.MOST_TRIES
    assert digests.of_day(databases.main, DAY) == {EVA: DigestState.FAILED}


def test_what_is_settled_stays(databases: Databases) -> None:
    for state in (DigestState.SENT, DigestState.NOTHING):
        email = f"{state}@byran.example"
        digests.begin(databases.main, email, DAY)
        digests.settle(databases.main, email, DAY, state)
        digests.settle(databases.main, email, DAY, DigestState.FAILED)
        digests.withdraw(databases.main, email, DAY)
        assert not digests.begin(databases.main, email, DAY)
        assert digests.of_day(databases.main, DAY)[email] is state


def test_what_no_server_was_there_for_is_free_again(databases: Databases) -> None:
    for _ in range(digests.MOST_TRIES + 1):
        assert digests.begin(databases.main, EVA, DAY)
        digests.withdraw(databases.main, EVA, DAY)


def test_old_days_are_forgotten(databases: Databases) -> None:
    for day in (DAY, date(2026, 11, 25)):
        digests.begin(databases.main, EVA, day)
    digests.forget(databases.main, before=date(2026, 11, 25))

    assert digests.of_day(databases.main, DAY) == {}
    assert set(digests.of_day(databases.main, date(2026, 11, 25))) == {EVA}
