"""What the tests of the collector's client share: the guide's example, credentials, and canaries."""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import jwt
from pydantic import SecretStr

from connector.amili.auth import Credentials
from connector.amili.client import AmiliClient
from connector.amili.keys import make_key_pair
from connector.domain.claim import Claim, Debtor, ReminderFee
from connector.domain.connection import FirstAction
from connector.domain.invoice import Address
from connector.remote.tokens import KeptToken, MemoryTokenStore

BASE = "https://amili.test"
AUTH = f"{BASE}/authenticates/api-code"
REGISTRATIONS = f"{BASE}/case--registrations"
CASES = f"{BASE}/cases"

ACCOUNT = "674dbeaf08847b9501cc9132"
CREDITOR = "674dbeb208847b9501cc9138"
CASE_ID = "68b7f49c7b02934caddab092"

API_CODE = "canary-api-code-5f2e"
TOKEN = "canary-access-token-91c3"
PERSONAL_NUMBER = "198112189876"

KEYS = make_key_pair()
NOW = datetime(2025, 9, 3, 8, 0, tzinfo=UTC)

RECEIPT: dict[str, Any] = {
    "_updated": "Wed, 03 Sep 2025 07:56:11 GMT",
    "_created": "Wed, 03 Sep 2025 07:56:11 GMT",
    "_etag": "74829ce9b219a58bb00a5276a495bec0d7e22457",
    "_id": "68b7f49cb8903ae30ebb85ec",
    "_status": "OK",
    "_cases": ["68b7f49c7b02934caddab092"],
    "_ocr_numbers": ["68b7f49cb8903ae30ebb85f0"],
    "_ocr_numbers_ocr": ["20252463478311301072"],
}
"""The guide's answer to its example."""

SIGNED_ADDRESS = "https://storage.googleapis.com/bucket/cases/x?Expires=1756889787&Signature=canary-signature"


def credentials() -> Credentials:
    return Credentials(api_code=SecretStr(API_CODE), private_key=KEYS.private_key)


def guide_claim() -> Claim:
    """The invoice of the guide's example."""
    return Claim(
        account=ACCOUNT,
        creditor=CREDITOR,
        first_action=FirstAction.DEBT_COLLECTION,
        currency="SEK",
        debtor=Debtor(
            name="ACME Inc.",
            id_number="5560269986",
            is_company=True,
            address=Address(address_line_1="Storgatan 42", zip_code="12345", city="Stockholm", country="SE"),
        ),
        invoice_number="INV-2025-003",
        debt_description="Services",
        invoice_date=date(2025, 7, 7),
        due_days=31,
        capital_to_claim=Decimal("2050.00"),
        invoice_fee=Decimal("50.00"),
        reminder_fee=ReminderFee(amount=Decimal("60.00"), date=date(2025, 8, 11)),
    )


def person_claim() -> Claim:
    """A private person's debt, with everything personal that a claim can hold."""
    person = Debtor(
        name="Canary Öberg",
        id_number=PERSONAL_NUMBER,
        is_company=False,
        address=Address(
            address_line_1="Canarygatan 1",
            address_line_2="c/o Canary",
            zip_code="11122",
            city="Luleå",
            country="SE",
        ),
        email="canary@example.se",
        mobile_number="+46709876543",
    )
    return guide_claim().model_copy(
        update={"debtor": person, "first_action": FirstAction.REMINDER, "invoice_fee": None, "reminder_fee": None}
    )


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, by: timedelta) -> None:
        self.at += by


class OneToken:
    """A token store that always has a good token, for tests that are not about authentication."""

    def get(self, key: str) -> KeptToken | None:
        return KeptToken(SecretStr(TOKEN), datetime(9000, 1, 1, tzinfo=UTC))

    def put(self, key: str, token: KeptToken) -> None:
        raise AssertionError("no new token was needed")

    def lock(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()


class WatchedStore(MemoryTokenStore):
    """Tells when a second caller has come to renew."""

    def __init__(self) -> None:
        super().__init__()
        self.second_has_come = threading.Event()
        self._callers = 0

    def lock(self, key: str) -> AbstractContextManager[Any]:
        self._callers += 1
        if self._callers > 1:
            self.second_has_come.set()
        return super().lock(key)


def client(url: str = BASE, **options: Any) -> AmiliClient:
    """A client that is already authenticated."""
    return AmiliClient(url, credentials(), OneToken(), **options)


def access_token(number: int, *, expires: datetime) -> str:
    """An access token as a JWT that says when it ends."""
    return jwt.encode({"n": number, "exp": int(expires.timestamp())}, "x" * 32, algorithm="HS256")


def page(*items: dict[str, Any], number: int = 1, size: int = 100, total: int | None = None) -> dict[str, Any]:
    """One page of a list as Amili answers it."""
    meta = {"page": number, "max_results": size, "total": len(items) if total is None else total}
    return {"_items": list(items), "_meta": meta}


def case_document(case_id: str = CASE_ID, *, number: str = "INV-2025-003", **more: Any) -> dict[str, Any]:
    """A case as Amili shows it (amili/API.md, "Case")."""
    return {
        "_id": case_id,
        "creditor": CREDITOR,
        "customer_name": "Canary Öberg",
        "customer_id_number": PERSONAL_NUMBER,
        "state": "debt_collection",
        "status": "debt_collection_active",
        "debt": {"invoice_number": number, "capital_to_claim": 2050.0},
        **more,
    }


def own_no(status: int, message: str = "No") -> dict[str, Any]:
    """A refusal in the form of the API's framework (amili/API.md, "Errors")."""
    return {"_status": "ERR", "_error": {"code": status, "message": message}}


def as_json(document: object) -> str:
    return json.dumps(document)
