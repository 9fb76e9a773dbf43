"""Provisioning, as far as it is decided before anything is changed; the rest is shown on a real Odoo."""

from __future__ import annotations

import ast
import re
from string import Template
from typing import Any
from xml.etree import ElementTree

import pytest
import responses

from connector.domain.errors import ConfigurationError, NotAuthorised
from connector.hosts.base import LedgerCase
from connector.hosts.odoo import fields
from connector.hosts.odoo.export import cases
from connector.hosts.odoo.installing import Installer
from connector.hosts.odoo.inventory import (
    ADDED_FIELDS,
    CODE_ACTIONS,
    HINT_RULES,
    REQUEST_FIELDS,
    VIEW_TEXTS,
    VIEWS,
    Label,
)
from connector.hosts.odoo.provision import ProvisionReport, connectors_user, provision, with_choices
from connector.hosts.odoo.removal import RemovalReport, remove
from connector.hosts.odoo.telling import installed, removed
from connector.hosts.odoo.versions import DIALECTS
from connector.resources import read_template
from tests.hosts.odoo.recorded_documents import URL, client, says, sent

WEBHOOK = "https://connector.example/webhooks/odoo/acme/a-secret-token?event=requested"


@responses.activate
def test_a_key_without_settings_rights_changes_nothing() -> None:
    responses.get(f"{URL}/json/version", json={"version": "19.0"})
    says("ir.model.fields/has_access", False)

    with pytest.raises(NotAuthorised) as refusal:
        provision(client(), WEBHOOK, company_id=1)
    with pytest.raises(NotAuthorised):
        remove(client())

    assert "a-secret-token" not in str(refusal.value)
    assert {call for call, _ in sent()} == {"ir.model.fields/has_access"}


@responses.activate
def test_an_old_odoo_is_told_before_anything_is_changed() -> None:
    responses.get(f"{URL}/json/version", json={"version": "16.0"})
    with pytest.raises(ConfigurationError, match=r"This is Odoo 16\.0"):
        provision(client(), WEBHOOK, company_id=1)
    assert len(responses.calls) == 1


@pytest.mark.parametrize("url", ["", "connector.example/hook", "javascript:alert(1)"])
@responses.activate
def test_a_webhook_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        provision(client(), url, company_id=1)
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
        provision(client(), WEBHOOK, company_id=1)

    assert not [call for call, _ in sent()[1:] if call.endswith(("/write", "/create", "/unlink"))]


@responses.activate
def test_further_first_actions_are_added_to_the_choices_and_none_is_taken_away() -> None:
    says("ir.model.data/search_read", [{"id": 1, "name": "n", "model": "m", "res_id": 446}])
    says("res.lang/search_read", [{"id": 1, "code": "sv_SE"}])
    says("ir.model.fields/search_read", [{"id": 5, "ttype": "selection"}])
    says("ir.model.fields/read", [{"id": 5, "copied": True, "field_description": "Another"}])
    says("ir.model.fields.selection/read", [{"id": 1, "name": "Another"}])
    says("ir.model.fields.selection/search", [])
    says("ir.model.data/search", [])
    for call in ("ir.model.fields/write", "ir.model.fields.selection/write"):
        says(call, True)
    says("ir.model.data/create", [7])
    values = ("reminder", "debt_collection", "of_another_company")
    says("ir.model.fields.selection/search_read", [{"id": n, "value": value} for n, value in enumerate(values, 1)])
    says("ir.model.fields.selection/create", [9])
    (added,) = [one for one in ADDED_FIELDS if one.name == fields.FIRST_ACTION]

    Installer(client()).field(with_choices(added, ("surveillance", "reminder")))

    made = [body["vals_list"] for call, body in sent() if call == "ir.model.fields.selection/create"]
    assert made == [[{"field_id": 5, "value": "surveillance", "name": "surveillance", "sequence": 2}]]
    named = [body["ids"] for call, body in sent() if call == "ir.model.fields.selection/write"]
    assert named == [[1], [2], [9]]
    assert not [call for call, _ in sent() if call.endswith("/unlink")]


def test_only_the_choice_of_a_first_action_has_further_ones() -> None:
    changed = [one.name for one in ADDED_FIELDS if with_choices(one, ("surveillance",)) != one]
    assert changed == [fields.FIRST_ACTION]
    assert all(with_choices(one, ()) == one for one in ADDED_FIELDS)


@responses.activate
def test_the_company_is_the_one_chosen_or_the_only_one_that_the_keys_user_sees() -> None:
    says("res.users/context_get", {"uid": 7})
    assert connectors_user(client(), 3) == (7, 3)
    says("res.users/read", [{"id": 7, "company_ids": [4]}])
    assert connectors_user(client(), None) == (7, 4)
    says("res.users/read", [{"id": 7, "company_ids": [4, 5]}])
    with pytest.raises(ConfigurationError, match=r"several companies \(4, 5\)"):
        connectors_user(client(), None)


@responses.activate
def test_case_ids_are_saved_page_by_page() -> None:
    def move(move_id: int) -> dict[str, Any]:
        values = {fields.CASE_ID: f"case-{move_id}", fields.STATUS: "Hos Amili", fields.DATE: "2026-11-24 12:00:00"}
        return {"id": move_id, "name": f"INV/{move_id}", **values}

    says("account.move/fields_get", {fields.CASE_ID: {}, fields.STATUS: {}, fields.DATE: {}})
    says("account.move/search_read", [move(move_id) for move_id in range(1, 501)])
    says("account.move/search_read", [move(501)])

    found = list(cases(client(), 3))

    assert len(found) == 501
    assert found[-1] == LedgerCase("INV/501", "501", "case-501", "Hos Amili", "2026-11-24 12:00:00")
    asked = [body for call, body in sent() if call == "account.move/search_read"]
    assert [body["domain"][-1] for body in asked] == [["id", ">", 0], ["id", ">", 500]]
    assert all(["company_id", "=", 3] in body["domain"] for body in asked)
    assert [body["context"]["allowed_company_ids"] for body in asked] == [[3], [3]]


@responses.activate
def test_there_is_nothing_to_save_where_the_fields_are_not_set_up() -> None:
    says("account.move/fields_get", {})
    assert list(cases(client(), 3)) == []


def test_the_installer_reads_what_was_installed_who_may_send_and_what_to_do_next() -> None:
    report = ProvisionReport(
        created=("field_x_amili_url", "group_send", "menu_collection"),
        updated=("field_x_amili_case_id",),
        removed=("rule_requested",),
        installed=("base_automation",),
        senders=("Ada", "Bo"),
        pdf_action_id=9,
        answer_action_id=10,
    )

    said = "\n".join(installed(report))

    assert "Installed Odoo's own module base_automation." in said
    assert " 2 fields on invoices and customers, 1 of them new" in said
    assert "rule_requested" in said
    assert "May send (group “Inkasso: skicka” / “Collection: send”): Ada, Bo." in said
    assert "Next: " in said


def test_the_installer_reads_what_was_taken_away() -> None:
    assert removed(RemovalReport(())) == ()
    said = "\n".join(removed(RemovalReport(("field_x_amili_url", "view_invoice_form"), ("Mine",))))
    assert " 1 fields on invoices and customers" in said
    assert "“Mine”" in said


CODE = sorted({action.template for action in CODE_ACTIONS} | {"hint.py.txt"})


def code_of(template: str) -> ast.Module:
    return ast.parse(Template(read_template(f"odoo/{template}")).substitute(hook=5, exempt="move.no_followup"))


def test_the_action_writes_the_fields_that_the_host_reads() -> None:
    constants = {
        node.value for node in ast.walk(code_of("send_to_collection.py.txt")) if isinstance(node, ast.Constant)
    }
    assert {fields.REQUESTED_AT, fields.REQUESTED_BY, fields.STATUS, fields.DATE} <= constants


@pytest.mark.parametrize("template", CODE)
def test_the_code_uses_nothing_that_odoo_forbids_in_server_actions(template: str) -> None:
    tree = code_of(template)
    forbidden = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.With, ast.Global, ast.Nonlocal)
    assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)]
    stored = [
        node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    assert not stored
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {name for name in names if name.startswith("_")} <= {"_render_qweb_pdf"}


VIEW_VALUES = {
    "send": 1,
    "withdraw": 2,
    "withdraw_case": 3,
    "dispute": 4,
    "settle": 5,
    "list_view": "list",
    "status_column": "status_in_payment",
    "confirm_label": DIALECTS[19].confirm_label,
}


def view_of(template: str) -> ElementTree.Element:
    return ElementTree.fromstring(Template(read_template(f"odoo/{template}")).substitute(VIEW_VALUES))


def test_every_text_of_the_views_is_translated_and_no_other() -> None:
    texts = {
        node.get(attribute)
        for view in VIEWS
        for node in view_of(view.template).iter()
        for attribute in ("string", "placeholder", "sum", "help", "confirm", "confirm-label", "title")
    }
    written = {text.strip() for view in VIEWS for text in view_of(view.template).itertext() if text.strip()}

    assert texts - {None} == set(VIEW_TEXTS)
    assert written == set()


def test_the_templates_name_no_field_of_ours_that_is_not_installed() -> None:
    texts = [read_template(f"odoo/{template}") for template in (*CODE, *(view.template for view in VIEWS))]
    named = {name for text in texts for name in re.findall(r"x_\w+", text)}

    known = {added.name for added in (*ADDED_FIELDS, *REQUEST_FIELDS)}
    assert named == {fields.REQUEST, *known}


MAKES = {
    "send_to_collection.py.txt": fields.SEND,
    "withdraw_request.py.txt": fields.TAKE_BACK,
    "withdraw_case.py.txt": fields.WITHDRAW,
    "mark_disputed.py.txt": fields.DISPUTE,
    "settle_dispute.py.txt": fields.SETTLE,
}


@pytest.mark.parametrize("template", MAKES)
def test_an_action_asks_for_the_group_writes_as_the_user_and_only_then_makes_a_whole_request(template: str) -> None:
    (action,) = [action for action in CODE_ACTIONS if action.template == template]
    text, tree = read_template(f"odoo/{template}"), code_of(template)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    at = {node.func.attr: node.lineno for node in reversed(calls) if isinstance(node.func, ast.Attribute)}
    (asked,) = [node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "has_group"]
    assert [ast.literal_eval(argument) for argument in asked.args] == list(action.groups)
    (made,) = [node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "create"]
    written = [node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "write"]
    as_user = [node for node in written if "sudo" not in ast.unparse(node) and "requests" not in ast.unparse(node.func)]
    assert at["has_group"] < min(node.lineno for node in as_user) < made.lineno
    (row,) = [node for node in ast.walk(made) if isinstance(node, ast.Dict)]
    # Whatever is left out could be given by the caller's context.
    assert {ast.literal_eval(key) for key in row.keys if key} == {added.name for added in REQUEST_FIELDS}
    assert f"'x_kind': '{MAKES[template]}'" in text


def test_the_fields_are_those_that_the_host_knows() -> None:
    assert {added.name for added in ADDED_FIELDS if added.model == "account.move"} == set(fields.ADDED)
    assert {added.name for added in ADDED_FIELDS if added.model == "res.partner"} == set(fields.ADDED_TO_CUSTOMERS)


def test_every_name_is_in_both_languages() -> None:
    words: list[Label] = [
        *(added.label for added in (*ADDED_FIELDS, *REQUEST_FIELDS)),
        *(choice for added in (*ADDED_FIELDS, *REQUEST_FIELDS) for choice in added.choices.values()),
        *(action.name for action in CODE_ACTIONS),
        *(name for rule in HINT_RULES for name in (rule.name, rule.webhook_name)),
    ]

    assert not [one for one in words if not one.in_language("sv_SE") or not one.in_language("en_US")]
    assert (words[0].in_language("sv_SE"), words[0].in_language("en_GB")) == ("Amili ärende", "Amili case")
