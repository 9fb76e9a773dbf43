"""One call of a method of the ledger imitation: who calls, what they may, and how a refusal is told.

Source: odoo/API.md, "Calls" and "Rights and companies", compared with Odoo 19's answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.sandbox.odoo.fields import SETTINGS_ONLY, Field
from connector.sandbox.odoo.modules import ONLY_FOR_GROUP, READ_BY_GROUP
from connector.sandbox.odoo.state import INVOICING, OdooState

READ_ONLY_ACCOUNTING = "account.group_account_readonly"


class LedgerError(Exception):
    """An exception as JSON-2 answers it: the exception's `name`, its HTTP `status`, and its words."""

    def __init__(self, name: str, status: int, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.status = status
        self.message = message

    @property
    def arguments(self) -> list[object]:
        """Return what the envelope repeats as the exception's arguments."""
        is_http = self.name.startswith("werkzeug.")
        return [self.message, self.status] if is_http else [self.message]


class UnknownModel(LedgerError):
    """The database has no such model."""

    def __init__(self, model: str) -> None:
        super().__init__("werkzeug.exceptions.NotFound", 404, f"the model '{model}' does not exist")
        self.model = model


class UnknownMethod(LedgerError):
    """The model has no such method."""

    def __init__(self, model: str, method: str) -> None:
        super().__init__("werkzeug.exceptions.NotFound", 404, f"The method '{model}.{method}' does not exist")
        self.model = model
        self.method = method


def access_error(message: str) -> LedgerError:
    return LedgerError("odoo.exceptions.AccessError", 403, message)


def value_error(message: str) -> LedgerError:
    return LedgerError("builtins.ValueError", 500, message)


def missing_error(call: Call, number: int) -> LedgerError:
    message = f"Record does not exist or has been deleted.\n(Record: {call.model}({number},), User: {call.user})"
    return LedgerError("odoo.exceptions.MissingError", 404, message)


@dataclass(frozen=True)
class Call:
    """One call: who calls, what on, with which context."""

    state: OdooState
    user: int
    model: str
    ids: tuple[int, ...]
    context: Mapping[str, Any]

    def require(self, operation: str) -> None:
        """Raise `AccessError` unless the caller's groups allow `operation` on the model."""
        if not self.allows(operation):
            raise access_error(
                f"You are not allowed to {operation} '{self.model}' records.\n\n"
                "Contact your administrator to request access if necessary."
            )

    @property
    def groups(self) -> frozenset[str]:
        """The groups of the caller, by external id."""
        return self.state.groups_of(self.user)

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of the model that the caller may see."""
        groups = self.groups
        known = self.state.fields(self.model)
        return {name: one for name, one in known.items() if ONLY_FOR_GROUP.get((self.model, name)) in {None, *groups}}

    def allows(self, operation: str) -> bool:
        groups = self.groups
        if self.model == "ir.module.category" and operation != "read":
            # No one has been given the right (odoo/API.md, "JSON-RPC").
            return False
        if self.model in SETTINGS_ONLY or (self.model == "res.groups" and operation != "read"):
            return "base.group_system" in groups
        if self.model in self.state.made.models:
            return self.state.made.allows(groups, self.model, operation)
        if self.model in READ_BY_GROUP:
            return operation == "read" and READ_BY_GROUP[self.model] in groups
        if not self.model.startswith("account."):
            return operation == "read" or INVOICING in groups
        return INVOICING in groups or (operation == "read" and READ_ONLY_ACCOUNTING in groups)

    def singleton(self) -> int:
        if len(self.ids) != 1:
            raise value_error(f"Expected singleton: {self.model}{self.ids}")
        return self.ids[0]

    def exists(self, number: int) -> bool:
        """Return whether the model has this record."""
        return self.state.records.exists(self.model, number)

    def rules(self, operation: str) -> list[Any]:
        """Return what record rules ask of the records of a model that was made by API."""
        if self.model not in self.state.made.models:
            return []
        seen = self.context.get("allowed_company_ids")
        companies = seen or self.state.records.get("res.users", self.user)["company_ids"]
        domains = self.state.made.rules(self.groups, self.model, operation, companies)
        return [item for domain in domains for item in domain]

    def require_rules(self, operation: str) -> None:
        """Raise `AccessError` where a record rule keeps the caller from one of the records."""
        if not (rules := self.rules(operation)):
            return
        fitting = self.state.records.search(self.model, [*rules, ["id", "in", list(self.ids)]])
        if kept := [number for number in self.ids if self.exists(number) and number not in fitting]:
            raise access_error(
                f"Due to security restrictions, you are not allowed to {operation} '{self.model}' records.\n\n"
                f"Records: {self.model},{kept[0]}"
            )
