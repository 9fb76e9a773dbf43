"""Writing back to the Fortnox sandbox, and being refused."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from connector.domain.errors import OutcomeUnknown
from connector.hosts.base import ReceiptFile, WriteBackResult
from connector.hosts.fortnox.receipt import receipt
from connector.one_page_pdf import one_page_pdf
from connector.sandbox.fortnox.switches import LabelArray, LockedPut
from connector.sandbox.shared.switches import Fault, FaultKind
from tests.hosts.contract import Made
from tests.hosts.fortnox.sandbox_ledger import AT_AMILI, NOTE, SandboxLedger
from tests.said import sv


def test_a_case_is_written_back_once_as_a_reference(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()

    first = ledger.host.write_back(made.id, NOTE)
    written = ledger.footprint(made)
    second = ledger.host.write_back(made.id, NOTE)

    assert first.places == ("ExternalInvoiceReference2",)
    assert first.holds_case_id
    assert not first.refused
    assert second == first
    assert (ledger.reference(made), ledger.labels(made)) == ("AMILI:68a1f0", set())
    assert ledger.footprint(made) == written


def test_a_later_case_replaces_the_earlier(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.host.write_back(made.id, NOTE)

    ledger.host.write_back(made.id, replace(NOTE, case_id="79b2f1"))

    assert ledger.reference(made) == "AMILI:79b2f1"


def test_findings_without_a_case_write_nothing(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    calls = ledger.calls()

    told = ledger.host.write_back(made.id, replace(NOTE, case_id="", findings=("Kunden saknar nummer.",)))

    assert (told.places, sv(told.refused)) == ((), "")
    assert ledger.calls() == calls


@pytest.mark.parametrize(
    ("answer", "places", "reference", "labels"),
    [
        (LockedPut.REJECT, (), "", {"VIP"}),
        (LockedPut.UNCHANGED, (), "", {"VIP"}),
        (LockedPut.ALLOW_REFS, ("ExternalInvoiceReference2",), "AMILI:68a1f0", {"VIP"}),
        (LockedPut.ALLOW_LABELS, ("Labels",), "", {"VIP", AT_AMILI}),
        (LockedPut.ALLOW_ALL, ("ExternalInvoiceReference2",), "AMILI:68a1f0", {"VIP"}),
    ],
)
@pytest.mark.parametrize("array", LabelArray)
def test_what_a_booked_invoice_takes(
    ledger: SandboxLedger,
    array: LabelArray,
    answer: LockedPut,
    places: tuple[str, ...],
    reference: str,
    labels: set[str],
) -> None:
    made = ledger.overdue_invoice()
    ledger.label(made, "VIP")
    ledger.switch(booked_put=answer, label_array=array)

    told = ledger.host.write_back(made.id, NOTE)

    assert told.places == places
    assert (ledger.reference(made), ledger.labels(made)) == (reference, labels)
    assert bool(told.refused) is told.locked is not bool(places)
    assert ledger.host.write_back(made.id, NOTE) == told


def test_a_refusal_repeats_fortnoxs_words_and_says_what_can_be_done(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.REJECT)

    told = ledger.host.write_back(made.id, NOTE)

    assert re.search(r"\(.*bokförd.*\)", sv(told.refused))
    assert f"Sätt etiketten på fakturan själv, eller anteckna {NOTE.case_id}" in sv(told.refused)


@pytest.mark.parametrize("theirs", ["ORDER-77", "amili:old", "AMILI"])
def test_what_somebody_else_has_written_stays(ledger: SandboxLedger, theirs: str) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2=theirs)

    told = ledger.host.write_back(made.id, NOTE)

    assert told.places == ("Labels",)
    assert not told.holds_case_id
    assert (ledger.reference(made), ledger.labels(made)) == (theirs, {AT_AMILI})


def test_the_label_is_made_once(ledger: SandboxLedger) -> None:
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)
    for made in (ledger.overdue_invoice(), ledger.overdue_invoice()):
        ledger.host.write_back(made.id, NOTE)

    assert list(ledger.books.labels.values()) == [AT_AMILI]


# What is refused for the lock alone, and what can be mended


def test_a_locked_invoice_costs_five_calls(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.host_with().write_back(made.id, NOTE)
    with ledger.state.lock:
        ledger.books.add_label(AT_AMILI)
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2="")
    ledger.switch(booked_put=LockedPut.REJECT)
    before = ledger.calls()

    told = ledger.host.write_back(made.id, NOTE)

    assert told.locked
    assert ledger.calls() - before == {
        "GET /3/invoices/{number}": 2,
        "PUT /3/invoices/{number}": 2,
        "GET /3/labels": 1,
    }


@pytest.mark.parametrize("status", [400, 409, 422, 403])
def test_whatever_the_status_of_the_lock_a_right_is_told_apart(ledger: SandboxLedger, status: int) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.REJECT, booked_put_status=status)

    assert ledger.host.write_back(made.id, NOTE).locked is (status != 403)


def test_a_request_that_was_not_understood_is_no_lock(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.REJECT, booked_put_code=2000107)

    told = ledger.host.write_back(made.id, NOTE)

    assert told.refused
    assert not told.locked


def test_a_field_that_is_taken_is_no_lock_and_its_people_can_mend_it(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2="ORDER-77")
    ledger.switch(booked_put=LockedPut.REJECT)

    told = ledger.host.write_back(made.id, NOTE)

    assert not told.locked
    assert "innehåller redan något annat" in sv(told.refused)
    assert "Sätt etiketten på fakturan själv" in sv(told.refused)


def test_an_open_invoice_that_takes_nothing_is_no_lock(ledger: SandboxLedger) -> None:
    made = ledger.draft_invoice()
    with ledger.state.lock:
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2="ORDER-77")
    ledger.books.facts.unlicensed_scopes.add("settings")

    told = ledger.host.write_back(made.id, NOTE)

    assert not told.locked
    assert "behöver en licens" in sv(told.refused)


# Others at work on the same invoice


def test_a_label_that_somebody_adds_while_we_ask_for_the_reference_stays(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)

    with ledger.when_answered("PUT", f"/3/invoices/{made.id}", lambda: ledger.label(made, "VIP")):
        told = ledger.host.write_back(made.id, NOTE)

    assert told.places == ("Labels",)
    assert ledger.labels(made) == {"VIP", AT_AMILI}


@pytest.mark.parametrize("array", LabelArray)
def test_who_saves_the_invoice_as_it_was_loses_neither_label(ledger: SandboxLedger, array: LabelArray) -> None:
    """The page was opened before our label came, and is saved right after, with a label of its person's."""
    made = ledger.overdue_invoice()
    ledger.label(made, "VIP")
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS, label_array=array)
    ledger.client.create_label(AT_AMILI)
    with ledger.state.lock:
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2="ORDER-77")

    with ledger.when_answered("PUT", f"/3/invoices/{made.id}", lambda: ledger.label(made, "Ring")):
        told = ledger.host.write_back(made.id, NOTE)

    assert told.places == ("Labels",)
    assert ledger.labels(made) == {"VIP", "Ring", AT_AMILI}


def test_labels_are_written_twice_at_most(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.UNCHANGED)
    before = ledger.calls()

    assert ledger.host.write_back(made.id, NOTE).locked

    assert (ledger.calls() - before)["PUT /3/invoices/{number}"] == 3


def test_a_label_that_stands_twice_is_the_same_label(ledger: SandboxLedger) -> None:
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)
    with ledger.state.lock:
        low, high = ledger.books.add_label(AT_AMILI), ledger.books.add_label(AT_AMILI)
    made, marked = ledger.overdue_invoice(), ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.set_labels(marked.id, [high])

    for invoice in (made, marked):
        assert ledger.host.write_back(invoice.id, NOTE).places == ("Labels",)

    assert set_on(ledger, made) == [low]
    assert set_on(ledger, marked) == [high]


def set_on(ledger: SandboxLedger, invoice: Made) -> list[int]:
    with ledger.state.lock:
        return [label["Id"] for label in ledger.books.invoice(invoice.id)["Labels"]]


# Receipts


class Memory:
    """What is remembered of a receipt's file, as the store does it."""

    def __init__(self) -> None:
        self.id = ""

    def write_back(self, ledger: SandboxLedger, invoice: Made) -> WriteBackResult:
        """As a company that attaches receipts has it done."""
        return ledger.host_with(attach_receipt=True).write_back(invoice.id, NOTE, ReceiptFile(self.id, self.keep))

    def keep(self, file_id: str) -> None:
        self.id = file_id


def attached(ledger: SandboxLedger, invoice: Made) -> list[tuple[bytes, bool]]:
    """The files at an invoice, and whether each goes out with it."""
    with ledger.state.lock:
        files = ledger.state.files[ledger.books.tenant]
        hanging = files.attached_to(int(invoice.id), "F")
        return [(files.stored[one.file_id].content, one.include_on_send) for one in hanging]


RECEIPT = receipt("1", NOTE.case_id, at=NOTE.at.date())


def test_no_receipt_is_attached_unless_the_company_wants_it(ledger: SandboxLedger) -> None:
    made, memory = ledger.overdue_invoice(), Memory()
    ledger.switch(booked_put=LockedPut.REJECT)

    told = ledger.host.write_back(made.id, NOTE, ReceiptFile("", memory.keep))

    assert told.locked
    assert (attached(ledger, made), memory.id) == ([], "")


def test_a_receipt_is_attached_once_where_nothing_else_is_taken(ledger: SandboxLedger) -> None:
    made, memory = ledger.overdue_invoice(), Memory()
    ledger.switch(booked_put=LockedPut.REJECT)

    for _ in range(3):
        assert memory.write_back(ledger, made).places == ("attachment",)

    ((content, goes_out),) = attached(ledger, made)
    assert content == receipt(made.number, NOTE.case_id, at=NOTE.at.date())
    assert not goes_out
    assert [file.folder for file in ledger.state.files[ledger.books.tenant].stored.values()] == ["Inbox_kf"]


def test_no_receipt_is_attached_where_the_reference_or_the_label_is_taken(ledger: SandboxLedger) -> None:
    for answer in (LockedPut.ALLOW_REFS, LockedPut.ALLOW_LABELS):
        made, memory = ledger.overdue_invoice(), Memory()
        ledger.switch(booked_put=answer)

        assert memory.write_back(ledger, made).places != ("attachment",)
        assert attached(ledger, made) == []


@pytest.mark.parametrize("kind", [FaultKind.FAIL_AFTER, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER])
@pytest.mark.parametrize("operation", ["upload_file", "attach", "list_attachments"])
def test_a_lost_answer_leaves_no_second_receipt(ledger: SandboxLedger, operation: str, kind: FaultKind) -> None:
    made, memory = ledger.overdue_invoice(), Memory()
    theirs = ledger.client.upload("Inbox_kf", "order.pdf", b"%PDF-1.4 theirs")
    ledger.client.attach(made.id, theirs)
    ledger.switch(booked_put=LockedPut.REJECT, faults=(Fault(kind, (operation,), next_n=1),))

    with pytest.raises(OutcomeUnknown):
        memory.write_back(ledger, made)
    assert memory.write_back(ledger, made).places == ("attachment",)

    assert len(attached(ledger, made)) == 2
    assert attached(ledger, made)[0] == (b"%PDF-1.4 theirs", False)


def test_whoever_dies_between_the_upload_and_the_attaching_goes_on_with_the_same_file(ledger: SandboxLedger) -> None:
    made, memory = ledger.overdue_invoice(), Memory()
    memory.id = ledger.client.upload("Inbox_kf", "Amili.pdf", RECEIPT)
    ledger.switch(booked_put=LockedPut.REJECT)

    assert memory.write_back(ledger, made).places == ("attachment",)
    assert len(ledger.state.files[ledger.books.tenant].stored) == 1


def test_a_receipt_whose_id_cannot_be_kept_is_not_attached(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.REJECT)

    def too_late(_file_id: str) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        ledger.host_with(attach_receipt=True).write_back(made.id, NOTE, ReceiptFile("", too_late))
    assert attached(ledger, made) == []


@pytest.mark.parametrize("scope", ["inbox", "connectfile"])
def test_a_right_for_receipts_that_is_missing_is_named_with_what_to_do(ledger: SandboxLedger, scope: str) -> None:
    made = ledger.overdue_invoice()
    ledger.books.facts.unlicensed_scopes.add(scope)
    ledger.switch(booked_put=LockedPut.REJECT)

    told = Memory().write_back(ledger, made)

    assert not told.locked
    assert "rättigheterna inbox och connectfile" in sv(told.refused)
    assert "attach_receipt" in sv(told.refused)


def test_a_booked_invoice_that_takes_no_attachment_either_is_locked(ledger: SandboxLedger) -> None:
    made, memory = ledger.overdue_invoice(), Memory()
    ledger.switch(booked_put=LockedPut.REJECT, attachments_on_booked=False)

    assert memory.write_back(ledger, made).locked


def test_a_receipt_whose_file_was_removed_is_told_of(ledger: SandboxLedger) -> None:
    made, memory = ledger.overdue_invoice(), Memory()
    memory.id = "gone"
    ledger.switch(booked_put=LockedPut.REJECT)

    told = memory.write_back(ledger, made)

    assert "file_not_found" in sv(told.refused)
    assert not told.locked


def test_the_receipt_can_be_read_and_names_no_person() -> None:
    (page,) = PdfReader(BytesIO(RECEIPT), strict=True).pages

    text = page.extract_text()
    assert text.splitlines()[:4] == [
        "Fakturan är hos Amili",
        "Faktura: 1",
        f"Ärende hos Amili: {NOTE.case_id}",
        "Datum: 2026-11-22",
    ]
    assert "skickas inte till kunden" in text


def test_marks_of_the_pdfs_own_language_are_text() -> None:
    (page,) = PdfReader(BytesIO(one_page_pdf("a) Tj (b", (r"c\d", "(e", "日"))), strict=True).pages

    assert page.extract_text().splitlines() == ["a) Tj (b", r"c\d", "(e", "?"]
