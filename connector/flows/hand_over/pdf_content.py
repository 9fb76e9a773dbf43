"""What is in a PDF that a ledger gave: whether it is one at all, and whether it carries more than pages."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

_START = b"%PDF-"
_ACTIVE = frozenset({"/JavaScript", "/Launch", "/ImportData", "/Rendition", "/RichMediaExecute"})
"""Actions that run something, or bring something in (ISO 32000-2, 12.6.4)."""
_INVOICE_DATA = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"})
"""The invoice itself for machines, which ledgers put into their invoices by standard (Factur-X 1.0, EN 16931)."""
_MOST_OBJECTS = 100_000

_MALFORMED = (
    PyPdfError, ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, RecursionError,
    TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
"""What the library raises for a document that is none: its own errors, and those of whatever it stumbles over."""


@dataclass(frozen=True)
class PdfContent:
    """`is_pdf` says that it has pages that can be read; `active` that it may run something; `files` how many files
    it carries, the invoice's own data for machines apart."""

    is_pdf: bool
    active: bool = False
    files: int = 0


def content_of(document: bytes) -> PdfContent:
    """Return what `document` is and carries. Opens nothing that needs a password, and runs nothing."""
    if not document.startswith(_START):
        return PdfContent(is_pdf=False)
    try:
        reader = PdfReader(io.BytesIO(document))
        if not len(reader.pages):
            return PdfContent(is_pdf=False)
        return _carried(reader.trailer)
    except _MALFORMED:
        return PdfContent(is_pdf=False)


def _carried(trailer: DictionaryObject) -> PdfContent:
    """All that can be reached from the trailer, which is what a reader's program would act on."""
    active, files = False, 0
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [trailer]
    while waiting:
        one = waiting.pop()
        if isinstance(one, IndirectObject):
            place = (one.idnum, one.generation)
            if place in seen:
                continue
            seen.add(place)
            if len(seen) > _MOST_OBJECTS:
                return PdfContent(is_pdf=False)
            one = one.get_object()
        if isinstance(one, ArrayObject):
            waiting += one
        elif isinstance(one, DictionaryObject):
            active = active or _is_active(one)
            files += _is_file(one)
            waiting += one.values()
    return PdfContent(is_pdf=True, active=active, files=files)


def _is_active(one: DictionaryObject) -> bool:
    return "/JS" in one or "/XFA" in one or _plain(one, "/S") in _ACTIVE or _plain(one, "/Subtype") == "/RichMedia"


def _is_file(one: DictionaryObject) -> bool:
    """Return whether it is a file that is kept in the document (ISO 32000-2, 7.11.3)."""
    names = {str(_plain(one, key)).casefold() for key in ("/F", "/UF") if key in one}
    return "/EF" in one and not (names and names <= _INVOICE_DATA)


def _plain(one: DictionaryObject, key: str) -> Any:
    found = one.get(key)
    return found.get_object() if isinstance(found, IndirectObject) else found
