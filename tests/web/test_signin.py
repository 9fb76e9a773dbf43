"""Signing in and out, and who gets to see what."""

from __future__ import annotations

import pytest
from flask import Flask

from connector.flows.deployment import Deployment
from connector.store import users
from connector.web import person
from connector.web.signin import FREE_TRIES_PER_ACCOUNT, FREE_TRIES_PER_ADDRESS
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.visitor import PASSWORD, Visitor

PAGES = [
    "/",
    "/connections/alfa/",
    "/connections/alfa/invoices/1",
    "/connections/alfa/invoices/1/status",
    "/connections/alfa/hand-overs",
    "/hand-overs/0123",
]


@pytest.fixture(autouse=True)
def companies(deployment: Deployment) -> None:
    add_company(deployment, "alfa", "Alfa AB")
    add_company(deployment, "beta", "Beta AB")
    add_user(deployment, "alfa")


def test_the_pages_listed_here_are_all_the_pages_there_are(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
    values = {"connection_id": "alfa", "invoice_id": "1", "hand_over_id": "0123"}
    adapter = app.url_map.bind("localhost")
    assert {adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}) for rule in rules} == set(
        PAGES
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_page_leads_to_the_sign_in_form_and_back_again(visitor: Visitor, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 303
    sign_in = response.headers["Location"]
    assert sign_in.startswith("/sign-in?next=")
    signed_in = visitor.submit(sign_in, "/sign-in", email=EMAIL, password=PASSWORD)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, path)


def test_e_mail_and_password_open_the_pages_and_sign_out_closes_them(visitor: Visitor) -> None:
    visitor.sign_in(EMAIL)
    assert visitor.get("/").headers["Location"] == "/connections/alfa/"
    assert visitor.submit("/connections/alfa/hand-overs", "/sign-out").status_code == 303
    assert visitor.get("/connections/alfa/hand-overs").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong"), ("nobody@byran.example", PASSWORD), ("", ""), (EMAIL, "")]
)
def test_a_wrong_password_and_an_unknown_address_are_told_the_same(visitor: Visitor, email: str, password: str) -> None:
    response = visitor.sign_in(email, password)
    assert response.status_code == 401
    assert "stämmer inte" in response.text
    assert password == "" or password not in response.text
    assert visitor.get("/").headers["Location"].startswith("/sign-in")


def test_the_address_is_read_without_regard_to_capitals_and_spaces(visitor: Visitor) -> None:
    assert visitor.sign_in(f"  {EMAIL.upper()} ").status_code == 303


def test_guessing_at_one_account_must_wait_even_with_the_right_password_and_from_elsewhere(app: Flask) -> None:
    for number in range(FREE_TRIES_PER_ACCOUNT):
        assert Visitor(app, address=f"192.0.2.{number}").sign_in(EMAIL, "guess").status_code == 401
    response = Visitor(app, address="192.0.2.99").sign_in(EMAIL)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert "För många försök" in response.text


def test_guessing_from_one_address_must_wait_whichever_account_it_tries(app: Flask) -> None:
    brake = app.extensions["address_brake"]
    for _ in range(FREE_TRIES_PER_ADDRESS):
        brake.enter("192.0.2.7")
    assert Visitor(app, address="192.0.2.7").sign_in("new@byran.example").status_code == 429
    assert Visitor(app, address="192.0.2.8").sign_in(EMAIL).status_code == 303


def test_signing_in_often_is_not_guessing(app: Flask) -> None:
    statuses = {Visitor(app).sign_in(EMAIL).status_code for _ in range(FREE_TRIES_PER_ACCOUNT + 2)}
    assert statuses == {303}


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(visitor: Visitor, target: str) -> None:
    response = visitor.submit("/sign-in", "/sign-in", email=EMAIL, password=PASSWORD, next=target)
    assert response.headers["Location"] == "/"


def test_signing_in_begins_a_session_that_shares_no_token_with_the_one_before(visitor: Visitor) -> None:
    visitor.page("/sign-in")
    with visitor.client.session_transaction() as session:
        before = session["csrf_token"]
        session["planted"] = "by somebody else"
    visitor.sign_in(EMAIL)
    page = visitor.page("/connections/alfa/hand-overs")
    with visitor.client.session_transaction() as session:
        assert "planted" not in session
        assert session["csrf_token"] != before
        assert page.form("/sign-out").fields["csrf_token"] == session["csrf_token"]


def test_a_new_password_ends_the_sessions_of_the_old_one(visitor: Visitor, deployment: Deployment) -> None:
    visitor.sign_in(EMAIL)
    users.set_password(deployment.databases.main, EMAIL, "another one entirely")
    assert visitor.get("/connections/alfa/hand-overs").headers["Location"].startswith("/sign-in")


def test_a_session_ends_after_a_working_day(visitor: Visitor) -> None:
    visitor.sign_in(EMAIL)
    with visitor.client.session_transaction() as session:
        session["since"] -= person.LONGEST_SESSION_S + 1
    assert visitor.get("/connections/alfa/hand-overs").headers["Location"].startswith("/sign-in")


def test_a_cookie_signed_with_another_secret_is_worth_nothing(visitor: Visitor, app: Flask) -> None:
    visitor.sign_in(EMAIL)
    app.config["SECRET_KEY"] = "0" * 64
    assert visitor.get("/connections/alfa/hand-overs").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/connections/beta/", "/connections/beta/hand-overs", "/connections/nowhere/"])
def test_another_company_looks_like_one_that_does_not_exist(visitor: Visitor, path: str) -> None:
    visitor.sign_in(EMAIL)
    page = visitor.page(path, status=404)
    assert "Sidan finns inte" in page.text
    assert "Beta AB" not in page.text


def test_only_companies_one_may_use_are_listed(visitor: Visitor, deployment: Deployment, app: Flask) -> None:
    add_company(deployment, "gamma", "Gamma AB")
    add_user(deployment, "alfa", "gamma", email="adam@byran.example")
    visitor.sign_in("adam@byran.example")
    page = visitor.page("/")
    assert {"/connections/alfa/", "/connections/gamma/"} <= set(page.links)
    assert "Beta AB" not in page.text
    add_user(deployment, "*", email="chef@byran.example")
    chief = Visitor(app)
    chief.sign_in("chef@byran.example")
    assert all(name in chief.page("/").text for name in ("Alfa AB", "Beta AB", "Gamma AB"))


def test_somebody_without_a_company_is_told_so(visitor: Visitor, deployment: Deployment) -> None:
    add_user(deployment, email="ny@byran.example")
    visitor.sign_in("ny@byran.example")
    assert "inte behörighet till något företag" in visitor.page("/").text


def test_the_language_is_the_browsers_then_the_persons_then_the_chosen_one(app: Flask, deployment: Deployment) -> None:
    add_user(deployment, "alfa", email="kim@byran.example", language="en")
    assert Visitor(app, language="en-GB,en;q=0.9").page("/sign-in").language == "en"
    assert Visitor(app, language="fi").page("/sign-in").language == "sv"
    kim = Visitor(app)
    kim.sign_in("kim@byran.example")
    assert kim.page("/connections/alfa/hand-overs").language == "en"
    chosen = kim.submit("/connections/alfa/hand-overs", "/language", language="sv")
    assert chosen.headers["Location"] == "/connections/alfa/hand-overs"
    assert kim.page("/connections/alfa/hand-overs").language == "sv"
    kim.submit("/connections/alfa/hand-overs", "/sign-out")
    assert kim.page("/sign-in").language == "sv"


def test_an_unknown_language_changes_nothing(visitor: Visitor) -> None:
    visitor.submit("/sign-in", "/language", language="../../etc")
    assert visitor.page("/sign-in").language == "sv"
