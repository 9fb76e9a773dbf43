"""The language of the pages: the browser's, then the one chosen in it, then the person's own; never two at once."""

from __future__ import annotations

from contextlib import closing

import pytest
from flask import Flask

from connector.flows.deployment import Deployment, open_deployment
from connector.store import tables, users
from connector.web.app import create_app
from tests import migrated_databases
from tests.conftest import SettingsFactory
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.page import read
from tests.web.test_signin import HAND_OVERS, pass_time
from tests.web.visitor import Visitor


@pytest.fixture(autouse=True)
def companies(deployment: Deployment) -> None:
    add_company(deployment, "alfa", "Alfa AB")
    add_user(deployment, "alfa")


@pytest.mark.parametrize(("asked", "shown"), [("en-GB,en;q=0.9", "en"), ("sv-SE", "sv"), ("fi", "sv"), ("", "sv")])
def test_before_anything_is_chosen_the_browser_says_the_language_before_and_after_signing_in(
    app: Flask, asked: str, shown: str
) -> None:
    eva = Visitor(app, language=asked)
    assert eva.page("/sign-in").language == shown
    eva.sign_in(EMAIL)
    assert eva.page(HAND_OVERS).language == shown
    eva.submit(HAND_OVERS, "/sign-out")
    assert eva.page("/sign-in").language == shown


@pytest.mark.parametrize(("asked", "chosen"), [("sv", "en"), ("en", "sv")])
def test_what_is_chosen_on_the_sign_in_page_goes_on_after_it_and_stays_in_the_browser(
    app: Flask, deployment: Deployment, asked: str, chosen: str
) -> None:
    eva = Visitor(app, language=asked)
    eva.submit("/sign-in", "/language", language=chosen)
    assert eva.page("/sign-in").language == chosen
    eva.sign_in(EMAIL)
    assert eva.page(HAND_OVERS).language == chosen
    eva.submit(HAND_OVERS, "/sign-out")
    assert eva.page("/sign-in").language == chosen
    later = Visitor(app, language=asked)
    kept = eva.client.get_cookie("amili_connector_language")
    assert kept is not None
    assert kept.max_age is not None, "it outlives the browser's session"
    later.client.set_cookie("amili_connector_language", kept.value)
    assert later.page("/sign-in").language == chosen
    other = users.get(deployment.databases.main, EMAIL)
    assert other is not None
    assert not other.language_chosen, "whoever sat there may have been somebody else"


@pytest.mark.parametrize(("asked", "chosen"), [("sv", "en"), ("en", "sv")])
def test_what_a_person_has_chosen_is_theirs_in_every_browser_and_in_their_mail(
    app: Flask, deployment: Deployment, asked: str, chosen: str
) -> None:
    eva = Visitor(app, language=asked)
    eva.sign_in(EMAIL)
    assert eva.submit(HAND_OVERS, "/language", language=chosen).headers["Location"] == HAND_OVERS
    assert eva.page(HAND_OVERS).language == chosen
    eva.submit(HAND_OVERS, "/sign-out")
    assert eva.page("/sign-in").language == chosen

    elsewhere = Visitor(app, language=asked)
    elsewhere.submit("/sign-in", "/language", language=asked)
    elsewhere.sign_in(EMAIL)
    assert elsewhere.page(HAND_OVERS).language == chosen, "their own setting stands above the browser's"
    pass_time(deployment, tables.sessions.c.used_at, deployment.settings.session_idle_s + 1)
    ended = elsewhere.page("/sign-in")
    assert (ended.language, "loggats ut" in ended.text) == (chosen, chosen == "sv"), "nor does it end with the session"
    kept = users.get(deployment.databases.main, EMAIL)
    assert kept is not None
    assert kept.language == chosen


def test_a_language_that_the_installer_named_is_the_persons_until_they_choose(
    app: Flask, deployment: Deployment
) -> None:
    add_user(deployment, "alfa", email="kim@byran.example", language="en")
    kim = Visitor(app)
    kim.sign_in("kim@byran.example")
    assert kim.page(HAND_OVERS).language == "en"
    kim.submit(HAND_OVERS, "/language", language="sv")
    assert kim.page(HAND_OVERS).language == "sv"


def test_one_persons_language_is_not_anothers_who_has_chosen(app: Flask, deployment: Deployment) -> None:
    add_user(deployment, "alfa", email="kim@byran.example", language="en")
    shared = Visitor(app)
    shared.sign_in("kim@byran.example")
    shared.submit(HAND_OVERS, "/sign-out")
    assert shared.page("/sign-in").language == "en"
    shared.submit("/sign-in", "/language", language="sv")
    shared.sign_in("kim@byran.example")
    assert shared.page(HAND_OVERS).language == "en"
    shared.submit(HAND_OVERS, "/sign-out")
    shared.sign_in(EMAIL)
    assert shared.page(HAND_OVERS).language == "en", "the sign-in page was in English"


@pytest.mark.parametrize("kept", ["", "fi", "../../etc"])
def test_a_cookie_that_names_no_language_of_ours_says_nothing(app: Flask, kept: str) -> None:
    visitor = Visitor(app, language="en")
    visitor.client.set_cookie("amili_connector_language", kept)
    assert visitor.page("/sign-in").language == "en"


def test_where_the_site_is_under_https_the_choice_is_too(settings_factory: SettingsFactory) -> None:
    settings = settings_factory(public_url="https://connector.example")
    migrated_databases.put_into(settings.data_dir)
    with closing(open_deployment(settings)) as opened:
        visitor = Visitor(create_app(opened))
        site = "https://connector.example"
        form = read(visitor.client.get("/sign-in", base_url=site).text).form("/language")
        answer = visitor.client.post("/language", data=form.fields | {"language": "en"}, base_url=site)
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "_language=" in one]
    assert cookie.startswith("__Host-amili_connector_language=en;")
    assert all(part in cookie for part in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"))
    assert "Domain" not in cookie


def test_an_unknown_language_changes_nothing(visitor: Visitor) -> None:
    visitor.submit("/sign-in", "/language", language="../../etc")
    assert visitor.page("/sign-in").language == "sv"
