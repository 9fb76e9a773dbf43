"""The ledgers that the demo can be played with: imitations, served on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from connector.domain.hand_over import WriteBackState
from connector.flows.companies import connecting, consent
from connector.flows.deployment import Deployment
from connector.hosts.base import LedgerIdentity
from connector.hosts.fortnox.kind import CALLBACK_PATH
from connector.remote.addresses import guarded_pool
from connector.remote.calls import Kind, ask
from connector.sandbox.fortnox import settling as fortnox_settling
from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.seed import demo_books
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running

_DATABASE = "demo"
_CONSENT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Way:
    """How a ledger was opened: what a connection is made of."""

    ledger: LedgerIdentity
    host_settings: dict[str, Any]
    api_key: SecretStr | None


@dataclass(frozen=True)
class DemoLedger:
    """A served ledger. `labels` names its invoices' ids, `settings` is what the deployment must know of it.

    `written` is what becomes of writing the case id back, and `place` says so in words.
    """

    host: str
    organization_number: str
    labels: Mapping[str, str]
    pay: Callable[[str], object]
    open: Callable[[Deployment], Way] = field(repr=False)
    settings: Mapping[str, object] = field(repr=False)
    written: WriteBackState
    place: str


@contextmanager
def demo_odoo(_public_url: str) -> Iterator[DemoLedger]:
    """An Odoo, opened by an API key."""
    key = secrets.token_hex(20)
    state = OdooState(seed=demo_ledger, database=_DATABASE, api_key=key)
    with running(create_odoo(state)) as url:

        def way(deployment: Deployment) -> Way:
            set_up = {"answer_action_id": ACTION_IDS[ANSWER]}
            host = {"url": url, "database": _DATABASE, "fee_products": ["FAKTAVG"], **set_up}
            return Way(connecting.identify_ledger(deployment, "odoo", host, SecretStr(key)), host, SecretStr(key))

        yield DemoLedger(
            host="odoo",
            organization_number=state.organization_number,
            labels={label: str(invoice) for label, invoice in state.labels.items()},
            pay=lambda invoice_id: state.books.pay(int(invoice_id)),
            open=way,
            settings={},
            written=WriteBackState.WRITTEN,
            place="the case id written back on the invoice",
        )


@contextmanager
def demo_fortnox(public_url: str) -> Iterator[DemoLedger]:
    """A Fortnox that lets booked invoices be, opened by a consent which is given here without asking anybody."""
    app = App("demo-client", secrets.token_hex(20), f"{public_url}{CALLBACK_PATH}")
    state = FortnoxState(seed=demo_books, app=app)
    (books,) = state.companies.values()
    with running(create_fortnox(state)) as url:

        def way(deployment: Deployment) -> Way:
            question = consent.ask(deployment, "fortnox")
            answer = ask(
                guarded_pool(allow_private=True),
                "GET",
                question.url,
                kind=Kind.DOCUMENT,
                timeout_s=(_CONSENT_TIMEOUT_S, _CONSENT_TIMEOUT_S),
                within_s=_CONSENT_TIMEOUT_S,
            )
            address = answer.headers.get("Location", "")
            approved = consent.receive(deployment, "fortnox", consent.answer_in(address), state=question.state)
            return Way(consent.ledger_of(deployment, approved), approved.host_settings, None)

        def pay(number: str) -> str:
            with state.lock:
                return fortnox_settling.pay(books, number)

        yield DemoLedger(
            host="fortnox",
            organization_number=books.organisation_number.replace("-", ""),
            labels=dict(state.labels),
            pay=pay,
            open=way,
            settings={
                "fortnox_client_id": app.client_id,
                "fortnox_client_secret": app.client_secret,
                "fortnox_authorisation_url": url,
                "fortnox_api_url": url,
                "fortnox_events_url": f"{url.replace('http', 'ws', 1)}/topics-v1",
            },
            written=WriteBackState.REFUSED,
            place="Fortnox lets booked invoices be, so that the case id is shown on the pages alone",
        )


DEMO_LEDGERS: Mapping[str, Callable[[str], AbstractContextManager[DemoLedger]]] = {
    "odoo": demo_odoo,
    "fortnox": demo_fortnox,
}
"""How each is served, given the address under which the connector is reached."""
