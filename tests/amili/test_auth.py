"""Authentication, as a script of Amili's answers in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
import responses
from pydantic import SecretStr
from responses.registries import OrderedRegistry

from connector.amili.auth import ACCESS_TOKEN_FIELDS, DEFAULT_TOKEN_LIFETIME, LIFETIME_FIELDS, Credentials, signed_token
from connector.amili.client import AmiliClient
from connector.amili.keys import make_key_pair
from connector.amili.registration import registration_body
from connector.domain.errors import (
    ConfigurationError,
    NotAuthorised,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from connector.remote.tokens import RENEWAL_MARGIN, KeptToken, MemoryTokenStore, TokenStore
from tests.amili.samples import (
    API_CODE,
    AUTH,
    BASE,
    CASE_ID,
    CASES,
    KEYS,
    NOW,
    RECEIPT,
    REGISTRATIONS,
    TOKEN,
    Clock,
    WatchedStore,
    access_token,
    as_json,
    case_document,
    credentials,
    guide_claim,
    own_no,
)

CASE = f"{CASES}/{CASE_ID}"


@pytest.fixture
def amili() -> Iterator[responses.RequestsMock]:
    """Answers are given in the order in which they are added, and all of them have to be asked for."""
    with responses.RequestsMock(registry=OrderedRegistry) as mock:
        yield mock


def _client(store: TokenStore | None = None, clock: Callable[[], datetime] | None = None) -> AmiliClient:
    return AmiliClient(BASE, credentials(), store or MemoryTokenStore(), now=clock or Clock())


def _keys(amili: responses.RequestsMock) -> list[str]:
    """What each request carried as its key, the signed token by name."""
    keys = [str(call.request.headers["X-API-Key"]) for call in amili.calls]
    paths = [str(call.request.path_url) for call in amili.calls]
    return ["signed" if path == "/authenticates/api-code" else key for path, key in zip(paths, keys, strict=True)]


def test_what_is_signed(amili: responses.RequestsMock) -> None:
    amili.get(AUTH, json={"access_token": TOKEN})
    amili.get(CASE, json=case_document())
    _client().case(CASE_ID)
    signed = str(amili.calls[0].request.headers["X-API-Key"])
    assert jwt.get_unverified_header(signed)["alg"] == "ES256"
    options: Any = {"verify_exp": False}
    claims = jwt.decode(signed, KEYS.public_key, algorithms=["ES256"], options=options)
    assert claims == {"api_code": API_CODE, "exp": int((NOW + timedelta(minutes=10)).timestamp())}
    assert amili.calls[0].request.method == "GET"
    assert amili.calls[0].request.headers["Accept"] == "application/json"
    assert _keys(amili) == ["signed", TOKEN]


@pytest.mark.parametrize("field", ACCESS_TOKEN_FIELDS)
@pytest.mark.parametrize("status", [200, 201])
def test_the_token_is_found_wherever_it_may_stand(amili: responses.RequestsMock, field: str, status: int) -> None:
    amili.get(AUTH, status=status, json={"_status": "OK", "other": 1, field: TOKEN})
    amili.get(CASE, json=case_document())
    _client().case(CASE_ID)
    assert _keys(amili) == ["signed", TOKEN]


def test_a_token_is_used_again(amili: responses.RequestsMock) -> None:
    amili.get(AUTH, json={"token": TOKEN})
    amili.get(CASE, json=case_document())
    amili.get(CASE, json=case_document())
    client = _client()
    client.case(CASE_ID)
    client.case(CASE_ID)
    assert _keys(amili) == ["signed", TOKEN, TOKEN]


def test_two_clients_share_a_token_through_the_store(amili: responses.RequestsMock) -> None:
    store = MemoryTokenStore()
    amili.get(AUTH, json={"token": TOKEN})
    amili.get(CASE, json=case_document())
    amili.get(CASE, json=case_document())
    _client(store).case(CASE_ID)
    _client(store).case(CASE_ID)
    assert _keys(amili) == ["signed", TOKEN, TOKEN]


@pytest.mark.parametrize("other", ["code", "address"])
def test_other_credentials_and_other_addresses_have_their_own_token(amili: responses.RequestsMock, other: str) -> None:
    store = MemoryTokenStore()
    base = "https://other.test" if other == "address" else BASE
    code = "another code" if other == "code" else API_CODE
    amili.get(AUTH, json={"token": "first"})
    amili.get(CASE, json=case_document())
    amili.get(f"{base}/authenticates/api-code", json={"token": "second"})
    amili.get(f"{base}/cases/{CASE_ID}", json=case_document())
    _client(store).case(CASE_ID)
    AmiliClient(base, Credentials(SecretStr(code), KEYS.private_key), store, now=Clock()).case(CASE_ID)
    assert _keys(amili) == ["signed", "first", "signed", "second"]


ODD_LIFETIMES: list[Any] = [0, -5, "soon", None, 10**30, [], "nan"]
LIFETIMES: list[tuple[dict[str, Any], timedelta]] = [
    ({"token": access_token(1, expires=NOW + timedelta(hours=1))}, timedelta(hours=1)),
    # What the token says of itself counts before what is said of it.
    ({"token": access_token(1, expires=NOW + timedelta(hours=1)), "expires_in": 120}, timedelta(hours=1)),
    ({"token": TOKEN, LIFETIME_FIELDS[0]: 1800}, timedelta(minutes=30)),
    ({"token": TOKEN, LIFETIME_FIELDS[0]: "1800"}, timedelta(minutes=30)),
    ({"token": jwt.encode({"exp": 10**30}, "x" * 32), "expires_in": 1800}, timedelta(minutes=30)),
    ({"token": jwt.encode({"n": 1}, "x" * 32), "expires_in": 1800}, timedelta(minutes=30)),
    ({"token": TOKEN}, DEFAULT_TOKEN_LIFETIME),
    *(({"token": TOKEN, LIFETIME_FIELDS[0]: odd}, DEFAULT_TOKEN_LIFETIME) for odd in ODD_LIFETIMES),
]


@pytest.mark.parametrize(("answer", "lifetime"), LIFETIMES, ids=range(len(LIFETIMES)))
def test_a_token_is_renewed_before_its_end(
    amili: responses.RequestsMock, answer: dict[str, Any], lifetime: timedelta
) -> None:
    clock = Clock()
    client = _client(clock=clock)
    amili.get(AUTH, body=as_json(answer))
    amili.get(CASE, json=case_document())
    client.case(CASE_ID)

    clock.forward(lifetime - RENEWAL_MARGIN - timedelta(seconds=1))
    amili.get(CASE, json=case_document())
    client.case(CASE_ID)

    clock.forward(timedelta(seconds=1))
    amili.get(AUTH, json={"token": "next"})
    amili.get(CASE, json=case_document())
    client.case(CASE_ID)
    assert _keys(amili) == ["signed", answer["token"], answer["token"], "signed", "next"]


def test_a_token_that_seems_over_at_once_is_used_all_the_same(amili: responses.RequestsMock) -> None:
    """Our clock may be ahead of Amili's: then every request authenticates, and works."""
    over = access_token(1, expires=NOW - timedelta(hours=1))
    client = _client()
    for _ in range(2):
        amili.get(AUTH, json={"token": over})
        amili.get(CASE, json=case_document())
        client.case(CASE_ID)
    assert _keys(amili) == ["signed", over, "signed", over]


@pytest.mark.parametrize("body", [{"json": own_no(401)}, {"body": "Unauthorized"}, {"body": ""}])
def test_a_read_is_repeated_with_a_new_token_in_whatever_form_the_old_one_is_refused(
    amili: responses.RequestsMock, body: dict[str, Any]
) -> None:
    amili.get(AUTH, json={"token": "old"})
    amili.get(CASE, status=401, **body)
    amili.get(AUTH, json={"token": "new"})
    amili.get(CASE, json=case_document())
    assert _client().case(CASE_ID).id == CASE_ID


@pytest.mark.parametrize("body", ["Unauthorized", "", "<html><h1>401</h1></html>"])
def test_a_registration_that_something_else_refused_is_not_repeated(amili: responses.RequestsMock, body: str) -> None:
    amili.get(AUTH, json={"token": "old"})
    amili.post(REGISTRATIONS, status=401, body=body)
    registration = registration_body(guide_claim())
    amili_client = _client()
    with pytest.raises(OutcomeUnknown):
        amili_client.register(registration, may_send=lambda: None)
    assert _keys(amili) == ["signed", "old"]


def test_a_refused_token_is_replaced_once_and_the_request_repeated(amili: responses.RequestsMock) -> None:
    store = MemoryTokenStore()
    amili.get(AUTH, json={"token": "old"})
    amili.post(REGISTRATIONS, status=401, json=own_no(401))
    amili.get(AUTH, json={"token": "new"})
    amili.post(REGISTRATIONS, status=201, json=RECEIPT)
    amili.get(CASE, json=case_document())
    asked: list[str] = []
    registration = registration_body(guide_claim())
    client = _client(store)
    receipt = client.register(registration, may_send=lambda: asked.append("asked"))
    assert receipt.case_id == CASE_ID
    assert _keys(amili) == ["signed", "old", "signed", "new"]
    # The repetition carries the whole body again, and asks for leave again.
    assert amili.calls[1].request.body == amili.calls[3].request.body
    assert asked == ["asked", "asked"]
    _client(store).case(CASE_ID)
    assert _keys(amili)[-1] == "new"


def test_a_second_refusal_is_final(amili: responses.RequestsMock) -> None:
    amili.get(AUTH, json={"token": "old"})
    amili.get(CASE, status=401, json=own_no(401))
    amili.get(AUTH, json={"token": "new"})
    amili.get(CASE, status=401, json=own_no(401, "still no"))
    with pytest.raises(NotAuthorised, match="still no") as caught:
        _client().case(CASE_ID)
    assert caught.value.status == 401
    assert _keys(amili) == ["signed", "old", "signed", "new"]


def test_a_missing_right_is_no_reason_to_authenticate_again(amili: responses.RequestsMock) -> None:
    amili.get(AUTH, json={"token": TOKEN})
    amili.get(CASE, status=403, json=own_no(403))
    with pytest.raises(NotAuthorised):
        _client().case(CASE_ID)
    assert _keys(amili) == ["signed", TOKEN]


def test_a_token_that_another_process_has_replaced_is_taken_from_the_store(
    amili: responses.RequestsMock,
) -> None:
    store = MemoryTokenStore()
    ours, theirs = _client(store), _client(store)
    amili.get(AUTH, json={"token": "old"})
    amili.get(CASE, json=case_document())
    ours.case(CASE_ID)
    amili.get(CASE, status=401)
    amili.get(AUTH, json={"token": "new"})
    amili.get(CASE, json=case_document())
    theirs.case(CASE_ID)
    amili.get(CASE, status=401)
    amili.get(CASE, json=case_document())
    ours.case(CASE_ID)
    assert _keys(amili) == ["signed", "old", "old", "signed", "new", "old", "new"]


class _StoreThatIsOvertaken(MemoryTokenStore):
    """Another process renews just before we get the lock."""

    def lock(self, key: str) -> Any:
        self.put(key, KeptToken(SecretStr("theirs"), datetime(9000, 1, 1, tzinfo=UTC)))
        return super().lock(key)


def test_whoever_waited_for_the_lock_takes_the_result_of_who_held_it(amili: responses.RequestsMock) -> None:
    amili.get(CASE, json=case_document())
    _client(_StoreThatIsOvertaken()).case(CASE_ID)
    assert _keys(amili) == ["theirs"]


def test_two_clients_renewing_at_once_authenticate_once() -> None:
    store = WatchedStore()
    authentications: list[str] = []
    both_came: list[bool] = []

    def authenticated(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        authentications.append("authenticated")
        # Answered only once the other client is there as well.
        both_came.append(store.second_has_come.wait(timeout=10))
        return 200, {}, as_json({"token": TOKEN})

    read: list[str] = []
    with responses.RequestsMock() as amili:
        amili.add_callback(responses.GET, AUTH, callback=authenticated)
        amili.get(CASE, json=case_document())
        threads = [threading.Thread(target=lambda: read.append(_client(store).case(CASE_ID).id)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
    assert read == [CASE_ID, CASE_ID]
    assert authentications == ["authenticated"]
    assert both_came == [True]


def test_the_threads_of_one_client_authenticate_once() -> None:
    count = 8
    together = threading.Barrier(count)
    client = _client()
    read: list[str] = []

    def work() -> None:
        together.wait(timeout=10)
        read.append(client.case(CASE_ID).id)

    with responses.RequestsMock() as amili:
        authentication = amili.get(AUTH, json={"token": TOKEN})
        amili.get(CASE, json=case_document())
        threads = [threading.Thread(target=work) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert authentication.call_count == 1
    assert read == [CASE_ID] * count


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refused_authentication_is_not_authorised_and_never_not_found(
    amili: responses.RequestsMock, status: int
) -> None:
    amili.get(AUTH, status=status, json={"_error": {"message": f"unknown code {API_CODE}"}})
    with pytest.raises(NotAuthorised, match="unknown code •••") as caught:
        _client().case(CASE_ID)
    assert caught.value.status == status
    assert caught.value.operation == "authenticate"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": "Oops"},
        {"status": 302},
        {"status": 403, "body": "<html><h1>403 Forbidden</h1></html>"},
        {"status": 404, "json": {"message": "no Route matched"}},
        {"status": 200, "body": ""},
        {"status": 200, "body": "<html>Sign in</html>"},
        {"status": 200, "json": {"_status": "OK"}},
        {"status": 200, "json": {"token": None}},
        {"status": 200, "json": {"token": ""}},
        {"status": 200, "json": {"token": 5}},
        {"status": 200, "json": {"token": " "}},
        {"status": 200, "json": {"token": "two\r\nX-Lines: 1"}},
        {"status": 200, "json": {"token": "å"}},
        {"body": requests.ConnectionError("x")},
        {"body": requests.ReadTimeout("x")},
        {"body": requests.exceptions.ChunkedEncodingError("x")},
    ],
    ids=range(16),
)
def test_an_authentication_that_fails_leaves_no_registration_in_doubt(
    amili: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    asked: list[str] = []
    amili.get(AUTH, **answer)
    registration = registration_body(guide_claim())
    client = _client()
    with pytest.raises(Unavailable) as caught:
        client.register(registration, may_send=lambda: asked.append("asked"))
    assert isinstance(caught.value, NotSent)
    assert caught.value.operation == "authenticate"
    assert asked == []


def test_a_limited_authentication_names_the_wait(amili: responses.RequestsMock) -> None:
    amili.get(AUTH, status=429, headers={"Retry-After": "9"}, body="Rate limit exceeded")
    with pytest.raises(RateLimited) as caught:
        _client().case(CASE_ID)
    assert caught.value.retry_after_s == 9


def test_after_a_failed_renewal_the_next_request_tries_again(amili: responses.RequestsMock) -> None:
    client = _client()
    amili.get(AUTH, json={"token": "old"})
    amili.get(CASE, status=401)
    amili.get(AUTH, status=500)
    with pytest.raises(Unavailable):
        client.case(CASE_ID)
    amili.get(CASE, status=401)
    amili.get(AUTH, json={"token": "new"})
    amili.get(CASE, json=case_document())
    client.case(CASE_ID)
    assert _keys(amili) == ["signed", "old", "signed", "old", "signed", "new"]


def test_a_missing_code_and_an_unusable_key_stop_before_anything_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="API code"):
        signed_token(Credentials(SecretStr(""), make_key_pair().private_key), now=NOW)
    with pytest.raises(ConfigurationError, match="PEM"):
        signed_token(Credentials(SecretStr("code"), SecretStr("canary-key")), now=NOW)


def test_credentials_and_tokens_do_not_show_themselves() -> None:
    assert API_CODE not in repr(credentials())
    assert "PRIVATE KEY" not in repr(credentials())
    assert TOKEN not in repr(KeptToken(SecretStr(TOKEN), NOW))
