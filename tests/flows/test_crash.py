"""The worker killed at every HTTP call and every commit of a hand-over: one case, one PDF, one write-back.

The points are counted from the moment the worker is ready, just before and just after each call and commit, so
that the worker dies with every possible part of the work done. Each death is followed by a new worker, which
must bring the hand-over to its end.

The test holds the lease of whoever begins rounds at set times, so that no poll, look or reading of cases is among the
points or brings a hand-over to its end; taking up, rescue and taking over go on in every worker.

With Fortnox the calls alone are points: its commits between them are those that are tried with Odoo.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.domain.hand_over import HandOverState, PdfState, WriteBackState
from connector.flows.worker import SCHEDULE
from connector.store import leases, timeline
from tests.flows.hand_over_steps import let_pass
from tests.flows.ledgers import FortnoxLedger, answered
from tests.flows.stage import HURRIED, SHORT, Stage, stage, stage_with
from tests.flows.waiting import until
from tests.flows.zygote import Zygote, zygote
from tests.trial_counts import DEATHS

SHARDS = 4
LAST_POINT = 400
LEAST_POINTS = 100
FORTNOX_SHARDS = 2
FORTNOX_CALLS = 18
"""The least that a whole hand-over makes, those to Amili included; each is two points."""
ENDS_WITHIN_S = 90.0
LEASES_ARE_OVER_S = 10.0
_DAY_S = 86_400.0


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_call_and_commit(
    shard: int, tmp_path: Path, database_url: str | None, tried: Callable[[str, int], None]
) -> None:
    with stage(tmp_path / "data", database_url=database_url or "", **SHORT) as on, zygote(tmp_path / "log") as forking:
        struck = _killed_at_each(on, forking, range(shard + 1, LAST_POINT, SHARDS))
        tried(DEATHS, struck)
        assert struck >= LEAST_POINTS // SHARDS, "the points of a whole hand-over were not reached"


@pytest.mark.parametrize("shard", range(FORTNOX_SHARDS))
def test_killed_at_every_call_with_fortnox(shard: int, tmp_path: Path, tried: Callable[[str, int], None]) -> None:
    side = FortnoxLedger(service_account=bool(shard))
    with stage_with(side, tmp_path / "data", **SHORT) as on, zygote(tmp_path / "log") as forking:
        points = range(shard + 1, LAST_POINT, FORTNOX_SHARDS)
        struck = _killed_at_each(on, forking, points, calls_only=True)
        tried(DEATHS, struck)
        assert struck >= 2 * FORTNOX_CALLS // FORTNOX_SHARDS, "the calls of a whole hand-over were not reached"
        assert answered(on.fortnox, 429) == 0
        assert on.fortnox.grants.refused_refreshes == 0


def _killed_at_each(on: Stage, forking: Zygote, points: range, *, calls_only: bool = False) -> int:
    """Kill a worker at each of `points` until a hand-over ends before; gives how many there were."""
    assert leases.try_lease(on.deployment.databases.main, SCHEDULE, "the test", for_s=_DAY_S)
    for number, point in enumerate(points):
        if not _killed_at(on, forking, point, calls_only=calls_only):
            return number
    return len(points)


def _killed_at(on: Stage, forking: Zygote, point: int, *, calls_only: bool) -> bool:
    """Kill a worker at `point` and let another finish; False if the hand-over ended before that point."""
    on.side.let_windows_pass(on.deployment)
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    pid = forking.fork(on.env, killed_at=point, calls_only=calls_only)
    until(lambda: not forking.runs(pid) or on.ended(invoice), within_s=ENDS_WITHIN_S, what=f"point {point} or the end")
    if forking.runs(pid):
        forking.kill(pid)
        until(lambda: not forking.runs(pid), within_s=120, what="the worker's end")
        return False
    if found := on.hand_over(invoice):
        # Nothing is under way any more: what the next worker has to wait out may as well be over.
        let_pass(on, found.id, LEASES_ARE_OVER_S, at_amili=False)
    _recover(on, forking, invoice, point)
    return True


def _recover(on: Stage, forking: Zygote, invoice: str, point: int) -> None:
    successor = forking.fork(on.env)
    until(lambda: on.ended(invoice), within_s=ENDS_WITHIN_S, what=f"the end after a death at point {point}")
    forking.kill(successor)
    until(lambda: not forking.runs(successor), within_s=120, what="the successor's end")
    _exactly_once(on, invoice, f"after a death at point {point}")


def _exactly_once(on: Stage, invoice: str, when: str) -> None:
    hand_over = on.hand_over(invoice)
    assert hand_over is not None, when
    assert hand_over.state is HandOverState.DONE, when
    (case,) = on.amili.cases_of(on.number(invoice))
    assert hand_over.case_id == case.id, when
    assert hand_over.pdf is PdfState.UPLOADED, when
    assert len({upload.content for upload in case.uploads}) == 1, when
    assert hand_over.write_back is WriteBackState.WRITTEN, when
    assert on.side.case_shown(invoice) == case.id, when
    assert on.side.changing_writes(invoice) == 1, when
    events = [entry.event for entry in timeline.of_hand_over(on.deployment.databases.main, hand_over.id)]
    assert events.count("asked") == 1, when
    assert events.count("registered") + events.count("adopted") == 1, when


GAVE_UP = {
    # The time that a call may take is over before it has begun.
    "before the call": "its lease is over",
    "between head and body": "its deadline has passed",
}


@pytest.mark.parametrize("where", GAVE_UP)
def test_frozen_at_the_registration_while_another_takes_over(
    where: str, tmp_path: Path, database_url: str | None
) -> None:
    """A worker stopped as it registers sleeps through its deadline; another does the work; then it wakes."""
    with (
        stage(tmp_path / "data", database_url=database_url or "", **HURRIED) as on,
        zygote(tmp_path / "log") as forking,
    ):
        invoice = on.invoice(wished_by="Eva Ekonom")
        on.hint(invoice)
        sleeper = forking.fork(on.env, freeze=where)
        until(lambda: forking.is_stopped(sleeper), within_s=120, what="the worker frozen at the registration")
        forking.fork(on.env)
        until(lambda: on.ended(invoice), within_s=90, what="the end by another worker")
        registrations = on.amili.traffic.snapshot()["registrations_received"]
        os.kill(sleeper, signal.SIGCONT)
        until(
            lambda: GAVE_UP[where] in forking.log.read_text(encoding="utf-8"),
            within_s=30,
            what="the sleeper's giving up",
        )
        assert on.cases(invoice) == 1
        assert on.amili.traffic.snapshot()["registrations_received"] == registrations
        _exactly_once(on, invoice, "after a frozen worker woke")
