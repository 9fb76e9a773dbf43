"""An accountant in the web client of a real Odoo 19: the button, the tab, the lists, the customer; with pictures.

Creates in Odoo: the connector's whole set-up, users, customers and invoices. Takes the set-up away again; users,
customers and posted invoices stay.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from connector.domain.dates import today
from connector.hosts.odoo.removal import remove
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import Action, AmiliState, guide_state
from connector.sandbox.shared.serve import running
from tests.flows.waiting import until
from tests.live.machine import Machine, answers, set_up
from tests.live.odoo_books import PASSWORD, Books, odoo_env
from tests.live.odoo_versions import names
from tests.live.provisioned_odoo import SENDERS
from tests.web.test_browser import ARGUMENTS, PATIENCE_MS, picture

pytestmark = [pytest.mark.odoo, pytest.mark.browser]

FIRST_PAGE_MS = 120_000
"""Odoo puts its scripts and styles together when the first page is asked for."""


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    yield books
    remove(books.settings_client)


@pytest.fixture(scope="module")
def amili() -> Iterator[tuple[AmiliState, str]]:
    state = guide_state(organization_no="5566778899")
    with running(create_amili(state)) as url:
        yield state, url


@pytest.fixture(scope="module")
def connector(
    books: Books, amili: tuple[AmiliState, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """The connector at work, set up in Odoo by its own commands."""
    machine = Machine(tmp_path_factory.mktemp("browser") / "machine")
    port = set_up(machine, books, *amili)
    server = machine.start("serve")
    until(lambda: answers(port), within_s=120, what="the web server")
    yield machine
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=60)


@pytest.fixture
def page(books: Books, connector: Machine, chromium: str) -> Iterator[Page]:
    """Odoo's web client with an accountant signed in who may send. Fails on an error in the page."""
    with web_client(books, chromium, SENDERS, "base.group_partner_manager") as page:
        yield page


@contextmanager
def web_client(books: Books, chromium: str, *groups: str) -> Iterator[Page]:
    """Odoo's web client with an accountant of these groups signed in. Fails on an error in the page."""
    expect.set_options(timeout=PATIENCE_MS)
    complaints: list[str] = []
    login = books.user(*groups)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        context = browser.new_context(
            base_url=books.env["ODOO_URL"], locale="sv-SE", viewport={"width": 1440, "height": 900}
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/web/login", timeout=FIRST_PAGE_MS)
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        expect(page.locator(".o_main_navbar")).to_be_visible(timeout=FIRST_PAGE_MS)
        yield page
        browser.close()
    assert complaints == []


def open_invoice(page: Page, move: int) -> None:
    page.goto(names().invoice_page.format(move))
    expect(header_button(page, "Kreditfaktura")).to_be_visible()


def open_tab(page: Page) -> Locator:
    expect(header_button(page, "Kreditfaktura")).to_be_visible()
    page.locator(".o_notebook_headers a", has_text="Inkasso").click()
    tab = page.locator(".o_notebook_content .tab-pane.active")
    expect(tab).to_contain_text("Ärende hos Amili", ignore_case=True)
    return tab


def header_button(page: Page, text: str) -> Locator:
    return page.locator(".o_form_view .o_statusbar_buttons button", has_text=re.compile(f"^{text}$"))


def shown(books: Books, move: int, field: str) -> str:
    return str(books.move(move, field)[field] or "")


def number_of(books: Books, move: int) -> str:
    return shown(books, move, "name")


def test_the_button_is_clicked_and_the_tab_shows_the_case(
    page: Page, books: Books, amili: tuple[AmiliState, str]
) -> None:
    move = books.invoice(price=1000)
    open_invoice(page, move)
    picture(page, "odoo-invoice")

    header_button(page, "Skicka till inkasso").click()
    notification = page.locator(".o_notification")
    expect(notification).to_contain_text(f"Begäran om inkasso för {number_of(books, move)} är mottagen.")
    # The form is drawn anew after the click, with its first tab open.
    expect(header_button(page, "Skicka till inkasso")).to_have_count(0)
    open_tab(page)
    picture(page, "odoo-received")
    until(lambda: shown(books, move, "x_amili_case_id") != "", within_s=120, what="the case id in Odoo's field")
    page.reload()
    tab = open_tab(page)

    (case,) = [case for case in amili[0].cases.values() if case.id == shown(books, move, "x_amili_case_id")]
    expect(tab).to_contain_text(case.id)
    expect(tab).to_contain_text("Hos Amili")
    expect(tab.locator("a[href*='/hand-overs/']").first).to_be_visible()
    expect(header_button(page, "Skicka till inkasso")).to_have_count(0)
    expect(page.locator(".o-mail-Chatter")).to_contain_text("Amili: Hos Amili")
    picture(page, "odoo-case")


def test_what_stops_an_invoice_is_read_on_its_tab_and_the_button_stays(page: Page, books: Books) -> None:
    move = books.invoice(books.customer(name="Utan Nummer AB", company_registry=False, street=False))
    open_invoice(page, move)
    header_button(page, "Skicka till inkasso").click()
    until(lambda: shown(books, move, "x_amili_findings") != "", within_s=120, what="the findings in Odoo")
    page.reload()
    tab = open_tab(page)

    expect(tab).to_contain_text("Åtgärd krävs")
    for finding in shown(books, move, "x_amili_findings").splitlines():
        expect(tab).to_contain_text(finding)
    expect(header_button(page, "Skicka till inkasso")).to_be_visible()
    picture(page, "odoo-blocked")


def test_several_are_sent_from_the_list_and_found_again_under_the_menu(page: Page, books: Books) -> None:
    moves = [books.invoice(), books.invoice()]
    numbers = [number_of(books, move) for move in moves]
    page.goto("/odoo/action-account.action_move_out_invoice")
    for number in numbers:
        page.locator(".o_data_row", has_text=number).locator(".o_list_record_selector input").check()
    page.locator(".o_cp_action_menus button", has_text="Åtgärder").click()
    picture(page, "odoo-list-action")
    page.locator(".o-dropdown--menu .o-dropdown-item", has_text="Skicka till inkasso").click()
    expect(page.locator(".o_notification")).to_contain_text("Begäran om inkasso för 2 fakturor är mottagen.")
    picture(page, "odoo-list-sent")
    until(
        lambda: all(shown(books, move, "x_amili_case_id") for move in moves), within_s=120, what="both case ids in Odoo"
    )

    page.locator(".o_menu_sections button", has_text="Kunder").click()
    page.locator(".o-dropdown--menu .o-dropdown-item", has_text=re.compile("^Inkasso$")).click()
    for number in numbers:
        row = page.locator(".o_data_row", has_text=number)
        expect(row).to_contain_text("Hos Amili")
    picture(page, "odoo-collection")
    page.locator(".o_searchview_dropdown_toggler").click()
    expect(page.locator(".o_filter_menu")).to_contain_text("Redo för inkasso")
    picture(page, "odoo-filters")


def test_a_dispute_and_a_customer_who_is_never_to_be_sent(page: Page, books: Books) -> None:
    partner = books.customer(name="Känslig Kund AB")
    move = books.invoice(partner)
    open_invoice(page, move)
    open_tab(page).locator("button", has_text="Markera som bestridd").click()
    tab = page.locator(".o_notebook_content .tab-pane.active")
    expect(tab.locator("button", has_text="Tvisten avgjord")).to_be_visible()
    expect(tab).to_contain_text("Ekonom Ek")
    expect(header_button(page, "Skicka till inkasso")).to_have_count(0)
    picture(page, "odoo-disputed")

    page.goto(f"/odoo/m-res.partner/{partner}")
    page.locator(".o_notebook_headers a", has_text="Fakturering").click()
    page.get_by_label("Skicka aldrig till inkasso").check()
    page.locator(".o_form_button_save").click()
    expect(page.locator(".o_form_button_save")).to_be_hidden()
    picture(page, "odoo-customer")
    (card,) = books.client.call("res.partner", "read", ids=[partner], fields=["x_amili_never_send"])
    assert card["x_amili_never_send"] is True


WITHDRAW = "Återkalla ärendet hos Amili"


def case_of(page: Page, books: Books, price: int) -> int:
    """An invoice that was sent by its button and shows its case."""
    move = books.invoice(price=price)
    open_invoice(page, move)
    header_button(page, "Skicka till inkasso").click()
    until(lambda: shown(books, move, "x_amili_case_id") != "", within_s=120, what="the case id in Odoo's field")
    page.reload()
    return move


def cancellations(state: AmiliState, case_id: str) -> list[Action]:
    return [one for one in state.actions.values() if one.kind == "cancellation" and one.case.id == case_id]


def test_a_case_is_withdrawn_with_a_reason_after_a_warning_and_sent_again_by_the_button(
    page: Page, books: Books, amili: tuple[AmiliState, str]
) -> None:
    move = case_of(page, books, 1100)
    case_id = shown(books, move, "x_amili_case_id")
    tab = open_tab(page)
    expect(tab.locator("a[href*='/hand-overs/']")).to_have_count(2)
    tab.locator("button", has_text=WITHDRAW).click()
    page.locator(".modal button", has_text="Återkalla ärendet").click()
    expect(page.locator(".o_notification")).to_contain_text("Skriv varför ärendet återkallas.")

    page.reload()
    tab = open_tab(page)
    tab.get_by_label("Skäl att återkalla").fill("Fakturan gäller fel kund.")
    picture(page, "odoo-withdraw")
    tab.locator("button", has_text=WITHDRAW).click()
    dialog = page.locator(".modal")
    for warning in ("kan kosta er", "Har kunden betalat ska ärendet inte återkallas"):
        expect(dialog).to_contain_text(warning)
    picture(page, "odoo-withdraw-warning")
    dialog.locator("button", has_text="Avbryt").click()
    assert shown(books, move, "x_amili_withdrawal_at") == ""
    tab.locator("button", has_text=WITHDRAW).click()
    dialog.locator("button", has_text="Återkalla ärendet").click()
    expect(page.locator(".o_notification")).to_contain_text(f"Begäran om att återkalla ärendet {case_id} är mottagen.")
    tab = open_tab(page)
    expect(tab.locator("button", has_text=WITHDRAW)).to_have_count(0)
    picture(page, "odoo-withdrawal-requested")

    until(lambda: shown(books, move, "x_amili_ended") == "withdrawn", within_s=120, what="the withdrawal in Odoo")
    assert len(cancellations(amili[0], case_id)) == 1
    page.reload()
    tab = open_tab(page)
    expect(tab).to_contain_text("Återkallat hos Amili")
    expect(tab.locator("button", has_text=WITHDRAW)).to_have_count(0)
    chatter = page.locator(".o-mail-Chatter")
    expect(chatter).to_contain_text(
        f"Återkallelse av ärendet {case_id} hos Amili begärd. Skäl: Fakturan gäller fel kund."
    )
    expect(chatter).to_contain_text("Amili: Återkallat hos Amili")
    picture(page, "odoo-withdrawn")

    header_button(page, "Skicka till inkasso").click()
    until(lambda: shown(books, move, "x_amili_status") == "Åtgärd krävs", within_s=120, what="the question about A10")
    page.reload()
    tab = open_tab(page)
    expect(tab).to_contain_text(case_id)
    assert len([one for one in amili[0].cases.values() if one.invoice_number == number_of(books, move)]) == 1
    picture(page, "odoo-sent-again")


def test_a_case_that_was_paid_is_not_withdrawn_and_the_tab_says_why(
    page: Page, books: Books, amili: tuple[AmiliState, str]
) -> None:
    move = case_of(page, books, 1200)
    case_id = shown(books, move, "x_amili_case_id")
    tab = open_tab(page)
    tab.get_by_label("Skäl att återkalla").fill("Kunden har betalat.")
    # From before the case, so that it waits for a person's decision and is not reported meanwhile.
    books.pay(move, Decimal(300), payment_date=(today() - timedelta(days=3)).isoformat())
    tab.locator("button", has_text=WITHDRAW).click()
    page.locator(".modal button", has_text="Återkalla ärendet").click()
    until(lambda: "inte återkallat" in shown(books, move, "x_amili_findings"), within_s=120, what="the answer in Odoo")
    page.reload()
    tab = open_tab(page)
    expect(tab).to_contain_text("Ärendet är inte återkallat")
    expect(tab.locator("button", has_text=WITHDRAW)).to_be_visible()
    assert cancellations(amili[0], case_id) == []
    picture(page, "odoo-not-withdrawn")


def test_who_may_not_send_may_not_withdraw(books: Books, connector: Machine, chromium: str) -> None:
    move = books.invoice(price=1300)
    wish = {"x_amili_requested_at": "2026-11-24 09:00:00", "x_amili_requested_by": "Ekonom Ek"}
    books.keep_request(move, "send", "Ekonom Ek")
    books.client.call("account.move", "write", ids=[move], vals=wish)
    until(lambda: shown(books, move, "x_amili_case_id") != "", within_s=120, what="the case id in Odoo's field")
    with web_client(books, chromium) as outside:
        open_invoice(outside, move)
        tab = open_tab(outside)
        expect(tab).to_contain_text("Hos Amili")
        expect(tab.locator("button", has_text=WITHDRAW)).to_have_count(0)
        expect(tab.get_by_label("Skäl att återkalla")).to_have_count(0)
        picture(outside, "odoo-outside")
