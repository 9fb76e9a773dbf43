"""A connection and requests for the store's tests, and a way to let time pass for one hand-over."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import update

from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.findings import Finding, Severity
from connector.domain.hand_over import Judgement, Origin, Request
from connector.domain.invoice import InvoiceState, Standing
from connector.domain.plan import Proposed
from connector.domain.text import StoredWords
from connector.store import connections, hand_over_work, hand_overs, tables
from connector.store.crypto import Vault
from connector.store.database import Databases
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Lease

CONNECTION = "testbolaget"
OTHER = "annat"
CREDITOR = "674dbeb208847b9501cc9138"
BLOCKING = Finding(
    code="E3", severity=Severity.BLOCK, field="customer.id_number", says=StoredWords("Nummer saknas.", "Missing.")
)
MINUTE = 60.0

OPEN = Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00"))


def key() -> SecretStr:
    """A fresh encryption key."""
    return SecretStr(Fernet.generate_key().decode())


def vault() -> Vault:
    """A vault with a fresh key."""
    return Vault((key(),))


def add_access(databases: Databases, sealed_with: Vault, access_id: str = "default") -> None:
    """A key pair to which connections may point."""
    connections.put_access(
        databases.main,
        sealed_with,
        access_id=access_id,
        private_key=SecretStr("canary-private-key"),
        public_key="public",
        api_code=SecretStr("canary-api-code"),
    )


def add_connection(databases: Databases, sealed_with: Vault | None = None, **values: Any) -> str:
    """A connection with its key pair; gives its webhook token."""
    chosen = sealed_with or vault()
    add_access(databases, chosen)
    details: dict[str, Any] = {
        "connection_id": CONNECTION,
        "host": "odoo",
        "name": "Testbolaget AB",
        "settings": ConnectionSettings(creditor=CREDITOR, account="674dbeaf08847b9501cc9132"),
        "amili_access": "default",
        "secrets": {"api_key": SecretStr("canary-ledger-key")},
    }
    return connections.add(databases.main, chosen, **(details | values))


def add_two_connections(databases: Databases) -> None:
    """The connection, and another of a company in Fortnox, with one key pair."""
    sealed_with = vault()
    add_connection(databases, sealed_with)
    connections.add(
        databases.main,
        sealed_with,
        connection_id=OTHER,
        host="fortnox",
        name="Annat AB",
        settings=ConnectionSettings(creditor="774dbeb208847b9501cc9138", account="674dbeaf08847b9501cc9132"),
        amili_access="default",
        secrets={"api_key": SecretStr("canary-ledger-key")},
    )


def request(**values: Any) -> Request:
    """A person's request on the command line for invoice 1."""
    details: dict[str, Any] = {
        "connection": CONNECTION,
        "invoice_id": "1",
        "origin": Origin.COMMAND,
        "asked_by": "Eva",
    }
    return Request(**(details | values))


def proposed(*invoice_ids: str) -> list[Proposed]:
    """Invoices as a rule proposes them."""
    return [
        Proposed(
            invoice_id=one,
            invoice_number=f"INV/{one}",
            customer_name="Kund AB",
            due_date=date(2026, 10, 1),
            balance=Decimal("1250.50"),
        )
        for one in invoice_ids
    ]


def ask(databases: Databases, creditor: str = CREDITOR, **values: Any) -> tuple[HandOver, Judgement]:
    """Ask for a hand-over."""
    return hand_overs.ask(
        databases.main, request(**values), creditor=creditor, default_action=FirstAction.DEBT_COLLECTION
    )


def claimed(databases: Databases, hand_over: HandOver, *, for_s: float = MINUTE, settle_s: float = MINUTE) -> Lease:
    """The lease on a hand-over that is free."""
    lease = hand_over_work.claim(databases.main, hand_over.id, for_s=for_s, settle_s=settle_s)
    assert isinstance(lease, Lease)
    return lease


def armed(databases: Databases, hand_over: HandOver) -> Lease:
    """The lease on a hand-over whose registration may be on its way."""
    lease = claimed(databases, hand_over)
    arm(databases, lease)
    return lease


def arm(databases: Databases, lease: Lease) -> None:
    """Commit the intent to register."""
    hand_over_work.arm(
        databases.main,
        lease,
        for_s=MINUTE,
        settle_s=MINUTE,
        debtor_name="Kund AB",
        capital=Decimal("1250.00"),
        standing=OPEN,
        counted=(),
    )


def register(databases: Databases, lease: Lease, case_id: str = "case") -> None:
    """Store a case for the lease's hand-over."""
    hand_over_work.registered(
        databases.main, lease, registration_id="registration", case_id=case_id, ocr="20251", findings=()
    )


def blocked(databases: Databases, **values: Any) -> HandOver:
    """A hand-over that ended with a finding."""
    hand_over, _ = ask(databases, **values)
    hand_over_work.block(databases.main, claimed(databases, hand_over), (BLOCKING,))
    return hand_overs.get(databases.main, hand_over.id)


def let_pass(databases: Databases, hand_over: HandOver, seconds: float) -> None:
    """Move every instant of a hand-over into the past, as if so many seconds had gone by."""
    instants = ("deadline", "free_at", "attempted_at", "unknown_since", "first_post_at", "taken_at", "updated_at")
    table = tables.hand_overs
    with databases.main.begin() as connection:
        connection.execute(
            update(table).where(table.c.id == hand_over.id).values({name: table.c[name] - seconds for name in instants})
        )
