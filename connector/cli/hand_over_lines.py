"""A hand-over as commands show it: a row for people, a document for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from connector.cli.output import instant, moment, table
from connector.domain.dates import STOCKHOLM
from connector.domain.hand_over import WAITS_FOR_KEY
from connector.domain.money import as_text
from connector.store.hand_over_record import HandOver
from connector.store.timeline import TimelineEntry

HEADINGS = ("Company", "Invoice", "Debtor", "State", "Case or what it waits for", "Capital", "PDF", "Ledger", "Asked")
_LONGEST_NAME = 28


def hand_over_table(hand_overs: Iterable[HandOver]) -> None:
    """Print one row for each hand-over."""
    table(HEADINGS, [_row(one) for one in hand_overs], right=("Capital",))


def _row(one: HandOver) -> tuple[str, ...]:
    return (
        one.connection,
        one.invoice_number or one.invoice_id,
        one.debtor_name if len(one.debtor_name) <= _LONGEST_NAME else one.debtor_name[: _LONGEST_NAME - 1] + "…",
        one.state,
        one.case_id or waits_for(one),
        as_text(one.capital) if one.capital is not None else "",
        one.pdf if one.case_id else "",
        one.write_back if one.case_id else "",
        moment(one.asked_at),
    )


def waits_for(one: HandOver) -> str:
    """What a hand-over waits for, in words; "" if for nothing."""
    return "a new key to the ledger" if one.waiting_for == WAITS_FOR_KEY else one.waiting_for


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
        "debtor_name": one.debtor_name,
        "capital_to_claim": one.capital,
        "pdf": one.pdf,
        "write_back": one.write_back,
        "waiting_for": one.waiting_for,
        "ledger": {"standing": one.standing.kind, "balance": one.standing.balance} if one.standing else None,
        "findings": one.findings,
        "asked_by": one.asked_by,
        "asked_at": instant(one.asked_at),
    }


def entry_document(entry: TimelineEntry) -> dict[str, Any]:
    """An event of a timeline for programs."""
    return {"at": instant(entry.at), "actor": entry.actor, "event": entry.event, "data": entry.data}


def clock(at_s: float) -> str:
    """An instant to the second, as people in Sweden write it."""
    return datetime.fromtimestamp(at_s, STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")
