"""The help for accountants: in step with the code, in one language at a time, and reached from what it explains."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask

from connector.domain.checks.answerable import ACCEPTABLE, LIFTABLE
from connector.domain.checks.unchecked import NOT_CHECKED
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import Reason
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import DifferenceKind
from connector.domain.task import TaskKind
from connector.domain.text import StoredWords
from connector.flows.deployment import Deployment
from connector.flows.follow_up import follow_up_findings
from connector.flows.reconcile import comparisons as comparing
from connector.resources import templates_path
from connector.sandbox.odoo.seed import demo_ledger
from connector.store import follow_ups, hand_over_work, hand_overs
from connector.web.pages import help as help_pages
from connector.words import LANGUAGES, catalogue
from tests.flows.follow_up_steps import payment_in_question
from tests.flows.hand_over_steps import case_at_amili
from tests.flows.stage import CONNECTION, Stage
from tests.said import TEXTS
from tests.source import question_codes, remote_codes
from tests.web.page import read
from tests.web.test_pages import asked, leased, registered
from tests.web.visitor import Visitor

SWEDISH = "och att det inte är för på som av till har den ett så eller om när kan ska vad från med"
ENGLISH = "and the is not of that it was or this which your with are for what has can if from you"
OWN_WORDS = {"sv": set(SWEDISH.split()), "en": set(ENGLISH.split())}
"""Words that sentences of one language cannot do without, and that are none in the other."""


@cache
def entries(html: str) -> dict[str, str]:
    """What a page of help explains, by its anchor: the HTML of each."""
    parts = re.split(r'<div class="help-entry" id="([^"]+)">', html)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def effects(html: str) -> dict[str, set[str]]:
    """The signs beside each finding."""
    return {code: set(re.findall(r'class="badge badge-(\w+)"', entry)) for code, entry in entries(html).items()}


CHECKS = {key.partition(".")[0] for key in TEXTS}
CODES = {key.partition(".")[0] for key in (*TEXTS, *NOT_CHECKED)} | remote_codes()
EXPLAINED: dict[str, set[str]] = {
    "findings": CODES,
    "states": set(HandOverState),
    "tasks": set(TaskKind),
    "questions": {f"follow_up_{reason}" for reason in Reason} | question_codes(),
    "differences": set(DifferenceKind),
}


@pytest.fixture(params=LANGUAGES)
def reader(app: Flask, request: pytest.FixtureRequest) -> Visitor:
    """Somebody who has not signed in, and reads either language."""
    return Visitor(app, language=request.param)


@pytest.mark.parametrize("page", EXPLAINED)
def test_everything_that_the_code_knows_has_its_section_and_nothing_else_has(reader: Visitor, page: str) -> None:
    found = re.findall(r'<div class="help-entry" id="([^"]+)">', reader.get(f"/help/{page}").text)

    assert set(found) == {str(one) for one in EXPLAINED[page]}
    assert len(found) == len(set(found))


def test_what_a_person_may_answer_is_as_the_help_says(reader: Visitor) -> None:
    found = {code: signs for code, signs in effects(reader.get("/help/findings").text).items() if code in CHECKS}

    assert {code for code, signs in found.items() if "warning" in signs} == ACCEPTABLE
    assert {code for code, signs in found.items() if "liftable_block" in signs} == LIFTABLE
    assert {code for code in found if code in NOT_CHECKED} <= {code for code, signs in found.items() if "info" in signs}


def test_every_finding_says_how_much_it_stops_and_the_same_in_both_languages(app: Flask) -> None:
    swedish, english = (effects(Visitor(app, language=one).get("/help/findings").text) for one in ("sv", "en"))

    assert swedish == english
    assert list(swedish) == list(english)
    assert all(swedish.values())


def test_a_state_a_task_and_a_difference_have_the_names_that_the_pages_give_them(reader: Visitor) -> None:
    texts = catalogue(reader.page("/help").language).texts
    for page, family in (("states", "state"), ("tasks", "task_kind"), ("differences", "difference")):
        for anchor, entry in entries(reader.get(f"/help/{page}").text).items():
            assert f"<h3>{texts[f'{family}.{anchor}']}</h3>" in unescape(entry), anchor


def own_text(app: Flask, page: str, language: str) -> str:
    """The text of a page of help without what stands on every page."""
    html = Visitor(app, language=language).get(f"/help/{page}").text
    return read(html.partition('<div class="help">')[2].partition("</main>")[0]).text


def words_of(language: str, text: str) -> set[str]:
    """The words of `text` that are `language`'s own."""
    return OWN_WORDS[language] & set(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize(("language", "other"), [("sv", "en"), ("en", "sv")])
@pytest.mark.parametrize("page", help_pages.PAGES)
def test_a_page_is_in_its_readers_language_and_has_no_word_of_the_other(
    app: Flask, page: str, language: str, other: str
) -> None:
    shown = Visitor(app, language=language).page(f"/help/{page}")
    text = own_text(app, page, language)

    assert shown.language == language
    assert len(shown.ids) == len(set(shown.ids))
    assert len(words_of(language, text)) > len(OWN_WORDS[language]) / 2, "else a sentence of it might go unseen"
    assert words_of(other, text) == set()


def test_both_languages_have_the_same_pages_with_the_same_anchors(app: Flask) -> None:
    folder = templates_path() / "help"
    files = {one: {path.stem for path in (folder / one).iterdir()} for one in LANGUAGES}
    assert {frozenset(names) for names in files.values()} == {frozenset(help_pages.PAGES)}
    for page in help_pages.PAGES:
        swedish, english = (Visitor(app, language=one).page(f"/help/{page}").ids for one in ("sv", "en"))
        assert swedish == english, page


def test_every_link_between_pages_of_help_leads_to_a_page_and_an_anchor(reader: Visitor) -> None:
    there = {page: reader.page(f"/help/{page}") for page in help_pages.PAGES}
    followed = 0
    for name, page in there.items():
        for link in page.links:
            parts = urlsplit(link)
            target = parts.path.removeprefix("/help").strip("/") or ("start" if parts.path else name)
            if parts.path and not parts.path.startswith("/help"):
                continue
            assert target in there, link
            assert not parts.fragment or parts.fragment in there[target].ids, link
            followed += bool(parts.fragment)
    assert followed > len(there)


def test_help_is_on_every_page_and_open_to_whoever_has_not_signed_in(app: Flask, deployment: Deployment) -> None:
    stranger = Visitor(app)
    assert "/help" in stranger.page("/sign-in").links
    assert stranger.page("/help").title.startswith("Så fungerar det")
    assert {f"/help/{one}" for one in help_pages.PAGES if one != help_pages.START} <= set(stranger.page("/help").links)
    assert "/help" in stranger.page("/nowhere", status=404).links
    assert stranger.page("/help/nothing", status=404).title.startswith("Sidan finns inte")
    assert stranger.page("/help/..%2fpages%2fbase", status=404)


def test_a_page_of_help_is_read_in_the_other_language_by_the_choice_on_it(visitor: Visitor) -> None:
    answer = visitor.submit("/help/states", "/language", language="en")
    assert answer.headers["Location"] == "/help/states"
    assert visitor.page("/help/states").language == "en"


def test_help_holds_nothing_that_the_policy_would_refuse() -> None:
    for path in (templates_path() / "help").rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://|//[a-z]|<script", html), path.name
        assert "| safe" not in html, path.name
        assert "autoescape" not in html, path.name


def led_to_help(visitor: Visitor, path: str) -> set[str]:
    """The anchors of help that a page leads to. Each exists there."""
    links = {link for link in visitor.page(path).links if link.startswith("/help/") and "#" in link}
    for link in links:
        page, _, anchor = link.partition("#")
        assert anchor in visitor.page(page).ids, link
    return links


def test_each_finding_on_an_invoice_leads_to_where_it_is_explained(eva: Visitor, house: Stage) -> None:
    demo_ledger(house.ledger)
    path = f"/connections/{CONNECTION}/invoices/{house.ledger.labels['without_identity']}"
    shown = set(re.findall(r"Kontroll (\w+)", eva.page(path).text))

    assert "E2" in shown
    assert led_to_help(eva, path) == {f"/help/findings#{code}" for code in shown}
    assert "/help/findings#E2" in led_to_help(eva, f"/connections/{CONNECTION}/")


def test_state_findings_and_task_of_a_hand_over_lead_to_where_they_are_explained(eva: Visitor, house: Stage) -> None:
    stopped = asked(house, house.invoice())
    found = (
        Finding(code="amili_refused", severity=Severity.BLOCK, says=StoredWords("Nej.", "No.")),
        Finding(code="B7", severity=Severity.INFO, says=StoredWords("Delvis betald.", "Partly paid.")),
    )
    hand_over_work.block(house.deployment.databases.main, leased(house, stopped), found)

    assert led_to_help(eva, f"/hand-overs/{stopped.id}") == {
        "/help/states#blocked",
        "/help/findings#amili_refused",
        "/help/findings#B7",
        "/help/tasks#blocked",
    }
    assert led_to_help(eva, f"/connections/{CONNECTION}/hand-overs") == {"/help/states#blocked"}
    assert led_to_help(eva, "/tasks") == {"/help/tasks#blocked", "/help/findings#amili_refused"}


def test_each_difference_leads_to_where_it_is_explained(eva: Visitor, house: Stage) -> None:
    case_at_amili(house, house.invoice())
    comparing.compare(house.deployment, CONNECTION)

    assert led_to_help(eva, f"/connections/{CONNECTION}/reconciliation") == {"/help/differences#unknown_case"}


def test_each_question_about_an_invoice_at_amili_leads_to_where_it_is_explained(eva: Visitor, house: Stage) -> None:
    db = house.deployment.databases.main
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    verdict = payment_in_question(Reason.MAY_BE_PAYOUT)
    follow_ups.keep(db, hand_overs.get(db, hand_over.id), verdict, follow_up_findings.of_verdict(verdict))
    led = {"/help/tasks#follow_up", "/help/questions#follow_up_may_be_payout"}

    assert led_to_help(eva, "/tasks") == led
    assert led <= led_to_help(eva, f"/hand-overs/{hand_over.id}")
