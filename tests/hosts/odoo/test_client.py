"""The wire to Odoo: what is sent, and what every answer means."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

import pytest
import requests
import responses
import urllib3
from pydantic import SecretStr

from connector.domain.errors import (
    ConfigurationError,
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
from connector.hosts.odoo.client import OdooClient
from connector.remote.policy import HttpPolicy
from tests.hosts.odoo.recorded_documents import KEY, answer, client, document, endpoint, says, says_recorded, sent

SEARCH = "account.move/search"


@responses.activate
def test_a_call_carries_key_database_and_named_arguments() -> None:
    says("account.move/write", True)

    client(context={"lang": "sv_SE"}).call(
        "account.move", "write", ids=[7], vals={"ref": "x"}, context={"allowed_company_ids": [1]}
    )

    headers = responses.calls[-1].request.headers
    assert headers["Authorization"] == f"bearer {KEY}"
    assert headers["X-Odoo-Database"] == "company"
    assert headers["Content-Type"] == "application/json"
    assert sent() == [
        (
            "account.move/write",
            {"ids": [7], "vals": {"ref": "x"}, "context": {"lang": "sv_SE", "allowed_company_ids": [1]}},
        )
    ]


@responses.activate
def test_a_method_of_the_model_is_called_without_ids() -> None:
    says(SEARCH, [])
    client().call("account.move", "search", domain=[])
    assert sent() == [(SEARCH, {"domain": []})]


@responses.activate
def test_amounts_are_exact() -> None:
    responses.post(endpoint(SEARCH), body=b'[{"a": 2050.10, "b": 0.1}]', content_type="application/json")
    assert client().call("account.move", "search") == [{"a": Decimal("2050.10"), "b": Decimal("0.1")}]


CASES = [case for case, kept in document("answers").items() if kept["request"]["path"].startswith("/json/2/")]

ERRORS: dict[str, type[RemoteError]] = {
    "bad_key": KeyRefused,
    "no_key": KeyRefused,
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
    "unknown_database": Unreadable,
}


@pytest.mark.parametrize(("case", "kind"), ERRORS.items())
@responses.activate
def test_every_recorded_error_has_its_meaning(case: str, kind: type[RemoteError]) -> None:
    says_recorded(SEARCH, case)

    with pytest.raises(RemoteError) as caught:
        client().call("account.move", "search")

    assert type(caught.value) is kind
    assert caught.value.system == "Odoo"
    assert caught.value.operation == SEARCH
    assert caught.value.status == answer(case)["status"]


@pytest.mark.parametrize("case", CASES)
@responses.activate
def test_every_recorded_call_is_sent_as_it_was(case: str) -> None:
    request = answer(case)["request"]
    model, method = request["path"].removeprefix("/json/2/").split("/")
    arguments = dict(request["body"])
    says_recorded(f"{model}/{method}", case)

    with suppress(RemoteError):  # what becomes of it is another test's
        client().call(model, method, arguments.pop("ids", None), **arguments)

    assert sent() == [(f"{model}/{method}", request["body"])]


def test_every_recorded_call_that_went_wrong_is_looked_at() -> None:
    assert {case for case in CASES if answer(case)["status"] != 200} == set(ERRORS)


@pytest.mark.parametrize("case", ERRORS)
@responses.activate
def test_no_error_keeps_the_servers_traceback_or_the_key(case: str) -> None:
    says_recorded(SEARCH, case)

    with pytest.raises(RemoteError) as caught:
        client().call("account.move", "search")

    error = caught.value
    kept = f"{error} {error!r} {vars(error)} {error.__cause__!r} {error.__context__!r}"
    assert "SECRET-OF-THE-SERVER" not in kept
    assert KEY not in kept


PAGE = "<!DOCTYPE html><title>404 Not Found</title>"
NO_DATABASE = answer("unknown_database")["body"]


def names_of_databases(url: str, page: str, *, unnamed: int, method: str = "search") -> list[str | None]:
    """What each call by JSON-2 named, of a client whose server answers `page` to those that name their database."""
    named: list[str | None] = []

    def called(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        named.append(request.headers.get("X-Odoo-Database"))
        if named[-1] or unnamed != 200:
            return 404 if named[-1] else unnamed, {"Content-Type": "text/html; charset=utf-8"}, page
        return 200, {"Content-Type": "application/json"}, "[1]"

    responses.get(f"{url}/json/version", json={"version": "19.0"})
    responses.add_callback(responses.POST, f"{url}/json/2/account.move/{method}", callback=called)
    odoo = OdooClient(url, "company", SecretStr(KEY), http=HttpPolicy(allow_private=True))
    for _ in range(2):
        with suppress(Unreadable):
            odoo.call("account.move", method)
    return named


@responses.activate
@pytest.mark.parametrize(
    ("url", "page"),
    [("https://company.odoo.com", NO_DATABASE), ("https://company.odoo.com", PAGE), ("http://127.0.0.1:1", PAGE)],
)
def test_a_server_that_minds_the_database_s_name_is_asked_without(url: str, page: str) -> None:
    assert names_of_databases(url, page, unnamed=200) == ["company", None, None]


@responses.activate
def test_a_wrong_database_is_not_passed_over() -> None:
    assert names_of_databases("http://127.0.0.1:1", NO_DATABASE, unnamed=200) == ["company", "company"]


@responses.activate
def test_a_server_that_finds_nothing_either_way_is_named_its_database_again() -> None:
    assert names_of_databases("https://company.odoo.com", PAGE, unnamed=404) == ["company", None, "company", None]


@responses.activate
@pytest.mark.parametrize("method", ["write", "message_post", "run"])
def test_what_changes_something_is_sent_once(method: str) -> None:
    assert names_of_databases("https://company.odoo.com", PAGE, unnamed=200, method=method) == ["company", "company"]


@responses.activate
def test_odoos_own_words_are_kept() -> None:
    says_recorded(SEARCH, "user_error")
    with pytest.raises(Refused, match=r"Posten INV/2026/00001 \(id 1\) måste vara i utkast"):
        client().call("account.move", "search")


@responses.activate
def test_a_personal_number_in_odoos_words_is_masked() -> None:
    assert "9001011239" in answer("validation_error")["body"]["message"]
    says_recorded(SEARCH, "validation_error")

    with pytest.raises(Refused, match="Skattenummer-numret") as caught:
        client().call("account.move", "search")

    assert "9001011239" not in f"{caught.value} {vars(caught.value)}"


@pytest.mark.parametrize("number", ["19900101-1239", "199001011239", "900101+1239", "SE900101123901"])
@responses.activate
def test_every_spelling_of_a_personal_number_is_masked(number: str) -> None:
    says(SEARCH, {"message": f"Numret {number} är upptaget."}, status=422)

    with pytest.raises(Refused, match=r"Numret .* är upptaget") as caught:
        client().call("account.move", "search")

    assert "1239" not in str(caught.value)


@responses.activate
def test_a_bad_key_asks_for_a_new_one() -> None:
    says_recorded(SEARCH, "bad_key")
    with pytest.raises(NotAuthorised) as caught:
        client().call("account.move", "search")
    assert "new API key" in caught.value.advice


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@responses.activate
def test_a_redirect_is_not_followed(status: int) -> None:
    responses.post(endpoint(SEARCH), status=status, headers={"Location": "https://evil.example/json"})
    stolen = responses.add(responses.POST, "https://evil.example/json", json=[])

    with pytest.raises(Unreadable) as caught:
        client().call("account.move", "search")

    assert stolen.call_count == 0
    assert "address" in caught.value.advice


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>login</html>", "text/html"),
        (b"", "application/json"),
        (b"[1, 2", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[]", "text/plain"),
    ],
)
@responses.activate
def test_an_answer_that_is_not_its_json_is_unreadable(body: bytes, content_type: str) -> None:
    responses.post(endpoint(SEARCH), body=body, content_type=content_type)
    with pytest.raises(Unreadable):
        client().call("account.move", "search")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["", "<html>Bad gateway</html>", "[]", '{"message": null}'])
@responses.activate
def test_after_a_server_error_nobody_knows(status: int, body: str) -> None:
    responses.post(endpoint(SEARCH), body=body, status=status)
    with pytest.raises(OutcomeUnknown) as caught:
        client().call("account.move", "search")
    assert caught.value.status == status


@pytest.mark.parametrize("case", ["bad_request", "teapot"])
@responses.activate
def test_any_other_clear_no_is_a_refusal(case: str) -> None:
    says(SEARCH, {"message": "nej"}, status={"bad_request": 400, "teapot": 418}[case])
    with pytest.raises(Refused, match="nej"):
        client().call("account.move", "search")


@pytest.mark.parametrize(
    ("header", "wait"), [("7", 7.0), ("", None), ("soon", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)]
)
@responses.activate
def test_being_asked_to_wait(header: str, wait: float | None) -> None:
    responses.post(endpoint(SEARCH), status=429, body="slow down", headers={"Retry-After": header})
    with pytest.raises(RateLimited) as caught:
        client().call("account.move", "search")
    assert caught.value.retry_after_s == wait


def _refused() -> requests.exceptions.ConnectionError:
    pool = urllib3.HTTPConnectionPool("company.odoo.example")
    reason = urllib3.exceptions.NewConnectionError(urllib3.connection.HTTPConnection("x"), "refused")
    return requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


TRANSPORT: dict[str, tuple[Exception, type[RemoteError]]] = {
    "connect timeout": (requests.exceptions.ConnectTimeout(), Unavailable),
    "connection refused": (_refused(), Unavailable),
    "bad certificate": (
        requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
        Unavailable,
    ),
    "read timeout": (requests.exceptions.ReadTimeout(), OutcomeUnknown),
    "broken tls": (requests.exceptions.SSLError("EOF occurred in violation of protocol"), OutcomeUnknown),
    "broken connection": (requests.exceptions.ConnectionError("Connection aborted."), OutcomeUnknown),
    "broken answer": (requests.exceptions.ChunkedEncodingError(), OutcomeUnknown),
}


@pytest.mark.parametrize("fault", TRANSPORT)
@responses.activate
def test_a_transport_fault_says_whether_anything_may_have_happened(fault: str) -> None:
    raised, kind = TRANSPORT[fault]
    responses.post(endpoint(SEARCH), body=raised)
    with pytest.raises(RemoteError) as caught:
        client().call("account.move", "search")
    assert type(caught.value) is kind


def local_client(port: int, *, read_timeout_s: float = 30.0) -> OdooClient:
    http = HttpPolicy(allow_private=True, read_timeout_s=read_timeout_s)
    return OdooClient(f"http://127.0.0.1:{port}", "company", SecretStr(KEY), http=http)


def test_a_port_nobody_listens_on_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="refused the connection"):
        local_client(port).call("account.move", "search")


def test_a_name_nobody_knows_is_unavailable() -> None:
    unknown = OdooClient("https://no-such-host.invalid", "company", SecretStr(KEY))
    with pytest.raises(Unavailable, match="cannot be found"):
        unknown.call("account.move", "search")


VERSION_TOLD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{"version": "19.0"}'


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Tells its version, and then never says a word; gives its port."""
    done = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(VERSION_TOLD)
            done.wait(10)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    done.set()
    thread.join()
    listener.close()


def test_a_server_that_never_answers_leaves_the_outcome_unknown(silent_server: int) -> None:
    with pytest.raises(OutcomeUnknown, match="in time"):
        local_client(silent_server, read_timeout_s=1).call("account.move", "write", ids=[1], vals={})


def test_an_address_that_may_not_be_used_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError):
        OdooClient("http://127.0.0.1:8069", "company", SecretStr(KEY))


@responses.activate
def test_the_key_is_in_no_repr() -> None:
    assert KEY not in repr(client())
    assert KEY not in str(vars(client()))
