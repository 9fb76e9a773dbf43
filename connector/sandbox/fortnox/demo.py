"""A Fortnox for the demo, which lets booked invoices be, opened by a consent that is given without asking anybody."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.seed import demo_books
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.shared.demo import DemoLedger
from connector.sandbox.shared.serve import running


@contextmanager
def demo(redirect_uri: str) -> Iterator[DemoLedger]:
    """A Fortnox that sends people who approve back to `redirect_uri`, served within the block."""
    app = App("demo-client", secrets.token_hex(20), redirect_uri)
    state = FortnoxState(seed=demo_books, app=app)
    (books,) = state.companies.values()
    with running(create_fortnox(state)) as url:

        def pay(number: str) -> str:
            with state.lock:
                return settling.pay(books, number)

        yield DemoLedger(
            host="fortnox",
            organization_number=books.organisation_number.replace("-", ""),
            labels=dict(state.labels),
            pay=pay,
            place="Fortnox lets booked invoices be, so that the case id is shown on the pages alone",
            is_written=False,
            deployment_settings={
                "fortnox_client_id": app.client_id,
                "fortnox_client_secret": app.client_secret,
                "fortnox_authorisation_url": url,
                "fortnox_api_url": url,
                "fortnox_events_url": f"{url.replace('http', 'ws', 1)}/topics-v1",
            },
        )
