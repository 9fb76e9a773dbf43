"""The main job on a real Odoo 19, as its users do it: set up by the command line, clicked in Odoo.

Creates in Odoo: the connector's whole set-up, a user, customers, invoices and a payment. Takes the set-up away again;
posted invoices stay, as Odoo keeps them.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from connector.hosts.odoo.fields import SEND, odoo_datetime
from connector.hosts.odoo.inventory import MODULE, SEND_ACTION, SEND_GROUP
from connector.hosts.odoo.removal import remove
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.shared.serve import running
from tests.flows.waiting import until
from tests.live.machine import Machine, answers, set_up
from tests.live.odoo_books import Books, odoo_env

pytestmark = pytest.mark.odoo


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    yield books
    remove(books.settings_client)


@pytest.fixture
def amili() -> Iterator[tuple[AmiliState, str]]:
    state = guide_state(organization_no="5566778899")
    with running(create_amili(state)) as url:
        yield state, url


def _action(books: Books) -> int:
    (row,) = books.settings_client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", MODULE), ("name", "=", SEND_ACTION)],
        fields=["res_id"],
    )
    return int(row["res_id"])


def _left_in_odoo(books: Books) -> int:
    fields = books.settings_client.call("ir.model.fields", "search_count", domain=[("name", "=like", "x_amili_%")])
    models = books.settings_client.call("ir.model", "search_count", domain=[("model", "=like", "x_amili_%")])
    rows = books.settings_client.call("ir.model.data", "search_count", domain=[("module", "=", MODULE)])
    return int(fields) + int(models) + int(rows)


def test_clicked_in_odoo_and_a_case_at_amili(tmp_path: Path, books: Books, amili: tuple[AmiliState, str]) -> None:
    state, url = amili
    machine = Machine(tmp_path / "machine")
    port = set_up(machine, books, state, url)
    clean = books.invoice(books.customer(), price=1000)
    (card,) = books.client.call("res.partner", "read", ids=[books.customer_of(clean)], fields=["company_registry"])
    id_number = str(card["company_registry"]).replace("-", "")
    paid = books.invoice()
    books.pay(paid)
    mails = books.mails()
    server = machine.start("serve")
    try:
        until(lambda: answers(port), within_s=120, what="the web server")
        accountant = books.accountant(f"{MODULE}.{SEND_GROUP}")
        answer = books.click(accountant, _action(books), clean)
        assert answer["tag"] == "display_notification"
        # The action itself would refuse it; one that was kept otherwise is checked all the same.
        wish = {"x_amili_requested_at": odoo_datetime(datetime.now(UTC)), "x_amili_requested_by": "Ekonom Ek"}
        books.keep_request(paid, SEND, "Ekonom Ek")
        books.client.call("account.move", "write", ids=[paid], vals=wish)

        def shown(move: int, field: str) -> str:
            return str(books.move(move, field)[field] or "")

        until(lambda: shown(clean, "x_amili_case_id") != "", within_s=120, what="the case id in Odoo's field")
        until(lambda: shown(paid, "x_amili_status") != "", within_s=120, what="the paid invoice's answer in Odoo")
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(timeout=60)
    assert status == 0, machine.log()

    (case,) = state.cases.values()
    number = books.move(clean, "name")["name"]
    assert shown(clean, "x_amili_case_id") == case.id
    assert shown(clean, "x_amili_status") == "Hos Amili"
    assert shown(paid, "x_amili_case_id") == ""
    assert "A2" in machine.run("show", books.move(paid, "name")["name"])
    registration = state.registrations[case.registration_id]
    (debt,) = registration["debts"]
    assert debt["invoice_number"] == number
    assert Decimal(str(debt["capital_to_claim"])) == Decimal("1300.00")
    assert debt["fees_included_in_capital_to_claim"] == {"invoice_fee": 50.0}
    assert debt["invoice_due_days_after_invoice_date"] == 30
    assert registration["customer"]["id_number"] == id_number
    (upload,) = case.uploads
    # Odoo's renderer draws letters as outlines, so the text cannot be read back. That Odoo neither keeps a PDF nor
    # calls the invoice sent shows that the installed action rendered it.
    assert len(pypdf.PdfReader(io.BytesIO(upload.content)).pages) == 1
    left = books.move(clean, "invoice_pdf_report_id", "is_move_sent")
    assert (left["invoice_pdf_report_id"], left["is_move_sent"]) == (False, False)
    assert books.mails() == mails
    for secret in (books.env["ODOO_BOT_API_KEY"], books.env["ODOO_API_KEY"], "code-from-amili", number):
        assert secret not in machine.log()

    machine.run("odoo", "remove", "--yes", ODOO_SETTINGS_KEY=books.env["ODOO_API_KEY"])
    assert _left_in_odoo(books) == 0
