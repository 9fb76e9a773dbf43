"""What a webhook body points at."""

import json

import pytest

from connector.hosts.odoo.events import hints

# As Odoo 19 sent it.
RECORDED = b'{"_action": "Amili: s\\u00e4g till om beg\\u00e4rt inkasso(#303)", "_id": 5, "_model": "account.move"}'


def test_a_recorded_event() -> None:
    assert hints(RECORDED).invoice_ids == ("5",)


@pytest.mark.parametrize(
    "change",
    [
        {"_model": "res.partner"},
        {"_model": None},
        {"_model": ["account.move"]},
        {"_id": "5"},
        {"_id": 5.0},
        {"_id": True},
        {"_id": None},
        {"_id": [5]},
        {"_id": 0},
        {"_id": -5},
        {"_id": 2**31},
        {"_id": 10**400},
    ],
)
def test_what_does_not_name_one_invoice_names_none(change: dict[str, object]) -> None:
    assert hints(json.dumps(json.loads(RECORDED) | change).encode()).invoice_ids == ()


@pytest.mark.parametrize("left_out", ["_id", "_model"])
def test_both_are_needed(left_out: str) -> None:
    body = json.loads(RECORDED)
    del body[left_out]
    assert hints(json.dumps(body).encode()).invoice_ids == ()


def test_nothing_else_in_the_body_matters() -> None:
    body = json.loads(RECORDED) | {"state": "posted", "amount_residual": 1e9, "id": 6}
    assert hints(json.dumps(body).encode()).invoice_ids == ("5",)


def test_a_number_with_too_many_digits_is_no_id() -> None:
    assert hints(b'{"_model": "account.move", "_id": ' + b"9" * 5000 + b"}").invoice_ids == ()
