"""Amili and the ledger, each imitated in a process of its own, filled the same way for every contender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr

from connector.amili.auth import Credentials, authenticate
from connector.amili.keys import KeyPair, make_key_pair
from connector.amili.transport import Transport
from connector.remote.policy import HttpPolicy
from tests.bench.processes import environment, first_line, running

ORGANISATION = "5566778899"
DATABASE = "bench"
API_CODE = "bench"
LEDGER_KEY = "0123456789abcdef0123456789abcdef01234567"
CUSTOMER = {
    "name": "Kund AB",
    "company_registry": "556016-0680",
    "street": "Kungsgatan 2",
    "zip": "411 19",
    "city": "Göteborg",
    "email": "faktura@kund.example",
}
_CONTROL_TIMEOUT_S = 30


@dataclass(frozen=True)
class Bill:
    """An invoice of the ledger, waiting to be handed over."""

    id: str
    number: str


@dataclass
class Sandboxes:
    """Both imitations, running. `bills` are clean invoices of one customer, long overdue."""

    amili_url: str
    ledger_url: str
    pair: KeyPair = field(repr=False)
    bills: tuple[Bill, ...] = ()

    def slow(self, per_call_s: float) -> None:
        """From now on every call takes this much longer."""
        self.slow_at_amili(per_call_s)
        _control(self.ledger_url, "switches", {"slow_s": per_call_s})

    def slow_at_amili(self, per_call_s: float) -> None:
        """From now on every call of Amili takes this much longer."""
        _control(self.amili_url, "switches", {"slow_s": per_call_s})

    def slow_operation(self, operation: str, per_call_s: float, *, at_amili: bool) -> None:
        """From now on this operation alone takes so much longer, at Amili or in the ledger."""
        _control(self._url(at_amili), "switches", {"slow_operations_s": {operation: per_call_s}})

    def show_original_invoices(self) -> None:
        """From now on a case shows that it has its original invoice."""
        _control(self.amili_url, "switches", {"shows_original_invoice": True})

    def pay(self, bill: Bill, amount: str) -> None:
        """A payment of the invoice through the bank, in the ledger alone."""
        _control(self.ledger_url, f"invoices/{bill.id}/pay", {"amount": amount})

    def requests(self, *, at_amili: bool, counted_as: str) -> int:
        """How many requests of this kind have arrived."""
        found = _state(self._url(at_amili))["requests"]
        return sum(count for name, count in found.items() if name.startswith(counted_as))

    def amili_cases(self) -> list[dict[str, Any]]:
        """Amili's cases, as its control shows them."""
        found: list[dict[str, Any]] = _state(self.amili_url)["cases"]
        return found

    def payments_by_case(self) -> Counter[str]:
        """How many payments were reported of each case."""
        return Counter(one["case"] for one in _state(self.amili_url)["actions"] if one["kind"] == "payment")

    def case_ids_in_ledger(self) -> frozenset[str]:
        """The cases that the ledger's invoices name."""
        invoices = _state(self.ledger_url)["invoices"].values()
        return frozenset(one["x_amili_case_id"] for one in invoices if one["x_amili_case_id"])

    def _url(self, at_amili: bool) -> str:
        return self.amili_url if at_amili else self.ledger_url

    def cases(self) -> int:
        """How many registrations Amili has received."""
        received = _state(self.amili_url)["registrations_received"]
        return sum(received.values())

    def cases_by_invoice(self) -> Counter[str]:
        """How many cases Amili has of each invoice."""
        return Counter(case["invoice_number"] for case in _state(self.amili_url)["cases"])

    def calls(self) -> int:
        """How many calls both have received so far."""
        return sum(sum(_state(url)["requests"].values()) for url in (self.amili_url, self.ledger_url))

    def access_token(self) -> str:
        """A fresh access token for Amili, for contenders that are given one."""
        transport = Transport(self.amili_url, HttpPolicy(connect_timeout_s=5, read_timeout_s=30))
        credentials = Credentials(api_code=SecretStr(API_CODE), private_key=self.pair.private_key)
        return authenticate(transport, credentials, now=datetime.now(UTC)).value.get_secret_value()


@contextmanager
def sandboxes(folder: Path, *, bills: int) -> Iterator[Sandboxes]:
    """Both imitations with so many invoices, without any delay yet."""
    pair = make_key_pair()
    public_key = folder / "public.pem"
    public_key.write_text(pair.public_key, encoding="ascii")
    amili = ("amili", "--api-code", API_CODE, "--public-key", str(public_key), "--organisation-number", ORGANISATION)
    ledger = ("odoo", "--api-key", LEDGER_KEY, "--database", DATABASE, "--empty")
    with ExitStack() as stack:
        urls = [
            first_line(
                stack.enter_context(
                    running(
                        ("-m", "connector.sandbox", *arguments),
                        env=environment(),
                        folder=folder,
                        log=folder / f"{arguments[0]}.log",
                    )
                )
            )
            for arguments in (amili, ledger)
        ]
        made = Sandboxes(urls[0], urls[1], pair)
        made.bills = _bills(made.ledger_url, bills)
        yield made


def _bills(ledger_url: str, count: int) -> tuple[Bill, ...]:
    customer = _control(ledger_url, "customers", CUSTOMER)
    invoice = {
        "partner": customer["id"],
        "lines": [{"description": "Konsulttimmar, projektering", "price": 1000}],
        "due_days_ago": 45,
    }
    made = (_control(ledger_url, "invoices", invoice) for _ in range(count))
    return tuple(Bill(str(one["id"]), one["number"]) for one in made)


def _control(url: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(f"{url}/_sandbox/{what}", json=body, timeout=_CONTROL_TIMEOUT_S)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _state(url: str) -> dict[str, Any]:
    answer = requests.get(f"{url}/_sandbox/state", timeout=_CONTROL_TIMEOUT_S)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
