"""How amounts, instants, findings, customers and events are written on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.domain.assessment import Assessment
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import STOCKHOLM
from connector.domain.dates import today as stockholm_today
from connector.domain.debtor import read_debtor
from connector.domain.description import describe_debt
from connector.domain.findings import Finding, Severity
from connector.domain.hand_over import WriteBackState
from connector.domain.identity import Identity, IdentityKind, mask_identity
from connector.domain.invoice import Address, Invoice
from connector.domain.money import as_text
from connector.domain.redaction import without_personal_numbers
from connector.domain.text import from_data
from connector.flows.hand_over.ledger_words import state_words
from connector.hosts import kinds
from connector.store.ledger_keys import LedgerKey
from connector.store.timeline import WORKER, TimelineEntry
from connector.words import Catalogue

PROTECTED_IDENTITY = "E9"
"""The check that finds a protected identity (RULES.md, "E: the debtor"); nothing of such a customer is shown."""

_MAKE_A_CASE = ("registered", "adopted")
_WRITE = ("written_back", "status_written", "write_back_refused")
"""Events that tell what was written on the invoice, or not."""

_WAIT = ("outcome_unknown", "report_unknown", "report_waiting")
"""Events of which it is told as of what is waited for, why they came about."""

_SEK = "SEK"


def amount(value: Decimal | None, currency: str = _SEK) -> str:
    """An amount with its currency, as Swedish pages write it: `2 050,00 kr`; a dash for one that cannot be read."""
    if value is None:
        return "–"
    return f"{as_text(value)}\u00a0{'kr' if currency == _SEK else currency}"


def moment(at_s: float) -> str:
    """An instant in Stockholm time, to the minute."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


def organisation_number(digits: str) -> str:
    """An organisation number as people write it. A sole trader's, which is a personal number, is masked."""
    text = f"{digits[:6]}-{digits[6:]}" if len(digits) == 10 else digits
    return (text if without_personal_numbers(text) == text else mask_identity(text)) or "–"


def key_trouble(key: LedgerKey) -> str:
    """Return what should be fixed about a company's key to its ledger: a `KeyTrouble`, or "" for nothing."""
    return key.trouble(stockholm_today()) or ""


def opened_by_consent(host: str) -> bool:
    """Return whether a ledger of this kind is opened by its company's consent, and not by a key that a person
    enters.
    """
    return kinds.by_consent(host) is not None


def right_name(host: str, right: str, words: Catalogue) -> str:
    """A right (scope) that a kind of host asks its companies for, in words; as the host calls it if none are known."""
    return words.text_or_key(f"{host}_right", right)


def first_action_name(action: str, words: Catalogue) -> str:
    """A first action in words; one that a company has agreed with Amili as it is."""
    return words.text_or_key("first_action", action)


def first_action_help(action: str, words: Catalogue) -> str:
    """Return what a first action does, as far as it is known."""
    return words.text(f"first_action_help.{action if action in tuple(FirstAction) else 'other'}")


def by_code(findings: Iterable[Finding]) -> dict[str, tuple[Finding, ...]]:
    """Findings by their check, because a person's tick or reason answers all that one check says."""
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in findings:
        found[finding.code] = (*found.get(finding.code, ()), finding)
    return found


def is_protected(findings: Iterable[Finding]) -> bool:
    """Return whether findings say that the customer's identity is protected."""
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


def debtor(
    invoice: Invoice, settings: ConnectionSettings, assessment: Assessment | None, *, today: date
) -> ShownDebtor:
    """The customer of an invoice: what would be sent, or as much of it as the ledger has."""
    customer = invoice.customer
    if customer.protected_identity:
        return ShownDebtor(protected=True)
    reading = read_debtor(customer, today=today)
    claim = assessment.claim if assessment else None
    return ShownDebtor(
        name=reading.customer.name,
        number=_customer_number(customer.number),
        is_company=reading.is_company,
        id_number=_id_number(reading.customer.id_number, reading.identity),
        address=reading.address,
        email=claim.debtor.email if claim else "",
        mobile_number=claim.debtor.mobile_number if claim else "",
        description=assessment.debtor_reads if assessment else describe_debt(invoice, settings.debt_description),
    )


def _customer_number(text: str) -> str:
    """The ledger's number of a customer; many a ledger uses a private person's personal number for it."""
    return text if without_personal_numbers(text) == text else mask_identity(text)


def _id_number(text: str, identity: Identity | None) -> str:
    if identity is not None and identity.kind is IdentityKind.ORGANISATION:
        return organisation_number(identity.digits)
    return mask_identity(text)


def write_back(state: WriteBackState, entries: Sequence[TimelineEntry], words: Catalogue) -> str:
    """Return what stands on the invoice of a hand-over with a case, by the events that told of it."""
    writing = [entry.data for entry in entries if entry.event in _WRITE]
    latest = writing[-1] if writing else None
    if state is WriteBackState.WRITTEN and latest is None:
        return words.text("written.nothing")
    if state is WriteBackState.WRITTEN and latest and not latest.get("case_id_written", True):
        return words.text("written.elsewhere", places=", ".join(latest.get("places", ())))
    if state is WriteBackState.REFUSED and latest and latest.get("case_id_written"):
        return words.text("written.in_part")
    return words.text(f"write_back.{state}")


@dataclass(frozen=True)
class ShownEvent:
    """One line of a timeline, with the details that belong to it."""

    at: str
    actor: str
    text: str
    details: tuple[str, ...] = ()


def events(entries: Iterable[TimelineEntry], words: Catalogue) -> tuple[ShownEvent, ...]:
    """The events of one hand-over, oldest first, in words."""
    has_case = False
    told = []
    for entry in entries:
        has_case = has_case or entry.event in _MAKE_A_CASE
        told.append(event(entry, words, has_case=has_case))
    return tuple(told)


def event(entry: TimelineEntry, words: Catalogue, *, has_case: bool = True) -> ShownEvent:
    """An event in words. One that the catalogue does not know is shown by its name.

    `has_case` says that the hand-over had a case by then. Of events that an earlier release recorded, nothing is told
    that may not be so.
    """
    data = entry.data
    told = _told(data, words)
    if entry.event in _WAIT:
        told["why"] = waits_for(str(data.get("why", "")), words)
    match entry.event:
        case "waiting" if not data.get("for"):
            text = words.text("timeline_going_on")
        case "blocked" if "stopped_by" not in data:
            text = words.text("timeline_blocked.found", **told)
        case "blocked" if data.get("refused"):
            text = words.text("timeline_blocked.refused", **told)
        case "blocked" if data.get("posted"):
            text = words.text("timeline_blocked.posted", **told)
        case "written_back" if not data.get("case_id_written", has_case):
            text = words.text("timeline_shown", **told)
        case "write_back_refused" if data.get("case_id_written") or not has_case:
            text = words.text("timeline_shown_refused")
        case name:
            text = words.text_or_key("timeline", name, **told)
    actor = words.text("actor.connector") if entry.actor == WORKER else entry.actor
    return ShownEvent(moment(entry.at), actor, text, tuple(_details(data, words)))


def _told(data: Mapping[str, Any], words: Catalogue) -> dict[str, str]:
    capital = data.get("capital")
    return {
        "origin": words.text_or_key("origin", str(data.get("origin", ""))),
        "first_action": words.text_or_key("first_action", str(data.get("first_action", ""))),
        "capital": amount(Decimal(capital)) if capital else "",
        "case_id": str(data.get("case_id", "")),
        "registration_id": str(data.get("registration_id", "")),
        "why": _why(data.get("why", ""), words),
        "reason": str(data.get("reason", "")),
        "waiting_for": waits_for(str(data.get("for", "")), words),
        "findings": ", ".join(dict.fromkeys(data.get("stopped_by") or data.get("findings", ()))),
        "standing": words.text_or_key("standing", str(data.get("standing", ""))),
        "balance": amount(Decimal(data["balance"])) if data.get("balance") else "",
        "thing": _thing(data, words),
        "places": ", ".join(data.get("places", ())),
        "status": str(data.get("status", "")),
        "shown": str(data.get("status", "")) or ", ".join(data.get("places", ())),
        "case": case_words(data, words),
        "remaining": amount(Decimal(data["remaining"])) if data.get("remaining") else words.text("case.unknown"),
    }


def _why(kept: Any, words: Catalogue) -> str:
    """Return why something did not come about: a fact, or what an earlier release kept."""
    return words.text_or_key("waiting", kept) if isinstance(kept, str) else words.say(from_data(kept))


def waits_for(kept: str, words: Catalogue) -> str:
    """Return what is waited for: in words where there are any, else the system that is; what it said is for logs."""
    return words.text_or_key("waiting", kept.partition(": ")[0])


def case_words(data: Mapping[str, Any], words: Catalogue) -> str:
    """Return what Amili said of a case: in words where there are any, else unchanged."""
    state, status = str(data.get("state", "")), str(data.get("status", ""))
    return state_words(state, status, closed=bool(data.get("closed")), language=words.language)


def thing_that_happened(kind: str, kronor: Decimal, day: date | None, words: Catalogue) -> str:
    """A payment or credit with its amount and date, on one line."""
    thing = _thing({"kind": kind, "amount": kronor}, words)
    return words.text("withdraw.thing", thing=thing, date=day or "–")


def _thing(data: Mapping[str, Any], words: Catalogue) -> str:
    """Return what happened in the ledger, with its amount where it has one."""
    kind = words.text_or_key("follow_up_kind", str(data.get("kind", "")))
    kronor = Decimal(data.get("amount") or 0)
    return f"{kind} {amount(kronor)}" if kronor else kind


def _details(data: Mapping[str, Any], words: Catalogue) -> Iterable[str]:
    if accepted := data.get("accepted"):
        yield words.text("timeline_accepted", codes=", ".join(accepted))
    for code, reason in (data.get("lifted") or {}).items():
        yield words.text("timeline_lifted", code=code, reason=reason)
