"""Tries a real test company in Fortnox, and says of each thing that is unconfirmed what was seen.

    FORTNOX_CLIENT_ID=… FORTNOX_CLIENT_SECRET=… PUBLIC_URL=https://connector.example \
        .venv/bin/python -m tests.live.fortnox [--tokens FILE] [--invoice NUMBER]...

Never run it against a company whose invoices are real. It reads; before each change it says what will be changed and
undone, and asks. It can call nothing but what `connector.hosts.fortnox.calls` lists, so that it cannot send, print,
book or delete. Payments and credits are made by you, in Fortnox, when it asks for them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, ConnectorError
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import API_URL, FortnoxClient
from connector.hosts.fortnox.documents import SYSTEM, Record, flag, number, text
from connector.hosts.fortnox.feed import EVENTS_URL
from connector.hosts.fortnox.oauth import AUTHORISATION_URL, RECEIPT_SCOPES, AuthorisationServer, FortnoxApp
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.hosts.fortnox.write_back import REFERENCE_FIELD
from connector.hosts.pacing import Pace
from connector.remote.policy import HttpPolicy
from tests.live.fortnox_modified import ModifiedTimes
from tests.live.fortnox_points import (
    ATTACHMENT,
    BOOKED_LABELS,
    BOOKED_REFERENCE,
    LABEL_ARRAY,
    POINTS,
    PREVIEW,
    RATE,
    Seen,
    table,
)
from tests.live.fortnox_reading import read_points
from tests.live.fortnox_session import Allowance, Clock, Person, Session, Terminal, Unlimited, WallClock
from tests.live.fortnox_socket import Stream, listening
from tests.live.fortnox_tokens import FileTokens, MemoryTokens, connected, given_up
from tests.live.fortnox_trying import attachment, booked_writes, changes_by_hand, preview, rate, unbooked_writes

LEGEND = (
    "What contradicts a switch of the sandbox is no fault: the connector can do with either. The switch's default in "
    "connector/sandbox/fortnox/switches.py becomes what was seen. Anything else that is contradicted is to be mended."
)


@dataclass(frozen=True)
class Addresses:
    """Where Fortnox is. `event_within_s` is how long an event is waited for."""

    authorisation: str = AUTHORISATION_URL
    api: str = API_URL
    events: str = EVENTS_URL
    allow_private: bool = False
    event_within_s: float = 10.0


def trial(
    app: FortnoxApp,
    person: Person,
    clock: Clock,
    *,
    store: MemoryTokens,
    addresses: Addresses = Addresses(),
    invoice_numbers: Sequence[str] = (),
) -> list[Seen]:
    """Try everything that the person lets us, and return what was seen.

    Raises `ConfigurationError` and `KeyRefused`, after which nothing can be tried.
    """
    server = AuthorisationServer(
        app, url=addresses.authorisation, http=HttpPolicy(allow_private=addresses.allow_private), now=clock.now
    )
    tokens, service_account = connected(server, store, person)
    with given_up(tokens, store):
        session = _session(tokens, person, clock, addresses)
        stream = Stream(
            addresses.events,
            app.client_secret,
            tokens.current(),
            allow_private=addresses.allow_private,
            within_s=addresses.event_within_s,
        )
        session.note(service_account)
        try:
            _try_everything(session, stream, invoice_numbers, receipts=bool(app.more_scopes))
        finally:
            person.say(f"\n{table(session.seen)}\n\n{LEGEND}")
        return session.seen


def _session(tokens: CompanyTokens, person: Person, clock: Clock, addresses: Addresses) -> Session:
    def client(pace: Pace) -> FortnoxClient:
        return FortnoxClient(tokens, pace, url=addresses.api, http=HttpPolicy(allow_private=addresses.allow_private))

    paced = Pace(Allowance(clock.now), system=SYSTEM, sleep=clock.sleep)
    return Session(client(paced), client(Pace(Unlimited(), system=SYSTEM)), person, clock)


def _try_everything(session: Session, stream: Stream, invoice_numbers: Sequence[str], *, receipts: bool) -> None:
    company = session.client.read(Call.READ_COMPANY)
    session.person.say(f"\nCompany number {text(company, 'DatabaseNumber')}: {text(company, 'CompanyName')}")
    if not session.agrees(
        "Everything is asked of this company.", question="Is this a TEST company, whose invoices are nobody's?"
    ):
        session.person.say("Nothing was tried.")
        return
    read_points(session, invoice_numbers)
    booked, unbooked = _candidates(session)
    if unsent := _first(session, (booked, unbooked)):
        with session.trying(PREVIEW):
            preview(session, unsent)
    told: list[Seen] = []
    with listening(stream, told) as heard:
        times = ModifiedTimes(session, heard)
        if booked:
            with session.trying(BOOKED_REFERENCE, BOOKED_LABELS):
                booked_writes(session, times, booked)
        if unbooked:
            with session.trying(LABEL_ARRAY):
                unbooked_writes(session, times, unbooked)
        if booked:
            changes_by_hand(session, times, booked)
            with session.trying(ATTACHMENT):
                attachment(session, booked, has_scopes=receipts)
    for seen in (*times.told(), *told):
        session.note(seen)
    with session.trying(RATE):
        rate(session)
    _rest(session)


def _rest(session: Session) -> None:
    """Say of the points of which nothing was seen that it is so."""
    tried = {seen.point for seen in session.seen}
    for point in (point for point in POINTS if point not in tried):
        session.note(Seen(point, "could not be seen: what it takes was not there, or you left it out"))


def _candidates(session: Session) -> tuple[str, str]:
    """A booked, open invoice and one that is not booked, as the person wishes; "" for none."""
    client = session.client
    unpaid = next(client.pages(Call.LIST_INVOICES, filter="unpaid", sortby="documentnumber", sortorder="descending"))
    unbooked = next(
        client.pages(Call.LIST_INVOICES, filter="unbooked", sortby="documentnumber", sortorder="descending")
    )
    return (
        _chosen(session, "booked, unpaid invoice", [row for row in unpaid if _is_plain(row) and flag(row, "Booked")]),
        _chosen(session, "invoice that is not booked", [row for row in unbooked if _is_plain(row)]),
    )


def _is_plain(row: Record) -> bool:
    return not flag(row, "Cancelled") and number(row, "Balance", "Balance") > 0 and not text(row, REFERENCE_FIELD)


def _chosen(session: Session, kind: str, rows: Sequence[Record]) -> str:
    if not rows:
        session.person.say(f"\nNo {kind} is there to try with: make one, and run this again.")
        return ""
    found = text(rows[0], "DocumentNumber")
    typed = session.person.ask(f"\nNumber of the {kind} to try with [{found}; - for none]:")
    if typed == "-":
        return ""
    return typed or found


def _first(session: Session, invoice_numbers: Sequence[str]) -> str:
    """The first that was not sent, else the first."""
    there = [one for one in invoice_numbers if one]
    sent = {one: flag(session.client.read(Call.READ_INVOICE, one), "Sent") for one in there}
    return next((one for one in there if not sent[one]), "".join(there[:1]))


def app_of(environment: Mapping[str, str]) -> FortnoxApp:
    """The app that the environment names. Raises `ConfigurationError`."""
    missing = [
        name for name in ("FORTNOX_CLIENT_ID", "FORTNOX_CLIENT_SECRET", "PUBLIC_URL") if not environment.get(name)
    ]
    if missing:
        raise ConfigurationError(f"Not set: {', '.join(missing)}.", advice="The guide to Fortnox says where they are.")
    return FortnoxApp(
        environment["FORTNOX_CLIENT_ID"],
        SecretStr(environment["FORTNOX_CLIENT_SECRET"]),
        f"{environment['PUBLIC_URL'].rstrip('/')}/fortnox/callback",
        RECEIPT_SCOPES if _is_set(environment, "FORTNOX_RECEIPTS") else (),
    )


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").casefold() == "true"


def addresses_of(environment: Mapping[str, str]) -> Addresses:
    """Fortnox's addresses, or those that the environment names in the settings of a deployment."""
    return Addresses(
        authorisation=environment.get("FORTNOX_AUTHORISATION_URL", AUTHORISATION_URL),
        api=environment.get("FORTNOX_API_URL", API_URL),
        events=environment.get("FORTNOX_EVENTS_URL", EVENTS_URL),
        allow_private=_is_set(environment, "ALLOW_PRIVATE_ADDRESSES"),
    )


def main(arguments: Sequence[str]) -> int:
    """Run a trial at the terminal."""
    parser = argparse.ArgumentParser(prog="tests.live.fortnox", description="Try a TEST company in Fortnox.")
    parser.add_argument("--tokens", type=Path, metavar="FILE", help="keep the tokens there, for the next time")
    parser.add_argument("--invoice", action="append", default=[], metavar="NUMBER", help="look at this invoice too")
    given = parser.parse_args(arguments)
    try:
        store = FileTokens(given.tokens) if given.tokens else MemoryTokens()
        trial(
            app_of(os.environ),
            Terminal(),
            WallClock(),
            store=store,
            addresses=addresses_of(os.environ),
            invoice_numbers=given.invoice,
        )
    except ConnectorError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("Ended by you.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
