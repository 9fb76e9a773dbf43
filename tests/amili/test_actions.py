"""Payments, creditings and cancellations: what is sent, what is looked for before a repetition, what is read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import responses
from pydantic import ValidationError

from connector.amili import actions as module
from connector.amili.actions import Action, CreditorCancellation, CreditorCrediting, CreditorPayment
from connector.domain.action import ActionKind
from connector.domain.errors import (
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unreadable,
)
from connector.remote.policy import HttpPolicy
from tests.amili.samples import ACCOUNT, BASE, CASE_ID, CREDITOR, as_json, client, own_no, page
from tests.amili.wire import drop_after_body, half_answer, read_what_comes, reply, say_nothing, serving

PAYMENTS = f"{BASE}/creditor--payments"
CREDITINGS = f"{BASE}/creditor--creditings"
CANCELLATIONS = f"{BASE}/creditor--cancellations"
ACTION_ID = "68b7f49cb8903ae30ebb86aa"

PAYMENT = CreditorPayment(
    account=ACCOUNT,
    creditor=CREDITOR,
    case=CASE_ID,
    amount=Decimal("1050.10"),
    bank_transaction_date=date(2025, 9, 1),
    creditor_payment_reference="odoo:payment:17",
)
CREDITING = CreditorCrediting(
    account=ACCOUNT,
    creditor=CREDITOR,
    case=CASE_ID,
    amount=Decimal("300.00"),
    credit_invoice="RINV/7",
    creditor_reference="odoo:credit:7",
)
CANCELLATION = CreditorCancellation(account=ACCOUNT, creditor=CREDITOR, case=CASE_ID)
ACTIONS: tuple[Action, ...] = (PAYMENT, CREDITING, CANCELLATION)

# amili/API.md, "What became of an action": the vendor's example of an answer.
RECEIPT: dict[str, Any] = {
    "_updated": "Wed, 03 Sep 2025 07:56:11 GMT",
    "_created": "Wed, 03 Sep 2025 07:56:11 GMT",
    "_etag": "74829ce9b219a58bb00a5276a495bec0d7e22457",
    "_id": ACTION_ID,
    "_status": "OK",
    "_payment_status": "completed",
}
CREATED = reply("201 Created", as_json(RECEIPT).encode())


@pytest.fixture
def amili() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def _agree() -> None:
    """Nothing speaks against sending."""


def _sent(amili: responses.RequestsMock) -> Any:
    body = amili.calls[0].request.body
    assert isinstance(body, bytes)
    return json.loads(body, parse_float=Decimal)


def test_a_payment_on_the_wire(amili: responses.RequestsMock) -> None:
    amili.post(PAYMENTS, status=201, json=RECEIPT)
    receipt = client().act(PAYMENT, may_send=_agree)
    assert _sent(amili) == {
        "creditor": CREDITOR,
        "case": CASE_ID,
        "currency": "SEK",
        "amount": Decimal("1050.1"),
        "bank_transaction_date": "Mon, 01 Sep 2025 00:00:00 GMT",
        "creditor_payment_reference": "odoo:payment:17",
        "origin": "creditor_system",
    }
    assert (receipt.id, receipt.announced) == (ACTION_ID, "completed")


def test_a_crediting_on_the_wire(amili: responses.RequestsMock) -> None:
    amili.post(CREDITINGS, status=201, json=RECEIPT)
    client().act(CREDITING, may_send=_agree)
    assert _sent(amili) == {
        "creditor": CREDITOR,
        "case": CASE_ID,
        "currency": "SEK",
        "amount": Decimal("300"),
        "credit_invoice": "RINV/7",
        "creditor_reference": "odoo:credit:7",
        "origin": "creditor_system",
    }


def test_a_cancellation_on_the_wire(amili: responses.RequestsMock) -> None:
    answer = {name: value for name, value in RECEIPT.items() if name != "_payment_status"}
    amili.post(CANCELLATIONS, status=201, json=answer | {"_cancellation_status": "completed"})
    receipt = client().act(CANCELLATION, may_send=_agree)
    assert _sent(amili) == {"creditor": CREDITOR, "case": CASE_ID, "origin": "creditor_system"}
    assert receipt.announced == "completed"


def test_the_account_can_be_sent_along(amili: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEND_ACCOUNT", True)
    amili.post(PAYMENTS, status=201, json=RECEIPT)
    client().act(PAYMENT, may_send=_agree)
    assert _sent(amili)["account"] == ACCOUNT


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal(-1)},
        {"amount": Decimal("1.001")},
        {"currency": "EUR"},
        {"case": ""},
        {"creditor_payment_reference": ""},
        {"bank_transaction_date": None},
        {"origin": "somebody"},
        {"invoice_number": "INV-1"},
    ],
)
def test_what_is_no_payment_is_not_made(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreditorPayment.model_validate({**PAYMENT.model_dump(), **change})


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"_id": null}', as_json({**RECEIPT, "_status": "ERR"})])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.kind)
def test_a_created_that_says_nothing_is_unreadable(amili: responses.RequestsMock, action: Action, body: str) -> None:
    amili.post(BASE + module.ACTION_PATHS[action.kind], status=201, body=body)
    amili_client = client()
    with pytest.raises(Unreadable):
        amili_client.act(action, may_send=_agree)


@pytest.mark.parametrize(
    ("status", "kind"), [(422, Refused), (404, NotFound), (429, RateLimited), (500, OutcomeUnknown)]
)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.kind)
def test_a_status_says_what_is_known_of_the_effect(
    amili: responses.RequestsMock, action: Action, status: int, kind: type[Exception]
) -> None:
    amili.post(BASE + module.ACTION_PATHS[action.kind], status=status, json=own_no(status))
    amili_client = client()
    with pytest.raises(kind) as caught:
        amili_client.act(action, may_send=_agree)
    assert type(caught.value) is kind


@pytest.mark.parametrize("reaction", [drop_after_body, half_answer, say_nothing], ids=lambda react: react.__name__)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.kind)
def test_no_whole_answer_leaves_the_outcome_unknown_and_nothing_is_repeated(action: Action, reaction: Any) -> None:
    with serving([reaction]) as wire:
        amili_client = client(wire.url, http=HttpPolicy(read_timeout_s=0.2))
        with pytest.raises(OutcomeUnknown):
            amili_client.act(action, may_send=_agree)
    assert len(wire.received) == 1


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.kind)
def test_who_may_no_longer_send_sends_nothing_complete(action: Action) -> None:
    def too_late() -> None:
        raise TimeoutError("deadline")

    with serving([read_what_comes]) as wire:
        amili_client = client(wire.url)
        with pytest.raises(TimeoutError, match="deadline"):
            amili_client.act(action, may_send=too_late)
    (request,) = wire.received
    assert request.length > 0
    assert request.body == b""


def _shown(action_id: str = ACTION_ID, **more: Any) -> dict[str, Any]:
    return {
        "_id": action_id,
        "creditor": CREDITOR,
        "case": CASE_ID,
        "amount": 1050.1,
        "bank_transaction_date": "Mon, 01 Sep 2025 00:00:00 GMT",
        "creditor_payment_reference": "odoo:payment:17",
        "status": "completed",
        **more,
    }


def test_a_payment_is_looked_for_by_case_and_compared_by_its_reference(amili: responses.RequestsMock) -> None:
    others = [
        _shown("a", creditor_payment_reference="odoo:payment:170"),
        _shown("b", creditor_payment_reference="ODOO:PAYMENT:17"),
        _shown("c", creditor_payment_reference="odoo:payment:17 "),
        _shown("d", case="another"),
        _shown("e"),
        _shown("f", amount=1.0),
    ]
    amili.get(PAYMENTS, json=page(*others))
    assert [one.id for one in client().find_action(PAYMENT)] == ["e", "f"]
    params = dict(getattr(amili.calls[0].request, "params"))  # noqa: B009 (untyped)
    assert json.loads(params.pop("where")) == {"case": CASE_ID}
    assert params == {"sort": "_id", "page": "1", "max_results": "100"}


def test_none_is_none(amili: responses.RequestsMock) -> None:
    for url, action in ((PAYMENTS, PAYMENT), (CREDITINGS, CREDITING), (CANCELLATIONS, CANCELLATION)):
        amili.get(url, json=page())
        assert client().find_action(action) == ()


def test_a_crediting_is_compared_by_its_reference(amili: responses.RequestsMock) -> None:
    found = [
        {"_id": "a", "case": CASE_ID, "amount": 300, "creditor_reference": "odoo:credit:8"},
        {"_id": "b", "case": CASE_ID, "amount": 300, "creditor_reference": "odoo:credit:7", "credit_invoice": "RINV/7"},
    ]
    amili.get(CREDITINGS, json=page(*found))
    (one,) = client().find_action(CREDITING)
    assert (one.id, one.credit_invoice) == ("b", "RINV/7")


def test_any_cancellation_of_the_case_is_the_one(amili: responses.RequestsMock) -> None:
    amili.get(CANCELLATIONS, json=page({"_id": "a", "case": "another"}, {"_id": "b", "case": CASE_ID}))
    assert [one.id for one in client().find_action(CANCELLATION)] == ["b"]


@pytest.mark.parametrize(
    "doubtful",
    [
        {"creditor_payment_reference": None},
        {"creditor_payment_reference": "", "amount": None},
        {"creditor_payment_reference": None, "bank_transaction_date": None},
        {"case": None},
        {"_id": None},
    ],
)
def test_what_may_be_ours_is_not_taken_for_none(amili: responses.RequestsMock, doubtful: dict[str, Any]) -> None:
    amili.get(PAYMENTS, json=page(_shown("a") | doubtful))
    amili_client = client()
    with pytest.raises(Unreadable):
        amili_client.find_action(PAYMENT)


@pytest.mark.parametrize("entered", [{"amount": 60}, {"bank_transaction_date": "Tue, 02 Sep 2025 00:00:00 GMT"}])
def test_a_payment_entered_by_hand_of_another_amount_or_day_is_not_ours(
    amili: responses.RequestsMock, entered: dict[str, Any]
) -> None:
    amili.get(PAYMENTS, json=page(_shown("a", creditor_payment_reference=None, **entered)))
    assert client().find_action(PAYMENT) == ()


def test_an_action_is_read_back(amili: responses.RequestsMock) -> None:
    shown = _shown(
        status="warning",
        settled_amount=1000.0,
        status_reason_locale="payment.more_than_remaining",
        case_invoice_number="INV-2025-003",
        _updated="Wed, 03 Sep 2025 07:56:11 GMT",
        new_field={"x": 1},
    )
    amili.get(f"{PAYMENTS}/{ACTION_ID}", json=shown)
    one = client().action(ActionKind.PAYMENT, ACTION_ID)
    assert (one.status, one.status_reason) == ("warning", "payment.more_than_remaining")
    assert (one.amount, one.settled_amount) == (Decimal("1050.10"), Decimal("1000.00"))
    assert (one.booked_on, one.reference) == (date(2025, 9, 1), "odoo:payment:17")
    assert one.invoice_number == "INV-2025-003"


def test_an_action_that_shows_next_to_nothing_is_read(amili: responses.RequestsMock) -> None:
    amili.get(f"{CANCELLATIONS}/{ACTION_ID}", json={"_id": ACTION_ID, "status": None})
    one = client().action(ActionKind.CANCELLATION, ACTION_ID)
    assert (one.status, one.settled_amount, one.booked_on) == ("", None, None)


def test_an_action_that_is_not_there(amili: responses.RequestsMock) -> None:
    amili.get(f"{PAYMENTS}/{ACTION_ID}", status=404, json=own_no(404))
    amili_client = client()
    with pytest.raises(NotFound):
        amili_client.action(ActionKind.PAYMENT, ACTION_ID)
    with pytest.raises(NotFound):
        amili_client.action(ActionKind.PAYMENT, "no/id")
    assert len(amili.calls) == 1
