"""Which companies of an Odoo a connection reads: its own, and for money those that it is a branch of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.errors import ConfigurationError
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.transport import SYSTEM

LOOK_AGAIN_S = 60.0
"""How often it is asked whether our user sees a parent that it did not see."""
REMEMBERED_S = 3600.0

WITHIN_NONE: Mapping[str, Any] = {"allowed_company_ids": []}
"""The context of a call that is to see whatever the key's user sees."""


@dataclass(frozen=True)
class Parents:
    """The companies above a branch that our user may see, nearest first; `hidden` names the first that it may not.

    Odoo matches what came in on a parent's bank with a branch's invoices (from 17 on).
    """

    ids: tuple[int, ...] = ()
    hidden: str = ""

    @property
    def to_mend(self) -> tuple[str, ...]:
        """Return what someone must do so that all of them are seen, in words."""
        if not self.hidden:
            return ()
        what = f"Money in {self.hidden}, which this company is a branch of, is not seen."
        return (f"{what} Add it to the companies of the connector's user.",)


class Tree:
    """Asks an Odoo what a company is a branch of, and again when that is old. Safe to use from several threads."""

    def __init__(self, client: OdooClient, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._seen: tuple[Parents, float] | None = None

    def forget(self) -> None:
        """Look again at the next question."""
        with self._lock:
            self._seen = None

    def above(self, company_id: int | None) -> Parents:
        """The parents of a company. Raises the errors of `OdooClient.call`."""
        with self._lock:
            if self._seen is not None:
                parents, at_s = self._seen
                if self._clock_s() - at_s <= (LOOK_AGAIN_S if parents.hidden else REMEMBERED_S):
                    return parents
            # Within no company, so that all that our user may see are told.
            rows = self._client.call("res.company", "search_read", domain=[], fields=["parent_id"], context=WITHIN_NONE)
            parents = _above(company_id, {int(row["id"]): row["parent_id"] for row in rows})
            self._seen = (parents, self._clock_s())
            return parents


def _above(company_id: int | None, parent_of: Mapping[int, Any]) -> Parents:
    found: list[int] = []
    parent = parent_of.get(company_id or 0)
    while parent and parent[0] not in found:
        number, name = parent
        if number not in parent_of:
            return Parents(tuple(found), hidden=str(name))
        found.append(number)
        parent = parent_of[number]
    return Parents(tuple(found))


def seen_companies(client: OdooClient) -> tuple[int, ...]:
    """The companies that the key's user sees.

    Asked for within none of them: within one, 19 refuses a user of several its own companies (API.md, "JSON-RPC").
    Raises the errors of `OdooClient.call`.
    """
    uid = client.call("res.users", "context_get")["uid"]
    (user,) = client.call("res.users", "read", ids=[uid], fields=["company_ids"], context=WITHIN_NONE)
    return tuple(user["company_ids"])


def only_company(company_ids: Sequence[int]) -> int:
    """The one company that the key's user sees. Raises `ConfigurationError` if there are several."""
    if len(company_ids) != 1:
        raise ConfigurationError(
            f"The key's user sees several companies ({', '.join(map(str, company_ids))}).",
            system=SYSTEM,
            advice="Choose one of them as company_id in the connection's Odoo settings.",
        )
    return int(company_ids[0])


def organization_number(company: Mapping[str, Any]) -> str:
    """Ten digits from the company's registry number or its VAT number SE…01 (RULES.md, "Identity numbers"), else ""."""
    for text in (str(company["company_registry"] or ""), str(company["vat"] or "")):
        digits = "".join(character for character in text if character.isascii() and character.isdigit())
        if text.strip().upper().startswith("SE") and digits.endswith("01"):
            digits = digits[:-2]
        digits = digits.removeprefix("16") if len(digits) == 12 else digits
        if len(digits) == 10:
            return digits
    return ""
