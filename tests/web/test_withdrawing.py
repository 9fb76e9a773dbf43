"""Withdrawing on the pages: what is shown before, what must be answered, and what comes of it."""

from __future__ import annotations

from decimal import Decimal

from connector.domain.hand_over import HandOverState, Request
from connector.flows.events.requests import take
from connector.flows.follow_up.follow_up import follow_up
from connector.sandbox.amili.state import Action
from connector.store import hand_overs, inbox
from connector.store.follow_ups import Look
from connector.store.hand_over_record import HandOver
from tests.flows.hand_over_steps import begun, driven, stored
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import EMAIL
from tests.web.page import read
from tests.web.visitor import Visitor

REASON = "Fakturan gäller fel kund."


def sent(house: Stage) -> tuple[str, str]:
    """An invoice with a case, and its hand-over."""
    invoice = house.invoice()
    hand_over = begun(house, invoice)
    assert driven(house, hand_over).case_id
    return invoice, hand_over


def path_of(hand_over: str) -> str:
    return f"/hand-overs/{hand_over}/withdraw"


def cancellations(house: Stage) -> list[Action]:
    return [action for action in house.amili.actions.values() if action.kind == "cancellation"]


def worked(house: Stage, hand_over: str) -> HandOver:
    for _ in range(6):
        follow_up(house.deployment, Look(hand_over, CONNECTION, stored(house, hand_over).follow_up_asked))
    return stored(house, hand_over)


def test_the_hand_over_leads_to_a_page_with_what_stands_and_what_it_may_cost(eva: Visitor, house: Stage) -> None:
    invoice, hand_over = sent(house)
    house.ledger.books.pay(int(invoice), Decimal("250.50"))
    assert path_of(hand_over) in eva.page(f"/hand-overs/{hand_over}").links
    page = eva.page(path_of(hand_over))
    for shown in (
        "Kvar av kapitalet 1 250,00 kr",
        "kan kosta",
        "Har kunden betalat ska ärendet inte återkallas",
        "inte rapporterat till Amili",
        "Betalning 250,50 kr",
        "Återkalla ärendet hos Amili",
    ):
        assert shown in page.text, shown
    assert cancellations(house) == []


def test_a_reason_is_needed_and_then_it_is_cancelled_once(eva: Visitor, house: Stage) -> None:
    _, hand_over = sent(house)
    response = eva.submit(path_of(hand_over), path_of(hand_over), reason="  ")
    assert response.status_code == 422
    assert "Skriv varför" in read(response.text).text
    assert worked(house, hand_over).state is not HandOverState.WITHDRAWN
    assert eva.submit(path_of(hand_over), path_of(hand_over), reason=REASON).status_code == 303
    assert "Ärendet återkallas hos Amili." in eva.page(f"/hand-overs/{hand_over}").text
    assert worked(house, hand_over).state is HandOverState.WITHDRAWN
    assert len(cancellations(house)) == 1
    assert "Inte uppladdad: ärendet återkallades innan" in eva.page(f"/hand-overs/{hand_over}").text
    page = eva.page(f"/hand-overs/{hand_over}")
    for shown in ("Återkallat", REASON, EMAIL, "Skicka fakturan igen"):
        assert shown in page.text, shown
    assert path_of(hand_over) not in page.links


def test_what_changed_since_it_was_read_is_shown_again(eva: Visitor, house: Stage) -> None:
    invoice, hand_over = sent(house)
    form = eva.page(path_of(hand_over)).forms[-1]
    house.ledger.books.pay(int(invoice), Decimal(100))
    response = eva.submit(path_of(hand_over), path_of(hand_over), reason=REASON, seen=form.fields["seen"])
    assert response.status_code == 409
    assert "Något har ändrats" in read(response.text).text
    assert worked(house, hand_over).state is not HandOverState.WITHDRAWN
    assert cancellations(house) == []


def test_another_companys_case_is_not_there(house: Stage, eva: Visitor) -> None:
    assert eva.get("/hand-overs/0123456789abcdef0123456789abcdef/withdraw").status_code == 404


def test_it_is_sent_again_by_a_new_act_alone(eva: Visitor, house: Stage) -> None:
    invoice, hand_over = sent(house)
    eva.submit(path_of(hand_over), path_of(hand_over), reason=REASON)
    worked(house, hand_over)
    path = f"/connections/{CONNECTION}/invoices/{invoice}"
    page = eva.page(path)
    assert "Fakturans förra ärende är återkallat" in page.text
    assert eva.submit(path, path).status_code == 422, "the withdrawn case is to be confirmed"
    assert eva.submit(path, path, accept="A10").status_code == 303
    (request,) = _waiting(house)
    assert (request.again_after, request.accepted) == (hand_over, ("A10",))
    for _twice in range(2):
        take(house.deployment, request, lambda _: None)
    found = hand_overs.latest(house.deployment.databases.main, CONNECTION, invoice)
    assert found is not None
    assert found.generation == 1
    assert driven(house, found.id).case_id not in ("", stored(house, hand_over).case_id)
    assert house.cases(invoice) == 2


def _waiting(house: Stage) -> list[Request]:
    return [item.request for item in inbox.waiting(house.deployment.databases.inbox) if item.request is not None]
