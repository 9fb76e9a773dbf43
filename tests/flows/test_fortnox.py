"""Whole hand-overs from Fortnox where it is unlike other ledgers: consents, events, writes that it does not take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, PdfState, WriteBackState
from connector.flows.companies import consent
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.sandbox.fortnox.switches import LockedPut
from connector.store import tables, timeline
from tests.flows.hand_over_steps import begun, closed_port, driven, let_pass, stored
from tests.flows.ledgers import FortnoxLedger, answered, fortnox_state
from tests.flows.stage import SHORT, Stage, stage_with
from tests.flows.waiting import until
from tests.flows.zygote import zygote

ENDS_WITHIN_S = 60.0


def changes_told(on: Stage, invoice: str) -> list[tuple[str, str]]:
    """What the record tells of changes of an invoice in the ledger."""
    hand_over = on.hand_over(invoice)
    entries = timeline.of_hand_over(on.deployment.databases.main, hand_over.id) if hand_over else ()
    return [(entry.data["standing"], entry.data["balance"]) for entry in entries if entry.event == "ledger_changed"]


@pytest.mark.parametrize("socket", ["nowhere", "down"])
def test_without_events_wishes_and_changes_are_found_by_asking(socket: str, tmp_path: Path) -> None:
    address = {"nowhere": "", "down": f"ws://127.0.0.1:{closed_port()}/topics-v1"}[socket]
    more = {"FORTNOX_EVENTS_URL": address, "POLL_INTERVAL_S": "1"}
    with stage_with(FortnoxLedger(), tmp_path / "data", **SHORT, **more) as on, zygote(tmp_path / "log") as forking:
        forking.fork(on.env)
        invoice = on.invoice(wished_by="Eva Ekonom")
        until(lambda: on.ended(invoice), within_s=ENDS_WITHIN_S, what="the end of what was wished for")
        assert on.cases(invoice) == 1
        on.side.pay(invoice, Decimal("250.00"))
        until(lambda: changes_told(on, invoice) != [], within_s=ENDS_WITHIN_S, what="the payment")
        assert changes_told(on, invoice) == [("open", "1000.00")]
        assert on.cases(invoice) == 1
        assert answered(on.fortnox, 429) == 0


def test_a_worker_killed_with_the_only_refresh_token_in_hand_costs_a_consent_and_nothing_else(tmp_path: Path) -> None:
    """Fortnox takes a refresh token once: an answer that nobody kept cannot be had again (fortnox/API.md, "Tokens")."""
    side = FortnoxLedger(service_account=False)
    with stage_with(side, tmp_path / "data", **SHORT) as on, zygote(tmp_path / "log") as forking:
        invoice = on.invoice()
        on.ask(invoice)
        on.fortnox.grants.expire_access()
        killed = forking.fork(on.env, killed_at="after POST /oauth-v1/token")
        until(lambda: not forking.runs(killed), within_s=ENDS_WITHIN_S, what="the death")
        forget_leases(on)
        forking.fork(on.env)
        until(lambda: waits_for(on, invoice) == WAITS_FOR_KEY, within_s=ENDS_WITHIN_S, what="the wait for a consent")
        assert on.cases(invoice) == 0
        consent.renewed(on.deployment, side.approve(on.deployment), by="eva@byran.example")
        until(lambda: on.ended(invoice), within_s=ENDS_WITHIN_S, what="the end after the consent")
        assert on.cases(invoice) == 1


def forget_leases(on: Stage) -> None:
    """Let the time pass for which the dead may still hold what one process has at a time, the renewal of tokens."""
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.leases.delete())


def waits_for(on: Stage, invoice: str) -> str:
    found = on.hand_over(invoice)
    return found.waiting_for if found else ""


@pytest.mark.parametrize("answer", [LockedPut.REJECT, LockedPut.UNCHANGED])
def test_what_fortnox_does_not_let_us_write_costs_no_case(answer: LockedPut, tmp_path: Path) -> None:
    with stage_with(FortnoxLedger(fortnox_state(booked_put=answer)), tmp_path / "data", **SHORT) as on:
        invoice = on.invoice(wished_by="Eva Ekonom")
        started = begun(on, invoice, wish_mark="label 7")
        driven(on, started)
        for step in (upload, write_back):
            step(on.deployment, started)
        found = stored(on, started)
        assert (found.state, found.pdf, on.cases(invoice)) == (HandOverState.DONE, PdfState.UPLOADED, 1)
        assert on.side.case_shown(invoice) == ""
        assert found.write_back is WriteBackState.REFUSED


def test_a_write_that_reads_lag_behind_is_looked_at_again_and_not_put_elsewhere(tmp_path: Path) -> None:
    ahead = [timedelta()]
    state = fortnox_state(now=lambda: datetime.now(UTC) + ahead[0])
    with stage_with(FortnoxLedger(state), tmp_path / "data", **SHORT) as on:
        invoice = on.invoice()
        started = begun(on, invoice)
        driven(on, started)
        upload(on.deployment, started)
        ahead[0] += timedelta(minutes=1)
        state.switches.change({"rest_lag_s": 3.0})
        assert write_back(on.deployment, started).then is Then.AGAIN
        assert stored(on, started).state is HandOverState.REGISTERED
        ahead[0] += timedelta(seconds=4)
        let_pass(on, started, 4)
        assert write_back(on.deployment, started).then is Then.NEXT
        found = stored(on, started)
        assert (found.state, found.write_back) == (HandOverState.DONE, WriteBackState.WRITTEN)
        assert on.side.case_shown(invoice) == found.case_id
        assert on.side.changing_writes(invoice) == 1
        assert state.writes[-1]["fields"] == ["ExternalInvoiceReference2"]
