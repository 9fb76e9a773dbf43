"""Showing the case on an invoice in Fortnox, where that can be refused (API.md, "Writing back").

Our store is the truth. `ExternalInvoiceReference2` is tried first, then a label, then a receipt where the company has
switched that on; each is read back, since a yes proves nothing, and none takes the place of anything that someone else
has put there. On a locked invoice it takes 5 calls to be refused the first two, and 1 to 4 for the receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.domain.dates import STOCKHOLM
from connector.domain.errors import KeyRefused, NotAuthorised, NotFound, Refused, RemoteError
from connector.domain.text import Fact, Text, in_series
from connector.hosts.base import ReceiptFile, WriteBack, WriteBackResult
from connector.hosts.fortnox import labels, receipt
from connector.hosts.fortnox.answers import CONNECT_WITH_RIGHTS, NEEDS_LICENCE, NEEDS_RIGHT, Misunderstood
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import SYSTEM, Record, day, flag, text
from connector.hosts.fortnox.labels import LABEL_FIELD
from connector.hosts.fortnox.settings import FortnoxSettings

REFERENCE_FIELD = "ExternalInvoiceReference2"
PREFIX = "AMILI:"
"""What the reference begins with, before the case id."""
OCR_MARK = " OCR "
"""What stands between the case id and the number by which its payments are marked, if that is known."""

OCCUPIED = Text("fortnox.write_back.occupied")
UNCHANGED = Text("fortnox.write_back.unchanged")

_TO_DO: Mapping[str, Text] = {
    CONNECT_WITH_RIGHTS: Text("fortnox.to_do.rights"),
    NEEDS_LICENCE: Text("fortnox.to_do.licence"),
    NEEDS_RIGHT: Text("fortnox.to_do.right"),
}
"""What Fortnox's people can do about a missing right, by the advice of the error."""

_FOR_RECEIPTS = Text("fortnox.to_do.receipts")


@dataclass(frozen=True)
class _No:
    """Why a place was refused. `to_do` is what people can do about it; `locked` says that it may be for the lock."""

    place: str
    words: Fact
    to_do: Text | None = None
    locked: bool = False


def case_of(invoice: Record) -> str:
    """The case id that stands on an invoice, or in a row of the list; "" if none does."""
    written = text(invoice, REFERENCE_FIELD)
    return written.removeprefix(PREFIX).partition(OCR_MARK)[0] if written.startswith(PREFIX) else ""


def reference_of(note: WriteBack) -> str:
    """Return what the reference should say of a case: 55 of the 80 characters that it may have (API.md, "Writing
    back").
    """
    return f"{PREFIX}{note.case_id}{OCR_MARK if note.ocr else ''}{note.ocr}"


def is_locked(invoice: Record) -> bool:
    """Return whether no one can edit an invoice in Fortnox's own pages any more, as far as is known
    (API.md, "Locked invoices")."""
    if flag(invoice, "Cancelled"):
        return True
    if text(invoice, "AccountingMethod").upper() == "CASH":
        return bool(flag(invoice, "Sent") or day(invoice, "FinalPayDate"))
    return bool(flag(invoice, "Booked"))


def write_back(
    client: FortnoxClient, invoice_number: str, note: WriteBack, settings: FortnoxSettings, file: ReceiptFile | None
) -> WriteBackResult:
    """Put the case on the invoice, in the first place that takes it; writes only what is not there.

    A receipt is attached only where `file` remembers it. Raises `NotFound` for an unknown invoice, the errors of
    `FortnoxClient` that are no clear no, and `RemoteError` where what was taken cannot be seen yet.
    """
    invoice = client.read(Call.READ_INVOICE, invoice_number)
    places: dict[str, Callable[[], Fact]] = {
        REFERENCE_FIELD: lambda: _reference(client, invoice, invoice_number, note),
        LABEL_FIELD: lambda: _kept(labels.put(client, invoice_number, settings.case_label)),
    }
    if settings.attach_receipt and file is not None:
        at = note.at.astimezone(STOCKHOLM).date()
        places[receipt.PLACE] = lambda: _kept(receipt.attach(client, invoice_number, note, at=at, file=file))
    noes: list[_No] = []
    for place, put in places.items():
        no = _tried(place, put)
        if no is None:
            return WriteBackResult(places=(place,), holds_case_id=place != LABEL_FIELD)
        noes.append(no)
    locked = is_locked(invoice) and all(no.locked for no in noes)
    return WriteBackResult(refused=_told(noes, case_id=note.case_id, label=settings.case_label), locked=locked)


def taken_off(client: FortnoxClient, invoice_number: str, case_id: str) -> WriteBackResult:
    """Take a case that counts no more off the invoice, where its id stands in the reference.

    Gives Fortnox's words where it lets no one. Raises as `write_back`.
    """
    if case_of(client.read(Call.READ_INVOICE, invoice_number)) != case_id:
        return WriteBackResult()
    try:
        client.set_reference(invoice_number, "")
    except NotAuthorised:
        raise
    except Refused as error:
        return WriteBackResult(refused=_stays(case_id, _words(error)), locked=True)
    if case_of(client.read(Call.READ_INVOICE, invoice_number)) == case_id:
        return WriteBackResult(refused=_stays(case_id, UNCHANGED), locked=True)
    return WriteBackResult(places=(REFERENCE_FIELD,))


def _stays(case_id: str, why: Fact) -> Text:
    return Text("fortnox.write_back.stays", {"case": case_id, "field": REFERENCE_FIELD, "why": why})


def _words(error: Refused) -> Fact:
    """Fortnox's own words, or that it gave none."""
    return error.says or Text("fortnox.write_back.no_word")


def _reference(client: FortnoxClient, invoice: Record, invoice_number: str, note: WriteBack) -> Fact:
    """Return why the reference does not stand on the invoice; "" if it does.

    Where the case stands already, and the invoice was locked since, the OCR number beside it is done without.
    """
    standing, wanted = text(invoice, REFERENCE_FIELD), reference_of(note)
    stands = case_of(invoice) == note.case_id
    if standing == wanted or (stands and not note.ocr):
        return ""
    if standing and not standing.startswith(PREFIX):
        return OCCUPIED
    try:
        answered = client.set_reference(invoice_number, wanted)
    except NotAuthorised:
        raise
    except Refused:
        if stands:
            return ""
        raise
    if text(client.read(Call.READ_INVOICE, invoice_number), REFERENCE_FIELD) == wanted:
        return ""
    if text(answered, REFERENCE_FIELD) == wanted:
        # What is read can lag behind what was written (API.md, "Keeping the stream"): it is looked at again before
        # another place.
        raise RemoteError(
            "shows the case id in its answer and not yet when read.", system=SYSTEM, operation="read back"
        )
    return "" if stands else UNCHANGED


def _kept(stands: bool) -> Fact:
    return "" if stands else UNCHANGED


def _tried(place: str, put: Callable[[], Fact]) -> _No | None:
    """Return why `place` does not show the case, by Fortnox's words if it says a clear no; None if it does."""
    try:
        words = put()
    except KeyRefused:
        raise
    except NotAuthorised as error:
        to_do = _FOR_RECEIPTS if place == receipt.PLACE else _TO_DO.get(error.advice)
        return _No(place, _words(error), to_do)
    except Refused as error:
        # The invoice was there a moment ago: what is not found is the label or the file.
        return _No(place, _words(error), locked=not isinstance(error, (Misunderstood, NotFound)))
    return _No(place, words, locked=words == UNCHANGED) if words else None


def _told(noes: list[_No], *, case_id: str, label: str) -> Text:
    """Return why nothing stands on the invoice, and what its people can do."""
    tried = (
        Text(
            "fortnox.write_back.tried", {"place": Text(f"fortnox.place.{no.place}", {"label": label}), "why": no.words}
        )
        for no in noes
    )
    to_do = tuple(dict.fromkeys(no.to_do for no in noes if no.to_do))
    by_hand = Text("fortnox.to_do.by_hand", {"case": case_id})
    return Text(
        "fortnox.write_back.not_taken", {"tried": in_series(tried, "; "), "to_do": in_series((*to_do, by_hand), " ")}
    )
