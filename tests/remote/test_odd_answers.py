"""Every system we speak to, when its answer is too large, packed, endless or dripping: what is known then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from connector.amili.client import AmiliClient
from connector.amili.registration import registration_body
from connector.domain.errors import NotSent, OutcomeUnknown, TooLarge, Unavailable, was_taken
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.oauth import SCOPES, AuthorisationServer, FortnoxApp
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.pdf import fetch_pdf
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.pacing import Pace
from connector.remote.calls import Kind
from connector.remote.policy import HttpPolicy
from connector.remote.tokens import MemoryTokenStore
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import guide_state
from connector.sandbox.fortnox.grants import App, Grant
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import FaultKind
from tests.amili.samples import API_CODE, KEYS, credentials, guide_claim
from tests.hosts.fortnox.scripted_answers import Tokens, Turns

BETWEEN = 16 * 1024 * 1024
"""What the machine itself may hold between two sockets."""


PATIENT = HttpPolicy(connect_timeout_s=5.0, read_timeout_s=20.0, allow_private=True)
HURRIED = HttpPolicy(connect_timeout_s=1.0, read_timeout_s=1.0, allow_private=True)
"""What a call may take in all follows from these, and ends long before any dripping answer does."""
EVERY_S = 0.05


@dataclass
class System:
    """A system of the sandbox, the calls of ours that are tried, and the kind of answer that each takes."""

    state: Any
    calls: dict[str, tuple[Kind, Callable[[], Any]]]

    def strike(self, fault: FaultKind, **more: Any) -> None:
        self.state.switches.change({"faults": [{"kind": fault.value, "share": 1, **more}]})

    @property
    def taken_bytes(self) -> int:
        return int(self.state.traffic.snapshot()["odd_answer_bytes"])


@contextmanager
def amili(http: HttpPolicy) -> Iterator[System]:
    state = guide_state()
    state.register_key(API_CODE, KEYS.public_key)
    with running(create_amili(state)) as url:

        def client() -> AmiliClient:
            return AmiliClient(url, credentials(), MemoryTokenStore(), http=http)

        known = client()
        known.who()
        numbers = iter(range(1000))

        def register() -> None:
            claim = guide_claim().model_copy(update={"invoice_number": f"INV-{next(numbers)}"})
            known.register(registration_body(claim), may_send=lambda: None)

        yield System(
            state,
            {
                "token": (Kind.DOCUMENT, lambda: client().who()),
                "list": (Kind.LIST, lambda: list(known.registrations())),
                "creation": (Kind.DOCUMENT, register),
            },
        )


@contextmanager
def odoo(version: OdooVersion, http: HttpPolicy) -> Iterator[System]:
    state = OdooState(switches=LedgerSwitches(version=version))
    demo_ledger(state)
    state.pdf_action = 304
    settings = OdooSettings(company_id=1, pdf_action_id=304)
    with running(imitation("odoo").app(state)) as url:

        def client() -> OdooClient:
            return OdooClient(
                url,
                state.database,
                SecretStr(state.api_key),
                login="connector",
                http=http,
            )

        known = client()
        # Its version, and who we are, are known from now on.
        known.call("account.move", "search", domain=[], limit=1)
        yield System(
            state,
            {
                "version": (Kind.DOCUMENT, lambda: client().version()),
                "list": (Kind.LIST, lambda: known.call("account.move", "search_read", domain=[], fields=["name"])),
                "PDF": (Kind.PDF, lambda: fetch_pdf(known, str(state.labels["clean"]), settings)),
            },
        )


@contextmanager
def fortnox(http: HttpPolicy) -> Iterator[System]:
    app = App("client-1", "the-apps-own-secret", "https://connector.example/callback")
    state = FortnoxState(app=app)
    books = state.add_company("Testbolaget AB", "556677-8899")
    customer = books.add_customer("Provkund AB")
    number = str(books.add_invoice(customer, []))
    state.consent(Grant(app.client_id, books.tenant, tuple(SCOPES), service=True))
    token = state.grants.by_credentials(app, str(books.tenant), ()).access.token
    state.switches.change({"rate_limit_requests": 10_000, "booked_put": "allow_all"})
    with running(imitation("fortnox").app(state)) as url:
        client = FortnoxClient(Tokens(token), Pace(Turns(), system="Fortnox"), url=url, http=http)
        server = AuthorisationServer(
            FortnoxApp(app.client_id, SecretStr(app.client_secret), app.redirect_uri),
            url=url,
            http=http,
        )
        yield System(
            state,
            {
                "token": (Kind.DOCUMENT, lambda: server.by_tenant(str(books.tenant))),
                "document": (Kind.DOCUMENT, lambda: client.read(Call.READ_INVOICE, number)),
                "list": (Kind.LIST, lambda: list(client.pages(Call.LIST_INVOICES))),
                "PDF": (Kind.PDF, lambda: client.preview(number)),
                "change": (Kind.DOCUMENT, lambda: client.set_reference(number, "68a1f0")),
            },
        )


SYSTEMS: dict[str, Callable[[HttpPolicy], AbstractContextManager[System]]] = {
    "Amili": amili,
    **{f"Odoo {version.value}": partial(odoo, version) for version in OdooVersion},
    "Fortnox": fortnox,
}
ALL = [
    *(("Amili", call) for call in ("token", "list", "creation")),
    *((f"Odoo {version.value}", call) for version in OdooVersion for call in ("version", "list", "PDF")),
    *(("Fortnox", call) for call in ("token", "document", "list", "PDF", "change")),
]
OPENING = {("Amili", "token"), ("Fortnox", "token")}
"""What these are asked for only opens the door to a call, which then has surely not been sent."""


@pytest.mark.parametrize("fault", [FaultKind.LARGE_ANSWER, FaultKind.PACKED_ANSWER])
@pytest.mark.parametrize(("system", "name"), ALL)
def test_an_answer_of_just_the_largest_size_is_an_answer(system: str, name: str, fault: FaultKind) -> None:
    with SYSTEMS[system](PATIENT) as struck:
        kind, call = struck.calls[name]
        struck.strike(fault, size_bytes=kind.value)
        call()


@pytest.mark.parametrize(
    ("fault", "size_bytes"),
    [
        (FaultKind.LARGE_ANSWER, 1),
        (FaultKind.PACKED_ANSWER, 1),
        (FaultKind.PACKED_ANSWER, 100 * 1024 * 1024),
        (FaultKind.ENDLESS_ANSWER, 0),
    ],
)
@pytest.mark.parametrize(("system", "name"), ALL)
def test_a_larger_one_is_not_read_and_is_no_clear_no(system: str, name: str, fault: FaultKind, size_bytes: int) -> None:
    with SYSTEMS[system](PATIENT) as struck:
        kind, call = struck.calls[name]
        struck.strike(fault, size_bytes=kind.value + size_bytes)
        with pytest.raises((OutcomeUnknown, NotSent)) as caught:
            call()
        assert f"{kind.value // 1024 // 1024} MiB" in str(caught.value)
        assert isinstance(caught.value, Unavailable if (system, name) in OPENING else TooLarge)
        assert struck.taken_bytes < kind + BETWEEN


BY_THE_BYTE = [
    ("Amili", "token"),
    ("Amili", "creation"),
    ("Odoo 17.0", "list"),
    ("Odoo 19.0", "list"),
    ("Fortnox", "token"),
    ("Fortnox", "change"),
]


@pytest.mark.parametrize(("system", "name"), BY_THE_BYTE)
def test_one_that_comes_by_the_byte_is_left_and_is_no_clear_no(system: str, name: str) -> None:
    with SYSTEMS[system](HURRIED) as struck:
        struck.strike(FaultKind.DRIPPING_ANSWER, every_s=EVERY_S)
        with pytest.raises((OutcomeUnknown, NotSent)) as caught:
            struck.calls[name][1]()
        assert isinstance(caught.value, Unavailable if (system, name) in OPENING else OutcomeUnknown)


@pytest.mark.parametrize(("system", "name"), BY_THE_BYTE)
def test_one_that_comes_by_the_byte_and_in_time_is_an_answer(system: str, name: str) -> None:
    with SYSTEMS[system](PATIENT) as struck:
        struck.strike(FaultKind.DRIPPING_ANSWER)
        struck.calls[name][1]()


def test_a_registration_whose_answer_is_too_large_was_taken_in() -> None:
    with amili(PATIENT) as struck:
        struck.strike(FaultKind.ENDLESS_ANSWER, operations=["register"])
        with pytest.raises(TooLarge) as caught:
            struck.calls["creation"][1]()
        assert was_taken(caught.value)
        assert len(struck.state.cases_of("INV-0")) == 1
