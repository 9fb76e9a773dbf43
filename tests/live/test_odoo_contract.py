"""The host contract against a real Odoo: by the wire it speaks, and by JSON-RPC, which Odoo 19 still speaks too.

Creates in Odoo: the connector's fields, action and webhook, customers, invoices, payments and credit notes. Takes the
fields, action and webhook away again; posted invoices stay, as Odoo keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.hosts import opening
from connector.hosts.base import Host, WriteBack
from connector.hosts.odoo.fields import (
    CASE_ID,
    CASE_URL,
    DATE,
    ENDED,
    FINDINGS,
    REQUESTED_AT,
    REQUESTED_BY,
    SEND,
    STATUS,
    WITHDRAW,
    WITHDRAWAL_AT,
    WITHDRAWAL_BY,
    WITHDRAWAL_CASE,
    WITHDRAWAL_REASON,
    odoo_datetime,
)
from connector.hosts.odoo.removal import remove
from connector.remote.policy import HttpPolicy
from connector.sandbox.shared.serve import running
from tests.hosts.contract import *  # noqa: F403
from tests.hosts.contract import Ledger, Made
from tests.live.gateway import without_json2
from tests.live.odoo_books import Books, odoo_env
from tests.live.provisioned_odoo import answer_action, set_up

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]

FEE = Decimal("50.00")


class RealLedger:
    kind = "odoo"

    def __init__(self, books: Books, url: str) -> None:
        self.books = books
        self.url = url
        self.answer_action = answer_action(books)
        self.host = self._open(books.env["ODOO_BOT_API_KEY"])

    def _open(self, key: str) -> Host:
        settings = {
            **self.books.place,
            "url": self.url,
            "fee_products": ["FAKTAVG"],
            "answer_action_id": self.answer_action,
        }
        return opening.open_host(
            "odoo", settings=settings, api_key=SecretStr(key), http=HttpPolicy(allow_private=True, read_timeout_s=90)
        )

    def host_with_wrong_key(self) -> Host:
        return self._open("wrong")

    def _made(self, move_id: int) -> Made:
        move = self.books.move(move_id, "name", "amount_total")
        return Made(str(move_id), str(move["name"] or ""), Decimal(move["amount_total"]), FEE)

    def overdue_invoice(self) -> Made:
        return self._made(self.books.invoice())

    def not_yet_due_invoice(self) -> Made:
        day = today().isoformat()
        return self._made(self.books.invoice(invoice_date=day, invoice_date_due=day))

    def draft_invoice(self) -> Made:
        return self._made(self.books.draft())

    def pay(self, invoice: Made, amount: Decimal) -> None:
        self.books.pay(int(invoice.id), amount)

    def credit(self, invoice: Made, amount: Decimal) -> None:
        whole = amount == invoice.total
        self.books.credit(int(invoice.id), None if whole else float(amount))

    def block(self, invoice: Made) -> None:
        self.books.block(int(invoice.id))

    def _customer(self, invoice: Made) -> int:
        return int(self.books.move(int(invoice.id), "partner_id")["partner_id"][0])

    def receive_on_account(self, invoice: Made, amount: Decimal) -> None:
        self.books.pay_on_account(self._customer(invoice), float(amount))

    def receive_from_nobody(self, amount: Decimal) -> None:
        self.books.statement_line(float(amount))

    def credit_on_account(self, invoice: Made, amount: Decimal) -> None:
        self.books.credit_note(self._customer(invoice), float(amount))

    def other_card(self, invoice: Made, name: str, spelling: str) -> str:
        (card,) = self.books.client.call(
            "res.partner", "read", ids=[self.books.customer_of(int(invoice.id))], fields=["company_registry"]
        )
        number = spelling.format(str(card["company_registry"]).replace("-", ""))
        # Odoo takes nothing but a VAT number as one.
        fields = {"company_registry": False, "vat": number} if number.startswith("SE") else {"company_registry": number}
        return str(self.books.customer(**({"vat": False} | fields | {"name": name})))

    def without_pdf(self, invoice: Made) -> None:
        # Odoo makes no PDF of an invoice that is not posted.
        self.books.client.call("account.move", "button_draft", ids=[int(invoice.id)])

    def wish(self, invoice: Made, by: str, at: datetime) -> None:
        values = {REQUESTED_AT: odoo_datetime(at), REQUESTED_BY: by}
        self.books.client.call("account.move", "write", ids=[int(invoice.id)], vals=values)
        self.books.keep_request(int(invoice.id), SEND, by)

    def wish_withdrawal(self, invoice: Made, case_id: str, by: str, reason: str, at: datetime) -> bool:
        values = {
            WITHDRAWAL_AT: odoo_datetime(at),
            WITHDRAWAL_BY: by,
            WITHDRAWAL_CASE: case_id,
            WITHDRAWAL_REASON: reason,
        }
        self.books.client.call("account.move", "write", ids=[int(invoice.id)], vals=values)
        self.books.keep_request(int(invoice.id), WITHDRAW, by, x_case_id=case_id, x_reason=reason)
        return True

    def event(self, invoice: Made) -> bytes:
        return json.dumps({"_action": "Send", "_id": int(invoice.id), "_model": "account.move"}).encode()

    def shown(self, invoice: Made) -> WriteBack:
        move: dict[str, Any] = self.books.move(int(invoice.id), CASE_ID, STATUS, DATE, CASE_URL, FINDINGS, ENDED)
        moment = datetime.fromisoformat(move[DATE]).replace(tzinfo=UTC)
        findings = tuple((move[FINDINGS] or "").splitlines())
        return WriteBack(move[CASE_ID] or "", move[STATUS], moment, move[CASE_URL] or "", findings, move[ENDED] or "")

    def messages(self, invoice: Made) -> list[str]:
        return self.books.messages(int(invoice.id))

    def footprint(self, invoice: Made) -> str:
        # To the microsecond, which `read` leaves out.
        stamp = self.books.move(int(invoice.id), "write_date")["write_date"]
        newer = self.books.client.call(
            "account.move", "search_count", domain=[("id", "=", int(invoice.id)), ("write_date", ">", stamp)]
        )
        return f"{stamp} {newer}"

    def mails(self) -> int:
        return self.books.mails()


@pytest.fixture(scope="module")
def provisioned() -> Iterator[Books]:
    books = Books(odoo_env())
    # Nobody listens there: what is sent to the webhook is the provisioning test's matter.
    set_up(books, "http://127.0.0.1:9/webhooks/odoo/contract/none")
    yield books
    remove(books.settings_client)


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    with running(without_json2(odoo_env()["ODOO_URL"])) as url:
        yield url


@pytest.fixture(params=["its own wire", "JSON-RPC"])
def ledger(request: pytest.FixtureRequest, provisioned: Books, gateway: str) -> Ledger:
    return RealLedger(provisioned, gateway if request.param == "JSON-RPC" else provisioned.env["ODOO_URL"])
