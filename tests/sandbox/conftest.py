"""An Amili that knows one caller, in the test's process and over HTTP; a clock that tests move."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR, AmiliState, guide_state
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from tests.sandbox.clock import Clock
from tests.sandbox.fortnox_client import Fortnox, fortnox_running

API_CODE = "the-api-code"

# The guide's example, step 1 (amili/API.md, "Case registration").
GUIDE_BODY: dict[str, Any] = {
    "account": GUIDE_ACCOUNT,
    "creditor": GUIDE_CREDITOR,
    "first_action": "debt_collection",
    "currency": "SEK",
    "customer": {
        "name": "ACME Inc.",
        "id_number": "5560269986",
        "is_company": True,
        "address": {
            "address_line_1": "Storgatan 42",
            "zip_code": "12345",
            "city": "Stockholm",
            "country": "SE",
        },
    },
    "debts": [
        {
            "invoice_number": "INV-2025-003",
            "debt_description": "Services",
            "invoice_date": "Mon, 07 Jul 2025 00:00:00 GMT",
            "capital_to_claim": 2050.0,
            "invoice_due_days_after_invoice_date": 31,
            "fees_included_in_capital_to_claim": {"invoice_fee": 50.0},
            "fees_already_claimed": {
                "reminder": {"amount": 60.0, "fee_registration_date": "Mon, 11 Aug 2025 00:00:00 GMT"}
            },
        }
    ],
}


PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())


def public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def guide_body(number: str = "INV-2025-003") -> dict[str, Any]:
    """A fresh copy of the guide's registration, for another invoice if asked."""
    body = copy.deepcopy(GUIDE_BODY)
    body["debts"][0]["invoice_number"] = number
    return body


@dataclass
class Caller:
    """Calls the imitation in the test's own process, with a live access token."""

    state: AmiliState
    client: FlaskClient
    clock: Clock
    headers: dict[str, str] = field(default_factory=dict)

    def signed(self, key: ec.EllipticCurvePrivateKey = PRIVATE_KEY, **claims: Any) -> str:
        expires = int((self.clock() + timedelta(minutes=10)).timestamp())
        payload = {"api_code": API_CODE, "exp": expires, **claims}
        return jwt.encode({k: v for k, v in payload.items() if v is not None}, key, algorithm="ES256")

    def authenticate(self, token: str | None = None) -> TestResponse:
        return self.client.get("/authenticates/api-code", headers={"X-API-Key": token or self.signed()})

    def log_in(self) -> None:
        self.headers = {"X-API-Key": self.authenticate().get_json()["token"]}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, query_string=query)

    def register(self, body: Any = None) -> TestResponse:
        return self.client.post(
            "/case--registrations", json=guide_body() if body is None else body, headers=self.headers
        )

    def case(self, number: str = "INV-2025-003") -> str:
        """Register the guide's debt, of 2050 kronor and 60 in costs; the id of its case."""
        return str(self.register(guide_body(number)).get_json()["_cases"][0])

    def shown(self, case: str) -> dict[str, Any]:
        """A case as it is read."""
        body: dict[str, Any] = self.get(f"/cases/{case}").get_json()
        return body

    def act(self, kind: str, body: Mapping[str, Any]) -> TestResponse:
        """Create an action of a kind: payments, creditings or cancellations."""
        return self.client.post(f"/creditor--{kind}", json=body, headers=self.headers)

    def upload(self, case: str, **form: Any) -> TestResponse:
        return self.client.post(f"/media--upload/{case}", data=form, headers=self.headers)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def amili(clock: Clock) -> Caller:
    state = guide_state(now=clock)
    state.register_key(API_CODE, public_pem(PRIVATE_KEY))
    caller = Caller(state, create_amili(state).test_client(), clock)
    caller.log_in()
    return caller


@dataclass
class Remote:
    """The imitation over real HTTP."""

    state: AmiliState
    url: str
    http: requests.Session

    def register(self, number: str = "INV-1") -> requests.Response:
        return self.http.post(f"{self.url}/case--registrations", json=guide_body(number), timeout=5)

    def case_count(self, number: str = "INV-1") -> int:
        return len(self.state.cases_of(number))


@pytest.fixture
def remote(amili: Caller) -> Iterator[Remote]:
    with running(amili.client.application) as url, requests.Session() as http:
        http.headers.update(amili.headers)
        yield Remote(amili.state, url, http)


@dataclass
class Ledger:
    """The ledger imitation in the test's own process."""

    state: OdooState
    client: FlaskClient

    def call(self, path: str, /, *, key: str = "", **arguments: Any) -> TestResponse:
        headers = {"Authorization": f"bearer {key or self.state.api_key}"}
        return self.client.post(f"/json/2/{path}", json=arguments, headers=headers)

    def rows(self, path: str, /, **arguments: Any) -> Any:
        answer = self.call(path, **arguments)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    state = OdooState(seed=demo_ledger, now=clock)
    return Ledger(state, create_odoo(state).test_client())


@pytest.fixture
def fortnox(clock: Clock) -> Iterator[Fortnox]:
    with fortnox_running(clock) as running_fortnox:
        yield running_fortnox
