"""What tests of the steps do: begin a hand-over, drive it, let time pass, die, and see what Amili was sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests
from sqlalchemy import update

from connector.domain.hand_over import Judgement, Origin, Request
from connector.domain.invoice import InvoiceState, Standing
from connector.flows.deployment import Deployment
from connector.flows.hand_over import debts
from connector.flows.hand_over.register import register
from connector.flows.outcome import Outcome, Then
from connector.flows.send_deadline import Posted
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR, Case
from connector.sandbox.shared.switches import AmiliSwitches, Fault, FaultKind
from connector.settings import Settings
from connector.store import hand_over_work, hand_overs, tables, timeline
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Lease
from tests.flows.stage import CONNECTION, Stage
from tests.remote.around_calls import around_calls

INSTANTS = ("deadline", "free_at", "attempted_at", "unknown_since", "first_post_at", "taken_at", "updated_at")
_OF_THE_PDF = ("pdf_unknown_since",)


def asked(on: Stage, invoice: str, **values: Any) -> tuple[HandOver, Judgement]:
    """Ask for a hand-over, as a person does unless `values` of the request say otherwise.

    Where the ledger's people are said to have asked, their wish stands in the ledger.
    """
    if values.get("origin") is Origin.LEDGER and not on.side.wished(invoice):
        on.side.wish(invoice, "Eva")
    connection = on.deployment.connection(CONNECTION)
    details: dict[str, Any] = {"origin": Origin.COMMAND, "asked_by": "Eva"}
    return hand_overs.ask(
        on.deployment.databases.main,
        Request(connection=CONNECTION, invoice_id=invoice, **(details | values)),
        creditor=connection.settings.creditor,
        default_action=connection.settings.first_action,
    )


def begun(on: Stage, invoice: str, **values: Any) -> str:
    """A hand-over that has been asked for; its id."""
    return asked(on, invoice, **values)[0].id


def stored(on: Stage, hand_over_id: str) -> HandOver:
    """The hand-over as it stands in the store."""
    return hand_overs.get(on.deployment.databases.main, hand_over_id)


def codes(on: Stage, hand_over_id: str) -> list[str]:
    """The codes of the findings that would stop or must be seen; without those that say "was not checked"."""
    return [finding.code for finding in stored(on, hand_over_id).findings if finding.severity != "info"]


def events(on: Stage, hand_over_id: str) -> list[str]:
    """What the record tells, in order."""
    return [entry.event for entry in timeline.of_hand_over(on.deployment.databases.main, hand_over_id)]


def registrations(on: Stage, invoice: str) -> int:
    """How many registrations of the invoice reached Amili whole, whatever became of them."""
    received: dict[str, int] = on.amili.traffic.snapshot()["registrations_received"]
    return received.get(on.number(invoice), 0)


def calls(on: Stage, template: str) -> int:
    """How many requests of this kind ("GET /cases") Amili was sent."""
    counted: dict[str, int] = on.amili.traffic.snapshot()["requests"]
    return counted.get(template, 0)


def strike(on: Stage, *faults: Fault, **switches: Any) -> None:
    """Let these things go wrong at Amili from now on, and nothing else."""
    on.amili.switches.set(AmiliSwitches(faults=faults, **switches))


def next_registration(kind: FaultKind, times: int = 1, **details: Any) -> Fault:
    """A fault of the next registrations."""
    return Fault(kind, operations=("register",), next_n=times, **details)


def let_pass(
    on: Stage, hand_over_id: str, seconds: float, *, at_amili: bool = True, for_the_store_alone: bool = False
) -> None:
    """Let time pass: for the hand-over's lease and its attempts, and for Amili.

    `for_the_store_alone` is a clock that was put forward.

    Amili lets nobody in whose clock is many minutes behind its own: for longer times, `at_amili` is False.
    """
    table = tables.hand_overs
    moved = {name: table.c[name] - seconds for name in (*INSTANTS, *_OF_THE_PDF)}
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(table).where(table.c.id == hand_over_id).values(moved))
    if for_the_store_alone:
        return
    begun_earlier(on, hand_over_id, seconds)
    begun_earlier(on, f"{hand_over_id}:pdf", seconds)
    if not at_amili:
        return
    passed = on.amili.now() - datetime.now(UTC) + timedelta(seconds=seconds)
    on.amili.now = lambda: datetime.now(UTC) + passed


def begun_earlier(on: Stage, subject: str, seconds: float) -> None:
    """What this process sent of `subject` left so much earlier, by its own clock too."""
    sent_at_s = on.deployment.posted._at_s
    if subject in sent_at_s:
        sent_at_s[subject] -= seconds


def claimed(on: Stage, hand_over_id: str) -> Lease:
    """The lease on a hand-over, held by somebody who will not be heard of again."""
    settings = on.deployment.settings
    lease = hand_over_work.claim(
        on.deployment.databases.main, hand_over_id, for_s=settings.attempt_s, settle_s=settings.settle_s
    )
    assert isinstance(lease, Lease)
    return lease


def armed(on: Stage, hand_over_id: str) -> Lease:
    """The lease of somebody who fell silent when the registration may have been on its way."""
    lease = claimed(on, hand_over_id)
    hand_over_work.name_invoice(on.deployment.databases.main, lease, on.number(lease.hand_over.invoice_id))
    hand_over_work.arm(
        on.deployment.databases.main,
        lease,
        for_s=on.deployment.settings.attempt_s,
        settle_s=on.deployment.settings.settle_s,
        debtor_name="Kund AB",
        capital=Decimal("1250.00"),
        standing=Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00")),
        counted=(),
    )
    return lease


def name_debt(on: Stage, lease: Lease) -> None:
    """Let the hand-over know which debt it is of, as it does once the invoice has been read."""
    connection = on.deployment.connection(lease.hand_over.connection)
    _, host = on.deployment.sides(connection)
    debt = debts.debt_of(on.deployment, connection.settings, connection.id, host.read(lease.hand_over.invoice_id))
    assert hand_over_work.name_debt(on.deployment.databases.main, lease, debt)


def case_at_amili(on: Stage, invoice: str) -> Case:
    """A case for the invoice that somebody else registered, or that a lost attempt left behind."""
    number = on.number(invoice)
    on.amili.create_registration(
        {
            "account": GUIDE_ACCOUNT,
            "creditor": GUIDE_CREDITOR,
            "first_action": "reminder",
            "currency": "SEK",
            "customer": {"name": "Kund AB"},
            "debts": [{"invoice_number": number, "capital_to_claim": Decimal(1250)}],
        }
    )
    return on.amili.cases_of(number)[-1]


def elsewhere(deployment: Deployment, **settings: Any) -> Deployment:
    """The same deployment in another process, with these settings in place: nothing remembered from before."""
    own = {name: value for name, value in settings.items() if name in Settings.model_fields}
    changed = deployment.settings.model_copy(update=own)
    if of_hosts := {name: value for name, value in settings.items() if name not in own}:
        changed = changed.with_hosts(of_hosts)
    return replace(deployment, settings=changed, _clients={}, posted=Posted())


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def step(on: Stage, hand_over_id: str) -> Outcome:
    """One call of the first step, as a worker makes it."""
    on.side.let_windows_pass(on.deployment)
    return register(on.deployment, hand_over_id)


def driven(on: Stage, hand_over_id: str, *, rounds: int = 12) -> HandOver:
    """The hand-over after the first step has been repeated, with its pauses, until it says that it is through."""
    for _ in range(rounds):
        outcome = step(on, hand_over_id)
        if outcome.then is Then.NEXT:
            return stored(on, hand_over_id)
        let_pass(on, hand_over_id, outcome.after_s)
    raise AssertionError(f"not through after {rounds} rounds: {stored(on, hand_over_id)}")


class Death(BaseException):
    """The end of a process, as far as code can see it: nothing that follows is done."""


@contextmanager
def death_at_call(number: int, *, after: bool, to: str = "") -> Iterator[None]:
    """Die at the HTTP call of this number (from 1), just before it or just after it, or not at all.

    `to` is how the addresses begin whose calls are counted: all of them if it is not given.
    """
    made = 0

    def is_chosen(request: requests.PreparedRequest) -> bool:
        return made == number and str(request.url).startswith(to)

    def counted(request: requests.PreparedRequest) -> None:
        nonlocal made
        if str(request.url).startswith(to):
            made += 1
        if is_chosen(request) and not after:
            raise Death

    def answered(request: requests.PreparedRequest) -> None:
        if is_chosen(request):
            raise Death

    with around_calls(before=counted, after=answered):
        try:
            yield
        except Death:
            return
