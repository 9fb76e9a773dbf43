"""What an Odoo has that others lack: our own fields, those of modules, and payments that are matched with the bank."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connector.domain.errors import KeyRefused, NotAuthorised, NotFound
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import DISPUTE_FIELDS, REMINDER_FIELDS, REMINDERS, Extras, Record
from connector.hosts.odoo.fields import NEVER_SEND

REMEMBERED_S = 60.0
"""How long what was found is taken for granted. Somebody may install the fields at any time, and what people
enter in them then must not be overlooked for long."""


MATCHED_WITH_BANK = (
    ("is_matched", "=", True),
    ("move_id", "!=", False),
    ("outstanding_account_id.account_type", "!=", "asset_cash"),
)
"""Payments that wait on an account of their own until a bank line comes, and for which one has come. Where a company
has any, it matches its payments with the bank; Odoo Community cannot by itself (account_payment.py, `create`)."""

IN_PAYMENT = (("payment_state", "=", "in_payment"),)
"""Invoices that are paid as soon as the bank confirms it: a state that only an Odoo shows that awaits the bank."""


@dataclass(frozen=True)
class _Seen:
    extras: Extras
    at_s: float


class Present:
    """Asks an Odoo once for what it has, and again when that is old. Safe to use from several threads."""

    def __init__(self, client: OdooClient, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._seen: _Seen | None = None

    def extras(self, context: Record) -> Extras:
        """What this Odoo has beyond the fields that every one has. Raises the errors of `OdooClient.call`."""
        with self._lock:
            if self._seen is None or self._clock_s() - self._seen.at_s > REMEMBERED_S:
                found = Extras(
                    move=existing_fields(self._client, "account.move", DISPUTE_FIELDS, context),
                    partner=existing_fields(self._client, "res.partner", (NEVER_SEND,), context),
                    reminders=self._reminder_fields(context),
                    awaits_bank=self._awaits_bank(context),
                )
                self._seen = _Seen(found, self._clock_s())
            return self._seen.extras

    def forget(self) -> None:
        """Look again at the next question."""
        with self._lock:
            self._seen = None

    def _awaits_bank(self, context: Record) -> bool:
        ours = ("company_id", "in", context.get("allowed_company_ids", []))
        signs = (("account.payment", MATCHED_WITH_BANK), ("account.move", IN_PAYMENT))
        return any(
            self._client.call(model, "search_count", domain=[ours, *sign], limit=1, context=context)
            for model, sign in signs
        )

    def _reminder_fields(self, context: Record) -> frozenset[str]:
        """The fields of the reminders that a module keeps; none if there is no such module, or not for us to see."""
        try:
            if not self._client.allows(REMINDERS, "read", context=context):
                return frozenset()
            return existing_fields(self._client, REMINDERS, REMINDER_FIELDS, context)
        except KeyRefused:
            raise
        except (NotFound, NotAuthorised):
            return frozenset()


def existing_fields(client: OdooClient, model: str, names: Iterable[str], context: Record) -> frozenset[str]:
    """Those of the fields `names` that `model` has, as far as the key's user may see them."""
    found = client.call(model, "fields_get", allfields=list(names), attributes=["type"], context=context)
    return frozenset(found)
