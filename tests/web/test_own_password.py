"""People give themselves another password."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from connector.flows.deployment import Deployment
from connector.store import passwords, users
from connector.web.guessing import FREE_TRIES_PER_ACCOUNT
from connector.web.hashing import HashingPlaces
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.page import read
from tests.web.visitor import PASSWORD, Visitor

NEW = "nio röda hästar äter"
HAND_OVERS = "/connections/alfa/hand-overs"


@pytest.fixture(autouse=True)
def company(deployment: Deployment) -> None:
    add_company(deployment, "alfa", "Alfa AB")
    add_user(deployment, "alfa")


@pytest.fixture
def eva(app: Flask) -> Visitor:
    """Eva, signed in."""
    visitor = Visitor(app)
    assert visitor.sign_in(EMAIL).status_code == 303
    return visitor


def change(visitor: Visitor, *, current: str = PASSWORD, new: str = NEW, again: str | None = None) -> TestResponse:
    return visitor.submit("/password", "/password", current=current, new=new, again=new if again is None else again)


def is_in(visitor: Visitor) -> bool:
    return visitor.get(HAND_OVERS).status_code == 200


def test_a_new_password_opens_and_the_old_one_does_not(app: Flask, eva: Visitor) -> None:
    answer = change(eva)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password?changed=1")
    assert "Lösenordet är bytt" in eva.page("/password?changed=1").text
    assert Visitor(app).sign_in(EMAIL, PASSWORD).status_code == 401
    assert Visitor(app).sign_in(EMAIL, NEW).status_code == 303


def test_every_other_session_of_the_person_ends_and_nobody_elses(
    app: Flask, eva: Visitor, deployment: Deployment
) -> None:
    add_user(deployment, "alfa", email="adam@byran.example")
    elsewhere, adam, kept = Visitor(app), Visitor(app), Visitor(app)
    elsewhere.sign_in(EMAIL)
    adam.sign_in("adam@byran.example")
    before = eva.client.get_cookie("amili_connector")
    assert before is not None
    kept.client.set_cookie("amili_connector", before.value)
    change(eva)
    assert is_in(eva)
    assert is_in(adam)
    assert not is_in(elsewhere)
    assert not is_in(kept), "not even the session in which it was changed goes on under its old cookie"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"current": "wrong"}, "Det nuvarande lösenordet stämmer inte"),
        ({"current": ""}, "Det nuvarande lösenordet stämmer inte"),
        ({"new": "x" * (passwords.SHORTEST - 1)}, "minst 12 tecken"),
        ({"new": ""}, "minst 12 tecken"),
        ({"again": "another one entirely"}, "inte lika"),
        ({"new": PASSWORD}, "samma som det nuvarande"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    app: Flask, eva: Visitor, fields: dict[str, str], said: str
) -> None:
    answer = change(eva, **fields)
    page = read(answer.text)
    assert answer.status_code == 422
    assert said in page.text
    assert page.title.startswith("Fel: ")
    assert NEW not in answer.text
    assert is_in(eva)
    assert Visitor(app).sign_in(EMAIL, PASSWORD).status_code == 303


def test_the_shortest_password_that_may_be_is_taken(app: Flask, eva: Visitor) -> None:
    assert change(eva, new="å" * passwords.SHORTEST).status_code == 303
    assert Visitor(app).sign_in(EMAIL, "å" * passwords.SHORTEST).status_code == 303


def test_guessing_the_present_password_in_an_open_session_is_slowed_and_hinders_nobody_else(
    app: Flask, eva: Visitor
) -> None:
    answers = [change(eva, current=f"guess {number}").status_code for number in range(FREE_TRIES_PER_ACCOUNT + 1)]
    assert answers == [422] * FREE_TRIES_PER_ACCOUNT + [429]
    assert int(change(eva).headers["Retry-After"]) >= 1
    again = Visitor(app)
    assert again.sign_in(EMAIL).status_code == 303
    assert change(again).status_code == 303


def test_too_many_at_once_are_told_so(app: Flask, eva: Visitor) -> None:
    app.extensions["hashing_places"] = HashingPlaces(at_once=1, waiting=0)
    with app.extensions["hashing_places"].place():
        assert change(eva).status_code == 503
    assert change(eva).status_code == 303


def test_the_form_is_for_those_who_have_signed_in(app: Flask) -> None:
    assert Visitor(app).get("/password").headers["Location"].startswith("/sign-in?next=")


def test_both_languages_say_it_and_every_page_leads_there(app: Flask, eva: Visitor, deployment: Deployment) -> None:
    add_user(deployment, "alfa", email="kim@byran.example", language="en")
    kim = Visitor(app, language="en")
    kim.sign_in("kim@byran.example")
    assert "/password" in kim.page(HAND_OVERS).links
    assert "Change password" in kim.page("/password").text
    assert "Byt lösenord" in eva.page("/password").text


def test_the_log_tells_of_a_change_and_of_a_failed_one(eva: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "connector.web.sign_in_log")
    change(eva, current="Sommaren-2026")
    change(eva)
    assert [record.getMessage() for record in caplog.records] == [
        f"password not changed, the present one was wrong: {EMAIL} from 192.0.2.1",
        f"password changed: {EMAIL} from 192.0.2.1",
    ]
    assert NEW not in caplog.text
    assert "Sommaren" not in caplog.text


def test_a_person_of_the_store_has_the_new_password_hashed_as_any(eva: Visitor, deployment: Deployment) -> None:
    change(eva)
    assert users.verify(deployment.databases.main, EMAIL, NEW) is not None
