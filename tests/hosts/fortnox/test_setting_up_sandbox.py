"""The labels that are made ready in the Fortnox sandbox when a company is connected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from connector.domain.errors import ConfigurationError, NotAuthorised, OutcomeUnknown
from connector.hosts.fortnox.setting_up import prepare
from connector.hosts.fortnox.settings import FortnoxSettings, fortnox_settings
from connector.sandbox.shared.switches import Fault, FaultKind
from tests.hosts.fortnox.sandbox_ledger import ASK, AT_AMILI, SandboxLedger

FOLLOWED = FortnoxSettings(request_label=ASK)


def texts(ledger: SandboxLedger) -> list[str]:
    return sorted(ledger.books.labels.values())


def test_both_labels_are_made_once(ledger: SandboxLedger) -> None:
    first = prepare(ledger.client, FOLLOWED)
    second = prepare(ledger.client, FOLLOWED)

    assert texts(ledger) == [AT_AMILI, ASK]
    assert first == second
    assert [ASK in line for line in first.lines] == [True, False]


def test_the_label_to_ask_by_is_made_only_where_it_is_followed(ledger: SandboxLedger) -> None:
    prepare(ledger.client, FortnoxSettings())

    assert texts(ledger) == [AT_AMILI]


def test_the_label_of_disputes_is_made_where_it_is_named(ledger: SandboxLedger) -> None:
    prepare(ledger.client, FortnoxSettings(dispute_label="Bestridd"))

    assert texts(ledger) == ["Bestridd", AT_AMILI]


@pytest.mark.parametrize("taken", ["request_label", "case_label"])
def test_a_label_means_one_thing(taken: str) -> None:
    with pytest.raises(ConfigurationError, match=r"dispute_label: .*another label"):
        fortnox_settings({taken: "Inkasso", "dispute_label": "Inkasso"})


def test_labels_that_are_there_are_used(ledger: SandboxLedger) -> None:
    with ledger.state.lock:
        for text in (ASK, AT_AMILI, "VIP"):
            ledger.books.add_label(text)
    written = ledger.state.writes.copy()

    prepare(ledger.client, FOLLOWED)

    assert ledger.state.writes == written


@pytest.mark.parametrize("kind", [FaultKind.FAIL_AFTER, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER])
def test_a_lost_answer_leaves_no_second_label(ledger: SandboxLedger, kind: FaultKind) -> None:
    ledger.switch(faults=(Fault(kind, ("create_label",), next_n=1),))

    with pytest.raises(OutcomeUnknown):
        prepare(ledger.client, FOLLOWED)
    prepare(ledger.client, FOLLOWED)

    assert texts(ledger) == [AT_AMILI, ASK]


def test_two_at_once_mean_the_same_label_and_say_so(ledger: SandboxLedger) -> None:
    """Somebody else makes the label after we have looked for it, before we make ours."""

    def made_elsewhere() -> None:
        with ledger.state.lock:
            ledger.books.add_label(AT_AMILI)

    with ledger.when_answered("GET", "/3/labels", made_elsewhere):
        told = prepare(ledger.client, FortnoxSettings())
    low, high = sorted(ledger.books.labels)

    assert f"{low} is set; {high} may be removed" in " ".join(told.lines)
    assert prepare(ledger.client, FortnoxSettings()) == told


def test_many_at_once_agree(ledger: SandboxLedger) -> None:
    together = Barrier(4)

    def at_once(_turn: int) -> str:
        together.wait()
        prepare(ledger.client, FortnoxSettings())
        return prepare(ledger.client, FortnoxSettings()).lines[-1]

    with ThreadPoolExecutor(4) as processes:
        list(processes.map(at_once, range(4)))

    assert set(texts(ledger)) == {AT_AMILI}
    made = ledger.overdue_invoice()
    ledger.label(made, ASK)
    assert ledger.host.wish(made.id) is not None


def test_a_wish_by_either_of_two_labels_with_one_text_is_the_same_wish(ledger: SandboxLedger) -> None:
    with ledger.state.lock:
        low, high = ledger.books.add_label(ASK), ledger.books.add_label(ASK)
    first, second = ledger.overdue_invoice(), ledger.overdue_invoice()
    for invoice, labels in ((first, [low]), (second, [high])):
        with ledger.state.lock:
            ledger.books.set_labels(invoice.id, labels)

    wishes = list(ledger.host.requested())
    assert [wish.invoice_id for wish in wishes] == [second.id, first.id]
    assert len({wish.mark for wish in wishes}) == 1
    assert ledger.host.wish(second.id) == wishes[0]

    with ledger.state.lock:
        ledger.books.set_labels(second.id, [low, high])
    assert len(list(ledger.host.requested())) == 2


def test_an_invoice_handled_by_the_higher_of_two_labels_is_no_wish(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        asked = ledger.books.add_label(ASK)
        _, high = ledger.books.add_label(AT_AMILI), ledger.books.add_label(AT_AMILI)
        ledger.books.set_labels(made.id, [asked, high])

    assert ledger.host.wish(made.id) is None
    assert list(ledger.host.requested()) == []


def test_one_label_cannot_both_ask_and_answer() -> None:
    with pytest.raises(ConfigurationError, match="another label than request_label"):
        fortnox_settings({"request_label": AT_AMILI})


def test_a_missing_right_is_told(ledger: SandboxLedger) -> None:
    ledger.books.facts.forbidden_resources.add("labels")

    with pytest.raises(NotAuthorised):
        prepare(ledger.client, FOLLOWED)
