"""How a case at Amili, and its three facts, are written on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connector.domain.case import CaseStanding, Closing, closing
from connector.flows.hand_over.ledger_words import case_status
from connector.store.cases import KeptCase
from connector.store.hand_over_record import HandOver
from connector.web import shown
from connector.words import Catalogue

FACTS = ("closed", "paid", "zero")
ANSWERS = ("yes", "no", "unknown")
_SIGNS = {"yes": "done", "no": "skipped", "unknown": "outcome_unknown"}


@dataclass(frozen=True)
class ShownFact:
    """One of the three facts: `name` is a key of the catalogue's family `fact`, `sign` the badge it has."""

    name: str
    sign: str


def facts(case: CaseStanding | None, hand_over: HandOver) -> tuple[ShownFact, ...]:
    """Closed at Amili, paid in the ledger, both balances zero: each by itself, and each may be unknown."""
    return tuple(_facts(closing(case, hand_over.standing)))


def _facts(found: Closing) -> Iterator[ShownFact]:
    held = (found.closed_at_amili, found.paid_in_ledger, found.balances_zero)
    for fact, holds in zip(FACTS, held, strict=True):
        answer = "unknown" if holds is None else "yes" if holds else "no"
        yield ShownFact(f"{fact}_{answer}", _SIGNS[answer])


@dataclass(frozen=True)
class ShownCase:
    """What a page tells of a case beside its facts. `as_came` are Amili's own words; `amounts` have keys of `case`."""

    words: str = ""
    as_came: str = ""
    changed: str = ""
    amounts: tuple[tuple[str, str], ...] = ()
    history: tuple[str, ...] = ()
    gone: bool = False


def case(kept: KeptCase | None, words: Catalogue) -> ShownCase | None:
    """A case as it was last read; None if there is nothing to tell of it yet."""
    if kept is None:
        return None
    standing = kept.standing
    if standing is None:
        return ShownCase(gone=True) if kept.gone_at is not None else None
    return ShownCase(
        words=case_status(standing, words.language),
        as_came=" / ".join(filter(None, (standing.state, standing.status))),
        changed=_moment(standing.updated_at),
        amounts=tuple(_amounts(standing, words)),
        history=tuple(_history(standing)),
        gone=kept.gone_at is not None,
    )


def _amounts(standing: CaseStanding, words: Catalogue) -> Iterable[tuple[str, str]]:
    for name, value in (
        ("capital", standing.capital_to_claim),
        ("settled", standing.settled_capital),
        ("left_capital", standing.remaining_capital),
        ("left_costs", standing.remaining_costs),
        ("left_interest", standing.remaining_interest),
        ("left", standing.remaining),
    ):
        yield words.text(f"case_amount.{name}"), _amount(value, words)


def _amount(value: Decimal | None, words: Catalogue) -> str:
    return words.text("case.unknown") if value is None else shown.amount(value)


def _history(standing: CaseStanding) -> Iterable[str]:
    for passed in standing.state_history:
        yield " ".join(filter(None, (_moment(passed.at), passed.state)))


def _moment(at: datetime | None) -> str:
    return shown.moment(at.timestamp()) if at else ""
