"""For those who run the deployment: is it up, can it work, and how much waits. Names nobody, needs no sign-in."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.dates import today
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import DifferenceKind
from connector.flows.hand_over.asking import worker_runs
from connector.store import comparisons, hand_overs, inbox, ledger_keys
from connector.store.ledger_keys import KeyTrouble
from connector.web.person import deployment

health = Blueprint("health", __name__)


@health.get("/health")
def up() -> dict[str, str]:
    """200 while the process answers at all."""
    return {"status": "ok"}


@health.get("/ready")
def ready() -> tuple[dict[str, object], int]:
    """200 when both databases answer and a worker is alive, else 503.

    The age of the oldest waiting item is told but does not decide: one company's ledger that is down for a
    day must not take the others' pages away.
    """
    databases = deployment().databases
    try:
        worker = worker_runs(deployment())
        oldest_s = inbox.oldest_waiting_s(databases.inbox)
    except SQLAlchemyError:
        return {"status": "unavailable", "databases": "unreachable"}, 503
    report: dict[str, object] = {
        "status": "ok" if worker else "unavailable",
        "databases": "ok",
        "worker": "alive" if worker else "silent",
        "oldest_waiting_s": round(oldest_s, 1),
    }
    return report, 200 if worker else 503


@health.get("/metrics")
def metrics() -> Response:
    """The same, the hand-overs by state, and what does not agree, in Prometheus' text format 0.0.4."""
    databases = deployment().databases
    counts = hand_overs.counts(databases.main)
    differing = comparisons.counts(databases.main)
    troubles = [key.trouble(today()) for key in ledger_keys.every(databases.main).values()]
    lines = [
        *_family("amili_connector_hand_overs", "Hand-overs by state."),
        *(f'amili_connector_hand_overs{{state="{state}"}} {counts.get(state, 0)}' for state in HandOverState),
        *_family("amili_connector_oldest_waiting_seconds", "Age of the oldest item that is not done."),
        f"amili_connector_oldest_waiting_seconds {inbox.oldest_waiting_s(databases.inbox):.3f}",
        *_family("amili_connector_ledger_keys", "Keys to ledgers that need attention, by what is wrong."),
        *(f'amili_connector_ledger_keys{{trouble="{trouble}"}} {troubles.count(trouble)}' for trouble in KeyTrouble),
        *_family("amili_connector_differences", "What does not agree between ledgers and Amili, by kind."),
        *(f'amili_connector_differences{{kind="{kind}"}} {differing.get(kind, 0)}' for kind in DifferenceKind),
        *_family("amili_connector_failing_comparisons", "Companies whose last comparison with Amili failed."),
        f"amili_connector_failing_comparisons {len(comparisons.failing(databases.main, None, for_s=0.0))}",
        *_family("amili_connector_worker_alive", "Whether a worker process has been heard of lately."),
        f"amili_connector_worker_alive {int(worker_runs(deployment()))}",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _family(name: str, help_text: str) -> tuple[str, str]:
    return f"# HELP {name} {help_text}", f"# TYPE {name} gauge"
