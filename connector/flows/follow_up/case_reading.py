"""Reading back how cases stand at Amili: often by what changed, and once a day all that are open.

Amili tells of nothing by itself (amili/API.md, "No events"). One read serves all connections of a key pair, because an
API user sees the cases of every creditor of its account or partner (amili/API.md, "Keys and access groups"), and a call
for each creditor would cost a partner with thousands of them thousands of calls each time. Nothing is decided here:
what is read is kept, told and shown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

from connector.amili.client import AmiliClient
from connector.amili.models import Case, CaseAmounts, is_closed
from connector.domain.case import CaseStanding, StatePassed
from connector.domain.doubt import LONGEST_PAUSE_S
from connector.domain.errors import ConfigurationError, KeyRefused, NotFound, NotSent
from connector.flows import parking, troubles
from connector.flows.deployment import Deployment
from connector.flows.hand_over import driving, ledger_words
from connector.flows.job import Per, Submit, job
from connector.flows.outcome import NOT_NOW, STOP, Outcome
from connector.flows.troubles import About
from connector.store import case_readings, cases
from connector.store.case_readings import Place

log = logging.getLogger(__name__)

ALL_READ_EVERY_S = 86_400.0
OVERLAP = timedelta(minutes=2)
"""How far back changes are asked for again: what Amili stores late bears an earlier time than what was seen already."""
ONE_BY_ONE = 100
"""How many cases a round reads by themselves at most, because the list of open cases did not have them."""
SURELY_LISTED_S = 600.0
"""How old a case is before Amili must show it: how soon a new one can be found is not documented
(amili/API.md, "References and repetition")."""
_BATCH = 100


@job(
    "cases",
    every=lambda settings: settings.cases_interval_s,
    per=Per(case_readings.readable, About.of_access),
    trouble=troubles.CASES,
    submits=True,
)
def read(deployment: Deployment, submit: Submit, access_id: str) -> Outcome:
    """Read what has changed at one key pair's cases, and once a day all that are open.

    What changed for a ledger that shows it gets a job by `submit`; without one it is found unfinished.
    """
    places = [place for place in case_readings.places(deployment.databases.main, access_id) if not place.parked]
    was_read = [_read(deployment, submit, place) for place in places]
    return STOP if all(was_read) else NOT_NOW


def _read(deployment: Deployment, submit: Submit, place: Place) -> bool:
    try:
        return _Round(deployment, submit, place).run()
    except KeyRefused as error:
        if not parking.parked(deployment, min(place.connections), error):
            raise
        return False


class _Round:
    """One reading of one place."""

    def __init__(self, deployment: Deployment, submit: Submit, place: Place) -> None:
        self._deployment = deployment
        self._db = deployment.databases.main
        self._submit = submit
        self._place = place
        # With a single creditor, nothing is read of others that the key may see.
        self._creditor = next(iter(place.creditors)) if len(place.creditors) == 1 else None
        self._seen: set[str] = set()
        self._latest: datetime | None = None
        self._showing: dict[str, bool] = {}

    def run(self) -> bool:
        """Changes first: they are cheap, and must not wait for a long list to come through. False: it is too early."""
        kept = case_readings.get(self._db, self._place)
        # Amili is never left alone for longer than the longest pause: then the clock has been put back meanwhile.
        if 0 < kept.wait_s <= LONGEST_PAUSE_S:
            return False
        access = self._deployment.access(self._place.amili_access)
        client = self._deployment.amili(self._place.environment, access)
        try:
            if kept.read_to is not None:
                self._read_changes(client, kept.read_to)
            if kept.read_to is None or kept.since_all_s >= ALL_READ_EVERY_S:
                self._read_all(client)
            self._read_missed(client)
        except NotSent as error:
            if error.retry_after_s:
                case_readings.postpone(self._db, self._place, for_s=min(error.retry_after_s, LONGEST_PAUSE_S))
            raise
        return True

    def _read_changes(self, client: AmiliClient, since: datetime) -> None:
        self._note(client.cases_changed_since(self._creditor, since - OVERLAP))
        self._reached(timedelta())

    def _read_all(self, client: AmiliClient) -> None:
        started_s = time.monotonic()
        self._note(client.open_cases(self._creditor))
        missed = cases.miss(self._db, self._place, self._seen, registered_for_s=SURELY_LISTED_S)
        case_readings.all_read(self._db, self._place)
        # What changed on an early page while later ones were read has not been seen.
        self._reached(timedelta(seconds=time.monotonic() - started_s))
        if missed:
            log.info("key pair %s: %d cases were not among the open ones", self._place.amili_access, missed)

    def _reached(self, took: timedelta) -> None:
        """Note how far changes are kept: by Amili's time, and never into the future, which would hide what comes."""
        if self._latest is not None:
            case_readings.read_to(self._db, self._place, min(self._latest - took, datetime.now(UTC)))

    def _read_missed(self, client: AmiliClient) -> None:
        """Read by itself what the list of open cases did not have: it may be closed, or was passed over."""
        for case_id in cases.missed(self._db, self._place, limit=ONE_BY_ONE):
            try:
                self._keep([client.case(case_id)])
            except NotFound:
                cases.gone(self._db, case_id)

    def _note(self, found: Iterator[Case]) -> None:
        """Keep what is read, a page at a time."""
        while batch := list(islice(found, _BATCH)):
            ours = [case for case in batch if case.creditor in self._place.creditors]
            self._keep(ours)
            self._seen.update(case.id for case in ours)
            changed_at = [case.updated_at for case in batch if case.updated_at]
            self._latest = max([*changed_at, *filter(None, [self._latest])], default=None)

    def _keep(self, found: list[Case]) -> None:
        fresh = cases.news(self._db, [standing_of(case) for case in found])
        if not fresh:
            return
        showing = frozenset(filter(self._shows, cases.connections_of(self._db, fresh)))
        for hand_over in cases.keep(self._db, self._place, fresh, tells=ledger_words.case_differs, showing=showing):
            self._submit(driving.job_of(hand_over))

    def _shows(self, connection_id: str) -> bool:
        """Return whether a connection's ledger has a place for how a case stands. No one is asked for it."""
        if connection_id not in self._showing:
            self._showing[connection_id] = self._can_show(connection_id)
        return self._showing[connection_id]

    def _can_show(self, connection_id: str) -> bool:
        try:
            return self._deployment.host(self._deployment.connection(connection_id)).SUPPORTS_STATUS
        except ConfigurationError:
            # The write-back will say what is wrong.
            return True


def standing_of(case: Case) -> CaseStanding:
    """A case as Amili showed it, in our neutral form."""

    def shown(name: str) -> Decimal | None:
        total: Decimal | None = getattr(case.total, name)
        local: Decimal | None = getattr(case.local, name)
        return local if total is None else total

    return CaseStanding(
        id=case.id,
        creditor=case.creditor or "",
        invoice_number=case.invoice_number or "",
        state=case.state,
        status=case.status,
        closed=is_closed(case),
        closed_as_came=case.closed,
        updated_at=case.updated_at,
        capital_to_claim=case.capital_to_claim,
        settled_capital=case.settled_capital,
        remaining_capital=case.remaining_capital,
        remaining_costs=case.remaining_costs,
        remaining_interest=shown("remaining_interest"),
        remaining=shown("remaining_transaction"),
        state_history=tuple(StatePassed(state=entry.state, at=entry.at) for entry in case.state_history),
        status_history=case.status_history,
        amounts=_amounts("local", case.local) | _amounts("total", case.total),
    )


def _amounts(scope: str, amounts: CaseAmounts) -> dict[str, Decimal]:
    return {f"{scope}_{name}": value for name, value in amounts if value is not None}
