"""Opening a host by its name."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from pydantic import SecretStr

from connector.domain.errors import AmountUnreadable, ConfigurationError
from connector.hosts import opening
from connector.hosts.base import Administrator
from connector.remote.policy import HttpPolicy
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.sandbox.shared.serve import running
from tests.hosts.odoo.recorded_documents import document

KEY = SecretStr("a-key-that-is-secret")
SETTINGS: dict[str, Any] = {"url": "https://company.odoo.com", "database": "company"}


def test_an_unknown_kind_is_refused_by_every_door() -> None:
    options: dict[str, Any] = {"settings": SETTINGS, "http": HttpPolicy()}
    with pytest.raises(ConfigurationError, match="sap"):
        opening.open_host("sap", api_key=KEY, **options)
    with pytest.raises(ConfigurationError, match="sap"):
        opening.installation("sap").provision(
            SETTINGS,
            KEY,
            Administrator("", KEY),
            HttpPolicy(),
            webhook_url="https://x.example",
            other_first_actions=(),
            told=print,
        )
    with pytest.raises(ConfigurationError, match="sap"):
        opening.installation("sap").remove(SETTINGS, Administrator("", KEY), HttpPolicy())
    with pytest.raises(ConfigurationError, match="sap"):
        opening.needs_login("sap", **options)
    with pytest.raises(ConfigurationError, match="sap"):
        opening.installation("sap").cases(SETTINGS, [], Administrator("", KEY), HttpPolicy())
    with pytest.raises(ConfigurationError, match="sap"):
        opening.translate_document("sap", {}, {})
    assert opening.hints("sap", b'{"_model": "account.move", "_id": 5}').invoice_ids == ()


def test_what_is_never_installed_can_be_neither_installed_nor_removed() -> None:
    assert opening.installation("odoo").installs
    with pytest.raises(ConfigurationError, match="Nothing is installed inside a Fortnox"):
        opening.installation("fortnox")


@pytest.mark.parametrize("missing", ["url", "database"])
def test_settings_that_cannot_work_are_refused_before_any_call(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        opening.open_host("odoo", settings=SETTINGS | {missing: ""}, api_key=KEY, http=HttpPolicy(allow_private=False))


def test_a_private_address_needs_the_deployments_leave() -> None:
    local = SETTINGS | {"url": "http://127.0.0.1:8069"}
    with pytest.raises(ConfigurationError):
        opening.open_host("odoo", settings=local, api_key=KEY, http=HttpPolicy(allow_private=False))
    opening.open_host("odoo", settings=local, api_key=KEY, http=HttpPolicy(allow_private=True))


@pytest.mark.parametrize("wrong", [{}, {"move": []}, {"move": {"state": "posted"}}, {"lines": []}])
def test_what_is_no_document_is_said_to_be_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="no document"):
        opening.translate_document("odoo", wrong, {})


def test_an_inexact_amount_stays_an_inexact_amount() -> None:
    recorded = document("unpaid")
    recorded["move"]["amount_total"] = 0.001
    with pytest.raises(AmountUnreadable):
        opening.translate_document("odoo", recorded, {})


@pytest.mark.parametrize(("version", "wanted"), [("17.0", True), ("18.0", True), ("19.0", False)])
def test_whether_a_login_is_wanted_is_the_versions_to_say(version: str, wanted: bool) -> None:
    state = OdooState(switches=LedgerSwitches(version=OdooVersion(version)))
    with running(imitation("odoo").app(state)) as url:
        settings = {"url": url, "database": "sandbox"}
        assert opening.needs_login("odoo", settings=settings, http=HttpPolicy(allow_private=True)) is wanted
    assert not state.traffic.requests.keys() & {"POST /jsonrpc/common/authenticate"}


@pytest.mark.parametrize("accepted", ["20", "20.0", "saas~18.3", None])
def test_a_version_to_be_accepted_is_one_of_the_settings(accepted: str | None) -> None:
    opening.open_host(
        "odoo", settings=SETTINGS | {"accept_version": accepted}, api_key=KEY, http=HttpPolicy(allow_private=False)
    )


@responses.activate
def test_an_accepted_version_is_spoken_to_and_any_other_is_not() -> None:
    responses.get("https://company.odoo.com/json/version", json={"version": "20.0"})
    accepting = SETTINGS | {"accept_version": "20"}
    assert opening.needs_login("odoo", settings=accepting, http=HttpPolicy(allow_private=False)) is False
    with pytest.raises(
        ConfigurationError, match=r"This is Odoo 20\.0; the connector is known to work with 17, 18 and 19"
    ):
        opening.needs_login("odoo", settings=SETTINGS, http=HttpPolicy(allow_private=False))


@pytest.mark.parametrize("malformed", ["", "any", "20.x", "v20", "20.0+e", " 20"])
def test_what_is_no_version_is_refused(malformed: str) -> None:
    settings = SETTINGS | {"accept_version": malformed}
    with pytest.raises(ConfigurationError, match="accept_version"):
        opening.open_host("odoo", settings=settings, api_key=KEY, http=HttpPolicy(allow_private=False))
