"""The reference that an invoice asks to be paid with, as Odoo's Swedish localisation (l10n_se) makes it.

Its kind with a length digit takes the first digit of the length: right up to 9 digits and for 11, wrong for 10 and for
nearly all longer ones.
"""

from __future__ import annotations

from connector.sandbox.amili.state import luhn_digit
from connector.sandbox.odoo.records import Records

WITHOUT_LENGTH_DIGIT, WITH_LENGTH_DIGIT = "se_ocr2", "se_ocr3"


def payment_reference(records: Records, move: int) -> str:
    """The reference of a posted invoice, by the settings of its journal: of its own id, or of the customer's number."""
    invoice = records.get("account.move", move)
    journal = records.get("account.journal", invoice["journal_id"])
    base = str(move)
    if journal.get("invoice_reference_type") == "partner":
        number = str(records.get("res.partner", invoice["partner_id"]).get("ref") or "")
        base = number if number.isdecimal() else str(invoice["partner_id"])
    if journal.get("invoice_reference_model") == WITH_LENGTH_DIGIT:
        base += str(len(base) + 2)[:1]
    return f"{base}{luhn_digit(base)}"
