"""How long a person waits who sends two hundred invoices at once in a real Odoo 19; measured where there is one."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

from connector.domain.dates import today
from connector.hosts.odoo.inventory import SEND_ACTION, WITHDRAW_ACTION
from connector.hosts.odoo.removal import remove
from tests.live.odoo_books import Books, odoo_env
from tests.live.provisioned_odoo import SENDERS, installed, receiving, set_up

INVOICES = 200
_ROUNDS = 3


def measured() -> float | None:
    """Seconds from the click to its answer, the median of some; `None` without a real Odoo."""
    if not (env := odoo_env()):
        return None
    books = Books(env)
    remove(books.settings_client)
    try:
        with receiving() as (url, _):
            set_up(books, f"{url}/webhooks/odoo/bench/token")
            actions = {key: number for key, (_, number) in installed(books).items()}
            session, moves = books.accountant(SENDERS), _invoices(books)
            waits_s = []
            for _ in range(_ROUNDS):
                began_s = time.monotonic()
                books.click(session, actions[SEND_ACTION], *moves)
                waits_s.append(time.monotonic() - began_s)
                books.click(session, actions[WITHDRAW_ACTION], *moves)
    finally:
        remove(books.settings_client)
    return statistics.median(waits_s)


def _invoices(books: Books) -> list[int]:
    line = {"product_id": books.product("Konsulttimme"), "quantity": 1, "price_unit": 1000.0}
    invoice = {
        "move_type": "out_invoice",
        "partner_id": books.customer(),
        "invoice_date": (today() - timedelta(days=75)).isoformat(),
        "invoice_date_due": (today() - timedelta(days=45)).isoformat(),
        "invoice_payment_term_id": False,
        "invoice_line_ids": [(0, 0, line)],
    }
    moves: list[int] = books.client.call("account.move", "create", vals_list=[invoice] * INVOICES)
    books.client.call("account.move", "action_post", ids=moves)
    return moves
