"""What is written for a ledger's people about a hand-over, in their language: on the invoice and in a message."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from connector.amili.status import CASE_STATES, CASE_STATUSES, words_for
from connector.domain.case import CaseStanding
from connector.domain.connection import ConnectionSettings
from connector.domain.findings import Finding, stops, worst_first
from connector.domain.follow_up import UNFINISHED_FOLLOW_UPS
from connector.domain.hand_over import WRITE_BACK_REFUSED, HandOverState
from connector.domain.text import text
from connector.hosts.base import CaseEnd, Language, LedgerMessage, WriteBack
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver
from connector.words import LANGUAGES, say

_LONGEST_STATUS = 200


def shown(
    hand_over: HandOver,
    settings: ConnectionSettings,
    language: Language,
    *,
    public_url: str,
    case: CaseStanding | None = None,
    withdrawal: FollowUp | None = None,
) -> WriteBack:
    """Return what the invoice should show: the case or that something must be done, and every finding that asks for it.

    `case` is how the case stood when it was last read; `withdrawal` what became of a wish to withdraw it, if there was
    one. What a person decided not to send asks for nothing.
    """
    if hand_over.state is HandOverState.LEFT:
        return _left(hand_over, language, public_url=public_url)
    declined = hand_over.state is HandOverState.SKIPPED
    answer = withdrawal if withdrawal is not None and withdrawal.state not in UNFINISHED_FOLLOW_UPS else None
    refused: tuple[Finding, ...] = ()
    if answer is not None and answer.wish_mark and answer.is_asked:
        refused = answer.findings
    asking = stops(
        # Whether it can be written into this ledger is being seen right now.
        tuple(finding for finding in hand_over.findings if finding.code != WRITE_BACK_REFUSED),
        accepted=(*hand_over.accepted, *settings.accepted_warnings),
        lifted=hand_over.lifted,
    )
    return WriteBack(
        case_id=hand_over.case_id,
        status=_status(hand_over, case, language),
        at=datetime.fromtimestamp(hand_over.registered_at or hand_over.updated_at, UTC).replace(microsecond=0),
        link=f"{public_url}/hand-overs/{hand_over.id}",
        findings=() if declined else tuple(_says(finding, language) for finding in (*worst_first(asking), *refused)),
        ended=_ended(hand_over, case),
        answered_wish=hand_over.wish_mark if declined else "",
        answered_withdrawal=answer.wish_mark if answer is not None else "",
        ocr=hand_over.ocr,
    )


def _left(hand_over: HandOver, language: Language, *, public_url: str) -> WriteBack:
    """Return what takes the place of a case, or of what was said of a request, that counts no more."""
    return WriteBack(
        case_id="",
        status=say(text(f"ledger.left.{hand_over.environment}"), language),
        at=datetime.fromtimestamp(hand_over.updated_at, UTC).replace(microsecond=0),
        link=f"{public_url}/hand-overs/{hand_over.id}",
        findings=(say(text(f"ledger.ask_again.{hand_over.environment}"), language),),
        answered_wish=hand_over.wish_mark,
        forgets=hand_over.case_id,
    )


def _ended(hand_over: HandOver, case: CaseStanding | None) -> CaseEnd:
    if hand_over.state is HandOverState.WITHDRAWN:
        return "withdrawn"
    return "closed" if case is not None and case.closed else ""


def _status(hand_over: HandOver, case: CaseStanding | None, language: Language) -> str:
    if hand_over.state is HandOverState.WITHDRAWN:
        return say(text("ledger.withdrawn"), language)
    if hand_over.state is HandOverState.SKIPPED:
        return say(text("ledger.declined", by=hand_over.declined_by), language)[:_LONGEST_STATUS]
    return case_status(case, language) if hand_over.case_id else say(text("ledger.action_needed"), language)


def case_status(case: CaseStanding | None, language: Language) -> str:
    """Return how a case stands, in words where there are any; a state or status without is shown unchanged."""
    return (
        state_words(case.state, case.status, closed=case.closed, language=language)
        if case
        else say(text("ledger.registered"), language)
    )


def state_words(state: str, status: str, *, closed: bool, language: Language) -> str:
    """Return what Amili says of a case, as `case_status` tells it."""
    told = (words_for(state, CASE_STATES), words_for(status, CASE_STATUSES))
    texts = dict.fromkeys(" ".join(say(words, language).split()) for words in told)
    where = say(text("ledger.closed" if closed else "ledger.registered"), language)
    return ": ".join(filter(None, (where, ", ".join(filter(None, texts)))))[:_LONGEST_STATUS]


def case_differs(before: CaseStanding | None, now: CaseStanding) -> bool:
    """Return whether a ledger that shows how a case stands must be told: whether its people would read something
    new.
    """
    return any(case_status(before, language) != case_status(now, language) for language in LANGUAGES)


def _says(finding: Finding, language: Language) -> str:
    return " ".join(say(finding.says, language).split())


def outcome_mark(note: WriteBack) -> str:
    """A digest of an outcome: a new message is due only when it changes."""
    parts = (note.case_id, note.status, *note.findings)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def message(hand_over: HandOver, note: WriteBack, language: Language) -> LedgerMessage:
    """The message that tells of an outcome. Its key stays the same however often it is tried to be left."""
    case = f" · {say(text('ledger.case'), language)} {note.case_id}" if note.case_id else ""
    return LedgerMessage(
        # The same outcome may come round again after another one: the request tells the two apart.
        key=f"{hand_over.id}.{hand_over.asked_at:.0f}.{outcome_mark(note)}",
        title=f"Amili: {note.status}{case}",
        lines=(*((say(text("ledger.ocr", ocr=note.ocr), language),) if note.ocr else ()), *note.findings),
        link=note.link,
        link_text=say(text("ledger.link"), language),
    )
