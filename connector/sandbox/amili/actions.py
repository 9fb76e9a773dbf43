"""Creditor payments, creditings and cancellations of the Amili imitation, and its respite. Source:
amili/API.md, "Actions"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from flask import Flask, Response

from connector.sandbox.amili.calls import Answer, Calls
from connector.sandbox.amili.checks import Shape
from connector.sandbox.amili.settling import CANCELLATION, CREDITING, PAYMENT, misfit, settle_due, take_in
from connector.sandbox.amili.state import Action, Case
from connector.sandbox.shared.switches import AccountOfActions, Duplicates, Unfit
from connector.sandbox.shared.wire import as_json

RESPITE_PATH = "/case--respites"
"""Made up, as are its field `days` and its answer: nothing of it is documented (amili/API.md, "Respite")."""

READONLY = ("file_import_report",)

_TEXT = Shape("string")
_ORIGIN = Shape("string", allowed=("creditor_system",))
_WHOSE: Mapping[str, Shape] = MappingProxyType(
    {
        "account": _TEXT,
        "creditor": _TEXT,
        "case": _TEXT,
        "invoice_number": _TEXT,
        "origin": _ORIGIN,
        "file_import_report": _TEXT,
    }
)
_MONEY: Mapping[str, Shape] = MappingProxyType(
    {
        "currency": Shape("string", allowed=("SEK",)),
        "amount": Shape("number"),
        "client_registration_date": Shape("date"),
    }
)


@dataclass(frozen=True)
class Kind:
    """One kind of action: its path, the operation that creates it, its shape, and what its answer announces."""

    name: str
    path: str
    operation: str
    members: Mapping[str, Shape]
    required: tuple[str, ...]
    announced: str
    reference: str = ""


KINDS = (
    Kind(
        PAYMENT,
        "/creditor--payments",
        "pay",
        {**_WHOSE, **_MONEY, "bank_transaction_date": Shape("date"), "creditor_payment_reference": _TEXT},
        ("creditor", "currency", "amount", "bank_transaction_date", "origin"),
        "_payment_status",
        "creditor_payment_reference",
    ),
    Kind(
        CREDITING,
        "/creditor--creditings",
        "credit",
        {**_WHOSE, **_MONEY, "credit_invoice": _TEXT, "creditor_reference": _TEXT},
        ("creditor", "currency", "amount", "origin"),
        "_payment_status",
        "creditor_reference",
    ),
    Kind(CANCELLATION, "/creditor--cancellations", "cancel", _WHOSE, ("creditor", "origin"), "_cancellation_status"),
)
"""The tables of amili/API.md, "Payments", "Creditings" and "Cancellations"."""


def add_actions(app: Flask, calls: Calls) -> None:
    """The endpoints of all three kinds, and of the respite."""
    for kind in KINDS:
        actions = _Actions(calls, kind)
        app.add_url_rule(kind.path, kind.operation, actions.create, methods=["POST"])
        app.add_url_rule(kind.path, f"{kind.name}s", actions.listed, methods=["GET"])
        app.add_url_rule(f"{kind.path}/<action_id>", f"read_{kind.name}", actions.read, methods=["GET"])

    @app.post(f"{RESPITE_PATH}/<case_id>", endpoint="grant_respite")
    def grant_respite(case_id: str) -> Response:
        api_code = calls.caller()
        case = calls.state.cases.get(case_id)
        if not calls.switches.offers_respite or case is None or not calls.state.may_see(api_code, case.account):
            raise calls.missing()
        body = calls.document(Shape("object", members={"days": Shape("integer")}, required=("days",)))
        case.respite_days.append(body["days"])
        return as_json({"_status": "OK"}, 201)


class _Actions:
    """The handlers of one kind of action."""

    def __init__(self, calls: Calls, kind: Kind) -> None:
        self.calls = calls
        self.state = calls.state
        self.kind = kind

    def create(self) -> Response:
        api_code = self.calls.caller()
        body = self.calls.document(Shape("object", members=self.kind.members, required=self.required()))
        found = self.readonly(body) | self.of_one_case(body) | self.of_amount(body)
        if found:
            raise self.calls.invalid(found)
        with self.state.lock:
            settle_due(self.state)
            case = self.case(api_code, body)
            self.refuse_repeated(body)
            self.refuse_unfit(case, body)
            action = take_in(self.state, self.kind.name, case, body)
            return as_json(self.answer(action), 201)

    def required(self) -> tuple[str, ...]:
        account = self.calls.switches.account_of_actions is AccountOfActions.REQUIRED
        return (*self.kind.required, *(("account",) if account else ()))

    def readonly(self, body: Mapping[str, Any]) -> dict[str, str]:
        account = self.calls.switches.account_of_actions is AccountOfActions.READONLY
        names = (*READONLY, *(("account",) if account else ()))
        return {name: "field is read-only" for name in names if name in body}

    def of_one_case(self, body: Mapping[str, Any]) -> dict[str, str]:
        if ("case" in body) != ("invoice_number" in body):
            return {}
        if "case" in body:
            return {"case": "'invoice_number' must not be present with 'case'"}
        return {"case": "required field"}

    def of_amount(self, body: Mapping[str, Any]) -> dict[str, str]:
        # Whether nought and less are taken is unknown (amili/API.md, "Unconfirmed"); no one should rely on it.
        return {"amount": "min value is 0.01"} if body.get("amount", 1) <= 0 else {}

    def case(self, api_code: str, body: Mapping[str, Any]) -> Case:
        """The case that `body` names, by id or by creditor and invoice number: the open one, else the latest."""
        creditor = body["creditor"]
        if "case" in body:
            named = self.state.cases.get(body["case"])
            found = [] if named is None else [named]
        else:
            found = self.state.cases_of(body["invoice_number"])
        visible = [case for case in found if case.creditor == creditor and self.state.may_see(api_code, case.account)]
        if not visible:
            field = "case" if "case" in body else "invoice_number"
            raise self.calls.invalid({field: f"value '{body[field]}' must exist in resource 'cases'."})
        return next((case for case in visible if case.closed_at is None), visible[-1])

    def refuse_repeated(self, body: Mapping[str, Any]) -> None:
        name = self.kind.reference
        answer = self.calls.switches.duplicate_references
        if answer is Duplicates.ACCEPTED or name not in body:
            return
        if any(
            action.kind == self.kind.name
            and action.reference == body[name]
            and action.body["creditor"] == body["creditor"]
            for action in self.state.actions.values()
        ):
            if answer is Duplicates.REFUSED_409:
                raise Answer(self.calls.refusal(409, "Conflict"))
            raise self.calls.invalid({name: f"value '{body[name]}' not unique"})

    def refuse_unfit(self, case: Case, body: Mapping[str, Any]) -> None:
        wrong = misfit(self.state, case, self.kind.name, Decimal(body.get("amount", 0)))
        if wrong is not None and wrong.answer is Unfit.REFUSED_422:
            raise self.calls.invalid({wrong.field: wrong.reason})

    def answer(self, action: Action) -> dict[str, Any]:
        """Return what a creation is answered with: the vendor's example announces `completed`, whatever becomes of
        it.
        """
        names = ("_updated", "_created", "_etag", "_id")
        short = {name: action.document[name] for name in names} | {"_status": "OK", self.kind.announced: "completed"}
        return self.document(action) | short if self.calls.switches.answers_actions_whole else short

    def document(self, action: Action) -> dict[str, Any]:
        hidden = [] if self.calls.switches.shows_action_references else [self.kind.reference]
        if not self.calls.switches.shows_action_status:
            hidden += ["status", "status_reason_locale", "settled_amount"]
        return {name: value for name, value in action.document.items() if name not in hidden}

    def seen(self) -> list[Action]:
        api_code = self.calls.caller()
        with self.state.lock:
            settle_due(self.state)
            return [
                action
                for action in self.state.actions.values()
                if action.kind == self.kind.name and self.state.may_see(api_code, action.case.account)
            ]

    def listed(self) -> Response:
        latest = self.state.now() - timedelta(seconds=self.calls.switches.visible_after_s)
        shown = [self.document(action) for action in self.seen() if action.created <= latest]
        return self.calls.listed(shown, self.calls.where())

    def read(self, action_id: str) -> Response:
        found = [self.document(action) for action in self.seen() if action.id == action_id]
        return self.calls.one(found[0] if found else None)
