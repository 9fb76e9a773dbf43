"""How amounts, instants, findings, customers and events are written on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.domain.claim import Claim
from connector.domain.connection import ConnectionSettings
from connector.domain.dates import STOCKHOLM
from connector.domain.dates import today as stockholm_today
from connector.domain.debtor import read_debtor
from connector.domain.description import describe_debt
from connector.domain.findings import Finding, Severity
from connector.domain.identity import Identity, IdentityKind, mask_identity, without_personal_numbers
from connector.domain.invoice import Address, Invoice
from connector.domain.money import as_text
from connector.flows.companies import consent
from connector.flows.hand_over.ledger_words import state_words
from connector.store.ledger_keys import LedgerKey
from connector.store.timeline import TimelineEntry
from connector.web.texts import Catalogue, spoken

PROTECTED_IDENTITY = "E9"
"""The check that finds a protected identity (domain.md section 11); nothing of such a customer is shown."""

WORKER = "connector"
"""How the timeline names the connector itself."""

_SEK = "SEK"


def amount(value: Decimal, currency: str = _SEK) -> str:
    """An amount with its currency, as Swedish pages write it: `2 050,00 kr`."""
    return f"{as_text(value)}\u00a0{'kr' if currency == _SEK else currency}"


def moment(at_s: float) -> str:
    """An instant in Stockholm time, to the minute."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


def organisation_number(digits: str) -> str:
    """An organisation number as people write it. A sole trader's, which is a personal number, is masked."""
    text = f"{digits[:6]}-{digits[6:]}" if len(digits) == 10 else digits
    return (text if without_personal_numbers(text) == text else mask_identity(text)) or "–"


def key_trouble(key: LedgerKey) -> str:
    """What should be mended about a company's key to its ledger: a `KeyTrouble`, or "" for nothing."""
    return key.trouble(stockholm_today()) or ""


def opened_by_consent(host: str) -> bool:
    """Whether a ledger of this kind is opened by its company's consent, and not by a key that a person enters."""
    return host == consent.HOST


def says(finding: Finding, language: str) -> str:
    """A finding's text in the reader's language."""
    return finding.sv if language == "sv" else finding.en


def by_code(findings: Iterable[Finding]) -> dict[str, tuple[Finding, ...]]:
    """Findings by their check, because a person's tick or reason answers all that one check says."""
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in findings:
        found[finding.code] = (*found.get(finding.code, ()), finding)
    return found


def is_protected(findings: Iterable[Finding]) -> bool:
    """Whether findings say that the customer's identity is protected."""
    return any(finding.code == PROTECTED_IDENTITY and finding.severity is Severity.BLOCK for finding in findings)


@dataclass(frozen=True)
class ShownDebtor:
    """The customer as a page shows it. `protected` says that nothing else is given."""

    protected: bool = False
    name: str = ""
    number: str = ""
    is_company: bool | None = None
    id_number: str = ""
    address: Address | None = None
    email: str = ""
    mobile_number: str = ""
    description: str = ""


def debtor(invoice: Invoice, settings: ConnectionSettings, claim: Claim | None, *, today: date) -> ShownDebtor:
    """The customer of an invoice: what would be sent, or as much of it as the ledger has."""
    customer = invoice.customer
    if customer.protected_identity:
        return ShownDebtor(protected=True)
    reading = read_debtor(customer, today=today)
    return ShownDebtor(
        name=customer.name,
        number=_customer_number(customer.number),
        is_company=reading.is_company,
        id_number=_id_number(customer.id_number, reading.identity),
        address=reading.address,
        email=claim.debtor.email if claim else "",
        mobile_number=claim.debtor.mobile_number if claim else "",
        description=describe_debt(invoice, settings.debt_description),
    )


def _customer_number(text: str) -> str:
    """The ledger's number of a customer; many a ledger uses a private person's personal number for it."""
    return text if without_personal_numbers(text) == text else mask_identity(text)


def _id_number(text: str, identity: Identity | None) -> str:
    if identity is not None and identity.kind is IdentityKind.ORGANISATION:
        return organisation_number(identity.digits)
    return mask_identity(text)


@dataclass(frozen=True)
class ShownEvent:
    """One line of a timeline, with the details that belong to it."""

    at: str
    actor: str
    text: str
    details: tuple[str, ...] = ()


def event(entry: TimelineEntry, words: Catalogue) -> ShownEvent:
    """An event in words. One that the catalogue does not know is shown by its name."""
    data = entry.data
    name = entry.event
    if name == "waiting" and not data.get("for"):
        text = words.text("timeline_going_on")
    else:
        text = words.text_or_key("timeline", name, **_told(data, words))
    actor = words.text("actor.connector") if entry.actor == WORKER else entry.actor
    return ShownEvent(moment(entry.at), actor, text, tuple(_details(data, words)))


def _told(data: Mapping[str, Any], words: Catalogue) -> dict[str, str]:
    capital = data.get("capital")
    return {
        "origin": words.text_or_key("origin", str(data.get("origin", ""))),
        "first_action": words.text_or_key("first_action", str(data.get("first_action", ""))),
        "capital": amount(Decimal(capital)) if capital else "",
        "case_id": str(data.get("case_id", "")),
        "why": str(data.get("why", "")),
        "reason": str(data.get("reason", "")),
        "waiting_for": words.text_or_key("waiting", str(data.get("for", ""))),
        "findings": ", ".join(data.get("findings", ())),
        "standing": words.text_or_key("standing", str(data.get("standing", ""))),
        "balance": amount(Decimal(data["balance"])) if data.get("balance") else "",
        "thing": _thing(data, words),
        "places": ", ".join(data.get("places", ())),
        "status": str(data.get("status", "")),
        "case": case_words(data, words),
        "remaining": amount(Decimal(data["remaining"])) if data.get("remaining") else words.text("case.unknown"),
    }


def case_words(data: Mapping[str, Any], words: Catalogue) -> str:
    """What Amili said of a case: in words where there are any, else as it came."""
    state, status = str(data.get("state", "")), str(data.get("status", ""))
    return state_words(state, status, closed=bool(data.get("closed")), language=spoken(words))


def thing_that_happened(kind: str, kronor: Decimal, day: date | None, words: Catalogue) -> str:
    """A payment or credit with its amount and date, on one line."""
    thing = _thing({"kind": kind, "amount": kronor}, words)
    return words.text("withdraw.thing", thing=thing, date=day or "–")


def _thing(data: Mapping[str, Any], words: Catalogue) -> str:
    """What happened in the ledger, with its amount where it has one."""
    kind = words.text_or_key("follow_up_kind", str(data.get("kind", "")))
    kronor = Decimal(data.get("amount") or 0)
    return f"{kind} {amount(kronor)}" if kronor else kind


def _details(data: Mapping[str, Any], words: Catalogue) -> Iterable[str]:
    if accepted := data.get("accepted"):
        yield words.text("timeline_accepted", codes=", ".join(accepted))
    for code, reason in (data.get("lifted") or {}).items():
        yield words.text("timeline_lifted", code=code, reason=reason)
