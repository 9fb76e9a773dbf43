"""Both imitations with many invoices that are at Amili already: a process of its own, and what was made there.

As a program it reads one line of JSON, prints one with its addresses and what it made, and serves until its standard
input ends. All but the first invoice have a case; everything was made a day ago.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.amili.keys import make_key_pair
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import guide_state
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running as served
from tests.bench.processes import environment, first_line, running
from tests.bench.sandboxes import API_CODE, CUSTOMER, DATABASE, LEDGER_KEY, ORGANISATION, Bill, Sandboxes
from tests.flows.many_cases import add_case


@dataclass(frozen=True)
class Crowd:
    """`fresh` has no case yet; `sent` are invoice id, invoice number and case id of all the others."""

    boxes: Sandboxes
    fresh: Bill
    sent: tuple[tuple[str, str, str], ...]


@contextmanager
def crowd(folder: Path, count: int) -> Iterator[Crowd]:
    """So many invoices, served by a process of its own."""
    pair = make_key_pair()
    arguments = ("-m", "tests.bench.crowd")
    with running(arguments, env=environment(), folder=folder, log=folder / "crowd.log") as process:
        assert process.stdin
        process.stdin.write(json.dumps({"public_key": pair.public_key, "count": count}) + "\n")
        process.stdin.flush()
        made = json.loads(first_line(process))
        (invoice_id, number), *sent = made["bills"]
        boxes = Sandboxes(made["amili_url"], made["ledger_url"], pair)
        yield Crowd(boxes, Bill(invoice_id, number), tuple((one[0], one[1], one[2]) for one in sent))


def main() -> None:
    """Make the crowd, and serve it."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    amili = guide_state(organization_no=ORGANISATION)
    amili.register_key(API_CODE, order["public_key"])
    ledger = OdooState(database=DATABASE, api_key=LEDGER_KEY)
    amili.now = ledger.now = lambda: datetime.now(UTC) - timedelta(days=1)
    bills = _bills(ledger, order["count"])
    made = [list(bills[0]), *([*bill, add_case(amili, bill[1]).id] for bill in bills[1:])]
    amili.now = ledger.now = lambda: datetime.now(UTC)
    with served(create_amili(amili)) as amili_url, served(imitation("odoo").app(ledger)) as ledger_url:
        print(json.dumps({"amili_url": amili_url, "ledger_url": ledger_url, "bills": made}), flush=True)
        sys.stdin.read()


def _bills(ledger: OdooState, count: int) -> list[tuple[str, str]]:
    books = ledger.books
    details: dict[str, Any] = dict(CUSTOMER)
    customer = books.add_customer(details.pop("name"), **details)
    line = InvoiceLine("Konsulttimmar, projektering", Decimal(1000))
    invoices = [books.add_invoice(customer, [line], due_days_ago=45) for _ in range(count)]
    return [(str(invoice), books.number(invoice)) for invoice in invoices]


if __name__ == "__main__":
    main()
