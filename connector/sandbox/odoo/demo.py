"""An Odoo for the demo, opened by an API key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.demo import DemoLedger
from connector.sandbox.shared.serve import running

_DATABASE = "demo"


@contextmanager
def demo(_redirect_uri: str) -> Iterator[DemoLedger]:
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
