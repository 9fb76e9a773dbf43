"""What is asked of Amili, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AT_AMILI: Final[Mapping[str, str]] = {
    "authenticate": "logga in",
    "register a case": "registrera ett ärende",
    "upload the original invoice": "ladda upp fakturan",
    "read a case": "läsa ett ärende",
    "list cases": "lista ärenden",
    "look for the invoice's cases": "söka fakturans ärenden",
    "list open cases": "lista öppna ärenden",
    "list changed cases": "lista ändrade ärenden",
    "report a payment": "rapportera en betalning",
    "report a credit": "rapportera en kreditering",
    "withdraw a case": "återkalla ett ärende",
    "look for a payment": "söka en betalning",
    "look for a crediting": "söka en kreditering",
    "look for a cancellation": "söka en återkallelse",
    "read a payment": "läsa en betalning",
    "read a crediting": "läsa en kreditering",
    "read a cancellation": "läsa en återkallelse",
    "list payout specifications": "lista utbetalningsspecifikationer",
    "list an invoice's payout specifications": "lista fakturans utbetalningsspecifikationer",
    "list a payout's specifications": "lista en utbetalnings specifikationer",
    "list payouts": "lista utbetalningar",
    "read a payout": "läsa en utbetalning",
    "list registrations": "lista registreringar",
    "read a registration": "läsa en registrering",
    "list creditors": "lista borgenärer",
    "read a creditor": "läsa borgenären",
    "list accounts": "lista konton",
}
"""Every operation in Swedish, by its English name, which is the client's own."""

CREATING: Final = (
    "register a case",
    "upload the original invoice",
    "report a payment",
    "report a credit",
    "withdraw a case",
)
"""Those that create something; the others read."""
