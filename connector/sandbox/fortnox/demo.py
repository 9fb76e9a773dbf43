"""A Fortnox to try: for the demo, and in a process of its own.

That of the demo lets booked invoices be, and gives its consent without asking anybody.
"""

from __future__ import annotations

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import Flask

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.seed import demo_books
from connector.sandbox.fortnox.state import DEMO_APP, FortnoxState
from connector.sandbox.fortnox.switches import Consent, FortnoxSwitches
from connector.sandbox.shared.demo import DemoLedger
from connector.sandbox.shared.imitation import Imitation, Made
from connector.sandbox.shared.serve import running


class _Fortnox(Imitation):
    help = "the ledger Fortnox: consent, REST, PDF, events; one company"

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--client-id", default=DEMO_APP.client_id)
        parser.add_argument("--client-secret", default=DEMO_APP.client_secret)
        parser.add_argument("--redirect-uri", default=DEMO_APP.redirect_uri, help="where consent leads back to")
        parser.add_argument("--ask", action="store_true", help="show a consent page, instead of consenting at once")
        parser.add_argument("--empty", action="store_true", help="without a company; add: POST /_sandbox/companies")

    def made(self, options: Namespace) -> Made:
        state = FortnoxState(
            switches=FortnoxSwitches(consent=Consent.ASKED if options.ask else Consent.APPROVED),
            seed=None if options.empty else demo_books,
            app=App(options.client_id, options.client_secret, options.redirect_uri),
        )
        return Made(create_fortnox(state))

    def app(self, state: FortnoxState) -> Flask:
        return create_fortnox(state)

    def demo(self, redirect_uri: str) -> AbstractContextManager[DemoLedger]:
        return _demo(redirect_uri)


@contextmanager
def _demo(redirect_uri: str) -> Iterator[DemoLedger]:
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


IMITATION = _Fortnox()
