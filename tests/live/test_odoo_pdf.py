"""The invoice's PDF from a real Odoo 19, whose customer wants invoices by e-mail: nobody is ever mailed.

Creates customers and invoices, and one server action, which it removes again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from connector.hosts import opening
from connector.hosts.base import Host, PdfUnavailable
from connector.remote.policy import HttpPolicy
from connector.resources import read_template
from tests.live.odoo_books import Books, odoo_env
from tests.live.odoo_versions import names

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]

PREFERENCES = ("invoice_sending_method", "invoice_edi_format", "write_date")
MARKS_OF_SENDING = ("is_move_sent", "invoice_pdf_report_id", "message_main_attachment_id", "write_date")


@pytest.fixture(scope="module")
def books() -> Books:
    return Books(odoo_env())


@pytest.fixture
def action(books: Books) -> Iterator[int]:
    """The action that the full set-up installs, for the Invoicing group."""
    values = {
        "name": "Render the PDF of an invoice",
        "model_id": books.reference("account.model_account_move"),
        "state": "code",
        "code": read_template("odoo/render_pdf.py.txt"),
        names().groups: [(6, 0, [books.reference("account.group_account_invoice")])],
    }
    (action_id,) = books.settings_client.call("ir.actions.server", "create", vals_list=[values])
    yield action_id
    if books.settings_client.call("ir.actions.server", "search_count", domain=[("id", "=", action_id)]):
        books.settings_client.call("ir.actions.server", "unlink", ids=[action_id])


def host(books: Books, **chosen: Any) -> Host:
    settings = {**books.place, **chosen}
    key = SecretStr(books.env["ODOO_BOT_API_KEY"])
    return opening.open_host(
        "odoo", settings=settings, api_key=key, http=HttpPolicy(allow_private=True, read_timeout_s=90)
    )


def preferences(books: Books, move_id: int) -> dict[str, Any]:
    partner = books.move(move_id, "partner_id")["partner_id"][0]
    (card,) = books.settings_client.call("res.partner", "read", ids=[partner], fields=list(PREFERENCES))
    return dict(card)


def sent(books: Books) -> dict[str, int]:
    """Everything in Odoo that could become a message to somebody outside."""
    count = books.settings_client.call
    return {
        "e-mails": count("mail.mail", "search_count", domain=[]),
        "notifications": count("mail.notification", "search_count", domain=[("notification_type", "=", "email")]),
        "messages": count("mail.message", "search_count", domain=[("message_type", "in", ["email", "email_outgoing"])]),
    }


def attachments(books: Books, move_id: int) -> int:
    domain = [("res_model", "=", "account.move"), ("res_id", "=", move_id), ("id", "!=", 0)]
    return int(books.settings_client.call("ir.attachment", "search_count", domain=domain))


def test_the_installed_action_leaves_no_trace(books: Books, action: int) -> None:
    move_id = books.invoice(books.customer(invoice_sending_method="email"))
    before = sent(books), preferences(books, move_id), books.move(move_id, *MARKS_OF_SENDING)

    pdf = host(books, pdf_action_id=action).pdf(str(move_id))

    assert pdf.content.startswith(b"%PDF-")
    assert pdf.invoice_number == books.move(move_id, "name")["name"]
    assert (sent(books), preferences(books, move_id), books.move(move_id, *MARKS_OF_SENDING)) == before
    assert before[2]["is_move_sent"] is False
    assert attachments(books, move_id) == 0


def test_when_the_action_was_removed_odoo_makes_the_pdf_and_mails_nobody(books: Books, action: int) -> None:
    move_id = books.invoice(books.customer(invoice_sending_method="email"))
    before = sent(books), preferences(books, move_id)
    books.settings_client.call("ir.actions.server", "unlink", ids=[action])

    pdf = host(books, pdf_action_id=action).pdf(str(move_id))

    assert pdf.content.startswith(b"%PDF-")
    assert (sent(books), preferences(books, move_id)) == before
    assert books.move(move_id, "is_move_sent")["is_move_sent"] is True


def test_a_stored_pdf_is_taken_as_it_is(books: Books, action: int) -> None:
    move_id = books.invoice()
    stored = host(books).pdf(str(move_id))
    before = books.move(move_id, *MARKS_OF_SENDING)

    assert host(books, pdf_action_id=action).pdf(str(move_id)).content == stored.content
    assert books.move(move_id, *MARKS_OF_SENDING) == before


@pytest.mark.parametrize("by_action", [True, False])
def test_after_a_correction_the_pdf_is_made_again(books: Books, action: int, by_action: bool) -> None:
    move_id = books.invoice(books.customer(invoice_sending_method="email"))
    ledger = host(books, **({"pdf_action_id": action} if by_action else {}))
    first = host(books).pdf(str(move_id))
    mailed = sent(books)

    books.client.call("account.move", "button_draft", ids=[move_id])
    with pytest.raises(PdfUnavailable):
        ledger.pdf(str(move_id))
    books.post(move_id)
    again = ledger.pdf(str(move_id))

    assert again.content.startswith(b"%PDF-")
    assert again.content != first.content
    assert again.invoice_number == first.invoice_number
    assert sent(books) == mailed
