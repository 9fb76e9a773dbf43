"""Connecting a company in Fortnox on the pages: what is shown, what is sent, what is saved, and what nobody gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from connector.domain.connection import Environment
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.sandbox.fortnox.switches import Consent
from connector.store import connections, ledger_keys
from connector.web.app import create_app
from connector.words import LANGUAGES
from tests.conftest import SettingsFactory
from tests.flows.consent_stage import APP, COMPANY, Consents, approving, back
from tests.flows.ledgers import ORGANISATION
from tests.web.conftest import add_company, add_user
from tests.web.page import read
from tests.web.visitor import Visitor

INSTALLER = "installer@byran.example"
ACCOUNTANT = "eva@byran.example"
START = "/connect/fortnox"
NAME = "testbolaget-ab"
ADDRESS = re.compile(r'href="([^"]+/oauth-v1/auth[^"]+)"')


@pytest.fixture
def place(settings_factory: SettingsFactory) -> Iterator[Consents]:
    with approving(settings_factory) as running:
        add_user(running.deployment, "*", email=INSTALLER)
        yield running


@pytest.fixture
def installer(place: Consents) -> Visitor:
    return signed_in(place, INSTALLER)


def signed_in(place: Consents, email: str, *, language: str = "sv") -> Visitor:
    visitor = Visitor(create_app(place.deployment), language=language)
    assert visitor.sign_in(email).status_code == 303
    return visitor


def begin(visitor: Visitor, page: str = START, action: str = START, **chosen: str) -> str:
    """Begin on a page; gives the address at Fortnox that the person is led to."""
    answer = visitor.submit(page, action, **chosen)
    assert answer.status_code == 303, answer.text
    return led_to(visitor, answer)


def led_to(visitor: Visitor, answer: TestResponse) -> str:
    found = ADDRESS.search(visitor.get(answer.headers["Location"]).text)
    assert found
    return found[1].replace("&amp;", "&")


def come_back(place: Consents, visitor: Visitor, address: str) -> TestResponse:
    """Approve at Fortnox, and be sent back."""
    return visitor.get(back(place.visit(address)))


def approve(place: Consents, visitor: Visitor) -> TestResponse:
    return come_back(place, visitor, begin(visitor))


def refused(visitor: Visitor, answer: TestResponse, page: str = START) -> str:
    """The text of the page that a refused answer leads to."""
    assert answer.status_code == 303
    target = answer.headers["Location"]
    assert target.startswith(page)
    return visitor.page(target).text


def save(visitor: Visitor, **filled: str) -> TestResponse:
    return visitor.submit(f"{START}/company", "/company", **filled)


def connected(place: Consents, visitor: Visitor) -> None:
    approve(place, visitor)
    assert save(visitor).status_code == 303


def test_a_company_is_connected(place: Consents, installer: Visitor) -> None:
    answer = approve(place, installer)
    assert answer.headers["Location"] == f"{START}/company"
    shown = installer.page(f"{START}/company")
    for words in (COMPANY, "556677-8899", place.tenant, "Allt som behövs", "Tills det dras tillbaka", "Testmiljö"):
        assert words in shown.text
    assert place.ids() == (), "nothing is saved before the person has seen both sides"

    saved = save(installer)

    assert saved.headers["Location"] == f"{START}/done/{NAME}"
    done = installer.page(f"{START}/done/{NAME}")
    assert f"{COMPANY} är anslutet" in done.text
    assert f"/connections/{NAME}/" in done.links
    stored = place.deployment.connection(NAME)
    assert (stored.host, stored.name, stored.settings.creditor) == ("fortnox", COMPANY, GUIDE_CREDITOR)
    assert stored.settings.host["tenant_id"] == place.tenant
    assert stored.settings.environment is Environment.SANDBOX
    assert stored.secrets == {}
    assert installer.page(f"/connections/{NAME}/").title.startswith("Förfallna fakturor")


def test_what_is_asked_of_fortnox_is_bound_to_the_session(place: Consents, installer: Visitor) -> None:
    asked = dict(parse_qsl(urlsplit(begin(installer)).query))
    assert asked["redirect_uri"] == APP.redirect_uri
    assert asked["account_type"] == "service"
    assert len(asked["state"]) >= 40
    other = dict(parse_qsl(urlsplit(begin(signed_in(place, INSTALLER))).query))
    assert other["state"] != asked["state"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_read_in_both_languages(place: Consents, language: str) -> None:
    visitor = signed_in(place, INSTALLER)
    visitor.submit("/connect/fortnox", "/language", language=language)
    for path in (START, f"{START}/company", f"{START}/done/{NAME}", f"/connections/{NAME}/key"):
        if path.endswith("/company"):
            approve(place, visitor)
        if path.endswith("/done/" + NAME):
            save(visitor)
        shown = visitor.page(path)
        assert shown.language == language
        assert not set(shown.fields_shown) - shown.labelled, "every field has its label"


def test_those_who_may_not_are_told_who_can(place: Consents) -> None:
    add_user(place.deployment, "alfa", email=ACCOUNTANT)
    eva = signed_in(place, ACCOUNTANT)
    shown = eva.page(START, status=403)
    assert "den som sköter kopplingen" in shown.text
    assert [form.action for form in shown.forms if form.action == START] == []
    assert START not in eva.page("/").links
    token = eva.page("/").form("/sign-out").fields["csrf_token"]
    assert eva.client.post(START, data={"csrf_token": token}).status_code == 403
    assert eva.get(f"{START}/company").status_code == 403
    assert place.requests_to_fortnox() == 0


def test_the_installer_finds_the_way_and_strangers_sign_in_first(place: Consents, installer: Visitor) -> None:
    assert START in installer.page("/").links
    stranger = Visitor(create_app(place.deployment))
    assert stranger.get(START).headers["Location"].startswith("/sign-in")
    assert installer.client.post(START, data={}).status_code == 400, "without the form's token"


def test_a_deployment_without_an_app_or_a_key_says_what_to_set(settings_factory: SettingsFactory) -> None:
    with approving(settings_factory, fortnox_client_id="", fortnox_client_secret=None) as place:
        add_user(place.deployment, "*", email=INSTALLER)
        installer = signed_in(place, INSTALLER)
        shown = installer.page(START)
        assert "FORTNOX_CLIENT_ID" in shown.text
        assert START not in installer.page("/").links
        with place.deployment.databases.main.begin() as connection:
            connection.exec_driver_sql("UPDATE amili_access SET api_code = NULL")
        assert "amili-connector amili keys" in installer.page(START).text


def test_the_rights_that_receipts_need_are_told_before_they_are_asked_for(settings_factory: SettingsFactory) -> None:
    with approving(settings_factory, fortnox_receipts=True) as place:
        add_user(place.deployment, "*", email=INSTALLER)
        installer = signed_in(place, INSTALLER)
        told = installer.page(START).text
        asked = dict(parse_qsl(urlsplit(begin(installer)).query))["scope"].split()
        assert {"inbox", "connectfile"} < set(asked)
        assert not [scope for scope in asked if scope not in told]


def test_key_pair_and_environment_are_chosen_where_there_are_several(settings_factory: SettingsFactory) -> None:
    with approving(settings_factory, amili_production_url="https://amili.example") as place:
        add_user(place.deployment, "*", email=INSTALLER)
        usual = place.deployment.access("default")
        connections.put_access(
            place.deployment.databases.main,
            place.deployment.vault,
            access_id="bureau",
            private_key=usual.private_key,
            public_key=usual.public_key,
            api_code=usual.api_code,
        )
        installer = signed_in(place, INSTALLER)
        form = installer.page(START).form(START)
        assert form.fields["environment"] == "sandbox"
        come_back(place, installer, begin(installer, amili_access="bureau", environment="sandbox"))
        assert "bureau" in installer.page(f"{START}/company").text
        assert save(installer).status_code == 303
        assert place.deployment.connection(NAME).amili_access == "bureau"
        token = form.fields["csrf_token"]
        for wrong in ({"amili_access": "nobodys"}, {"environment": "court"}):
            assert installer.client.post(START, data={"csrf_token": token, **wrong}).status_code == 400


def test_the_code_stays_in_no_page_no_session_and_no_link(place: Consents, installer: Visitor) -> None:
    address = place.visit(begin(installer))
    code = dict(parse_qsl(urlsplit(address).query))["code"]

    answer = installer.get(back(address))

    assert answer.status_code == 303
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert code not in str(answer.headers) + answer.text
    assert code not in str(installer.client.get_cookie("amili_connector"))
    assert code not in installer.get(answer.headers["Location"]).text


def test_an_answer_that_this_session_did_not_ask_for_is_not_used(place: Consents, installer: Visitor) -> None:
    """A forged answer would tie the forger's company to the victim's session."""
    address = back(place.visit(begin(signed_in(place, INSTALLER))))
    asked = place.requests_to_fortnox()
    stranger = Visitor(create_app(place.deployment))
    begin(installer)
    for visitor in (installer, stranger):
        answer = visitor.get(address)
        assert answer.status_code == 400
        for words in ("hör inte till ett försök", "belongs to no attempt", "klistra in den där", "paste it there"):
            assert words in read(answer.text).text
        code = dict(parse_qsl(urlsplit(address).query))["code"]
        assert code not in answer.text
    assert place.requests_to_fortnox() == asked, "the code was not exchanged"


@pytest.mark.parametrize("query", ["", "?code=abc", "?code=abc&state=", "?error=access_denied", "?state=%C3%A5&code=1"])
def test_an_answer_to_nobody_is_harmless(place: Consents, installer: Visitor, query: str) -> None:
    for visitor in (installer, Visitor(create_app(place.deployment))):
        assert visitor.get(f"/fortnox/callback{query}").status_code == 400
    assert place.requests_to_fortnox() == 0


def test_another_persons_attempt_in_the_same_browser_is_not_taken_over(place: Consents, installer: Visitor) -> None:
    add_user(place.deployment, "*", email=ACCOUNTANT)
    address = back(place.visit(begin(installer)))
    installer.submit("/", "/sign-out")
    assert installer.sign_in(ACCOUNTANT).status_code == 303
    assert installer.get(address).status_code == 400


REFUSALS = {
    Consent.DENIED: ("godkändes inte i Fortnox", "was not approved in Fortnox"),
    Consent.INVALID_SCOPE: ("invoice customer payment", "invoice customer payment"),
    Consent.NO_LICENCE: ("saknar en licens", "lacks a licence"),
    Consent.NO_APP_LICENCE: ("licens i Fortnox för integrationen", "licence in Fortnox for the integration"),
    Consent.NOTHING: ("spärrat eller obetalt", "locked or unpaid"),
}


@pytest.mark.parametrize("consent", REFUSALS)
def test_every_refusal_is_told_in_the_readers_language(place: Consents, installer: Visitor, consent: Consent) -> None:
    place.switch(consent=consent)
    answer = approve(place, installer)
    swedish, english = REFUSALS[consent]
    assert swedish in refused(installer, answer)
    installer.submit(answer.headers["Location"], "/language", language="en")
    assert english in installer.page(answer.headers["Location"]).text
    place.switch(consent=Consent.APPROVED)
    approve(place, installer)
    assert save(installer).status_code == 303


def test_words_of_fortnox_that_are_not_known_are_shown_as_they_came(place: Consents, installer: Visitor) -> None:
    state = dict(parse_qsl(urlsplit(begin(installer)).query))["state"]
    answer = installer.get(f"/fortnox/callback?error=new&error_description=%3Cb%3EOops%3C/b%3E&state={state}")
    assert "Fortnox sade nej" in refused(installer, answer)
    assert "&lt;b&gt;Oops" in installer.get(answer.headers["Location"]).text


def test_a_refusal_named_in_an_address_alone_says_nothing(place: Consents, installer: Visitor) -> None:
    for why in ("other_company", "nonsense", "access_denied"):
        assert "Företaget är inte anslutet" not in installer.page(f"{START}?problem={why}").text


def test_without_a_service_account_it_is_asked_once_more_by_itself(place: Consents, installer: Visitor) -> None:
    place.change_app(service_accounts=False)
    answer = approve(place, installer)
    assert answer.status_code == 303
    again = answer.headers["Location"]
    assert again.startswith(place.fortnox_url)
    assert "account_type" not in again

    assert come_back(place, installer, again).headers["Location"] == f"{START}/company"

    assert "Så länge kopplingen används" in installer.page(f"{START}/company").text
    assert save(installer).status_code == 303
    assert "och förlängs av sig självt" in installer.page(f"/connections/{NAME}/key").text


def test_a_service_account_refused_twice_is_told(place: Consents, installer: Visitor) -> None:
    place.change_app(service_accounts=False)
    again = dict(parse_qsl(urlsplit(approve(place, installer).headers["Location"]).query))
    answer = installer.get(
        f"/fortnox/callback?error=x&error_description=Client+does+not+allow+service+account&state={again['state']}"
    )
    assert "varken ett tjänstkonto eller" in refused(installer, answer)


def test_a_code_that_was_used_is_told(place: Consents, installer: Visitor) -> None:
    address = begin(installer)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    answer = installer.get(f"/fortnox/callback?code=canary-code-of-nobody&state={state}")
    assert "gäller en gång och i tio minuter" in refused(installer, answer)


def test_an_app_with_a_wrong_secret_is_told(place: Consents, installer: Visitor) -> None:
    place.change_app(client_secret="another")
    assert "FORTNOX_CLIENT_SECRET" in refused(installer, approve(place, installer))


def test_rights_that_were_not_approved_are_named_in_words(place: Consents, installer: Visitor) -> None:
    address = begin(installer).replace("+settings", "")
    assert "läsa och skapa etiketter" in refused(installer, come_back(place, installer, address))


def test_a_fortnox_that_fails_is_told(place: Consents, installer: Visitor) -> None:
    address = back(place.visit(begin(installer)))
    place.switch(slow_operations_s={"token": 5.0})
    assert "svarade inte som det ska" in refused(installer, installer.get(address))


def test_a_company_that_is_no_creditor_is_refused(place: Consents, installer: Visitor) -> None:
    place.amili.set_creditor(GUIDE_CREDITOR, organization_no="5560160680")
    approve(place, installer)
    text = refused(installer, installer.get(f"{START}/company"))
    assert f"samma organisationsnummer som {COMPANY} i Fortnox (5566778899)" in text
    assert place.ids() == ()
    assert installer.get(f"{START}/company").headers["Location"] == START, "nothing is left to be saved"


def test_an_inactive_creditor_is_told_and_looked_at_again(place: Consents, installer: Visitor) -> None:
    place.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    approve(place, installer)
    seen = installer.page(f"{START}/company")
    assert "Gör klart avtalet med Amili" in seen.text
    assert f"{START}/company" in seen.links
    token = seen.form("/company").fields
    assert installer.client.post(f"{START}/company", data={**token, "name": NAME}).status_code == 409
    assert place.ids() == ()
    place.amili.set_creditor(GUIDE_CREDITOR, is_active=True)
    assert save(installer).status_code == 303


def test_a_missing_licence_is_told_in_words_and_looked_at_again(place: Consents, installer: Visitor) -> None:
    place.books.facts.unlicensed_scopes = {"payment"}
    approve(place, installer)
    seen = installer.page(f"{START}/company")
    assert "läsa inbetalningar på fakturor" in seen.text
    assert "name" not in seen.form("/company").fields
    place.books.facts.unlicensed_scopes = set()
    assert save(installer).status_code == 303


def test_one_of_several_creditors_is_chosen(place: Consents, installer: Visitor) -> None:
    second = place.amili.add_creditor(GUIDE_ACCOUNT, "Testbolaget Väst", ORGANISATION)
    stranger = place.amili.add_creditor(GUIDE_ACCOUNT, "Ett annat bolag", "5560160680")
    approve(place, installer)
    assert "Ett annat bolag" not in installer.page(f"{START}/company").text
    for wrong in ({}, {"creditor": stranger}):
        answer = save(installer, **wrong)
        assert answer.status_code == 422
        assert "Välj vilken borgenär" in read(answer.text).text
    assert save(installer, creditor=second).status_code == 303
    assert place.deployment.connection(NAME).settings.creditor == second


@pytest.mark.parametrize(
    ("name", "words"), [("", "bara innehålla"), ("Åsa AB", "bara innehålla"), ("taken", "redan en anslutning")]
)
def test_a_name_that_cannot_be_is_told(place: Consents, installer: Visitor, name: str, words: str) -> None:
    add_company(place.deployment, "taken")
    approve(place, installer)
    answer = save(installer, name=name)
    assert answer.status_code == 422
    assert words in read(answer.text).text
    assert place.ids() == ("taken",)


def test_a_second_click_and_the_back_button_do_no_harm(place: Consents, installer: Visitor) -> None:
    first = begin(installer)
    assert begin(installer) == first, "two clicks are one attempt"
    come_back(place, installer, first)
    cookie = installer.client.get_cookie("amili_connector")
    fields = installer.page(f"{START}/company").form("/company").fields
    assert cookie

    once = installer.client.post(f"{START}/company", data=fields)
    again = installer.client.post(f"{START}/company", data=fields)
    installer.client.set_cookie("amili_connector", cookie.value)
    at_once = installer.client.post(f"{START}/company", data={**fields, "name": "another-name"})

    assert once.headers["Location"] == f"{START}/done/{NAME}"
    assert again.headers["Location"] == START
    assert at_once.headers["Location"] == f"{START}/done/{NAME}"
    assert place.ids() == (NAME,)


def test_a_page_about_another_company_than_was_approved_last_is_not_saved(place: Consents, installer: Visitor) -> None:
    other = place.fortnox.add_company("Ett annat bolag AB", "556016-0680")
    place.amili.add_creditor(GUIDE_ACCOUNT, "Ett annat bolag AB", "5560160680")
    approve(place, installer)
    fields = installer.page(f"{START}/company").form("/company").fields
    place.choose(other.tenant)
    approve(place, installer)
    answer = installer.client.post(f"{START}/company", data=fields)
    assert answer.status_code == 409
    assert "Något har ändrats" in read(answer.text).text
    assert place.ids() == ()


def test_a_company_that_is_connected_has_its_consent_renewed(place: Consents, installer: Visitor) -> None:
    connected(place, installer)
    kill(place)
    answer = approve(place, installer)
    assert answer.headers["Location"] == f"{START}/done/{NAME}?renewed=1"
    assert "redan anslutet" in installer.page(answer.headers["Location"]).text
    assert place.deployment.connection(NAME).key.refused_at is None
    assert place.ids() == (NAME,)


# Renewing


KEY_PAGE = f"/connections/{NAME}/key"


def kill(place: Consents) -> None:
    """The company withdraws its consent, and we have noticed."""
    place.fortnox.revoke_consent(APP.client_id, int(place.tenant))
    number = place.deployment.connection(NAME).key.number
    assert ledger_keys.refused(place.deployment.databases.main, NAME, number)


@pytest.fixture
def accountant(place: Consents, installer: Visitor) -> Visitor:
    """Eva, who may use the one company that is connected."""
    connected(place, installer)
    add_user(place.deployment, NAME, email=ACCOUNTANT)
    return signed_in(place, ACCOUNTANT)


def test_the_page_of_the_key_shows_the_consent(place: Consents, accountant: Visitor) -> None:
    shown = accountant.page(KEY_PAGE)
    assert "Anslutningen till Fortnox" in shown.text
    assert "Tills det dras tillbaka i Fortnox" in shown.text
    assert "API-nyckel" not in shown.text
    token = shown.form("/consent").fields["csrf_token"]
    assert accountant.client.post(KEY_PAGE, data={"csrf_token": token, "api_key": "x"}).status_code == 404
    assert place.deployment.connection(NAME).secrets == {}


def test_those_who_may_use_the_company_renew_its_consent(place: Consents, accountant: Visitor) -> None:
    kill(place)
    told = accountant.page(f"/connections/{NAME}/hand-overs")
    assert "godtar inte längre vårt godkännande" in told.text
    assert "Anslut Fortnox igen" in told.text
    stopped = accountant.page(f"/connections/{NAME}/", status=502)
    assert "godtar inte längre företagets godkännande" in stopped.text
    assert KEY_PAGE in stopped.links
    assert "Godtas inte av Fortnox" in accountant.page(KEY_PAGE).text

    address = begin(accountant, KEY_PAGE, "/consent")
    assert f"Välj {COMPANY} i Fortnox" in accountant.page(f"{START}/go").text
    answer = come_back(place, accountant, address)

    assert answer.headers["Location"] == f"{KEY_PAGE}?entered=1"
    shown = accountant.page(answer.headers["Location"])
    assert "Godkännandet är förnyat" in shown.text
    assert ACCOUNTANT in shown.text
    assert accountant.get(f"/connections/{NAME}/").status_code == 200


def test_another_company_does_not_renew_it(place: Consents, accountant: Visitor) -> None:
    other = place.fortnox.add_company("Ett annat bolag AB", "556016-0680")
    kill(place)
    place.choose(other.tenant)
    answer = come_back(place, accountant, begin(accountant, KEY_PAGE, "/consent"))
    assert f"Ett annat företag än {COMPANY} valdes" in refused(accountant, answer, KEY_PAGE)
    assert place.deployment.connection(NAME).key.refused_at is not None


def test_a_denied_renewal_is_told_on_the_page_of_the_company(place: Consents, accountant: Visitor) -> None:
    kill(place)
    place.switch(consent=Consent.DENIED)
    answer = come_back(place, accountant, begin(accountant, KEY_PAGE, "/consent"))
    text = refused(accountant, answer, KEY_PAGE)
    assert "Godkännandet är inte förnyat" in text
    assert "godkändes inte i Fortnox" in text


def test_nobody_else_renews_it(place: Consents, accountant: Visitor) -> None:
    add_company(place.deployment, "in-odoo")
    token = accountant.page(KEY_PAGE).form("/consent").fields["csrf_token"]
    for connection_id in ("in-odoo", "nowhere"):
        answer = accountant.client.post(f"/connections/{connection_id}/consent", data={"csrf_token": token})
        assert answer.status_code == 404
    assert accountant.client.post(f"/connections/{NAME}/consent").status_code == 400, "without the form's token"
    stranger = Visitor(create_app(place.deployment))
    assert stranger.get(KEY_PAGE).status_code == 303


def test_an_error_of_ours_at_the_answer_repeats_no_code(
    place: Consents, installer: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    address = back(place.visit(begin(installer)))
    with place.deployment.databases.main.begin() as connection:
        connection.exec_driver_sql("DROP TABLE tokens")
    answer = installer.get(address)
    code = dict(parse_qsl(urlsplit(address).query))["code"]
    assert answer.status_code == 500
    assert code not in answer.text + caplog.text
