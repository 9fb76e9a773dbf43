"""Who may call: the signed token, the access token, and their ends. Source: amili/API.md, "Authentication" and
"Tokens"."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from connector.sandbox.amili.state import GUIDE_ACCOUNT
from connector.sandbox.shared.switches import AmiliSwitches, BodyKind, TokenForm
from tests.sandbox.conftest import API_CODE, PRIVATE_KEY, Caller, public_pem


def test_a_signed_token_gives_an_access_token_that_opens_the_rest(amili: Caller) -> None:
    assert amili.get("/creditors").status_code == 200
    assert amili.state.tokens_issued == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": 1},
        {"exp": 10**12},
        {"api_code": "someone-else"},
        {"api_code": None},
        {"exp": "soon"},
    ],
)
def test_a_token_without_the_right_claims_is_refused(amili: Caller, claims: dict[str, Any]) -> None:
    assert amili.authenticate(amili.signed(**claims)).status_code == 401


def test_exp_may_not_be_further_than_ten_minutes_ahead(amili: Caller) -> None:
    later = int((amili.clock() + timedelta(hours=1)).timestamp())
    assert amili.authenticate(amili.signed(exp=later)).status_code == 401


def test_a_token_signed_by_another_key_is_refused(amili: Caller) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert amili.authenticate(amili.signed(stranger)).status_code == 401


def test_a_token_that_claims_no_signature_is_refused(amili: Caller) -> None:
    claims = {"api_code": API_CODE, "exp": int((amili.clock() + timedelta(minutes=5)).timestamp())}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({"alg": "none"}, claims)]
    unsigned = ".".join(part.rstrip("=") for part in [*parts, ""])
    assert amili.authenticate(unsigned).status_code == 401
    assert amili.authenticate("not a token").status_code == 401


def test_the_signed_token_opens_nothing_but_authentication(amili: Caller) -> None:
    amili.headers = {"X-API-Key": amili.signed()}
    assert amili.get("/creditors").status_code == 401


def test_an_access_token_lives_as_long_as_the_switch_says(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(token_lifetime_s=60))
    amili.log_in()
    amili.clock.forward(59)
    assert amili.get("/creditors").status_code == 200
    amili.clock.forward(1)
    assert amili.get("/creditors").status_code == 401


def test_tokens_can_be_made_worthless_early(amili: Caller) -> None:
    amili.client.post("/_sandbox/tokens/expire")
    assert amili.get("/creditors").status_code == 401


def test_the_names_in_the_answer_are_switches(amili: Caller) -> None:
    amili.state.switches.set(
        AmiliSwitches(token_field="access_token", token_lifetime_field="expires_in", authenticate_status=201)
    )
    answer = amili.authenticate()
    assert answer.status_code == 201
    assert set(answer.get_json()) == {"access_token", "expires_in"}


def test_the_access_token_can_be_readable(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(token_form=TokenForm.JWT, token_lifetime_s=300))
    token = amili.authenticate().get_json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] == int((amili.clock() + timedelta(seconds=300)).timestamp())
    amili.headers = {"X-API-Key": token}
    assert amili.get("/creditors").status_code == 200


@pytest.mark.parametrize(
    ("kind", "start"),
    [(BodyKind.JSON, b'{"_status": "ERR"'), (BodyKind.TEXT, b"Unauthorized"), (BodyKind.HTML, b"<html>"),
     (BodyKind.EMPTY, b"")],
)  # fmt: skip
def test_a_refusal_looks_as_the_switch_says(amili: Caller, kind: BodyKind, start: bytes) -> None:
    amili.state.switches.set(AmiliSwitches(error_body=kind))
    amili.headers = {}
    answer = amili.get("/creditors")
    assert answer.status_code == 401
    assert answer.data.startswith(start)
    assert bool(answer.data) is bool(start)


def test_other_methods_and_paths_are_refused(amili: Caller) -> None:
    assert amili.client.post("/authenticates/api-code").status_code == 405
    assert amili.get("/case-registrations").status_code == 404
    assert amili.get("/v1/cases").status_code == 404


def test_a_caller_sees_only_its_accounts(amili: Caller) -> None:
    other = amili.state.add_account("Annat AB", "5560360793")
    theirs = amili.state.add_creditor(other, "Annat AB", "5560360793")
    amili.state.register_key(API_CODE, public_pem(PRIVATE_KEY), accounts=(GUIDE_ACCOUNT,))
    assert [item["_id"] for item in amili.get("/accounts").get_json()["_items"]] == [GUIDE_ACCOUNT]
    assert amili.get(f"/creditors/{theirs}").status_code == 404
