"""The wire to Fortnox: what is sent, and what every answer means."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

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
from connector.hosts.fortnox.answers import Misunderstood
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import LONGEST_BLOCK_S, PAGE_SIZE, WINDOW_S
from tests.hosts.fortnox.scripted_answers import API, TOKEN, Turns, client, fortnox, says, sent
from tests.source import PACKAGE, imports, name_of, tree

PDF = b"%PDF-1.7 the invoice"


@pytest.fixture(autouse=True)
def _fortnox() -> Iterator[None]:
    with fortnox():
        yield


def read_invoice() -> dict[str, Any]:
    return client().read(Call.READ_INVOICE, "10457")


def test_a_call_carries_the_token_and_asks_for_json() -> None:
    says("GET", "invoices/10457", {"Invoice": {"DocumentNumber": "10457"}})

    assert read_invoice() == {"DocumentNumber": "10457"}
    headers = responses.calls[0].request.headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"] == "application/json"


def test_amounts_are_exact() -> None:
    says("GET", "invoices/10457", '{"Invoice": {"Total": 2050.10, "VAT": 0.1, "Net": 7}}')
    assert read_invoice() == {"Total": Decimal("2050.10"), "VAT": Decimal("0.1"), "Net": 7}


def test_json_is_read_whatever_it_calls_itself() -> None:
    says("GET", "invoices/10457", {"Invoice": {"Total": 1}}, content_type="text/html")
    assert read_invoice() == {"Total": 1}


def test_a_list_is_read_500_at_a_time() -> None:
    meta = {"@TotalResources": 3, "@TotalPages": 2}
    for number, rows in ((1, [{"DocumentNumber": "1"}, {"DocumentNumber": "2"}]), (2, [{"DocumentNumber": "3"}])):
        says("GET", "invoices", {"MetaInformation": meta | {"@CurrentPage": number}, "Invoices": rows})

    pages = list(client().pages(Call.LIST_INVOICES, filter="unpaidoverdue"))

    assert [[row["DocumentNumber"] for row in page] for page in pages] == [["1", "2"], ["3"]]
    assert [query for _, _, query, _ in sent()] == [
        {"filter": "unpaidoverdue", "page": str(number), "limit": "500"} for number in (1, 2)
    ]


@pytest.mark.parametrize("meta", [{}, {"MetaInformation": None}, {"MetaInformation": {"@TotalPages": "2"}}])
def test_a_list_that_does_not_count_its_pages_ends_with_a_short_one(meta: dict[str, Any]) -> None:
    for count in (PAGE_SIZE, 1):
        says("GET", "invoices", {**meta, "Invoices": [{}] * count})

    assert [len(page) for page in client().pages(Call.LIST_INVOICES)] == [PAGE_SIZE, 1]


def test_an_empty_page_is_the_last() -> None:
    says("GET", "invoices", {"MetaInformation": {"@TotalPages": 9, "@CurrentPage": 1}, "Invoices": []})
    assert list(client().pages(Call.LIST_INVOICES)) == [[]]


def test_labels_are_read_in_one_call_without_parameters() -> None:
    labels = [(12, "Till inkasso"), (7, "Till inkasso"), ("9", "VIP")]
    says("GET", "labels", {"Labels": [{"Id": number, "Description": text} for number, text in labels]})

    assert client().labels() == {"Till inkasso": (7, 12), "VIP": (9,)}
    assert sent() == [("GET", "labels", {}, None)]


def test_a_label_is_created() -> None:
    says("POST", "labels", {"Label": {"Id": 12, "Description": "Hos inkasso"}}, status=201)

    assert client().create_label("Hos inkasso") == 12
    assert sent() == [("POST", "labels", {}, {"Label": {"Description": "Hos inkasso"}})]


def test_a_label_without_an_id_is_unreadable() -> None:
    says("POST", "labels", {"Label": {"Description": "Hos inkasso"}}, status=201)
    with pytest.raises(Unreadable):
        client().create_label("Hos inkasso")


def test_a_change_sends_its_one_field_and_no_other() -> None:
    for _ in range(2):
        says("PUT", "invoices/10457", {"Invoice": {}})

    client().set_reference("10457", "AMILI:5f2c0e9b7d")
    client().set_labels("10457", [7, 9])

    assert sent() == [
        ("PUT", "invoices/10457", {}, {"Invoice": {"ExternalInvoiceReference2": "AMILI:5f2c0e9b7d"}}),
        ("PUT", "invoices/10457", {}, {"Invoice": {"Labels": [{"Id": 7}, {"Id": 9}]}}),
    ]
    assert responses.calls[0].request.headers["Content-Type"] == "application/json"


def test_a_file_is_uploaded_as_a_part_of_a_form() -> None:
    says("POST", "inbox", {"File": {"Id": "1", "ArchiveFileId": "a-1"}}, status=201)

    assert client().upload("Inbox_kf", "Amili 5f2c.pdf", PDF) == "a-1"
    assert sent() == [("POST", "inbox", {"path": "Inbox_kf"}, {"file": PDF})]
    assert b'filename="Amili 5f2c.pdf"' in bytes(responses.calls[0].request.body or b"")  # type: ignore[arg-type]
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_file_without_an_id_cannot_be_attached() -> None:
    says("POST", "inbox", {"File": {"Id": "1"}}, status=201)
    with pytest.raises(Unreadable):
        client().upload("Inbox_kf", "x.pdf", PDF)


def test_an_attachment_never_goes_out_with_the_invoice() -> None:
    responses.add("POST", API + ATTACHMENTS, json=[{"id": "u", "fileId": "a-1"}], status=201)

    client().attach("10457", "a-1")

    wanted = {"entityId": 10457, "entityType": "F", "fileId": "a-1", "includeOnSend": False}
    assert sent() == [("POST", ATTACHMENTS, {}, [wanted])]


@pytest.mark.parametrize(
    ("answer", "found"),
    [([], set()), ([{"fileId": "a-1"}, {"fileId": "b"}], {"a-1", "b"}), ({"fileId": "a-1"}, {"a-1"})],
)
def test_attachments_are_listed_whether_they_come_as_a_list_or_alone(answer: Any, found: set[str]) -> None:
    responses.add("GET", API + ATTACHMENTS, json=answer)

    assert client().attached("10457") == found
    assert sent() == [("GET", ATTACHMENTS, {"entityid": "10457", "entitytype": "F"}, None)]


@pytest.mark.parametrize("answer", ["null", "7", "[7]", "<html>"])
def test_attachments_that_are_none_are_unreadable(answer: str) -> None:
    responses.add("GET", API + ATTACHMENTS, body=answer)
    with pytest.raises(Unreadable):
        client().attached("10457")


@pytest.mark.parametrize("number", ["2001", "A/B", "Å-1", "a+b", "_x"])
def test_a_customer_number_is_one_part_of_the_path(number: str) -> None:
    with responses.RequestsMock() as mock:
        mock.add(responses.GET, re.compile(r".*"), json={"Customer": {}})
        client().read(Call.READ_CUSTOMER, number)
        path = urlsplit(str(mock.calls[0].request.url)).path

    assert path.count("/") == 3
    assert unquote(path) == f"/3/customers/{number}"


# Errors

LOWER = {"ErrorInformation": {"error": 1, "message": "Ett ogiltigt filter har använts.", "code": 2000587}}
UPPER = {"ErrorInformation": {"Error": 1, "Message": "Kan inte hitta fakturan.", "Code": 2000434}}
GATEWAY = {"message": "unauthorized"}
OAUTH = {"error": "invalid_grant", "error_description": "Invalid refresh token"}
ATTACHMENT = {"error": "file_too_big", "id": "6d0e3a2c", "message": "För stor."}


def information(code: object, message: str = "Nej.") -> dict[str, Any]:
    return {"ErrorInformation": {"error": 1, "message": message, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, LOWER, Misunderstood, "Ett ogiltigt filter har använts."),
        (404, UPPER, NotFound, "Kan inte hitta fakturan."),
        (400, UPPER, NotFound, "Kan inte hitta fakturan."),
        (401, GATEWAY, KeyRefused, "unauthorized"),
        (400, OAUTH, Refused, "Invalid refresh token"),
        (400, ATTACHMENT, Refused, "För stor."),
        (404, {}, NotFound, "refused"),
        (400, information(2000433), NotFound, "Nej."),
        (400, information("2000434"), NotFound, "Nej."),
        (400, information(2000729), NotFound, "Nej."),
        (400, information(2002141, "Perioden är låst."), Refused, "Perioden är låst."),
        (400, information(None), Refused, "Nej."),
        (400, information("x"), Refused, "Nej."),
        (400, {"ErrorInformation": "Nej."}, Refused, "refused"),
        (400, "<html>Nej</html>", Refused, "refused"),
        (400, "", Refused, "refused"),
        (400, "[1]", Refused, "refused"),
        (403, {"message": "Saknar behörighet för fakturor"}, NotAuthorised, "Saknar behörighet"),
        (400, information(2000663), NotAuthorised, "Nej."),
        (403, information(2001101), NotAuthorised, "Nej."),
        (400, information(2001103), NotAuthorised, "Nej."),
        (400, information(2001393), NotAuthorised, "Nej."),
        (400, information(2000310), KeyRefused, "Nej."),
        (409, information(1), Refused, "Nej."),
        (408, {}, OutcomeUnknown, "failed"),
        (500, information(1000003, "Systemfel"), OutcomeUnknown, "Systemfel"),
        (400, information(1000003, "Systemfel"), OutcomeUnknown, "Systemfel"),
        (502, "<html>Bad gateway</html>", OutcomeUnknown, "failed"),
        (503, "", OutcomeUnknown, "failed"),
        (301, "", Unreadable, "redirect"),
        (200, "", Unreadable, "not what"),
        (200, "<html>login</html>", Unreadable, "not what"),
        (200, {"Customer": {}}, Unreadable, "not what"),
        (200, {"Invoice": []}, Unreadable, "not what"),
        (200, "[" * 100_000, Unreadable, "not what"),
        (204, "", Unreadable, "not what"),
    ],
)
def test_what_an_answer_means(status: int, body: Any, kind: type[RemoteError], words: str) -> None:
    headers = {"Location": "https://evil.example/"} if status == 301 else {}
    says("GET", "invoices/10457", body, status=status, headers=headers)

    with pytest.raises(RemoteError) as caught:
        read_invoice()

    assert type(caught.value) is kind
    assert words in caught.value.message
    assert (caught.value.system, caught.value.status, caught.value.operation) == ("Fortnox", status, "read invoice")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (2000663, "every right"),
        (2001101, "licence"),
        (2001103, "licence"),
        (2001393, "gives the right"),
        (2004054, "Connect Fortnox again."),
    ],
)
def test_a_missing_right_says_who_mends_it(code: int, advice: str) -> None:
    says("GET", "invoices/10457", information(code), status=403)
    with pytest.raises(NotAuthorised) as caught:
        read_invoice()
    assert advice in caught.value.advice


def test_an_error_can_be_traced_at_fortnox() -> None:
    says("GET", "invoices/10457", UPPER, status=404, headers={"X-Uid": "1a2b3c4d"})
    with pytest.raises(NotFound) as caught:
        read_invoice()
    assert caught.value.answer == "code 2000434, X-Uid 1a2b3c4d"


@pytest.mark.parametrize("body", ['{"message": "slow down"}', "", "<html>slow down</html>"])
@pytest.mark.parametrize(("header", "wait"), [({"Retry-After": "7"}, 7.0), ({}, None), ({"Retry-After": "²"}, None)])
def test_being_asked_to_wait(header: dict[str, str], wait: float | None, body: str) -> None:
    says("GET", "invoices/10457", body, status=429, headers=header)
    with pytest.raises(RateLimited) as caught:
        read_invoice()
    assert caught.value.retry_after_s == wait


@pytest.mark.parametrize(
    ("header", "blocked_s"),
    [({"Retry-After": "7"}, 7.0), ({"Retry-After": "86400"}, LONGEST_BLOCK_S), ({}, WINDOW_S)],
)
def test_whoever_is_asked_to_wait_asks_all_others(header: dict[str, str], blocked_s: float) -> None:
    says("GET", "invoices/10457", "", status=429, headers=header)
    turns = Turns()
    with pytest.raises(RateLimited):
        client(turns=turns).read(Call.READ_INVOICE, "10457")
    assert turns.blocked_s == [blocked_s]


def test_every_request_waits_for_its_turn() -> None:
    says("GET", "invoices/10457", GATEWAY, status=401)
    says("GET", "invoices/10457", {"Invoice": {}})
    says("GET", "labels", {"Labels": []})
    turns = Turns()

    ours = client("first-token", "second-token", turns=turns)
    ours.read(Call.READ_INVOICE, "10457")
    ours.labels()

    assert turns.taken == len(responses.calls) == 3


@pytest.mark.parametrize(
    "echo", [f"Token {TOKEN} är ogiltig", "Kund 19900101-1239 finns redan", "Kund 900101+1239", "SE900101123901"]
)
def test_neither_token_nor_personal_number_is_repeated(echo: str) -> None:
    says("GET", "invoices/10457", information(1, echo), status=400)
    with pytest.raises(Refused) as caught:
        read_invoice()
    kept = f"{caught.value} {caught.value!r} {vars(caught.value)} {caught.value.__context__!r}"
    assert TOKEN not in kept
    assert "1239" not in kept


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    says("GET", "invoices/10457", "", status=status, headers={"Location": "https://evil.example/steal"})
    with pytest.raises(Unreadable):
        read_invoice()
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (requests.exceptions.ConnectTimeout(), Unavailable),
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), Unavailable),
        (requests.exceptions.ReadTimeout(), OutcomeUnknown),
        (requests.exceptions.ConnectionError("Connection aborted."), OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError(), OutcomeUnknown),
    ],
)
def test_a_fault_on_the_way_says_whether_anything_may_have_happened(fault: Exception, kind: type[RemoteError]) -> None:
    responses.add(responses.PUT, f"{API}/3/invoices/10457", body=fault)
    with pytest.raises(RemoteError) as caught:
        client().set_reference("10457", "AMILI:1")
    assert type(caught.value) is kind
    assert caught.value.system == "Fortnox"


@pytest.mark.parametrize("url", ["http://api.example", "https://user:x@api.example", "ftp://api.example", ""])
def test_an_address_that_may_not_be_used_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError):
        client(url=url)


def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigurationError):
        client(url="http://127.0.0.1:1")


# The token


def test_a_token_that_is_no_longer_taken_is_replaced_once() -> None:
    says("PUT", "invoices/10457", GATEWAY, status=401)
    says("PUT", "invoices/10457", {"Invoice": {}})

    client("first-token", "second-token").set_reference("10457", "AMILI:1")

    assert [call.request.headers["Authorization"] for call in responses.calls] == [
        "Bearer first-token",
        "Bearer second-token",
    ]
    assert sent()[0] == sent()[1]


def test_a_second_refusal_stands() -> None:
    for _ in range(3):
        says("GET", "invoices/10457", GATEWAY, status=401)
    with pytest.raises(KeyRefused) as caught:
        client("first-token", "second-token", "third-token").read(Call.READ_INVOICE, "10457")
    assert len(responses.calls) == 2
    assert caught.value.advice


# The PDF


def test_the_pdf_is_the_body() -> None:
    says("GET", "invoices/10457/preview", PDF, content_type="application/pdf")
    assert client().preview("10457") == PDF


@pytest.mark.parametrize("status", [200, 400, 500])
def test_fortnoxs_no_can_come_as_a_pdf(status: int) -> None:
    body = information(2990001, "Bankuppgifter saknas")
    says("GET", "invoices/10457/preview", body, status=status, content_type="application/pdf")
    with pytest.raises(RemoteError, match="Bankuppgifter saknas") as caught:
        client().preview("10457")
    assert type(caught.value) is (OutcomeUnknown if status == 500 else Refused)


@pytest.mark.parametrize("body", [b"", b"<html>", b"JVBERi0xLjc="])
def test_what_is_no_pdf_is_unreadable(body: bytes) -> None:
    says("GET", "invoices/10457/preview", body, content_type="application/pdf")
    with pytest.raises(Unreadable):
        client().preview("10457")


# No side effects

FORBIDDEN = {
    "print",
    "printreminder",
    "email",
    "einvoice",
    "eprint",
    "externalprint",
    "bookkeep",
    "credit",
    "cancel",
    "warehouseready",
}
"""Addresses that send, print, book or change an invoice's state, most of them by reading
(fortnox/API.md, "Actions and PDF")."""

ATTACHMENTS = "/api/fileattachments/attachments-v1"
WRITING = {("PUT", "/3/invoices/{}"), ("POST", "/3/labels"), ("POST", "/3/inbox"), ("POST", ATTACHMENTS)}


def segments(path: str) -> set[str]:
    """The parts of a path, however often a server decodes it and whatever it cuts off."""
    found: set[str] = set()
    for _ in range(3):
        found |= set(re.split(r"[/\\?#;&=]", path.lower()))
        path = unquote(path)
    return found


def test_these_are_all_the_calls_there_are() -> None:
    assert {call.template for call in Call} == {
        "/3/companyinformation",
        "/3/invoices",
        "/3/invoices/{}",
        "/3/invoices/{}/preview",
        "/3/customers",
        "/3/customers/{}",
        "/3/invoicepayments",
        "/3/invoicepayments/{}",
        "/3/labels",
        "/3/inbox",
        "/api/fileattachments/attachments-v1",
    }
    assert {(call.verb, call.template) for call in Call if call.verb != "GET"} == WRITING


HOSTILE = [
    *sorted(FORBIDDEN),
    *(f"10457/{action}" for action in sorted(FORBIDDEN)),
    *(f"10457%2F{action}" for action in sorted(FORBIDDEN)),
    "../invoices/10457/email",
    "..%2finvoices%2f10457%2femail",
    "..",
    ".",
    "",
    " ",
    "10457?x=/email",
    "10457#/email",
    "10457;/email",
    "10457\\email",
    "10457\n",
    "١٠٤٥٧",
    "-1",
    "1" * 19,
]


def led_to(call: Call, key: str) -> str:
    """Where a key leads; nowhere if it is refused."""
    try:
        return call.path(key)
    except NotFound:
        return ""


@pytest.mark.parametrize("key", HOSTILE)
def test_no_key_leads_to_a_side_effect(key: str) -> None:
    for call in Call:
        path = led_to(call, key)
        assert not path or path.split("/")[:3] == call.template.split("/")[:3]
        if call is not Call.READ_CUSTOMER:
            assert not segments(path) & FORBIDDEN


@given(st.text(alphabet=st.sampled_from("0123456789/%.2fFeEmailprnt?#;\\ "), max_size=30))
def test_no_key_of_an_invoice_or_payment_is_more_than_a_number(key: str) -> None:
    for call in (Call.READ_INVOICE, Call.PREVIEW_INVOICE, Call.CHANGE_INVOICE, Call.READ_PAYMENT):
        path = led_to(call, key)
        assert path in {"", call.template.format(key)}
        assert not path or re.fullmatch(r"[0-9]+", key)


@given(st.text(max_size=30))
def test_no_customer_number_leaves_the_customers(key: str) -> None:
    path = led_to(Call.READ_CUSTOMER, key)
    assert not path or (path.count("/") == 3 and path.startswith("/3/customers/"))
    assert ".." not in unquote(unquote(path))


def test_nobody_else_in_the_house_speaks_to_fortnox() -> None:
    """Paths are formed in one place, and requests leave by one: whatever else is written, it cannot call Fortnox."""
    ours = sorted((PACKAGE / "hosts" / "fortnox").glob("*.py"))
    forming = [path.stem for path in ours if any(text.startswith(("/3/", "/api/")) for text in _texts(path))]
    sending = [path.stem for path in ours if "connector.hosts.wire.Transport" in imports(path)]
    calling = [name_of(path) for path in PACKAGE.rglob("*.py") if _speaks_of(path, "api.fortnox.se")]

    assert forming == ["calls"]
    assert set(sending) <= {"client", "oauth"}
    assert [path.stem for path in ours if "requests" in {name.partition(".")[0] for name in imports(path)}] == [
        "answers",
        "client",
        "feed_wire",  # the way through proxies, no request
        "oauth",
    ]
    assert set(calling) == {"connector.hosts.fortnox.client", "connector.hosts.fortnox.deployment"}


def _texts(path: Path) -> list[str]:
    found = [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)]
    return [text for text in found if isinstance(text, str)]


def _speaks_of(path: Path, server: str) -> bool:
    return "sandbox" not in path.parts and any(server in text for text in _texts(path))


def test_the_description_is_of_the_calls_we_make() -> None:
    described = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))["paths"]
    paths = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, methods in described.items() for method in methods
    }

    assert paths == {(call.verb, call.template) for call in Call}
