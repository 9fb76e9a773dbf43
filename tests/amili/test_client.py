from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from connector.amili.actions import CreditorCancellation
from connector.amili.client import SANDBOX_BASE_URL, AmiliClient
from connector.amili.fields import to_json
from connector.amili.links import case_url
from connector.amili.registration import registration_body
from connector.domain.errors import ConnectorError, NotFound, Refused, Unreadable
from connector.remote.tokens import MemoryTokenStore
from tests.amili.samples import (
    ACCOUNT,
    API_CODE,
    AUTH,
    BASE,
    CASE_ID,
    CASES,
    CREDITOR,
    KEYS,
    PERSONAL_NUMBER,
    RECEIPT,
    REGISTRATIONS,
    SIGNED_ADDRESS,
    TOKEN,
    as_json,
    case_document,
    client,
    credentials,
    guide_claim,
    page,
    person_claim,
)
from tests.amili.wire import drop_after_body, reply, serving

CREDITORS = f"{BASE}/creditors"
UPLOAD = f"{BASE}/media--upload/{CASE_ID}"


@pytest.fixture
def amili() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def _agree() -> None:
    """Nothing speaks against sending."""


def _params(amili: responses.RequestsMock) -> list[dict[str, Any]]:
    return [dict(getattr(call.request, "params")) for call in amili.calls]  # noqa: B009 (untyped)


def test_a_registration_sends_exactly_its_json(amili: responses.RequestsMock) -> None:
    amili.post(REGISTRATIONS, status=201, json=RECEIPT)
    registration = registration_body(guide_claim())
    receipt = client().register(registration, may_send=_agree)
    assert amili.calls[0].request.body == to_json(registration)
    assert (receipt.registration_id, receipt.case_id) == (RECEIPT["_id"], CASE_ID)
    assert receipt.ocr_number == "20252463478311301072"


@pytest.mark.parametrize(
    "change", [{"_cases": []}, {"_cases": ["a", "b"]}, {"_id": None}, {"_status": "ERR"}, {"_cases": "c"}]
)
def test_a_registration_whose_case_is_not_certain_is_unreadable(
    amili: responses.RequestsMock, change: dict[str, Any]
) -> None:
    amili.post(REGISTRATIONS, status=201, json=RECEIPT | change)
    registration = registration_body(guide_claim())
    amili_client = client()
    with pytest.raises(Unreadable):
        amili_client.register(registration, may_send=_agree)


@pytest.mark.parametrize(
    ("body", "media_type"), [("", None), ("Created", "text/plain"), ("<html>", "text/html"), ("[]", None)]
)
def test_a_created_that_says_nothing_is_unreadable(
    amili: responses.RequestsMock, body: str, media_type: str | None
) -> None:
    amili.post(REGISTRATIONS, status=201, body=body, content_type=media_type)
    registration = registration_body(guide_claim())
    amili_client = client()
    with pytest.raises(Unreadable):
        amili_client.register(registration, may_send=_agree)


@pytest.mark.parametrize(
    "answer", [{"url": SIGNED_ADDRESS}, {"url": SIGNED_ADDRESS, "_status": "OK"}, {"_status": "OK"}]
)
def test_an_upload_is_the_guides_form(amili: responses.RequestsMock, answer: dict[str, str]) -> None:
    amili.post(UPLOAD, status=201, json=answer)
    pdf = b"%PDF-1.7 \r\n--\x00\xff"
    client().upload_original_invoice(CASE_ID, pdf, 'räkning "7".pdf', may_send=_agree)
    request = amili.calls[0].request
    kind, _, boundary = str(request.headers["Content-Type"]).partition("; boundary=")
    assert kind == "multipart/form-data"
    body = request.body
    assert isinstance(body, bytes)
    assert request.headers["Content-Length"] == str(len(body))
    parts = [part.strip(b"\r\n").split(b"\r\n\r\n", 1) for part in body.split(f"--{boundary}".encode())[1:-1]]
    assert [part[1] for part in parts] == [b"cases", b"original_invoice", pdf]
    assert parts[0][0] == b'Content-Disposition: form-data; name="domain"'
    assert parts[1][0] == b'Content-Disposition: form-data; name="dotted_path"'
    assert (
        parts[2][0]
        == (
            'Content-Disposition: form-data; name="file"; filename="räkning %227%22.pdf"\r\n'
            "Content-Type: application/pdf"
        ).encode()
    )


@pytest.mark.parametrize("answer", ["", "{}", "OK", '{"_status": "ERR"}', '{"url": ""}'])
def test_an_upload_without_a_clear_answer_is_unreadable(amili: responses.RequestsMock, answer: str) -> None:
    amili.post(UPLOAD, status=201, body=answer)
    amili_client = client()
    with pytest.raises(Unreadable):
        amili_client.upload_original_invoice(CASE_ID, b"%PDF", "a.pdf", may_send=_agree)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "Domain 'cases' is not valid.", Refused),
        (400, "Dotted Path Not Found in request form", Refused),
        (400, "Dotted Path is not valid", Refused),
        (400, "File is a required attribute.", Refused),
        (400, "The provided file's content type is not allowed.", Refused),
        (404, "Resource Document Not Found", NotFound),
    ],
)
def test_a_refused_upload_is_in_amilis_words(
    amili: responses.RequestsMock, status: int, message: str, kind: type[Refused]
) -> None:
    amili.post(UPLOAD, status=status, json={"_status": "ERR", "_error": {"code": status, "message": message}})
    amili_client = client()
    with pytest.raises(kind) as caught:
        amili_client.upload_original_invoice(CASE_ID, b"%PDF", "a.pdf", may_send=_agree)
    assert type(caught.value) is kind
    assert caught.value.answer == message


def test_an_invoices_cases_are_looked_for_by_creditor_and_number(amili: responses.RequestsMock) -> None:
    amili.get(CASES, json=page(case_document(number="Å/7&8")))
    (case,) = client().cases_of_invoice(CREDITOR, "Å/7&8")
    assert case.id == CASE_ID
    (params,) = _params(amili)
    assert json.loads(params.pop("where")) == {"creditor": CREDITOR, "debt.invoice_number": "Å/7&8"}
    assert params == {"sort": "_id", "page": "1", "max_results": "100"}


def test_an_invoices_cases_are_compared_exactly_whatever_amili_finds(amili: responses.RequestsMock) -> None:
    found = [
        case_document("a", number="inv-2025-003"),
        case_document("b", number="INV-2025-0031"),
        case_document("c", number="INV-2025-003 "),
        case_document("d"),
        case_document("e", creditor="another"),
        case_document("f", closed=True),
    ]
    amili.get(CASES, json=page(*found))
    assert [case.id for case in client().cases_of_invoice(CREDITOR, "INV-2025-003")] == ["d", "f"]


def test_no_cases_of_an_invoice(amili: responses.RequestsMock) -> None:
    amili.get(CASES, json=page())
    assert client().cases_of_invoice(CREDITOR, "INV-2025-003") == ()


@pytest.mark.parametrize(
    "odd",
    [
        {"debt": {}},
        {"debt": None},
        {"debt": {"invoice_number": None}},
        {"debt": {"invoice_number": {"no": 1}}},
        {"creditor": None},
        {"creditor": {"_id": CREDITOR}},
        {"_id": None},
    ],
)
def test_a_case_that_cannot_be_compared_is_not_taken_for_none(
    amili: responses.RequestsMock, odd: dict[str, Any]
) -> None:
    amili.get(CASES, json=page(case_document("a") | odd))
    amili_client = client()
    with pytest.raises(Unreadable):
        amili_client.cases_of_invoice(CREDITOR, "INV-2025-003")


def _pages(amili: responses.RequestsMock, *pages: dict[str, Any]) -> None:
    for number, answer in enumerate(pages, start=1):
        match = query_param_matcher({"page": str(number)}, strict_match=False)
        amili.get(CASES, json=answer, match=[match])


def _numbered(first: int, last: int) -> list[dict[str, Any]]:
    return [case_document(f"c{number}") for number in range(first, last)]


def test_pages_are_read_as_amili_counts_them(amili: responses.RequestsMock) -> None:
    _pages(
        amili,
        page(*_numbered(0, 100), total=250),
        page(*_numbered(100, 200), number=2, total=250),
        page(*_numbered(200, 250), number=3, total=250),
    )
    assert [case.id for case in client().cases()] == [f"c{number}" for number in range(250)]
    assert [params["page"] for params in _params(amili)] == ["1", "2", "3"]
    assert {params["sort"] for params in _params(amili)} == {"_id"}
    assert "where" not in _params(amili)[0]


def test_a_shortened_page_size_is_taken_over(amili: responses.RequestsMock) -> None:
    _pages(
        amili,
        page(*_numbered(0, 25), size=25, total=60),
        page(*_numbered(25, 50), number=2, size=25, total=60),
        page(*_numbered(50, 60), number=3, size=25, total=60),
    )
    assert len(list(client().cases())) == 60
    assert [params["max_results"] for params in _params(amili)] == ["100", "25", "25"]


def test_a_full_last_page_ends_the_list(amili: responses.RequestsMock) -> None:
    _pages(amili, page(*_numbered(0, 100), total=100))
    assert len(list(client().cases())) == 100


def test_items_withheld_from_a_page_do_not_end_the_list(amili: responses.RequestsMock) -> None:
    _pages(amili, page(*_numbered(0, 99), total=101), page(*_numbered(100, 101), number=2, total=101))
    assert len(list(client().cases())) == 100


def test_a_list_that_grows_and_one_that_shrinks_while_it_is_read(amili: responses.RequestsMock) -> None:
    _pages(
        amili,
        page(*_numbered(0, 100), total=101),
        page(*_numbered(100, 200), number=2, total=201),
        page(number=3, total=200),
    )
    assert len(list(client().cases())) == 200


@pytest.mark.parametrize("last", [[], [case_document("last")]])
def test_a_list_without_a_total_ends_with_a_page_that_is_not_full(
    amili: responses.RequestsMock, last: list[dict[str, Any]]
) -> None:
    first, second = page(*_numbered(0, 2), size=2), page(*last, number=2, size=2)
    del first["_meta"]["total"], second["_meta"]["total"]
    _pages(amili, first, second)
    assert len(list(client().cases())) == 2 + len(last)


@pytest.mark.parametrize(
    "answers",
    [
        [{"_items": []}],
        [{"_meta": {"page": 1, "max_results": 25, "total": 0}}],
        [{"_items": {}, "_meta": {"page": 1, "max_results": 25, "total": 0}}],
        [{"_items": [5], "_meta": {"page": 1, "max_results": 25, "total": 1}}],
        [page(size=0)],
        [page(number=2)],
        [page(total=5)],
        [page(case_document(), size=1, total=2), page(case_document(), number=1, size=1, total=2)],
        [page(case_document(), size=1, total=9), page(case_document(), number=2, size=5, total=9)],
        [page(case_document(), size=1, total=2), page(number=2, size=1, total=2)],
    ],
    ids=[
        "no meta",
        "no items",
        "items no list",
        "item no object",
        "size nought",
        "page not asked for",
        "counted but not shown",
        "same page again",
        "size changes",
        "second page not shown",
    ],
)
def test_a_list_that_may_be_incomplete_is_unreadable(
    amili: responses.RequestsMock, answers: list[dict[str, Any]]
) -> None:
    _pages(amili, *answers)
    cases = client().cases()
    with pytest.raises(Unreadable):
        list(cases)


def test_cases_by_a_filter(amili: responses.RequestsMock) -> None:
    amili.get(CASES, json=page(case_document()))
    where = {"creditor": CREDITOR, "state": {"$in": ["reminder"]}}
    assert [case.id for case in client().cases(where)] == [CASE_ID]
    assert json.loads(_params(amili)[0]["where"]) == where


def test_registrations_by_a_filter(amili: responses.RequestsMock) -> None:
    document = {"_id": "r", "_cases": [CASE_ID], "debts": [{"invoice_number": "A"}]}
    amili.get(REGISTRATIONS, json=page(document))
    (registration,) = client().registrations({"debts.invoice_number": "A"})
    assert registration.case_ids == (CASE_ID,)
    assert json.loads(_params(amili)[0]["where"]) == {"debts.invoice_number": "A"}


def _creditor(creditor_id: str, number: str | None) -> dict[str, Any]:
    return {"_id": creditor_id, "account": ACCOUNT, "name": "A", "organization_no": number, "is_active": True}


def test_creditors_by_organisation_number(amili: responses.RequestsMock) -> None:
    found = [_creditor("a", "5560269986"), _creditor("b", "556026-9986"), _creditor("c", "5560000000")]
    amili.get(CREDITORS, json=page(*found))
    assert [creditor.id for creditor in client().creditors("556026-9986")] == ["a", "b"]
    assert json.loads(_params(amili)[0]["where"]) == {"organization_no": "5560269986"}


def test_a_sole_traders_number_never_stands_in_an_address(amili: responses.RequestsMock) -> None:
    amili.get(CREDITORS, json=page(_creditor("a", "8112189876"), _creditor("b", "5560269986")))
    assert [creditor.id for creditor in client().creditors("811218-9876")] == ["a"]
    assert "where" not in _params(amili)[0]


def test_no_number_matches_no_creditor(amili: responses.RequestsMock) -> None:
    amili.get(CREDITORS, json=page(_creditor("a", None), _creditor("b", "")))
    assert client().creditors("") == ()
    assert len(client().creditors()) == 2


def test_one_creditor(amili: responses.RequestsMock) -> None:
    amili.get(f"{CREDITORS}/{CREDITOR}", json=_creditor(CREDITOR, "5560269986") | {"is_active": False})
    creditor = client().creditor(CREDITOR)
    assert (creditor.id, creditor.account, creditor.is_active) == (CREDITOR, ACCOUNT, False)


def test_who_our_key_speaks_for(amili: responses.RequestsMock) -> None:
    amili.get(f"{BASE}/accounts", json=page({"_id": ACCOUNT, "name": "A"}))
    amili.get(CREDITORS, json=page(_creditor("c", "1"), total=5000))
    visible = client().who()
    assert [account.id for account in visible.accounts] == [ACCOUNT]
    assert [creditor.id for creditor in visible.creditors] == ["c"]
    assert len(amili.calls) == 2


def test_accounts(amili: responses.RequestsMock) -> None:
    amili.get(f"{BASE}/accounts", json=page({"_id": ACCOUNT, "name": "A", "organization_no": "5560269986"}))
    (account,) = client().accounts()
    assert account.name == "A"


@pytest.mark.parametrize("case_id", ["", "..", "a/b", "a?b", "a b", "å", "a\n"])
def test_what_can_be_no_id_is_not_found_without_asking(amili: responses.RequestsMock, case_id: str) -> None:
    amili_client = client()
    with pytest.raises(NotFound):
        amili_client.case(case_id)
    with pytest.raises(NotFound):
        amili_client.creditor(case_id)
    with pytest.raises(NotFound):
        amili_client.upload_original_invoice(case_id, b"%PDF", "a.pdf", may_send=_agree)
    assert len(amili.calls) == 0


def test_the_page_of_a_case_for_people() -> None:
    assert case_url(CASE_ID) == f"https://app.amili.se/open?resource=cases&id={CASE_ID}"


def test_the_sandbox_is_the_guides() -> None:
    assert SANDBOX_BASE_URL == "https://api-sandbox.amili.se"


ECHO = f"{TOKEN} {API_CODE} {PERSONAL_NUMBER} 19811218-9876 canary@example.se {SIGNED_ADDRESS}"
CANARIES = (
    TOKEN,
    API_CODE,
    PERSONAL_NUMBER,
    "19811218-9876",
    "canary@example.se",
    "canary-signature",
    "eyJ",
    KEYS.private_key.get_secret_value().splitlines()[1],
)


def _register(amili: AmiliClient) -> None:
    amili.register(registration_body(person_claim()), may_send=_agree)


def _upload(amili: AmiliClient) -> None:
    amili.upload_original_invoice(CASE_ID, b"%PDF", "a.pdf", may_send=_agree)


def _look(amili: AmiliClient) -> None:
    amili.cases_of_invoice(CREDITOR, "INV-2025-003")


def _find_creditor(amili: AmiliClient) -> None:
    amili.creditors(PERSONAL_NUMBER[2:])


WITHDRAWAL = CreditorCancellation(account=ACCOUNT, creditor=CREDITOR, case=CASE_ID)


def _withdraw(amili: AmiliClient) -> None:
    amili.act(WITHDRAWAL, may_send=_agree)


def _find_withdrawal(amili: AmiliClient) -> None:
    amili.find_action(WITHDRAWAL)


@pytest.mark.parametrize(
    "status", ["200 OK", "302 Found", "400 Bad", "401 No", "403 No", "422 No", "429 Slow", "500 Oops"]
)
@pytest.mark.parametrize("act", [_register, _upload, _look, _find_creditor, _withdraw, _find_withdrawal])
@pytest.mark.parametrize(
    "body",
    [
        ECHO,
        f"<p>{ECHO}</p>",
        as_json({"_error": {"message": ECHO}, "_issues": {"customer": {PERSONAL_NUMBER: [ECHO]}}}),
        as_json({"_id": 5, "_cases": ECHO, "_items": [{"_id": [ECHO]}], "_meta": ECHO}),
    ],
    ids=["text", "html", "issues", "odd"],
)
def test_no_secret_and_no_personal_number_in_error_traceback_or_log(
    status: str, act: Callable[[AmiliClient], None], body: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authenticated = reply("200 OK", as_json({"token": TOKEN}).encode())
    answered = reply(status, body.encode())
    creates = act in (_register, _upload, _withdraw)
    is_repeated = status.startswith("401") and ("_error" in body or not creates)
    repeated = [[authenticated], [answered]] if is_repeated else []
    if act in (_look, _find_withdrawal) and status.startswith(("400", "422")) and "_error" in body:
        # The same is asked for by two other filters.
        repeated = [[answered]] * 2
    with serving([authenticated], [answered], *repeated) as wire:
        amili_client = AmiliClient(wire.url, credentials(), MemoryTokenStore())
        with pytest.raises(ConnectorError) as caught:
            act(amili_client)
    error = caught.value
    shown = "\n".join(
        [
            str(error),
            repr(error),
            str(vars(error)),
            "".join(traceback.format_exception(error)),
            caplog.text,
            repr(amili_client),
            repr(credentials()),
        ]
    )
    assert "Amili" in shown
    for canary in CANARIES:
        assert canary not in shown


def test_a_broken_connection_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving([reply("200 OK", as_json({"token": TOKEN}).encode())], [drop_after_body]) as wire:
        amili_client = AmiliClient(wire.url, credentials(), MemoryTokenStore())
        with pytest.raises(ConnectorError) as caught:
            _register(amili_client)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    for canary in CANARIES:
        assert canary not in shown


def test_an_upload_leaves_no_trace_of_the_signed_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving([reply("201 Created", as_json({"url": SIGNED_ADDRESS}).encode())]) as wire:
        _upload(client(wire.url))
    assert "canary-signature" not in caplog.text


def test_authentication_tells_no_secret(amili: responses.RequestsMock) -> None:
    for status in (200, 401, 500):
        amili.get(AUTH, status=status, body=ECHO)
        amili_client = AmiliClient(BASE, credentials(), MemoryTokenStore())
        with pytest.raises(ConnectorError) as caught:
            amili_client.accounts()
        shown = "".join(traceback.format_exception(caught.value)) + str(vars(caught.value))
        for canary in (API_CODE, PERSONAL_NUMBER, "canary-signature"):
            assert canary not in shown
