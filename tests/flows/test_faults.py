"""Five hundred hand-overs through bad weather: every one becomes one case, and no person is needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from connector.domain.hand_over import HandOverState, PdfState
from connector.sandbox.switches import AmiliSwitches, Fault, FaultKind
from connector.store import hand_overs
from tests.flows.stage import CONNECTION, stage
from tests.flows.waiting import until
from tests.flows.zygote import zygote

HAND_OVERS = 500
WEATHER = AmiliSwitches(
    seed=7,
    faults=(
        Fault(FaultKind.DROP_AFTER, share=0.10),
        Fault(FaultKind.FAIL_BEFORE, share=0.05, status=503),
        Fault(FaultKind.FAIL_AFTER, share=0.05, status=500),
        Fault(FaultKind.RATE_LIMITED, share=0.05, retry_after_s=1),
        Fault(FaultKind.UNAUTHORISED, share=0.02),
    ),
)
"""Of all calls: 10 % lost answers, 10 % 5xx (half of them after the effect), 5 % 429, 2 % 401."""


def test_five_hundred_hand_overs_through_lost_answers_5xx_429_and_401(tmp_path: Path, database_url: str | None) -> None:
    with (
        stage(
            tmp_path / "data", database_url=database_url or "", WORKER_CONCURRENCY="16", CONNECTION_CONCURRENCY="16"
        ) as on,
        zygote(tmp_path / "log") as forking,
    ):
        customer = on.customer()
        invoices = [on.invoice(customer) for _ in range(HAND_OVERS)]
        on.amili.switches.set(WEATHER)
        for invoice in invoices:
            on.ask(invoice)
        forking.fork(on.env)

        def all_ended() -> bool:
            counts = hand_overs.counts(on.deployment.databases.main)
            return counts.get(HandOverState.DONE, 0) + counts.get(HandOverState.BLOCKED, 0) == HAND_OVERS

        until(all_ended, within_s=900, what="the end of every hand-over")
        assert Counter(case.invoice_number for case in on.amili.cases.values()) == {
            on.number(invoice): 1 for invoice in invoices
        }
        stored = hand_overs.listing(on.deployment.databases.main, connection_id=CONNECTION, limit=HAND_OVERS)
        assert {one.state for one in stored} == {HandOverState.DONE}
        assert {one.pdf for one in stored} == {PdfState.UPLOADED}
        assert {one.case_id for one in stored} == set(on.amili.cases)
