"""From the list to a stored request: what is shown, what must be answered, and what is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.domain.connection import Environment, FirstAction
from connector.domain.hand_over import Origin, Request
from connector.flows.events.requests import take
from connector.sandbox.odoo.books import InvoiceLine
from connector.store import connections, inbox
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import EMAIL
from tests.web.page import Page, read
from tests.web.test_app import change_settings
from tests.web.visitor import Visitor

ABROAD: dict[str, Any] = {"country_code": "NO", "company_registry": "", "zip": "0150", "city": "Oslo"}


def path_of(invoice_id: str) -> str:
    return f"/connections/{CONNECTION}/invoices/{invoice_id}"


def stored(house: Stage) -> list[Request | None]:
    return [item.request for item in inbox.waiting(house.deployment.databases.inbox)]


def doubtful(house: Stage) -> str:
    """An invoice with a liftable block (E12: abroad) and, as a reminder, two warnings (E2 and F1)."""
    customer = house.ledger.books.add_customer("Fjord Handel AS", street="Havnegata 1", **ABROAD)
    lines = [InvoiceLine("Tjänster", Decimal("9000.40"))]
    return str(house.ledger.books.add_invoice(customer, lines, due_days_ago=20))


def confirm(eva: Visitor, path: str, **filled: Any) -> tuple[int, Page]:
    response = eva.submit(path, path.partition("?")[0], **filled)
    return response.status_code, read(response.text)


def test_every_amount_the_customer_and_the_description_are_shown(eva: Visitor, house: Stage) -> None:
    customer = house.customer(name="Björkö Bygg AB", ref="K1001")
    lines = [
        InvoiceLine("Konsulttimmar, projektering av tak", Decimal(1000), Decimal(2)),
        InvoiceLine("[FAKTAVG] Fakturaavgift", Decimal(40), product_code="FAKTAVG"),
    ]
    invoice = house.ledger.books.add_invoice(customer, lines, due_days_ago=45)
    house.ledger.books.pay(invoice, Decimal("550.25"))
    page = eva.page(path_of(str(invoice)))
    for shown in (
        "Fakturans belopp INV/",
        "Inbetalning 20",
        "-550,25 kr",
        "Kvar enligt bokföringen 1 999,75 kr",
        "Kapital som krävs 1 999,75 kr",
        "varav fakturaavgift 50,00 kr",
        "Björkö Bygg AB",
        "K1001",
        "556016-0680",
        "Kungsgatan 2",
        "41119 Göteborg",
        "Konsulttimmar, projektering av tak",
        "45 dagar",
        "Testmiljö",
        "Skicka som inkassokrav: 1 999,75 kr",
    ):
        assert shown in page.text, shown


def test_what_the_debtor_will_read_is_amilis_text_where_it_is_always_used(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    page = eva.page(path_of(invoice))
    assert ("Konsulttimmar" in page.text, "Varor och tjänster" in page.text) == (True, False)
    known = house.deployment.connection(CONNECTION).creditor_status
    assert known is not None
    always = {
        "standard_debt_description": "Varor och tjänster",
        "always_use_standard_debt_description": True,
    }
    status = known.model_copy(update=always)
    connections.save_creditor_status(house.deployment.databases.main, CONNECTION, status)
    page = eva.page(path_of(invoice))
    connections.save_creditor_status(house.deployment.databases.main, CONNECTION, known)
    assert ("Konsulttimmar" in page.text, "Varor och tjänster" in page.text) == (False, True)
    assert "Skicka som inkassokrav" in page.text


def test_a_clean_invoice_is_two_clicks_away_and_stored_exactly_as_confirmed(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    listed = eva.page(f"/connections/{CONNECTION}/")
    assert path_of(invoice) in listed.links
    response = eva.submit(path_of(invoice), path_of(invoice))
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{path_of(invoice)}/status?item=")
    assert stored(house) == [
        Request(
            connection=CONNECTION,
            invoice_id=invoice,
            origin=Origin.PAGE,
            asked_by=EMAIL,
            first_action=FirstAction.DEBT_COLLECTION,
            proposed_balance=Decimal("1250.00"),
            environment=Environment.SANDBOX,
        )
    ]


def test_the_first_action_is_chosen_by_looking_again(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice(
        house.ledger.books.add_customer("Utan Nummer AB", street="Gatan 1", zip="972 31", city="Luleå")
    )
    page = eva.page(path_of(invoice))
    assert "Hindrar att fakturan skickas" in page.text
    assert "Skicka som" not in page.text
    page = eva.page(f"{path_of(invoice)}?first_action=reminder")
    assert page.form("/invoices/").fields["first_action"] == "reminder"
    assert "Skicka som påminnelse" in page.text
    status, _ = confirm(eva, f"{path_of(invoice)}?first_action=reminder", accept="E2")
    assert status == 303
    (request,) = stored(house)
    assert request is not None
    assert (request.first_action, request.accepted) == (FirstAction.REMINDER, ("E2",))


def test_another_choice_than_the_one_shown_is_shown_first_and_then_sent(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    fields = eva.page(path_of(invoice)).form(path_of(invoice)).fields
    response = eva.client.post(path_of(invoice), data=fields | {"first_action": "reminder"})
    page = read(response.text)
    assert (response.status_code, page.title[:4]) == (409, "Fel:")
    assert "Du valde ett annat sätt att börja" in page.text
    assert "Skicka som påminnelse: 1 250,00 kr" in page.text
    assert stored(house) == []
    assert eva.client.post(path_of(invoice), data=page.form(path_of(invoice)).fields).status_code == 303
    (request,) = stored(house)
    assert request is not None
    assert request.first_action is FirstAction.REMINDER


@pytest.mark.parametrize(("choice", "words"), [("debt_collection", "inkassokrav"), ("reminder", "påminnelse")])
def test_a_choice_can_be_looked_at_first_and_reasons_stay(eva: Visitor, house: Stage, choice: str, words: str) -> None:
    path = path_of(doubtful(house))
    fields = eva.page(path).form(path).fields | {"reason-E12": "Stämt av", "accept": "F1"}
    response = eva.client.post(path, data=fields | {"first_action": choice, "show": "choice"})
    page = read(response.text)
    assert response.status_code == 200
    assert page.form(path).fields["first_action"] == choice
    assert page.form(path).fields["reason-E12"] == "Stämt av"
    assert ("accept" in page.form(path).fields) is (choice == "debt_collection"), "a tick answers what was shown"
    assert (f"Skicka som {words}" in page.text) is (choice == "reminder")
    assert stored(house) == []


def test_what_a_company_has_agreed_with_amili_can_be_chosen(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    fields = eva.page(path_of(invoice)).form(path_of(invoice)).fields
    chosen = {"first_action": "Direct-surveillance", "shown_action": "Direct-surveillance"}
    assert eva.client.post(path_of(invoice), data=fields | chosen).status_code == 400
    change_settings(house, other_first_actions=["Direct-surveillance"])
    page = eva.page(f"{path_of(invoice)}?first_action=Direct-surveillance")
    assert "Direct-surveillance" in page.text
    assert "Så som företaget har avtalat med Amili" in page.text
    assert confirm(eva, f"{path_of(invoice)}?first_action=Direct-surveillance")[0] == 303
    (request,) = stored(house)
    assert request is not None
    taken = take(house.deployment, request, lambda _job: None)
    assert (request.first_action, taken.first_action) == ("Direct-surveillance", "Direct-surveillance")
    assert "Direct-surveillance" in eva.page(f"/hand-overs/{taken.id}").text


def test_a_blocked_invoice_has_no_button_and_a_forged_confirmation_stores_nothing(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice(house.customer(street=""))
    page = eva.page(path_of(invoice))
    assert "gatuadress" in page.text
    assert "Skicka som" not in page.text
    assert "kan inte skickas" in page.text
    status, answer = confirm(eva, path_of(invoice), accept=["E10", "E2"], reason__E10="ändå")
    assert status == 409
    assert "Fakturan är inte skickad" in answer.text
    assert stored(house) == []


def test_what_is_not_answered_is_said_at_its_field_and_nothing_is_stored(eva: Visitor, house: Stage) -> None:
    path = f"{path_of(doubtful(house))}?first_action=reminder"
    status, page = confirm(eva, path, accept="E2", reason__E12="   ")
    assert status == 422
    assert page.title.startswith("Fel: ")
    assert {"reason-E12-wrong", "accept-F1-wrong"} <= set(page.ids)
    assert "accept-E2-wrong" not in page.ids
    assert {"#reason-E12", "#accept-F1"} <= set(page.links)
    assert page.form("/invoices/").fields["accept"] == "E2", "what was ticked stays ticked"
    assert stored(house) == []


def test_ticks_and_reasons_are_stored_as_given(eva: Visitor, house: Stage) -> None:
    path = f"{path_of(doubtful(house))}?first_action=reminder"
    status, _ = confirm(
        eva, path, accept=["E2", "F1", "B6", "nonsense"], reason__E12="Stämt av  med Amili", reason__A3="x"
    )
    assert status == 303
    (request,) = stored(house)
    assert request is not None
    assert set(request.accepted) == {"E2", "F1"}
    assert request.lifted == {"E12": "Stämt av med Amili"}


def test_a_personal_number_in_a_reason_is_not_kept(eva: Visitor, house: Stage) -> None:
    path = f"{path_of(doubtful(house))}?first_action=reminder"
    status, _ = confirm(eva, path, accept=["E2", "F1"], reason__E12="19900101-1239")
    assert status == 422
    status, _ = confirm(eva, path, accept=["E2", "F1"], reason__E12="Talat med 900101-1239 " + "x" * 600)
    assert status == 303
    (request,) = stored(house)
    assert request is not None
    assert request.lifted["E12"].startswith("Talat med x")
    assert len(request.lifted["E12"]) == 500


def test_what_a_company_always_accepts_needs_no_tick(eva: Visitor, house: Stage) -> None:
    change_settings(house, accepted_warnings=["E2", "F1"])
    path = f"{path_of(doubtful(house))}?first_action=reminder"
    page = eva.page(path)
    assert "accept-E2" not in page.ids
    status, _ = confirm(eva, path, reason__E12="Stämt av med Amili")
    assert status == 303
    (request,) = stored(house)
    assert request is not None
    assert request.accepted == ()


def test_an_invoice_paid_since_it_was_seen_is_shown_again_and_not_sent(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    fields = eva.page(path_of(invoice)).form(path_of(invoice)).fields
    house.ledger.books.pay(int(invoice), Decimal("250.00"))
    response = eva.client.post(path_of(invoice), data=fields)
    page = read(response.text)
    assert response.status_code == 409
    assert "har ändrats sedan du läste in sidan" in page.text
    assert "Skicka som inkassokrav: 1 000,00 kr" in page.text
    assert stored(house) == []
    assert eva.client.post(path_of(invoice), data=page.form(path_of(invoice)).fields).status_code == 303


@pytest.mark.parametrize("change", ["customer", "settings", "description"])
def test_whatever_else_changed_since_it_was_seen_must_be_seen_again(eva: Visitor, house: Stage, change: str) -> None:
    invoice = house.invoice()
    fields = eva.page(path_of(invoice)).form(path_of(invoice)).fields
    match change:
        case "customer":
            partner = house.ledger.records.get("account.move", int(invoice))["partner_id"]
            house.ledger.records.update("res.partner", partner, {"street": "Drottninggatan 9"})
        case "settings":
            change_settings(house, minimum_amount="5000.00")
        case "description":
            change_settings(house, debt_description="Avtal om {lines}")
    assert eva.client.post(path_of(invoice), data=fields).status_code == 409
    assert stored(house) == []


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("proposed_balance", "1250.01", 409),
        ("proposed_balance", "", 409),
        ("proposed_balance", "NaN", 409),
        ("seen", "", 409),
        ("seen", "å" * 64, 409),
        ("first_action", "reminder", 409),
        ("first_action", "kronofogden", 400),
        ("first_action", "", 400),
    ],
)
def test_a_form_that_was_tampered_with_stores_nothing(
    eva: Visitor, house: Stage, name: str, value: str, status: int
) -> None:
    invoice = house.invoice()
    fields = eva.page(path_of(invoice)).form(path_of(invoice)).fields
    assert eva.client.post(path_of(invoice), data=fields | {name: value}).status_code == status
    assert stored(house) == []


def test_one_invoices_form_does_not_send_another(eva: Visitor, house: Stage) -> None:
    customer = house.customer()
    seen, other = house.invoice(customer), house.invoice(customer)
    fields = eva.page(path_of(seen)).form(path_of(seen)).fields
    assert eva.client.post(path_of(other), data=fields).status_code == 409
    assert stored(house) == []


def test_an_invoice_already_asked_for_offers_no_second_button(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    fields = eva.page(path_of(invoice)).form(path_of(invoice)).fields
    request = Request(connection=CONNECTION, invoice_id=invoice, origin=Origin.PAGE, asked_by=EMAIL)
    taken = take(house.deployment, request, lambda _job: None)
    page = eva.page(path_of(invoice))
    assert "redan begärd: Begärd" in page.text
    assert f"/hand-overs/{taken.id}" in page.links
    assert "Skicka som" not in page.text
    assert eva.client.post(path_of(invoice), data=fields).status_code == 409
    assert stored(house) == []


def test_amounts_that_cannot_be_read_are_a_finding_and_not_a_crash(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    house.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("1250.005"))
    page = eva.page(path_of(invoice))
    assert "går inte att läsa på öret" in page.text
    assert "Skicka som" not in page.text
    assert confirm(eva, path_of(invoice))[0] in {409, 422}
    assert stored(house) == []


def test_of_a_protected_customer_nothing_is_shown(eva: Visitor, house: Stage) -> None:
    host = house.deployment.connection(CONNECTION).settings.host
    change_settings(house, host=host | {"protected_identity_field": "active"})
    invoice = house.invoice(house.customer(name="Hemliga Hilda", street="Gömda vägen 1", ref="K77"))
    for path in (f"/connections/{CONNECTION}/", path_of(invoice), f"{path_of(invoice)}?first_action=reminder"):
        html = eva.get(path).text
        assert "Skyddade uppgifter" in html
        for secret in ("Hilda", "Gömda", "Göteborg", "556016", "kund.example", "K77", "projektering"):
            assert secret not in html, (path, secret)


def test_what_a_ledger_holds_is_text_and_never_markup(eva: Visitor, house: Stage) -> None:
    evil = '"><script>alert(1)</script>'
    customer = house.customer(name=evil, street=evil, city=f"{{{{7*7}}}}{evil}", ref=evil)
    invoice = house.ledger.books.add_invoice(
        customer, [InvoiceLine(f"Takarbete {evil}", Decimal(100))], due_days_ago=20, name=f"INV/{evil}"
    )
    for path in (f"/connections/{CONNECTION}/", path_of(str(invoice))):
        html = eva.get(path).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{7*7}}" in html


def test_a_personal_number_is_on_no_page_whole(eva: Visitor, house: Stage) -> None:
    customer = house.customer(
        name="Anna Andersson", company_registry="19900101-1239", street="Lillgatan 3", zip="582 22", city="Linköping"
    )
    house.ledger.records.update("res.partner", customer, {"is_company": False, "company_type": "person"})
    invoice = house.ledger.books.add_invoice(
        customer, [InvoiceLine("Service av värmepump hos 19900101-1239", Decimal(1000))], due_days_ago=20
    )
    path = path_of(str(invoice))
    html = eva.get(path).text
    assert "19xxxxxx-xxxx" in html
    pages = [html, eva.get(f"/connections/{CONNECTION}/").text]
    response = eva.submit(path, path)
    assert response.status_code == 303, read(response.text).text
    pages.append(eva.get(response.headers["Location"]).text)
    for text in pages:
        for spelling in ("900101-1239", "9001011239", "900101 1239"):
            assert spelling not in text


@pytest.mark.parametrize(("language", "words"), [("sv", "Granska och bekräfta"), ("en", "Review and confirm")])
def test_the_page_is_whole_in_both_languages(eva: Visitor, house: Stage, language: str, words: str) -> None:
    path = f"{path_of(doubtful(house))}?first_action=reminder"
    eva.submit(path, "/language", language=language)
    page = eva.page(path)
    assert page.language == language
    assert words in page.text
    finding = {"sv": "Kunden finns utanför Sverige", "en": "The customer is outside Sweden"}
    assert finding[language] in page.text
    assert finding["en" if language == "sv" else "sv"] not in page.text


def test_every_field_has_a_label_and_every_id_is_there_once(eva: Visitor, house: Stage) -> None:
    invoice = doubtful(house)
    for path in (
        "/sign-in",
        f"/connections/{CONNECTION}/",
        f"{path_of(invoice)}?first_action=reminder",
        f"/connections/{CONNECTION}/hand-overs",
    ):
        page = eva.page(path) if path != "/sign-in" else Visitor(eva.client.application).page(path)
        assert page.title
        assert page.title != page.text
        assert set(page.fields_shown) <= page.labelled
        assert len(page.ids) == len(set(page.ids)), path
        assert "#content" in page.links
        assert "content" in page.ids
