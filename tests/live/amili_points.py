"""What is not known of Amili's API until it was tried with a real key, and what a trial says of it.

Source: amili/API.md, "Unconfirmed". Each point is one of the imitation's switches and, where the connector has to
choose, one of its own constants or settings.
"""

from __future__ import annotations

from typing import Any

from connector.sandbox.shared.switches import AmiliSwitches
from tests.live.fortnox_points import Point, Seen, compared

TOKEN = Point("Access token", "ACCESS_TOKEN_FIELDS")
TOKEN_LIFE = Point("Life of an access token", "LIFETIME_FIELDS, DEFAULT_TOKEN_LIFETIME")
ERRORS = Point("Wording of errors", "amili/answers.py")
STANDARD_TEXT = Point("Standard text of a creditor", "domain/description.py")
CASES_MADE = Point("Case at once with the registration", "SETTLE_S")
VISIBLE = Point("New case found by its number", "SETTLE_S, SURELY_LISTED_S")
DUPLICATE = Point("Second registration of a number", "remote_findings.means_duplicate")
UNKNOWN_FIELD = Point("Unknown field in a registration", "amili/models.py")
REQUIRED_CUSTOMER = Point("Required of a debtor", "amili/registration.py")
REQUIRED_DEBT = Point("Required of a debt", "amili/registration.py")
FIRST_ACTIONS = Point("Other first actions", "other_first_actions")
FEE_KEYS = Point("Late-payment fee", "SEND_LATE_PAYMENT_FEE")
CLOSED_OPEN = Point("How an open case is asked for", "OPEN_CASE_FILTERS")
OPERATORS = Point("Filters beyond equality", "amili/changes.py")
TOTALS = Point("Amounts of a case", "amili/models.py")
MEDIA = Point("Answer to an upload", "amili/client.py")
ORIGINAL_INVOICE = Point("Original invoice on a case", "ORIGINAL_INVOICE_FIELD")
ACCOUNT = Point("Account in a payment", "SEND_ACCOUNT")
SETTLES = Point("When a payment is settled", "amili/status.py")
REFERENCE_SHOWN = Point("Our reference on a payment", "amili.actions.matching")
REFERENCE_TWICE = Point("The same reference twice", "amili.actions.matching")
UPDATED = Point("Time of change of a case", "amili/changes.py")
OVERPAID = Point("Payment above what remains", "follow_up_rules")
OVERCREDITED = Point("Credit above what remains", "follow_up_rules")
CLOSED_AS = Point("How a closed case shows", "amili.models.is_closed")
ON_CLOSED = Point("Payment on a closed case", "follow_up_rules")

POINTS = (
    TOKEN,
    TOKEN_LIFE,
    ERRORS,
    STANDARD_TEXT,
    CASES_MADE,
    VISIBLE,
    DUPLICATE,
    UNKNOWN_FIELD,
    REQUIRED_CUSTOMER,
    REQUIRED_DEBT,
    FIRST_ACTIONS,
    FEE_KEYS,
    CLOSED_OPEN,
    OPERATORS,
    TOTALS,
    MEDIA,
    ORIGINAL_INVOICE,
    ACCOUNT,
    SETTLES,
    REFERENCE_SHOWN,
    REFERENCE_TWICE,
    UPDATED,
    OVERPAID,
    OVERCREDITED,
    CLOSED_AS,
    ON_CLOSED,
)
"""In the order in which they are tried."""


def switch_is(point: Point, what: str, switch: str, value: Any) -> Seen:
    """What was seen is `value` of the imitation's `switch`; `point.where` says what of the connector depends on it."""
    default = getattr(AmiliSwitches(), switch)
    return compared(point, what, switch, value, default=default, where=f"{point.where}; ")


def table(found: list[Seen]) -> str:
    """What was seen of every point, in their order, as a table in Markdown."""
    rows = ["| point | seen | says |", "|---|---|---|"]
    for point in POINTS:
        of_point = [seen for seen in found if seen.point == point]
        for seen in of_point or [Seen(point, "could not be seen")]:
            says = f"{seen.verdict}: {seen.about or point.where}"
            rows.append(f"| {point.name} | {_cell(seen.what)} | {_cell(says)} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
