"""Writing back to the Fortnox sandbox, and being refused."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from connector.sandbox.fortnox_switches import LabelArray, LockedPut
from tests.hosts.fortnox.sandboxed import AT_AMILI, NOTE, SandboxLedger


def test_a_case_is_written_back_once_as_a_reference(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()

    first = ledger.host.write_back(made.id, NOTE)
    written = ledger.footprint(made)
    second = ledger.host.write_back(made.id, NOTE)

    assert first.places == ("ExternalInvoiceReference2",)
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

    assert (told.places, told.refused) == ((), "")
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
    assert bool(told.refused) is not bool(places)
    assert ledger.host.write_back(made.id, NOTE) == told


def test_a_refusal_repeats_fortnoxs_words_and_says_what_can_be_done(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.REJECT)

    told = ledger.host.write_back(made.id, NOTE)

    assert re.search(r"\(.*bokförd.*\)", told.refused)
    assert f"Sätt etiketten på fakturan själv, eller anteckna {NOTE.case_id}" in told.refused


@pytest.mark.parametrize("theirs", ["ORDER-77", "amili:old", "AMILI"])
def test_what_somebody_else_has_written_stays(ledger: SandboxLedger, theirs: str) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2=theirs)

    told = ledger.host.write_back(made.id, NOTE)

    assert told.places == ("Labels",)
    assert (ledger.reference(made), ledger.labels(made)) == (theirs, {AT_AMILI})


def test_the_label_is_made_once(ledger: SandboxLedger) -> None:
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)
    for made in (ledger.overdue_invoice(), ledger.overdue_invoice()):
        ledger.host.write_back(made.id, NOTE)

    assert list(ledger.books.labels.values()) == [AT_AMILI]
