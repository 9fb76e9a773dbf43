"""What moves an invoice's modified time, and how `lastmodified` is read: seen around a change that was just made.

`lastmodified` holds the reading of a clock to the minute, in a zone that is not known: Sweden's, or UTC
(fortnox/API.md, "Lists" and "Polling"). Both are asked; Sweden's is an hour or two ahead, so that read as UTC it finds
nothing yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from connector.domain.dates import STOCKHOLM
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, text
from connector.sandbox.fortnox.switches import Zone
from tests.live.fortnox_points import BOUND, ZONE, Seen, switch_is
from tests.live.fortnox_session import Session
from tests.live.fortnox_socket import Heard

MINUTE = timedelta(minutes=1)
ZONES: dict[tzinfo, Zone] = {STOCKHOLM: Zone.SWEDISH, UTC: Zone.UTC}


@dataclass(frozen=True)
class Watched:
    """The invoice that is about to change, from when it is asked for, and whether it was listed before."""

    invoice_number: str
    began: datetime
    since: datetime
    listed_before: bool


@dataclass
class ModifiedTimes:
    """What was learnt of modified times so far. `zone` and `inclusive` are None until then.

    `heard` is told of each change too, if events are listened to.
    """

    session: Session
    heard: Heard | None = None
    zone: tzinfo | None = None
    inclusive: bool | None = None
    _changed_at: datetime | None = field(default=None, init=False)

    def watch(self, invoice_number: str, what: str) -> Watched:
        """Call this before a change, in words; it waits until no earlier change can be taken for it."""
        if self._changed_at is not None:
            self._wait_for_a_minute_of_its_own()
        elif self._listed_lately(invoice_number):
            self._changed_at = self.session.clock.now()
            self._wait_for_a_minute_of_its_own()
        if self.heard is not None:
            self.heard.begins(what)
        now = self.session.clock.now()
        since = _minute(now) - MINUTE
        return Watched(invoice_number, now, since, self.lists(Call.LIST_INVOICES, invoice_number, since, UTC))

    def _listed_lately(self, invoice_number: str) -> bool:
        """Whether the invoice was changed just before the trial, as far as Swedish time shows it."""
        since = _minute(self.session.clock.now()) - MINUTE
        return self.lists(Call.LIST_INVOICES, invoice_number, since, STOCKHOLM)

    def _wait_for_a_minute_of_its_own(self) -> None:
        clock = self.session.clock
        wait_s = (_minute(self._changed_at or clock.now()) + 2 * MINUTE - clock.now()).total_seconds()
        if wait_s > 0:
            self.session.person.say(f"  Waiting {wait_s:.0f} s, so that the next change has a minute of its own.")
            clock.sleep(wait_s)

    def moved(self, watched: Watched) -> bool | None:
        """Call this after the change: whether it moved the invoice's modified time; None if that cannot be told."""
        ended = self._changed_at = self.session.clock.now()
        if self.heard is not None:
            self.heard.done()
        found = self._found(watched)
        if found and self.inclusive is None and self.zone is not None and _minute(watched.began) == _minute(ended):
            self.inclusive = self.lists(Call.LIST_INVOICES, watched.invoice_number, _minute(ended), self.zone)
        return found

    def _found(self, watched: Watched) -> bool | None:
        def listed(zone: tzinfo) -> bool:
            return self.lists(Call.LIST_INVOICES, watched.invoice_number, watched.since, zone)

        if self.zone is not None:
            return listed(self.zone)
        if listed(STOCKHOLM):
            self.zone = STOCKHOLM
            return True
        if watched.listed_before:
            return None
        if listed(UTC):
            self.zone = UTC
            return True
        return False

    def lists(self, call: Call, invoice_number: str, since: datetime, zone: tzinfo) -> bool:
        """Whether `call` lists the invoice, or a payment of it, as modified since."""
        return any(_names(row) == invoice_number for row in modified(self.session.client, call, since, zone))

    def told(self) -> list[Seen]:
        """What was learnt of `lastmodified` itself."""
        if self.zone is None:
            words = "no change could be seen to move a modified time"
            return [Seen(ZONE, words), Seen(BOUND, words)]
        zone = ZONES[self.zone]
        found = [switch_is(ZONE, f"{zone} time", "lastmodified_zone", zone)]
        if self.inclusive is None:
            return [*found, Seen(BOUND, "no change began and ended within one minute: run this again")]
        what = f"what changed within the minute asked for is {'' if self.inclusive else 'not '}listed"
        return [*found, switch_is(BOUND, what, "lastmodified_inclusive", self.inclusive)]


def modified(client: FortnoxClient, call: Call, since: datetime, zone: tzinfo) -> list[Record]:
    """The rows that `call` lists as modified since that minute, as a clock in `zone` shows it."""
    reading = since.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return [row for rows in client.pages(call, lastmodified=reading) for row in rows]


def _names(row: Record) -> str:
    return text(row, "InvoiceNumber") or text(row, "DocumentNumber")


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
