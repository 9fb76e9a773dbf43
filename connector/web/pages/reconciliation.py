"""The page of the comparison of ledger, record and Amili: what its last run found, and what resolves each difference.

Nothing is compared while a page waits: a worker does that, and the page shows that it is under way.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.amili.links import case_url
from connector.domain.connection import Environment
from connector.domain.dates import today
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import Difference, DifferenceKind
from connector.flows.hand_over import asking
from connector.flows.reconcile import comparisons as comparing
from connector.flows.reconcile.reconcile_words import cause
from connector.flows.tasks.tasks import MOST_OF_A_KIND, must_be_seen_to
from connector.store import comparisons, follow_ups, hand_overs, payout_lines
from connector.store.comparisons import KeptDifference, StoredComparison
from connector.store.connections import StoredConnection
from connector.web import shown, spreadsheet
from connector.web.person import deployment, read, signed_in_user, usable_connection, words

_MOST_SHOWN = 200
CSV_COLUMNS = (
    "invoice_number", "case_id", "kind", "in_ledger", "claimed", "reported", "at_amili", "difference", "since",
    "payout_date", "payout_reference", "cause", "payouts_read_at",
)  # fmt: skip

COLUMNS = ("in_ledger", "claimed", "reported", "at_amili", "difference")
"""The amounts of a row, as the catalogue's family `difference_column` names them."""
ANSWER, WITHDRAW, MONEY, TAKE_UP = OFFERED = ("answer", "withdraw", "money", "take_up")
OFFERS: Mapping[DifferenceKind, tuple[str, ...]] = {
    DifferenceKind.PAID_AT_AMILI: (MONEY,),
    DifferenceKind.CLOSED_AT_AMILI: (MONEY,),
    DifferenceKind.SETTLED_IN_LEDGER: (WITHDRAW,),
    DifferenceKind.NO_CLAIM: (WITHDRAW,),
    DifferenceKind.DISPUTED: (WITHDRAW,),
    DifferenceKind.UNKNOWN_CASE: (TAKE_UP,),
}
"""What a difference offers beside its hand-over, the question that waits about that, and its case at Amili."""
_AWAITS_PAYOUT = (DifferenceKind.PAID_AT_AMILI, DifferenceKind.CLOSED_AT_AMILI)

reconciliation = Blueprint("reconciliation", __name__)


@reconciliation.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@dataclass(frozen=True)
class ShownDifference:
    """A difference as a row of the page. `links` are addresses by the key of their text; `sign` is its badge's."""

    kept: KeptDifference
    cause: str
    sign: str
    since: str
    links: Mapping[str, str]
    at_amili: str
    awaits_payout: bool


@dataclass(frozen=True)
class _HandOvers:
    """What is known of the hand-overs of the rows: their states by id, and of which a question waits."""

    states: Mapping[str, HandOverState]
    asking: Collection[str]


def _hand_overs(connection_id: str, listed: Sequence[KeptDifference]) -> _HandOvers:
    db = deployment().databases.main
    found = hand_overs.of_ids(db, {kept.difference.hand_over_id for kept in listed})
    asking = follow_ups.asking(db, connection_id=connection_id, limit=MOST_OF_A_KIND)
    return _HandOvers(
        states={hand_over_id: one.state for hand_over_id, one in found.items()},
        asking={one.hand_over.id for one in asking},
    )


@reconciliation.get("/connections/<connection_id>/reconciliation")
def show(connection_id: str) -> str:
    """Return what the last comparison found, and the button to compare now."""
    connection = usable_connection(connection_id)
    db = deployment().databases.main
    stored = comparisons.get(db, connection_id)
    found = sorted(comparisons.differences(db, connection_id), key=lambda one: not must_be_seen_to(one))
    listed = found[:_MOST_SHOWN]
    of_rows = _hand_overs(connection_id, listed)
    return render_template(
        "reconciliation.html",
        connection=connection,
        stored=stored,
        under_way=_is_under_way(stored),
        worker_runs=asking.worker_runs(deployment()),
        count=len(found),
        rows=[_shown(connection, one, of_rows) for one in listed],
        columns=COLUMNS,
        payouts_read=payout_lines.read_at(db, connection.settings.environment.value, connection.settings.creditor),
        left_out=max(len(found) - _MOST_SHOWN, 0),
    )


@reconciliation.post("/connections/<connection_id>/reconciliation")
def ask(connection_id: str) -> AnyResponse:
    """Have a worker compare now."""
    usable_connection(connection_id)
    comparing.ask(deployment(), connection_id, by=signed_in_user().email)
    return redirect(url_for("reconciliation.show", connection_id=connection_id), 303)


@reconciliation.get("/connections/<connection_id>/reconciliation.csv")
def as_csv(connection_id: str) -> Response:
    """Every difference, for a spreadsheet."""
    connection = usable_connection(connection_id)
    rows = (
        (
            one.invoice_number,
            one.case_id,
            one.kind,
            one.in_ledger,
            one.claimed,
            one.reported,
            one.at_amili,
            one.amount,
            shown.moment(kept.first_seen),
            one.payout_date,
            one.payout_reference,
            words().say(cause(one)),
            "" if one.payouts_read_at is None else shown.moment(one.payouts_read_at),
        )
        for kept in comparisons.differences(deployment().databases.main, connection_id)
        for one in (kept.difference,)
    )
    return spreadsheet.table(CSV_COLUMNS, rows, name=f"amili-{connection.id}-reconciliation-{today()}.csv")


@reconciliation.get("/connections/<connection_id>/reconciliation/invoice")
def take_up(connection_id: str) -> AnyResponse:
    """The page of the invoice with the number of a case that no one here sent: sending it takes the case up."""
    _, host = deployment().sides(usable_connection(connection_id))
    number = request.args.get("number", "")
    invoice_id = read(connection_id, ("find", number), lambda: host.find(number))
    return redirect(url_for("pages.invoice", connection_id=connection_id, invoice_id=invoice_id))


def _is_under_way(stored: StoredComparison | None) -> bool:
    return stored is not None and stored.due_at <= time.time()


def _shown(connection: StoredConnection, kept: KeptDifference, of_rows: _HandOvers) -> ShownDifference:
    one = kept.difference
    in_production = connection.settings.environment is Environment.PRODUCTION
    return ShownDifference(
        kept=kept,
        cause=words().say(cause(one)),
        sign="skipped" if one.is_decided else "warning" if must_be_seen_to(kept) else "requested",
        since=shown.moment(kept.first_seen)[:10],
        links=dict(_links(connection, one, of_rows)),
        at_amili=case_url(one.case_id) if in_production and one.case_id else "",
        awaits_payout=one.kind in _AWAITS_PAYOUT and bool(one.amount),
    )


def _links(connection: StoredConnection, one: Difference, of_rows: _HandOvers) -> Iterator[tuple[str, str]]:
    offered = OFFERS.get(one.kind, ())
    if one.hand_over_id in of_rows.asking:
        yield ANSWER, url_for("pages.hand_over", hand_over_id=one.hand_over_id, _anchor="tasks-heading")
    if WITHDRAW in offered and of_rows.states.get(one.hand_over_id) is not HandOverState.WITHDRAWN:
        yield WITHDRAW, url_for("withdrawing.show", hand_over_id=one.hand_over_id)
    if MONEY in offered:
        yield MONEY, url_for("money.show", connection_id=connection.id)
    if TAKE_UP in offered and one.invoice_number:
        yield TAKE_UP, url_for("reconciliation.take_up", connection_id=connection.id, number=one.invoice_number)
