"""A hand-over as commands show it: a row for people, a document for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connector.cli.output import instant, moment, shown, table
from connector.domain.case import CaseStanding, closing
from connector.domain.dates import STOCKHOLM
from connector.domain.hand_over import (
    WAITS_FOR_AMILI_KEY,
    WAITS_FOR_KEY,
    WAITS_FOR_NOTHING,
    WAITS_FOR_RESTORE,
    WAITS_WHILE_PAUSED,
)
from connector.domain.invoice import Standing
from connector.domain.money import as_text
from connector.domain.text import from_data
from connector.flows.hand_over.ledger_words import case_status
from connector.hosts.base import Language
from connector.store.hand_over_record import HandOver
from connector.store.timeline import TimelineEntry
from connector.words import say

HEADINGS = (
    "Company",
    "Invoice",
    "Debtor",
    "State",
    "Case or what it waits for",
    "OCR",
    "Capital",
    "PDF",
    "Ledger",
    "Asked",
)
FACT_HEADINGS = ("Closed at Amili", "Paid in ledger", "Balances zero")
_LONGEST_NAME = 28
_WAITS = {
    WAITS_FOR_KEY: "a new key to the ledger",
    WAITS_FOR_AMILI_KEY: "Amili to accept our key pair",
    WAITS_FOR_RESTORE: "a look at what Amili has already, after a restore",
    WAITS_WHILE_PAUSED: "the company pauses",
    WAITS_FOR_NOTHING: "nothing: the connection has ended",
}


def hand_over_table(hand_overs: Iterable[HandOver]) -> None:
    """Print one row for each hand-over."""
    table(HEADINGS, [_row(one) for one in hand_overs], right=("Capital",))


def closing_table(hand_overs: Iterable[HandOver], cases: Mapping[str, CaseStanding]) -> None:
    """Print one row for each hand-over, with the three facts that together are the end of its case."""
    rows = [(*_row(one), *_facts(one, cases.get(one.case_id))) for one in hand_overs]
    table((*HEADINGS, *FACT_HEADINGS), rows, right=("Capital",))


def _facts(one: HandOver, case: CaseStanding | None) -> tuple[str, ...]:
    if not one.case_id:
        return "", "", ""
    found = closing(case, one.standing)
    return _answer(found.closed_at_amili), _answer(found.paid_in_ledger), _answer(found.balances_zero)


def _answer(holds: bool | None) -> str:
    return "?" if holds is None else "yes" if holds else "no"


def _row(one: HandOver) -> tuple[str, ...]:
    return (
        one.connection,
        one.invoice_number or one.invoice_id,
        one.debtor_name if len(one.debtor_name) <= _LONGEST_NAME else one.debtor_name[: _LONGEST_NAME - 1] + "…",
        one.state,
        one.case_id or waits_for(one),
        one.ocr,
        as_text(one.capital) if one.capital is not None else "",
        one.pdf if one.case_id else "",
        one.write_back if one.case_id else "",
        moment(one.asked_at),
    )


def waits_for(one: HandOver) -> str:
    """Return what a hand-over waits for, in words; "" if for nothing."""
    return _WAITS.get(one.waiting_for, one.waiting_for)


def as_document(one: HandOver) -> dict[str, Any]:
    """A hand-over for programs. Amounts are texts in kronor, instants ISO 8601."""
    return {
        "id": one.id,
        "connection": one.connection,
        "invoice_id": one.invoice_id,
        "invoice_number": one.invoice_number,
        "state": one.state,
        "first_action": one.first_action,
        "case_id": one.case_id,
        "registration_id": one.registration_id,
        "ocr": one.ocr,
        "ocr_id": one.ocr_id,
        "debtor_name": one.debtor_name,
        "capital_to_claim": one.capital,
        "pdf": one.pdf,
        "write_back": one.write_back,
        "waiting_for": one.waiting_for,
        "ledger": _in_ledger(one.standing) if one.standing else None,
        "findings": one.findings,
        "asked_by": one.asked_by,
        "asked_at": instant(one.asked_at),
    }


def case_document(one: HandOver, case: CaseStanding | None) -> dict[str, Any]:
    """Return how a hand-over's case stands, as it was last read, and the three facts that are its end; null is
    unknown.
    """
    found = closing(case, one.standing)
    return {
        "case": case.model_dump(mode="json") if case else None,
        "closing": {
            "closed_at_amili": found.closed_at_amili,
            "paid_in_ledger": found.paid_in_ledger,
            "balances_zero": found.balances_zero,
        }
        if one.case_id
        else None,
        "ending": found.ending if one.case_id else None,
    }


def case_lines(case: CaseStanding, language: Language) -> Iterable[str]:
    """Return how a case stands, in lines for people."""
    as_came = " / ".join(filter(None, (case.state, case.status)))
    yield f"  {shown(case_status(case, language))}" + (f" ({shown(as_came)})" if as_came else "")
    amounts = (
        ("capital", case.capital_to_claim),
        ("settled", case.settled_capital),
        ("left of capital", case.remaining_capital),
        ("left of fees", case.remaining_costs),
        ("left of interest", case.remaining_interest),
        ("left in all", case.remaining),
    )
    yield "  " + ", ".join(f"{name}: {'unknown' if value is None else as_text(value)}" for name, value in amounts)


def entry_document(entry: TimelineEntry) -> dict[str, Any]:
    """An event of a timeline for programs."""
    data = dict(entry.data)
    if "why" in data:
        data["why"] = say(from_data(data["why"]), "en")
    return {"at": instant(entry.at), "actor": entry.actor, "event": entry.event, "data": data}


def clock(at_s: float) -> str:
    """An instant to the second, as people in Sweden write it."""
    return datetime.fromtimestamp(at_s, STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


def _in_ledger(standing: Standing) -> dict[str, object]:
    return {"standing": standing.kind, "balance": None if standing.unreadable else standing.balance}
