"""A hand-over as it stands in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from connector.domain.connection import Environment, FirstAction
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import Entry
from connector.domain.hand_over import HandOverState, Origin, PdfState, WriteBackState
from connector.domain.invoice import Standing
from connector.store import tables

# Built once: every step reads its row several times, and building the statement takes as long as running it.
_BY_ID = select(tables.hand_overs).where(tables.hand_overs.c.id == bindparam("hand_over_id"))


@dataclass(frozen=True)
class HandOver:
    """One hand-over as stored. Instants are seconds since the epoch; amounts kronor."""

    id: str
    connection: str
    creditor: str
    invoice_id: str
    invoice_number: str
    generation: int
    state: HandOverState
    first_action: FirstAction | str
    origin: Origin
    asked_by: str
    asked_at: float
    wish_mark: str
    proposed_balance: Decimal | None
    accepted: tuple[str, ...]
    lifted: Mapping[str, str]
    submission: int
    tries: int
    waiting_for: str
    attempted_at: float | None
    unknown_since: float | None
    debtor_name: str
    capital: Decimal | None
    registration_id: str
    case_id: str
    ocr: str
    ocr_id: str
    registered_at: float | None
    pdf: PdfState
    pdf_attempted: bool
    pdf_unknown_since: float | None
    write_back: WriteBackState
    findings: tuple[Finding, ...]
    updated_at: float
    message_attempted: str
    message_left: str
    standing: Standing | None
    standing_version: int
    """How often it was kept how the invoice stands."""
    balance_then: Decimal | None
    """The invoice's balance at the registration; None where the release that registered did not keep it."""
    total_then: Decimal | None
    """What the invoice asked for in all at the registration; None where the release that registered did not keep it."""
    claimed_fee: Decimal | None
    """The reminder fee claimed beside the capital; None where the release that registered did not keep it."""
    counted: tuple[Entry, ...] | None
    """The payments and credits in the claimed capital; None where the release that registered did not keep them."""
    follow_up_asked: int
    """How often a look at what happened since has been asked for."""
    follow_up_done: int
    """Up to which of these looks everything has been seen to."""
    follow_up_turn: int
    """Grows with every report to Amili: anyone who decided by an older one has to decide again."""
    case_news: int
    """How many changes of its case a ledger that shows them had to be told of."""
    declined_by: str
    """Who decided that it is not sent, while that stands."""
    refusals: int
    """How many clear refusals came in a row; a failure of another kind begins the count again."""
    debt: str
    """What it is unique by (`connector.store.debts.Debt`): "" until the invoice was read, the number alone in
    hand-overs of releases that knew no more."""
    invoice_date: date | None
    debtor: str
    """Which debtor, told by a digest (`Debt.debtor`); "" where it is not known."""
    posts: int
    """How many registrations of it may have reached Amili; one that was refused, or provably not sent, is none."""
    posts_allowed: int
    first_post_at: float | None
    taken_at: float | None
    """When Amili answered a registration with success, without naming its case: none may follow it."""
    this_case: str
    """The case at Amili that a person said is this debt's."""
    other_cases: tuple[str, ...]
    """Open cases of the same invoice number that a person said are of other debts."""
    environment: Environment
    """Which of Amili's environments it is of."""
    left_state: str
    """The state in which its company left it behind; "" for one of the environment that the company is in."""

    @property
    def workflow_id(self) -> str:
        """The idempotency key of the work on this hand-over's present submission."""
        return f"send:{self.connection}:{self.invoice_id}:{self.generation}:{self.submission}"


def fetch(connection: Connection, hand_over_id: str) -> HandOver:
    """One hand-over by its id, within the caller's transaction."""
    return from_row(connection.execute(_BY_ID, {"hand_over_id": hand_over_id}).one())


_COLUMNS = tuple(field.name for field in fields(HandOver))


def from_row(row: Row[Any]) -> HandOver:
    """A row of the table as a hand-over."""
    return HandOver(**{name: getattr(row, name) for name in _COLUMNS})


def findings_values(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The findings of a hand-over as its columns tell them; `warned` is what is searched for."""
    warned = any(finding.severity is Severity.WARNING for finding in findings)
    return {"findings": findings, "warned": warned}
