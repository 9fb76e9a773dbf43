"""The wire to Odoo 17 and 18: what is sent, and what every answer means. Nothing is ever sent twice."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import responses

from connector.domain.errors import (
    ConfigurationError,
    ConnectorError,
    KeyRefused,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteError,
    Unavailable,
    Unreadable,
)
from connector.hosts.odoo.client import LOOK_AGAIN_S, REMEMBERED_S, OdooClient
from tests.hosts.odoo.recorded_documents import KEY, URL, VERSION, client, document, exchanges

RPC = f"{URL}/jsonrpc"
VERSION_INFO = f"{URL}/web/webclient/version_info"
DOMAIN: list[object] = []


MODELS = [{"model": "ir.model", "display_name": "Models"}, {"model": "account.move", "display_name": "Journal Entry"}]
WHICH_MODELS: list[Any] = ["ir.model", "get_available_models", [], {}]


def is_version(version: str) -> None:
    """Odoo is an older one from now on."""
    responses.upsert(responses.GET, URL + VERSION, status=303, headers={"Location": f"{URL}/web/login"})
    responses.upsert(responses.POST, VERSION_INFO, json=info(version))


def info(version: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": None, "result": {"server_serie": version}}


def says(result: Any) -> None:
    """Odoo's next answer."""
    responses.post(RPC, json={"jsonrpc": "2.0", "id": 1, "result": result})


def says_kept(case: str, major: int = 18) -> None:
    """Odoo's next answer is that of a kept exchange."""
    responses.post(RPC, json=exchanges(major)[case]["answer"])


def older(version: str = "18.0", **options: Any) -> OdooClient:
    """A client of an older Odoo whose user is known by its key."""
    is_version(version)
    says(5)
    return client(login="connector", **options)


def asked() -> list[dict[str, Any]]:
    """The body of every request sent to /jsonrpc so far."""
    return [json.loads(call.request.body or "") for call in responses.calls if call.request.url == RPC]


def executed() -> list[list[Any]]:
    """Model, method, arguments by place and by name of every call so far."""
    return [body["params"]["args"][3:] for body in asked() if body["params"]["service"] == "object"]


@responses.activate
def test_the_user_is_asked_for_once_and_goes_with_every_call() -> None:
    odoo = older()
    says([])
    says([])

    for _ in range(2):
        odoo.call("account.move", "search", domain=DOMAIN)

    login, *calls = asked()
    frame = {"jsonrpc": "2.0", "method": "call", "id": 1}
    assert login == {**frame, "params": exchanges(18)["authenticate"]["request"]}
    assert calls == [{**frame, "params": exchanges(18)["search"]["request"]}] * 2
    assert {call.request.headers["Content-Type"] for call in responses.calls[1:]} == {"application/json"}


CALLS = [(major, case) for major in (18, 19) for case, kept in exchanges(major).items() if "call" in kept]


@pytest.mark.parametrize(("major", "case"), CALLS)
@responses.activate
def test_every_kept_call_is_sent_as_it_was(major: int, case: str) -> None:
    odoo, kept = older(f"{major}.0"), exchanges(major)[case]
    call = kept["call"]
    says_kept(case, major)

    with suppress(ConnectorError):  # what becomes of it is another test's
        odoo.call(call["model"], call["method"], call.get("ids"), **call["arguments"])

    assert asked()[1]["params"] == kept["request"]


@pytest.mark.parametrize("major", [18, 19])
@responses.activate
def test_the_kept_ways_to_tell_the_version_are_understood(major: int) -> None:
    is_version("")
    responses.upsert(responses.POST, VERSION_INFO, json=document(f"odoo{major}_jsonrpc")["version_info"])
    assert client(login="connector").version() == f"{major}.0"


@responses.activate
def test_ids_come_first_and_the_context_is_a_named_argument() -> None:
    odoo = older(context={"lang": "sv_SE"})
    says([{"id": 7}])
    odoo.call("account.move", "read", ids=[7], fields=["name"], context={"allowed_company_ids": [1]})
    context = {"lang": "sv_SE", "allowed_company_ids": [1]}
    assert executed() == [["account.move", "read", [[7]], {"fields": ["name"], "context": context}]]


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ("18.0", ["account.move", "has_access", [[]], {"operation": "write"}]),
        ("17.0", ["account.move", "check_access_rights", [], {"operation": "write", "raise_exception": False}]),
    ],
)
@responses.activate
def test_a_right_is_asked_for_as_the_version_knows_it(version: str, sent: list[Any]) -> None:
    odoo = older(version)
    if version == "17.0":
        says([{"id": 85, "code": "sv_SE"}])
    says(True)
    assert odoo.allows("account.move", "write") is True
    assert executed()[-1] == sent


ACTIVE = ["res.lang", "search_read", [], {"domain": [["active", "=", True]], "fields": ["code"]}]


@pytest.mark.parametrize(
    ("active", "named"),
    [
        (["sv_SE"], "sv-SE"),
        (["fi_FI", "sv_SE", "en_US"], "en-US"),
        (["es_419", "sr@latin"], "es-419"),
        (["sr@latin", "eo"], None),
        ([], None),
    ],
)
@responses.activate
def test_each_request_to_17_names_a_language_that_is_active(active: list[str], named: str | None) -> None:
    odoo = older("17.0")
    says([{"id": number, "code": code} for number, code in enumerate(active)])
    says([])
    for _ in range(2):
        odoo.call("account.move", "search", domain=DOMAIN)

    assert executed() == [ACTIVE, *[["account.move", "search", [], {"domain": DOMAIN}]] * 2]
    headers = [call.request.headers.get("Accept-Language") for call in responses.calls if call.request.url == RPC]
    assert headers == [None, None, named, named]
    if named:
        odoo.require_language()
        return
    with pytest.raises(ConfigurationError, match=r"This Odoo 17\.0 has no language that a request can name") as refusal:
        odoo.require_language()
    assert "Activate English" in refusal.value.advice


@responses.activate
def test_a_key_that_may_not_see_the_languages_reads_all_the_same() -> None:
    odoo = older("17.0")
    says_kept("no_right")
    says([7])
    assert odoo.call("account.move", "search", domain=DOMAIN) == [7]


@responses.activate
def test_18_is_not_asked_for_its_languages() -> None:
    odoo = older("18.0")
    says([])
    odoo.call("account.move", "search", domain=DOMAIN)
    odoo.require_language()
    assert len(executed()) == 1


def refused(message: str, name: str = "odoo.exceptions.UserError") -> None:
    """Odoo's next answer is a no in these words."""
    error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": message}}
    responses.post(RPC, json={"jsonrpc": "2.0", "id": 1, "error": error})


MISSING = ("Objekt credit.control.line finns inte", "Objekti credit.control.line, jota haet, ei ole olemassa täällä")


@pytest.mark.parametrize("message", [*MISSING, "Object credit.control.line doesn't exist"])
@responses.activate
def test_a_model_that_is_not_there_is_missing_in_whatever_language_odoo_says_it(message: str) -> None:
    clock = Clock()
    odoo = older("18.0", clock=clock)
    refused(message)
    says(MODELS)
    refused(message)

    for _ in range(2):
        with pytest.raises(NotFound):
            odoo.call("credit.control.line", "search", domain=DOMAIN)
    assert executed().count(WHICH_MODELS) == 1


@responses.activate
def test_a_refusal_that_names_a_model_which_is_there_is_a_refusal() -> None:
    odoo = older("18.0")
    refused("Lås account.move först")
    says(MODELS)
    with pytest.raises(Refused) as caught:
        odoo.call("account.move", "search", domain=DOMAIN)
    assert type(caught.value) is Refused


@responses.activate
def test_an_odoo_that_does_not_tell_its_models_leaves_its_refusal_standing() -> None:
    odoo = older("18.0")
    refused("Objekt credit.control.line finns inte")
    says_kept("no_right")
    with pytest.raises(Refused) as caught:
        odoo.call("credit.control.line", "search", domain=DOMAIN)
    assert type(caught.value) is Refused


@responses.activate
def test_a_model_that_was_installed_since_is_found_after_a_minute() -> None:
    clock = Clock()
    odoo = older("18.0", clock=clock)
    refused("Objekt credit.control.line finns inte")
    says(MODELS)
    refused("Radera inte credit.control.line")
    says([*MODELS, {"model": "credit.control.line"}])

    with pytest.raises(NotFound):
        odoo.call("credit.control.line", "search", domain=DOMAIN)
    clock.at_s += LOOK_AGAIN_S + 1
    with pytest.raises(Refused) as caught:
        odoo.call("credit.control.line", "unlink", ids=[1])
    assert type(caught.value) is Refused


@pytest.mark.parametrize(
    ("databases", "kind"), [(["another"], ConfigurationError), (["odoo18"], OutcomeUnknown), (None, ConfigurationError)]
)
@responses.activate
def test_a_missing_database_is_told_by_the_list_of_them(
    databases: list[str] | None, kind: type[ConnectorError]
) -> None:
    odoo = older("18.0")
    words = f'FATALT: databasen "{odoo.database}" tar inte emot anslutningar'
    refused(words, "psycopg2.OperationalError")
    if databases is None:
        refused("Access Denied", "odoo.exceptions.AccessDenied")
    else:
        says([odoo.database if one == "odoo18" else one for one in databases])
    with pytest.raises(ConnectorError) as caught:
        odoo.call("account.move", "search", domain=DOMAIN)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "message",
    ["type object 'account.move' has no attribute 'nosuch'", "The method 'account.move.nosuch' does not exist"],
)
@responses.activate
def test_a_method_that_is_not_there_is_missing(message: str) -> None:
    odoo = older("18.0")
    refused(message, "builtins.AttributeError")
    with pytest.raises(NotFound):
        odoo.call("account.move", "nosuch", ids=[1])


@responses.activate
def test_an_attribute_that_a_method_lacked_leaves_the_outcome_open() -> None:
    odoo = older("18.0")
    refused("'NoneType' object has no attribute 'id'", "builtins.AttributeError")
    with pytest.raises(OutcomeUnknown):
        odoo.call("account.move", "action_post", ids=[1])


@responses.activate
def test_amounts_are_exact() -> None:
    odoo = older()
    responses.post(RPC, body=b'{"jsonrpc": "2.0", "id": 1, "result": [2050.10]}', content_type="application/json")
    assert odoo.call("account.move", "search", domain=DOMAIN) == [Decimal("2050.10")]


@responses.activate
def test_a_method_that_gives_nothing_has_no_result_in_its_answer() -> None:
    odoo = older()
    responses.post(RPC, json={"jsonrpc": "2.0", "id": 1})
    assert odoo.call("account.move", "action_post", ids=[1]) is None


ERRORS: dict[str, type[ConnectorError]] = {
    "bad_key": KeyRefused,
    "unknown_user": KeyRefused,
    "no_right": NotAuthorised,
    "private_method": NotAuthorised,
    "unknown_method": NotFound,
    "unknown_model": NotFound,
    "missing_record": NotFound,
    "user_error": Refused,
    "validation_error": Refused,
    "unknown_argument": Refused,
    "unknown_field": Refused,
    "other_exception": OutcomeUnknown,
    "serialization_failure": OutcomeUnknown,
    "unknown_database": ConfigurationError,
    "database_down": OutcomeUnknown,
}


FAILED = [(major, case) for major, case in CALLS if "error" in exchanges(major)[case]["answer"]]


@pytest.mark.parametrize(("major", "case"), FAILED)
@responses.activate
def test_every_kept_error_has_its_meaning_and_nothing_is_asked_twice(major: int, case: str) -> None:
    odoo = older(f"{major}.0")
    call = exchanges(major)[case]["call"]
    says_kept(case, major)
    says(["another"] if case == "unknown_database" else MODELS)

    with pytest.raises(ConnectorError) as caught:
        odoo.call(call["model"], call["method"], call.get("ids"), **call["arguments"])

    assert type(caught.value) is ERRORS[case]
    assert caught.value.system == "Odoo"
    looked = [WHICH_MODELS] if case == "unknown_model" else []
    assert executed()[1:] == looked


@pytest.mark.parametrize(("major", "case"), FAILED)
@responses.activate
def test_no_error_keeps_the_servers_traceback_or_the_key(major: int, case: str) -> None:
    odoo = older(f"{major}.0")
    says_kept(case, major)

    with pytest.raises(ConnectorError) as caught:
        odoo.call("account.move", "search", domain=DOMAIN)

    error = caught.value
    kept = f"{error} {error!r} {vars(error)} {error.__cause__!r} {error.__context__!r}"
    assert "SECRET-OF-THE-SERVER" not in kept
    assert KEY not in kept


@responses.activate
def test_a_personal_number_and_the_key_in_odoos_words_are_masked() -> None:
    odoo = older()
    data = {"name": "odoo.exceptions.ValidationError", "message": f"19900101-1239 är upptaget, {KEY}."}
    responses.post(RPC, json={"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "x", "data": data}})

    with pytest.raises(Refused, match="är upptaget") as caught:
        odoo.call("res.partner", "create", vals_list=[{}])

    assert "1239" not in f"{caught.value} {vars(caught.value)}"
    assert KEY not in f"{caught.value} {vars(caught.value)}"


@pytest.mark.parametrize("answer", [False, None, 0, "5", True, [5]])
@responses.activate
def test_a_login_that_the_key_does_not_open_asks_for_a_new_key(answer: Any) -> None:
    is_version("18.0")
    says(answer)

    with pytest.raises(KeyRefused) as caught:
        client(login="connector").call("account.move", "search", domain=DOMAIN)

    assert "login" in caught.value.message
    assert "new API key" in caught.value.advice
    assert not executed()


@responses.activate
def test_the_user_is_asked_for_anew_after_the_key_was_refused() -> None:
    odoo = older()
    says_kept("unknown_user")
    says(9)
    says([])

    with pytest.raises(KeyRefused):
        odoo.call("account.move", "search", domain=DOMAIN)
    odoo.call("account.move", "search", domain=DOMAIN)

    assert [body["params"]["args"][1] for body in asked() if body["params"]["service"] == "object"] == [5, 9]


@pytest.mark.parametrize("version", ["17.0", "18.0"])
@responses.activate
def test_without_a_login_nothing_is_called(version: str) -> None:
    is_version(version)
    with pytest.raises(ConfigurationError, match=f"Odoo {version} wants the login"):
        client().call("account.move", "search", domain=DOMAIN)
    assert not asked()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>login</html>", "text/html"),
        (b"", "application/json"),
        (b'{"jsonrpc": "2.0", "id": 1, "resu', "application/json"),
        (b"[]", "application/json"),
        (b'{"jsonrpc": "2.0", "id": 2, "result": []}', "application/json"),
        (b'{"result": []}', "application/json"),
        (b'{"jsonrpc": "2.0", "id": 1, "result": []}', "text/plain"),
    ],
)
@responses.activate
def test_an_answer_that_is_none_of_its_own_is_unreadable(body: bytes, content_type: str) -> None:
    odoo = older()
    responses.post(RPC, body=body, content_type=content_type)
    with pytest.raises(Unreadable):
        odoo.call("account.move", "search", domain=DOMAIN)
    assert len(executed()) == 1


@pytest.mark.parametrize(
    "error", [None, "broken", {}, {"code": 200}, {"message": "Odoo Server Error", "data": None}, {"data": []}]
)
@responses.activate
def test_after_an_error_without_a_name_nobody_knows(error: Any) -> None:
    odoo = older()
    responses.post(RPC, json={"jsonrpc": "2.0", "id": 1, "error": error})
    with pytest.raises(OutcomeUnknown):
        odoo.call("account.move", "write", ids=[1], vals={})
    assert len(executed()) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(301, Unreadable), (303, Unreadable), (308, Unreadable), (400, Unreadable), (401, Unreadable), (404, Unreadable),
     (415, Unreadable), (429, RateLimited), (500, OutcomeUnknown), (502, OutcomeUnknown), (504, OutcomeUnknown)],
)  # fmt: skip
@responses.activate
def test_any_status_but_200_is_not_odoos(status: int, kind: type[RemoteError]) -> None:
    odoo = older()
    stolen = responses.add(responses.POST, "https://evil.example/jsonrpc", json=[])
    responses.post(RPC, status=status, body="<html>", headers={"Location": "https://evil.example/jsonrpc"})

    with pytest.raises(RemoteError) as caught:
        odoo.call("account.move", "search", domain=DOMAIN)

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert (stolen.call_count, len(executed())) == (0, 1)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


def upgraded(version: str = "19.0") -> None:
    """Odoo speaks JSON-2 from now on."""
    responses.upsert(responses.GET, URL + VERSION, json={"version": version})


def looks() -> int:
    """How often Odoo was asked for its version."""
    return sum(call.request.url == URL + VERSION for call in responses.calls)


@responses.activate
def test_the_version_is_remembered_for_an_hour() -> None:
    clock = Clock()
    odoo = older(clock=clock)
    says([])
    odoo.call("account.move", "search", domain=DOMAIN)
    clock.at_s += REMEMBERED_S
    odoo.call("account.move", "search", domain=DOMAIN)
    assert looks() == 1

    clock.at_s += 1
    upgraded()
    responses.post(f"{URL}/json/2/account.move/search", json=[])
    odoo.call("account.move", "search", domain=DOMAIN)

    assert looks() == 2
    assert responses.calls[-1].request.url == f"{URL}/json/2/account.move/search"
    assert odoo.dialect.groups_field == "group_ids"


@responses.activate
def test_a_refusal_by_an_odoo_that_was_upgraded_meanwhile_is_none() -> None:
    clock = Clock()
    odoo = older(clock=clock)
    says_kept("unknown_field")
    assert odoo.dialect.groups_field == "groups_id"
    clock.at_s += LOOK_AGAIN_S
    upgraded()

    with pytest.raises(Unavailable, match=r"upgraded from 18\.0 to 19\.0"):
        odoo.call("res.users", "read", ids=[5], fields=["groups_id"])

    assert odoo.dialect.groups_field == "group_ids"
    assert looks() == 2


@responses.activate
def test_a_wire_that_is_gone_is_left_for_the_new_one() -> None:
    clock = Clock()
    odoo = older(clock=clock)
    responses.post(RPC, status=404, body="<html>", content_type="text/html")
    responses.post(f"{URL}/json/2/account.move/search", json=[])
    odoo.version()
    clock.at_s += LOOK_AGAIN_S
    upgraded()

    with pytest.raises(Unreadable):
        odoo.call("account.move", "search", domain=DOMAIN)
    assert odoo.call("account.move", "search", domain=DOMAIN) == []


@responses.activate
def test_refusals_do_not_ask_for_the_version_again_and_again() -> None:
    clock = Clock()
    odoo = older(clock=clock)
    says_kept("user_error")
    odoo.version()
    for _ in range(5):
        clock.at_s += LOOK_AGAIN_S / 3
        with pytest.raises(Refused):
            odoo.call("account.move", "action_post", ids=[1])
    assert looks() == 2


@responses.activate
def test_an_odoo_that_is_away_when_asked_again_leaves_its_refusal_standing() -> None:
    clock = Clock()
    odoo = older(clock=clock)
    says_kept("user_error")
    odoo.version()
    clock.at_s += LOOK_AGAIN_S
    responses.upsert(responses.GET, URL + VERSION, status=502)
    with pytest.raises(Refused) as caught:
        odoo.call("account.move", "action_post", ids=[1])
    assert type(caught.value) is Refused
