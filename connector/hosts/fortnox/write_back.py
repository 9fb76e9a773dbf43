"""Showing the case on an invoice in Fortnox, where that can be refused (fortnox.md section 8).

Our store is the truth. `ExternalInvoiceReference2` is tried first, then a label; each is read back, since a yes proves
nothing, and neither takes the place of anything that somebody else has put there.
"""

from __future__ import annotations

from collections.abc import Callable

from connector.domain.errors import KeyRefused, NotFound, Refused
from connector.hosts.base import WriteBackResult
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, text

REFERENCE_FIELD = "ExternalInvoiceReference2"
LABEL_FIELD = "Labels"
PREFIX = "AMILI:"
"""What the reference begins with, before the case id."""

OCCUPIED = "fältet innehåller redan något annat"
UNCHANGED = "Fortnox svarade ja men ändrade inget"


def case_of(invoice: Record) -> str:
    """The case id that stands on an invoice, or in a row of the list; "" if none does."""
    written = text(invoice, REFERENCE_FIELD)
    return written.removeprefix(PREFIX) if written.startswith(PREFIX) else ""


def label_ids(invoice: Record) -> tuple[int, ...]:
    """The ids of the labels that an invoice has."""
    labels = invoice.get(LABEL_FIELD)
    ids = [text(label, "Id") for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
    return tuple(int(label_id) for label_id in ids if label_id.isdecimal())


def write_back(client: FortnoxClient, invoice_number: str, case_id: str, *, label: str) -> WriteBackResult:
    """Put the case id, or else `label`, on the invoice; writes only what is not there.

    Raises `NotFound` for an unknown invoice, and the errors of `FortnoxClient` that are no clear no.
    """
    invoice = client.read(Call.READ_INVOICE, invoice_number)
    wanted = f"{PREFIX}{case_id}"
    standing = text(invoice, REFERENCE_FIELD)
    if standing == wanted:
        return WriteBackResult(places=(REFERENCE_FIELD,))
    if standing and not standing.startswith(PREFIX):
        first_no = OCCUPIED
    else:
        first_no = _refusal(lambda: client.set_reference(invoice_number, wanted))
        if not first_no:
            invoice = client.read(Call.READ_INVOICE, invoice_number)
            if text(invoice, REFERENCE_FIELD) == wanted:
                return WriteBackResult(places=(REFERENCE_FIELD,))
            first_no = UNCHANGED
    second_no = _label(client, invoice, invoice_number, label)
    if not second_no:
        return WriteBackResult(places=(LABEL_FIELD,))
    return WriteBackResult(refused=_told(first_no, second_no, case_id=case_id, label=label))


def _label(client: FortnoxClient, invoice: Record, invoice_number: str, label: str) -> str:
    """Why the label could not be put on the invoice; "" if it is there."""
    label_id = 0

    def put() -> None:
        nonlocal label_id
        label_id = client.labels().get(label) or client.create_label(label)
        there = label_ids(invoice)
        if label_id not in there:
            client.set_labels(invoice_number, (*there, label_id))

    if words := _refusal(put):
        return words
    return "" if label_id in label_ids(client.read(Call.READ_INVOICE, invoice_number)) else UNCHANGED


def _refusal(write: Callable[[], None]) -> str:
    """Fortnox's words if it says a clear no to `write`, "" if it does not."""
    try:
        write()
    except (KeyRefused, NotFound):
        raise
    except Refused as error:
        return error.message
    return ""


def _told(reference_no: str, label_no: str, *, case_id: str, label: str) -> str:
    """Why nothing stands on the invoice, and what its people can do; in their language, as Fortnox's own words are."""
    return (
        f"Fortnox tog varken emot ärendenumret i {REFERENCE_FIELD} ({_quoted(reference_no)}) eller etiketten "
        f"”{label}” ({_quoted(label_no)}). Ärendet gäller ändå. Sätt etiketten på fakturan själv, eller anteckna "
        f"{case_id} på kunden, om det ska synas i Fortnox."
    )


def _quoted(words: str) -> str:
    return words.rstrip(".")
