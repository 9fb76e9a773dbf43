"""What is asked of Amili, as texts for people."""

from __future__ import annotations

import re
from typing import Final

from connector.domain.text import Text, text

AT_AMILI: Final = (
    "authenticate",
    "register a case",
    "upload the original invoice",
    "read a case",
    "list cases",
    "look for the invoice's cases",
    "list open cases",
    "list changed cases",
    "report a payment",
    "report a credit",
    "withdraw a case",
    "look for a payment",
    "look for a crediting",
    "look for a cancellation",
    "read a payment",
    "read a crediting",
    "read a cancellation",
    "list payout specifications",
    "list an invoice's payout specifications",
    "list a payout's specifications",
    "list payouts",
    "read a payout",
    "list registrations",
    "read a registration",
    "list creditors",
    "read a creditor",
    "list accounts",
)
"""Every operation by its English name, which is the client's own."""

CREATING: Final = (
    "register a case",
    "upload the original invoice",
    "report a payment",
    "report a credit",
    "withdraw a case",
)
"""Those that create something; the others read."""


def at_amili(operation: str) -> Text | None:
    """The operation in words; None for what is none of Amili's."""
    if operation not in AT_AMILI:
        return None
    return text(f"at_amili.{re.sub(r'[^a-z]+', '_', operation.replace(chr(39), ''))}")
