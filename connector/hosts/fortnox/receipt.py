"""A receipt at an invoice in Fortnox: one page that says that the invoice is at Amili (API.md, "Files").

It hangs on the invoice for the company's own people and never goes out with it. Fortnox tells of an attachment only the
id of its file. So the id is kept before the file is attached, and looked for among the attachments before anything is
repeated. An upload whose answer is lost may leave a file in the inbox that hangs on nothing.
"""

from __future__ import annotations

from datetime import date

from connector.hosts.base import ReceiptFile, WriteBack
from connector.hosts.fortnox.client import FortnoxClient
from connector.one_page_pdf import one_page_pdf

PLACE = "attachment"

FOLDER = "Inbox_kf"
"""Fortnox's own folder for customer invoices."""


def attach(client: FortnoxClient, invoice_number: str, note: WriteBack, *, at: date, file: ReceiptFile) -> bool:
    """Hang the receipt on the invoice unless it hangs there; False if it is not there afterwards.

    `at` is the day on which the invoice came to Amili. Raises the errors of `FortnoxClient`, and what `file.keep` does.
    """
    file_id = file.id
    if file_id and file_id in client.attached(invoice_number):
        return True
    if not file_id:
        content = receipt(invoice_number, note.case_id, at=at, ocr=note.ocr)
        file_id = client.upload(FOLDER, f"Amili {note.case_id}.pdf", content)
        file.keep(file_id)
    client.attach(invoice_number, file_id)
    return file_id in client.attached(invoice_number)


def receipt(invoice_number: str, case_id: str, *, at: date, ocr: str = "") -> bytes:
    """The receipt as a PDF, in the language of Fortnox's people; it names no person."""
    return one_page_pdf(
        "Fakturan är hos Amili",
        (
            f"Faktura: {invoice_number}",
            f"Ärende hos Amili: {case_id}",
            *((f"Amilis OCR-nummer: {ocr}",) if ocr else ()),
            f"Datum: {at.isoformat()}",
            "",
            "Fakturan har lämnats till Amili för inkasso. Betalningar och krediteringar bokförs som vanligt.",
            "Kvittot är skrivet av Amili-kopplingen för företagets egna medarbetare och skickas inte till kunden.",
        ),
    )
