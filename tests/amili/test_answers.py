"""Every answer that Amili documents, and those it might give: each is one error, with its words and no secret."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from connector.amili.registration import registration_body
from connector.domain.errors import (
    FieldIssue,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteError,
    Unreadable,
)
from tests.amili.samples import (
    CASE_ID,
    CASES,
    PERSONAL_NUMBER,
    REGISTRATIONS,
    TOKEN,
    Clock,
    as_json,
    client,
    guide_claim,
)

URL = f"{CASES}/{CASE_ID}"
HTML = "<html><head><title>Oops</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def _error(**answer: Any) -> RemoteError:
    with responses.RequestsMock() as amili:
        amili.get(URL, **answer)
        with pytest.raises(RemoteError) as caught:
            client(now=Clock()).case(CASE_ID)
    return caught.value


OWN_FORMS = [
    (as_json({"_status": "ERR", "_error": {"code": 1, "message": "In words"}}), "In words"),
    (as_json({"_error": "In words"}), "In words"),
]
FOREIGN_FORMS = [
    (as_json({"message": "In words"}), '{"message": "In words"}'),
    (as_json(["In words"]), '["In words"]'),
    ("In words", "In words"),
    (HTML, "Oops 502 Bad Gateway"),
    ("", ""),
    (b"\xff\xfe\xfa", "\ufffd\ufffd\ufffd"),
    ("[" * 100_000, "[" * 299 + "…"),
]
FORM_NAMES = ["error", "error as text", "other JSON", "list", "text", "HTML", "empty", "no text", "endless"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, Unreadable),
        (302, Unreadable),
        (307, Unreadable),
        (400, Refused),
        (403, NotAuthorised),
        (404, NotFound),
        (405, Refused),
        (408, OutcomeUnknown),
        (409, Refused),
        (410, Refused),
        (412, Refused),
        (422, Refused),
        (428, Refused),
        (429, RateLimited),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (503, OutcomeUnknown),
        (504, OutcomeUnknown),
        (599, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize(("body", "words"), [*OWN_FORMS, *FOREIGN_FORMS], ids=FORM_NAMES)
def test_the_status_decides_and_the_body_lends_its_words(
    status: int, kind: type[RemoteError], body: str | bytes, words: str
) -> None:
    error = _error(status=status, body=body)
    is_foreign = (body, words) in FOREIGN_FORMS
    assert type(error) is (Unreadable if is_foreign and issubclass(kind, Refused) else kind)
    assert error.answer == words
    assert (error.system, error.operation, error.status) == ("Amili", "read a case", status)


@pytest.mark.parametrize("status", [404, 408, 422, 500, 503])
@pytest.mark.parametrize("body", [HTML, ""], ids=["HTML", "empty"])
def test_only_what_may_have_had_an_effect_speaks_of_one(status: int, body: str) -> None:
    """A gateway's answer: nothing is in doubt after a read, and everything after a registration."""
    assert "took effect" not in str(_error(status=status, body=body))
    with responses.RequestsMock() as amili:
        amili.post(REGISTRATIONS, status=status, body=body)
        with pytest.raises(OutcomeUnknown, match="whether anything took effect is not known"):
            client(now=Clock()).register(registration_body(guide_claim()), may_send=lambda: None)
        assert len(amili.calls) == 1


def test_complaints_by_field_are_flattened() -> None:
    issues = {
        "creditor": "required field",
        "customer": {"id_number": ["too short", "not a number"], "address": {"city": "empty"}},
        "debts": [{"0": [{"invoice_number": ["value 'A' not unique"]}]}],
        "other": 5,
    }
    document = {"_status": "ERR", "_issues": issues, "_error": {"code": 422, "message": "Insertion failure"}}
    error = _error(status=422, json=document)
    assert isinstance(error, Refused)
    assert error.issues == (
        FieldIssue("creditor", "required field"),
        FieldIssue("customer.id_number", "too short"),
        FieldIssue("customer.id_number", "not a number"),
        FieldIssue("customer.address.city", "empty"),
        FieldIssue("debts.0.invoice_number", "value 'A' not unique"),
        FieldIssue("other", "5"),
    )
    assert error.answer == "Insertion failure"
    assert "customer.id_number: too short" in str(error)


@pytest.mark.parametrize(
    ("issues", "flat"),
    [
        ("all wrong", [("", "all wrong")]),
        (["one", "two"], [("", "one"), ("", "two")]),
        ({}, []),
        (None, []),
    ],
)
def test_complaints_of_an_unexpected_shape_are_kept(issues: object, flat: list[tuple[str, str]]) -> None:
    error = _error(status=422, json={"_issues": issues})
    assert [(issue.field, issue.message) for issue in error.issues] == flat


def test_endless_complaints_are_cut() -> None:
    nested: object = "deep"
    for _ in range(100):
        nested = {"a": nested}
    assert len(_error(status=422, json={"_issues": nested}).issues) == 1
    many = {f"f{n}": "x" * 3000 for n in range(1000)}
    error = _error(status=422, json={"_issues": many})
    assert len(error.issues) == 50
    assert len(str(error)) < 20_000


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Wed, 03 Sep 2025 08:01:30 GMT", 90.0),
        ("Wed, 03 Sep 2025 07:00:00 GMT", 0.0),
        ("9" * 400, 86400.0),
        ("Wed, 03 Sep 2125 08:00:00 GMT", 86400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("²", None),
        ("", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_wait_that_amili_names(header: str | None, wait_s: float | None) -> None:
    headers = {} if header is None else {"Retry-After": header.encode().decode("latin-1")}
    error = _error(status=429, body="Rate limit exceeded", headers=headers)
    assert isinstance(error, RateLimited)
    assert isinstance(error, NotSent)
    assert error.retry_after_s == wait_s
    assert error.answer == "Rate limit exceeded"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "OK",
        HTML,
        "null",
        "[]",
        "5",
        '{"_id": "68b7',
        '{"_id": null}',
        '{"_id": ""}',
        "{}",
        '{"_status": "ERR", "_id": "c"}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"_id": ' + "9" * 5000 + "}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_success_that_cannot_be_read_is_unreadable(body: str | bytes) -> None:
    error = _error(status=200, body=body)
    assert type(error) is Unreadable
    assert isinstance(error, OutcomeUnknown)


def test_a_redirect_is_not_followed() -> None:
    error = _error(status=302, headers={"Location": "https://elsewhere.test/"})
    assert type(error) is Unreadable


def test_a_success_is_never_quoted() -> None:
    secret = {"_id": None, "customer_name": "Canary", "debt": PERSONAL_NUMBER, "url": "https://x/?Signature=s"}
    error = _error(status=200, json=secret)
    for part in ("Canary", PERSONAL_NUMBER, "Signature"):
        assert part not in f"{error} {error!r} {vars(error)}"


@pytest.mark.parametrize("status", [302, 400, 403, 404, 422, 429, 500])
def test_no_error_repeats_a_secret_or_a_personal_number(status: int) -> None:
    echo = f"key {TOKEN}, value '{PERSONAL_NUMBER}', 811218-9876, https://x.test/y?Signature=abc"
    bodies: list[dict[str, Any]] = [
        {"body": echo},
        {"body": f"<p>{echo}</p>"},
        {"json": {"_error": {"message": echo}}},
        {"json": {"other": echo}},
        {"json": {"_issues": {PERSONAL_NUMBER: [echo], "f": {TOKEN: echo}}}},
    ]
    for body in bodies:
        error = _error(status=status, **body)
        shown = f"{error} {error!r} {vars(error)}"
        for secret in (TOKEN, PERSONAL_NUMBER, "811218-9876", "Signature"):
            assert secret not in shown
