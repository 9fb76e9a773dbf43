"""The page of a plan that waits: what a person sees, and that exactly what they chose is sent, once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.connection import FirstAction
from connector.domain.dates import today
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.domain.plan import Brake
from connector.flows.events.requests import take
from connector.flows.hand_over.plan import plan, proposals
from connector.store import connections, held_plans, inbox
from connector.store.held_plans import HeldPlan
from connector.web.app import create_app
from connector.web.pages import held_plan as page_of_plan
from tests.flows.hand_over_steps import begun, driven
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.page import read
from tests.web.visitor import Visitor

PAGE = f"/connections/{CONNECTION}/plan"
OVERDUE = f"/connections/{CONNECTION}/"


def held(house: Stage) -> HeldPlan:
    """What the rule proposes now, waiting as after `propose --send --yes`."""
    connection = house.deployment.connection(CONNECTION)
    proposed = proposals(plan(house.deployment, connection, today=today()))
    return held_plans.hold(house.deployment.databases.main, CONNECTION, proposed, [Brake.FIRST], by="cron")


def requests_of(house: Stage) -> list[Request]:
    return [one.request for one in inbox.waiting(house.deployment.databases.inbox) if one.request]


def test_the_overdue_invoices_lead_to_what_waits_and_why(house: Stage, eva: Visitor) -> None:
    house.invoice()
    house.invoice(house.customer(name="Andra kunden AB", company_registry="556123-4567"), price="2000")
    held(house)

    assert "Regelns förslag väntar på dig: 2 st, 3 750,00 kr." in eva.page(OVERDUE).text
    assert PAGE in eva.page(OVERDUE).links
    page = eva.page(PAGE)
    for shown in (
        "den första gången bestämmer en person",
        "av cron",
        "Andra kunden AB",
        "2 st, 3 750,00 kr",
        "Testmiljö",
    ):
        assert shown in page.text, shown
    assert set(page.fields_shown) >= {"send-1", "send-2", "reviewed"}
    assert set(page.fields_shown) <= page.labelled
    assert PAGE in eva.page(f"/connections/{CONNECTION}/tasks").links
    assert requests_of(house) == []


def test_what_is_chosen_is_sent_once_and_the_rest_is_not(house: Stage, eva: Visitor) -> None:
    chosen, other = house.invoice(), house.invoice()
    held(house)
    form = eva.page(PAGE).form(PAGE)
    answers = form.fields | {"invoice": [chosen], "reviewed": "yes"}

    response = eva.client.post(PAGE, data=answers)

    assert response.status_code == 303
    (request,) = requests_of(house)
    assert (request.invoice_id, request.origin, request.asked_by) == (chosen, Origin.RULE, EMAIL)
    assert (request.proposed_balance, request.first_action) == (Decimal("1250.00"), FirstAction.DEBT_COLLECTION)
    after = eva.page(response.headers["Location"])
    assert "Antal fakturor som skickas: 1." in after.text
    assert "Inget förslag väntar." in after.text
    assert eva.client.post(PAGE, data=answers).status_code == 409, "it was answered"
    assert len(requests_of(house)) == 1

    hand_over = take(house.deployment, request, lambda _: None)
    assert driven(house, hand_over.id).case_id
    assert (house.cases(chosen), house.cases(other)) == (1, 0)


@pytest.mark.parametrize(
    ("answers", "said"),
    [({"invoice": [], "reviewed": "yes"}, "kryssa för minst en faktura"), ({}, "att du har gått igenom fakturorna")],
)
def test_an_unfinished_answer_sends_nothing(
    answers: dict[str, str | list[str]], said: str, house: Stage, eva: Visitor
) -> None:
    house.invoice()
    held(house)

    response = eva.submit(PAGE, PAGE, **answers)

    assert response.status_code == 422
    assert said in read(response.text).text
    assert requests_of(house) == []
    assert "Skicka de valda" in eva.page(PAGE).text


def test_a_plan_that_another_has_replaced_is_shown_before_anything_is_sent(house: Stage, eva: Visitor) -> None:
    house.invoice()
    held(house)
    seen = eva.page(PAGE).form(PAGE).fields
    late = house.invoice(house.customer(name="Tillkommen AB", company_registry="556090-0127"))
    held(house)

    response = eva.client.post(PAGE, data=seen | {"invoice": [late], "reviewed": "yes"})

    assert response.status_code == 409
    assert "förslaget har ändrats eller besvarats" in read(response.text).text
    assert "Tillkommen AB" in read(response.text).text
    assert requests_of(house) == []


def test_what_begins_otherwise_than_was_seen_is_shown_before_anything_is_sent(house: Stage, eva: Visitor) -> None:
    invoice = house.invoice()
    held(house)
    seen = eva.page(PAGE).form(PAGE).fields
    settings = house.deployment.connection(CONNECTION).settings
    reminding = settings.model_copy(update={"first_action": FirstAction.REMINDER})
    connections.save_settings(house.deployment.databases.main, CONNECTION, reminding)

    response = eva.client.post(PAGE, data=seen | {"invoice": [invoice], "reviewed": "yes"})

    assert response.status_code == 409
    assert "Amili påminner kunden först." in read(response.text).text
    assert requests_of(house) == []


def test_what_was_sent_by_itself_meanwhile_is_shown_so_and_not_sent_again(house: Stage, eva: Visitor) -> None:
    sent, other = house.invoice(), house.invoice()
    held(house)
    hand_over = driven(house, begun(house, sent))
    page = eva.page(PAGE)

    assert f"/hand-overs/{hand_over.id}" in page.links
    assert "1 st, 1 250,00 kr" in page.text
    fields = page.form(PAGE).fields | {"invoice": [sent, other], "reviewed": "yes"}
    assert eva.client.post(PAGE, data=fields).status_code == 303
    assert [request.invoice_id for request in requests_of(house)] == [other]


def test_what_was_paid_since_is_stopped(house: Stage, eva: Visitor) -> None:
    paid = house.invoice()
    held(house)
    house.ledger.books.pay(int(paid))

    assert eva.submit(PAGE, PAGE, invoice=[paid], reviewed="yes").status_code == 303
    (request,) = requests_of(house)
    hand_over = take(house.deployment, request, lambda _: None)

    assert driven(house, hand_over.id).state is HandOverState.BLOCKED
    assert house.cases(paid) == 0


def test_a_long_plan_is_shown_in_parts(house: Stage, eva: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_of_plan, "MOST_SHOWN", 2)
    for _ in range(3):
        house.invoice()
    held(house)

    page = eva.page(PAGE)

    assert "… och 1 till" in page.text
    assert [name for name in page.fields_shown if name.startswith("send-")] == ["send-1", "send-2"]


def test_another_companys_plan_is_not_there(house: Stage, eva: Visitor) -> None:
    add_company(house.deployment, "annat")
    add_user(house.deployment, "annat", email="nils@byran.example")
    house.invoice()
    held(house)
    seen = eva.page(PAGE).form(PAGE).fields["seen"]
    nils = Visitor(create_app(house.deployment))
    nils.sign_in("nils@byran.example")

    assert nils.get(PAGE).status_code == 404
    token = nils.page("/tasks").forms[0].fields["csrf_token"]
    answer = nils.client.post(PAGE, data={"seen": seen, "invoice": ["1"], "reviewed": "yes", "csrf_token": token})
    assert answer.status_code == 404
    assert requests_of(house) == []


def test_without_a_plan_the_page_says_so(eva: Visitor) -> None:
    assert "Inget förslag väntar." in eva.page(PAGE).text
    assert "Regelns förslag" not in eva.page(OVERDUE).text
