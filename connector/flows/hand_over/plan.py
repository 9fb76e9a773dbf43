"""The rule's plan: every overdue invoice with what speaks for and against sending it now. Sends nothing by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from connector.amili.client import AmiliClient
from connector.domain.errors import ConnectorError, RateLimited
from connector.domain.findings import Finding
from connector.domain.hand_over import REOPENABLE, HandOverState, Origin, Request
from connector.domain.invoice import OverdueInvoice
from connector.domain.plan import Brake, NotYet, PlanSize, Proposed, brakes, due_long_enough, not_yet
from connector.flows.deployment import Deployment
from connector.flows.hand_over.preview import Judged, judged_in_ledger
from connector.hosts.base import Host
from connector.hosts.pacing import in_background
from connector.store import hand_overs
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver

PAGE_SIZE = 500
_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
"""A ledger that asks for a longer pause is not waited for: what is left is reported as not read."""
LONGEST_WAIT_S = 1_800.0
"""For how long the pauses of one plan go on altogether."""

Result = TypeVar("Result")


class Standing(StrEnum):
    """What the plan says of an invoice."""

    PROPOSED = "proposed"
    NOT_YET = "not_yet"
    STOPPED = "stopped"
    SENT = "sent"
    SKIPPED = "skipped"
    """A person decided that it is not sent; a rule does not bring it back."""
    UNREAD = "unread"


@dataclass(frozen=True)
class Candidate:
    """An overdue invoice as the plan sees it. `early` and `problem` are for `NOT_YET` and `UNREAD`.

    `bank_unknown` says of a proposed one that it is not known how far receipts are booked.
    """

    invoice: OverdueInvoice
    standing: Standing
    stopping: tuple[Finding, ...] = ()
    early: NotYet | None = None
    problem: str = ""
    bank_unknown: bool = False


def plan(
    deployment: Deployment, connection: StoredConnection, *, today: date, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Candidate]:
    """Every overdue invoice of a company, oldest due date first, read one by one in the background.

    Only those are read whole that have been due for long enough and have no case. People's own work goes first where
    the ledger counts requests. Raises the errors of remote calls for the list itself; an invoice that cannot be read
    is reported as such.
    """
    amili, host = deployment.sides(connection)
    look = _Look(deployment, connection, amili, host, today, Patience(sleep))
    number = 1
    while True:
        rows = look.page(number)
        known = hand_overs.of_invoices(deployment.databases.main, connection.id, tuple(row.id for row in rows))
        for row in rows:
            yield look.at(row, known.get(row.id))
        if len(rows) < PAGE_SIZE:
            return
        number += 1


@dataclass(frozen=True)
class _Look:
    """One making of a plan."""

    deployment: Deployment
    connection: StoredConnection
    amili: AmiliClient
    host: Host
    today: date
    patience: Patience

    def page(self, number: int) -> tuple[OverdueInvoice, ...]:
        return self._patiently(lambda: self.host.overdue(today=self.today, page=number, page_size=PAGE_SIZE))

    def at(self, row: OverdueInvoice, known: HandOver | None) -> Candidate:
        rule = self.connection.settings.rule
        if settled := settled_by(known):
            return Candidate(row, settled)
        if not due_long_enough(row.due_date, rule, today=self.today):
            return Candidate(row, Standing.NOT_YET, early=NotYet.DUE_LATELY)
        try:
            judged = self._patiently(lambda: self._judged(row, known))
        except ConnectorError as error:
            return Candidate(row, Standing.UNREAD, problem=str(error))
        early = not_yet(judged.invoice, rule, today=self.today) if judged.invoice else None
        if early is not None:
            return Candidate(row, Standing.NOT_YET, early=early)
        if judged.stopping:
            return Candidate(row, Standing.STOPPED, judged.stopping)
        if row.balance is None:
            # Its invoice can be read by now; the next plan has both.
            return Candidate(row, Standing.UNREAD, problem="The ledger's list shows no amount that can be read.")
        bank_unknown = judged.invoice is not None and judged.invoice.bank_booked_until is None
        return Candidate(row, Standing.PROPOSED, bank_unknown=bank_unknown)

    def _judged(self, row: OverdueInvoice, known: HandOver | None) -> Judged:
        return judged_in_ledger(self.deployment, self.connection, self.amili, self.host, row.id, known, by_rule=True)

    def _patiently(self, read: Callable[[], Result]) -> Result:
        """Return what `read` gives, at the pace of background work; again while the ledger asks to wait, within
        bounds.
        """
        while True:
            self.patience.must_not_be_over()
            try:
                with in_background():
                    return read()
            except RateLimited as error:
                self.patience.wait(error)


@dataclass
class Patience:
    """How long one plan waits for the caller that asks for it. Once it is over, no one is asked again."""

    sleep: Callable[[float], None]
    _left_s: float = LONGEST_WAIT_S
    _over: RateLimited | None = None

    def must_not_be_over(self) -> None:
        """Raise the last `RateLimited` if there is no patience left."""
        if self._over is not None:
            raise self._over

    def wait(self, error: RateLimited) -> None:
        """Wait as long as was asked for; raise `error` where that is too long."""
        pause_s = max(_PAUSE_S if error.retry_after_s is None else error.retry_after_s, 0.0)
        if pause_s > min(LONGEST_PAUSE_S, self._left_s):
            self._over = error
            raise error
        # Also of a pause of nothing, so that it ends.
        self._left_s -= max(pause_s, 1.0)
        self.sleep(pause_s)


def settled_by(known: HandOver | None) -> Standing | None:
    """Return what an invoice's hand-over says of it without a look at the ledger; None if a rule may propose it."""
    if known is None:
        return None
    if known.state not in REOPENABLE:
        return Standing.SENT
    return Standing.SKIPPED if known.state is HandOverState.SKIPPED else None


def proposals(candidates: Iterable[Candidate]) -> tuple[Proposed, ...]:
    """Return what a plan proposes to send."""
    return tuple(
        Proposed(
            invoice_id=one.invoice.id,
            invoice_number=one.invoice.number,
            customer_name=one.invoice.customer_name,
            due_date=one.invoice.due_date,
            balance=one.invoice.balance,
            bank_unknown=one.bank_unknown,
        )
        for one in candidates
        if one.standing is Standing.PROPOSED and one.invoice.balance is not None
    )


def brakes_on(deployment: Deployment, connection: StoredConnection, size: PlanSize) -> Sequence[Brake]:
    """Return why a plan of this size waits for a person; empty if it may go."""
    is_first = not hand_overs.has_case(deployment.databases.main, connection.id)
    return brakes(size, connection.settings.rule, is_first=is_first)


def request_for(connection: StoredConnection, proposed: Proposed, *, by: str) -> Request:
    """Return what the rule asks for, on behalf of the person who lets it: the first action that the company has chosen
    by now.

    The invoice is read and checked again when it is sent.
    """
    return Request(
        connection=connection.id,
        invoice_id=proposed.invoice_id,
        invoice_number=proposed.invoice_number,
        origin=Origin.RULE,
        asked_by=by,
        first_action=connection.settings.first_action,
        proposed_balance=proposed.balance,
        environment=connection.settings.environment,
    )
