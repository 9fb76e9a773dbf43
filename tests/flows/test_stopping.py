"""A worker that is told to stop, or killed, while a call is under way strands nothing: the next one goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from connector.domain.hand_over import HandOverState, PdfState
from connector.sandbox.shared.switches import AmiliSwitches
from tests.flows.hand_over_steps import let_pass
from tests.flows.ledgers import OdooLedger
from tests.flows.stage import Stage, stage
from tests.flows.waiting import until
from tests.flows.zygote import zygote

ANSWERS_AFTER_S = 4.0
PATIENT = {"CONNECT_TIMEOUT_S": "1", "READ_TIMEOUT_S": "8", "SETTLE_S": "30", "ATTEMPT_S": "20", "STOP_WAIT_S": "1"}
"""The calls take longer than a stop waits, and less than a worker would."""
SLOW = {
    "the look": ("GET /cases", "look"),
    "the registration": ("POST /case--registrations", "register"),
    "the upload": ("POST /media--upload", "upload"),
}


def under_way(on: Stage, template: str) -> int:
    """How many requests of this kind Amili has been sent."""
    counted: dict[str, int] = on.amili.traffic.snapshot()["requests"]
    return sum(count for name, count in counted.items() if name.startswith(template))


def left_unanswered(on: Stage) -> int:
    """How many requests Amili is still at work on, whoever waits for their answers."""
    seen: dict[str, dict[str, int]] = on.amili.traffic.snapshot()
    return sum(seen["requests"].values()) - sum(seen["answers"].values())


def cut_short(on: Stage, ending: signal.Signals, template: str, tmp_path: Path, invoices: list[str]) -> None:
    """A worker is ended while its call is under way, and another finds the end."""
    with zygote(tmp_path / "log") as forking:
        first = forking.fork(on.env)
        until(lambda: under_way(on, template) == len(invoices), within_s=60, what="the calls")
        os.kill(first, ending)
        until(lambda: not forking.runs(first), within_s=60, what="the worker's end")
        on.amili.switches.set(AmiliSwitches())
        # The settling time that is let pass below is longer than any call is under way.
        until(lambda: not left_unanswered(on), within_s=60, what="the end of the calls at Amili")
        for invoice in invoices:
            hand_over = on.hand_over(invoice)
            assert hand_over is not None
            assert not on.ended(invoice)
            let_pass(on, hand_over.id, 60.0, at_amili=False)
        forking.fork(on.env)
        for invoice in invoices:
            until(lambda: on.ended(invoice), within_s=60, what="the end")  # noqa: B023
        for invoice in invoices:
            ended = on.hand_over(invoice)
            assert ended is not None
            assert (ended.state, ended.pdf, on.cases(invoice)) == (HandOverState.DONE, PdfState.UPLOADED, 1)
            assert isinstance(on.side, OdooLedger)
            assert on.ledger.records.get("account.move", int(invoice))["x_amili_case_id"] == ended.case_id


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("slow", SLOW)
def test_what_is_under_way_at_a_stop_is_done_after_the_next_start(
    tmp_path: Path, database_url: str | None, slow: str, ending: signal.Signals
) -> None:
    template, operation = SLOW[slow]
    with stage(tmp_path / "data", database_url=database_url or "", **PATIENT) as on:
        invoices = [on.invoice(wished_by="Eva Ekonom") for _ in range(2)]
        on.amili.switches.set(AmiliSwitches(slow_operations_s={operation: ANSWERS_AFTER_S}))
        for invoice in invoices:
            on.hint(invoice)
        cut_short(on, ending, template, tmp_path, invoices)
