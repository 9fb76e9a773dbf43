"""Looking before acting: what would be sent for an invoice, and what stops it. Sends nothing anywhere."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from connector.amili.client import AmiliClient
from connector.amili.models import FoundCase
from connector.domain.assess import assess
from connector.domain.assessment import Assessment, Circumstances
from connector.domain.checks.money import unreadable_amount
from connector.domain.connection import FirstAction
from connector.domain.dates import today
from connector.domain.errors import AmountUnreadable, ConnectorError
from connector.domain.findings import Finding, Severity, stops
from connector.domain.hand_over import MAY_BE_SENT_AGAIN, REOPENABLE, HandOverState
from connector.domain.invoice import Invoice, OverdueInvoice
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.hand_over import debts
from connector.flows.hand_over.bank_booking import read_invoice
from connector.flows.hand_over.circumstances import creditor_status
from connector.flows.hand_over.deciding import OPEN_TO_WORD
from connector.hosts.base import Host
from connector.store import hand_overs
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver

PAGE_SIZE = 20
_READERS = 4
LOOK_WITHIN_S = 2.0
"""After so long no further invoice of a list is read: a ledger that counts requests would let a page wait for half a
minute, while anyone who opens an invoice has it read at once."""


@dataclass(frozen=True)
class Preview:
    """One invoice as it would be sent now. `stopping` are the findings that need mending, lifting or a tick.

    `invoice` and `assessment` are None when the ledger's amounts cannot be read; `stopping` then says so.
    `asks_whose` says that an open case at Amili stops it until a person has decided on the hand-over whose that is.
    """

    connection: StoredConnection
    invoice_id: str
    first_action: FirstAction | str
    invoice: Invoice | None
    assessment: Assessment | None
    stopping: tuple[Finding, ...]
    hand_over: HandOver | None
    asks_whose: bool = False


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
    deployment: Deployment, connection_id: str, invoice_id: str, *, first_action: FirstAction | str | None = None
) -> Preview:
    """Read one invoice afresh, look for its cases at Amili, and judge it. Raises `connector.domain.errors`."""
    connection = deployment.connection(connection_id)
    amili, host = deployment.sides(connection)
    action = first_action or connection.settings.first_action
    standing = hand_overs.latest(deployment.databases.main, connection_id, invoice_id)
    try:
        invoice = read_invoice(deployment, connection_id, host, invoice_id)
    except AmountUnreadable as error:
        return Preview(connection, invoice_id, action, None, None, (unreadable_amount(error.field),), standing)
    cases = amili.cases_of_invoice(connection.settings.creditor, invoice.number, since=invoice.invoice_date)
    claimed = debts.claimed_now(deployment, connection.settings, standing, connection_id, invoice)
    closed = debts.closed_case(deployment, claimed, cases)
    assessment = assess(
        invoice, connection.settings, _circumstances(deployment, connection, amili, action, standing, closed)
    )
    whose = _whose(deployment, connection, standing, invoice, cases)
    assessment = assessment.model_copy(update={"findings": (*whose, *assessment.findings)})
    stopping = stops(assessment.findings, accepted=connection.settings.accepted_warnings, lifted={})
    asks_whose = any(finding.severity is Severity.BLOCK for finding in whose)
    return Preview(connection, invoice_id, action, invoice, assessment, stopping, standing, asks_whose)


def _whose(
    deployment: Deployment,
    connection: StoredConnection,
    standing: HandOver | None,
    invoice: Invoice,
    cases: tuple[FoundCase, ...],
) -> tuple[Finding, ...]:
    """Return what a person decides about open cases of the invoice's number, before it is sent or once it has
    stopped.
    """
    if standing is not None and standing.state not in (*MAY_BE_SENT_AGAIN, HandOverState.REQUESTED):
        return ()
    found = debts.strangers(deployment, connection.settings, standing, connection.id, invoice, cases)
    # Without a hand-over there is nothing yet to decide on, and asking for one must stay possible.
    decidable = standing is not None and standing.state in OPEN_TO_WORD
    say = remote_findings.case_differs if decidable else remote_findings.case_will_differ
    return tuple(say(case_id, likeness) for case_id, likeness in found)


def _circumstances(
    deployment: Deployment,
    connection: StoredConnection,
    amili: AmiliClient,
    action: FirstAction | str,
    standing: HandOver | None,
    closed_case: str,
    *,
    by_rule: bool = False,
) -> Circumstances:
    withdrawn = standing.case_id if standing and standing.state is HandOverState.WITHDRAWN else ""
    # An open case that we did not make stops no hand-over: it is taken over if it fits, and nothing is registered.
    return Circumstances(
        today=today(),
        first_action=action,
        by_rule=by_rule,
        open_case=standing.case_id if standing and not withdrawn else "",
        unknown_attempt=standing is not None and standing.state in (HandOverState.UNKNOWN, HandOverState.TAKEN),
        withdrawn_case=closed_case or withdrawn,
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
    *,
    by_rule: bool = False,
) -> Judged:
    """One invoice of a long list, without asking Amili for each one whether it has had a case.

    `by_rule` judges it as a rule may send it, else as a person may.
    Raises the errors of remote calls.
    """
    try:
        invoice = read_invoice(deployment, connection.id, host, invoice_id)
    except AmountUnreadable as error:
        return Judged(None, (unreadable_amount(error.field),))
    action = connection.settings.first_action
    circumstances = _circumstances(deployment, connection, amili, action, standing, "", by_rule=by_rule)
    findings = assess(invoice, connection.settings, circumstances).findings
    return Judged(invoice, stops(findings, accepted=connection.settings.accepted_warnings, lifted={}))
