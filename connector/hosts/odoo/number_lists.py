"""Lists of a customer's numbers as fields for its identity number: `id_numbers` of OCA's `partner_identification`.

Such a list holds whatever identifies someone, so that only a number that stands in it alone is believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from connector.domain.dates import today
from connector.domain.errors import Unreadable
from connector.domain.identity import InvalidIdentity, read_identity
from connector.hosts.odoo import records
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.transport import SYSTEM

ROWS = "res.partner.id_number"
"""The model of such a list's rows."""

EXPIRED = "close"
"""The status of a number that does not hold any more."""

SHORTEST_NUMBER = 10
"""Digits of the shortest Swedish identity number (RULES.md, "Identity numbers")."""

HOLDS_TEXT = ("char", "text")
LISTS = ("one2many", "many2many")

_ROW: Record = {"fields": {"name": {}, "status": {}}}


def asked(lists: Iterable[str]) -> dict[str, Any]:
    """These lists, with their rows, as a specification for `web_search_read`."""
    return dict.fromkeys(sorted(lists), _ROW)


def is_list(described: Mapping[str, Any]) -> bool:
    """Return whether a field that `fields_get` describes so is a list of numbers."""
    return described.get("type") in LISTS and described.get("relation") == ROWS


def may_hold_number(described: Mapping[str, Any]) -> bool:
    """Return whether a field that `fields_get` describes so can hold an identity number."""
    return described.get("type") in HOLDS_TEXT or is_list(described)


def searched(name: str, lists: Collection[str]) -> str:
    """The path by which a search looks for a number in a field."""
    return f"{name}.name" if name in lists else name


def cards(
    client: OdooClient, domain: Sequence[Any], names: Sequence[str], lists: Collection[str], **paging: Any
) -> list[Record]:
    """Customers with these fields as `search_read` gives them, but with the rows of what is a list.

    Raises the errors of `OdooClient.call`.
    """
    found: list[Record]
    if not set(names) & set(lists):
        found = client.call("res.partner", "search_read", domain=list(domain), fields=list(names), **paging)
        return found
    references: Record = {"parent_id": {"fields": {"display_name": {}}}}
    wanted = {name: references.get(name, {}) for name in names} | asked(set(names) & set(lists))
    answer = client.call("res.partner", "web_search_read", domain=list(domain), specification=wanted, **paging)
    return [
        {
            name: [value["id"], value["display_name"]] if isinstance(value, Mapping) else value
            for name, value in card.items()
        }
        for card in answer["records"]
    ]


def all_in(card: Record, field: str) -> list[str]:
    """Every text that stands in a field of a customer, the numbers of a list that have not expired."""
    found = records.value(card, field)
    if not isinstance(found, list):
        return [text] if (text := records.text(card, field)) else []
    if not all(isinstance(row, dict) for row in found):
        raise Unreadable(f"the document lacks the rows of {field!r}.", system=SYSTEM)
    return [text for row in found if row.get("status") != EXPIRED and (text := records.text(row, "name"))]


def believed_in(card: Record, field: str) -> list[str]:
    """Return what may be the customer's identity number in a field: of a list, a number that stands there alone.

    That is the only valid one, or, where none is, the only one that is long enough: a mistyped one is reported.
    """
    texts = all_in(card, field)
    if not isinstance(records.value(card, field), list):
        return texts
    valid = {_digits(text)[-SHORTEST_NUMBER:]: text for text in texts if _is_valid(text)}
    long = valid or {_digits(text): text for text in texts if len(_digits(text)) >= SHORTEST_NUMBER}
    return list(long.values()) if len(long) == 1 else []


def _is_valid(text: str) -> bool:
    try:
        read_identity(text, today=today())
    except InvalidIdentity:
        return False
    return True


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
