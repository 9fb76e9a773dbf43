"""Worker processes take up what happens to handed-over invoices, whatever becomes of the processes."""

from __future__ import annotations

from pathlib import Path

from connector.store import follow_ups
from tests.flows.follow_up_steps import actions, pays
from tests.flows.ledgers import FortnoxLedger, answered
from tests.flows.stage import SHORT, Stage, stage, stage_with
from tests.flows.waiting import until
from tests.flows.zygote import Zygote, zygote

WITHIN_S = 60.0


def amounts(on: Stage, invoice: str) -> list[int]:
    return sorted(int(action.amount) for action in actions(on, invoice))


def handed_over(on: Stage, forking: Zygote) -> tuple[str, int]:
    """An invoice whose case stands, and the worker that did it."""
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    worker = forking.fork(on.env)
    until(lambda: on.ended(invoice), within_s=WITHIN_S, what="the case")
    return invoice, worker


def in_step(on: Stage) -> bool:
    return follow_ups.due(on.deployment.databases.main) == ()


def reported_once(on: Stage, forking: Zygote) -> None:
    invoice, _ = handed_over(on, forking)
    pays(on, invoice, 250)
    on.hint(invoice)
    until(lambda: amounts(on, invoice) == [250], within_s=WITHIN_S, what="the payment at Amili")
    until(lambda: in_step(on), within_s=WITHIN_S, what="the end of the look")
    assert amounts(on, invoice) == [250]


def test_a_payment_that_a_hint_tells_of_reaches_amili(tmp_path: Path, database_url: str | None) -> None:
    with stage(tmp_path / "data", database_url=database_url or "", **SHORT) as on, zygote(tmp_path / "log") as forking:
        reported_once(on, forking)


def test_so_does_one_in_fortnox(tmp_path: Path) -> None:
    with stage_with(FortnoxLedger(), tmp_path / "data", **SHORT) as on, zygote(tmp_path / "log") as forking:
        reported_once(on, forking)
        assert answered(on.fortnox, 429) == 0


def test_a_worker_killed_over_a_payment_is_followed_by_the_next(tmp_path: Path) -> None:
    with stage(tmp_path / "data", **SHORT) as on, zygote(tmp_path / "log") as forking:
        invoice, worker = handed_over(on, forking)
        for amount in (100, 200, 300):
            pays(on, invoice, amount)
        on.hint(invoice)
        until(lambda: len(actions(on, invoice)) > 0, within_s=WITHIN_S, what="the first payment at Amili")
        forking.kill(worker)
        until(lambda: not forking.runs(worker), within_s=120, what="the worker's death")
        forking.fork(on.env)
        until(lambda: len(actions(on, invoice)) == 3 and in_step(on), within_s=WITHIN_S, what="the others")
        assert amounts(on, invoice) == [100, 200, 300]
