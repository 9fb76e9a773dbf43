"""The JSON-2 interface: envelopes, statuses and the shapes of values, as Odoo 19 gives them."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from pypdf import PdfReader

from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind
from tests.sandbox.conftest import Ledger


@pytest.mark.parametrize(
    ("path", "arguments", "status", "name", "message"),
    [
        (
            "account.move/nosuch", {}, 404,
            "werkzeug.exceptions.NotFound", "The method 'account.move.nosuch' does not exist",
        ),
        (
            "nosuch.model/read", {}, 404,
            "werkzeug.exceptions.NotFound", "the model 'nosuch.model' does not exist",
        ),
        (
            "account.move/_private", {}, 403, "odoo.exceptions.AccessError",
            "Private methods (such as 'account.move._private') cannot be called remotely.",
        ),
        (
            "account.move/search_read", {"ids": [1], "domain": []}, 422,
            "werkzeug.exceptions.UnprocessableEntity", "cannot call account.move.search_read with ids",
        ),
        (
            "account.move/search_count", {}, 422,
            "werkzeug.exceptions.UnprocessableEntity", "missing a required argument: 'domain'",
        ),
        (
            "account.move/read", {"ids": [1], "foo": 1}, 422,
            "werkzeug.exceptions.UnprocessableEntity", "got an unexpected keyword argument 'foo'",
        ),
        (
            "account.move/search_read", {"foo": 1}, 500, "builtins.TypeError",
            "BaseModel._read_format() got an unexpected keyword argument 'foo'",
        ),
        (
            "account.move/read", {"ids": [1], "fields": ["nofield"]}, 500,
            "builtins.ValueError", "Invalid field 'nofield' on 'account.move'",
        ),
        (
            "res.partner/read", {"ids": [1], "fields": ["mobile"]}, 500,
            "builtins.ValueError", "Invalid field 'mobile' on 'res.partner'",
        ),
        (
            "account.move/search", {"domain": [], "order": "nofield"}, 500,
            "builtins.ValueError", "Invalid field 'nofield' on model 'account.move'",
        ),
        (
            "res.users/has_group", {"group_ext_id": "x"}, 500,
            "builtins.ValueError", "Expected singleton: res.users()",
        ),
        (
            "account.move/search", {"domain": [], "context": {"allowed_company_ids": [99]}}, 403,
            "odoo.exceptions.AccessError", "Access to unauthorized or invalid companies.",
        ),
        (
            "account.move/write", {"ids": [999], "vals": {"x_amili_case_id": "1"}}, 404,
            "odoo.exceptions.MissingError",
            "Record does not exist or has been deleted.\n(Record: account.move(999,), User: 5)",
        ),
        (
            "account.move/write", {"ids": [1], "vals": {"x_nosuch": "1"}}, 500,
            "builtins.ValueError", "Invalid field 'x_nosuch' in 'account.move'",
        ),
    ],
)  # fmt: skip
def test_an_error_has_odoos_status_and_envelope(
    ledger: Ledger, path: str, arguments: dict[str, Any], status: int, name: str, message: str
) -> None:
    answer = ledger.call(path, **arguments)
    assert answer.status_code == status
    body = answer.get_json()
    assert set(body) == {"name", "message", "arguments", "context", "debug"}
    assert (body["name"], body["message"]) == (name, message)
    assert body["arguments"] == ([message, status] if name.startswith("werkzeug") else [message])


@pytest.mark.parametrize("authorization", ["", "bearer wrong", "basic x"])
def test_a_missing_or_wrong_key_is_unauthorised(ledger: Ledger, authorization: str) -> None:
    answer = ledger.client.post("/json/2/res.users/context_get", json={}, headers={"Authorization": authorization})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.get_json()["name"] == "werkzeug.exceptions.Unauthorized"


def test_the_frame_of_a_call_is_checked(ledger: Ledger) -> None:
    path, headers = "/json/2/res.users/context_get", {"Authorization": f"Bearer {ledger.state.api_key}"}
    assert ledger.client.get(path, headers=headers).get_json()["message"].startswith("Did you mean POST")
    untyped = ledger.client.post(path, data=b"{}", headers=headers)
    assert (untyped.status_code, untyped.mimetype) == (415, "text/html")
    unread = ledger.client.post(path, data=b"{bad", headers=headers, content_type="application/json")
    assert (unread.status_code, unread.get_json()["name"]) == (400, "werkzeug.exceptions.BadRequest")
    elsewhere = ledger.client.post(path, json={}, headers={**headers, "X-Odoo-Database": "other"})
    assert (elsewhere.status_code, elsewhere.mimetype) == (404, "text/html")
    here = ledger.client.post(path, json={}, headers={**headers, "X-Odoo-Database": "sandbox"})
    assert here.get_json() == {"lang": "sv_SE", "tz": False, "uid": 5}


def test_the_version_is_told_without_a_key(ledger: Ledger) -> None:
    assert ledger.client.get("/json/version").get_json()["version"] == "19.0"


def test_values_have_odoos_shapes(ledger: Ledger) -> None:
    (row,) = ledger.rows(
        "account.move/read",
        ids=[1],
        fields=["name", "partner_id", "amount_total", "ref", "invoice_date", "delivery_date", "write_date",
                "reversed_entry_id", "reversal_move_ids", "currency_id", "x_amili_case_id", "x_amili_date",
                "invoice_payments_widget", "is_move_sent", "access_url"],
    )  # fmt: skip
    assert row == {
        "id": 1,
        "name": "INV/2026/00001",
        "partner_id": [2, "Björkö Bygg AB"],
        "amount_total": 2550.0,
        "ref": False,
        "invoice_date": "2026-09-08",
        "delivery_date": False,
        "write_date": "2026-11-22 12:00:00",
        "reversed_entry_id": False,
        "reversal_move_ids": [],
        "currency_id": [18, "SEK"],
        "x_amili_case_id": False,
        "x_amili_date": False,
        "invoice_payments_widget": False,
        "is_move_sent": False,
        "access_url": "/my/invoices/1",
    }


def test_links_are_bare_ids_without_load(ledger: Ledger) -> None:
    assert ledger.rows("account.move/read", ids=[1], fields=["partner_id"], load=None) == [{"id": 1, "partner_id": 2}]


def test_missing_records_are_left_out_of_a_read(ledger: Ledger) -> None:
    assert ledger.rows("account.move/read", ids=[99], fields=["name"]) == []


def test_lines_add_up_with_fee_and_tax(ledger: Ledger) -> None:
    rows = ledger.rows(
        "account.move.line/search_read",
        domain=[["move_id", "=", 1]],
        fields=["display_type", "account_type", "product_id", "price_total", "balance", "amount_residual"],
    )
    kinds = [row["display_type"] for row in rows]
    assert kinds == ["product", "product", "tax", "payment_term"]
    assert sum(row["balance"] for row in rows) == 0
    assert [row["price_total"] for row in rows[:2]] == [2500.0, 50.0]
    assert rows[1]["product_id"] == [2, "[FAKTAVG] Fakturaavgift"]
    assert (rows[3]["account_type"], rows[3]["amount_residual"]) == ("asset_receivable", 2550.0)


def test_fields_get_tells_which_custom_fields_are_installed(ledger: Ledger) -> None:
    asked = {"allfields": ["name", "x_amili_case_id", "partner_id"], "attributes": ["type", "relation"]}
    assert ledger.rows("account.move/fields_get", **asked) == {
        "name": {"type": "char"},
        "partner_id": {"type": "many2one", "relation": "res.partner"},
        "x_amili_case_id": {"type": "char"},
    }
    ledger.client.post("/_sandbox/switches", json={"custom_fields": False})
    assert "x_amili_case_id" not in ledger.rows("account.move/fields_get", **asked)
    assert ledger.call("account.move/write", ids=[1], vals={"x_amili_case_id": "1"}).status_code == 500
    assert ledger.call("account.move/search", domain=[["x_amili_case_id", "=", False]]).status_code == 500


def test_a_write_is_kept_and_counted_when_it_changes_something(ledger: Ledger) -> None:
    values = {"x_amili_case_id": "68b7f49c7b02934caddab092", "x_amili_date": "2026-11-22 12:00:00"}
    assert ledger.rows("account.move/write", ids=[1], vals=values) is True
    assert ledger.rows("account.move/write", ids=[1], vals=values) is True
    assert ledger.state.changing_writes(1) == 1
    assert [write["changed"] for write in ledger.state.writes] == [["x_amili_case_id", "x_amili_date"], []]
    (row,) = ledger.rows("account.move/read", ids=[1], fields=list(values))
    assert row == {"id": 1, **values}


def test_an_emptied_field_reads_false(ledger: Ledger) -> None:
    ledger.rows("account.move/write", ids=[1], vals={"x_amili_status": "Registrerad"})
    ledger.rows("account.move/write", ids=[1], vals={"x_amili_status": ""})
    assert ledger.rows("account.move/read", ids=[1], fields=["x_amili_status"]) == [{"id": 1, "x_amili_status": False}]


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00", "2026-11-22 12:00:00.5", "2026-11-22 12:00:00+01:00"])
def test_a_datetime_is_written_in_odoos_form_alone(ledger: Ledger, text: str) -> None:
    answer = ledger.call("account.move/write", ids=[1], vals={"x_amili_date": text})
    assert (answer.status_code, answer.get_json()["name"]) == (500, "builtins.ValueError")
    assert ledger.state.writes == []


def test_a_write_moves_the_write_date(ledger: Ledger, clock: Any) -> None:
    clock.forward(60)
    ledger.rows("account.move/write", ids=[1], vals={"x_amili_status": "x"})
    assert ledger.rows("account.move/search", domain=[["write_date", ">=", "2026-11-22 12:01:00"]]) == [1]


def test_rights_follow_the_users_groups(ledger: Ledger) -> None:
    ledger.state.add_user("Reader", key="r", groups=("base.group_user", "account.group_account_readonly"))
    ledger.state.add_user("Plain", key="p", groups=("base.group_user",))
    read = {"ids": [1], "fields": ["name"]}
    write = {"ids": [1], "vals": {"x_amili_status": "x"}}
    assert ledger.call("account.move/read", key="r", **read).status_code == 200
    assert ledger.call("account.move/write", key="r", **write).status_code == 403
    assert ledger.call("account.move/read", key="p", **read).status_code == 403
    assert ledger.call("res.partner/read", key="p", **read).status_code == 200
    for model in ("ir.model.fields", "base.automation", "ir.model.data"):
        assert ledger.call(f"{model}/search_read", domain=[]).status_code == 403


def test_the_user_and_its_groups_can_be_asked(ledger: Ledger) -> None:
    assert ledger.rows("res.users/has_group", ids=[5], group_ext_id="account.group_account_invoice") is True
    assert ledger.rows("res.users/has_group", ids=[5], group_ext_id="base.group_system") is False
    assert ledger.rows("account.move/has_access", operation="write") is True
    (company,) = ledger.rows("res.company/search_read", domain=[], fields=["name", "company_registry", "org_number"])
    assert company == {"id": 1, "name": "Testbolaget AB", "company_registry": "556677-8899", "org_number": ""}


def send_wizard(ledger: Ledger, invoice: int, **values: Any) -> Any:
    (wizard,) = ledger.rows(
        "account.move.send.wizard/create", vals_list={"move_id": invoice, "template_id": False, **values}
    )
    return ledger.call("account.move.send.wizard/action_send_and_print", ids=[wizard])


def test_the_wizard_makes_a_real_pdf_and_mails_nobody(ledger: Ledger) -> None:
    (before,) = ledger.rows("account.move/read", ids=[1], fields=["invoice_pdf_report_file", "invoice_pdf_report_id"])
    assert before == {"id": 1, "invoice_pdf_report_file": False, "invoice_pdf_report_id": False}
    assert send_wizard(ledger, 1, sending_methods=[]).get_json() == {"type": "ir.actions.act_window_close"}
    (row,) = ledger.rows(
        "account.move/read", ids=[1], fields=["invoice_pdf_report_file", "invoice_pdf_report_id", "is_move_sent"]
    )
    text = PdfReader(io.BytesIO(base64.b64decode(row["invoice_pdf_report_file"]))).pages[0].extract_text()
    assert text.splitlines()[0] == "Faktura INV/2026/00001"
    assert "Björkö Bygg AB" in text
    assert row["is_move_sent"] is True
    assert row["invoice_pdf_report_id"][1] == "INV_2026_00001.pdf"
    assert ledger.state.emails_sent == {}


def test_leaving_the_sending_methods_out_mails_the_debtor(ledger: Ledger) -> None:
    send_wizard(ledger, 1)
    assert ledger.client.get("/_sandbox/state").get_json()["emails_sent"] == {"1": 1}


def test_the_wizard_does_not_make_a_second_pdf(ledger: Ledger) -> None:
    send_wizard(ledger, 1, sending_methods=[])
    send_wizard(ledger, 1, sending_methods=[])
    assert ledger.state.pdfs_generated == {1: 1}


def test_a_pdf_that_cannot_be_had_is_a_user_error(ledger: Ledger) -> None:
    answer = send_wizard(ledger, ledger.state.labels["without_pdf"], sending_methods=[])
    assert (answer.status_code, answer.get_json()["name"]) == (422, "odoo.exceptions.UserError")
    assert "PDF can not be created" in answer.get_json()["message"]


def test_the_wizards_old_field_name_is_gone(ledger: Ledger) -> None:
    answer = ledger.call("account.move.send.wizard/create", vals_list=[{"move_id": 1, "mail_template_id": False}])
    assert answer.status_code == 500


def test_the_size_stands_in_for_the_file_on_request(ledger: Ledger) -> None:
    send_wizard(ledger, 1, sending_methods=[])
    (row,) = ledger.rows("account.move/read", ids=[1], fields=["invoice_pdf_report_file"], context={"bin_size": True})
    assert row["invoice_pdf_report_file"].endswith(" Kb")


def test_the_portal_shows_a_pro_forma_until_there_is_a_pdf(ledger: Ledger) -> None:
    url = ledger.rows("account.move/get_portal_url", ids=[1], report_type="pdf", download=True)
    first = PdfReader(io.BytesIO(ledger.client.get(url).data)).pages[0].extract_text()
    assert first.startswith("PROFORMA")
    send_wizard(ledger, 1, sending_methods=[])
    second = PdfReader(io.BytesIO(ledger.client.get(url).data)).pages[0].extract_text()
    assert second.startswith("Faktura INV/2026/00001")
    assert ledger.client.get("/my/invoices/1?access_token=wrong&report_type=pdf").status_code == 303


@pytest.mark.parametrize(
    ("fault", "status", "written"),
    [
        (Fault(FaultKind.FAIL_BEFORE, next_n=1, body=BodyKind.HTML), 503, False),
        (Fault(FaultKind.FAIL_AFTER, next_n=1, status=500), 500, True),
        (Fault(FaultKind.UNAUTHORISED, next_n=1), 401, False),
        (Fault(FaultKind.RATE_LIMITED, next_n=1, retry_after_s=2), 429, False),
    ],
)
def test_faults_strike_the_ledger_too(ledger: Ledger, fault: Fault, status: int, written: bool) -> None:
    ledger.state.switches.set(LedgerSwitches(faults=(fault,)))
    assert ledger.call("account.move/write", ids=[1], vals={"x_amili_status": "x"}).status_code == status
    assert bool(ledger.state.writes) is written


def test_a_fault_can_be_meant_for_one_method(ledger: Ledger) -> None:
    fault = Fault(FaultKind.FAIL_BEFORE, operations=("account.move/write",), share=1.0)
    ledger.state.switches.set(LedgerSwitches(faults=(fault,)))
    assert ledger.call("account.move/read", ids=[1], fields=["name"]).status_code == 200
    assert ledger.call("account.move/write", ids=[1], vals={"x_amili_status": "x"}).status_code == 503


def test_calls_are_counted_by_model_and_method(ledger: Ledger) -> None:
    ledger.rows("account.move/read", ids=[1], fields=["name"])
    ledger.rows("account.move/read", ids=[2], fields=["name"])
    state = ledger.client.get("/_sandbox/state").get_json()
    assert state["requests"] == {"POST /json/2/account.move/read": 2}
    assert state["answers"] == {"POST /json/2/account.move/read 200": 2}
