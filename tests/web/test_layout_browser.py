"""A real browser measures every page, full of long data, at every width and on paper, in both languages."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.exceptions import MethodNotAllowed, NotFound

from connector.flows.deployment import Deployment
from connector.hosts.fortnox.kind import CALLBACK_PATH
from connector.sandbox.shared.serve import running
from connector.web.app import create_app
from connector.web.pages import help as help_pages
from connector.web.reading import Readings
from connector.words import LANGUAGES, catalogue
from tests.conftest import SettingsFactory
from tests.flows.consent_stage import Consents, approving
from tests.flows.stage import CONNECTION, Stage
from tests.web import long_data
from tests.web.conftest import add_company, add_user
from tests.web.long_data import INSTALLER
from tests.web.measuring import (
    cut,
    language_and_text,
    open_everything,
    outside_landmarks,
)
from tests.web.test_browser import ARGUMENTS, PATIENCE_MS, PICTURES
from tests.web.visitor import PASSWORD

pytestmark = pytest.mark.browser

LOCALES = {"sv": "sv-SE", "en": "en-GB"}
NO_PAGES = {
    "static": "files",
    "health.up": "for machines",
    "health.ready": "for machines",
    "health.metrics": "for machines",
    "money.as_csv": "a file",
    "reconciliation.as_csv": "a file",
    "reconciliation.take_up": "leads to the invoice",
}
"""Addresses that can be got and are no pages."""

AT_FORTNOX = {"connecting.go", "connecting.callback", "approved_company.show", "approved_company.done"}
"""Pages on the way of connecting a company in Fortnox."""

PICTURED = (360, 1280)
SHORTEST_FOREIGN = 12


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all that is measured here."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        opened.close()


@contextmanager
def opened_page(browser: Browser, language: str) -> Iterator[Page]:
    """A page of a browser that asks for `language`; no script runs there that would ask for pages again."""
    context = browser.new_context(locale=LOCALES[language])
    context.route("**/*.js*", lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-in")
    page.fill("#email", INSTALLER)
    page.fill("#password", PASSWORD)
    page.click("main form .primary")


def endpoint(app: Flask, url: str) -> str:
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(url).path)[0])
    except (MethodNotAllowed, NotFound):
        return ""


class Measured:
    """What was found on the pages measured so far, and which they were."""

    def __init__(self, app: Flask, page: Page, language: str) -> None:
        self.faults: list[str] = []
        self.endpoints: set[str] = set()
        self._app = app
        self._page = page
        self._language = language
        own, *others = sorted(map(catalogue, LANGUAGES), key=lambda one: one.language != language)
        self._foreign = {
            text
            for other in others
            for key, text in other.texts.items()
            if len(text) >= SHORTEST_FOREIGN and "{" not in text and text not in own.texts[key]
        }

    def go(self, url: str, *, status: int = 200) -> None:
        """Measure the page at `url`."""
        answer = self._page.goto(url)
        assert answer is not None
        assert answer.status == status, url
        assert urlsplit(self._page.url).path == urlsplit(url).path, f"{url} leads elsewhere: is it a page at all?"
        assert answer.headers["content-type"].startswith("text/html"), f"{url} is no page"
        self.this(urlsplit(url).path)

    def this(self, what: str) -> None:
        """Measure the page that is open."""
        page = self._page
        self.endpoints.add(endpoint(self._app, page.url))
        open_everything(page)
        language, text = language_and_text(page)
        faults = [*cut(page), *outside_landmarks(page)]
        faults += [] if language == self._language else [f"is in {language}"]
        faults += [f"says “{one}”" for one in self._foreign if one in text]
        self.faults += [f"{what} ({self._language}) {one}" for one in faults]
        if os.environ.get("PICTURES"):
            self._picture(what)

    def _picture(self, what: str) -> None:
        folder = PICTURES / "layout"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(list(folder.glob('*-1280.png'))):03}{what.replace('/', '_')[:60]}-{self._language}"
        for width_px in PICTURED:
            self._page.set_viewport_size({"width": width_px, "height": 900})
            self._page.screenshot(path=folder / f"{name}-{width_px}.png", full_page=True)
        self._page.pdf(path=folder / f"{name}.pdf", format="A4", prefer_css_page_size=True)


def addresses(app: Flask, values: dict[str, str]) -> dict[str, str]:
    """The path of every page by its endpoint. `values` holds one for each part of an address."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES and rule.endpoint not in AT_FORTNOX
    ]
    assert NO_PAGES.keys() | AT_FORTNOX <= {rule.endpoint for rule in app.url_map.iter_rules()}
    adapter = app.url_map.bind("localhost")
    found = {}
    for rule in rules:
        given = {**values, **(rule.defaults or {})}
        assert rule.arguments <= given.keys(), f"say which {rule.arguments - given.keys()} {rule.rule} is tried with"
        found[rule.endpoint] = adapter.build(rule.endpoint, {one: given[one] for one in rule.arguments})
    return found


def test_nothing_is_cut_on_any_page_of_a_company_and_nothing_is_in_two_languages(
    house: Stage, browser: Browser
) -> None:
    values = long_data.fill(house)
    app, slow = create_app(house.deployment), create_app(house.deployment)
    slow.extensions["readings"] = Readings(wait_s=0.0)
    with running(app) as site, running(slow) as slow_site:
        faults = [
            fault
            for language in LANGUAGES
            for fault in faults_of_company(app, house, browser, language, values, site, slow_site)
        ]
    assert not faults, "\n".join(faults)


def faults_of_company(
    app: Flask, house: Stage, browser: Browser, language: str, values: dict[str, str], site: str, slow_site: str
) -> list[str]:
    company, hand_overs = f"/connections/{CONNECTION}", "/hand-overs"
    with opened_page(browser, language) as page:
        measured = Measured(app, page, language)
        measured.go(f"{site}/sign-in")
        page.fill("#email", INSTALLER)
        page.fill("#password", "wrong")
        page.click("main form .primary")
        measured.this("a wrong password")
        sign_in(page, site)
        paths = addresses(app, values)
        paths.pop("session.sign_in")
        paths["pages.status"] += f"?item={values['item']}"
        paths["deciding.show"] = f"{hand_overs}/{values['undecided']}/case"
        for path in paths.values():
            measured.go(f"{site}{path}")
        for path in (
            *(f"/help/{one}" for one in help_pages.PAGES),
            f"{company}/invoices/{values['clean']}",
            f"{company}/invoices/{house.ledger.labels['without_identity']}",
            f"{company}/hand-overs?state=withdrawn",
            f"{company}/tasks?skipped=1",
            f"{hand_overs}/{values['stopped']}",
            f"{hand_overs}/{values['undecided']}",
            f"/connections/{long_data.OTHER_COMPANY}/hand-overs",
            f"/connections/{long_data.OTHER_COMPANY}/key",
            f"/connections/{long_data.OTHER_COMPANY}/money",
        ):
            measured.go(f"{site}{path}")
        measured.go(f"{site}/nowhere", status=404)
        page.goto(f"{site}{company}/invoices/{values['invoice_id']}?first_action=reminder")
        page.click(".confirm .primary")
        measured.this("an invoice that is not answered for")
        measured.go(f"{slow_site}{company}/")
    assert measured.endpoints >= paths.keys() | {"session.sign_in"}
    return measured.faults


@pytest.fixture
def place(settings_factory: SettingsFactory) -> Iterator[tuple[Consents, int]]:
    """A deployment that companies in Fortnox may be connected to, and the port that its pages must have."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with approving(settings_factory, public_url=url, amili_production_url="https://amili.example") as opened:
        opened.change_app(redirect_uri=f"{url}{CALLBACK_PATH}")
        add_user(opened.deployment, "*", email=INSTALLER)
        yield opened, port


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_on_the_way_of_connecting_a_company_and_nothing_is_in_two_languages(
    place: tuple[Consents, int], browser: Browser, language: str
) -> None:
    there, port = place
    app = create_app(there.deployment)
    with running(app, port) as site, opened_page(browser, language) as page:
        measured = Measured(app, page, language)
        sign_in(page, site)
        measured.go(f"{site}{CALLBACK_PATH}?code=of-another-attempt&state=of-another-attempt", status=400)
        measured.go(f"{site}/connect/fortnox")
        page.click("main form .primary")
        measured.this("on to Fortnox")
        page.click('main a[href*="/oauth-v1/auth"]')
        page.wait_for_url(f"{site}/connect/fortnox/company")
        measured.this("is this the company")
        page.fill("#name", "testbolaget")
        page.click("main form .primary")
        page.wait_for_url(f"{site}/connect/fortnox/done/**")
        measured.this("connected")
        measured.go(f"{site}/connections/testbolaget/key")
        measured.go(f"{site}/connections/testbolaget/")
    assert not measured.faults, "\n".join(measured.faults)
    assert measured.endpoints >= AT_FORTNOX


@pytest.fixture
def companies(deployment: Deployment) -> str:
    """A site with two companies and a person who may use both; the address of their list."""
    for name in ("alfa", "beta"):
        add_company(deployment, name)
    add_user(deployment, "*", email=INSTALLER)
    return "/"


@pytest.fixture
def listed(deployment: Deployment, companies: str, browser: Browser) -> Iterator[tuple[Flask, Page]]:
    """The list of companies as it is open in a browser that asks for English."""
    app = create_app(deployment)
    with running(app) as site, opened_page(browser, "en") as page:
        sign_in(page, site)
        page.wait_for_url(f"{site}{companies}")
        yield app, page


DEFECTS = {
    "a table is cut": (
        "Object.assign(document.querySelector('.sheet').style, { width: '60px', overflow: 'hidden' })",
        "div.sheet",
        "is cut",
    ),
    "a table must be scrolled": (
        "document.querySelector('table').style.minWidth = '3000px'",
        "div.sheet",
        "must be scrolled",
    ),
    "a text is wider than its box": (
        "Object.assign(document.querySelector('h1').style, { width: '20px', overflowWrap: 'normal' })",
        "h1 “Your companies” sticks out of h1",
        "px: ",
    ),
    "a short word is in two lines": (
        "Object.assign(document.querySelector('h1').style, { width: '40px', overflowWrap: 'anywhere' })",
        "h1 “Your companies”",
        "breaks “companies”",
    ),
    "a text is cut below": (
        "Object.assign(document.querySelector('h1').style, { height: '5px', overflow: 'hidden' })",
        "h1 “Your companies”",
        "is cut below",
    ),
    "the page is too wide": ("document.querySelector('footer').style.width = '3000px'", "the page is", "px wide"),
    "what may scroll has no name": (
        "document.querySelector('.sheet').removeAttribute('aria-labelledby')",
        "may scroll",
        "has no name",
    ),
    "what may scroll is not reached by keyboard": (
        "document.querySelector('.sheet').removeAttribute('tabindex')",
        "may scroll",
        "cannot be reached by keyboard",
    ),
    "a text stands outside every landmark": (
        "document.body.append(Object.assign(document.createElement('p'), { textContent: 'Lost' }))",
        "p “Lost”",
        "is in no landmark",
    ),
    "a form without a name is no landmark": (
        "document.querySelector('header').replaceWith(document.querySelector('.person'))",
        "button.quiet “Sign out”",
        "is in no landmark",
    ),
    "a sentence is in the other language": (
        "document.querySelector('h1').textContent = 'Sidan finns inte'",
        "says",
        "Sidan finns inte",
    ),
    "the page is in the other language": ("document.documentElement.lang = 'sv'", "is in sv", ""),
}
"""What may be wrong with a page, how that is brought about, and what must then be found."""


def test_every_defect_is_found_and_nothing_on_a_page_without_one(listed: tuple[Flask, Page]) -> None:
    def found(change: str) -> list[str]:
        listed[1].reload()
        listed[1].evaluate(change)
        measured = Measured(*listed, "en")
        measured.this("the list")
        return measured.faults

    assert found("null") == []
    for defect, (change, *told) in DEFECTS.items():
        faults = found(change)
        assert [fault for fault in faults if all(part in fault for part in told)], (defect, faults)
    on_paper = "document.styleSheets[0].insertRule('@media print { h1 { width: 3000px } }')"
    assert found(on_paper) == ["the list (en) on paper at 703 px: the page is 3000 px wide"]


def test_the_language_that_somebody_meets_at_the_door_stays_until_they_choose_and_then_is_theirs(
    deployment: Deployment, companies: str, browser: Browser
) -> None:
    with running(create_app(deployment)) as site:
        with opened_page(browser, "en") as page:
            page.goto(site)
            expect(page.locator("h1")).to_have_text("Sign in")
            sign_in(page, site)
            expect(page.locator("h1")).to_have_text("Your companies")
            page.goto(f"{site}/connections/alfa/hand-overs")
            page.get_by_role("button", name="Svenska").click()
            expect(page.locator("h1")).to_have_text("Ärenden")
            page.goto(f"{site}{companies}")
            expect(page.locator("h1")).to_have_text("Dina företag")
            page.get_by_role("button", name="Logga ut").click()
            expect(page.locator("h1")).to_have_text("Logga in")
        with opened_page(browser, "en") as page:
            page.goto(site)
            expect(page.locator("h1")).to_have_text("Sign in")
            sign_in(page, site)
            expect(page.locator("h1")).to_have_text("Dina företag")
