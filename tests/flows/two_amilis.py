"""A stage with both of Amili's environments, and what its company's people do to go from one to the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask
from pydantic import SecretStr
from werkzeug.serving import make_server

from connector.amili.keys import make_key_pair
from connector.domain.hand_over import HandOverState
from connector.flows.companies import going_live
from connector.flows.deployment import Deployment
from connector.flows.events import following, requests
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.shared.serve import running
from connector.store import connections, hand_overs
from connector.store.hand_over_record import HandOver
from connector.store.series import Standing
from tests.certificates import self_signed
from tests.flows.hand_over_steps import driven
from tests.flows.ledgers import ORGANISATION, LedgerSide
from tests.flows.stage import CONNECTION, Stage, stage_with

LIVE = "live"
"""The name of the key pair for production."""
LIVE_CODE = "canary-live-code-0d1e"


@dataclass
class TwoAmilis:
    """A stage whose company is in the sandbox, `on.amili`, and Amili's production environment beside it."""

    on: Stage
    production: AmiliState

    @property
    def deployment(self) -> Deployment:
        """The deployment, which knows both."""
        return self.on.deployment

    def go(self) -> Standing:
        """An installer takes the company live."""
        connection = self.deployment.connection(CONNECTION)
        prospect = going_live.look(self.deployment, connection, amili_access=LIVE)
        assert prospect.creditor is not None
        return going_live.go(self.deployment, prospect, prospect.creditor, by="Ina")

    def go_back(self) -> Standing:
        """An installer takes the company back."""
        return going_live.go_back(self.deployment, self.deployment.connection(CONNECTION), by="Ina")

    def polled(self) -> None:
        """One look at the ledger, as a worker takes it, and the hand-overs that come of it, driven to their end."""
        self.on.side.let_windows_pass(self.deployment)
        following.poll(self.deployment, CONNECTION)
        self.dispatched()

    def dispatched(self) -> None:
        """What lies in the inbox is taken up, and driven to its end."""
        requests.dispatch(self.deployment, lambda _job: None)
        for one in hand_overs.listing(self.deployment.databases.main, connection_id=CONNECTION):
            if one.state in (HandOverState.REQUESTED, HandOverState.UNKNOWN, HandOverState.REGISTERING):
                driven(self.on, one.id)
        self.finished()

    def finished(self) -> None:
        """Whatever is left of PDFs and write-backs is done."""
        for one in hand_overs.unfinished(self.deployment.databases.main):
            self.on.side.let_windows_pass(self.deployment)
            upload(self.deployment, one.id)
            write_back(self.deployment, one.id)

    def of(self, invoice: str) -> list[HandOver]:
        """Every hand-over of an invoice, also those that were left behind; the latest asked for first."""
        every = hand_overs.listing(self.deployment.databases.main, connection_id=CONNECTION)
        return [one for one in every if one.invoice_id == invoice]

    def cases(self, invoice: str) -> tuple[int, int]:
        """How many cases the invoice has in the sandbox, and in production."""
        number = self.on.number(invoice)
        return len(self.on.amili.cases_of(number)), len(self.production.cases_of(number))


@contextmanager
def two_amilis(side: LedgerSide, folder: Path, *, database_url: str = "", **overrides: str) -> Iterator[TwoAmilis]:
    """A stage with both of Amili's environments. The key pair for production has its code."""
    with stage_with(side, folder, database_url=database_url, **overrides) as on:
        production = guide_state(organization_no=ORGANISATION)
        pair = make_key_pair()
        production.register_key(LIVE_CODE, pair.public_key)
        with running(create_amili(production)) as url:
            settings = on.deployment.settings.model_copy(update={"amili_production_url": url})
            on.deployment = replace(on.deployment, settings=settings, _clients={})
            connections.put_access(
                on.deployment.databases.main,
                on.deployment.vault,
                access_id=LIVE,
                private_key=pair.private_key,
                public_key=pair.public_key,
                api_code=SecretStr(LIVE_CODE),
            )
            yield TwoAmilis(on, production)


@contextmanager
def by_https(app: Flask, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """`app` served with a certificate; its address, and the environment by which a process trusts it."""
    certificate, key = self_signed(folder, "127.0.0.1")
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=(str(certificate), str(key)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", {"REQUESTS_CA_BUNDLE": str(certificate)}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
