"""From an event of Fortnox's to what it leads to: a case, or a payment noted. Nothing here waits for a poll's turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.hand_over import HandOverState
from connector.flows import following as polling
from connector.flows import requests
from connector.flows.engine import Job
from connector.flows.listening import LEASE, listener_of
from connector.flows.outcome import Then
from connector.flows.register import register
from connector.sandbox.amili_state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.sandbox.fortnox import create_fortnox
from connector.sandbox.fortnox_state import FortnoxState
from connector.sandbox.fortnox_switches import Change
from connector.sandbox.serve import running
from connector.store import connections, following, hand_overs, inbox, leases, timeline
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from tests import canary
from tests.flows.stage import ORGANISATION, Stage, stage
from tests.flows.waiting import until
from tests.flows.zygote import zygote
from tests.hosts.contract import Made
from tests.hosts.fortnox.sandboxed import APP, ASK, SandboxClock, SandboxLedger

COMPANY = "fortnoxbolaget"
WITHIN_S = 30.0
STARTED_AND_DONE_S = 60.0


@dataclass
class Books:
    """A company in Fortnox that is connected to the stage's creditor."""

    on: Stage
    ledger: SandboxLedger

    def subscriptions(self) -> int:
        counted: dict[str, int] = self.ledger.state.traffic.snapshot()["requests"]
        return counted.get("WS subscribe-v1", 0)

    def await_subscription(self) -> None:
        until(lambda: self.subscriptions() == 1, within_s=STARTED_AND_DONE_S, what="a listener")

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Somebody listens within the block."""
        listener = listener_of(self.on.deployment)
        assert listener
        listener.start()
        try:
            self.await_subscription()
            yield
        finally:
            listener.stop()

    def waiting(self) -> list[str]:
        return [item.invoice_id for item in inbox.waiting(self.on.deployment.databases.inbox)]

    def await_hint(self, invoice_id: str) -> None:
        until(lambda: invoice_id in self.waiting(), within_s=WITHIN_S, what=f"the hint {invoice_id!r}")

    def jobs(self, kind: str) -> list[Job]:
        """What the engine would be given, of what waits in the inbox."""
        submitted: list[Job] = []
        requests.dispatch(self.on.deployment, submitted.append)
        return [job for job in submitted if job.kind == kind]

    def hand_over(self, invoice: Made) -> HandOver | None:
        return hand_overs.latest(self.on.deployment.databases.main, COMPANY, invoice.id)

    def poll(self) -> None:
        assert polling.poll(self.on.deployment, f"{COMPANY}/1").then is Then.STOP


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    state = FortnoxState(app=APP, now=SandboxClock())
    with running(create_fortnox(state)) as url:
        ledger = SandboxLedger(state, url)
        ledger.switch(more_events=(Change.LABEL,))
        app = {
            "FORTNOX_CLIENT_ID": APP.client_id,
            "FORTNOX_CLIENT_SECRET": APP.client_secret,
            "FORTNOX_AUTHORISATION_URL": url,
            "FORTNOX_API_URL": url,
            "FORTNOX_EVENTS_URL": f"{url.replace('http://', 'ws://')}/topics-v1",
        }
        with (
            canary.planted({"the app's secret": APP.client_secret}),
            stage(tmp_path / "data", CONNECT_TIMEOUT_S="5", READ_TIMEOUT_S="10", SETTLE_S="20", **app) as on,
        ):
            _connect(on, ledger)
            yield Books(on, ledger)


def _connect(on: Stage, ledger: SandboxLedger) -> None:
    connections.add(
        on.deployment.databases.main,
        on.deployment.vault,
        connection_id=COMPANY,
        host="fortnox",
        name="Testbolaget AB",
        settings=ConnectionSettings(
            account=GUIDE_ACCOUNT,
            creditor=GUIDE_CREDITOR,
            organization_number=ORGANISATION,
            first_action=FirstAction.DEBT_COLLECTION,
            invoice_fee_agreed=True,
            host={"tenant_id": str(ledger.books.tenant), "request_label": ASK},
        ),
        amili_access=DEFAULT_ACCESS,
        secrets={},
    )


def test_an_event_before_fortnox_shows_its_change_is_followed_all_the_same(books: Books) -> None:
    invoice = books.ledger.overdue_invoice()
    with books.heard():
        books.ledger.switch(rest_lag_s=3600.0)
        books.ledger.label(invoice, ASK)
        books.await_hint(invoice.id)
    (look,) = books.jobs(requests.HINT)
    first = requests.follow_hint(books.on.deployment, look.subject)
    assert first.then is Then.AGAIN_FIRST
    assert 0 < first.after_s <= 10
    assert books.waiting() == [], "nothing was seen yet"
    books.ledger.switch(rest_lag_s=0.0)
    assert requests.follow_hint(books.on.deployment, look.subject).then is Then.NEXT
    books.jobs(requests.HAND_OVER)
    assert books.hand_over(invoice) is not None


def test_a_payments_event_lets_the_payment_be_noted(books: Books) -> None:
    invoice = books.ledger.overdue_invoice()
    deployment = books.on.deployment
    books.ledger.label(invoice, ASK)
    books.poll()
    books.jobs(requests.HAND_OVER)
    started = books.hand_over(invoice)
    assert started is not None
    register(deployment, started.id)
    with books.heard():
        books.ledger.pay(invoice, Decimal(500))
        books.await_hint(inbox.NO_INVOICE)
    (question,) = books.jobs(polling.CHANGES)
    assert polling.poll(deployment, question.subject).then is Then.STOP
    noted = [
        one for one in timeline.of_hand_over(deployment.databases.main, started.id) if one.event == "ledger_changed"
    ]
    assert [one.data["balance"] for one in noted] == [str(invoice.total - 500)]


def test_a_label_set_in_fortnox_becomes_a_case_by_its_event(books: Books, tmp_path: Path) -> None:
    invoice = books.ledger.overdue_invoice()
    db = books.on.deployment.databases.main
    with zygote(tmp_path / "log") as forking:
        worker = forking.fork(books.on.env)
        until(lambda: following.cursor(db, COMPANY) != "", within_s=STARTED_AND_DONE_S, what="the first poll")
        books.await_subscription()
        books.ledger.label(invoice, ASK)
        until(lambda: _is_done(books, invoice), within_s=STARTED_AND_DONE_S, what="the case")
        os.kill(worker, signal.SIGTERM)
        until(lambda: not forking.runs(worker), within_s=WITHIN_S, what="the worker's end")
    assert len(books.on.amili.cases_of(invoice.number)) == 1
    assert leases.try_lease(db, LEASE, "next", for_s=1), "whoever stops lets another listen"


def _is_done(books: Books, invoice: Made) -> bool:
    found = books.hand_over(invoice)
    return found is not None and found.state is HandOverState.DONE
