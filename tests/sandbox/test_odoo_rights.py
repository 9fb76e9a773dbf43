"""What is made in the imitation of Odoo through the API, and who may do what with it, as on a real Odoo 19."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.odoo import request_rows as odoo_requests
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.state import SENDERS_GROUPS, OdooState

INVOICING = "account.group_account_invoice"
USERS = {
    "settings": ("base.group_user", "base.group_system"),
    "invoicing": ("base.group_user", INVOICING),
    "sender": SENDERS_GROUPS,
    "readonly": ("base.group_user", "account.group_account_readonly"),
    "portal": ("base.group_portal",),
    "elsewhere": SENDERS_GROUPS,
}


@pytest.fixture
def state() -> OdooState:
    state = OdooState(api_key="connector")
    customer = state.books.add_customer("Kund AB")
    for _ in range(2):
        state.books.add_invoice(customer, [InvoiceLine("Konsulttimme", 1000)], due_days_ago=45)  # type: ignore[arg-type]
    for name, groups in USERS.items():
        state.add_user(name, key=name, groups=groups)
    (elsewhere,) = state.records.search("res.users", [["name", "=", "elsewhere"]])
    state.records.update("res.users", elsewhere, {"company_id": 2, "company_ids": [2]})
    return state


def call(state: OdooState, user: str, method: str, **arguments: Any) -> tuple[int, Any]:
    answer = (
        create_odoo(state)
        .test_client()
        .post(f"/json/2/{method}", json=arguments, headers={"Authorization": f"bearer {user}"})
    )
    return answer.status_code, answer.get_json()


def run(state: OdooState, user: str, kind: str, *records: int) -> int:
    context = {"active_id": records[0], "active_ids": list(records)}
    return call(state, user, "ir.actions.server/run", ids=[odoo_requests.ACTION_IDS[kind]], context=context)[0]


def made(state: OdooState, **access: Any) -> str:
    """A model made over the API with one field, and with this access."""
    fields = [(0, 0, {"name": "x_note", "ttype": "char", "field_description": "Note"})]
    _, (model,) = call(
        state, "settings", "ir.model/create", vals_list=[{"name": "Notes", "model": "x_notes", "field_id": fields}]
    )
    call(state, "settings", "ir.model.access/create", vals_list=[{"name": "notes", "model_id": model, **access}])
    return "x_notes"


def test_a_model_made_by_api_is_for_those_alone_to_whom_access_was_given(state: OdooState) -> None:
    assert call(state, "settings", "x_notes/search", domain=[])[0] == 404
    model = made(state, group_id=state.made.group(INVOICING), perm_read=True)

    assert call(state, "invoicing", f"{model}/search", domain=[]) == (200, [])
    for user in ("readonly", "portal", "settings"):
        assert call(state, user, f"{model}/search", domain=[])[0] == 403
    for user in USERS:
        assert call(state, user, f"{model}/create", vals_list=[{"x_note": "x"}])[0] == 403
        assert call(state, user, f"{model}/write", ids=[1], vals={"x_note": "x"})[0] == 403
        assert call(state, user, f"{model}/unlink", ids=[1])[0] == 403


def test_access_without_a_group_is_for_everybody_and_what_may_be_written_is(state: OdooState) -> None:
    model = made(state, perm_read=True, perm_create=True)
    assert call(state, "portal", f"{model}/create", vals_list=[{"x_note": "x"}]) == (200, [1])
    assert call(state, "portal", f"{model}/read", ids=[1], fields=["x_note"]) == (200, [{"id": 1, "x_note": "x"}])
    assert call(state, "portal", f"{model}/write", ids=[1], vals={"x_note": "y"})[0] == 403
    (row,) = call(state, "invoicing", f"{model}/read", ids=[1], fields=["create_uid"])[1]
    assert row["create_uid"][1] == "portal"


def test_a_model_goes_with_its_fields_access_and_records(state: OdooState) -> None:
    model = made(state, perm_read=True)
    (number,) = call(state, "settings", "ir.model/search", domain=[["model", "=", model]])[1]
    call(state, "settings", "ir.model/unlink", ids=[number])
    assert call(state, "portal", f"{model}/search", domain=[])[0] == 404
    for what in ("ir.model.access", "ir.model.fields"):
        assert call(state, "settings", f"{what}/search", domain=[["model_id", "=", number]]) == (200, [])


@pytest.mark.parametrize("user", ["invoicing", "readonly", "portal", "sender"])
def test_nobody_makes_models_or_rights_without_settings(state: OdooState, user: str) -> None:
    for what, values in (
        ("ir.model", {"name": "Mine", "model": "x_mine"}),
        ("ir.model.access", {"name": "Mine", "model_id": 1, "perm_create": True}),
        ("ir.rule", {"name": "Mine", "model_id": 1, "domain_force": "[]"}),
        ("ir.model.fields", {"model_id": 1, "name": "x_mine", "ttype": "char"}),
        ("res.groups", {"name": "Mine"}),
    ):
        assert call(state, user, f"{what}/create", vals_list=[values])[0] == 403


def test_groups_and_readonly_of_a_field_made_by_api_are_kept_and_hold_for_nobody(state: OdooState) -> None:
    (model,) = call(state, "settings", "ir.model/search", domain=[["model", "=", "account.move"]])[1]
    group = state.made.group("base.group_system")
    field = {"model_id": model, "name": "x_mine", "ttype": "char", "readonly": True, "groups": [(6, 0, [group])]}
    _, (number,) = call(state, "settings", "ir.model.fields/create", vals_list=[field])

    kept = call(state, "settings", "ir.model.fields/read", ids=[number], fields=["readonly", "groups"])[1]
    assert kept == [{"id": number, "readonly": True, "groups": [group]}]
    assert (
        call(state, "invoicing", "account.move/write", ids=[1], vals={"x_mine": "Verkställande direktören"})[0] == 200
    )
    read = call(state, "invoicing", "account.move/read", ids=[1], fields=["x_mine"])[1]
    assert read == [{"id": 1, "x_mine": "Verkställande direktören"}]


def test_a_group_made_by_api_has_the_members_it_names(state: OdooState) -> None:
    _, (group,) = call(state, "settings", "res.groups/create", vals_list=[{"name": "Mine"}])
    row = {"module": "mine", "name": "group", "model": "res.groups", "res_id": group}
    call(state, "settings", "ir.model.data/create", vals_list=[row])
    (user,) = state.records.search("res.users", [["name", "=", "portal"]])
    has = {"ids": [user], "group_ext_id": "mine.group"}
    assert call(state, "settings", "res.users/has_group", **has) == (200, False)
    call(state, "settings", "res.groups/write", ids=[group], vals={"user_ids": [(4, user)]})
    assert call(state, "settings", "res.users/has_group", **has) == (200, True)


def test_only_the_actions_make_requests_and_they_are_of_whoever_ran_them(state: OdooState) -> None:
    assert run(state, "sender", odoo_requests.SEND, 1) == 200
    (row,) = call(
        state, "invoicing", "x_amili_request/search_read", domain=[], fields=["x_invoice_id", "x_kind", "create_uid"]
    )[1]
    assert (row["x_invoice_id"][0], row["x_kind"], row["create_uid"][1]) == (1, "send", "sender")
    for user in USERS:
        forged = {"x_invoice_id": 2, "x_company_id": 1, "x_kind": "send", "create_uid": row["create_uid"][0]}
        assert call(state, user, "x_amili_request/create", vals_list=[forged])[0] == 403
        assert call(state, user, "x_amili_request/write", ids=[row["id"]], vals={"x_invoice_id": 2})[0] == 403
        assert call(state, user, "x_amili_request/unlink", ids=[row["id"]])[0] == 403
    for user in ("readonly", "portal", "settings"):
        assert call(state, user, "x_amili_request/search", domain=[])[0] == 403


@pytest.mark.parametrize("kind", [odoo_requests.SEND, odoo_requests.TAKE_BACK, odoo_requests.WITHDRAW])
@pytest.mark.parametrize("user", ["invoicing", "readonly", "portal", "elsewhere", "connector"])
def test_whoever_may_not_send_runs_no_action_for_it(state: OdooState, kind: str, user: str) -> None:
    assert run(state, user, kind, 1) == 403
    assert call(state, "invoicing", "x_amili_request/search", domain=[]) == (200, [])


def test_requests_of_another_company_are_not_shown(state: OdooState) -> None:
    run(state, "sender", odoo_requests.SEND, 1)
    assert call(state, "elsewhere", "x_amili_request/search", domain=[]) == (200, [])
    assert call(state, "elsewhere", "x_amili_request/read", ids=[1], fields=["x_kind"])[0] == 403
    assert call(state, "invoicing", "x_amili_request/search", domain=[]) == (200, [1])


def test_only_the_connectors_user_answers_requests(state: OdooState) -> None:
    run(state, "sender", odoo_requests.SEND, 1)
    for user in set(USERS) - {"connector"}:
        assert run(state, user, odoo_requests.ANSWER, 1) == 403
    open_ones = [["x_answered", "=", False]]
    assert call(state, "invoicing", "x_amili_request/search", domain=open_ones) == (200, [1])
    assert run(state, "connector", odoo_requests.ANSWER, 1) == 200
    assert call(state, "invoicing", "x_amili_request/search", domain=open_ones) == (200, [])
