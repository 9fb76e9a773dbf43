"""The pages of what waits for a person: what they show to whom, and what a person can do there."""

from __future__ import annotations

import pytest

from connector.domain.findings import Severity
from connector.domain.follow_up import FollowUpState, Reason
from connector.domain.hand_over import HandOverState
from connector.store import follow_ups, hand_over_work, hand_overs, ledger_keys, tasks, users
from connector.store.hand_over_record import HandOver
from connector.web.app import create_app
from tests.flows.follow_up_steps import payment_in_question
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.page import read
from tests.web.test_pages import asked, finding, leased, registered
from tests.web.visitor import Visitor

LIST = f"/connections/{CONNECTION}/tasks"
BO = "bo@byran.example"
OTHER = "annat"


@pytest.fixture
def stopped(house: Stage) -> HandOver:
    """A stopped invoice that Eva asked for."""
    return stop(house)


def stop(house: Stage) -> HandOver:
    hand_over = asked(house, house.invoice())
    hand_over_work.block(house.deployment.databases.main, leased(house, hand_over), (finding(Severity.BLOCK),))
    return hand_over


def state(house: Stage, hand_over: HandOver) -> HandOverState:
    return hand_overs.get(house.deployment.databases.main, hand_over.id).state


def task_fields(eva: Visitor, act: str, path: str = LIST) -> dict[str, str]:
    """The fields of the first form on the page for this act."""
    forms = [form for form in eva.page(path).forms if form.fields.get("act") == act]
    return dict(forms[0].fields)


def decide(eva: Visitor, act: str, path: str = LIST, **filled: str) -> str:
    """Send the first form for this act; where one is sent then."""
    response = eva.client.post(LIST, data=task_fields(eva, act, path) | filled)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def test_one_sees_what_waits_for_how_long_for_whom_and_where_it_is_done(eva: Visitor, stopped: HandOver) -> None:
    for path in (LIST, "/tasks"):
        page = eva.page(path)
        assert f"/hand-overs/{stopped.id}" in page.links
        for words in ("stoppades och är inte skickad", "Ingen fakturakopia.", "I dag", "Eva Lund", "Skicka inte"):
            assert words in page.text
    assert "Att göra (1)" in eva.page(f"/hand-overs/{stopped.id}").text


def test_nothing_waits(eva: Visitor) -> None:
    assert "Inget väntar." in eva.page(LIST).text
    assert "Att göra (0)" in eva.page(LIST).text


def test_it_is_said_in_english_too(eva: Visitor, stopped: HandOver) -> None:
    eva.submit(LIST, "/language", language="en")
    page = eva.page(LIST)
    for words in ("was stopped and is not sent", "No invoice copy.", "Do not send", "To do (1)"):
        assert words in page.text


def test_everything_that_is_filled_in_has_a_label_of_its_own(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    stop(house)
    page = eva.page(LIST)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.fields_shown) <= page.labelled
    assert {f"reason-{number}" for number in (1, 2)} <= page.labelled


def test_an_invoice_that_is_not_to_be_sent_is_put_aside_with_the_reason(
    eva: Visitor, house: Stage, stopped: HandOver
) -> None:
    page = eva.page(decide(eva, "skipped", reason="  Betald   kontant "))

    assert "Lagd åt sidan" in page.text
    assert "Inget väntar." in page.text
    assert state(house, stopped) is HandOverState.SKIPPED
    course = eva.page(f"/hand-overs/{stopped.id}").text
    assert "Hoppades över" in course
    assert "Beslöt att inte skicka: Betald kontant" in course
    aside = eva.page(f"{LIST}?skipped=1")
    assert "Lades åt sidan av Eva Lund" in aside.text
    assert "Betald kontant" in aside.text

    assert "Uppgiften väntar igen" in eva.page(decide(eva, "reopened", f"{LIST}?skipped=1")).text
    assert state(house, stopped) is HandOverState.BLOCKED
    assert "Att göra (1)" in eva.page(LIST).text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_without_a_reason_nothing_is_put_aside(eva: Visitor, house: Stage, stopped: HandOver, reason: str) -> None:
    response = eva.client.post(LIST, data=task_fields(eva, "skipped") | {"reason": reason})
    assert response.status_code == 422
    assert "Ange ett skäl" in read(response.text).text
    assert state(house, stopped) is HandOverState.BLOCKED


def test_what_has_changed_since_it_was_seen_is_shown_again_instead(
    eva: Visitor, house: Stage, stopped: HandOver
) -> None:
    seen = task_fields(eva, "skipped") | {"reason": "Nej"}
    again = asked(house, stopped.invoice_id)
    assert again.id == stopped.id
    gone = eva.client.post(LIST, data=seen)
    other = finding(Severity.BLOCK).model_copy(update={"code": "E10"})
    hand_over_work.block(house.deployment.databases.main, leased(house, again), (other,))
    changed = eva.client.post(LIST, data=seen)

    assert (gone.status_code, changed.status_code) == (409, 409)
    assert "Uppgiften har ändrats" in read(changed.text).text
    assert state(house, stopped) is HandOverState.BLOCKED


def test_a_task_is_taken_given_and_let_go(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    add_user(house.deployment, CONNECTION, email=BO)
    db = house.deployment.databases.main
    key = task_fields(eva, "assigned")["task"]
    for to in (BO, "", EMAIL):
        decide(eva, "assigned", assignee=to)
        assert tasks.decided(db, None).owners == {key: to}
    assert "Inget väntar" not in eva.page(f"{LIST}?mine=1").text
    decide(eva, "assigned", assignee=BO)
    assert "Inget väntar" in eva.page(f"{LIST}?mine=1").text


def test_it_is_given_to_nobody_who_may_not_use_the_company(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    add_company(house.deployment, OTHER)
    add_user(house.deployment, OTHER, email=BO)
    fields = task_fields(eva, "assigned")
    for to in (BO, "nobody@byran.example"):
        assert eva.client.post(LIST, data=fields | {"assignee": to}).status_code == 400
    assert tasks.decided(house.deployment.databases.main, None).owners == {}


def test_another_companys_tasks_are_neither_seen_nor_touched(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    add_company(house.deployment, OTHER, "Annat AB")
    db = house.deployment.databases.main
    assert ledger_keys.refused(db, OTHER, 0)
    fields = task_fields(eva, "skipped") | {"reason": "Nej"}

    assert "Annat AB" not in eva.page("/tasks").text
    assert eva.get(f"/connections/{OTHER}/tasks").status_code == 404
    for task in (f"key/{OTHER}", fields["task"]):
        assert eva.client.post(f"/connections/{OTHER}/tasks", data=fields | {"task": task}).status_code == 404
    refused = eva.client.post(LIST, data=fields | {"task": f"key/{OTHER}", "mark": "refused/0"})
    assert refused.status_code == 409
    assert tasks.decided(db, None).skips == {}


def test_the_list_is_narrowed_by_company_and_kind(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    add_company(house.deployment, OTHER, "Annat AB")
    add_user(house.deployment, CONNECTION, OTHER, email=BO)
    ledger_keys.refused(house.deployment.databases.main, OTHER, 0)
    bo = Visitor(create_app(house.deployment))
    bo.sign_in(BO)

    everything = bo.page("/tasks").text
    assert everything.index("godtar inte kopplingens nyckel") < everything.index("stoppades och är inte skickad")
    for query, shown, hidden in (
        (f"company={OTHER}", "godtar inte kopplingens nyckel", "stoppades och är inte skickad"),
        ("kind=blocked", "stoppades och är inte skickad", "godtar inte kopplingens nyckel"),
    ):
        text = bo.page(f"/tasks?{query}").text
        assert shown in text
        assert hidden not in text
    assert bo.get("/tasks?kind=junk&company=junk").status_code == 200


@pytest.mark.parametrize("path", ["/tasks", LIST])
def test_one_must_be_signed_in(house: Stage, path: str) -> None:
    assert Visitor(create_app(house.deployment)).get(path).status_code in (302, 303, 401)


def test_a_form_without_its_token_does_nothing(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    fields = task_fields(eva, "skipped") | {"reason": "Nej", "csrf_token": "guessed"}
    assert eva.client.post(LIST, data=fields).status_code == 400
    assert state(house, stopped) is HandOverState.BLOCKED


def test_nobody_is_sent_elsewhere_by_a_decision(eva: Visitor, stopped: HandOver) -> None:
    assert decide(eva, "assigned", assignee=EMAIL, next="https://evil.example/").startswith("/?told=")


def test_the_daily_mail_is_offered_where_there_is_a_mail_server(eva: Visitor, house: Stage) -> None:
    assert "Dagligt mejl" not in eva.page("/tasks").text
    fields = {"csrf_token": eva.page("/tasks").form("/language").fields["csrf_token"], "next": "/tasks"}
    for wanted in ("no", "yes"):
        assert eva.client.post("/tasks/digest", data=fields | {"wanted": wanted}).status_code == 303
        eva_now = users.get(house.deployment.databases.main, EMAIL)
        assert eva_now is not None
        assert eva_now.digest is (wanted == "yes")


def test_what_a_hand_over_waits_for_is_decided_on_its_own_page_too(
    eva: Visitor, house: Stage, stopped: HandOver
) -> None:
    path = f"/hand-overs/{stopped.id}"
    assert decide(eva, "skipped", path, reason="Betald kontant").startswith(path)
    assert "Lades åt sidan" in eva.page(path).text
    assert decide(eva, "reopened", path).startswith(path)
    assert state(house, stopped) is HandOverState.BLOCKED


@pytest.mark.parametrize("act", ["skipped", "reported"])
def test_a_question_after_the_hand_over_is_answered(eva: Visitor, house: Stage, act: str) -> None:
    db = house.deployment.databases.main
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    verdict = payment_in_question(Reason.BEFORE_CASE, may_report=True)
    follow_up = follow_ups.keep(db, hand_overs.get(db, hand_over.id), verdict, (finding(Severity.BLOCK),))
    for path in (LIST, f"/hand-overs/{hand_over.id}"):
        page = eva.page(path)
        assert "Rapportera till Amili" in page.text
        assert "Avsluta frågan" in page.text
    decide(eva, act, f"/hand-overs/{hand_over.id}", reason="Gäller en annan faktura")

    answered = follow_ups.get(db, follow_up)
    assert answered.decided_by == EMAIL
    assert answered.state is (FollowUpState.DUE if act == "reported" else FollowUpState.SKIPPED)
    again = eva.client.post(LIST, data={"csrf_token": eva.page(LIST).form("/language").fields["csrf_token"]})
    assert again.status_code == 400


def test_what_is_no_question_is_not_reported(eva: Visitor, house: Stage, stopped: HandOver) -> None:
    fields = task_fields(eva, "skipped") | {"act": "reported"}
    assert eva.client.post(LIST, data=fields).status_code == 400
