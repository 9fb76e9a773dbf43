"""What the imitation of Amili remembers: accounts, creditors, keys, registrations, cases, files. In memory."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.sandbox.amili.checks import as_rfc_1123
from connector.sandbox.shared.switches import AmiliSwitches, CasesMade, SwitchBoard
from connector.sandbox.shared.wire import Traffic

GUIDE_ACCOUNT = "674dbeaf08847b9501cc9132"
GUIDE_CREDITOR = "674dbeb208847b9501cc9138"
"""The ids in the vendor guide's example (amili/API.md, "Answer to a registration")."""

STATUS_OF_STATE = {"debt_collection": "debt_collection_active", "reminder": "reminder_active"}
"""Only the first is seen in the documentation; the second is formed by analogy (amili/API.md, "Unconfirmed")."""

MEDIA_FIELDS = {"cases": ("original_invoice",), "invoices": ("original_invoice",)}
"""Media fields by domain; only `cases`/`original_invoice` is documented."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` plus it pass the Luhn test."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


@dataclass
class Upload:
    """A file as it arrived."""

    file_name: str
    content_type: str
    content: bytes
    at: datetime


@dataclass
class Case:
    """A case and what has become of it. `debt` is the registered debt."""

    id: str
    account: str
    created: datetime
    registration_id: str
    document: dict[str, Any]
    debt: Mapping[str, Any]
    state: str
    status: str
    closed_at: datetime | None = None
    remaining_capital: Decimal = Decimal(0)
    remaining_costs: Decimal = Decimal(0)
    history: list[tuple[str, datetime]] = field(default_factory=list)
    respite_days: list[int] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    shown: tuple[object, dict[str, Any]] | None = None

    @property
    def invoice_number(self) -> str:
        return str(self.debt["invoice_number"])

    @property
    def creditor(self) -> str:
        return str(self.document["creditor"])

    def changeable(self) -> tuple[object, ...]:
        """All that can change in what the case shows."""
        return (
            self.state,
            self.status,
            self.closed_at,
            self.remaining_capital,
            self.remaining_costs,
            len(self.history),
            len(self.uploads),
            self.document["_updated"],
        )


@dataclass
class Action:
    """A payment, crediting or cancellation that was taken in. `body` is what was sent, `document` what is shown.

    `due` is when it takes effect; `status` is empty until then.
    """

    id: str
    kind: str
    case: Case
    body: Mapping[str, Any]
    document: dict[str, Any]
    created: datetime
    due: datetime
    status: str = ""

    @property
    def reference(self) -> str:
        return str(self.body.get("creditor_payment_reference") or self.body.get("creditor_reference") or "")


@dataclass(frozen=True)
class Token:
    api_code: str
    expires: datetime


class AmiliState:
    """One Amili. Every method may be called from any thread; `lock` makes a sequence of them one act.

    `now` is the clock (aware datetimes), for tests that let time pass; `switches` may be changed at any time.
    """

    def __init__(self, *, switches: AmiliSwitches | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        self.now = now
        self.switches = SwitchBoard(switches or AmiliSwitches())
        self.lock = threading.RLock()
        self.traffic = Traffic()
        self.accounts: dict[str, dict[str, Any]] = {}
        self.creditors: dict[str, dict[str, Any]] = {}
        self._public_keys: dict[str, str] = {}
        self._accounts_of: dict[str, frozenset[str] | None] = {}
        self._numbers = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        """Forget cases, what became of them, files, tokens and counts; accounts, creditors and keys stay."""
        with self.lock:
            self.registrations: dict[str, dict[str, Any]] = {}
            self._without_cases: dict[str, datetime] = {}
            self.cases: dict[str, Case] = {}
            self._by_invoice_number: dict[str, list[Case]] = {}
            self._by_creditor: dict[str, list[Case]] = {}
            self.actions: dict[str, Action] = {}
            self.unsettled: list[Action] = []
            self.payout_lines: dict[str, dict[str, Any]] = {}
            self.payouts: dict[str, dict[str, Any]] = {}
            self._tokens: dict[str, Token] = {}
            self.tokens_issued = 0
            self.registrations_created: Counter[str] = Counter()
            self.traffic.clear()

    def new_id(self) -> str:
        """A 24-hex id, unlike any other of this state."""
        with self.lock:
            return f"{int(self.now().timestamp()):08x}{secrets.token_hex(4)}{next(self._numbers):08x}"

    def stamps(self, identifier: str) -> dict[str, Any]:
        """The underscore fields of a new item."""
        at = as_rfc_1123(self.now())
        etag = hashlib.md5(f"{identifier}{at}".encode(), usedforsecurity=False).hexdigest()
        return {"_id": identifier, "_created": at, "_updated": at, "_etag": etag}

    # What stands before any registration

    def register_key(self, api_code: str, public_key: str, *, accounts: tuple[str, ...] | None = None) -> None:
        """Accept tokens that `api_code` signs with the private half of `public_key` (PEM).

        The caller sees the data of `accounts` only; `None` is every account.
        """
        with self.lock:
            self._public_keys[api_code] = public_key
            self._accounts_of[api_code] = None if accounts is None else frozenset(accounts)

    def public_key(self, api_code: str) -> str | None:
        with self.lock:
            return self._public_keys.get(api_code)

    def may_see(self, api_code: str, account: str) -> bool:
        """Return whether the access groups of `api_code` reach `account` (amili/API.md, "Keys and access groups")."""
        allowed = self._accounts_of.get(api_code)
        return allowed is None or account in allowed

    def add_account(self, name: str, organization_no: str, *, identifier: str = "") -> str:
        """A new account; returns its id."""
        with self.lock:
            identifier = identifier or self.new_id()
            self.accounts[identifier] = self.stamps(identifier) | {
                "name": name,
                "description": "",
                "organization_no": organization_no,
                "standard_debt_description": "Varor och tjänster",
                "case_settings": {"interest_rate": {"reference_rate": True}},
            }
            return identifier

    def add_creditor(
        self,
        account: str,
        name: str,
        organization_no: str,
        *,
        is_active: bool = True,
        bankgiro: str = "5050-1055",
        identifier: str = "",
    ) -> str:
        """A new creditor of `account`; returns its id. `bankgiro` empty: no payout account is set."""
        with self.lock:
            identifier = identifier or self.new_id()
            address = {"address_line_1": "Storgatan 1", "zip_code": "11122", "city": "Stockholm", "country": "SE"}
            self.creditors[identifier] = self.stamps(identifier) | {
                "account": account,
                "name": name,
                "organization_no": organization_no,
                "is_active": is_active,
                "creditor_number": str(2000001 + len(self.creditors)),
                "standard_debt_description": "Varor och tjänster",
                "always_use_standard_debt_description": False,
                "default_letter_locale": "sv",
                "case_config": {"payout_capital_by_invoice": True},
                "payout_details": {"sek": {"bankgiro": bankgiro}} if bankgiro else {},
                "sender_address": address,
                "invoice_address": address,
            }
            return identifier

    def set_creditor(self, identifier: str, **values: object) -> None:
        """Change a creditor, for example `is_active=False`."""
        with self.lock:
            self.creditors[identifier].update(values)

    # Access tokens

    def issue_token(self, api_code: str, token: str, lifetime: timedelta) -> None:
        with self.lock:
            self._tokens[token] = Token(api_code, self.now() + lifetime)
            self.tokens_issued += 1

    def api_code_of(self, token: str) -> str | None:
        """Return whose live access token this is."""
        with self.lock:
            known = self._tokens.get(token)
            return known.api_code if known and known.expires > self.now() else None

    def live_tokens(self) -> tuple[str, ...]:
        """Every access token that was issued and not expired by hand."""
        with self.lock:
            return tuple(self._tokens)

    def expire_tokens(self) -> None:
        """Make every access token issued so far worthless."""
        with self.lock:
            self._tokens.clear()

    # Registrations and cases

    def cases_of(self, invoice_number: str) -> list[Case]:
        """The cases registered for an invoice number, oldest first."""
        with self.lock:
            return list(self._by_invoice_number.get(invoice_number, ()))

    def cases_for(self, creditor: object, invoice_number: object) -> list[Case]:
        """The cases that a filter by these two can match, oldest first: every one where neither is a text."""
        with self.lock:
            if isinstance(invoice_number, str):
                return self.cases_of(invoice_number)
            if isinstance(creditor, str):
                return list(self._by_creditor.get(creditor, ()))
            return list(self.cases.values())

    def open_case(self, creditor: str, invoice_number: str) -> Case | None:
        for case in self.cases_of(invoice_number):
            if case.creditor == creditor and case.closed_at is None:
                return case
        return None

    def create_registration(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Register `body`, one case per debt; returns the answer, with exactly the guide's fields.

        Where the switch `cases_made` says so, the answer names no case yet.
        """
        with self.lock:
            identifier = self.new_id()
            stamps = self.stamps(identifier)
            answer = {
                "_updated": stamps["_updated"],
                "_created": stamps["_created"],
                "_etag": hashlib.sha1(identifier.encode(), usedforsecurity=False).hexdigest(),
                "_id": identifier,
                "_cases": [],
                "_ocr_numbers": [],
                "_ocr_numbers_ocr": [],
            }
            self.registrations[identifier] = {**body, **answer}
            self._without_cases[identifier] = self.now()
            self.make_due_cases()
            return {name: self.registrations[identifier][name] for name in answer} | {"_status": "OK"}

    def make_due_cases(self) -> None:
        """Make the cases of the registrations that have none yet, as far as the switch `cases_made` lets them."""
        switches = self.switches.switches
        wait = timedelta(seconds=switches.cases_made_after_s if switches.cases_made is CasesMade.LATER else 0)
        with self.lock:
            if switches.cases_made is CasesMade.NEVER:
                return
            for identifier in [one for one, taken in self._without_cases.items() if taken + wait <= self.now()]:
                del self._without_cases[identifier]
                registration = self.registrations[identifier]
                cases = [self._create_case(identifier, registration, debt) for debt in registration["debts"]]
                ocr_numbers = ["2025" + f"{secrets.randbelow(10**15):015}" for _ in cases]
                registration["_cases"] = [case.id for case in cases]
                registration["_ocr_numbers"] = [self.new_id() for _ in cases]
                registration["_ocr_numbers_ocr"] = [digits + luhn_digit(digits) for digits in ocr_numbers]

    def _standard_description(self, creditor: str) -> dict[str, Any]:
        """The creditor's own text where it is always used."""
        known = self.creditors[creditor]
        always = known.get("always_use_standard_debt_description") is True
        return {"debt_description": known["standard_debt_description"]} if always else {}

    def _create_case(self, registration: str, body: Mapping[str, Any], debt: Mapping[str, Any]) -> Case:
        identifier = self.new_id()
        created = self.now()
        customer = body["customer"]
        capital = Decimal(debt["capital_to_claim"])
        costs = sum((Decimal(fee["amount"]) for fee in debt.get("fees_already_claimed", {}).values()), Decimal(0))
        state = str(body["first_action"])
        case = Case(
            id=identifier,
            account=body["account"],
            created=created,
            registration_id=registration,
            debt=debt,
            state=state,
            status=STATUS_OF_STATE.get(state, state),
            remaining_capital=capital,
            remaining_costs=costs,
            history=[(state, created + timedelta(seconds=self.switches.switches.initializing_s))],
            document=self.stamps(identifier)
            | {
                "creditor": body["creditor"],
                "creditor_name": self.creditors[body["creditor"]]["name"],
                "customer": self.new_id(),
                "customer_name": customer.get("name"),
                "customer_id_number": customer.get("id_number"),
                "customer_status": "initialized",
                "currency": body["currency"],
                "agreement_version": "1",
                "case_registration": registration,
                "case_settings": {"interest_rate": {"reference_rate": True}},
                "debt": {
                    name: debt[name]
                    for name in (
                        "invoice_number",
                        "debt_description",
                        "invoice_date",
                        "invoice_due_days_after_invoice_date",
                        "capital_to_claim",
                    )
                    if name in debt
                }
                | {"initial_capital": capital}
                | self._standard_description(body["creditor"]),
                "local_added_capital_amount": capital,
                "local_added_costs_amount": costs,
                "local_added_interest_amount": 0,
                "local_added_transaction_amount": capital + costs,
            },
        )
        self.cases[identifier] = case
        self._by_invoice_number.setdefault(case.invoice_number, []).append(case)
        self._by_creditor.setdefault(case.creditor, []).append(case)
        self.registrations_created[case.invoice_number] += 1
        return case

    def set_case(
        self,
        identifier: str,
        *,
        state: str | None = None,
        status: str | None = None,
        closed: bool | None = None,
        remaining_capital: Decimal | None = None,
    ) -> Case:
        """Let a case move on, as Amili's own work would move it. Raises `KeyError` for an unknown one."""
        with self.lock:
            case = self.cases[identifier]
            if state is not None and state != case.state:
                case.state = state
                case.history.append((state, self.now()))
            case.status = status if status is not None else case.status
            if closed is not None:
                case.closed_at = self.now() if closed else None
                case.remaining_costs = Decimal(0) if closed else case.remaining_costs
            if remaining_capital is not None:
                case.remaining_capital = remaining_capital
            self.touch(case)
            return case

    def touch(self, case: Case) -> None:
        """Let a case show that it changed, if the switch says that its change shows."""
        if self.switches.switches.case_updated_moves:
            case.document["_updated"] = as_rfc_1123(self.now())

    def upload(self, case: Case, file_name: str, content_type: str, content: bytes) -> None:
        """Keep a file of a case. What a second one does is unknown (amili/API.md, "Unconfirmed"): both are kept."""
        with self.lock:
            case.uploads.append(Upload(file_name, content_type, content, self.now()))


def guide_state(*, organization_no: str = "5566778899", now: Callable[[], datetime] = _utc_now) -> AmiliState:
    """A state with the guide's account and creditor, named like the ledger sandbox's company."""
    state = AmiliState(now=now)
    state.add_account("Testbolaget AB", organization_no, identifier=GUIDE_ACCOUNT)
    state.add_creditor(GUIDE_ACCOUNT, "Testbolaget AB", organization_no, identifier=GUIDE_CREDITOR)
    return state
