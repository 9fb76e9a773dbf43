"""What an Odoo has that others lack: our own fields, those of modules, and payments that are matched with the bank."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.domain.errors import KeyRefused, NotAuthorised, NotFound
from connector.hosts.odoo import modules, named_products, number_lists
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import DISPUTE_FIELDS, Extras, Record
from connector.hosts.odoo.fields import NEVER_SEND
from connector.hosts.odoo.reminders import OVERDUE, OVERDUE_MODELS, REMINDER_FIELDS, REMINDERS

REMEMBERED_S = 60.0
"""How long what was found is taken for granted. Someone may install the fields at any time, and what people
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

    def __init__(
        self,
        client: OdooClient,
        number_fields: Iterable[str] = (),
        products: Iterable[str] = (),
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`number_fields` are the fields of customers that may hold identity numbers, `products` names of products."""
        self._client = client
        self._number_fields = tuple(number_fields)
        self._products = tuple(products)
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._seen: _Seen | None = None

    def extras(self, context: Record) -> Extras:
        """Return what this Odoo has beyond the fields that every one has. Raises the errors of `OdooClient.call`."""
        with self._lock:
            if self._seen is None or self._clock_s() - self._seen.at_s > REMEMBERED_S:
                self._seen = _Seen(self._found(context), self._clock_s())
            return self._seen.extras

    def forget(self) -> None:
        """Look again at the next question."""
        with self._lock:
            self._seen = None

    def _found(self, context: Record) -> Extras:
        of_invoices = (*DISPUTE_FIELDS, *modules.OF_INVOICES)
        move = existing_fields(self._client, "account.move", of_invoices, context)
        of_customers = (NEVER_SEND, *modules.OF_CUSTOMERS)
        described = described_fields(self._client, "res.partner", (*of_customers, *self._number_fields), context)
        partner = frozenset(described) & frozenset(of_customers)
        policies = bool((move | partner) & {modules.POLICY})
        unseen = policies and not self._client.allows(modules.POLICIES, "read", context=context)
        hidden = {modules.POLICY} if unseen else set()
        if OVERDUE in move and not all(self._client.allows(model, "read", context=context) for model in OVERDUE_MODELS):
            hidden.add(OVERDUE)
        return Extras(
            move=move - hidden,
            partner=partner - hidden,
            reminders=self._reminder_fields(context),
            awaits_bank=self._awaits_bank(context),
            number_lists=frozenset(
                name for name in self._number_fields if number_lists.is_list(described.get(name, {}))
            ),
            policies_unseen=unseen,
            products=self._product_names(context),
        )

    def _awaits_bank(self, context: Record) -> bool:
        ours = ("company_id", "in", context.get("allowed_company_ids", []))
        signs = (("account.payment", MATCHED_WITH_BANK), ("account.move", IN_PAYMENT))
        return any(
            self._client.call(model, "search_count", domain=[ours, *sign], limit=1, context=context)
            for model, sign in signs
        )

    def _product_names(self, context: Record) -> Mapping[int, frozenset[str]]:
        """Return what the products of the settings are called; nothing where our user may not see products."""
        try:
            return named_products.called(self._client, self._products, context)
        except KeyRefused:
            raise
        except NotAuthorised:
            return {}

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


def described_fields(
    client: OdooClient, model: str, names: Iterable[str], context: Record
) -> Mapping[str, Mapping[str, Any]]:
    """Those of the fields `names` that `model` has, as far as the key's user may see them: of which type each is."""
    found: Mapping[str, Mapping[str, Any]] = client.call(
        model, "fields_get", allfields=list(dict.fromkeys(names)), attributes=["type", "relation"], context=context
    )
    return found


def existing_fields(client: OdooClient, model: str, names: Iterable[str], context: Record) -> frozenset[str]:
    """Those of the fields `names` that `model` has, as far as the key's user may see them."""
    found = client.call(model, "fields_get", allfields=list(names), attributes=["type"], context=context)
    return frozenset(found)
