"""Consents as flows: what is kept of one, what is given back, and that one company is one connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.domain.connection import ConnectionSettings
from connector.domain.dates import today
from connector.domain.errors import ConfigurationError, KeyRefused, NotAuthorised
from connector.domain.text import Quote
from connector.flows import remote_findings
from connector.flows.companies import consent, keys
from connector.flows.companies.consent import Approved
from connector.hosts.base import ConsentRefused, ServiceAccountRefused, Why
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.fortnox.switches import Consent
from connector.store import ledger_keys
from connector.store.connections import DEFAULT_ACCESS, StoredConnection
from tests.conftest import SettingsFactory
from tests.flows.consent_stage import APP, COMPANY, Consents, approving
from tests.said import en, sv

NAME = "testbolaget-ab"


@pytest.fixture
def place(settings_factory: SettingsFactory) -> Iterator[Consents]:
    with approving(settings_factory) as running:
        yield running


def receive(
    place: Consents, *, service_account: bool = True, expected: StoredConnection | None = None, leave_out: str = ""
) -> Approved:
    question = consent.ask(place.deployment, "fortnox", service_account=service_account)
    address = question.url.replace(f"+{leave_out}", "") if leave_out else question.url
    answer = consent.answer_in(place.visit(address))
    return consent.receive(place.deployment, "fortnox", answer, state=question.state, expected=expected)


def join(place: Consents, approved: Approved, name: str = NAME) -> str:
    ledger = consent.ledger_of(place.deployment, approved)
    (creditor,) = consent.creditors_of(place.deployment, place.client(), approved, ledger)
    return consent.join(
        place.deployment,
        approved,
        ledger,
        creditor,
        connection_id=name,
        settings=ConnectionSettings(),
        amili_access=DEFAULT_ACCESS,
    )


def works(place: Consents) -> bool:
    """Whether the connection's ledger is open to us, by its own answer."""
    try:
        return keys.check_ledger(place.deployment, place.deployment.connection(NAME)).company == COMPANY
    except KeyRefused:
        return False


def voided(place: Consents) -> int:
    """How many refresh tokens were given back."""
    counted: dict[str, int] = place.fortnox.traffic.snapshot()["requests"]
    return counted.get("POST /oauth-v1/revoke", 0)


@pytest.mark.parametrize("service_account", [True, False])
def test_a_company_is_received_and_joined(place: Consents, service_account: bool) -> None:
    approved = receive(place, service_account=service_account)
    assert approved == Approved("fortnox", place.tenant, service_account, "")
    assert consent.ledger_of(place.deployment, approved).organization_number == "5566778899"

    assert join(place, approved) == NAME

    assert works(place)
    ends = consent.ends(place.deployment, place.deployment.connection(NAME))
    assert ends is None if service_account else ends in {today() + timedelta(days=days) for days in (44, 45, 46)}


def test_two_questions_can_be_one(place: Consents) -> None:
    first = consent.ask(place.deployment, "fortnox")
    assert consent.ask(place.deployment, "fortnox").state != first.state
    assert consent.ask(place.deployment, "fortnox", state=first.state) == first
    assert first.state not in repr(first).replace(first.url, "")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Consent.DENIED, Why.DENIED),
        (Consent.INVALID_SCOPE, Why.SCOPE_NOT_ALLOWED),
        (Consent.NO_LICENCE, Why.NO_LICENCE),
        (Consent.NO_APP_LICENCE, Why.NO_APP_LICENCE),
        (Consent.NOTHING, Why.NO_ANSWER),
    ],
)
def test_every_refusal_has_its_reason(place: Consents, answer: Consent, why: Why) -> None:
    place.switch(consent=answer)
    with pytest.raises(ConsentRefused) as caught:
        receive(place)
    assert caught.value.why is why


def test_an_answer_to_another_question_is_not_exchanged(place: Consents) -> None:
    answer = consent.answer_in(place.visit(consent.ask(place.deployment, "fortnox").url))
    before = place.requests_to_fortnox()
    for state in (consent.new_state(), ""):
        with pytest.raises(ConsentRefused) as caught:
            consent.receive(place.deployment, "fortnox", answer, state=state)
        assert caught.value.why is Why.OTHER_ATTEMPT
    assert place.requests_to_fortnox() == before


def test_a_service_account_that_is_not_allowed_is_told_apart(place: Consents) -> None:
    place.change_app(service_accounts=False)
    with pytest.raises(ServiceAccountRefused):
        receive(place)
    assert receive(place, service_account=False).lasting is False


def test_a_consent_without_every_right_is_given_back(place: Consents) -> None:
    with pytest.raises(ConsentRefused) as caught:
        receive(place, leave_out="settings")
    assert (caught.value.why, caught.value.rights) == (Why.RIGHTS_NOT_APPROVED, ("settings",))
    assert voided(place) == 1


def test_a_company_that_is_no_creditor_has_its_consent_given_back(place: Consents) -> None:
    place.amili.set_creditor(GUIDE_CREDITOR, organization_no="5560160680")
    approved = receive(place, service_account=False)
    ledger = consent.ledger_of(place.deployment, approved)
    with pytest.raises(ConsentRefused) as caught:
        consent.creditors_of(place.deployment, place.client(), approved, ledger)
    assert (caught.value.why, caught.value.company, caught.value.number) == (Why.NO_CREDITOR, COMPANY, "5566778899")
    assert voided(place) == 1


def test_a_company_without_a_number_has_no_creditor(place: Consents) -> None:
    place.books.organisation_number = ""
    approved = receive(place)
    with pytest.raises(ConsentRefused, match="no organisation number"):
        consent.creditors_of(place.deployment, place.client(), approved, consent.ledger_of(place.deployment, approved))


def test_a_consent_that_a_connection_lives_on_is_not_given_back(place: Consents) -> None:
    join(place, receive(place, service_account=False))
    consent.give_back(place.deployment, Approved("fortnox", place.tenant, False, ""))
    assert voided(place) == 0
    assert works(place)


@pytest.mark.parametrize("service_account", [True, False])
def test_a_withdrawn_consent_is_renewed(place: Consents, service_account: bool) -> None:
    join(place, receive(place, service_account=service_account))
    place.fortnox.revoke_consent(APP.client_id, int(place.tenant))
    assert not works(place)
    connection = place.deployment.connection(NAME)
    assert connection.key.refused_at is not None

    approved = receive(place, service_account=service_account, expected=connection)
    assert approved.connection_id == NAME
    renewed = consent.renewed(place.deployment, approved, by="eva@byran.example")

    assert (renewed.key.refused_at, renewed.key.set_by) == (None, "eva@byran.example")
    assert renewed.key.number == connection.key.number + 1, "what waited is taken up"
    assert works(place)


@pytest.mark.parametrize("connected", [False, True])
def test_another_company_does_not_renew_it(place: Consents, connected: bool) -> None:
    """Whether a refresh token given back ends the whole consent is not known: the other's connection must live on."""
    place.switch(revoke_ends_consent=True)
    other = place.fortnox.add_company("Ett annat bolag AB", "556016-0680")
    expected = StoredConnection(
        "other",
        "fortnox",
        "Ett annat bolag AB",
        ConnectionSettings(host={"tenant_id": str(other.tenant)}),
        DEFAULT_ACCESS,
        None,
        ledger_keys.LedgerKey(1, None, None, None, ""),
        {},
    )
    if connected:
        join(place, receive(place))
    with pytest.raises(ConsentRefused) as caught:
        receive(place, expected=expected)
    assert (caught.value.why, caught.value.company) == (Why.OTHER_COMPANY, "Ett annat bolag AB")
    assert voided(place) == int(not connected)
    assert not connected or works(place)


def test_one_company_becomes_one_connection_however_many_save_it_at_once(place: Consents) -> None:
    approved = receive(place)
    saved: list[str] = []
    threads = [
        threading.Thread(target=lambda name=name: saved.append(join(place, approved, name)))
        for name in ("first", "second", "third")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.ids()) == 1
    assert set(saved) == set(place.ids())
    assert len(saved) == 3


def test_a_missing_licence_is_named(place: Consents) -> None:
    place.books.facts.unlicensed_scopes = {"payment", "settings"}
    ledger = consent.ledger_of(place.deployment, receive(place))
    with pytest.raises(ConsentRefused) as caught:
        consent.require_rights("fortnox", ledger)
    assert (caught.value.why, set(caught.value.rights)) == (Why.RIGHTS_MISSING, {"payment", "settings"})


def test_without_an_app_it_says_what_to_set(settings_factory: SettingsFactory) -> None:
    with (
        approving(settings_factory, fortnox_client_id="", fortnox_client_secret=None) as place,
        pytest.raises(ConfigurationError, match="FORTNOX_CLIENT_ID"),
    ):
        consent.ask(place.deployment, "fortnox")


def test_a_refusal_of_fortnox_stops_an_invoice_in_words_that_are_not_about_keys() -> None:
    (finding,) = remote_findings.of(NotAuthorised("Licens saknas.", says=Quote("Licens saknas."), system="Fortnox"))
    assert "nekade oss (”Licens saknas”)." in sv(finding)
    assert "godkänner kopplingen igen" in sv(finding)
    assert "nyckel" not in sv(finding)
    assert "key" not in en(finding)
