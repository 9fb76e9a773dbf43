"""What differs between Odoo 17, 18 and 19 where they are set up, in the imitation (odoo/API.md, "JSON-RPC")."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches, MakesKeys, OdooVersion
from connector.sandbox.shared.serve import running

INVOICING = "account.group_account_invoice"
ADMINISTRATOR = ("base.group_user", "base.group_system", INVOICING)
LANGUAGES: tuple[dict[str, Any], ...] = ({}, {"context": {"lang": "en_US"}}, {"context": {"lang": "sv_SE"}})
EVERY = pytest.mark.parametrize("version", list(OdooVersion))


def odoo(version: OdooVersion, **switches: Any) -> OdooState:
    state = OdooState(switches=LedgerSwitches(version=version, **switches), api_key="connector")
    state.add_user("settings", key="settings", groups=ADMINISTRATOR)
    return state


def ask(state: OdooState, model: str, method: str, *places: Any, by: str = "settings", speaks: str = "", **named: Any) -> Any:  # fmt: skip  # noqa: E501
    """The frame of an answer by JSON-RPC; a status where there is none."""
    args = [state.database, state.keys[by], by, model, method, list(places), named]
    frame = {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}}
    headers = {"Accept-Language": speaks} if speaks else {}
    answer = create_odoo(state).test_client().post("/jsonrpc", json=frame, headers=headers)
    return answer.get_json() if answer.is_json else answer.status_code


def error(state: OdooState, *asked: Any, **named: Any) -> tuple[str, str]:
    data = ask(state, *asked, **named)["error"]["data"]
    return data["name"], data["message"]


@EVERY
def test_nobody_may_make_a_category(version: OdooVersion) -> None:
    state = odoo(version)
    assert error(state, "ir.module.category", "create", {"name": "Mine"})[0] == "odoo.exceptions.AccessError"
    assert len(ask(state, "ir.module.category", "search", [])["result"]) == 1


def test_19_alone_has_privileges() -> None:
    assert isinstance(ask(odoo(OdooVersion.V19), "res.groups.privilege", "create", {"name": "Mine"})["result"], int)
    for older in (OdooVersion.V17, OdooVersion.V18):
        assert error(odoo(older), "res.groups.privilege", "create", {"name": "Mine"})[0] == "odoo.exceptions.UserError"


def field(state: OdooState, model: str) -> dict[str, Any]:
    (number,) = state.records.search("ir.model", [["model", "=", model]])
    return {"model_id": number, "name": "x_mine", "ttype": "char", "field_description": "Mine"}


@pytest.mark.parametrize(
    ("version", "model", "speaks", "locks"),
    [
        ("17.0", "res.partner", "", True),
        ("17.0", "res.partner", "fi-FI", True),
        ("17.0", "res.partner", "sv-SE", False),
        ("17.0", "account.move", "", False),
        ("18.0", "res.partner", "", False),
        ("19.0", "res.partner", "", False),
    ],
)
def test_17_waits_for_itself_where_a_request_names_no_active_language(
    version: str, model: str, speaks: str, locks: bool
) -> None:
    state = odoo(OdooVersion(version))
    answer = ask(state, "ir.model.fields", "create", field(state, model), speaks=speaks)
    assert state.lock_ups == locks
    if locks:
        assert answer == 503
        assert state.made.fields.get(model) is None
        return
    made = answer["result"]
    assert ask(state, "ir.model.fields", "unlink", [made], speaks=speaks)["result"] is True


def test_where_english_is_active_17_needs_no_name_of_a_language() -> None:
    state = odoo(OdooVersion.V17)
    (english,) = state.records.search("res.lang", [["code", "=", "en_US"]], active_only=False)
    state.records.update("res.lang", english, {"active": True})
    assert "result" in ask(state, "ir.model.fields", "create", field(state, "res.partner"))


def test_a_call_that_waits_for_itself_gets_no_answer() -> None:

    state = odoo(OdooVersion.V17)
    args = [state.database, state.keys["settings"], "settings", "ir.model.fields", "create",
            [field(state, "res.partner")], {}]  # fmt: skip
    frame = {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}}
    with running(create_odoo(state)) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=9)
        connection.request("POST", "/jsonrpc", json.dumps(frame), {"Content-Type": "application/json"})
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            connection.getresponse()
        connection.close()


@pytest.mark.parametrize(
    ("companies", "within", "refused"),
    [
        ([1], [1], False),
        ([1, 2], [1], True),
        ([1, 2], [2], False),
        ([1, 2], [], False),
        ([1, 2], [1, 2], False),
        ([1, 2, 3], [1], True),
        ([1, 2, 3], [2], True),
        ([1, 2, 3], [], False),
    ],
)
def test_19_refuses_a_users_companies_within_one_of_them_by_json_2_alone(
    companies: list[int], within: list[int], refused: bool
) -> None:
    for version in OdooVersion:
        state = odoo(version)
        state.records.update("res.users", 5, {"company_ids": companies})
        context = {"allowed_company_ids": within}
        body = {"ids": [5], "fields": ["company_ids"], "context": context}
        if version is OdooVersion.V19:
            headers = {"Authorization": "bearer connector"}
            answer = create_odoo(state).test_client().post("/json/2/res.users/read", json=body, headers=headers)
            assert answer.status_code == (403 if refused else 200)
        by_rpc = ask(state, "res.users", "read", [5], by="connector", fields=["company_ids"], context=context)
        assert by_rpc["result"][0]["company_ids"] == companies


@pytest.mark.parametrize(
    ("version", "email", "given", "taken"),
    [
        ("17.0", False, "", False),
        ("17.0", False, "a@b.example", True),
        ("17.0", "a@b.example", "", True),
        ("18.0", False, "", False),
        ("19.0", False, "", True),
    ],
)
def test_a_note_needs_an_author_with_an_address_before_19(version: str, email: object, given: str, taken: bool) -> None:
    state = odoo(OdooVersion(version))
    invoice = state.books.add_invoice(state.books.add_customer("Kund AB"), [], due_days_ago=1)
    state.records.update("res.users", 5, {"email": email})
    named: dict[str, Any] = {"body": "Hej", "subtype_xmlid": "mail.mt_note"}
    answer = ask(state, "account.move", "message_post", [invoice], by="connector", **named, email_from=given)
    assert ("result" in answer) == taken
    assert len(state.messages(invoice)) == taken


@EVERY
def test_everybody_who_works_there_is_told_the_models_that_they_may_read(version: OdooVersion) -> None:
    state = odoo(version)

    def told(by: str) -> set[str]:
        return {row["model"] for row in ask(state, "ir.model", "get_available_models", by=by)["result"]}

    assert {"account.move", "x_amili_request"} <= told("connector")
    assert not {"ir.model", "credit.control.line"} & told("connector")
    assert "ir.model" in told("settings")
    refused = error(state, "ir.model", "search", [], by="connector")
    assert refused[0] == "odoo.exceptions.AccessError"


@EVERY
def test_the_button_by_which_one_confirms_is_translated_in_19_alone(version: OdooVersion) -> None:
    state = odoo(version)
    arch = '<form><button string="Send" confirm="Sure?" confirm-label="Do it"/></form>'
    view = ask(state, "ir.ui.view", "create", {"name": "mine", "model": "res.company", "arch": arch})["result"]
    swedish = {"Send": "Skicka", "Sure?": "Säkert?", "Do it": "Gör det", "Gone": "Borta"}
    words = {"sv_SE": swedish}
    ask(state, "ir.ui.view", "update_field_translations", [view], field_name="arch_db", translations=words)
    label = "Gör det" if version is OdooVersion.V19 else "Do it"
    (shown,) = ask(state, "ir.ui.view", "read", [view], fields=["arch"], context={"lang": "sv_SE"})["result"]
    assert shown["arch"] == f'<form><button string="Skicka" confirm="Säkert?" confirm-label="{label}"/></form>'
    (source,) = ask(state, "ir.ui.view", "read", [view], fields=["arch"])["result"]
    assert source["arch"] == arch


@EVERY
def test_a_field_that_a_view_shows_stays_and_a_view_shows_no_field_that_is_not_there(version: OdooVersion) -> None:
    state = odoo(version)
    values = {"name": "mine", "model": "account.move", "arch": '<form><field name="x_mine"/></form>'}
    assert error(state, "ir.ui.view", "create", values)[0] == "odoo.exceptions.ValidationError"
    made = ask(state, "ir.model.fields", "create", field(state, "account.move"))["result"]
    view = ask(state, "ir.ui.view", "create", values)["result"]
    assert error(state, "ir.model.fields", "unlink", [made])[0] == "odoo.exceptions.UserError"
    ask(state, "ir.ui.view", "unlink", [view])
    assert ask(state, "ir.model.fields", "unlink", [made])["result"] is True


@EVERY
def test_a_name_is_kept_in_each_language(version: OdooVersion) -> None:
    state = odoo(version)
    group = ask(state, "res.groups", "create", {"name": "Senders"})["result"]
    ask(state, "res.groups", "write", [group], {"name": "Avsändare"}, context={"lang": "sv_SE"})
    names = [
        ask(state, "res.groups", "read", [group], fields=["name"], **context)["result"][0]["name"]
        for context in LANGUAGES
    ]
    assert names == ["Senders", "Senders", "Avsändare"]


@pytest.mark.parametrize(("version", "made"), [("17.0", False), ("18.0", False), ("19.0", True)])
def test_keys_are_made_by_a_call_in_19_alone(version: str, made: bool) -> None:
    state = odoo(OdooVersion(version), makes_keys=MakesKeys.ALLOWED)
    wanted: dict[str, Any] = {"key": "connector", "scope": None, "name": "New", "expiration_date": "2027-01-01"}
    assert ("result" in ask(state, "res.users.apikeys", "generate", by="connector", **wanted)) == made


@EVERY
def test_rules_are_there_once_their_module_is_installed(version: OdooVersion) -> None:
    state = odoo(version)
    assert error(state, "base.automation", "search", [])[0] == "odoo.exceptions.UserError"
    (module,) = ask(state, "ir.module.module", "search", [["name", "=", "base_automation"]])["result"]
    ask(state, "ir.module.module", "button_immediate_install", [module])
    rule = ask(state, "base.automation", "create", {"name": "Mine", "trigger": "on_create_or_write"})["result"]
    action = {"name": "Mine", "state": "code", "code": "pass", "base_automation_id": rule}
    ask(state, "ir.actions.server", "create", action)
    ask(state, "base.automation", "unlink", [rule])
    assert ask(state, "ir.actions.server", "search", [])["result"] == []
