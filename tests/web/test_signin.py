"""Signing in and out, and who gets to see what."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from sqlalchemy import Column, func, select, update

from connector.flows.deployment import Deployment
from connector.store import sessions, tables, users
from connector.store.database import reading
from connector.web.brake import Brake
from connector.web.forwarded import Forwarded
from connector.web.guessing import FREE_TRIES_PER_ACCOUNT, FREE_TRIES_PER_ADDRESS, LONGEST_WAIT_OF_STRANGERS_S, Guessing
from connector.web.hashing import HashingPlaces
from connector.web.known_browser import account_key
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


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(app: Flask) -> Clock:
    """The time by which the brakes go."""
    passing = Clock()
    app.extensions["guessing"] = Guessing(passing)
    return passing


def guess(app: Flask, email: str, *, times: int, address: str = "192.0.2.1") -> list[int]:
    """The answers to so many wrong tries of somebody who keeps no cookies."""
    return [Visitor(app, address=address).sign_in(email, f"guess {number}").status_code for number in range(times)]


def test_guessing_at_one_account_must_wait_even_with_the_right_password_and_from_elsewhere(app: Flask) -> None:
    for number in range(FREE_TRIES_PER_ACCOUNT):
        assert Visitor(app, address=f"192.0.2.{number}").sign_in(EMAIL, "guess").status_code == 401
    response = Visitor(app, address="192.0.2.99").sign_in(EMAIL)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert "För många försök" in response.text


def test_each_wrong_try_makes_the_next_one_wait_longer_up_to_a_bound(app: Flask, clock: Clock) -> None:
    guess(app, EMAIL, times=FREE_TRIES_PER_ACCOUNT)
    guesser, waits = Visitor(app), []
    for _ in range(7):
        waits.append(int(guesser.sign_in(EMAIL, "guess").headers["Retry-After"]))
        assert guesser.sign_in(EMAIL, "guess").status_code == 429, "before its time"
        clock.now_s += waits[-1]
        assert guesser.sign_in(EMAIL, "guess").status_code == 401
    assert waits == [2, 3, 5, 9, 16, 16, 16]


def test_who_waits_is_let_in_however_much_others_guess_meanwhile(app: Flask, clock: Clock) -> None:
    guess(app, EMAIL, times=20)
    eva = Visitor(app)
    wait_s = int(eva.sign_in(EMAIL).headers["Retry-After"])
    assert wait_s <= LONGEST_WAIT_OF_STRANGERS_S + 1
    for _ in range(wait_s):
        clock.now_s += 1.0
        guess(app, EMAIL, times=2)
    assert eva.sign_in(EMAIL).status_code == 303
    assert guess(app, EMAIL, times=1) == [401], "her own tries and those of the others are forgotten"


def test_a_turn_is_for_one_try_at_one_account_in_one_browser(app: Flask, clock: Clock) -> None:
    add_user(app.extensions["deployment"], email="adam@byran.example")
    guess(app, EMAIL, times=20)
    guess(app, "adam@byran.example", times=20)
    holder = Visitor(app)
    assert holder.sign_in(EMAIL, "guess").status_code == 429
    clock.now_s += LONGEST_WAIT_OF_STRANGERS_S
    guess(app, EMAIL, times=1)
    guess(app, "adam@byran.example", times=1)
    assert Visitor(app).sign_in(EMAIL).status_code == 429
    assert holder.sign_in("adam@byran.example").status_code == 429
    assert holder.sign_in(EMAIL, "guess").status_code == 429, "the turn was given up for one at the other account"


def test_a_browser_in_which_the_person_has_signed_in_is_not_slowed_by_others(app: Flask, clock: Clock) -> None:
    eva = Visitor(app)
    assert eva.sign_in(EMAIL).status_code == 303
    eva.submit("/connections/alfa/hand-overs", "/sign-out")
    guess(app, EMAIL, times=FREE_TRIES_PER_ADDRESS + 5)
    assert Visitor(app).sign_in(EMAIL).status_code == 429
    assert eva.sign_in(EMAIL).status_code == 303


def test_a_known_browser_is_slowed_by_its_own_failures_and_known_at_its_own_account_alone(
    app: Flask, clock: Clock
) -> None:
    add_user(app.extensions["deployment"], email="adam@byran.example")
    eva = Visitor(app)
    eva.sign_in(EMAIL)
    eva.submit("/connections/alfa/hand-overs", "/sign-out")
    tries = [eva.sign_in(EMAIL, "guess").status_code for _ in range(FREE_TRIES_PER_ACCOUNT + 1)]
    assert tries == [401] * FREE_TRIES_PER_ACCOUNT + [429]
    guess(app, "adam@byran.example", times=20)
    assert eva.sign_in("adam@byran.example").status_code == 429


@pytest.mark.parametrize("forged", ["", "x", "WyJhIixbImIiXV0.c2lnbmVk"])
def test_nobody_makes_a_known_browser_of_their_own(app: Flask, clock: Clock, forged: str) -> None:
    guess(app, EMAIL, times=20)
    stranger = Visitor(app)
    stranger.client.set_cookie("amili_connector_known", forged)
    assert stranger.sign_in(EMAIL).status_code == 429


def test_behind_a_proxy_nobody_named_everybody_with_the_right_password_gets_in(app: Flask, clock: Clock) -> None:
    people = [f"person{number}@byran.example" for number in range(8)]
    for email in people:
        add_user(app.extensions["deployment"], email=email)
    for number in range(100):
        guess(app, f"nobody{number % 7}@byran.example", times=1)
    assert [Visitor(app).sign_in(email).status_code for email in people] == [303] * len(people)


def test_guessing_at_many_accounts_from_one_address_leaves_one_try_at_each(app: Flask, clock: Clock) -> None:
    for number in range(FREE_TRIES_PER_ADDRESS + 5):
        guess(app, f"nobody{number}@byran.example", times=1, address="192.0.2.7")
    assert guess(app, "new@byran.example", times=2, address="192.0.2.7") == [401, 429]
    assert guess(app, EMAIL, times=2, address="192.0.2.7") == [401, 429], "an account that is there tells no more"
    assert guess(app, "other@byran.example", times=2, address="192.0.2.8") == [401, 401]


def test_too_many_passwords_at_once_are_refused_and_not_counted(app: Flask) -> None:
    app.extensions["hashing_places"] = HashingPlaces(at_once=1, waiting=0)
    visitor = Visitor(app)
    with app.extensions["hashing_places"].place():
        answers = [visitor.sign_in(EMAIL) for _ in range(FREE_TRIES_PER_ACCOUNT + 2)]
    assert {answer.status_code for answer in answers} == {503}
    assert "Många loggar in just nu" in answers[0].text
    assert visitor.sign_in(EMAIL).status_code == 303


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("[2001:db8::7]:52010", "[2001:db8::7]:52011", "[2001:db8:0:1::7]:52010"),
        ("2001:db8::7", "[2001:0db8:0::7]:52011", "2001:db8:0:1::7"),
        ("2001:db8::7", "2001:db8::dead:beef:1:2", "2001:db8:1::7"),
        ("192.0.2.7:52010", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.7", "[::ffff:192.0.2.7]:52011", "[::ffff:192.0.2.8]"),
        ("unknown", "unknown", "192.0.2.7"),
    ],
)
def test_a_visitor_is_slowed_down_whatever_port_a_proxy_adds(first: str, second: str, other: str, app: Flask) -> None:
    guessing = app.extensions["guessing"]
    guessing.addresses = Brake(free=1, clock_s=lambda: 1000.0)
    app.wsgi_app = Forwarded(app.wsgi_app, trusted_proxy="192.0.2.1")  # type: ignore[method-assign]

    def tries(forwarded: str, email: str) -> int:
        # An account at which something has failed already, elsewhere.
        guessing.accounts.count(account_key(email))
        visitor = Visitor(app, address="192.0.2.1")
        visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded
        return visitor.sign_in(email, "guess").status_code

    with app.app_context():
        answers = [tries(first, "a@b.example"), tries(second, "b@b.example"), tries(other, "c@b.example")]
    assert answers == [401, 429, 401]


SECRET_TYPED = "Sommaren-2026!"


def test_the_log_tells_who_signed_in_who_was_refused_and_who_was_braked_and_no_password(
    app: Flask, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "connector.web.sign_in_log")
    for _ in range(FREE_TRIES_PER_ACCOUNT + 1):
        Visitor(app, address="192.0.2.9").sign_in(EMAIL, SECRET_TYPED)
    for _ in range(2):
        Visitor(app, address="2001:db8::9").sign_in(SECRET_TYPED, SECRET_TYPED)
    eva = Visitor(app)
    eva.sign_in(EMAIL)
    clock.now_s += LONGEST_WAIT_OF_STRANGERS_S
    assert eva.sign_in(EMAIL).status_code == 303
    eva.submit("/connections/alfa/hand-overs", "/sign-out")

    said = [record.getMessage() for record in caplog.records]
    assert said[:6] == [f"sign-in refused: {EMAIL} from 192.0.2.9"] * 5 + [
        f"sign-in braked for 1 s: {EMAIL} from 192.0.2.9"
    ]
    unknown = [line for line in said if "unknown account" in line]
    assert len(unknown) == 2
    assert len(set(unknown)) == 1, "two tries at one account are seen to be that"
    assert unknown[0].endswith("from 2001:db8::9")
    assert said[-2:] == [f"signed in: {EMAIL} from 192.0.2.1", f"signed out: {EMAIL} from 192.0.2.1"]
    assert SECRET_TYPED.lower() not in caplog.text.lower()


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


HAND_OVERS = "/connections/alfa/hand-overs"


def is_in(visitor: Visitor, **headers: str) -> bool:
    """Whether the page of a signed-in person is shown, and the form to sign in is not."""
    answer = visitor.client.get(HAND_OVERS, headers=headers)
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def pass_time(deployment: Deployment, column: Column[float], seconds: float) -> None:
    """Let all sessions be so much older in one respect."""
    with deployment.databases.main.begin() as connection:
        connection.execute(update(tables.sessions).values({column: column - seconds}))


def test_a_session_ends_after_a_working_day(visitor: Visitor, deployment: Deployment) -> None:
    visitor.sign_in(EMAIL)
    pass_time(deployment, tables.sessions.c.begun_at, sessions.LONGEST_S - 60)
    assert is_in(visitor)
    pass_time(deployment, tables.sessions.c.begun_at, 61)
    assert not is_in(visitor)


def test_a_session_ends_when_nobody_uses_it_and_it_is_said(visitor: Visitor, deployment: Deployment) -> None:
    idle_s = deployment.settings.session_idle_s
    visitor.sign_in(EMAIL)
    for _ in range(3):
        pass_time(deployment, tables.sessions.c.used_at, idle_s - 60)
        assert is_in(visitor), "each use begins the time anew"
    pass_time(deployment, tables.sessions.c.used_at, idle_s + 1)
    assert not is_in(visitor)
    assert "Du har loggats ut" in visitor.page("/sign-in").text
    visitor.sign_in(EMAIL)
    assert is_in(visitor)


def test_a_page_that_asks_for_itself_again_is_no_use_of_a_session(visitor: Visitor, deployment: Deployment) -> None:
    visitor.sign_in(EMAIL)
    for _ in range(2):
        pass_time(deployment, tables.sessions.c.used_at, deployment.settings.session_idle_s * 0.6)
        still = is_in(visitor, **{"Sec-Fetch-Dest": "empty"})
    assert not still


def test_a_cookie_that_was_kept_is_worth_nothing_after_signing_out(visitor: Visitor, app: Flask) -> None:
    visitor.sign_in(EMAIL)
    kept = visitor.client.get_cookie("amili_connector")
    assert kept is not None
    thief = Visitor(app)
    thief.client.set_cookie("amili_connector", kept.value)
    assert is_in(thief)
    visitor.submit(HAND_OVERS, "/sign-out")
    assert not is_in(thief)
    assert "Du har loggats ut" not in visitor.page("/sign-in").text, "who signed out is told nothing of it"


def test_signing_out_in_one_browser_leaves_another_signed_in(visitor: Visitor, app: Flask) -> None:
    other = Visitor(app)
    other.sign_in(EMAIL)
    visitor.sign_in(EMAIL)
    visitor.submit(HAND_OVERS, "/sign-out")
    assert is_in(other)


def test_sessions_that_are_over_are_forgotten(visitor: Visitor, app: Flask, deployment: Deployment) -> None:
    visitor.sign_in(EMAIL)
    pass_time(deployment, tables.sessions.c.used_at, deployment.settings.session_idle_s + 1)
    Visitor(app).sign_in(EMAIL)
    with reading(deployment.databases.main) as connection:
        assert connection.execute(select(func.count()).select_from(tables.sessions)).scalar_one() == 1


def test_no_secret_of_a_session_is_kept(visitor: Visitor, deployment: Deployment) -> None:
    visitor.sign_in(EMAIL)
    with visitor.client.session_transaction() as session:
        secret = session["session"]
    with reading(deployment.databases.main) as connection:
        (row,) = connection.execute(select(tables.sessions)).all()
    assert secret not in repr(row)


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
