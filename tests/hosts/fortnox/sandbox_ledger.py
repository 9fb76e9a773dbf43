"""People at work in a company's Fortnox, which is the sandbox's, and the host that looks on over HTTP."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from connector.hosts.base import Host, WriteBack
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.host import FortnoxHost
from connector.hosts.fortnox.oauth import RECEIPT_SCOPES, SCOPES, AuthorisationServer, FortnoxApp
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.hosts.pacing import Pace
from connector.remote.policy import HttpPolicy
from connector.remote.tokens import KeptToken
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.grants import App, Grant
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import FortnoxSwitches, LockedPut
from tests.hosts.contract import Made
from tests.hosts.fortnox.scripted_answers import Tokens, Turns
from tests.remote.around_calls import around_calls

APP = App("client-1", "the-apps-own-secret", "https://connector.example/callback")
ASK, AT_AMILI = "Till inkasso", "Hos inkasso"
NOTE = WriteBack("68a1f0", "Påminnelse skickad", datetime(2026, 11, 22, 13, 5, 59, tzinfo=UTC))


@dataclass
class SandboxClock:
    """The right time, but for a while."""

    behind: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind


class MemoryTokens:
    """A token store of one process."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptToken] = {}

    def get(self, key: str) -> KeptToken | None:
        return self.kept.get(key)

    def put(self, key: str, token: KeptToken) -> None:
        self.kept[key] = token

    def forget(self, key: str) -> None:
        self.kept.pop(key, None)

    def lock(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()


class SandboxLedger:
    kind = "fortnox"

    def __init__(self, state: FortnoxState, url: str) -> None:
        self.state = state
        self.url = url
        self.books = state.add_company("Testbolaget AB", "556677-8899")
        self.books.facts.whole_kronor = False
        self.state.switches.set(FortnoxSwitches(rate_limit_requests=10_000, booked_put=LockedPut.ALLOW_ALL))
        state.consent(Grant(APP.client_id, self.books.tenant, (*SCOPES, *RECEIPT_SCOPES), service=True))
        app = FortnoxApp(APP.client_id, SecretStr(APP.client_secret), APP.redirect_uri)
        server = AuthorisationServer(app, url=url, http=HttpPolicy(allow_private=True))
        self._tokens = CompanyTokens(server, str(self.books.tenant), MemoryTokens())
        self.client = self._client(self._tokens)
        self.host: Host = self.host_with()
        self._prices = (Decimal(2000) + number * 1000 for number in count())

    def _client(self, tokens: Any) -> FortnoxClient:
        return FortnoxClient(tokens, Pace(Turns(), system="Fortnox"), url=self.url, http=HttpPolicy(allow_private=True))

    def host_with(self, **settings: Any) -> FortnoxHost:
        """The host as the company has set it up: by its label people ask for collection."""
        return FortnoxHost(self.client, FortnoxSettings(**{"request_label": ASK} | settings))

    def switch(self, **changes: Any) -> None:
        self.state.switches.set(replace(self.state.switches.switches, **changes))

    def host_with_wrong_key(self) -> Host:
        return FortnoxHost(self._client(Tokens("no-such-token")), FortnoxSettings())

    def calls(self) -> Counter[str]:
        """What Fortnox was asked so far, by method and address; tokens are no matter here."""
        asked = Counter(self.state.traffic.snapshot()["requests"])
        return Counter({what: number for what, number in asked.items() if "/oauth-v1/" not in what})

    @contextmanager
    def yesterday(self) -> Iterator[None]:
        """What people do within the block was done a day ago."""
        assert isinstance(self.state.now, SandboxClock)
        self.state.now.behind = timedelta(days=1)
        try:
            yield
        finally:
            self.state.now.behind = timedelta()

    @contextmanager
    def when_answered(self, verb: str, path: str, act: Callable[[], None]) -> Iterator[None]:
        """`act` once, as soon as Fortnox has answered `verb` on `path`, before we see the answer."""
        left = [act]

        def answered(request: requests.PreparedRequest) -> None:
            if request.method == verb and urlsplit(request.url or "").path == path and left:
                left.pop()()

        with around_calls(after=answered):
            yield
        assert not left, "it never came to that"

    def _invoice(self, *, due_days_ago: int = 45, **more: Any) -> Made:
        with self.state.lock:
            customer = self.books.add_customer(
                "Provkund AB",
                OrganisationNumber="556016-0680",
                Address1="Kungsgatan 2",
                ZipCode="411 19",
                City="Göteborg",
            )
            row = Row("Konsulttimme", next(self._prices) + Decimal("0.56"))
            number = self.books.add_invoice(
                customer, [row], due_days_ago=due_days_ago, AdministrationFee=Decimal(40), **more
            )
            return Made(number, number, self.books.invoice(number)["Total"], Decimal("50.00"))

    def overdue_invoice(self) -> Made:
        return self._invoice()

    def not_yet_due_invoice(self) -> Made:
        return self._invoice(due_days_ago=-10)

    def unbooked_invoice(self) -> Made:
        """Sent and overdue, and not booked: a claim by the cash method."""
        return self._invoice(booked=False, sent=True)

    def draft_invoice(self) -> Made:
        return self._invoice(booked=False, sent=False)

    def pay(self, invoice: Made, amount: Decimal) -> None:
        with self.state.lock:
            settling.pay(self.books, invoice.id, amount)

    def enter_payment(self, invoice: Made, amount: Decimal) -> str:
        with self.state.lock:
            return settling.add_payment(self.books, invoice.id, amount, source="file")

    def credit(self, invoice: Made, amount: Decimal) -> None:
        with self.state.lock:
            credit = settling.credit(self.books, invoice.id, None if amount == invoice.total else amount)
            settling.set_off(self.books, invoice.id, credit, amount)

    def credit_on_account(self, invoice: Made, amount: Decimal) -> None:
        with self.state.lock:
            settling.credit(self.books, invoice.id, amount, referenced=False)

    def other_card(self, invoice: Made, name: str, spelling: str) -> str:
        with self.state.lock:
            number = self.books.invoice(invoice.id)["OrganisationNumber"].replace("-", "")
            return self.books.add_customer(name, OrganisationNumber=spelling.format(number))

    def without_pdf(self, invoice: Made) -> None:
        self.books.broken_pdfs[invoice.id] = "Utskriftsmallen kunde inte läsas."

    def label(self, invoice: Made, *texts: str) -> None:
        with self.state.lock:
            ids = {text: number for number, text in self.books.labels.items()}
            numbers = [ids.get(text) or self.books.add_label(text) for text in texts]
            self.books.set_labels(invoice.id, numbers)

    def labels(self, invoice: Made) -> set[str]:
        with self.state.lock:
            return {self.books.labels[label["Id"]] for label in self.books.invoice(invoice.id)["Labels"]}

    def reference(self, invoice: Made) -> str:
        with self.state.lock:
            return str(self.books.invoice(invoice.id)["ExternalInvoiceReference2"] or "")

    def wish_withdrawal(self, *_: Any) -> bool:
        return False

    def event(self, invoice: Made) -> bytes:
        return json.dumps({"topic": "invoices", "type": "invoice-updated-v1", "entityId": invoice.id}).encode()

    def footprint(self, invoice: Made) -> str:
        with self.state.lock:
            return f"{self.books.invoice(invoice.id)} {self.state.writes}"

    def mails(self) -> int:
        return sum(sum(counts.values()) for counts in self.books.side_effects.values())
