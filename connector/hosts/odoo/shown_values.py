"""What our fields on an invoice in Odoo are to hold."""

from __future__ import annotations

from collections.abc import Collection

from connector.hosts.base import WriteBack
from connector.hosts.odoo import fields

_LONGEST_STATUS_CHARACTERS = 250


def shown_values(note: WriteBack, added: Collection[str]) -> dict[str, str]:
    """The values of our fields for `note`. Where the field for findings is not `added`, the status holds them."""
    findings = "\n".join(note.findings)
    status = note.status
    if findings and fields.FINDINGS not in added:
        status = f"{status}: {' '.join(note.findings)}"[:_LONGEST_STATUS_CHARACTERS]
    return {
        fields.CASE_ID: note.case_id,
        fields.STATUS: status,
        fields.DATE: fields.odoo_datetime(note.at),
        fields.CASE_URL: note.link,
        fields.FINDINGS: findings,
        fields.ENDED: note.ended,
        fields.OCR: note.ocr,
    }
