"""For those who run the deployment: is it up, can it work, and how much waits. Names no one, needs no sign-in."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.dates import today
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import DifferenceKind
from connector.flows.hand_over.asking import worker_deaths, worker_runs, workers_die
from connector.flows.troubles import STEPS
from connector.store import amili_accesses, comparisons, follow_ups, hand_overs, inbox, ledger_keys, resting
from connector.store import troubles as step_troubles
from connector.store.database import Databases, is_away
from connector.store.ledger_keys import KeyTrouble
from connector.web.person import deployment

health = Blueprint("health", __name__)

_ALIVE = "alive"


@health.get("/health")
def up() -> dict[str, str]:
    """200 while the process answers at all."""
    return {"status": "ok"}


@health.get("/ready")
def ready() -> tuple[dict[str, object], int]:
    """200 when both databases answer and a worker is alive and stays so, else 503.

    The age of the oldest waiting item, and how many keys are refused, if any, is told but does not decide: one
    company's ledger that is down for a day must not take the others' pages away, and a key is replaced on a page.
    """
    databases = deployment().databases
    try:
        worker = _worker()
        oldest_s = _oldest_waiting_s(databases)
        keys = _keys_refused(databases)
    except SQLAlchemyError:
        return {"status": "unavailable", "databases": "unreachable"}, 503
    report: dict[str, object] = {
        "status": "ok" if worker == _ALIVE else "unavailable",
        "databases": "ok",
        "worker": worker,
        "oldest_waiting_s": round(oldest_s, 1),
        **keys,
    }
    return report, 200 if worker == _ALIVE else 503


def _keys_refused(databases: Databases) -> dict[str, int]:
    ledgers = [key for key in ledger_keys.every(databases.main).values() if key.refused_at is not None]
    found = {
        "ledger_keys_refused": len(ledgers),
        "amili_keys_refused": len({one.amili_access for one in amili_accesses.refusals(databases.main)}),
    }
    return {name: count for name, count in found.items() if count}


def _worker() -> str:
    if not worker_runs(deployment()):
        return "silent"
    return "dying" if workers_die(deployment()) else _ALIVE


@health.get("/metrics")
def metrics() -> Response:
    """The same, the hand-overs by state, and what does not agree, in Prometheus' text format 0.0.4.

    While the databases are away, that is said and nothing else.
    """
    try:
        lines = [*_database(up=True), *_measured()]
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        lines = _database(up=False)
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _database(*, up: bool) -> list[str]:
    family = _family("amili_connector_database_up", "Whether the databases can be used.")
    return [*family, f"amili_connector_database_up {int(up)}"]


def _measured() -> list[str]:
    databases = deployment().databases
    counts = hand_overs.counts(databases.main)
    differing = comparisons.counts(databases.main)
    failing = step_troubles.counts(databases.main)
    troubles = [key.trouble(today()) for key in ledger_keys.every(databases.main).values()]
    return [
        *_family("amili_connector_hand_overs", "Hand-overs by state."),
        *(f'amili_connector_hand_overs{{state="{state}"}} {counts.get(state, 0)}' for state in HandOverState),
        *_family("amili_connector_oldest_waiting_seconds", "Age of the oldest thing that is not done."),
        f"amili_connector_oldest_waiting_seconds {_oldest_waiting_s(databases):.3f}",
        *_family("amili_connector_ledger_keys", "Keys to ledgers that need attention, by what is wrong."),
        *(f'amili_connector_ledger_keys{{trouble="{trouble}"}} {troubles.count(trouble)}' for trouble in KeyTrouble),
        *_family("amili_connector_amili_keys", "Key pairs to Amili that need attention, by what is wrong."),
        f'amili_connector_amili_keys{{trouble="refused"}} {_keys_refused(databases).get("amili_keys_refused", 0)}',
        *_family("amili_connector_paused", "Companies that people have paused."),
        f"amili_connector_paused {sum(one.is_paused for one in resting.every(databases.main).values())}",
        *_family("amili_connector_differences", "What does not agree between ledgers and Amili, by kind."),
        *(f'amili_connector_differences{{kind="{kind}"}} {differing.get(kind, 0)}' for kind in DifferenceKind),
        *_family("amili_connector_failing_comparisons", "Companies whose last comparison with Amili failed."),
        f"amili_connector_failing_comparisons {len(comparisons.failing(databases.main, None, for_s=0.0))}",
        *_family("amili_connector_failing_steps", "For how many companies or hand-overs each step of the work fails."),
        *(f'amili_connector_failing_steps{{step="{step}"}} {failing.get(step, 0)}' for step in STEPS),
        *_family("amili_connector_worker_alive", "Whether a worker process has been heard of lately."),
        f"amili_connector_worker_alive {int(worker_runs(deployment()))}",
        *_family("amili_connector_worker_deaths", "Worker processes that died within the last five minutes."),
        f"amili_connector_worker_deaths {worker_deaths(deployment())}",
    ]


def _oldest_waiting_s(databases: Databases) -> float:
    """Age in seconds of whatever has waited longest for work: an item, a hand-over, a report, a step that fails."""
    main = databases.main
    return max(
        inbox.oldest_waiting_s(databases.inbox),
        hand_overs.oldest_unfinished_s(main),
        follow_ups.oldest_unfinished_s(main),
        step_troubles.oldest_s(main),
    )


def _family(name: str, help_text: str) -> tuple[str, str]:
    return f"# HELP {name} {help_text}", f"# TYPE {name} gauge"
