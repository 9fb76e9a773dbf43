"""Looking before acting: what would be sent for an invoice, and what stops it. Sends nothing anywhere."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from connector.amili.client import AmiliClient
from connector.amili.models import Case
from connector.domain.assess import assess
from connector.domain.assessment import Assessment, Circumstances
from connector.domain.checks.money import unreadable_amount
from connector.domain.connection import FirstAction
from connector.domain.dates import today
from connector.domain.errors import AmountUnreadable, ConnectorError
from connector.domain.findings import Finding, stops
from connector.domain.hand_over import REOPENABLE, HandOverState
from connector.domain.invoice import Invoice, OverdueInvoice
from connector.flows.deployment import Deployment
from connector.flows.hand_over.register import closed_case, creditor_status
from connector.hosts.base import Host
from connector.store import hand_overs
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver

PAGE_SIZE = 20
_READERS = 4
LOOK_WITHIN_S = 2.0
"""After so long no further invoice of a list is read: a ledger that counts requests would let a page wait for half a
minute, while whoever opens an invoice has it read at once."""


@dataclass(frozen=True)
class Preview:
    """One invoice as it would be sent now. `stopping` are the findings that need mending, lifting or a tick.

    `invoice` and `assessment` are None when the ledger's amounts cannot be read; `stopping` then says so.
    """

    connection: StoredConnection
    invoice_id: str
    first_action: FirstAction
    invoice: Invoice | None
    assessment: Assessment | None
    stopping: tuple[Finding, ...]
    hand_over: HandOver | None


@dataclass(frozen=True)
class OverdueRow:
    """A line of the list of overdue invoices. `problem` says why an invoice could not be judged, if so.

    `judged` is False for one that was not looked at, so as not to keep the reader waiting.
    """

    invoice: OverdueInvoice
    stopping: tuple[Finding, ...] = ()
    hand_over: HandOver | None = None
    problem: str = field(default="")
    judged: bool = True


@dataclass(frozen=True)
class Judged:
    """An invoice read afresh, None if its amounts cannot be read, and what stops it as far as its ledger tells."""

    invoice: Invoice | None
    stopping: tuple[Finding, ...]


def preview(
    deployment: Deployment, connection_id: str, invoice_id: str, *, first_action: FirstAction | None = None
) -> Preview:
    """Read one invoice afresh, look for its cases at Amili, and judge it. Raises `connector.domain.errors`."""
    connection = deployment.connection(connection_id)
    amili, host = deployment.sides(connection)
    action = first_action or connection.settings.first_action
    standing = hand_overs.latest(deployment.databases.main, connection_id, invoice_id)
    try:
        invoice = host.read(invoice_id)
    except AmountUnreadable as error:
        return Preview(connection, invoice_id, action, None, None, (unreadable_amount(error.field),), standing)
    cases = amili.cases_of_invoice(connection.settings.creditor, invoice.number)
    assessment = assess(
        invoice, connection.settings, _circumstances(deployment, connection, amili, action, standing, cases)
    )
    stopping = stops(assessment.findings, accepted=connection.settings.accepted_warnings, lifted={})
    return Preview(connection, invoice_id, action, invoice, assessment, stopping, standing)


def _circumstances(
    deployment: Deployment,
    connection: StoredConnection,
    amili: AmiliClient,
    action: FirstAction,
    standing: HandOver | None,
    cases: tuple[Case, ...],
) -> Circumstances:
    withdrawn = standing.case_id if standing and standing.state is HandOverState.WITHDRAWN else ""
    # An open case that we did not make does not stop a hand-over: it is taken over, and nothing is registered.
    return Circumstances(
        today=today(),
        first_action=action,
        open_case=standing.case_id if standing and not withdrawn else "",
        unknown_attempt=standing is not None and standing.state is HandOverState.UNKNOWN,
        withdrawn_case=closed_case(cases) or withdrawn,
        creditor=creditor_status(deployment, connection, amili),
    )


def overdue(
    deployment: Deployment, connection_id: str, *, page: int = 1, within_s: float = LOOK_WITHIN_S
) -> tuple[OverdueRow, ...]:
    """One page of a connection's overdue invoices, each with what the ledger says would block it now.

    Those whose turn does not come `within_s` seconds are listed without being judged.
    """
    until = time.monotonic() + within_s
    connection = deployment.connection(connection_id)
    amili, host = deployment.sides(connection)
    invoices = host.overdue(today=today(), page=page, page_size=PAGE_SIZE)
    known = hand_overs.of_invoices(deployment.databases.main, connection_id, tuple(row.id for row in invoices))

    def judge(invoice: OverdueInvoice) -> OverdueRow:
        standing = known.get(invoice.id)
        if standing is not None and standing.state not in REOPENABLE:
            return OverdueRow(invoice, hand_over=standing)
        if time.monotonic() >= until:
            return OverdueRow(invoice, hand_over=standing, judged=False)
        try:
            judged = judged_in_ledger(deployment, connection, amili, host, invoice.id, standing)
        except ConnectorError as error:
            return OverdueRow(invoice, hand_over=standing, problem=str(error))
        return OverdueRow(invoice, judged.stopping, standing)

    with ThreadPoolExecutor(_READERS) as readers:
        return tuple(readers.map(judge, invoices))


def judged_in_ledger(
    deployment: Deployment,
    connection: StoredConnection,
    amili: AmiliClient,
    host: Host,
    invoice_id: str,
    standing: HandOver | None,
) -> Judged:
    """One invoice of a long list, without asking Amili for each one whether it has had a case.

    Raises the errors of remote calls.
    """
    try:
        invoice = host.read(invoice_id)
    except AmountUnreadable as error:
        return Judged(None, (unreadable_amount(error.field),))
    action = connection.settings.first_action
    circumstances = _circumstances(deployment, connection, amili, action, standing, ())
    findings = assess(invoice, connection.settings, circumstances).findings
    return Judged(invoice, stops(findings, accepted=connection.settings.accepted_warnings, lifted={}))
