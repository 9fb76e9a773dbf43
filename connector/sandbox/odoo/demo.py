"""An Odoo to try: for the demo, and in a process of its own. It is opened by an API key."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import Flask

from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.sandbox.shared.demo import DemoLedger
from connector.sandbox.shared.imitation import Imitation, Made
from connector.sandbox.shared.serve import running

_DATABASE = "demo"


class _Odoo(Imitation):
    help = "the ledger, with one company and its invoices"

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--api-key", default="", help="printed as the second line if left out")
        parser.add_argument("--database", default="sandbox")
        versions = [version.value for version in OdooVersion]
        parser.add_argument("--version", choices=versions, default=OdooVersion.V19.value)
        parser.add_argument("--empty", action="store_true", help="without the demo's customers and invoices")

    def made(self, options: Namespace) -> Made:
        state = OdooState(
            seed=None if options.empty else demo_ledger,
            api_key=options.api_key,
            database=options.database,
            switches=LedgerSwitches(version=OdooVersion(options.version)),
        )
        return Made(create_odoo(state), () if options.api_key else (state.api_key,))

    def app(self, state: OdooState) -> Flask:
        return create_odoo(state)

    def demo(self, redirect_uri: str) -> AbstractContextManager[DemoLedger]:
        del redirect_uri
        return _demo()


@contextmanager
def _demo() -> Iterator[DemoLedger]:
    """An Odoo, served within the block."""
    key = secrets.token_hex(20)
    state = OdooState(seed=demo_ledger, database=_DATABASE, api_key=key)
    with running(create_odoo(state)) as url:
        yield DemoLedger(
            host="odoo",
            organization_number=state.organization_number,
            labels={label: str(invoice) for label, invoice in state.labels.items()},
            pay=lambda invoice_id: state.books.pay(int(invoice_id)),
            place="the case id written back on the invoice",
            is_written=True,
            host_settings={
                "url": url,
                "database": _DATABASE,
                "fee_products": ["FAKTAVG"],
                "answer_action_id": ACTION_IDS[ANSWER],
            },
            api_key=key,
        )


IMITATION = _Odoo()
