"""Money on the bank statement that no one has matched and that may be meant for an invoice
(RULES.md, "A: the invoice").

Three things tell of it: whose it is, how much it is, and what stands in its text. A number in a text counts only whole:
that of another invoice may contain it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from html import unescape
from typing import Any

Record = Mapping[str, Any]
Find = Callable[..., list[dict[str, Any]]]
"""Searches a model within the companies whose money is read: a domain, names of fields, and paging."""

BANK_LINE = "account.bank.statement.line"
TEXTS = ("payment_ref", "narration", "ref")
FIELDS = ("name", "date", "amount", "currency_id", "partner_id", *TEXTS)

NEAR_AMOUNTS = (Decimal(0), Decimal(60), Decimal(-60), Decimal(450), Decimal(-450))
"""How a receipt may differ from the balance and still be meant for the invoice: a reminder fee, a late fee
(RULES.md, "A: the invoice")."""

SHORTEST_NUMBER = 3
"""Digits without a letter that are fewer stand in a text for anything."""

_MOST = 100
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_TAG = re.compile(r"<[^>]*>")


def unmatched(find: Find, move: Record, customer_id: int, card_ids: Collection[int]) -> list[dict[str, Any]]:
    """The bank lines that may be meant for the invoice `move` of the customer, newest first.

    `card_ids` are the customer's card and that of the invoice's addressee. One call; a second one only where a line of
    someone else's card has a number in its text that merely contains the invoice's.
    """
    near = [move["amount_residual"] + difference for difference in NEAR_AMOUNTS]
    near = [amount for amount in near if amount > 0]
    currency = move["currency_id"][0] if move["currency_id"] else 0
    numbers = [number for number in map(_parts, (move["name"], move["payment_reference"])) if number]
    texts = [(field, "ilike", "%".join(number)) for number in numbers for field in TEXTS]
    found = find(
        BANK_LINE,
        [
            ("is_reconciled", "=", False),
            ("amount", ">", 0),
            *["|"] * (len(texts) + 1),
            *texts,
            ("partner_id.commercial_partner_id", "=", customer_id),
            "&",
            ("currency_id", "=", currency),
            ("amount", "in", [float(amount) for amount in near]),
        ],
        FIELDS,
        order="date desc, id desc",
        limit=_MOST,
    )
    patterns = [_whole(number) for number in numbers]

    def tells(line: Record) -> bool:
        if line["partner_id"] and line["partner_id"][0] in card_ids:
            return True
        is_near = line["amount"] in near and bool(line["currency_id"]) and line["currency_id"][0] == currency
        return is_near or any(pattern.search(text) for pattern in patterns for text in _texts(line))

    doubtful = [line["id"] for line in found if line["partner_id"] and not tells(line)]
    theirs: set[int] = set()
    if doubtful:
        domain = [("id", "in", doubtful), ("partner_id.commercial_partner_id", "=", customer_id)]
        theirs = {line["id"] for line in find(BANK_LINE, domain, ["id"])}
    return [line for line in found if line["id"] in theirs or tells(line)]


def _parts(text: object) -> list[str]:
    """The words and numbers of a number, between which people write what they like; none of what tells too little."""
    parts = _PARTS.findall(str(text or ""))
    if not any(part.isdigit() for part in parts):
        return []
    return parts if len(parts) > 1 or len(parts[0]) >= SHORTEST_NUMBER else []


def _whole(parts: Collection[str]) -> re.Pattern[str]:
    """Not in a longer number or word; of digits alone, not at the end of another invoice's number, nor an amount."""
    number = r"[\W_]*".join(parts)
    around = (r"(?<!\d[/-])", r"(?![.,]\d\d(?!\d))") if number.isdigit() else ("", "")
    return re.compile(rf"(?<![^\W_]){around[0]}{number}(?![^\W_]){around[1]}", re.IGNORECASE)


def _texts(line: Record) -> Iterator[str]:
    for field in TEXTS:
        if line[field]:
            yield unescape(_TAG.sub(" ", str(line[field])))
