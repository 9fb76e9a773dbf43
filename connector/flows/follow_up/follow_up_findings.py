"""What a person is asked about an invoice at Amili, for the people who can answer."""

from __future__ import annotations

from typing import Final

from connector.amili.actions import RegisteredAction
from connector.domain.errors import ConnectorError
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import FollowUpKind, Verdict, reported_as
from connector.domain.money import as_text
from connector.domain.text import Fact, Quote, Text, text
from connector.flows.error_words import words_of

_NAMED: Final = (FollowUpKind.PAYMENT, FollowUpKind.CREDIT)
"""What has a name of its own in these texts."""


def of_verdict(verdict: Verdict) -> tuple[Finding, ...]:
    """Return what a person is asked; nothing where no one is."""
    if verdict.reason is None:
        return ()
    kind = reported_as(verdict.kind, verdict.id)
    return (
        _warning(
            str(verdict.reason),
            value=as_text(verdict.amount) if verdict.amount else "",
            what=text(f"follow_up_what.{kind if kind in _NAMED else 'other'}"),
            amount=as_text(verdict.amount),
            date=verdict.date or "–",
            number=verdict.number or "–",
        ),
    )


def refused(error: ConnectorError) -> Finding:
    """Amili clearly refused the report; nothing took effect."""
    return _warning("refused", said=words_of(error))


def failed(action: RegisteredAction) -> Finding:
    """Amili took the report in, and it had no effect."""
    return _warning("failed", value=action.status_reason, said=_said(action))


def settled_otherwise(action: RegisteredAction) -> Finding:
    """Amili took the report in with a warning, or for another amount."""
    amount = "?" if action.settled_amount is None else as_text(action.settled_amount)
    return _warning("settled_otherwise", value=action.status_reason, amount=amount, said=_said(action))


def outcome_not_told() -> Finding:
    """Amili took the report in and does not say what became of it."""
    return _warning("outcome_not_told")


def not_shown() -> Finding:
    """A report got an answer of success half an hour ago, and Amili does not show it."""
    return _warning("not_shown")


def posted_often(times: int) -> Finding:
    """So many reports were posted without an answer that no further one leaves without a person's word."""
    return _warning("posted_often", value=str(times), times=times)


def withdrawn_otherwise(action: RegisteredAction) -> Finding:
    """Amili took the withdrawal in with a warning."""
    return _warning("withdrawn_otherwise", value=action.status_reason, said=_said(action))


def closed_already() -> Finding:
    """Before a withdrawal was sent, the case was closed without one."""
    return _warning("closed_already")


def paid_instead() -> Finding:
    """A withdrawal was wished for in the ledger, and the case may end by itself with what was paid or credited."""
    return _warning("withdrawal_paid")


def may_be_paid() -> Finding:
    """A withdrawal was wished for in the ledger, and it cannot be seen whether the invoice is paid."""
    return _warning("withdrawal_unseen")


def meant_for_another_case(case_id: str) -> Finding:
    """A withdrawal was wished for of a case that is not the invoice's present one."""
    return _warning("withdrawal_of_another_case", value=case_id, case=case_id or "–")


def withdrawal_asked_by_anybody(by: str) -> Finding:
    """A withdrawal was wished for where anyone who may change an invoice can write it, in anybody's name."""
    return _warning("withdrawal_asked_by_anybody", value=by, by=by or text("by_nobody"))


def without_reason() -> Finding:
    """A withdrawal was wished for without saying why."""
    return _warning("withdrawal_without_reason")


def nothing_to_withdraw() -> Text:
    """A withdrawal was wished for of an invoice of which we know no case."""
    return text("follow_up.nothing_to_withdraw")


def may_stand_already() -> Finding:
    """Before anything was sent, Amili's list did not tell whether it stands there already."""
    return _warning("may_stand_already")


def unsendable(error: ValueError) -> Finding:
    """Return what passed the rules and still is no report: our mistake, so it is stopped and named."""
    return _warning("unsendable", kind=type(error).__name__)


def _said(action: RegisteredAction) -> Fact:
    """Return what Amili says of an action, in its own words."""
    said = " ".join(filter(None, (action.status, action.status_reason)))
    return Quote(said) if said else "–"


def _warning(code: str, *, value: str = "", **facts: Fact) -> Finding:
    says = Text(f"follow_up.{code}", facts)
    return Finding(code=f"follow_up_{code}", severity=Severity.WARNING, field="invoice", value=value, says=says)
