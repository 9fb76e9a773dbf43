"""What a ledger's people are told about a hand-over, in their language: on the invoice, and in a message beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from connector.amili.status import CASE_STATES, CASE_STATUSES, words_for
from connector.domain.case import CaseStanding
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.findings import Finding, stops, worst_first
from connector.domain.follow_up import UNFINISHED_FOLLOW_UPS
from connector.domain.hand_over import WRITE_BACK_REFUSED, HandOverState
from connector.hosts.base import CaseEnd, Language, LedgerMessage, WriteBack
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver

REGISTERED: Final[Mapping[Language, str]] = {"sv": "Hos Amili", "en": "At Amili"}
CLOSED: Final[Mapping[Language, str]] = {"sv": "Avslutat hos Amili", "en": "Closed at Amili"}
WITHDRAWN: Final[Mapping[Language, str]] = {"sv": "Återkallat hos Amili", "en": "Withdrawn at Amili"}
DECLINED: Final[Mapping[Language, str]] = {"sv": "Skickas inte, beslutat av", "en": "Not to be sent, decided by"}
ACTION_NEEDED: Final[Mapping[Language, str]] = {"sv": "Åtgärd krävs", "en": "Action needed"}
LEFT: Final[Mapping[Environment, Mapping[Language, str]]] = {
    Environment.SANDBOX: {"sv": "Gällde Amilis testmiljö", "en": "Was of Amili's sandbox"},
    Environment.PRODUCTION: {"sv": "Begäran återtogs", "en": "The request was taken back"},
}
_ASK_AGAIN: Final[Mapping[Environment, Mapping[Language, str]]] = {
    Environment.SANDBOX: {
        "sv": "Företaget har börjat skicka på riktigt. Inget som begärdes i testmiljön skickas: begär fakturan igen.",
        "en": "The company sends for real now. Nothing that was asked for in the sandbox is sent: ask again.",
    },
    Environment.PRODUCTION: {
        "sv": "Företaget har gått tillbaka till Amilis testmiljö. Fakturan skickades aldrig: begär den igen.",
        "en": "The company has gone back to Amili's sandbox. The invoice was never sent: ask again.",
    },
}
"""Why nothing comes of what was left behind, by the environment that it was of."""
_LONGEST_STATUS = 200
_CASE: Final[Mapping[Language, str]] = {"sv": "Ärende", "en": "Case"}
_OCR: Final[Mapping[Language, str]] = {"sv": "Amilis OCR-nummer", "en": "Amili's OCR number"}
_LINK: Final[Mapping[Language, str]] = {"sv": "Öppna i Amili-kopplingen", "en": "Open in the Amili connector"}


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
        status=LEFT[hand_over.environment][language],
        at=datetime.fromtimestamp(hand_over.updated_at, UTC).replace(microsecond=0),
        link=f"{public_url}/hand-overs/{hand_over.id}",
        findings=(_ASK_AGAIN[hand_over.environment][language],),
        answered_wish=hand_over.wish_mark,
        forgets=hand_over.case_id,
    )


def _ended(hand_over: HandOver, case: CaseStanding | None) -> CaseEnd:
    if hand_over.state is HandOverState.WITHDRAWN:
        return "withdrawn"
    return "closed" if case is not None and case.closed else ""


def _status(hand_over: HandOver, case: CaseStanding | None, language: Language) -> str:
    if hand_over.state is HandOverState.WITHDRAWN:
        return WITHDRAWN[language]
    if hand_over.state is HandOverState.SKIPPED:
        return f"{DECLINED[language]} {hand_over.declined_by}"[:_LONGEST_STATUS]
    return case_status(case, language) if hand_over.case_id else ACTION_NEEDED[language]


def case_status(case: CaseStanding | None, language: Language) -> str:
    """Return how a case stands, in words where there are any; a state or status without is shown unchanged."""
    return state_words(case.state, case.status, closed=case.closed, language=language) if case else REGISTERED[language]


def state_words(state: str, status: str, *, closed: bool, language: Language) -> str:
    """Return what Amili says of a case, as `case_status` tells it."""
    told = (words_for(state, CASE_STATES), words_for(status, CASE_STATUSES))
    texts = dict.fromkeys(" ".join((words.sv if language == "sv" else words.en).split()) for words in told)
    where = (CLOSED if closed else REGISTERED)[language]
    return ": ".join(filter(None, (where, ", ".join(filter(None, texts)))))[:_LONGEST_STATUS]


def case_differs(before: CaseStanding | None, now: CaseStanding) -> bool:
    """Return whether a ledger that shows how a case stands must be told: whether its people would read something
    new.
    """
    return any(case_status(before, language) != case_status(now, language) for language in get_args(Language))


def _says(finding: Finding, language: Language) -> str:
    return " ".join((finding.sv if language == "sv" else finding.en).split())


def outcome_mark(note: WriteBack) -> str:
    """A digest of an outcome: a new message is due only when it changes."""
    parts = (note.case_id, note.status, *note.findings)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def message(hand_over: HandOver, note: WriteBack, language: Language) -> LedgerMessage:
    """The message that tells of an outcome. Its key stays the same however often it is tried to be left."""
    case = f" · {_CASE[language]} {note.case_id}" if note.case_id else ""
    return LedgerMessage(
        # The same outcome may come round again after another one: the request tells the two apart.
        key=f"{hand_over.id}.{hand_over.asked_at:.0f}.{outcome_mark(note)}",
        title=f"Amili: {note.status}{case}",
        lines=(*((f"{_OCR[language]}: {note.ocr}",) if note.ocr else ()), *note.findings),
        link=note.link,
        link_text=_LINK[language],
    )
