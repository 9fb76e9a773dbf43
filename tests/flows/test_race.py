"""The same invoice asked for twenty times at once, from every side, with two workers: one case."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from connector.domain.hand_over import Origin, Request
from connector.remote.tokens import RENEWAL_MARGIN
from connector.store import hand_overs, inbox, timeline
from connector.web.app import create_app
from connector.web.lanes import Threads
from connector.web.server import make_server
from tests.flows.ledgers import FortnoxLedger, LedgerSide, OdooLedger, answered, fortnox_state, renewals
from tests.flows.stage import CONNECTION, HURRIED, Stage, stage_with
from tests.flows.waiting import until
from tests.flows.zygote import zygote

AT_ONCE = 20
LEAST_RENEWALS = 4


def test_asked_twenty_times_at_once_with_two_workers(tmp_path: Path, postgres_url: str) -> None:
    _race(OdooLedger(), 5, tmp_path, postgres_url)


def test_asked_twenty_times_at_once_with_fortnox_and_tokens_that_hardly_last(tmp_path: Path, postgres_url: str) -> None:
    """The workers renew the company's tokens again and again, and each refresh token is good once."""
    state = fortnox_state(access_token_life_s=round(RENEWAL_MARGIN.total_seconds()) + 1)
    _race(FortnoxLedger(state, service_account=False), 2, tmp_path, postgres_url)
    assert renewals(state) >= LEAST_RENEWALS
    assert state.grants.refused_refreshes == 0
    assert answered(state, 401) == 0
    assert answered(state, 429) == 0


def _race(side: LedgerSide, count: int, tmp_path: Path, postgres_url: str) -> None:
    with ExitStack() as stack:
        on = stack.enter_context(stage_with(side, tmp_path / "data", database_url=postgres_url, **HURRIED))
        forking = stack.enter_context(zygote(tmp_path / "log"))
        webhook = stack.enter_context(_web(on))
        forking.fork(on.env)
        forking.fork(on.env)
        invoices = [on.invoice(wished_by="Eva Ekonom") for _ in range(count)]
        asks = [_ask(on, webhook, invoice, turn) for invoice in invoices for turn in range(AT_ONCE)]
        start = threading.Barrier(len(asks))
        with ThreadPoolExecutor(len(asks)) as people:
            for done in [people.submit(_at_once, start, ask) for ask in asks]:
                done.result()
        for invoice in invoices:
            until(lambda: on.ended(invoice), within_s=120, what="the end of the hand-over")  # noqa: B023
            until(lambda: _all_answered(on), within_s=120, what="an answer to every ask")
            assert on.cases(invoice) == 1
            (hand_over,) = hand_overs.find(on.deployment.databases.main, on.number(invoice))
            events = [entry.event for entry in timeline.of_hand_over(on.deployment.databases.main, hand_over.id)]
            assert events.count("asked") == 1
            assert events.count("registering") == 1
            assert events.count("pdf_uploaded") == 1
            assert on.side.changing_writes(invoice) == 1
        assert set(on.amili.traffic.snapshot()["registrations_received"].values()) == {1}


def _at_once(start: threading.Barrier, ask: object) -> None:
    start.wait(timeout=30)
    assert callable(ask)
    ask()


def _ask(on: Stage, webhook: str, invoice: str, turn: int) -> object:
    def by_event() -> None:
        if on.side.kind != "odoo":
            on.hint(invoice)
            return
        answer = requests.post(webhook, json={"_model": "account.move", "_id": int(invoice)}, timeout=10)
        assert answer.status_code == 200

    def by(origin: Origin) -> None:
        request = Request(connection=CONNECTION, invoice_id=invoice, origin=origin, asked_by=f"{origin}-{turn}")
        inbox.put_request(on.deployment.databases.inbox, request)

    return (by_event, lambda: by(Origin.PAGE), lambda: by(Origin.COMMAND))[turn % 3]


def _all_answered(on: Stage) -> bool:
    return inbox.oldest_waiting_s(on.deployment.databases.inbox) == 0.0


class _web:  # noqa: N801
    """The web process's application, served on a free port for the block; gives the webhook's address."""

    def __init__(self, on: Stage) -> None:
        self._on = on
        self._server: Any = make_server(create_app(on.deployment), host="127.0.0.1", port=0, threads=Threads())
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.effective_port}/webhooks/odoo/{CONNECTION}/{self._on.webhook_token}"

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._thread.join()
