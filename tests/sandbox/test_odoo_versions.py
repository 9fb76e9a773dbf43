"""The imitation as Odoo 17 and 18: JSON-RPC, and what each version does not have."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.odoo.switches import OdooVersion
from tests.sandbox.conftest import Ledger

UNREADABLE = (
    "You are not allowed to read 'base.automation' records.\n\n"
    "Contact your administrator to request access if necessary."
)


IN_17 = {
    "Object nosuch.model doesn't exist": "Objekt nosuch.model finns inte",
    "The method 'account.move.nosuch' does not exist": "type object 'account.move' has no attribute 'nosuch'",
    "Private methods (such as 'account.move._private') cannot be called remotely.": (
        "Du har inte behörighet till det här."
    ),
    "Record does not exist or has been deleted.\n(Record: account.move(999,), User: 5)": (
        "Posten finns inte eller har tagits bort.\n(Record: account.move(999,), User: 5)"
    ),
    "Access to unauthorized or invalid companies.": "Du har inte behörighet till det här.",
    UNREADABLE: ("Du har inte behörighet till det här.\n\nContact your administrator to request access if necessary."),
}
"""What a Swedish user of 17 is told."""


@pytest.fixture(params=list(OdooVersion))
def versioned(request: pytest.FixtureRequest, ledger: Ledger) -> Ledger:
    ledger.state.switches.change({"version": request.param.value})
    return ledger


def ask(ledger: Ledger, service: str, method: str, *args: Any) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "method": "call", "id": 7,
            "params": {"service": service, "method": method, "args": args}}  # fmt: skip
    answer = ledger.client.post("/jsonrpc", json=body)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    assert (found.pop("jsonrpc"), found.pop("id")) == ("2.0", 7)
    return found


def execute(ledger: Ledger, model: str, method: str, *places: Any, **named: Any) -> Any:
    return ask(ledger, "object", "execute_kw", "sandbox", 5, ledger.state.api_key, model, method, list(places), named)[
        "result"
    ]


def refusal(ledger: Ledger, model: str, method: str, *places: Any, **named: Any) -> tuple[str, str]:
    """Name and message of the exception that a call raises."""
    key = ledger.state.api_key
    error = ask(ledger, "object", "execute_kw", "sandbox", 5, key, model, method, list(places), named)["error"]
    assert set(error) == {"code", "message", "data"}
    assert set(error["data"]) == {"name", "message", "arguments", "context", "debug"}
    return error["data"]["name"], error["data"]["message"]


def test_every_version_tells_its_own_without_a_key(versioned: Ledger) -> None:
    version = versioned.state.version.value
    told = versioned.client.post("/web/webclient/version_info", json={}).get_json()["result"]
    assert told["server_serie"] == version
    assert told["server_version_info"][0] == int(version[:2])
    assert ask(versioned, "common", "version")["result"] == told


@pytest.mark.parametrize("path", ["/json/version", "/json/2", "/json/2/x/y/z", "/json/2/account.move/search"])
@pytest.mark.parametrize(("version", "status"), [("17.0", 404), ("18.0", 303)])
def test_the_older_versions_have_no_json_2(ledger: Ledger, path: str, version: str, status: int) -> None:
    ledger.state.switches.change({"version": version})
    post = path.endswith("search")
    answer = ledger.client.post(path, json={}) if post else ledger.client.get(path)
    assert answer.status_code == status
    assert not answer.is_json
    assert ("/web/login" in answer.headers.get("Location", "")) == (status == 303)


def test_a_login_and_its_key_are_a_user(versioned: Ledger) -> None:
    key = versioned.state.api_key
    assert ask(versioned, "common", "authenticate", "sandbox", "connector", key, {})["result"] == 5
    for login, wrong in (("connector", "wrong"), ("somebody", key)):
        assert ask(versioned, "common", "authenticate", "sandbox", login, wrong, {})["result"] is False


@pytest.mark.parametrize(("user", "key"), [(5, "wrong"), (6, "")])
def test_a_key_opens_its_own_user_alone(versioned: Ledger, user: int, key: str) -> None:
    args: tuple[Any, ...] = ("sandbox", user, key or versioned.state.api_key, "account.move", "search", [[]], {})
    error = ask(versioned, "object", "execute_kw", *args)["error"]
    assert error["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert error["code"] == (0 if versioned.state.version is OdooVersion.V19 else 200)


@pytest.mark.parametrize(
    ("service", "method", "more"),
    [("common", "authenticate", ["connector", "key", {}]), ("object", "execute_kw", [5, "key", "m", "x", [], {}])],
)
def test_another_database_does_not_exist(versioned: Ledger, service: str, method: str, more: list[Any]) -> None:
    error = ask(versioned, service, method, "nowhere", *more)["error"]
    assert error["data"]["name"] == "psycopg2.OperationalError"
    assert 'database "nowhere" does not exist' in error["data"]["message"]


@pytest.mark.parametrize(
    ("model", "method", "places", "named", "name", "message"),
    [
        ("account.move", "nosuch", [[1]], {}, "builtins.AttributeError",
         "The method 'account.move.nosuch' does not exist"),
        ("nosuch.model", "read", [[1]], {}, "odoo.exceptions.UserError", "Object nosuch.model doesn't exist"),
        ("account.move", "_private", [[1]], {}, "odoo.exceptions.AccessError",
         "Private methods (such as 'account.move._private') cannot be called remotely."),
        ("account.move", "read", [], {}, "builtins.IndexError", "list index out of range"),
        ("account.move", "read", [[1]], {"foo": 1}, "builtins.TypeError",
         "BaseModel.read() got an unexpected keyword argument 'foo'"),
        ("account.move", "write", [[999], {"ref": "x"}], {}, "odoo.exceptions.MissingError",
         "Record does not exist or has been deleted.\n(Record: account.move(999,), User: 5)"),
        ("account.move", "search", [[]], {"context": {"allowed_company_ids": [99]}}, "odoo.exceptions.AccessError",
         "Access to unauthorized or invalid companies."),
        ("base.automation", "search", [[]], {}, "odoo.exceptions.AccessError",
         UNREADABLE),
    ],
)  # fmt: skip
def test_an_error_is_told_by_its_name(
    versioned: Ledger, model: str, method: str, places: list[Any], named: dict[str, Any], name: str, message: str
) -> None:
    if versioned.state.version is OdooVersion.V17:
        message = IN_17.get(message, message)
    assert refusal(versioned, model, method, *places, **named) == (name, message)


def test_ids_come_first_and_other_arguments_by_place_or_name(versioned: Ledger) -> None:
    by_name = execute(versioned, "account.move", "read", [1, 2], fields=["name"])
    assert by_name == execute(versioned, "account.move", "read", [1, 2], ["name"])
    assert [row["id"] for row in by_name] == [1, 2]
    domain = [["id", "=", 1]]
    assert execute(versioned, "account.move", "search", domain) == [1]
    assert execute(versioned, "account.move", "search", domain=domain) == [1]
    assert execute(versioned, "account.move", "write", [1], {"x_amili_case_id": "a"}) is True
    assert execute(versioned, "res.users", "context_get")["uid"] == 5


@pytest.mark.parametrize("ledger_version", [OdooVersion.V18, OdooVersion.V19])
def test_create_gives_what_it_is_given_one_id_or_a_list(ledger: Ledger, ledger_version: OdooVersion) -> None:
    ledger.state.switches.change({"version": ledger_version.value})
    values = {"move_id": 1, "sending_methods": []}
    one = execute(ledger, "account.move.send.wizard", "create", values)
    assert isinstance(one, int)
    assert execute(ledger, "account.move.send.wizard", "create", [values]) == [one + 1]


@pytest.mark.parametrize(("lang", "words"), [("sv_SE", "finns inte"), ("en_US", "doesn't exist")])
def test_17_says_it_in_the_users_language(ledger: Ledger, lang: str, words: str) -> None:
    ledger.state.switches.change({"version": "17.0"})
    ledger.state.records.update("res.users", 5, {"lang": lang})
    assert words in refusal(ledger, "nosuch.model", "read", [1])[1]


FIELDS = {
    "account.move.no_followup": {OdooVersion.V19},
    "account.move.matched_payment_ids": {OdooVersion.V18, OdooVersion.V19},
    "account.move.payment_state": {OdooVersion.V17, OdooVersion.V18, OdooVersion.V19},
    "account.move.line.blocked": {OdooVersion.V17},
    "res.partner.mobile": {OdooVersion.V17, OdooVersion.V18},
    "res.users.groups_id": {OdooVersion.V17, OdooVersion.V18},
    "res.users.group_ids": {OdooVersion.V19},
}


@pytest.mark.parametrize("path", FIELDS)
def test_a_version_has_its_own_fields_alone(versioned: Ledger, path: str) -> None:
    model, _, field = path.rpartition(".")
    told = execute(versioned, model, "fields_get", allfields=[field])
    if versioned.state.version in FIELDS[path]:
        assert set(told) == {field}
        execute(versioned, model, "search_read", fields=[field], order=field)
        return
    assert told == {}
    unknown = f"Invalid field {field!r} on {model!r}"
    assert refusal(versioned, model, "read", [1], fields=[field]) == ("builtins.ValueError", unknown)
    assert refusal(versioned, model, "search", [[field, "=", False]])[0] == "builtins.ValueError"
    assert refusal(versioned, model, "write", [1], {field: False})[0] == "builtins.ValueError"


@pytest.mark.parametrize(
    ("version", "template", "refused"),
    [("18.0", "mail_template_id", "template_id"), ("19.0", "template_id", "mail_template_id")],
)
def test_the_send_wizard_names_its_template_by_version(
    ledger: Ledger, version: str, template: str, refused: str
) -> None:
    ledger.state.switches.change({"version": version})
    values = {"move_id": 1, "sending_methods": []}
    assert execute(ledger, "account.move.send.wizard", "create", [{**values, template: False}])
    name, message = refusal(ledger, "account.move.send.wizard", "create", [{**values, refused: False}])
    assert (name, refused in message) == ("builtins.ValueError", True)


def test_17_has_neither_the_send_wizard_nor_has_access(ledger: Ledger) -> None:
    ledger.state.switches.change({"version": "17.0"})
    assert "finns inte" in refusal(ledger, "account.move.send.wizard", "create", [{}])[1]
    assert "has no attribute" in refusal(ledger, "account.move", "has_access", [], "read")[1]
    allowed = execute(ledger, "account.move", "check_access_rights", "write", raise_exception=False)
    assert allowed is True
    assert execute(ledger, "res.partner", "check_access_rights", "read") is True


@pytest.mark.parametrize("version", ["18.0", "19.0"])
def test_the_later_versions_are_asked_for_rights_by_has_access(ledger: Ledger, version: str) -> None:
    ledger.state.switches.change({"version": version})
    assert execute(ledger, "account.move", "has_access", [], "write") is True
    assert "does not exist" in refusal(ledger, "account.move", "check_access_rights", "write")[1]


def test_every_call_is_counted_by_its_name(versioned: Ledger) -> None:
    execute(versioned, "account.move", "search", [])
    ask(versioned, "common", "version")
    assert versioned.state.traffic.requests["POST /jsonrpc/account.move/search"] == 1
    assert versioned.state.traffic.requests["POST /jsonrpc/common/version"] == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"), [(b"{bad", "application/json", 400), (b"{}", "text/plain", 415)]
)
def test_the_frame_of_a_call_is_checked(ledger: Ledger, body: bytes, content_type: str, status: int) -> None:
    answer = ledger.client.post("/jsonrpc", data=body, content_type=content_type)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
