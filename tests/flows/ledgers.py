"""The ledgers that a stage can have: what a test of whole hand-overs needs of each kind, and where they differ."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import requests
from flask import Flask
from pydantic import SecretStr

from connector.flows.companies import connecting, consent
from connector.flows.deployment import Deployment
from connector.hosts.base import LedgerIdentity
from connector.hosts.fortnox.kind import CALLBACK_PATH
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.rate import RateWindows
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import FortnoxSwitches, LockedPut
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER, SEND, TAKE_BACK
from connector.sandbox.odoo.request_rows import MODEL as REQUESTS
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault
from connector.store import tables
from tests import canary
from tests.flows.bookkeeping import Bookkeeper, FortnoxBookkeeper, OdooBookkeeper

DATABASE = "stage"
COMPANY, ORGANISATION = "Testbolaget AB", "5566778899"
CUSTOMERS_NUMBER = "556016-0680"
WORK = "Konsulttimmar, projektering"
REQUEST_LABEL = "Till inkasso"
UNREGISTERED = "https://connector.example/callback"


@dataclass(frozen=True)
class Opened:
    """A ledger that has let us in: what a connection to it is made of."""

    identity: LedgerIdentity
    settings: dict[str, Any]
    api_key: SecretStr | None


class LedgerSide(Protocol):
    """One company's ledger, imitated. Ids of invoices are texts; a customer's key is the ledger's own."""

    @property
    def kind(self) -> str:
        """The host's name."""

    def app(self) -> Flask:
        """The imitation, to be served."""

    def settings(self, url: str) -> dict[str, str]:
        """What a deployment must know beforehand of ledgers of this kind, served at `url`."""

    def connect(self, deployment: Deployment, url: str) -> Opened:
        """Let the deployment in, as an installer does."""

    def secrets(self) -> Mapping[str, str]:
        """What must not get out, by what it is."""

    def customer(self, **values: Any) -> Any:
        """A company with everything a claim needs, and a personal number for a customer number."""

    def invoice(self, customer: Any, price: Decimal) -> str:
        """An overdue invoice, clean."""

    def number(self, invoice: str) -> str:
        """The invoice's number."""

    def wish(self, invoice: str, by: str) -> None:
        """A person of the company, `by`, asks for collection in the ledger."""

    def wished(self, invoice: str) -> bool:
        """Whether a wish for collection stands in the ledger."""

    @property
    def bookkeeper(self) -> Bookkeeper:
        """Who books what happens to the company's invoices."""

    def pay(self, invoice: str, amount: Decimal) -> None:
        """Money for an invoice comes in and is booked."""

    def case_shown(self, invoice: str) -> str:
        """The case id that stands on an invoice; "" if none does."""

    def changing_writes(self, invoice: str) -> int:
        """How many of our writes changed anything on an invoice."""

    def strike(self, faults: tuple[Fault, ...]) -> None:
        """Let these things go wrong in the ledger from now on, and nothing else."""

    def behave_as_before(self) -> None:
        """Let the ledger behave as it did when the stage was set."""

    def let_windows_pass(self, deployment: Deployment) -> None:
        """Let the time pass in which the ledger counts requests, for it and for us."""


@dataclass
class OdooLedger:
    """Odoo: opened by an API key."""

    state: OdooState = field(default_factory=lambda: OdooState(database=DATABASE, api_key=canary.LEDGER_KEY))
    kind: str = "odoo"

    def app(self) -> Flask:
        return imitation("odoo").app(self.state)

    def settings(self, url: str) -> dict[str, str]:
        return {}

    def connect(self, deployment: Deployment, url: str) -> Opened:
        settings = {
            "url": url,
            "database": DATABASE,
            "fee_products": ["FAKTAVG"],
            "answer_action_id": ACTION_IDS[ANSWER],
        }
        api_key = SecretStr(canary.LEDGER_KEY)
        return Opened(connecting.identify_ledger(deployment, self.kind, settings, api_key), settings, api_key)

    def secrets(self) -> Mapping[str, str]:
        return {"ledger key": canary.LEDGER_KEY}

    def customer(self, **values: Any) -> int:
        defaults: dict[str, Any] = {
            "company_registry": CUSTOMERS_NUMBER,
            "street": "Kungsgatan 2",
            "zip": "411 19",
            "city": "Göteborg",
            "email": "faktura@kund.example",
            # Many a ledger numbers its customers so; no test may let it out.
            "ref": canary.PERSON,
        }
        return self.state.books.add_customer(values.pop("name", "Kund AB"), **(defaults | values))

    def invoice(self, customer: Any, price: Decimal) -> str:
        return str(self.state.books.add_invoice(customer, [InvoiceLine(WORK, price, Decimal(1))], due_days_ago=45))

    def number(self, invoice: str) -> str:
        return str(self.state.records.get("account.move", int(invoice))["name"])

    def wish(self, invoice: str, by: str) -> None:
        self.state.click_send(int(invoice), by)

    def mark(self, invoice: str, kind: str = SEND) -> str:
        """The mark of the newest request of a kind that is not answered."""
        return f"{REQUESTS},{self.state.open_requests(int(invoice), kind)[-1]}"

    def take_back(self, invoice: str, by: str = "Eva Ekonom") -> None:
        """A person of the company takes back what was asked for."""
        self.state.run_request(TAKE_BACK, self.state.person(by), [int(invoice)])

    def wished(self, invoice: str) -> bool:
        return bool(self.state.open_requests(int(invoice), SEND))

    @property
    def bookkeeper(self) -> OdooBookkeeper:
        return OdooBookkeeper(self.state)

    def pay(self, invoice: str, amount: Decimal) -> None:
        self.bookkeeper.pay(invoice, amount)

    def case_shown(self, invoice: str) -> str:
        return str(self.state.records.get("account.move", int(invoice))["x_amili_case_id"] or "")

    def changing_writes(self, invoice: str) -> int:
        return self.state.changing_writes(int(invoice))

    def strike(self, faults: tuple[Fault, ...]) -> None:
        self.state.switches.set(replace(self.state.switches.switches, faults=faults))

    def behave_as_before(self) -> None:
        self.state.switches.set(LedgerSwitches())

    def let_windows_pass(self, deployment: Deployment) -> None:
        """Odoo counts no requests."""


def fortnox_state(*, now: Callable[[], datetime] = lambda: datetime.now(UTC), **switches: Any) -> FortnoxState:
    """A Fortnox with the stage's app. It lets people and us write to booked invoices unless `switches` say no."""
    app = App(f"stage-{secrets.token_hex(4)}", canary.CLIENT_SECRET, UNREGISTERED)
    chosen: dict[str, Any] = {"booked_put": LockedPut.ALLOW_ALL} | switches
    return FortnoxState(app=app, switches=FortnoxSwitches(**chosen), now=now)


@dataclass
class FortnoxLedger:
    """Fortnox: opened by a person's consent to the deployment's app, for a service account or for a refresh token.

    Several companies share one `state`. People may write to booked invoices here unless a test says otherwise, and
    `events` says whether the deployment is told where the socket is. `dispute_label` is how they mark what is disputed.
    """

    state: FortnoxState = field(default_factory=fortnox_state)
    service_account: bool = True
    events: bool = False
    dispute_label: str = ""
    kind: str = "fortnox"

    def __post_init__(self) -> None:
        self.books: Books = self.state.add_company(COMPANY, ORGANISATION)
        self._switches = self.state.switches.switches
        # Numbers of companies that share a creditor must not meet.
        self._numbers = iter(range(self.books.tenant * 10_000, 10**18))

    def app(self) -> Flask:
        return imitation("fortnox").app(self.state)

    def settings(self, url: str) -> dict[str, str]:
        return {
            "FORTNOX_CLIENT_ID": self.state.app.client_id,
            "FORTNOX_CLIENT_SECRET": self.state.app.client_secret,
            "FORTNOX_WEBHOOK_SECRET": canary.LIFE_CYCLE_SECRET,
            "FORTNOX_AUTHORISATION_URL": url,
            "FORTNOX_API_URL": url,
            "FORTNOX_EVENTS_URL": f"{url.replace('http', 'ws', 1)}/topics-v1" if self.events else "",
        }

    def connect(self, deployment: Deployment, url: str) -> Opened:
        approved = self.approve(deployment)
        return Opened(
            consent.ledger_of(deployment, approved),
            {**approved.host_settings, "request_label": REQUEST_LABEL, "dispute_label": self.dispute_label},
            None,
        )

    def will_approve(self, public_url: str) -> None:
        """A person of the company, signed in, approves the app of the deployment at `public_url` when asked."""
        with self.state.lock:
            registered = replace(self.state.app, redirect_uri=f"{public_url}{CALLBACK_PATH}")
            self.state.grants.apps[registered.client_id] = registered
            self.state.signed_in_to = self.books.tenant

    def approve(self, deployment: Deployment) -> consent.Approved:
        """A person of the company approves the deployment's app, once more if need be."""
        self.will_approve(deployment.settings.public_url)
        question = consent.ask(deployment, "fortnox", service_account=self.service_account)
        visit = requests.get(question.url, allow_redirects=False, timeout=10)
        answer = dict(parse_qsl(urlsplit(visit.headers["Location"]).query))
        approved = consent.receive(deployment, "fortnox", answer, state=question.state)
        assert approved.lasting is self.service_account
        return approved

    def secrets(self) -> Mapping[str, str]:
        with self.state.lock:
            tokens = self.state.grants.given()
        app = {"client secret": self.state.app.client_secret, "life-cycle secret": canary.LIFE_CYCLE_SECRET}
        return app | {f"token {number} of Fortnox": token for number, token in enumerate(tokens)}

    def customer(self, **values: Any) -> str:
        with self.state.lock:
            # Many a ledger numbers its customers so; no test may let it out. It stands in the address of a request.
            free = canary.PERSON not in self.books.customers
            defaults: dict[str, Any] = {
                "OrganisationNumber": CUSTOMERS_NUMBER,
                "Address1": "Kungsgatan 2",
                "ZipCode": "411 19",
                "City": "Göteborg",
                "Email": "faktura@kund.example",
                **({"CustomerNumber": canary.PERSON} if free else {}),
            }
            return self.books.add_customer(values.pop("name", "Kund AB"), **(defaults | values))

    def invoice(self, customer: Any, price: Decimal) -> str:
        with self.state.lock:
            number = str(next(self._numbers))
            return self.books.add_invoice(customer, [Row(WORK, price)], due_days_ago=45, DocumentNumber=number)

    def number(self, invoice: str) -> str:
        return invoice

    def wish(self, invoice: str, by: str) -> None:
        self.bookkeeper.label(invoice, REQUEST_LABEL)

    def wished(self, invoice: str) -> bool:
        return REQUEST_LABEL in self.bookkeeper.labels(invoice)

    @property
    def bookkeeper(self) -> FortnoxBookkeeper:
        return FortnoxBookkeeper(self.state, self.books)

    def pay(self, invoice: str, amount: Decimal) -> None:
        self.bookkeeper.pay(invoice, amount)

    def case_shown(self, invoice: str) -> str:
        with self.state.lock:
            return (
                str(self.books.invoice(invoice)["ExternalInvoiceReference2"] or "").removeprefix("AMILI:").split(" ")[0]
            )

    def changing_writes(self, invoice: str) -> int:
        with self.state.lock:
            return sum(
                write["tenant"] == self.books.tenant and write["path"] == f"/3/invoices/{invoice}"
                for write in self.state.writes
            )

    def strike(self, faults: tuple[Fault, ...]) -> None:
        self.state.switches.set(replace(self.state.switches.switches, faults=faults))

    def behave_as_before(self) -> None:
        self.state.switches.set(self._switches)

    def let_own_windows_pass(self) -> None:
        """Let the time pass in which the imitation counts requests."""
        with self.state.lock:
            fullest = self.state.rate.fullest
            self.state.rate = RateWindows()
            self.state.rate.fullest = fullest

    def let_windows_pass(self, deployment: Deployment) -> None:
        self.let_own_windows_pass()
        with deployment.databases.main.begin() as connection:
            connection.execute(tables.budgets.update().values(used="[]"))


def answered(state: FortnoxState, status: int) -> int:
    """How many requests Fortnox has answered with this status."""
    answers: dict[str, int] = state.traffic.snapshot()["answers"]
    return sum(count for what, count in answers.items() if what.endswith(f" {status}"))


def renewals(state: FortnoxState) -> int:
    """How many requests for tokens Fortnox has granted, the consent's own among them."""
    answers: dict[str, int] = state.traffic.snapshot()["answers"]
    return answers.get("POST /oauth-v1/token 200", 0)
