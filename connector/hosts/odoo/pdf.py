"""The invoice as the customer got it, without mailing anybody. Source: API.md, "PDF".

Three ways, tried in this order:

* The stored PDF is the same document the customer got.
* If there is none, the action that the connector has installed in Odoo renders it (`templates/odoo/
  render_pdf.py.txt`). It leaves no trace.
* Where that action is not installed or fails, Odoo's own send wizard makes and keeps the PDF, told to send to
  no one; its side effect is that Odoo then calls the invoice sent. Not in every version (`versions.py`).

The customer portal is not used, since it prints PROFORMA on an invoice whose PDF was never made.
"""

from __future__ import annotations

import base64
import binascii
import logging
from typing import Any

from connector.domain.errors import KeyRefused, NotFound, OutcomeUnknown, Refused
from connector.domain.invoice import Pdf
from connector.domain.text import text
from connector.hosts.base import PdfUnavailable
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import Record, company_context, in_company, record_id
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM
from connector.remote.calls import Kind

ACTION = "ir.actions.server"
PDF_START = b"%PDF-"

log = logging.getLogger(__name__)


def fetch_pdf(client: OdooClient, invoice_id: str, settings: OdooSettings) -> Pdf:
    """The PDF of one invoice, made by Odoo first if it does not have one yet.

    Raises `PdfUnavailable` with Odoo's words if it cannot make one, `NotFound` for an unknown invoice, and the
    errors of `OdooClient.call`; after an `OutcomeUnknown` a second call finds what the first one made.
    """
    move_id = record_id(invoice_id)
    move = _read(client, move_id, settings)
    if move["invoice_pdf_report_file"]:
        return _pdf(move, _decoded(move["invoice_pdf_report_file"]))
    if move["state"] != "posted":
        # The installed action would print a draft, which no customer ever got.
        raise _unavailable("an invoice that is not posted has no PDF.", "not_posted")
    if rendered := _rendered(client, move_id, settings):
        return _pdf(move, rendered)
    _make(client, move_id, settings)
    move = _read(client, move_id, settings)
    return _pdf(move, _decoded(move["invoice_pdf_report_file"]))


def _unavailable(message: str, why: str, *, advice: str = "") -> PdfUnavailable:
    return PdfUnavailable(message, says=text(f"odoo.pdf.{why}"), system=SYSTEM, advice=advice)


def _pdf(move: Record, content: bytes) -> Pdf:
    if not content:
        raise _unavailable("it made no PDF of the invoice.", "none_made")
    if not content.startswith(PDF_START):
        raise _unavailable("what it keeps as the invoice's PDF is not one.", "not_a_pdf")
    number = str(move["name"] or "")
    report = move["invoice_pdf_report_id"]
    return Pdf(
        content=content,
        file_name=str(report[1]) if report else f"{number.replace('/', '_')}.pdf",
        invoice_number=number,
    )


def _read(client: OdooClient, move_id: int, settings: OdooSettings) -> Record:
    found: list[Record] = client.call(
        "account.move",
        "search_read",
        domain=[*in_company(settings), ("id", "=", move_id)],
        fields=["name", "state", "invoice_pdf_report_id", "invoice_pdf_report_file"],
        kind=Kind.PDF,
        context=company_context(settings),
    )
    if not found:
        raise NotFound("there is no such invoice.", system=SYSTEM, operation="account.move/search_read")
    return found[0]


def _rendered(client: OdooClient, move_id: int, settings: OdooSettings) -> bytes:
    """The PDF by the installed action, or nothing if there is no such action or it fails: there is another way.

    The action changes nothing, so that an unknown outcome of it leaves nothing in doubt.
    """
    if settings.pdf_action_id is None:
        return b""
    selected = {"active_model": "account.move", "active_id": move_id, "active_ids": [move_id]}
    try:
        answer = client.call(
            ACTION,
            "run",
            ids=[settings.pdf_action_id],
            kind=Kind.PDF,
            context={**company_context(settings), **selected},
        )
    except KeyRefused:
        raise
    except (Refused, OutcomeUnknown) as error:
        log.warning("%s: action %s made no PDF: %s", client.url, settings.pdf_action_id, error.message)
        return b""
    data = answer.get("pdf") if isinstance(answer, dict) else None
    content = _bytes(data) or b""
    if not content.startswith(PDF_START):
        log.warning("%s: action %s gave something that is no PDF", client.url, settings.pdf_action_id)
        return b""
    return content


def _make(client: OdooClient, move_id: int, settings: OdooSettings) -> None:
    """Let Odoo make and keep the PDF."""
    wizard = client.dialect.pdf_wizard
    if wizard is None:
        raise _unavailable("it has not made the invoice's PDF.", "not_printed", advice="Print the invoice in Odoo.")
    context = company_context(settings)
    values = {"move_id": move_id, **wizard.to_nobody}
    try:
        ids = client.call(wizard.model, "create", vals_list=[values], context=context)
        client.call(wizard.model, "action_send_and_print", ids=ids, context=context)
    except Refused as error:
        raise PdfUnavailable(error.message, says=error.says, system=SYSTEM, advice=error.advice) from None


def _decoded(data: Any) -> bytes:
    content = _bytes(data or "")
    if content is None:
        raise _unavailable("what it keeps as the invoice's PDF cannot be read.", "unreadable")
    return content


def _bytes(data: Any) -> bytes | None:
    """Return what base64 `data` holds; `None` if it is none."""
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None
