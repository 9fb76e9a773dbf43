"""A hand-over as it stands in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, select

from connector.domain.connection import Environment, FirstAction, first_action_of
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import Entry
from connector.domain.hand_over import HandOverState, Origin, PdfState, WriteBackState
from connector.domain.invoice import Standing
from connector.store import tables

_FINDINGS: TypeAdapter[tuple[Finding, ...]] = TypeAdapter(tuple[Finding, ...])
_ENTRIES: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])

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


def from_row(row: Row[Any]) -> HandOver:
    """A row of the table as a hand-over."""
    return HandOver(
        id=row.id,
        connection=row.connection,
        creditor=row.creditor,
        invoice_id=row.invoice_id,
        invoice_number=row.invoice_number or "",
        generation=row.generation,
        state=HandOverState(row.state),
        first_action=first_action_of(row.first_action),
        origin=Origin(row.origin),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        wish_mark=row.wish_mark,
        proposed_balance=Decimal(row.proposed_balance) if row.proposed_balance else None,
        accepted=tuple(json.loads(row.accepted)),
        lifted=json.loads(row.lifted),
        submission=row.submission,
        tries=row.tries,
        waiting_for=row.waiting_for,
        attempted_at=row.attempted_at,
        unknown_since=row.unknown_since,
        debtor_name=row.debtor_name,
        capital=Decimal(row.capital) if row.capital else None,
        registration_id=row.registration_id or "",
        case_id=row.case_id or "",
        ocr=row.ocr or "",
        ocr_id=row.ocr_id,
        registered_at=row.registered_at,
        pdf=PdfState(row.pdf),
        pdf_attempted=bool(row.pdf_attempted),
        pdf_unknown_since=row.pdf_unknown_since,
        write_back=WriteBackState(row.write_back),
        findings=_findings(row.findings),
        updated_at=row.updated_at,
        message_attempted=row.message_attempted,
        message_left=row.message_left,
        standing=Standing.model_validate_json(row.standing) if row.standing else None,
        standing_version=row.standing_version,
        balance_then=Decimal(row.balance_then) if row.balance_then else None,
        total_then=Decimal(row.total_then) if row.total_then else None,
        claimed_fee=Decimal(row.claimed_fee) if row.claimed_fee else None,
        counted=_ENTRIES.validate_json(row.counted) if row.counted else None,
        follow_up_asked=row.follow_up_asked,
        follow_up_done=row.follow_up_done,
        follow_up_turn=row.follow_up_turn,
        case_news=row.case_news,
        declined_by=row.declined_by,
        refusals=row.refusals,
        debt=row.debt or "",
        invoice_date=date.fromisoformat(row.invoice_date) if row.invoice_date else None,
        debtor=row.debtor,
        posts=row.posts,
        posts_allowed=row.posts_allowed,
        first_post_at=row.first_post_at,
        taken_at=row.taken_at,
        this_case=row.this_case,
        other_cases=tuple(json.loads(row.other_cases)),
        environment=Environment(row.environment),
        left_state=row.left_state,
    )


@lru_cache(maxsize=256)
def _findings(written: str) -> tuple[Finding, ...]:
    """Read once where many have the same, as those that say what was not checked."""
    return _FINDINGS.validate_json(written)


def findings_text(findings: tuple[Finding, ...]) -> str:
    """Findings as they are stored."""
    return json.dumps([finding.model_dump(mode="json") for finding in findings], ensure_ascii=False)


def findings_values(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The findings of a hand-over as its columns tell them; `warned` is what is searched for."""
    warned = any(finding.severity is Severity.WARNING for finding in findings)
    return {"findings": findings_text(findings), "warned": warned}


def entries_text(entries: tuple[Entry, ...]) -> str:
    """Entries of a ledger as they are stored."""
    return json.dumps([entry.model_dump(mode="json") for entry in entries], ensure_ascii=False)


def amount_text(amount: Decimal | None) -> str | None:
    """An amount as it is stored, and searched for: zero is written in one way."""
    return str(amount + 0) if amount is not None else None
