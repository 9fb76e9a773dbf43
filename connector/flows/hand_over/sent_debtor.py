"""Who is about to be claimed is kept by digests, so that a card that changes later is noticed."""

from __future__ import annotations

from connector.domain.dates import today
from connector.domain.debtor_change import care_of, parts_of
from connector.domain.invoice import Customer
from connector.flows.deployment import Deployment
from connector.store import sent_debtors


def keep(deployment: Deployment, hand_over_id: str, customer: Customer) -> None:
    """Keep what is sent of the customer of a hand-over. Safe to repeat."""
    on = today()
    sent_debtors.keep(
        deployment.databases.main,
        deployment.vault,
        hand_over_id,
        customer=customer.id,
        parts=parts_of(customer, today=on),
        care=tuple(care_of(customer, today=on)),
    )
