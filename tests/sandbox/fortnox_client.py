"""A client of the Fortnox imitation over HTTP, as a test writes one: no more than requests, and the books beside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.shared.serve import running
from tests.sandbox.clock import Clock

APP = App("client-1", "secret-1", "https://connector.example/callback")
SCOPES = "invoice customer payment companyinformation settings inbox connectfile archive profile"
TIMEOUT_S = 10


@dataclass
class Fortnox:
    """The imitation with one company, and a session with a live access token."""

    state: FortnoxState
    books: Books
    clock: Clock
    url: str
    http: requests.Session
    headers: dict[str, str] = field(default_factory=dict)

    # Consent

    def authorize(self, **changes: str) -> requests.Response:
        """One visit to the consent page; the redirect is not followed."""
        asked = {
            "client_id": APP.client_id,
            "response_type": "code",
            "state": "st-1",
            "scope": SCOPES,
            "redirect_uri": APP.redirect_uri,
            "access_type": "offline",
            "account_type": "service",
            **changes,
        }
        asked = {name: value for name, value in asked.items() if value}
        return self.http.get(f"{self.url}/oauth-v1/auth", params=asked, allow_redirects=False, timeout=TIMEOUT_S)

    def code(self, **changes: str) -> str:
        return redirected(self.authorize(**changes))["code"]

    def token(self, *, app: App = APP, tenant: str = "", **form: str) -> requests.Response:
        headers = {"TenantId": tenant} if tenant else {}
        return self.http.post(
            f"{self.url}/oauth-v1/token",
            data=form,
            auth=(app.client_id, app.client_secret),
            headers=headers,
            timeout=TIMEOUT_S,
        )

    def by_code(self, code: str | None = None) -> requests.Response:
        code = code or self.code()
        return self.token(grant_type="authorization_code", code=code, redirect_uri=APP.redirect_uri)

    def by_credentials(self, tenant: int | None = None, scope: str = "") -> requests.Response:
        number = self.books.tenant if tenant is None else tenant
        return self.token(tenant=str(number), grant_type="client_credentials", scope=scope)

    def log_in(self, books: Books | None = None, scope: str = SCOPES) -> None:
        """Consent and a fresh access token, for another company if asked."""
        self.state.signed_in_to = (books or self.books).tenant
        answer = self.by_code(self.code(scope=scope))
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    # REST

    def get(self, path: str, /, **query: Any) -> requests.Response:
        return self.http.get(f"{self.url}{path}", params=query, headers=self.headers, timeout=TIMEOUT_S)

    def put(self, path: str, /, body: Any = None) -> requests.Response:
        return self.http.put(f"{self.url}{path}", json=body, headers=self.headers, timeout=TIMEOUT_S)

    def post(self, path: str, /, body: Any = None, **more: Any) -> requests.Response:
        return self.http.post(f"{self.url}{path}", json=body, headers=self.headers, timeout=TIMEOUT_S, **more)

    def delete(self, path: str) -> requests.Response:
        return self.http.delete(f"{self.url}{path}", headers=self.headers, timeout=TIMEOUT_S)

    def invoice(self, number: str) -> dict[str, Any]:
        answer = self.get(f"/3/invoices/{number}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["Invoice"]
        return found

    def numbers(self, **query: Any) -> list[str]:
        """The numbers of the invoices that a list shows."""
        answer = self.get("/3/invoices", **query)
        assert answer.status_code == 200, answer.text
        return [item["DocumentNumber"] for item in answer.json()["Invoices"]]

    # The books

    def switch(self, **changes: Any) -> None:
        self.state.switches.set(replace(self.state.switches.switches, **changes))

    def customer(self, name: str = "Exempelbolaget AB", **fields: Any) -> str:
        with self.state.lock:
            return self.books.add_customer(name, **fields)

    def add_invoice(self, price: str = "12000", **fields: Any) -> str:
        """A booked, sent invoice, 30 days overdue, unless `fields` say otherwise."""
        with self.state.lock:
            customers = self.books.customers.keys()
            customer = customers[0] if customers else self.books.add_customer("Exempelbolaget AB")
            row = Row("Konsulttimmar", Decimal(price))
            return self.books.add_invoice(customer, [row], **{"due_days_ago": 30, **fields})


def redirected(answer: requests.Response) -> dict[str, str]:
    """The values that a redirect back to the app carries."""
    assert answer.status_code == 302, answer.text
    address = answer.headers["Location"]
    assert address.startswith(APP.redirect_uri)
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def refusal(answer: requests.Response) -> tuple[int, int]:
    """Status and code of a refusal, whichever way it is spelt."""
    information = answer.json()["ErrorInformation"]
    return answer.status_code, information.get("code", information.get("Code"))


@contextmanager
def fortnox_running(clock: Clock) -> Iterator[Fortnox]:
    """The imitation over HTTP with one company, logged in; no rate limit until a test switches it on."""
    state = FortnoxState(app=APP, now=clock)
    books = state.add_company("Klientbolaget AB", "552000-0026")
    with running(create_fortnox(state)) as url, requests.Session() as http:
        fortnox = Fortnox(state, books, clock, url, http)
        fortnox.switch(rate_limit_requests=1000)
        fortnox.log_in()
        yield fortnox
