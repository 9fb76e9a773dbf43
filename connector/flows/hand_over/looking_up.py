"""Looking up what Amili has already, after an earlier store was put back, and before anything more is sent.

What was sent since the store was as it is stands at Amili alone. Where it surely was put back, nothing of a company is
sent before a settling time is over, in which what was on its way arrives. Then each of its hand-overs without a case is
compared with Amili's open cases, and with the registrations of that time that show no case. What fits its debt is its
case, whatever the hand-over waited for: a stopped one may have been fixed and sent. What fits nothing here, the
comparison lists, made right after.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.amili.client import AmiliClient
from connector.amili.models import Registration
from connector.domain.errors import AmountUnreadable, KeyRefused, NotFound
from connector.domain.findings import Finding
from connector.domain.hand_over import UNFINISHED
from connector.flows import remote_findings, troubles
from connector.flows.deployment import Deployment
from connector.flows.hand_over import debts
from connector.flows.job import Job, job
from connector.flows.outcome import STOP, Outcome, Then
from connector.flows.troubles import About
from connector.hosts.base import Host
from connector.hosts.pacing import in_background
from connector.store import comparisons, connections, found_cases, hand_overs, restores
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.store.restores import Hold

log = logging.getLogger(__name__)

RESTORED = "restored"
_CLOCKS_DIFFER = timedelta(minutes=15)
"""So far Amili's clock and ours may lie apart: it lets no one in whose is further off."""


@dataclass(frozen=True)
class Restored:
    """A company to look into, after the restore of this number."""

    connection: str
    restore: int


def job_of(hold: Hold) -> Job:
    """The work of looking into one company."""
    return Job(RESTORED, Restored(hold.connection, hold.restore), hold.connection, number=hold.restore)


@job(
    RESTORED,
    carries=Restored,
    about=lambda restored: About.of_connection(restored.connection),
    trouble=troubles.RESTORED,
    found=lambda deployment: map(job_of, restores.holds(deployment.databases.main)),
)
@in_background()
def look_up(deployment: Deployment, restored: Restored) -> Outcome:
    """Look into one company, once its settling time is over, and let its work go on. Safe to repeat at any point."""
    db = deployment.databases.main
    hold = next((one for one in restores.holds(db) if Restored(one.connection, one.restore) == restored), None)
    if hold is None:
        return STOP
    if hold.connection not in connections.ids(db):
        restores.release(db, hold)
        return STOP
    # What only broke off a while ago has had that time already, and no one waits longer for it than they must.
    wait_s = deployment.settings.settle_s - hold.age_s if hold.is_sure else 0.0
    if wait_s > 0:
        return Outcome(Then.AGAIN_FIRST, wait_s + 0.01)
    connection = deployment.connection(hold.connection)
    amili, host = deployment.sides(connection)
    found = _Lookup(deployment, connection, amili, host, hold).run()
    comparisons.ask(db, connection.id, by="")
    restores.release(db, hold)
    log.warning("connection %s: looked up after a restore; hand-overs that had gone further: %d", connection.id, found)
    return STOP


@dataclass(frozen=True)
class _Lookup:
    deployment: Deployment
    connection: StoredConnection
    amili: AmiliClient
    host: Host
    hold: Hold

    def run(self) -> int:
        """Give every hand-over its case, if it has come to one; gives how many had."""
        db, creditor = self.deployment.databases.main, self.connection.settings.creditor
        ours = hand_overs.known_cases(db, creditor)
        numbers = {case.invoice_number for case in self.amili.open_cases(creditor) if case.id not in ours}
        without_case = {number: one for one in self._registered_since() for number in one.invoice_numbers}
        if not numbers and not without_case:
            return 0
        lost = restores.lost(db, self.connection.id)
        return sum(
            self._of(one, number, without_case) for one, number in self._numbered(lost, {*numbers, *without_case})
        )

    def _registered_since(self) -> Iterator[Registration]:
        """Registrations of the time that the store does not know, which show no case."""
        creditor = self.connection.settings.creditor
        since = datetime.fromtimestamp(self.hold.data_of or 0.0, UTC)
        for one in self.amili.registrations({"creditor": creditor}):
            is_new = one.created_at is None or one.created_at >= since - _CLOCKS_DIFFER
            if one.creditor == creditor and is_new and not one.case_ids:
                yield one

    def _numbered(self, lost: tuple[HandOver, ...], wanted: set[str | None]) -> Iterator[tuple[HandOver, str]]:
        """Those whose invoice has one of these numbers. One that was never read is read now, if it is to be sent."""
        for one in lost:
            number = one.invoice_number
            if not number and one.state in UNFINISHED:
                try:
                    number = self.host.read(one.invoice_id).number
                except (NotFound, AmountUnreadable, KeyRefused):
                    # Nothing is sent of what cannot be read, and it is looked for by its number when it can be.
                    continue
            if number in wanted:
                yield one, number

    def _of(self, one: HandOver, number: str, without_case: dict[str, Registration]) -> bool:
        db = self.deployment.databases.main
        cases = self.amili.cases_of_invoice(one.creditor, number, since=one.invoice_date)
        withdrawn = hand_overs.withdrawn_cases(db, one.connection, one.invoice_id)
        standing = debts.in_question(cases, one, withdrawn=withdrawn)
        own = debts.surely_own(one, standing)
        if standing and not own:
            try:
                invoice = self.host.read(one.invoice_id)
            except (NotFound, AmountUnreadable, KeyRefused):
                return False
            claimed = debts.claimed_by(self.deployment, self.connection.settings, one, one.connection, invoice)
            own = tuple(case for case in standing if debts.likeness(self.deployment, claimed, case).fits)
        if own:
            case = own[0]
            findings: tuple[Finding, ...] = ()
            if len(own) > 1:
                findings = (remote_findings.several_cases(tuple(one.id for one in own)),)
            return found_cases.adopt_lost(
                db, one, registration_id=case.registration_id or "", case_id=case.id, findings=findings
            )
        registration = without_case.get(number)
        if registration is None or cases:
            return False
        return found_cases.taken_lost(db, one, registration_id=registration.id)
