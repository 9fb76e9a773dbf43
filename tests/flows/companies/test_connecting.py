"""Joining a ledger to a creditor: both sides are asked first, and what cannot work is not saved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from connector.amili.client import AmiliClient
from connector.amili.models import Creditor
from connector.domain.connection import ConnectionSettings, Environment, FirstAction
from connector.domain.errors import ConfigurationError, NotAuthorised, Unavailable
from connector.flows.companies import connecting, keys
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS
from tests.flows.hand_over_steps import closed_port, elsewhere
from tests.flows.ledgers import DATABASE, ORGANISATION
from tests.flows.stage import CONNECTION, Stage

KEY = "canary-another-ledger-key"


@pytest.fixture
def amili(on: Stage) -> AmiliClient:
    """Amili, as our key sees it."""
    return on.deployment.amili(Environment.SANDBOX, on.deployment.access(DEFAULT_ACCESS))


@pytest.fixture
def other_creditors(on: Stage) -> Iterator[dict[str, str]]:
    """Two more creditors: one with our company's number in another account, one of another company."""
    account = on.amili.add_account("Koncernen AB", "5590000003")
    made = {
        "same number": on.amili.add_creditor(account, "Testbolaget AB, butiken", ORGANISATION),
        "another": on.amili.add_creditor(account, "Dotterbolaget AB", "5590000003"),
    }
    yield made
    for creditor in made.values():
        on.amili.creditors.pop(creditor)
    on.amili.accounts.pop(account)


def ledger_settings(on: Stage) -> dict[str, object]:
    return {"url": on.ledger_url, "database": DATABASE}


def ledger_key(on: Stage) -> SecretStr:
    return SecretStr(on.ledger.api_key)


def join(on: Stage, creditor: Creditor, connection_id: str) -> str:
    ledger = connecting.identify_ledger(on.deployment, "odoo", ledger_settings(on), ledger_key(on))
    return connecting.join(
        on.deployment,
        connection_id=connection_id,
        host="odoo",
        ledger=ledger,
        creditor=creditor,
        settings=ConnectionSettings(first_action=FirstAction.REMINDER, host=ledger_settings(on)),
        api_key=ledger_key(on),
        amili_access=DEFAULT_ACCESS,
    )


# The creditor


def test_the_creditor_with_the_ledgers_number_is_found(amili: AmiliClient, other_creditors: dict[str, str]) -> None:
    choice = connecting.creditors_for(amili, "5590000003")
    assert choice.matching
    assert [creditor.id for creditor in choice.creditors] == [other_creditors["another"]]


def test_several_with_the_number_are_a_choice(amili: AmiliClient, other_creditors: dict[str, str]) -> None:
    choice = connecting.creditors_for(amili, ORGANISATION)
    assert choice.matching
    assert {creditor.id for creditor in choice.creditors} == {GUIDE_CREDITOR, other_creditors["same number"]}


@pytest.mark.parametrize("number", ["", "5566778800"])
def test_where_none_matches_all_are_shown_as_such(
    amili: AmiliClient, other_creditors: dict[str, str], number: str
) -> None:
    choice = connecting.creditors_for(amili, number)
    assert not choice.matching
    assert len(choice.creditors) == 3


def test_a_key_that_sees_no_creditor_lacks_rights(on: Stage, amili: AmiliClient) -> None:
    code = on.canaries["api code"]
    public_key = on.amili.public_key(code)
    assert public_key is not None
    on.amili.register_key(code, public_key, accounts=())
    try:
        with pytest.raises(ConfigurationError, match="no creditor"):
            connecting.creditors_for(amili, ORGANISATION)
    finally:
        on.amili.register_key(code, public_key)


# The ledger


def test_a_ledger_says_who_it_is(on: Stage) -> None:
    ledger = connecting.identify_ledger(on.deployment, "odoo", ledger_settings(on), ledger_key(on))
    assert (ledger.company, ledger.organization_number) == ("Testbolaget AB", ORGANISATION)


def test_a_key_without_the_rights_is_refused_with_their_names(on: Stage) -> None:
    on.ledger.add_user("Praktikant", key=KEY, groups=("base.group_user",))
    with pytest.raises(ConfigurationError, match="lacks rights") as caught:
        connecting.identify_ledger(on.deployment, "odoo", ledger_settings(on), SecretStr(KEY))
    assert "read invoices" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_wrong_key_is_refused(on: Stage) -> None:
    with pytest.raises(NotAuthorised) as caught:
        connecting.identify_ledger(on.deployment, "odoo", ledger_settings(on), SecretStr("canary-wrong-key"))
    assert "canary" not in str(caught.value)


def test_a_ledger_out_of_reach_says_so(on: Stage) -> None:
    nowhere: dict[str, object] = {"url": f"http://127.0.0.1:{closed_port()}", "database": DATABASE}
    with pytest.raises(Unavailable):
        connecting.identify_ledger(on.deployment, "odoo", nowhere, ledger_key(on))


def test_a_private_address_needs_the_deployments_leave(on: Stage) -> None:
    strict = elsewhere(on.deployment, allow_private_addresses=False)
    with pytest.raises(ConfigurationError):
        connecting.identify_ledger(strict, "odoo", ledger_settings(on), ledger_key(on))


# Joining


def test_what_is_joined_is_saved_with_what_both_sides_said(on: Stage, amili: AmiliClient) -> None:
    token = join(on, amili.creditor(GUIDE_CREDITOR), "second")
    saved = on.deployment.connection("second")
    assert (saved.name, saved.host) == ("Testbolaget AB", "odoo")
    assert (saved.settings.creditor, saved.settings.account) == (GUIDE_CREDITOR, GUIDE_ACCOUNT)
    assert saved.settings.organization_number == ORGANISATION
    assert saved.settings.first_action is FirstAction.REMINDER
    assert saved.creditor_status is not None
    assert saved.creditor_status.is_active
    digests = connections.webhook_digests(on.deployment.databases.main, on.deployment.vault, "second")
    assert connections.token_fits(token, digests)


def test_an_inactive_creditor_is_refused_and_nothing_saved(on: Stage, amili: AmiliClient) -> None:
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    with pytest.raises(ConfigurationError, match="not active"):
        join(on, amili.creditor(GUIDE_CREDITOR), "third")
    with pytest.raises(ConfigurationError, match="third"):
        on.deployment.connection("third")


def test_a_creditor_whose_activity_amili_does_not_state_is_refused(on: Stage, amili: AmiliClient) -> None:
    unstated = amili.creditor(GUIDE_CREDITOR).model_copy(update={"is_active": None})
    with pytest.raises(ConfigurationError, match="not active"):
        join(on, unstated, "fourth")


def test_a_name_is_taken_once(on: Stage, amili: AmiliClient) -> None:
    with pytest.raises(ConfigurationError, match="exists already"):
        join(on, amili.creditor(GUIDE_CREDITOR), CONNECTION)


@pytest.mark.parametrize(
    ("company", "suggested"),
    [
        ("Testbolaget AB", "testbolaget-ab"),
        ("Åkes Äpplen & Öl i Malmö", "akes-applen-ol-i-malmo"),
        ("  --  ", "company"),
        ("", "company"),
        ("株式会社", "company"),
        ("A" * 100, "a" * 40),
    ],
)
def test_a_name_is_suggested_that_can_stand_in_an_address(company: str, suggested: str) -> None:
    assert connecting.suggested_id(company) == suggested


# Both sides, later


def test_a_check_asks_both_sides_and_keeps_what_amili_says(on: Stage) -> None:
    connection = on.deployment.connection(CONNECTION)
    assert keys.check_ledger(on.deployment, connection).company == "Testbolaget AB"
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    assert not connecting.check_creditor(on.deployment, connection).is_active
    kept = on.deployment.connection(CONNECTION).creditor_status
    assert kept is not None
    assert not kept.is_active


def test_an_environment_without_an_address_says_which_setting_is_missing(on: Stage) -> None:
    with pytest.raises(ConfigurationError, match="AMILI_PRODUCTION_URL"):
        on.deployment.amili(Environment.PRODUCTION, on.deployment.access(DEFAULT_ACCESS))


def test_a_key_pair_without_its_code_says_what_to_do(on: Stage) -> None:
    connections.put_access(
        on.deployment.databases.main,
        on.deployment.vault,
        access_id="waiting",
        private_key=SecretStr("private"),
        public_key="public",
        api_code=None,
    )
    with pytest.raises(ConfigurationError, match="no API code yet"):
        on.deployment.amili(Environment.SANDBOX, on.deployment.access("waiting"))
