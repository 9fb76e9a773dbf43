"""Reading what Amili pays out, for the report of money. The connector books nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

from connector.amili.client import AmiliClient
from connector.amili.finance import PayoutLine
from connector.domain.money_view import PaidOut
from connector.flows.deployment import Deployment
from connector.flows.job import COMPANIES, DAY_S, HOUR_S, job
from connector.flows.outcome import NOT_NOW, STOP, Outcome
from connector.flows.troubles import PAYOUT_GUARD, PAYOUTS
from connector.store import payout_lines, troubles
from connector.store.connections import StoredConnection

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_BATCH = 500


@job("payouts", every=DAY_S, per=COMPANIES, again_after_s=HOUR_S / 2, trouble=PAYOUTS)
def look(deployment: Deployment, connection_id: str) -> Outcome:
    """Read what has been paid out to one connection's creditor since it was last read."""
    connection = deployment.connection(connection_id)
    if connection.amili_refused_at is not None:
        return NOT_NOW
    amili = deployment.amili(connection.settings.environment, deployment.access(connection.amili_access))
    read(deployment, connection, amili)
    troubles.over(deployment.databases.main, PAYOUT_GUARD, connection.id)
    return STOP


def read(deployment: Deployment, connection: StoredConnection, amili: AmiliClient) -> int:
    """Keep every line of the creditor's that is new or changed; gives how many. Raises the errors of remote calls.

    Lines come latest first, so that how far they were read is noted only after the last: an end in the middle loses
    nothing but the time to read them again.
    """
    db = deployment.databases.main
    environment, creditor = connection.settings.environment.value, connection.settings.creditor
    before = payout_lines.read_to(db, environment, creditor)
    since = _BEGINNING if before is None else datetime.fromtimestamp(before, UTC)
    lines = amili.payout_lines_since(creditor, since)
    latest, count = before or 0.0, 0
    while batch := list(islice(lines, _BATCH)):
        latest = max(latest, *(line.updated_at.timestamp() for line in batch if line.updated_at))
        count += len(batch)
        payout_lines.keep(
            db,
            environment=environment,
            creditor=creditor,
            lines=[(line.id, _paid_out(line)) for line in batch],
            read_to=None,
        )
    payout_lines.keep(db, environment=environment, creditor=creditor, lines=(), read_to=latest)
    return count


def _paid_out(line: PayoutLine) -> PaidOut:
    return PaidOut(
        invoice_number=line.invoice_number,
        category=line.category,
        article=line.article,
        currency=line.currency,
        total=line.total_amount if line.total_amount is not None else line.amount,
        booked_on=line.booked_on,
        payout_date=line.payout_date,
        payout_reference=line.payout_reference,
    )
