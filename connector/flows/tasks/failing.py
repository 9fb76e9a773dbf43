"""What does not work, as people are informed of it: one thing for each step and refusal, however many wait for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from connector.amili import SYSTEM as AMILI
from connector.domain.dates import today
from connector.domain.text import Text
from connector.flows import troubles
from connector.flows.tasks import task_words
from connector.store import cases, hand_overs
from connector.store import troubles as kept
from connector.store.comparisons import StoredComparison
from connector.store.connections import ConnectionSummary
from connector.store.ledger_keys import KeyTrouble
from connector.store.troubles import Failing, Trouble

_MOST_NAMED = 5
GONE_LATELY_S = 129_600.0
"""A day and a half: from then on, the comparison of the second night tells of a case that is gone."""


@dataclass(frozen=True)
class Stuck:
    """One thing that does not work in a company. `what` says which, and `hand_overs` wait for it: all if none."""

    connection: str
    what: str
    since: float
    title: Text
    action: Text
    says: tuple[Text, ...]
    hand_overs: frozenset[str]

    @property
    def path(self) -> str:
        """The page on which what waits for it is shown."""
        if len(self.hand_overs) == 1:
            return f"/hand-overs/{next(iter(self.hand_overs))}"
        return f"/connections/{self.connection}/hand-overs"


def found(
    db: Engine,
    connection_ids: Collection[str] | None,
    companies: Mapping[str, ConnectionSummary],
    *,
    not_compared: Iterable[StoredComparison],
) -> Iterable[Stuck]:
    """Return what a person is to see to, of these connections or of all. `companies` are these connections.

    Of those of `not_compared` it is told already that their comparisons fail, and of a company whose ledger or Amili
    accepts no key that nothing is tried of it there.
    """
    compared_elsewhere = [one.connection for one in not_compared]
    without_key = [one.id for one in companies.values() if one.key.trouble(today()) is KeyTrouble.REFUSED]
    refused_at_amili = [one.id for one in companies.values() if one.amili_refused_at is not None]
    groups: dict[tuple[str, str, Failing], list[Trouble]] = {}
    for one in kept.every(db, connection_ids):
        if not troubles.asks(one):
            continue
        waits_for = {AMILI: refused_at_amili, "connector": []}.get(one.failing.system, without_key)
        told = {*waits_for, *(compared_elsewhere if one.step == troubles.COMPARE else ())}
        for connection_id in _concerned(one, companies):
            if connection_id not in told:
                groups.setdefault((connection_id, one.step, one.failing), []).append(one)
    for gone in cases.gone_lately(db, connection_ids, within_s=GONE_LATELY_S):
        lacking = Failing(system=AMILI, operation="read a case", status=404, refused=True)
        key = (gone.connection, troubles.CASES, lacking)
        groups.setdefault(key, []).append(
            Trouble(troubles.CASES, gone.hand_over, gone.connection, "", gone.hand_over, lacking, gone.gone_at, 0.0)
        )
    for (connection_id, step, failing), those in groups.items():
        ids = [one.hand_over for one in those if one.hand_over]
        known = hand_overs.of_ids(db, ids[:_MOST_NAMED])
        numbers = [one.invoice_number or one.invoice_id for one in known.values()]
        yield Stuck(
            connection=connection_id,
            what="/".join((step, failing.system, failing.operation, str(failing.status or ""))),
            since=min(one.since for one in those),
            title=task_words.failing(step, refused=failing.refused),
            action=task_words.what_helps(step, failing.system, refused=failing.refused),
            says=task_words.failure(failing, numbers, len(ids)),
            hand_overs=frozenset(ids),
        )


def _concerned(one: Trouble, companies: Mapping[str, ConnectionSummary]) -> Iterable[str]:
    if one.access:
        return [company.id for company in companies.values() if company.amili_access == one.access]
    return [one.connection] if one.connection in companies else []
