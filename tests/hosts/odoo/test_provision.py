"""Provisioning, as far as it is decided before anything is changed; the rest is shown on a real Odoo."""

from __future__ import annotations

import ast

import pytest
import responses

from connector.domain.errors import ConfigurationError, NotAuthorised
from connector.hosts.odoo import fields
from connector.hosts.odoo.provision import provision, remove
from connector.resources import read_template
from tests.hosts.odoo.recorded import URL, client, says, sent

WEBHOOK = "https://connector.example/webhooks/odoo/acme/a-secret-token?event=requested"


@responses.activate
def test_a_key_without_settings_rights_changes_nothing() -> None:
    responses.get(f"{URL}/json/version", json={"version": "19.0"})
    says("ir.model.fields/has_access", False)

    with pytest.raises(NotAuthorised) as refusal:
        provision(client(), WEBHOOK)
    with pytest.raises(NotAuthorised):
        remove(client())

    assert "a-secret-token" not in str(refusal.value)
    assert {call for call, _ in sent()} == {"ir.model.fields/has_access"}


@responses.activate
def test_an_old_odoo_is_told_before_anything_is_changed() -> None:
    responses.get(f"{URL}/json/version", json={"version": "16.0"})
    with pytest.raises(ConfigurationError, match=r"This is Odoo 16\.0"):
        provision(client(), WEBHOOK)
    assert len(responses.calls) == 1


@pytest.mark.parametrize("url", ["", "connector.example/hook", "javascript:alert(1)"])
@responses.activate
def test_a_webhook_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        provision(client(), url)
    assert len(responses.calls) == 0


@responses.activate
def test_a_field_of_ours_with_another_type_is_not_touched() -> None:
    responses.get(f"{URL}/json/version", json={"version": "19.0"})
    says("ir.model.fields/has_access", True)
    says("ir.model.data/search_read", [])
    says("res.lang/search_read", [{"id": 1, "code": "sv_SE"}])
    says("ir.module.module/search_read", [{"id": 1, "state": "installed"}])
    says("ir.model.data/search_read", [{"id": 1, "res_id": 446}])
    says("ir.model.fields/search_read", [{"id": 5, "ttype": "selection"}])

    with pytest.raises(ConfigurationError, match="x_amili_case_id of type selection"):
        provision(client(), WEBHOOK)

    assert not [call for call, _ in sent()[1:] if call.endswith(("/write", "/create", "/unlink"))]


def test_the_action_writes_the_fields_that_the_host_reads() -> None:
    code = read_template("odoo/send_to_collection.py.txt")
    constants = {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)}
    assert {fields.REQUESTED_AT, fields.REQUESTED_BY} <= constants
    assert fields.CASE_ID in code


def test_the_action_uses_nothing_that_odoo_forbids_in_server_actions() -> None:
    tree = ast.parse(read_template("odoo/send_to_collection.py.txt"))
    forbidden = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.With, ast.Global, ast.Nonlocal)
    assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)]
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert not [name for name in names if name.startswith("_")]
