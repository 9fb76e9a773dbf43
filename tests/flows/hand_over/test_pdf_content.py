"""What is told of a PDF: whether it is one, and whether it carries more than pages."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from connector.flows.hand_over.pdf_content import PdfContent, content_of
from connector.sandbox.shared.pdf import pdf_of
from tests.pdfs import WITHOUT_PAGES

PLAIN = pdf_of(["Faktura 2026-0001", "Belopp: 1 250,00 kr"])
CLEAN = PdfContent(is_pdf=True)
NONE = PdfContent(is_pdf=False)


def made(change: Callable[[PdfWriter], object]) -> bytes:
    """The plain invoice, changed."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(PLAIN)))
    change(writer)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def named(**entries: object) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def action(kind: str) -> DictionaryObject:
    """An action that does nothing: its kind alone is what counts."""
    return named(S=NameObject(f"/{kind}"))


def on_opening(kind: str) -> Callable[[PdfWriter], object]:
    def change(writer: PdfWriter) -> None:
        writer._root_object[NameObject("/OpenAction")] = writer._add_object(action(kind))

    return change


def on_the_page(kind: str) -> Callable[[PdfWriter], object]:
    def change(writer: PdfWriter) -> None:
        writer.pages[0][NameObject("/AA")] = named(O=action(kind))

    return change


def in_an_annotation(kind: str) -> Callable[[PdfWriter], object]:
    def change(writer: PdfWriter) -> None:
        note = named(Type=NameObject("/Annot"), Subtype=NameObject("/Link"), A=action(kind))
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])

    return change


def attached(*names: str) -> Callable[[PdfWriter], object]:
    def change(writer: PdfWriter) -> None:
        for name in names:
            writer.add_attachment(name, b"<xml/>")

    return change


def form_of_xml(writer: PdfWriter) -> None:
    form = DecodedStreamObject()
    form.set_data(b"<xdp/>")
    writer._root_object[NameObject("/AcroForm")] = named(XFA=writer._add_object(form))


def test_a_plain_invoice_is_clean() -> None:
    assert content_of(PLAIN) == CLEAN
    assert content_of(made(lambda _: None)) == CLEAN


def test_blanks_after_the_end_are_no_matter() -> None:
    assert content_of(PLAIN + b"\n" * 100) == CLEAN


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>%PDF-1.4</html>",
        b"%PDF-1.4 the invoice",
        b"%PDF-1.4\n" + b"0" * 1000 + b"\n%%EOF\n",
        PLAIN[: len(PLAIN) // 2],
        WITHOUT_PAGES,
    ],
    ids=["nothing", "a page", "a start alone", "noise", "half of one", "no pages"],
)
def test_what_is_no_pdf_is_told(document: bytes) -> None:
    assert content_of(document) == NONE


@pytest.mark.parametrize("place", [on_opening, on_the_page, in_an_annotation])
@pytest.mark.parametrize(
    ("kind", "active"),
    [("JavaScript", True), ("Launch", True), ("ImportData", True), ("GoTo", False), ("URI", False), ("Named", False)],
)
def test_what_runs_when_it_is_opened_is_told(
    place: Callable[[str], Callable[[PdfWriter], object]], kind: str, active: bool
) -> None:
    assert content_of(made(place(kind))) == PdfContent(is_pdf=True, active=active)


def test_scripts_by_name_are_told() -> None:
    def change(writer: PdfWriter) -> None:
        script = named(JS=TextStringObject("0;"))
        by_name = named(Names=ArrayObject([TextStringObject("one"), writer._add_object(script)]))
        writer._root_object[NameObject("/Names")] = named(JavaScript=by_name)

    assert content_of(made(change)).active


def test_a_form_of_xml_is_told() -> None:
    assert content_of(made(form_of_xml)).active


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (("avtal.docx",), 1),
        (("avtal.docx", "bilaga.pdf"), 2),
        (("factur-x.xml", "bilaga.pdf"), 1),
        (("factur-x.xml",), 0),
        (("ZUGFeRD-invoice.xml",), 0),
        (("factur-x.xml.exe",), 1),
    ],
)
def test_files_in_it_are_counted_but_not_the_invoice_for_machines(names: tuple[str, ...], files: int) -> None:
    assert content_of(made(attached(*names))) == PdfContent(is_pdf=True, files=files)


def test_what_needs_a_password_is_none_and_what_only_forbids_printing_is_one() -> None:
    assert content_of(made(lambda writer: writer.encrypt("open", "owner", algorithm="AES-256"))) == NONE
    assert content_of(made(lambda writer: writer.encrypt("", "owner", algorithm="AES-256"))) == CLEAN


def test_a_page_that_unpacks_to_very_much_is_not_unpacked() -> None:
    def change(writer: PdfWriter) -> None:
        large = DecodedStreamObject()
        large.set_data(zlib.compress(b" " * 200_000_000))
        large[NameObject("/Filter")] = NameObject("/FlateDecode")
        writer.pages[0][NameObject("/Contents")] = writer._add_object(large)

    assert content_of(made(change)) == CLEAN


def test_one_that_names_itself_for_ever_ends() -> None:
    def change(writer: PdfWriter) -> None:
        ring = named(Title=TextStringObject("ring"))
        place = writer._add_object(ring)
        ring[NameObject("/Next")] = place
        writer._root_object[NameObject("/Ring")] = place

    assert content_of(made(change)) == CLEAN


@given(st.integers(0, len(PLAIN) - 1), st.binary(max_size=8))
def test_whatever_is_broken_in_one_nothing_is_raised(at: int, put: bytes) -> None:
    found = content_of(PLAIN[:at] + put + PLAIN[at + len(put) :])
    assert found.files == 0
