"""manifest.json is held to the code, and the code reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr, ValidationError

import connector
from connector import manifest
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError
from connector.flows.deployment import open_deployment
from connector.hosts import opening
from connector.hosts.fortnox import events as fortnox_events
from connector.hosts.fortnox import lifecycle as fortnox_lifecycle
from connector.hosts.odoo import host as odoo_host
from connector.hosts.odoo import inventory
from connector.hosts.odoo.versions import DIALECTS
from connector.manifest.__main__ import as_text, renewed
from connector.remote.policy import HttpPolicy
from connector.resources import manifest_path
from connector.settings import Settings, setting_fields
from connector.web.app import create_app
from tests.conftest import SettingsFactory


@pytest.fixture
def described() -> manifest.Manifest:
    return manifest.load()


def stored() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(manifest_path().read_text(encoding="utf-8"))
    return content


def test_the_generated_parts_are_in_step_with_the_code() -> None:
    text = manifest_path().read_text(encoding="utf-8")

    assert text == as_text(renewed(json.loads(text))), "run `python -m connector.manifest`"


def test_a_stale_manifest_is_renewed() -> None:
    stale = {**stored(), "version": "0.0.0", "connection_settings": {}, "hosts": []}

    assert renewed(stale) == stored()


def test_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        manifest.Manifest.model_validate({**stored(), "surprise": 1})


def test_version_and_licence_are_the_packages(described: manifest.Manifest) -> None:
    assert (described.id, described.version, described.licence) == ("amili-connector", connector.__version__, "MIT")


def test_the_environments_are_those_a_connection_can_choose(described: manifest.Manifest) -> None:
    environments = described.collector.environments

    assert set(environments) == {choice.value for choice in Environment}
    assert {one.setting.lower() for one in environments.values()} <= set(setting_fields())


def test_the_sandbox_address_is_the_manifests(settings: Settings, described: manifest.Manifest) -> None:
    assert settings.amili_sandbox_url == described.collector.environments["sandbox"].url


def test_the_production_address_is_nowhere(settings: Settings, described: manifest.Manifest) -> None:
    assert (settings.amili_production_url, described.collector.environments["production"].url) == ("", "")


def test_every_available_host_can_be_opened(described: manifest.Manifest) -> None:
    for described_host in (one for one in described.hosts if one.status == "available"):
        with pytest.raises(ConfigurationError, match=r"need|not set up"):
            opening.open_host(
                described_host.id, settings={}, api_key=SecretStr("key"), http=HttpPolicy(allow_private=False)
            )


def test_the_fields_are_those_that_are_installed(described: manifest.Manifest) -> None:
    odoo, _ = described.hosts

    assert [(one.model, one.name, one.type) for one in odoo.fields] == [
        (added.model, added.name, added.kind) for added in inventory.ADDED_FIELDS
    ]


def test_the_versions_are_those_that_are_known(described: manifest.Manifest) -> None:
    odoo, _ = described.hosts

    assert odoo.versions == f"{min(DIALECTS)} to {max(DIALECTS)}"


def test_the_rights_are_those_that_are_checked(described: manifest.Manifest) -> None:
    odoo, _ = described.hosts

    assert [(one.model, one.operation, one.purpose) for one in odoo.rights] == list(odoo_host.NEEDED_RIGHTS)
    assert {one.key for one in odoo.rights} <= {key.id for key in odoo.authentication.keys}


def test_the_events_of_fortnox_are_those_that_are_understood(described: manifest.Manifest) -> None:
    _, fortnox = described.hosts
    by_transport: dict[str, list[str]] = {}
    for event in fortnox.events:
        by_transport.setdefault(event.transport, []).append(event.id)

    assert by_transport == {
        "poll": ["requested", "changed"],
        "socket": [*fortnox_events.INVOICE_EVENTS, *fortnox_events.PAYMENT_EVENTS],
        "webhook": list(fortnox_lifecycle.EVENTS),
    }


def test_the_endpoints_are_those_that_are_served(
    settings_factory: SettingsFactory, described: manifest.Manifest
) -> None:
    deployment = open_deployment(settings_factory())
    try:
        rules = create_app(deployment).url_map.iter_rules()
        served = {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    finally:
        deployment.close()

    assert {(one.method, one.path) for one in described.endpoints} == served


def test_the_schemas_take_what_the_models_take(described: manifest.Manifest) -> None:
    Draft202012Validator.check_schema(described.connection_settings)
    schema = Draft202012Validator(described.connection_settings)

    assert schema.is_valid(ConnectionSettings().model_dump(mode="json"))
    assert schema.is_valid({"first_action": "debt_collection", "minimum_amount": "250.00"})
    assert not schema.is_valid({"first_action": "court"})
    assert not schema.is_valid({"acount": "misspelt"})


def test_a_hosts_schema_names_its_settings(described: manifest.Manifest) -> None:
    odoo, _ = described.hosts
    schema = Draft202012Validator(odoo.settings)

    assert schema.is_valid({"url": "https://company.odoo.com", "database": "company", "fee_products": ["FAKTAVG"]})
    assert not schema.is_valid({"fee_product": "FAKTAVG"})
