"""`decide`: what is shown of invoice and case, what each choice does, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.domain.checks.money import unreadable_amount
from connector.domain.doubt import ASKED_ABOUT_AFTER_S
from connector.domain.errors import ConfigurationError
from connector.domain.hand_over import HandOverState, Origin
from connector.flows.events.requests import dispatch
from connector.flows.hand_over import deciding
from connector.sandbox.amili.state import Case
from connector.sandbox.shared.switches import CasesMade, FaultKind
from connector.store import inbox, timeline
from tests.cli.conftest import House
from tests.flows.hand_over.test_debts import DIFFERING, of_earlier_release, stranger
from tests.flows.hand_over_steps import begun, driven, let_pass, next_registration, registrations, step, stored, strike
from tests.said import en
from tests.web.test_app import change_settings

OTHER_NUMBER = "198001019297"


def asking(house: House, customer: Any = None, **shown: Any) -> tuple[str, str, Case]:
    """An invoice's id, its hand-over that waits for a person's word, and the case that differs."""
    invoice = house.on.invoice(customer)
    case = stranger(house.on, invoice, **(shown or DIFFERING["capital"]))
    hand_over = begun(house.on, invoice)
    step(house.on, hand_over)
    assert stored(house.on, hand_over).state is HandOverState.BLOCKED
    return invoice, hand_over, case


def said(house: House, hand_over: str) -> list[tuple[str, Any]]:
    """What people decided, and about which case; each by the user of the terminal."""
    told = timeline.of_hand_over(house.on.deployment.databases.main, hand_over)
    decided = [one for one in told if one.event in ("case_chosen", "case_of_another_debt", "one_more_allowed")]
    assert all(one.actor not in ("", "connector", "Eva") for one in decided)
    return [(one.event, one.data.get("case_id")) for one in decided]


def worked(house: House, hand_over: str) -> None:
    dispatch(house.on.deployment, lambda _: None)
    driven(house.on, hand_over)


def test_both_sides_are_shown_and_nothing_is_decided(house: House) -> None:
    customer = house.on.customer(name="Björkö Bygg AB")
    shown = DIFFERING["capital"] | DIFFERING["date"] | {"customer_id_number": OTHER_NUMBER}
    invoice, hand_over, case = asking(house, customer, **shown)
    number = house.on.number(invoice)
    text = house.terminal.run("decide", number)
    assert text.status == 0, text.err
    assert "The invoice: Björkö Bygg AB, dated " in text.out
    assert "capital 1 250,00 SEK." in text.out.replace("\u00a0", " ")
    assert f"Case {case.id}: dated 2025-07-07, capital 99,00 SEK, debtor another, made " in text.out
    document = house.terminal.run("decide", hand_over, "--json").json
    assert (document["id"], document["state"], document["may_send_once_more"]) == (hand_over, "blocked", False)
    (found,) = document["cases"]
    assert found.pop("created_at").startswith("20")
    assert found == {
        "case_id": case.id,
        "invoice_date": "2025-07-07",
        "initial_capital": "99.00",
        "same_invoice_date": False,
        "same_capital": False,
        "same_debtor": False,
        "open": True,
    }
    mine = document["invoice"]
    assert (mine["customer_name"], mine["capital_to_claim"]) == ("Björkö Bygg AB", "1250.00")
    assert [digits for digits in ("9297", "160680") if digits in text.out + str(document)] == []

    host = house.on.deployment.connection(document["connection"]).settings.host
    change_settings(house.on, host=host | {"protected_identity_field": "active"})
    text = house.terminal.run("decide", number)
    assert "protected personal data" in text.out
    assert "Björkö" not in text.out
    assert house.terminal.run("decide", number, "--json").json["invoice"]["customer_name"] is None
    assert (said(house, hand_over), registrations(house.on, invoice)) == ([], 0)


def test_this_case_is_used_and_nothing_is_sent(house: House) -> None:
    invoice, hand_over, case = asking(house)
    answer = house.terminal.run("decide", house.on.number(invoice), "--this-case", case.id, typed="y\n")
    assert answer.status == 0, answer.err
    assert f"Is case {case.id} of this debt" in answer.out
    assert "Kept on record." in answer.out
    assert said(house, hand_over) == [("case_chosen", case.id)]
    worked(house, hand_over)
    assert (stored(house.on, hand_over).case_id, registrations(house.on, invoice)) == (case.id, 0)
    over = house.terminal.run("decide", house.on.number(invoice), "--another-debt", case.id, "--yes")
    assert (over.status, over.sentence.startswith("No invoice")) == (2, True)


def test_another_debt_has_the_invoice_sent_once(house: House) -> None:
    invoice, hand_over, case = asking(house)
    document = house.terminal.run("decide", hand_over, "--another-debt", case.id, "--yes", "--json").json
    assert [one["case_id"] for one in document["cases"]] == [case.id]
    assert said(house, hand_over) == [("case_of_another_debt", case.id)]
    again = house.terminal.run("decide", hand_over, "--another-debt", case.id, "--yes")
    assert (again.status, len(said(house, hand_over))) == (3, 1)
    worked(house, hand_over)
    assert stored(house.on, hand_over).case_id not in ("", case.id)
    assert registrations(house.on, invoice) == 1


def test_one_more_attempt_is_allowed_and_no_other(house: House) -> None:
    invoice = house.on.invoice()
    hand_over = begun(house.on, invoice)
    strike(house.on, next_registration(FaultKind.MUTE_AFTER), cases_made=CasesMade.NEVER)
    step(house.on, hand_over)
    early = house.terminal.run("decide", hand_over, "--send-once-more", "--yes")
    assert (early.status, "may not be sent once more" in early.err) == (3, True)
    let_pass(house.on, hand_over, ASKED_ABOUT_AFTER_S + 60, at_amili=False)
    step(house.on, hand_over)
    assert "--send-once-more" in house.terminal.run("decide", hand_over).out
    document = house.terminal.run("decide", hand_over, "--send-once-more", "--yes", "--json").json
    assert (document["state"], document["may_send_once_more"], document["cases"]) == ("outcome_unknown", True, [])
    assert house.terminal.run("decide", hand_over, "--send-once-more", "--yes").status == 3
    assert said(house, hand_over) == [("one_more_allowed", None)]


def test_what_is_given_wrongly_or_not_affirmed_decides_nothing(house: House) -> None:
    invoice, hand_over, case = asking(house)
    number = house.on.number(invoice)
    for status, arguments in (
        (2, ("NO-SUCH", "--this-case", case.id, "--yes")),
        (2, (number, "--this-case", case.id, "--another-debt", case.id, "--yes")),
        (2, (number, "--this-case", "", "--another-debt", case.id, "--yes")),
        (2, (number, "--another-debt", case.id, "--send-once-more", "--yes")),
        (3, (number, "--this-case", "", "--yes")),
        (3, (number, "--another-debt", "0123456789abcdef01234567", "--yes")),
        (3, (number, "--send-once-more", "--yes")),
    ):
        assert house.terminal.run("decide", *arguments).status == status, arguments
    assert house.terminal.run("decide", number, "--another-debt", case.id, typed="n\n").status != 0
    asked = house.terminal.run("decide", number, "--another-debt", case.id, "--json", typed="n\n")
    assert (asked.out, "and this invoice to be sent?" in asked.err) == ("", True)
    assert (said(house, hand_over), registrations(house.on, invoice)) == ([], 0)
    assert inbox.waiting(house.on.deployment.databases.inbox) == ()


def test_what_changed_while_it_was_thought_over_is_asked_anew(house: House) -> None:
    invoice, hand_over, case = asking(house)
    deployment = house.on.deployment
    asked = deciding.question(deployment, hand_over)
    assert deciding.still_as_seen(deployment, asked).facts == asked.facts
    house.on.ledger.books.pay(int(invoice), Decimal(100))
    with pytest.raises(ConfigurationError, match="moved on"):
        deciding.still_as_seen(deployment, asked)
    one, other = deciding.question(deployment, hand_over), deciding.question(deployment, hand_over)
    deciding.say_whose(deployment, one, case.id, is_this=True, by="Eva", origin=Origin.PAGE)
    with pytest.raises(ConfigurationError, match="moved on"):
        deciding.say_whose(deployment, other, case.id, is_this=False, by="Adam", origin=Origin.PAGE)
    worked(house, hand_over)
    assert (stored(house.on, hand_over).case_id, registrations(house.on, invoice)) == (case.id, 0)


def test_an_amount_that_cannot_be_read_is_said_and_nothing_is_decided(house: House) -> None:
    invoice, hand_over, case = asking(house)
    number = house.on.number(invoice)
    house.on.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("0.001"))
    words = en(unreadable_amount("balance"))
    shown = house.terminal.run("decide", number)
    assert (shown.status, words in shown.out) == (0, True), shown.err
    document = house.terminal.run("decide", number, "--json").json
    assert (document["problem"], document["invoice"]["capital_to_claim"], document["cases"]) == (words, None, [])
    refused = house.terminal.run("decide", number, "--another-debt", case.id, "--yes")
    assert (refused.status, words in refused.err) == (3, True)
    assert (said(house, hand_over), registrations(house.on, invoice)) == ([], 0)
    house.on.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("1250.00"))
    assert house.terminal.run("decide", number, "--another-debt", case.id, "--yes").status == 0, "the control"


def test_of_a_case_that_an_earlier_release_kept_the_number_of_it_can_be_said_that_it_is_anothers(house: House) -> None:
    invoice = house.on.invoice()
    earlier = of_earlier_release(house.on, invoice)
    hand_over = begun(house.on, invoice)
    step(house.on, hand_over)
    shown = house.terminal.run("decide", hand_over)
    assert f"Case {earlier.case_id} (not open any more): dated not shown" in shown.out
    assert house.terminal.run("decide", hand_over, "--this-case", earlier.case_id, "--yes").status == 3
    document = house.terminal.run("decide", hand_over, "--another-debt", earlier.case_id, "--yes", "--json").json
    assert [(one["case_id"], one["open"]) for one in document["cases"]] == [(earlier.case_id, False)]
    worked(house, hand_over)
    assert stored(house.on, hand_over).case_id not in ("", earlier.case_id)
    assert registrations(house.on, invoice) == 1
