"""A small but real PDF, as the imitations print invoices."""

from __future__ import annotations

from collections.abc import Iterable

from connector.one_page_pdf import one_page_pdf


def pdf_of(lines: Iterable[str]) -> bytes:
    """A one-page A4 document that shows `lines`, the first of them as its title."""
    title, *rest = lines
    return one_page_pdf(title, rest)
