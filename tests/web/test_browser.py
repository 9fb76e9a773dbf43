"""A real browser does what an accountant does, with the keyboard alone, and keeps pictures of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from subprocess import Popen
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright
from sqlalchemy import update

from connector.domain.findings import Severity
from connector.flows.money import payouts
from connector.flows.reconcile import comparisons as comparing
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.shared.serve import running
from connector.store import hand_over_work, inbox, tables
from connector.web.app import create_app
from tests.flows.hand_over_steps import begun, case_at_amili, driven
from tests.flows.stage import CONNECTION, Stage
from tests.flows.waiting import until
from tests.source import ROOT
from tests.web.conftest import EMAIL
from tests.web.test_held_plan import held as held_now
from tests.web.test_pages import asked, completed, finding, known_case, leased, registered
from tests.web.visitor import PASSWORD

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PICTURES = ROOT / "artefacts"
PATIENCE_MS = 30_000
NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 900}
MOST_TABS = 60
NEW_KEY = "a-new-key-0123456789abcdef0123456789abcd"


@pytest.fixture
def site(house: Stage) -> Iterator[str]:
    demo_ledger(house.ledger)
    with running(create_app(house.deployment)) as url:
        yield url


@pytest.fixture
def page(site: str, chromium: str) -> Iterator[Page]:
    """A page that fails the test when the browser complains of a script, a style or a policy."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        context = browser.new_context(base_url=site, locale="sv-SE", viewport=WIDE)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        yield page
        browser.close()
    assert complaints == []


@pytest.fixture
def worker(house: Stage) -> Iterator[Popen[str]]:
    process = house.start_worker()
    yield process
    process.terminate()
    process.communicate(timeout=30)


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what is focused matches `selector`, and see that the focus is visible there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def sign_in_by_keyboard(page: Page) -> None:
    page.goto("/")
    tab_to(page, "#email")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Förfallna fakturor")


def doubtful(house: Stage) -> str:
    """An invoice that needs a reason and ticks, and its path as a reminder."""
    customer = house.ledger.books.add_customer(
        "Fjord Handel AS", street="Havnegata 1", country_code="NO", zip="0150", city="Oslo"
    )
    lines = [InvoiceLine("Tjänster", Decimal("9000.40"))]
    invoice = house.ledger.books.add_invoice(customer, lines, due_days_ago=20)
    return f"/connections/{CONNECTION}/invoices/{invoice}?first_action=reminder"


def test_an_accountant_sends_an_invoice_by_keyboard_alone(page: Page, house: Stage, worker: Popen[str]) -> None:
    sign_in_by_keyboard(page)
    picture(page, "overdue")
    clean = house.ledger.labels["clean"]
    tab_to(page, f'a[href$="/invoices/{clean}"]')
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Faktura INV/")
    picture(page, "invoice")
    tab_to(page, "form .primary")
    page.keyboard.press("Enter")
    expect(page.locator("#state .badge-done")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#live")).to_contain_text("Ärende-id är skrivet i bokföringen.")
    picture(page, "case")
    assert house.cases(str(clean)) == 1


def test_a_choice_that_was_not_looked_at_is_shown_before_it_is_sent(page: Page, house: Stage) -> None:
    invoice = house.invoice()
    sign_in_by_keyboard(page)
    page.goto(f"/connections/{CONNECTION}/invoices/{invoice}")
    not_shown = page.locator(".other-choice")
    expect(not_shown).to_be_hidden()
    page.check("#first-action-reminder")
    expect(not_shown).to_be_visible()
    picture(page, "invoice-other-choice")
    assert page.evaluate(CONTRAST) == []
    page.click(".confirm .primary")
    expect(page.get_by_role("alert")).to_contain_text("Du valde ett annat sätt att börja")
    assert inbox.waiting(house.deployment.databases.inbox) == ()
    expect(page.locator("#first-action-reminder")).to_be_checked()
    expect(page.locator(".confirm")).to_contain_text("Skicka som påminnelse")
    page.click(".confirm .primary")
    expect(page.locator("h1")).to_have_text("Begäran tas om hand")
    (item,) = inbox.waiting(house.deployment.databases.inbox)
    assert item.request is not None
    assert item.request.first_action == "reminder"


def test_what_must_be_answered_is_answered_by_keyboard_after_the_errors_said_so(page: Page, house: Stage) -> None:
    path = doubtful(house)
    sign_in_by_keyboard(page)
    page.goto(path)
    tab_to(page, "form .primary")
    page.keyboard.press("Enter")
    problems = page.get_by_role("alert")
    expect(problems).to_contain_text("Fakturan är inte skickad")
    expect(problems).to_be_focused()
    picture(page, "invoice-problems")
    tab_to(page, 'a[href="#reason-E12"]')
    page.keyboard.press("Enter")
    tab_to(page, "#reason-E12")
    page.keyboard.type("Stämt av med Amili")
    for box in ("#accept-E2", "#accept-F1"):
        tab_to(page, box)
        page.keyboard.press("Space")
    tab_to(page, "form .primary")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Begäran tas om hand")
    picture(page, "taking-up")


def test_a_new_key_is_entered_by_keyboard_after_the_old_one_died(page: Page, house: Stage) -> None:
    house.ledger.drop_key(house.ledger.api_key)
    house.ledger.set_key(NEW_KEY, 5)
    page.goto(f"/connections/{CONNECTION}/hand-overs")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click(".primary")
    page.goto(f"/connections/{CONNECTION}/")
    expect(page.locator("h1")).to_have_text("Odoo godtar inte vår nyckel")
    picture(page, "key-refused")
    page.goto(f"/connections/{CONNECTION}/hand-overs")
    expect(page.locator(".company")).to_contain_text("Odoo godtar inte vår nyckel")
    picture(page, "key-banner")
    assert page.evaluate(CONTRAST) == []
    tab_to(page, ".company .problems a")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Nyckeln till Odoo")
    tab_to(page, "#api_key")
    page.keyboard.type(NEW_KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Den nya nyckeln fungerar")
    picture(page, "key")
    assert page.evaluate(CONTRAST) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.goto(f"/connections/{CONNECTION}/")
    expect(page.locator("h1")).to_have_text("Förfallna fakturor")


def test_a_case_is_withdrawn_by_keyboard(page: Page, house: Stage, worker: Popen[str]) -> None:
    invoice = house.invoice()
    house.ask(invoice)
    until(lambda: house.ended(invoice), within_s=120, what="the case")
    house.ledger.books.pay(int(invoice), Decimal("250.50"))
    hand_over = house.hand_over(invoice)
    assert hand_over is not None
    sign_in_by_keyboard(page)
    page.goto(f"/hand-overs/{hand_over.id}")
    tab_to(page, 'a[href$="/withdraw"]')
    picture(page, "case-with-withdraw")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Återkalla ärendet")
    picture(page, "withdraw")
    assert page.evaluate(CONTRAST) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    picture(page, "withdraw-narrow")
    tab_to(page, "#reason")
    page.keyboard.type("Fakturan gäller fel kund.")
    page.keyboard.press("Enter")
    expect(page.locator("#state .badge-withdrawn")).to_be_visible(timeout=PATIENCE_MS)
    picture(page, "withdrawn")
    assert page.evaluate(CONTRAST) == []


def test_the_pages_fit_a_small_telephone(page: Page, house: Stage) -> None:
    path = doubtful(house)
    page.set_viewport_size(NARROW)
    sign_in_by_keyboard(page)
    for name, where in {"overdue": f"/connections/{CONNECTION}/", "invoice": path}.items():
        page.goto(where)
        picture(page, f"narrow-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.goto(f"/connections/{CONNECTION}/hand-overs")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_password_is_changed_by_keyboard_in_both_languages(page: Page, house: Stage) -> None:
    with house.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.users).values(name="Eva-Margareta Lindströmsson-Wachtmeister af Björnstorp"))
    sign_in_by_keyboard(page)
    tab_to(page, 'a[href="/password"]')
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Byt lösenord")
    for language, problem in {
        "sv": "De två nya lösenorden är inte lika",
        "en": "The two new passwords are not the same",
    }.items():
        page.locator(f'.languages button[value="{language}"]').click()
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            page.fill("#current", PASSWORD)
            page.fill("#new", "nine red horses eat")
            page.fill("#again", "nine red horses sleep")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text(problem)
            assert page.evaluate(CONTRAST) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            picture(page, f"password-{language}-{size['width']}")
    for field, text in {"#current": PASSWORD, "#new": "nine red horses eat", "#again": "nine red horses eat"}.items():
        tab_to(page, field)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The password is changed")
    picture(page, "password-changed")
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Overdue invoices")


def test_how_a_case_stands_can_be_read_and_found_in_both_languages(page: Page, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    completed(house, hand_over)
    known_case(
        house,
        state="debt_collection",
        status="efterbevakning",
        updated_at="2026-07-07T12:30:00Z",
        capital_to_claim="1250.00",
        settled_capital="250.00",
        remaining_capital="1000.00",
        remaining_costs="60.00",
        remaining="1060.00",
        state_history=[{"state": "initializing", "at": "2026-07-01T08:00:00Z"}],
    )
    asked(house, house.invoice())
    sign_in_by_keyboard(page)
    where = {"case-standing": f"/hand-overs/{hand_over.id}", "cases": f"/connections/{CONNECTION}/hand-overs"}
    for language, open_case in (("sv", "Öppet hos Amili"), ("en", "Open at Amili")):
        for name, path in where.items():
            page.set_viewport_size(WIDE)
            page.goto(path)
            expect(page.locator(".three").first).to_contain_text(open_case)
            picture(page, f"{name}-{language}")
            assert page.evaluate(CONTRAST) == []
            page.set_viewport_size(NARROW)
            picture(page, f"narrow-{name}-{language}")
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        page.locator('[name="language"][value="en"], button[lang="en"]').first.click()
    tab_to(page, "#ending")
    page.keyboard.press("ArrowDown")
    tab_to(page, ".filter button")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def differing(house: Stage) -> str:
    """Invoices at Amili that differ in several ways, compared; the number of the one whose case nobody here sent."""

    def at_amili() -> tuple[str, str]:
        invoice = house.invoice()
        return invoice, driven(house, begun(house, invoice)).case_id

    (paid, case), (closed, closed_case), (cancelled, _), (disputed, _), (odd, odd_case) = (at_amili() for _ in range(5))
    debtor_pays(house.amili, case, Decimal("500.00"))
    make_payout(house.amili, GUIDE_CREDITOR)
    connection = house.deployment.connection(CONNECTION)
    payouts.read(house.deployment, connection, house.deployment.sides(connection)[0])
    house.amili.set_case(closed_case, closed=True)
    house.ledger.books.records.update("account.move", int(cancelled), {"state": "cancel"})
    house.ledger.books.records.update("account.move", int(disputed), {"x_amili_disputed": True})
    house.amili.set_case(odd_case, remaining_capital=Decimal("1300.00"))
    unknown = case_at_amili(house, house.invoice())
    comparing.compare(house.deployment, CONNECTION)
    table = tables.differences
    with house.deployment.databases.main.begin() as opened:
        opened.execute(update(table).values(first_seen=table.c.first_seen - 4 * 86_400))
    assert len({paid, closed, cancelled, disputed, odd}) == 5
    return unknown.invoice_number


def test_what_does_not_agree_is_read_resolved_and_compared_anew_by_keyboard(
    page: Page, house: Stage, worker: Popen[str]
) -> None:
    number = differing(house)
    where = f"/connections/{CONNECTION}/reconciliation"
    sign_in_by_keyboard(page)
    for language, paid in (("sv", "Betalt till Amili"), ("en", "Paid to Amili")):
        page.set_viewport_size(WIDE)
        page.goto(where)
        expect(page.locator(".differences")).to_contain_text(paid)
        picture(page, f"reconciliation-{language}")
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDE["width"]
        page.set_viewport_size(NARROW)
        picture(page, f"narrow-reconciliation-{language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        page.goto(f"/connections/{CONNECTION}/tasks")
        picture(page, f"reconciliation-tasks-{language}")
        page.locator('[name="language"][value="en"], button[lang="en"]').first.click()

    page.set_viewport_size(WIDE)
    page.goto(where)
    tab_to(page, f'a[href$="number={quote(number, safe="/")}"]')
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(number)
    page.goto(where)
    house.amili.set_case(house.amili.cases_of(number)[-1].id, closed=True)
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    expect(page.locator("#state .working")).to_be_visible()
    picture(page, "reconciliation-under-way")
    expect(page.locator("#live")).not_to_contain_text(number, timeout=PATIENCE_MS)
    expect(page.locator("#state")).to_be_empty()
    expect(page.locator("main form button")).to_be_visible()


def test_a_plan_that_waits_is_looked_through_and_its_chosen_sent_by_keyboard(
    page: Page, house: Stage, worker: Popen[str]
) -> None:
    held = held_now(house)
    left, *chosen = [one.invoice_id for one in held.proposed]
    where = f"/connections/{CONNECTION}/plan"
    sign_in_by_keyboard(page)
    for language, title in (("sv", "Regelns förslag"), ("en", "The rule's plan")):
        page.set_viewport_size(WIDE)
        page.goto(f"/connections/{CONNECTION}/")
        picture(page, f"plan-notice-{language}")
        page.goto(f"/connections/{CONNECTION}/tasks")
        picture(page, f"plan-task-{language}")
        page.goto(where)
        expect(page.locator("h1")).to_have_text(title)
        picture(page, f"plan-{language}")
        assert page.evaluate(CONTRAST) == []
        page.set_viewport_size(NARROW)
        picture(page, f"narrow-plan-{language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        page.locator('[name="language"][value="en"], button[lang="en"]').first.click()

    page.set_viewport_size(WIDE)
    page.goto(f"/connections/{CONNECTION}/")
    tab_to(page, f'main a[href="{where}"]')
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("The rule's plan")
    tab_to(page, f'input[name="invoice"][value="{left}"]')
    page.keyboard.press("Space")
    tab_to(page, "form .primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("you have looked through")
    expect(page.get_by_role("alert")).to_be_focused()
    picture(page, "plan-problem")
    tab_to(page, "#reviewed")
    page.keyboard.press("Space")
    tab_to(page, "form .primary")
    page.keyboard.press("Enter")
    expect(page.locator("main").get_by_role("status")).to_contain_text(f"Invoices being sent: {len(chosen)}.")
    picture(page, "plan-sent")
    until(lambda: all(house.ended(invoice) for invoice in chosen), within_s=120, what="the cases of the chosen")
    assert [house.cases(invoice) for invoice in (left, *chosen)] == [0, *(1 for _ in chosen)]


def test_without_scripts_the_case_is_reached_all_the_same(
    site: str, chromium: str, house: Stage, worker: Popen[str]
) -> None:
    clean = house.ledger.labels["clean"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        page = browser.new_context(base_url=site, locale="sv-SE", java_script_enabled=False).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"/connections/{CONNECTION}/invoices/{clean}")
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click(".primary")
        page.click("form .primary")
        expect(page.locator("#state .badge-done")).to_be_visible(timeout=PATIENCE_MS)
        browser.close()


CONTRAST = """
() => {
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const read = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const ground = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = read(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!text || !element.checkVisibility()) continue;
    const [one, other] = [light(read(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) poor.push(`${element.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return poor;
}
"""
"""Texts whose contrast with what lies behind them is below 4.5:1 (WCAG 2.2, 1.4.3)."""


def test_every_text_can_be_told_from_its_ground(page: Page, house: Stage) -> None:
    path = doubtful(house)
    page.goto("/")
    assert page.evaluate(CONTRAST) == []
    sign_in_by_keyboard(page)
    blocked = f"/connections/{CONNECTION}/invoices/{house.ledger.labels['without_identity']}"
    for where in (f"/connections/{CONNECTION}/", path, blocked, f"/connections/{CONNECTION}/hand-overs", "/nowhere"):
        page.goto(where)
        assert page.evaluate(CONTRAST) == [], where
    page.goto(path)
    page.locator("form .primary").click()
    assert page.evaluate(CONTRAST) == []


def test_an_accountant_decides_by_keyboard_what_is_not_sent(page: Page, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    hand_over_work.block(house.deployment.databases.main, leased(house, hand_over), (finding(Severity.BLOCK),))
    other = asked(house, house.invoice())
    hand_over_work.block(house.deployment.databases.main, leased(house, other), (finding(Severity.BLOCK),))
    sign_in_by_keyboard(page)
    tab_to(page, ".tabs a[href$='/tasks']")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Att göra")
    picture(page, "tasks")

    tab_to(page, ".task-more summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Betald kontant i kassan")
    picture(page, "tasks-reason")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Lagd åt sidan")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".tabs a[aria-current]")).to_have_text("Att göra (1)")

    page.set_viewport_size(NARROW)
    page.goto("/tasks")
    page.locator("td summary").first.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture(page, "tasks-narrow")
    page.goto(f"/connections/{CONNECTION}/tasks?skipped=1")
    expect(page.locator("tbody tr")).to_contain_text("Betald kontant i kassan")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
