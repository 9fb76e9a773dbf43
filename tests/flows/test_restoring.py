"""An earlier store is put back: it is noticed, what Amili has already is looked up, and nothing is sent twice."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from connector.domain.hand_over import WAITS_FOR_RESTORE, HandOverState, PdfState, WriteBackState
from connector.flows import noticing
from connector.flows.hand_over.looking_up import job_of, look_up
from connector.flows.hand_over.upload import upload
from connector.flows.outcome import STOP, Then
from connector.flows.reconcile import comparisons as comparing
from connector.sandbox.shared.switches import CasesMade, FaultKind
from connector.store import comparisons, executors, restores, sessions, tables
from connector.store.restores import Why
from tests.flows.database_copies import Copy, copied, held_for
from tests.flows.follow_up_steps import actions, followed, pays
from tests.flows.hand_over_steps import begun, driven, events, next_registration, registrations, step, stored, strike
from tests.flows.stage import CONNECTION, HURRIED, PATIENT, Stage, stage
from tests.flows.test_worker import stop
from tests.flows.waiting import until
from tests.flows.zygote import zygote

SETTLE_S = float(PATIENT["SETTLE_S"])


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own, whose store can be put back; a worker has been at work on it."""
    with stage(tmp_path / "data") as on:
        assert noticing.notice(on.deployment) is None
        yield on


@pytest.fixture
def copy(on: Stage, tmp_path: Path) -> Callable[[], Copy]:
    """How a copy of the stage is made."""
    return lambda: copied(on, tmp_path / "copy")


def looked_into(on: Stage) -> None:
    """A restore is noticed at the start of a worker, and looked into once its time has come."""
    assert noticing.notice(on.deployment) is Why.BACKUP
    (hold,) = restores.holds(on.deployment.databases.main)
    assert look_up(on.deployment, job_of(hold).payload).after_s > 0, "not before the settling time is over"
    held_for(on, SETTLE_S)
    assert look_up(on.deployment, job_of(hold).payload) == STOP
    assert restores.holds(on.deployment.databases.main) == ()


# From end to end, with worker processes


def test_what_was_sent_after_the_backup_is_found_and_not_sent_again(tmp_path: Path, database_url: str | None) -> None:
    with (
        stage(tmp_path / "data", database_url=database_url or "", **HURRIED) as on,
        zygote(tmp_path / "log") as forking,
    ):
        worker = forking.fork(on.env)
        first = on.invoice()
        on.ask(first)
        until(lambda: on.ended(first), within_s=120, what="a hand-over before the backup")
        stop(forking, worker)
        waiting = on.invoice()
        on.ask(waiting)
        stopped = on.invoice(on.customer(company_registry=""))
        begun(on, stopped)
        backup = copied(on, tmp_path / "copy")

        worker = forking.fork(on.env)
        until(lambda: on.ended(waiting) and on.ended(stopped), within_s=120, what="the hand-overs after the backup")
        case = on.hand_over(waiting)
        assert case is not None
        stop(forking, worker)
        backup.put_back()
        assert on.hand_over(waiting) is None, "as it was: only the request is in the inbox"

        worker = forking.fork(on.env)
        until(lambda: on.ended(waiting) and on.ended(stopped), within_s=120, what="the hand-overs after the restore")
        stop(forking, worker)

        for invoice in (first, waiting):
            assert (on.cases(invoice), registrations(on, invoice)) == (1, 1)
        found = on.hand_over(waiting)
        assert found is not None
        assert (found.case_id, found.state) == (case.case_id, HandOverState.DONE)
        assert restores.number(on.deployment.databases.main) == 1
        assert restores.holds(on.deployment.databases.main) == ()


def test_a_plain_restart_is_no_restore(on: Stage) -> None:
    begun(on, on.invoice())
    on.deployment.close()
    for _ in range(2):
        assert noticing.notice(on.deployment) is None
    assert restores.holds(on.deployment.databases.main) == ()


# What Amili has


def test_nothing_is_sent_before_the_restore_is_looked_into(on: Stage, copy: Callable[[], Copy]) -> None:
    """The registration was on its way when the store was put back: it shows only a while later."""
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    backup = copy()
    strike(on, next_registration(FaultKind.DROP_AFTER), visible_after_s=SETTLE_S / 2)
    step(on, hand_over)
    assert registrations(on, invoice) == 1
    backup.put_back()
    noticing.notice(on.deployment)

    held = step(on, hand_over)

    assert held.then is Then.AGAIN_FIRST
    assert registrations(on, invoice) == 1
    assert stored(on, hand_over).waiting_for == WAITS_FOR_RESTORE
    assert events(on, hand_over).count("waiting") == 1
    step(on, hand_over)
    assert events(on, hand_over).count("waiting") == 1, "it is said once"

    strike(on)
    held_for(on, SETTLE_S)
    (hold,) = restores.holds(on.deployment.databases.main)
    assert look_up(on.deployment, job_of(hold).payload) == STOP
    assert stored(on, hand_over).state is HandOverState.REGISTERED
    driven(on, hand_over)
    assert (on.cases(invoice), registrations(on, invoice)) == (1, 1)


def test_what_amili_does_not_have_is_sent_after_all(on: Stage, copy: Callable[[], Copy]) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    copy().put_back()

    looked_into(on)

    assert driven(on, hand_over).state is HandOverState.REGISTERED
    assert (on.cases(invoice), registrations(on, invoice)) == (1, 1)


def test_a_stopped_invoice_that_was_mended_and_sent_since_has_its_case(on: Stage, copy: Callable[[], Copy]) -> None:
    customer = on.customer(company_registry="")
    invoice = on.invoice(customer)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    backup = copy()
    on.side.state.records.update("res.partner", customer, {"company_registry": "5560360793"})  # type: ignore[attr-defined]
    begun(on, invoice)
    case = driven(on, hand_over).case_id
    assert case
    backup.put_back()

    looked_into(on)

    found = stored(on, hand_over)
    assert (found.case_id, found.state) == (case, HandOverState.REGISTERED)
    assert (found.write_back, found.findings) == (WriteBackState.PENDING, ())
    assert events(on, hand_over)[-1] == "adopted"
    assert registrations(on, invoice) == 1


def test_a_stopped_invoice_that_was_not_sent_stays_stopped(on: Stage, copy: Callable[[], Copy]) -> None:
    hand_over = begun(on, on.invoice(on.customer(company_registry="")))
    step(on, hand_over)
    other = on.invoice()
    backup = copy()
    driven(on, begun(on, other))
    backup.put_back()

    looked_into(on)

    assert stored(on, hand_over).state is HandOverState.BLOCKED


def test_a_registration_that_was_taken_and_shows_no_case_is_not_repeated(on: Stage, copy: Callable[[], Copy]) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    backup = copy()
    strike(on, cases_made=CasesMade.NEVER)
    step(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.TAKEN
    backup.put_back()

    looked_into(on)

    found = stored(on, hand_over)
    assert (found.state, bool(found.registration_id)) == (HandOverState.TAKEN, True)
    for _ in range(3):
        step(on, hand_over)
    assert registrations(on, invoice) == 1


def test_what_was_asked_for_since_is_listed_and_taken_over_when_it_is_asked_for(
    on: Stage, copy: Callable[[], Copy]
) -> None:
    backup = copy()
    invoice = on.invoice()
    case = driven(on, begun(on, invoice)).case_id
    backup.put_back()
    looked_into(on)

    stored_ = comparisons.get(on.deployment.databases.main, CONNECTION)
    assert stored_ is not None
    assert stored_.due_at <= comparisons.instant(on.deployment.databases.main), "the comparison is made at once"
    (one,) = comparing.compare(on.deployment, CONNECTION).differences
    assert (one.difference.kind, one.difference.case_id) == ("unknown_case", case)

    assert driven(on, begun(on, invoice)).case_id == case
    assert (on.cases(invoice), registrations(on, invoice)) == (1, 1)


def test_a_payment_that_was_reported_since_is_found_and_not_reported_again(on: Stage, copy: Callable[[], Copy]) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    backup = copy()
    pays(on, invoice, 500)
    followed(on, hand_over)
    told = actions(on, invoice)
    assert [one.kind for one in told] == ["payment"]
    backup.put_back()
    looked_into(on)

    followed(on, hand_over)

    assert actions(on, invoice) == told
    assert "report_found" in events(on, hand_over)


def test_nothing_is_reported_before_the_restore_is_looked_into(on: Stage, copy: Callable[[], Copy]) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    copy().put_back()
    noticing.notice(on.deployment)
    pays(on, invoice, 500)
    followed_ = pytest.raises(AssertionError, match="not through")
    with followed_:
        followed(on, hand_over)
    assert actions(on, invoice) == []

    held_for(on, SETTLE_S)
    (hold,) = restores.holds(on.deployment.databases.main)
    look_up(on.deployment, job_of(hold).payload)
    followed(on, hand_over)
    assert [one.kind for one in actions(on, invoice)] == ["payment"]


def test_a_pdf_that_was_uploaded_since_is_not_uploaded_again_where_the_case_shows_it(
    on: Stage, copy: Callable[[], Copy]
) -> None:
    strike(on, shows_original_invoice=True)
    hand_over = begun(on, on.invoice())
    case = driven(on, hand_over).case_id
    backup = copy()
    upload(on.deployment, hand_over)
    assert stored(on, hand_over).pdf is PdfState.UPLOADED
    assert len(on.amili.cases[case].uploads) == 1
    backup.put_back()
    looked_into(on)

    upload(on.deployment, hand_over)

    assert stored(on, hand_over).pdf is PdfState.UPLOADED
    assert len(on.amili.cases[case].uploads) == 1


# Noticing


def told(on: Stage, place: str, *, seen_ago_s: float = 0.0) -> None:
    """The store says that it was last at work at `place`, so long ago."""
    with on.deployment.databases.main.begin() as connection:
        here = tables.installation
        connection.execute(update(here).values(place=place or here.c.place, seen_at=here.c.seen_at - seen_ago_s))


@pytest.mark.parametrize(
    ("place", "seen_ago_s", "why"),
    [
        ("", 0.0, None),
        ("", noticing.STILL_FOR_S - 60, None),
        ("", noticing.STILL_FOR_S + 60, Why.STILL),
        ("4711.0", 0.0, Why.MOVED),
        ("4711.0", noticing.STILL_FOR_S + 60, Why.MOVED),
        (Why.SAID, 0.0, Why.SAID),
    ],
)
def test_what_tells_of_a_restore(
    on: Stage, place: str, seen_ago_s: float, why: Why | None, caplog: pytest.LogCaptureFixture
) -> None:
    begun(on, on.invoice())
    told(on, place, seen_ago_s=seen_ago_s)

    with caplog.at_level(logging.WARNING):
        assert noticing.notice(on.deployment) is why

    held = [hold.connection for hold in restores.holds(on.deployment.databases.main)]
    assert held == ([CONNECTION] if why else [])
    assert ("Nothing is sent before" in caplog.text) is bool(why)
    assert noticing.notice(on.deployment) is None, "it is noticed once"


def test_a_store_whose_last_worker_was_stopped_may_stand_still(on: Stage) -> None:
    db = on.deployment.databases.main
    begun(on, on.invoice())
    executors.enrol(db, "other:1:2")
    restores.rest(db)
    told(on, "", seen_ago_s=noticing.STILL_FOR_S * 10)
    assert noticing.notice(on.deployment) is Why.STILL, "another worker had not been told to stop"

    executors.strike_off(db, "other:1:2")
    restores.rest(db)
    told(on, "", seen_ago_s=noticing.STILL_FOR_S * 10)
    assert noticing.notice(on.deployment) is None
    told(on, "", seen_ago_s=noticing.STILL_FOR_S * 10)
    assert noticing.notice(on.deployment) is Why.STILL, "since then it is at work again"


def test_a_store_on_which_nothing_was_asked_for_may_stand_still(on: Stage) -> None:
    told(on, "", seen_ago_s=noticing.STILL_FOR_S * 10)
    assert noticing.notice(on.deployment) is None


def test_files_that_are_copied_over_the_databases_are_noticed_by_what_is_noted_beside_them(
    on: Stage, tmp_path: Path
) -> None:
    folder = on.deployment.settings.data_dir
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    on.deployment.close()
    for name in ("connector.db", "inbox.db"):
        shutil.copyfile(folder / name, tmp_path / name)
    driven(on, hand_over)
    noticing.keep_beside(on.deployment)
    on.deployment.close()
    for name in ("connector.db", "inbox.db"):
        # Into the same file, as `cp` does: its place is the same.
        shutil.copyfile(tmp_path / name, folder / name)

    assert noticing.notice(on.deployment) is Why.OLDER
    step(on, hand_over)
    assert registrations(on, invoice) == 1
    held_for(on, SETTLE_S)
    (hold,) = restores.holds(on.deployment.databases.main)
    look_up(on.deployment, job_of(hold).payload)
    assert stored(on, hand_over).case_id
    assert registrations(on, invoice) == 1


def test_a_copy_of_the_folder_elsewhere_is_noticed(on: Stage, tmp_path: Path) -> None:
    begun(on, on.invoice())
    on.deployment.close()
    folder = on.deployment.settings.data_dir
    shutil.copytree(folder, tmp_path / "other")
    folder.rename(tmp_path / "before")
    (tmp_path / "other").rename(folder)

    assert noticing.notice(on.deployment) is Why.MOVED


def test_what_may_only_have_broken_off_waits_for_the_look_alone(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    told(on, "", seen_ago_s=noticing.STILL_FOR_S * 2)
    assert noticing.notice(on.deployment) is Why.STILL
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    (hold,) = restores.holds(on.deployment.databases.main)

    assert look_up(on.deployment, job_of(hold).payload) == STOP

    assert driven(on, hand_over).state is HandOverState.REGISTERED


def test_a_person_may_say_so(on: Stage) -> None:
    begun(on, on.invoice())
    restores.say_so(on.deployment.databases.main)
    assert noticing.notice(on.deployment) is Why.SAID


@pytest.mark.parametrize(("place", "signed_in"), [(Why.SAID, False), ("", True)])
def test_sessions_that_ended_since_do_not_come_back(on: Stage, place: str, signed_in: bool) -> None:
    db = on.deployment.databases.main
    begun(on, on.invoice())
    secret = sessions.begin(db, "e@x.example", idle_s=3_600.0)
    told(on, place, seen_ago_s=noticing.STILL_FOR_S * 2)

    assert noticing.notice(on.deployment) is not None

    assert (sessions.holder(db, secret, idle_s=3_600.0) is not None) is signed_in, "one that stood still is the same"


def test_a_company_that_was_removed_meanwhile_is_looked_into_no_more(on: Stage) -> None:
    db = on.deployment.databases.main
    restores.say_so(db)
    noticing.notice(on.deployment)
    with db.begin() as connection:
        connection.execute(update(tables.holds).values(connection="gone"))
    (hold,) = restores.holds(db)

    assert look_up(on.deployment, job_of(hold).payload) == STOP
    assert restores.holds(db) == ()
