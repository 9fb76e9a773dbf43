"""A person decides on the page whose an open case at Amili is: both sides first, and what each choice does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.domain.checks.money import unreadable_amount
from connector.domain.doubt import ASKED_ABOUT_AFTER_S
from connector.domain.hand_over import HandOverState
from connector.flows.events.requests import dispatch
from connector.sandbox.amili.state import Case
from connector.sandbox.shared.switches import CasesMade, Fault, FaultKind
from connector.store import inbox, timeline
from tests.flows.hand_over.test_debts import DIFFERING, of_earlier_release, stranger
from tests.flows.hand_over_steps import (
    begun,
    codes,
    driven,
    let_pass,
    next_registration,
    registrations,
    step,
    stored,
    strike,
)
from tests.flows.stage import CONNECTION, Stage
from tests.said import en, sv
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.page import read
from tests.web.test_app import change_settings
from tests.web.visitor import Visitor

OTHER_NUMBER = "198001019297"
SPELLINGS = ("800101-9297", "8001019297", "900101-1239", "9001011239", "900101 1239")


def path_of(hand_over: str) -> str:
    return f"/hand-overs/{hand_over}/case"


def asking(house: Stage, customer: Any = None, **shown: Any) -> tuple[str, str, Case]:
    """An invoice, its hand-over that waits for a person's word, and the case that differs."""
    invoice = house.invoice(customer)
    case = stranger(house, invoice, **(shown or DIFFERING["capital"]))
    hand_over = begun(house, invoice)
    step(house, hand_over)
    assert codes(house, hand_over) == ["case_differs"]
    return invoice, hand_over, case


def spent(house: Stage) -> tuple[str, str]:
    """An invoice and its hand-over, for which nothing may be posted without a person's word."""
    invoice = house.invoice()
    hand_over = begun(house, invoice)
    strike(house, next_registration(FaultKind.MUTE_AFTER), cases_made=CasesMade.NEVER)
    step(house, hand_over)
    let_pass(house, hand_over, ASKED_ABOUT_AFTER_S + 60, at_amili=False)
    step(house, hand_over)
    assert codes(house, hand_over) == ["case_not_shown"]
    return invoice, hand_over


def said(house: Stage, hand_over: str) -> list[tuple[str, str, Any]]:
    """What people decided, by whom, and about which case."""
    events = ("case_chosen", "case_of_another_debt", "one_more_allowed")
    told = timeline.of_hand_over(house.deployment.databases.main, hand_over)
    return [(entry.event, entry.actor, entry.data.get("case_id")) for entry in told if entry.event in events]


def worked(house: Stage, hand_over: str) -> None:
    """The worker takes up what was decided."""
    dispatch(house.deployment, lambda _: None)
    driven(house, hand_over)


def untouched(house: Stage, invoice: str, hand_over: str) -> bool:
    return (
        said(house, hand_over) == []
        and inbox.waiting(house.deployment.databases.inbox) == ()
        and registrations(house, invoice) == 0
    )


WORDS = {
    "sv": (
        "Fakturan i bokföringen Kund Björkö Bygg AB Org-/personnummer 556016-0680",
        "Kapital 1 250,00 kr",
        "ett annat person- eller organisationsnummer",
        "Fakturadatum 2025-07-07 Kapital 99,00 kr",
        "Det är det här ärendet",
        "Det är en annan skuld",
    ),
    "en": (
        "The invoice in the ledger Customer Björkö Bygg AB Org. or personal number 556016-0680",
        "Capital 1 250,00 kr",
        "another identity number",
        "Invoice date 2025-07-07 Capital 99,00 kr",
        "It is this case",
        "It is another debt",
    ),
}
EVERYTHING = DIFFERING["debtor"] | DIFFERING["capital"] | DIFFERING["date"]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_both_sides_are_shown_in_the_readers_language(eva: Visitor, house: Stage, language: str) -> None:
    invoice, hand_over, case = asking(house, house.customer(name="Björkö Bygg AB"), **EVERYTHING)
    path = path_of(hand_over)
    eva.submit(f"/hand-overs/{hand_over}", "/language", language=language)
    assert path in eva.page(f"/hand-overs/{hand_over}").links
    page = eva.page(path)
    assert page.language == language
    for shown in (*WORDS[language], case.id, house.number(invoice)):
        assert shown in page.text, shown
    for shown in WORDS["en" if language == "sv" else "sv"][2:]:
        assert shown not in page.text, shown
    assert len(page.ids) == len(set(page.ids))
    assert untouched(house, invoice, hand_over)


def test_what_amili_does_not_show_is_said_to_be_not_shown(eva: Visitor, house: Stage) -> None:
    _, hand_over, _ = asking(house, **DIFFERING["nothing"])
    text = eva.page(path_of(hand_over)).text
    assert "Kund visas inte Fakturadatum visas inte Kapital visas inte" in text


def test_the_same_debtor_is_told_from_another(eva: Visitor, house: Stage) -> None:
    _, hand_over, _ = asking(house, customer_id_number="556016-0680", **DIFFERING["capital"])
    text = eva.page(path_of(hand_over)).text
    assert "Kund samma person- eller organisationsnummer" in text
    assert "ett annat" not in text


def test_no_personal_number_is_shown_whole(eva: Visitor, house: Stage) -> None:
    customer = house.customer(name="Anna Andersson", company_registry="19900101-1239")
    house.ledger.records.update("res.partner", customer, {"is_company": False, "company_type": "person"})
    _, hand_over, _ = asking(house, customer, customer_id_number=OTHER_NUMBER)
    html = eva.get(path_of(hand_over)).text
    assert "Anna Andersson" in html
    assert "19xxxxxx-xxxx" in html
    for text in (html, eva.get(f"/hand-overs/{hand_over}").text):
        assert [spelling for spelling in SPELLINGS if spelling in text] == []


def test_of_a_protected_customer_nothing_is_shown(eva: Visitor, house: Stage) -> None:
    _, hand_over, _ = asking(house, house.customer(name="Hemliga Hilda"))
    assert "Hilda" in eva.get(path_of(hand_over)).text
    host = house.deployment.connection(CONNECTION).settings.host
    change_settings(house, host=host | {"protected_identity_field": "active"})
    html = eva.get(path_of(hand_over)).text
    assert "Skyddade uppgifter" in html
    assert [secret for secret in ("Hilda", "556016") if secret in html] == []


def test_what_a_ledger_holds_is_text_and_never_markup(eva: Visitor, house: Stage) -> None:
    _, hand_over, _ = asking(house, house.customer(name='"><script>alert(1)</script>'))
    html = eva.get(path_of(hand_over)).text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_this_case_is_used_and_nothing_is_sent(eva: Visitor, house: Stage) -> None:
    invoice, hand_over, case = asking(house)
    response = eva.submit(path_of(hand_over), path_of(hand_over), act="this")
    assert response.status_code == 303
    assert said(house, hand_over) == [("case_chosen", EMAIL, case.id)]
    worked(house, hand_over)
    ended = stored(house, hand_over)
    assert (ended.state, ended.case_id) == (HandOverState.REGISTERED, case.id)
    assert (registrations(house, invoice), house.cases(invoice)) == (0, 1)
    assert f"Ärende {case.id} hos Amili gäller den här skulden." in eva.page(f"/hand-overs/{hand_over}").text


def test_another_debt_has_the_invoice_sent_once(eva: Visitor, house: Stage) -> None:
    invoice, hand_over, case = asking(house)
    response = eva.submit(path_of(hand_over), path_of(hand_over), act="another")
    assert response.status_code == 303
    assert "Begäran tas om hand" in eva.page(response.headers["Location"]).text
    assert said(house, hand_over) == [("case_of_another_debt", EMAIL, case.id)]
    worked(house, hand_over)
    ended = stored(house, hand_over)
    assert ended.asked_by == EMAIL
    assert ended.case_id not in ("", case.id)
    assert (registrations(house, invoice), house.cases(invoice)) == (1, 2)
    assert "gäller en annan skuld" in eva.page(f"/hand-overs/{hand_over}").text


def page_of(invoice: str) -> str:
    return f"/connections/{CONNECTION}/invoices/{invoice}"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_review_page_tells_of_it_before_anything_is_sent(eva: Visitor, house: Stage, language: str) -> None:
    invoice, alike, alone = house.invoice(), house.invoice(), house.invoice()
    case = stranger(house, invoice, **EVERYTHING)
    stranger(house, alike)
    eva.submit(page_of(invoice), "/language", language=language)
    said = {
        "sv": "har samma fakturanummer, men fakturadatumet, kapitalet och gäldenären skiljer sig. Skickas fakturan",
        "en": "has the same invoice number, but invoice date, capital and debtor differ. If the invoice is sent",
    }
    page = eva.page(page_of(invoice))
    assert (case.id in page.text, said[language] in page.text) == (True, True)
    assert "accept-case_differs" in page.ids
    for other in (alike, alone):
        assert "case_differs" not in eva.page(page_of(other)).text


def test_who_has_seen_it_may_send_and_then_decides(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    case = stranger(house, invoice, **DIFFERING["capital"])
    assert eva.submit(page_of(invoice), page_of(invoice)).status_code == 422
    assert eva.submit(page_of(invoice), page_of(invoice), accept="case_differs").status_code == 303
    dispatch(house.deployment, lambda _: None)
    found = house.hand_over(invoice)
    assert found is not None
    step(house, found.id)
    page = eva.page(page_of(invoice))
    assert path_of(found.id) in page.links
    assert f"Ett öppet ärende hos Amili ({case.id})" in page.text
    assert "Skicka som" not in page.text
    assert (
        eva.client.post(
            path_of(found.id), data=eva.page(path_of(found.id)).form(path_of(found.id)).fields | {"act": "another"}
        ).status_code
        == 303
    )
    page = eva.page(page_of(invoice))
    assert path_of(found.id) not in page.links
    assert "case_differs" not in page.text
    worked(house, found.id)
    assert stored(house, found.id).case_id not in ("", case.id)


def test_a_case_that_comes_while_somebody_reads_the_page_is_seen_first(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    fields = eva.page(page_of(invoice)).form(page_of(invoice)).fields
    stranger(house, invoice, **DIFFERING["debtor"])
    response = eva.client.post(page_of(invoice), data=fields)
    assert (response.status_code, "gäldenären skiljer sig" in read(response.text).text) == (409, True)
    assert inbox.waiting(house.deployment.databases.inbox) == ()


def test_one_more_attempt_is_allowed_and_no_other(eva: Visitor, house: Stage) -> None:
    invoice, hand_over = spent(house)
    path = path_of(hand_over)
    assert path in eva.page(f"/hand-overs/{hand_over}").links
    fields = eva.page(path).form(path).fields | {"act": "once_more"}
    assert eva.client.post(path, data=fields).headers["Location"] == f"/hand-overs/{hand_over}"
    assert said(house, hand_over) == [("one_more_allowed", EMAIL, None)]
    assert "Ett försök till tilläts." in eva.page(f"/hand-overs/{hand_over}").text
    assert "Tillåt ett försök till" not in eva.page(path).text
    assert eva.client.post(path, data=fields).status_code == 409, "it was said of one attempt"
    assert len(said(house, hand_over)) == 1
    strike(house)
    assert driven(house, hand_over).case_id
    assert house.cases(invoice) == 1


def test_where_nothing_is_in_question_nothing_can_be_chosen(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    hand_over = begun(house, invoice)
    case = driven(house, hand_over).case_id
    asked, other, _ = asking(house)
    page = eva.page(path_of(hand_over))
    assert "Det finns inget att avgöra" in page.text
    assert [form for form in page.forms if path_of(hand_over) in form.action] == []
    assert path_of(hand_over) not in eva.page(f"/hand-overs/{hand_over}").links
    fields = eva.page(path_of(other)).form(path_of(other)).fields
    for act in ("this", "another", "once_more"):
        assert eva.client.post(path_of(hand_over), data=fields | {"act": act, "case": case}).status_code == 409, act
    assert untouched(house, asked, other)
    assert said(house, hand_over) == []


def test_of_several_cases_each_has_its_own_answer(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    first, second = stranger(house, invoice, **DIFFERING["capital"]), stranger(house, invoice, **DIFFERING["date"])
    hand_over = begun(house, invoice)
    step(house, hand_over)
    path = path_of(hand_over)
    forms = [form for form in eva.page(path).forms if form.action == path]
    assert {form.fields["case"] for form in forms} == {first.id, second.id}
    chosen = next(form for form in forms if form.fields["case"] == first.id)
    assert eva.client.post(path, data=chosen.fields | {"act": "another"}).status_code == 303
    dispatch(house.deployment, lambda _: None)
    step(house, hand_over)
    assert codes(house, hand_over) == ["case_differs"]
    assert registrations(house, invoice) == 0, "the other one is still in question"
    assert eva.page(path).form(path).fields["case"] == second.id


@pytest.mark.parametrize("change", ["paid", "name", "number", "case", "closed", "decided"])
def test_what_changed_since_it_was_seen_must_be_seen_again(eva: Visitor, house: Stage, change: str) -> None:
    invoice, hand_over, case = asking(house)
    path = path_of(hand_over)
    fields = eva.page(path).form(path).fields
    partner = house.ledger.records.get("account.move", int(invoice))["partner_id"]
    match change:
        case "paid":
            house.ledger.books.pay(int(invoice), Decimal("250.00"))
        case "name":
            house.ledger.records.update("res.partner", partner, {"name": "En annan kund AB"})
        case "number":
            house.ledger.records.update("res.partner", partner, {"company_registry": "556036-0793"})
        case "case":
            case.document["debt"] = case.document["debt"] | {"initial_capital": Decimal("98.00")}
            house.amili.set_case(case.id, status="Changed")
        case "closed":
            house.amili.set_case(case.id, closed=True)
        case "decided":
            assert eva.client.post(path, data=fields | {"act": "this"}).status_code == 303
    before = said(house, hand_over)
    response = eva.client.post(path, data=fields | {"act": "another"})
    page = read(response.text)
    assert (response.status_code, page.title[:4]) == (409, "Fel:")
    assert "Något har ändrats sedan du öppnade sidan" in page.text
    assert ("Det är sagt att ärende" in page.text) is (change == "decided")
    assert said(house, hand_over) == before
    assert registrations(house, invoice) == 0
    assert change == "decided" or untouched(house, invoice, hand_over)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("act", "", 400),
        ("act", "send", 400),
        ("act", "once_more", 409),
        ("case", "", 409),
        ("case", "å", 409),
        ("case", "0123456789abcdef01234567", 409),
        ("seen", "", 409),
        ("seen", "å" * 64, 409),
        ("csrf_token", "", 400),
        ("csrf_token", "x" * 43, 400),
    ],
)
def test_a_form_that_was_tampered_with_decides_nothing(
    eva: Visitor, house: Stage, name: str, value: str, status: int
) -> None:
    invoice, hand_over, _ = asking(house)
    path = path_of(hand_over)
    fields = eva.page(path).form(path).fields | {"act": "another"}
    assert eva.client.post(path, data=fields | {name: value}).status_code == status
    assert untouched(house, invoice, hand_over)
    assert eva.client.post(path, data=fields).status_code == 303, "the control"


def test_without_the_company_it_is_not_there(eva: Visitor, house: Stage) -> None:
    invoice, hand_over, case = asking(house)
    path = path_of(hand_over)
    fields = eva.page(path).form(path).fields
    add_company(house.deployment, "beta")
    add_user(house.deployment, "beta", email="adam@byran.example")
    adam = Visitor(eva.client.application)
    adam.sign_in("adam@byran.example")
    for reference in (hand_over, "0123", case.id):
        assert "Kund AB" not in adam.page(path_of(reference), status=404).text
    token = adam.page("/connections/beta/hand-overs").form("/sign-out").fields["csrf_token"]
    for act in ("this", "another", "once_more"):
        assert adam.client.post(path, data=fields | {"csrf_token": token, "act": act}).status_code == 404, act
    nobody = Visitor(eva.client.application)
    assert "/sign-in" in nobody.get(path).headers["Location"]
    assert untouched(house, invoice, hand_over)


def test_what_amili_took_without_a_case_is_told_on_its_page(eva: Visitor, house: Stage) -> None:
    hand_over = begun(house, house.invoice())
    strike(house, cases_made=CasesMade.NEVER)
    step(house, hand_over)
    taken = stored(house, hand_over)
    assert taken.state is HandOverState.TAKEN
    text = eva.page(f"/hand-overs/{hand_over}").text
    assert f"Amili tog emot registreringen ({taken.registration_id}) utan att visa något ärende." in text
    assert "Det finns inget att avgöra" in eva.page(path_of(hand_over)).text


def test_a_side_that_does_not_answer_is_said_and_decides_nothing(eva: Visitor, house: Stage) -> None:
    invoice, hand_over, _ = asking(house)
    path = path_of(hand_over)
    fields = eva.page(path).form(path).fields | {"act": "another"}
    strike(house, Fault(FaultKind.FAIL_BEFORE, ("look",), share=1.0, status=503))
    assert "Amili" in eva.page(path, status=502).text
    assert eva.client.post(path, data=fields).status_code == 502
    assert untouched(house, invoice, hand_over)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_an_amount_that_cannot_be_read_is_said_in_the_place_of_the_invoice(
    eva: Visitor, house: Stage, language: str
) -> None:
    invoice, hand_over, _ = asking(house)
    path = path_of(hand_over)
    eva.submit(f"/hand-overs/{hand_over}", "/language", language=language)
    fields = eva.page(path).form(path).fields | {"act": "another"}
    house.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("0.001"))
    page = eva.page(path)
    finding = unreadable_amount("balance")
    assert (sv(finding) if language == "sv" else en(finding)) in page.text
    assert [form for form in page.forms if form.action == path] == []
    assert eva.client.post(path, data=fields).status_code == 409
    assert untouched(house, invoice, hand_over)
    house.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("1250.00"))
    assert eva.client.post(path, data=fields).status_code == 303, "the control"


def test_of_a_case_that_an_earlier_release_kept_the_number_of_it_can_be_said_that_it_is_anothers(
    eva: Visitor, house: Stage
) -> None:
    invoice = house.invoice()
    earlier = of_earlier_release(house, invoice)
    hand_over = begun(house, invoice)
    step(house, hand_over)
    path = path_of(hand_over)
    assert path in eva.page(f"/hand-overs/{hand_over}").links
    page = eva.page(path)
    assert f"Ärende {earlier.case_id} hos Amili, inte öppet längre" in page.text
    assert "Det är det här ärendet" not in page.text
    fields = page.form(path).fields
    assert eva.client.post(path, data=fields | {"act": "this"}).status_code == 409
    assert untouched(house, invoice, hand_over)
    assert eva.client.post(path, data=fields | {"act": "another"}).status_code == 303
    worked(house, hand_over)
    assert stored(house, hand_over).case_id not in ("", earlier.case_id)
    assert registrations(house, invoice) == 1
