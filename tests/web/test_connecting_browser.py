"""A real browser connects a company in Fortnox and renews its consent: by keyboard, in both languages, narrow too."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from connector.hosts.fortnox.kind import CALLBACK_PATH
from connector.sandbox.fortnox.switches import Consent
from connector.sandbox.shared.serve import running
from connector.store import ledger_keys
from connector.web.app import create_app
from tests.conftest import SettingsFactory
from tests.flows.consent_stage import APP, COMPANY, Consents, approving
from tests.web.conftest import EMAIL, add_user
from tests.web.test_browser import ARGUMENTS, CONTRAST, NARROW, PATIENCE_MS, WIDE, picture, tab_to
from tests.web.visitor import PASSWORD

pytestmark = pytest.mark.browser

NAME = "testbolaget-ab"


@dataclass
class Site:
    """The pages over HTTP, and what is behind them."""

    url: str
    place: Consents


@pytest.fixture
def site(settings_factory: SettingsFactory) -> Iterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with approving(settings_factory, public_url=url, amili_production_url="https://amili.example") as place:
        place.change_app(redirect_uri=f"{url}{CALLBACK_PATH}")
        place.switch(consent=Consent.ASKED)
        add_user(place.deployment, "*")
        with running(create_app(place.deployment), port):
            yield Site(url, place)


@pytest.fixture
def page(site: Site, chromium: str) -> Iterator[Page]:
    """A signed-in page that fails the test when the browser complains of a script, a style or a policy."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        page = browser.new_context(base_url=site.url, locale="sv-SE", viewport=WIDE).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        page.goto("/")
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click(".primary")
        expect(page.locator("h1")).to_have_text("Dina företag")
        yield page
        browser.close()
    assert complaints == []


def looks_right(page: Page, name: str) -> None:
    """Keep a picture of the page, wide and narrow; nothing runs out of it, and every text can be read."""
    picture(page, name)
    assert page.evaluate(CONTRAST) == []
    page.set_viewport_size(NARROW)
    picture(page, f"narrow-{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.set_viewport_size(WIDE)


def press(page: Page, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")


def approve(page: Page) -> None:
    """Go on to Fortnox, and do there what the person does."""
    expect(page.locator("h1")).to_have_text("Vidare till Fortnox")
    press(page, 'main a[href*="/oauth-v1/auth"]')
    page.get_by_role("button", name=COMPANY).click()


def test_a_company_is_connected_by_keyboard_alone(page: Page, site: Site) -> None:
    press(page, 'a[href="/connect/fortnox"]')
    expect(page.locator("h1")).to_have_text("Anslut ett företag i Fortnox")
    looks_right(page, "connect")
    press(page, "form .primary")
    expect(page.locator("h1")).to_have_text("Vidare till Fortnox")
    looks_right(page, "connect-go")
    approve(page)
    expect(page.locator("h1")).to_have_text("Är det här rätt företag?")
    assert page.url == f"{site.url}/connect/fortnox/company", "the address that held the code is left"
    looks_right(page, "connect-company")
    tab_to(page, "#name")
    page.keyboard.type("å")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    looks_right(page, "connect-company-problem")
    page.fill("#name", NAME)
    press(page, "form .primary")
    expect(page.locator("h1")).to_have_text(f"{COMPANY} är anslutet")
    looks_right(page, "connect-done")
    assert site.place.ids() == (NAME,)
    page.goto("/connect/fortnox/company")
    expect(page.locator("h1")).to_have_text("Anslut ett företag i Fortnox")


def test_what_was_denied_is_told_in_the_language_that_is_chosen(page: Page, site: Site) -> None:
    page.goto("/connect/fortnox")
    page.locator("form .primary").click()
    page.locator("main .primary").click()
    page.get_by_role("button", name="Neka").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("godkändes inte i Fortnox")
    looks_right(page, "connect-denied")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("alert")).to_contain_text("was not approved in Fortnox")
    looks_right(page, "connect-denied-english")
    page.goto(f"{CALLBACK_PATH}?code=of-another-attempt&state=of-another-attempt")
    expect(page.locator("h1")).to_contain_text("The answer belongs to no attempt")
    looks_right(page, "connect-elsewhere")
    page.get_by_text("Svenska", exact=True).click()
    expect(page.locator("[lang=sv] h2")).to_contain_text("Svaret hör inte till ett försök")
    assert f"{CALLBACK_PATH}?code=" in page.url, "the address can still be copied"


def test_a_consent_is_renewed_by_keyboard(page: Page, site: Site) -> None:
    page.goto("/connect/fortnox")
    page.locator("form .primary").click()
    approve(page)
    page.locator("form .primary").click()
    expect(page.locator("h1")).to_have_text(f"{COMPANY} är anslutet")
    place = site.place
    place.fortnox.revoke_consent(APP.client_id, int(place.tenant))
    ledger_keys.refused(place.deployment.databases.main, NAME, 1)
    page.goto(f"/connections/{NAME}/")
    expect(page.locator("h1")).to_have_text("Fortnox godtar inte längre företagets godkännande")
    looks_right(page, "consent-refused")
    page.goto(f"/connections/{NAME}/hand-overs")
    looks_right(page, "consent-banner")
    press(page, ".company .problems a")
    expect(page.locator("h1")).to_have_text("Anslutningen till Fortnox")
    looks_right(page, "consent")
    press(page, "main form .primary")
    approve(page)
    expect(page.get_by_role("status")).to_contain_text("Godkännandet är förnyat")
    looks_right(page, "consent-renewed")
    page.goto(f"/connections/{NAME}/")
    expect(page.locator("h1")).to_have_text("Förfallna fakturor")
