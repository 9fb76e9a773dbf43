"""What is not known of Fortnox until a first real company was tried, and what a trial says of it.

Source: fortnox/API.md, "Unconfirmed", as far as the connector depends on it. The guide's table has the same points,
held by a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connector.sandbox.fortnox.switches import FortnoxSwitches


@dataclass(frozen=True)
class Point:
    """Something unconfirmed: what it is called, and where it would be changed."""

    name: str
    where: str


SERVICE_ACCOUNT = Point("Service account", "hosts/fortnox/tokens.py")
LIFE_CYCLE = Point("Messages on the app itself", "hosts/fortnox/lifecycle.py")
REFRESH_TOKEN = Point("Life of a refresh token", "REFRESH_TOKEN_LIFETIME")
UNKNOWN_INVOICE = Point("Wording of errors", "hosts/fortnox/answers.py")
OVERDUE = Point("Overdue filter", "hosts/fortnox/overdue.py")
DUE_TODAY = Point("Due today", "hosts/fortnox/overdue.py")
LABEL_SEARCH = Point("Search by label", "hosts/fortnox/host.py")
FEE = Point("Invoice fee where prices include VAT", "CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT")
TAX_REDUCTION = Point("Balance with rot or rut", "REDUCED_BALANCE_MEANS")
CREDIT_BALANCE = Point("Balance of a credit invoice", "LINKED_CREDIT_MEANS")
IDENTITY = Point("Spelling of personal numbers", "hosts/fortnox/translate.py")
PREVIEW = Point("PDF by preview", "hosts/fortnox/client.py")
BOOKED_REFERENCE = Point("Case id on a booked invoice", "hosts/fortnox/write_back.py")
BOOKED_LABELS = Point("Label on a booked invoice", "hosts/fortnox/write_back.py")
LABEL_ARRAY = Point("Labels replace or join", "hosts/fortnox/labels.py")
LABEL_BY_HAND = Point("Label set by a person", "request_label")
ZONE = Point("Zone of modified times", "hosts/fortnox/changes.py")
BOUND = Point("First minute of modified times", "hosts/fortnox/changes.py")
PAYMENT_MOVES = Point("Payment found by polling", "hosts/fortnox/changes.py")
CREDIT_MOVES = Point("Credit found by polling", "hosts/fortnox/changes.py")
LABEL_MOVES = Point("Label found by polling", "hosts/fortnox/changes.py")
ATTACHMENT = Point("File on a booked invoice", "hosts/fortnox/receipt.py")
BEARER = Point("Event stream: how a company is added", "hosts/fortnox/feed.py, hosts/fortnox/audience.py")
OFFSET = Point("Event stream: where it goes on", "hosts/fortnox/hearing.py")
EVENTS = Point("Event stream: what it tells of", "hosts/fortnox/events.py")
RATE = Point("Too many requests", "WINDOW_S")

POINTS = (
    SERVICE_ACCOUNT,
    LIFE_CYCLE,
    REFRESH_TOKEN,
    UNKNOWN_INVOICE,
    OVERDUE,
    DUE_TODAY,
    LABEL_SEARCH,
    FEE,
    TAX_REDUCTION,
    CREDIT_BALANCE,
    IDENTITY,
    PREVIEW,
    BOOKED_REFERENCE,
    BOOKED_LABELS,
    LABEL_ARRAY,
    LABEL_BY_HAND,
    ZONE,
    BOUND,
    PAYMENT_MOVES,
    CREDIT_MOVES,
    LABEL_MOVES,
    ATTACHMENT,
    BEARER,
    OFFSET,
    EVENTS,
    RATE,
)
"""In the order in which they are tried."""


class Verdict(StrEnum):
    """What was seen, held against what the connector or its imitation of Fortnox takes for granted."""

    CONFIRMED = "confirms"
    CONTRADICTED = "contradicts"
    OPEN = "open"


@dataclass(frozen=True)
class Seen:
    """What a trial showed of one point. `about` names the constant or switch that the verdict is on."""

    point: Point
    what: str
    verdict: Verdict = Verdict.OPEN
    about: str = ""


def confirms(point: Point, what: str, about: str = "") -> Seen:
    """What was seen is what we take for granted."""
    return Seen(point, what, Verdict.CONFIRMED, about or point.where)


def contradicts(point: Point, what: str, about: str = "") -> Seen:
    """What was seen is not what we take for granted."""
    return Seen(point, what, Verdict.CONTRADICTED, about or point.where)


def is_as(point: Point, what: str, *, holds: bool, about: str = "") -> Seen:
    """`holds` says whether what was seen is what we take for granted."""
    return confirms(point, what, about) if holds else contradicts(point, what, about)


def switch_is(point: Point, what: str, switch: str, value: Any) -> Seen:
    """What was seen is `value` of the imitation's `switch`; the connector can do with every value."""
    return compared(point, what, switch, value, default=getattr(FortnoxSwitches(), switch))


def compared(point: Point, what: str, switch: str, value: Any, *, default: Any, where: str = "") -> Seen:
    """What was seen is `value` of an imitation's `switch`, which has `default`; `where` goes before that."""
    about = f"{where}sandbox switch {switch} = {_as_text(default)}"
    if value == default:
        return confirms(point, what, about)
    return contradicts(point, what, f"{about}; it is {_as_text(value)}")


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def table(found: list[Seen]) -> str:
    """What was seen of every point, in their order, as a table in Markdown."""
    rows = ["| point | seen | says |", "|---|---|---|"]
    for point in POINTS:
        for seen in (one for one in found if one.point == point):
            says = f"{seen.verdict} {seen.about}" if seen.about else f"{seen.verdict}: {point.where}"
            rows.append(f"| {point.name} | {_cell(seen.what)} | {_cell(says)} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
