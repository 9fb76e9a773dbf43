"""What a ledger's people are told of a hand-over, in their language: on the invoice, and in a message beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from connector.domain.connection import ConnectionSettings
from connector.domain.findings import Finding, stops, worst_first
from connector.hosts.base import Language, LedgerMessage, WriteBack
from connector.store.hand_over_record import HandOver

REGISTERED: Final[Mapping[Language, str]] = {"sv": "Hos Amili", "en": "At Amili"}
ACTION_NEEDED: Final[Mapping[Language, str]] = {"sv": "Åtgärd krävs", "en": "Action needed"}
_CASE: Final[Mapping[Language, str]] = {"sv": "Ärende", "en": "Case"}
_LINK: Final[Mapping[Language, str]] = {"sv": "Öppna i Amili-kopplingen", "en": "Open in the Amili connector"}


def shown(hand_over: HandOver, settings: ConnectionSettings, language: Language, *, public_url: str) -> WriteBack:
    """What the invoice shall show: the case or that something must be done, and every finding that asks for it."""
    asking = stops(
        hand_over.findings,
        accepted=(*hand_over.accepted, *settings.accepted_warnings),
        lifted=hand_over.lifted,
    )
    return WriteBack(
        case_id=hand_over.case_id,
        status=(REGISTERED if hand_over.case_id else ACTION_NEEDED)[language],
        at=datetime.fromtimestamp(hand_over.registered_at or hand_over.updated_at, UTC).replace(microsecond=0),
        link=f"{public_url}/hand-overs/{hand_over.id}",
        findings=tuple(_says(finding, language) for finding in worst_first(asking)),
    )


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
        lines=note.findings,
        link=note.link,
        link_text=_LINK[language],
    )
