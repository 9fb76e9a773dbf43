"""What holds for every answer: headers, cookies, errors in words, and a log without secrets."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from connector.domain.connection import ConnectionSettings
from connector.flows.deployment import open_deployment
from connector.resources import templates_path
from connector.sandbox.odoo.companies import make_branch
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import connections
from connector.web.app import create_app
from tests.conftest import SettingsFactory
from tests.flows.stage import CONNECTION, Stage
from tests.hosts.odoo.test_money_sandbox import paid_at_parent
from tests.web.conftest import EMAIL, add_user
from tests.web.page import read
from tests.web.visitor import Visitor

ANSWERS = ["/", "/sign-in", "/nowhere", "/health", "/ready", "/metrics", "/static/pages.css", "/webhooks/odoo/a/b"]


def directives(response: TestResponse) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_tells_the_browser_to_load_and_keep_nothing_foreign(visitor: Visitor, path: str) -> None:
    response = visitor.get(path)
    policy = directives(response)
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "form-action", "connect-src")} == {"'self'"}
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in response.headers
    if not path.startswith("/static/"):
        assert response.headers["Cache-Control"] == "no-store"


def test_pages_hold_nothing_that_the_policy_would_refuse() -> None:
    for path in (templates_path() / "pages").glob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://|//[a-z]", html), path.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", html), path.name
        assert "| safe" not in html, path.name
        assert "autoescape" not in html, path.name


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = visitor.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_under_https_the_cookie_and_the_browser_stay_there(settings_factory: SettingsFactory) -> None:
    deployment = open_deployment(settings_factory(public_url="https://connector.example"))
    try:
        visitor = Visitor(create_app(deployment))
        response = visitor.client.get("/sign-in", base_url="https://connector.example")
        assert response.headers["Set-Cookie"].startswith("__Host-amili_connector=")
        assert "; Secure" in response.headers["Set-Cookie"]
        assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    finally:
        deployment.close()


def test_the_session_lasts_a_working_day_and_is_not_prolonged_by_use(visitor: Visitor, app: Flask) -> None:
    add_user(app.extensions["deployment"])
    cookie = visitor.sign_in(EMAIL).headers["Set-Cookie"]
    assert "Expires=" in cookie
    visitor.get("/")
    assert "Set-Cookie" not in visitor.get("/").headers


@pytest.mark.parametrize(("path", "language"), [("/nowhere", "sv"), ("/nowhere", "en")])
def test_what_does_not_exist_is_said_in_words(app: Flask, path: str, language: str) -> None:
    page = Visitor(app, language=language).page(path, status=404)
    assert page.language == language
    assert {"sv": "Sidan finns inte", "en": "There is no such page"}[language] in page.text
    assert page.title.startswith({"sv": "Sidan finns inte", "en": "There is no such page"}[language])


def test_a_page_asked_for_in_the_wrong_way_is_said_in_words(visitor: Visitor) -> None:
    page = visitor.page("/sign-out", status=405)
    assert "Så kan sidan inte användas" in page.text


def test_a_form_too_large_is_refused_in_words(visitor: Visitor) -> None:
    visitor.page("/sign-in")
    response = visitor.client.post("/sign-in", data={"email": "x" * 70_000})
    assert response.status_code == 413
    assert "för stort" in read(response.text).text


def test_an_error_of_ours_shows_no_trace_and_logs_no_address(
    eva: Visitor, house: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with house.deployment.databases.main.begin() as connection:
        connection.exec_driver_sql("DROP TABLE timeline")
        connection.exec_driver_sql("DROP TABLE hand_overs")
    response = eva.get("/hand-overs/canary-in-the-address")
    assert response.status_code == 500
    page = read(response.text)
    assert "Något gick fel hos oss" in page.text
    assert not re.search(r"Traceback|sqlalchemy|OperationalError|hand_overs", response.text)
    assert "OperationalError" in caplog.text
    assert "canary-in-the-address" not in caplog.text


FAULTS = {
    FaultKind.FAIL_BEFORE: (502, "Odoo svarade inte som det ska"),
    FaultKind.DROP_BEFORE: (502, "Odoo svarade inte som det ska"),
    FaultKind.RATE_LIMITED: (503, "Odoo ber oss vänta"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_ledger_that_fails_is_said_in_words_with_what_to_do(eva: Visitor, house: Stage, kind: FaultKind) -> None:
    assert eva.get(f"/connections/{CONNECTION}/").status_code == 200, "a ledger that worked a moment ago"
    house.ledger.switches.set(LedgerSwitches(faults=(Fault(kind, share=1.0, retry_after_s=7),)))
    status, words = FAULTS[kind]
    for path in (f"/connections/{CONNECTION}/", f"/connections/{CONNECTION}/invoices/1"):
        response = eva.get(path)
        page = read(response.text)
        assert response.status_code == status
        assert words in page.text
        assert path in page.links, "there is a way to try again"
        assert "Traceback" not in response.text
        assert response.headers.get("Retry-After", "") == ("8" if kind is FaultKind.RATE_LIMITED else "")


def test_a_ledger_that_cannot_be_reached_is_said_in_words(eva: Visitor, house: Stage) -> None:
    change_settings(house, host={"url": "http://127.0.0.1:1", "database": "stage"})
    page = eva.page(f"/connections/{CONNECTION}/", status=503)
    assert "Odoo går inte att nå" in page.text
    assert "Inget har skickats" in page.text


def _card_of_another_company(house: Stage, invoice: str) -> str:
    books = house.ledger.books
    card = int(books.field(int(invoice), "partner_id"))
    books.set_customer(card, company_id=books.records.create("res.company", {"name": "Systerbolaget AB"}))
    return f"id {card}"


def _money_of_a_company_that_is_not_seen(house: Stage, invoice: str) -> str:
    books = house.ledger.books
    parent = make_branch(books, sees_parent=False)
    paid_at_parent(books, parent, int(invoice), 400)
    return "Moderbolaget AB"


OUT_OF_REACH = {
    "card": (
        _card_of_another_company,
        {"sv": "Kundkortet är begränsat till ett annat företag", "en": "The customer's card is restricted"},
    ),
    "money": (
        _money_of_a_company_that_is_not_seen,
        {"sv": "Pengarna finns i ett företag som inte får läsas", "en": "The money is in a company that may not be"},
    ),
}


@pytest.mark.parametrize("what", OUT_OF_REACH)
def test_what_the_ledger_hides_is_named_in_the_readers_language(eva: Visitor, house: Stage, what: str) -> None:
    invoice = house.invoice()
    path = f"/connections/{CONNECTION}/invoices/{invoice}"
    assert eva.get(path).status_code == 200, "an invoice that could be read a moment ago"
    hide, words = OUT_OF_REACH[what]
    name = hide(house, invoice)

    for language, text in words.items():
        visitor = Visitor(create_app(house.deployment), language=language)
        visitor.sign_in(EMAIL)
        page = visitor.page(path, status=502)
        assert text in page.text
        assert name in page.text
        assert path in page.links, "there is a way to try again"


def test_an_amili_that_fails_is_said_in_words(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    with house.deployment.databases.main.begin() as connection:
        connection.exec_driver_sql("UPDATE connections SET creditor_checked_at = 0")
    house.amili.switches.change({"faults": [{"kind": "fail_before", "share": 1.0}]})
    assert (
        "Amili svarade inte som det ska" in eva.page(f"/connections/{CONNECTION}/invoices/{invoice}", status=502).text
    )
    assert "Kunde inte kontrolleras" in eva.page(f"/connections/{CONNECTION}/").text


def test_an_incomplete_connection_names_what_is_missing(eva: Visitor, house: Stage) -> None:
    change_settings(house, environment="production")
    page = eva.page(f"/connections/{CONNECTION}/", status=500)
    assert "En inställning saknas eller är fel" in page.text
    assert "AMILI_PRODUCTION_URL" in page.text


def test_an_invoice_that_is_not_there_is_said_in_words(eva: Visitor) -> None:
    for invoice_id in ("999999", "0", "junk", "1%2F2"):
        page = eva.page(f"/connections/{CONNECTION}/invoices/{invoice_id}", status=404)
        assert "Traceback" not in page.text


def change_settings(house: Stage, **changes: object) -> None:
    stored = house.deployment.connection(CONNECTION)
    settings = ConnectionSettings.model_validate(stored.settings.model_dump() | changes)
    connections.save_settings(house.deployment.databases.main, CONNECTION, settings)


def test_starting_the_web_loads_no_engine() -> None:
    code = "import sys, connector.web.app; print('dbos' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda path: path,
    lambda path: path.rstrip("/") or "/",
    lambda path: f"/{path}",
    lambda path: f"//{path}",
    lambda path: path.replace("/", "//"),
    lambda path: f"//elsewhere.example{path}",
)
"""An address as it is, and in ways that a framework mends by sending the visitor on."""


@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
def test_nobody_is_sent_to_the_server_that_a_request_names(app: Flask, visitor: Visitor, spelling: int) -> None:
    sent_on = []
    for rule in app.url_map.iter_rules():
        path = rule.build(dict.fromkeys(rule.arguments, "1"), append_unknown=False)
        assert path is not None
        for method in (rule.methods or set()) & {"GET", "POST"}:
            response = visitor.client.open(
                SPELLINGS[spelling](path[1]),
                method=method,
                headers={"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example"},
            )
            sent_on.append(response.headers.get("Location", "/"))
    assert all(re.match(r"/(?![/\\])", target) for target in sent_on), sent_on
    assert not [target for target in sent_on if urlsplit(target).netloc]


def test_an_address_with_slashes_too_many_leads_to_the_right_one_with_its_query(visitor: Visitor) -> None:
    response = visitor.get("/connections//alfa/?q=x%26y")
    assert response.status_code == 308
    assert response.headers["Location"] == "/connections/alfa/?q=x%26y"
