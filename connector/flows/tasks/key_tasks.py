"""Tasks about keys: to a company's ledger, and to Amili."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from datetime import time as time_of_day

from connector.domain.dates import STOCKHOLM, today
from connector.domain.task import TaskKind
from connector.flows.tasks import task_words
from connector.flows.tasks.task import Task
from connector.hosts import kinds
from connector.store import ledger_keys
from connector.store.connections import ConnectionSummary
from connector.store.ledger_keys import KeyTrouble


def found(companies: Iterable[ConnectionSummary]) -> Iterator[Task]:
    """The tasks about keys of these companies: what Amili, or their ledgers, do not accept, and what ends soon."""
    for company in companies:
        yield from _at_amili(company)
        yield from _to_ledger(company)


def _at_amili(company: ConnectionSummary) -> Iterator[Task]:
    if company.amili_refused_at is None:
        return
    yield Task(
        key=f"amili_key/{company.id}",
        mark=f"{company.amili_refused_at:.3f}",
        kind=TaskKind.KEY_REFUSED,
        connection=company.id,
        company=company.name,
        title=task_words.AMILI_KEY_REFUSED,
        action=task_words.NEW_AMILI_KEY,
        since=company.amili_refused_at,
        path=f"/connections/{company.id}/connection",
    )


def _to_ledger(company: ConnectionSummary) -> Iterator[Task]:
    trouble = company.key.trouble(today())
    if trouble is None:
        return
    refused = trouble is KeyTrouble.REFUSED
    by_consent = kinds.by_consent(company.host) is not None
    system = kinds.name_of(company.host)
    refusal = task_words.consent_refused(system) if by_consent else task_words.key_refused(system)
    yield Task(
        key=f"key/{company.id}",
        mark=f"{trouble}/{company.key.number}",
        kind=TaskKind.KEY_REFUSED if refused else TaskKind.KEY_ENDS,
        connection=company.id,
        company=company.name,
        title=refusal if refused else task_words.key_ends(system, company.key.expires),
        action=task_words.NEW_CONSENT if by_consent else task_words.NEW_KEY,
        since=company.key.refused_at or _warned_since(company),
        path=f"/connections/{company.id}/key",
    )


def _warned_since(company: ConnectionSummary) -> float:
    day = (company.key.expires or today()) - ledger_keys.WARNED_BEFORE
    return datetime.combine(day, time_of_day(), STOCKHOLM).timestamp()
