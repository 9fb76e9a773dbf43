"""One thing that waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.task import TaskKind
from connector.domain.text import StoredWords, Text
from connector.store.hand_over_record import HandOver
from connector.store.tasks import Act


@dataclass(frozen=True)
class Task:
    """One thing that waits for a person.

    `key` stays the same for as long as it is about the same thing; `mark` changes with its substance. `since` is an
    instant. `title` and `action` name at most the invoice; `says` are findings, which may name the customer, and
    `codes` their codes in the same order. `owner` is the e-mail address of a user, "" for no one's. `path` leads to
    the page where it is done. `skip` is the decision by which it does not wait any more. `follow_up` is the follow-up
    that asks, and `may_report` whether it can be reported to Amili. `concerns` are the ids of the hand-overs for which
    a step fails; empty is all of the company.
    """

    key: str
    mark: str
    kind: TaskKind
    connection: str
    company: str
    title: Text
    action: Text
    since: float
    path: str
    says: tuple[Text | StoredWords, ...] = ()
    codes: tuple[str, ...] = ()
    invoice_number: str = ""
    hand_over: HandOver | None = None
    asked_by: str = ""
    owner: str = ""
    skip: Act | None = None
    follow_up: str = ""
    may_report: bool = False
    concerns: frozenset[str] | None = None

    def is_about(self, hand_over_id: str) -> bool:
        """Return whether it is to be told on the page of this hand-over."""
        if self.kind is TaskKind.FAILING:
            return not self.concerns or hand_over_id in self.concerns
        return self.hand_over is not None and self.hand_over.id == hand_over_id
