"""One page of text as a PDF (ISO 32000-1), in a typeface that every reader has: no library for seven lines.

It knows no system, so that clients and the imitations of what they speak to can both print with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_A4 = b"[0 0 595 842]"
_ENCODING = "cp1252"


def one_page_pdf(title: str, lines: Sequence[str]) -> bytes:
    """An A4 page with a title and `lines` of at most 100 characters, in the letters of western Europe."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox " + _A4 + b" /Contents 4 0 R"
        b" /Resources << /Font << /Plain 5 0 R /Bold 6 0 R >> >> >>",
        _stream(b"BT 72 760 Td /Bold 16 Tf " + _shown(title) + b" Tj /Plain 10 Tf 18 TL 0 -12 Td\n" + _text(lines)),
        _font(b"Helvetica"),
        _font(b"Helvetica-Bold"),
    )
    return _document(objects)


def _text(lines: Iterable[str]) -> bytes:
    return b"".join(b"T* " + _shown(line) + b" Tj\n" for line in lines) + b"ET"


def _shown(text: str) -> bytes:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return b"(" + escaped.encode(_ENCODING, "replace") + b")"


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def _font(name: bytes) -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /%b /Encoding /WinAnsiEncoding >>" % name


def _document(objects: Sequence[bytes]) -> bytes:
    """The objects with the table by which a reader finds them."""
    written = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table_at = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table_at)
    return bytes(written)
