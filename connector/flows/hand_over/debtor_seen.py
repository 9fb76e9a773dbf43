"""Whether a ledger gives an invoice to another debtor than when we first read it.

Some do so where a customer that stood for itself gets a company, and where cards are merged; they keep no name of the
day on which an invoice was made.
"""

from __future__ import annotations

from connector.domain.dates import today
from connector.domain.debtor import read_debtor
from connector.domain.invoice import Invoice, InvoiceState
from connector.flows.deployment import Deployment
from connector.store import debtors_read, digest_keys
from connector.store.debtors_read import DebtorRead


def with_debtor_seen(deployment: Deployment, connection_id: str, invoice: Invoice) -> Invoice:
    """The invoice, which says whether its debtor is another than at its first reading. Drafts may change freely."""
    customer = invoice.customer
    if invoice.state is not InvoiceState.BOOKED or not customer.id:
        return invoice
    identity = read_debtor(customer, today=today()).identity
    read = DebtorRead(
        _digest(deployment, f"{connection_id}/{customer.id}"),
        _digest(deployment, identity.digits[-10:]) if identity else "",
    )
    before = debtors_read.first(deployment.databases.main, connection_id, invoice.id, read)
    if not _is_another(before, read):
        return invoice
    return invoice.model_copy(update={"customer": customer.model_copy(update={"debtor_changed": True})})


def _is_another(before: DebtorRead, read: DebtorRead) -> bool:
    # Two cards with one number are one debtor; a number that was filled in or fixed is no other.
    if before.number and read.number:
        return before.number != read.number
    return before.customer != read.customer


def _digest(deployment: Deployment, text: str) -> str:
    return digest_keys.of_debtor(deployment.databases.main, deployment.vault, text)
