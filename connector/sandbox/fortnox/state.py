"""The whole of the Fortnox imitation: its apps, companies, consents, events, and what was done to them.

What `connector.sandbox.fortnox.app` serves; a test or a demo keeps the books through `FortnoxState.companies`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.feed import Feed
from connector.sandbox.fortnox.files import Files
from connector.sandbox.fortnox.grants import App, Grant, Grants
from connector.sandbox.fortnox.rate import RateWindows
from connector.sandbox.fortnox.switches import FortnoxSwitches
from connector.sandbox.fortnox.webhooks import LifeCycleHook
from connector.sandbox.shared.switches import SwitchBoard
from connector.sandbox.shared.websocket import WebSocket
from connector.sandbox.shared.wire import Traffic

DEMO_APP = App("sandbox-client", "sandbox-secret", "http://127.0.0.1:8080/fortnox/callback")

SHOWN_OF_INVOICES = (
    "Booked", "Cancelled", "Sent", "Total", "Balance", "FinalPayDate", "DueDate", "CustomerNumber",
    "ExternalInvoiceReference1", "ExternalInvoiceReference2", "Labels", "Reminders", "Credit",
    "CreditInvoiceReference",
)  # fmt: skip


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FortnoxState:
    """Every method may be called from any thread; the books are kept under `lock`.

    `now` is the clock (aware datetimes). `seed` fills the state at the start and after every `reset`.
    """

    def __init__(
        self,
        *,
        switches: FortnoxSwitches | None = None,
        seed: Callable[[FortnoxState], None] | None = None,
        app: App = DEMO_APP,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.now = now
        self.switches = SwitchBoard(switches or FortnoxSwitches())
        self.lock = threading.RLock()
        self.traffic = Traffic()
        self.hook = LifeCycleHook()
        self.sockets: set[WebSocket] = set()
        """The event sockets that are open."""
        self.app = app
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Start over with `app` and what `seed` puts in."""

        def switches() -> FortnoxSwitches:
            return self.switches.switches

        with self.lock:
            self.grants = Grants(self.now, switches)
            self.grants.apps[self.app.client_id] = self.app
            self.companies: dict[int, Books] = {}
            self.files: dict[int, Files] = {}
            self.feed = Feed(self.now, switches)
            self.rate = RateWindows()
            self.labels: dict[str, str] = {}
            """Document numbers by the names that a seed gives them."""
            for socket in tuple(self.sockets):
                socket.drop()
            self.signed_in_to = 0
            """The company that the person at the consent page chooses."""
            self.writes: list[dict[str, Any]] = []
            self._tenants = itertools.count(348211)
            self.hook.calls.clear()
            self.traffic.clear()
            if self._seed is not None:
                self._seed(self)

    def add_company(self, name: str, organisation_number: str, *, tenant: int = 0) -> Books:
        """A new company; the first is the one that consent is given for. `tenant` is its `DatabaseNumber`."""
        with self.lock:
            number = tenant or next(self._tenants)

            def publish(topic: str, kind: str, entity: str) -> None:
                self.feed.publish(topic, kind, number, entity)

            books = Books(
                number,
                name,
                organisation_number,
                now=self.now,
                switches=lambda: self.switches.switches,
                publish=publish,
            )
            self.companies[number] = books
            self.files[number] = Files()
            self.signed_in_to = self.signed_in_to or number
            return books

    # Consent, with its webhooks

    def consent(self, grant: Grant) -> None:
        """A company lets an app in."""
        with self.lock:
            self.grants.consent(grant)
        if grant.service:
            scopes = " ".join(grant.scopes)
            self.hook.send("client_credentials_consent", tenant_id=grant.tenant, scopes=scopes)

    def revoke_consent(self, client_id: str, tenant: int) -> None:
        """A company shuts an app out."""
        with self.lock:
            was_in = self.grants.revoke_consent(client_id, tenant)
        if was_in:
            self.hook.send("client_credentials_consent_revoked", tenant_id=tenant)

    # What happened

    def written(self, tenant: int, method: str, path: str, fields: list[str]) -> None:
        """Note a write that came over the API and took effect."""
        self.writes.append({"tenant": tenant, "method": method, "path": path, "fields": fields})

    def snapshot(self) -> dict[str, Any]:
        """Return what was read, written and sent, and how the invoices stand, as JSON."""
        with self.lock:
            return {
                **self.traffic.snapshot(),
                "labels": dict(self.labels),
                "writes": list(self.writes),
                "fullest_rate_window": self.rate.fullest,
                "refused_refreshes": self.grants.refused_refreshes,
                "webhook_calls": list(self.hook.calls),
                "companies": {str(tenant): _shown(books) for tenant, books in self.companies.items()},
            }


def _shown(books: Books) -> dict[str, Any]:
    invoices = {key: books.invoices[key] for key in books.invoices.keys()}  # noqa: SIM118
    payments = {key: books.payments[key] for key in books.payments.keys()}  # noqa: SIM118
    return {
        "name": books.name,
        "organisation_number": books.organisation_number,
        "labels": {str(number): text for number, text in books.labels.items()},
        "side_effects": {action: dict(counts) for action, counts in books.side_effects.items()},
        "invoices": {key: {name: invoice[name] for name in SHOWN_OF_INVOICES} for key, invoice in invoices.items()},
        "payments": {
            key: {name: held[name] for name in ("InvoiceNumber", "Amount", "Booked", "PaymentDate")}
            for key, held in payments.items()
        },
    }
