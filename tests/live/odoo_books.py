"""Bookkeeping in a real Odoo, as its users would do it, for the live tests and for recording fixtures."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import requests
from pydantic import SecretStr
from stdnum import luhn

from connector.domain.dates import today
from connector.hosts.odoo.client import OdooClient
from connector.remote.policy import HttpPolicy
from tests.live.odoo_versions import names

PASSWORD = "a-password-for-tests-only"

ANY_COMPANY: Mapping[str, Any] = {"allowed_company_ids": []}
"""Beyond the books of one company."""

_amounts = itertools.count(int(time.time()) % 100_000)


def odoo_env() -> dict[str, str]:
    """The settings of the real Odoo, or an empty dict when there is none."""
    names = ("ODOO_URL", "ODOO_DB", "ODOO_LOGIN", "ODOO_API_KEY", "ODOO_BOT_LOGIN", "ODOO_BOT_API_KEY")
    found = {name: os.environ.get(name, "") for name in names}
    return found if all(found.values()) else {}


def organisation_number() -> str:
    """An organisation number that no other card has, so that no customer of one test is looked at as another's."""
    nine = f"559{random.randrange(10**6):06d}"
    return f"{nine[:6]}-{nine[6:]}{luhn.calc_check_digit(nine)}"


class Books:
    """The company's books, kept with the two keys of the test Odoo: a Settings user's and the connector's."""

    def __init__(self, env: Mapping[str, str], *, company: int = 1) -> None:
        self.env = env
        self.company = company
        self.place = {"url": env["ODOO_URL"], "database": env["ODOO_DB"], "login": env["ODOO_BOT_LOGIN"]}
        """The settings of a host by which the connector's own user reaches this Odoo."""
        self.settings_client = self._client("ODOO_LOGIN", "ODOO_API_KEY")
        self.client = self._client("ODOO_BOT_LOGIN", "ODOO_BOT_API_KEY")

    def _client(self, login: str, key: str) -> OdooClient:
        return OdooClient(
            self.env["ODOO_URL"],
            self.env["ODOO_DB"],
            SecretStr(self.env[key]),
            login=self.env[login],
            http=HttpPolicy(allow_private=True, read_timeout_s=90),
            context={"allowed_company_ids": [self.company]},
        )

    @contextmanager
    def second_company(self, name: str, currency: str) -> Iterator[Books]:
        """The books of a second company in the same Odoo, made if it is not there. Both keys see it meanwhile."""
        found = self.settings_client.call("res.company", "search", domain=[("name", "=", name)], context=ANY_COMPANY)
        company = int(found[0]) if found else self._add_company(name, currency)
        users = [client.call("res.users", "context_get")["uid"] for client in (self.client, self.settings_client)]
        self._let_see(users, (4, company))
        try:
            books = Books(self.env, company=company)
            if not found:
                self._open_accounts(books, currency)
            yield books
        finally:
            self._let_see(users, (3, company))

    def _add_company(self, name: str, currency: str) -> int:
        # Without a country, for which Odoo would install modules of its own.
        values = {"name": name, "currency_id": self.currency(currency), "company_registry": "559123-4561"}
        (company,) = self.settings_client.call("res.company", "create", vals_list=[values])
        return int(company)

    def _open_accounts(self, books: Books, currency: str) -> None:
        call = books.settings_client.call
        call("account.chart.template", "try_loading", template_code="se", company=books.company)
        # The Swedish chart of accounts has put the company's currency to SEK.
        call("res.company", "write", ids=[books.company], vals={"currency_id": self.currency(currency)})

    def _let_see(self, users: list[int], change: tuple[int, int]) -> None:
        self.settings_client.call("res.users", "write", ids=users, vals={"company_ids": [change]}, context=ANY_COMPANY)

    def reference(self, xmlid: str) -> int:
        module, name = xmlid.split(".")
        rows = self.settings_client.call(
            "ir.model.data",
            "search_read",
            domain=[("module", "=", module), ("name", "=", name)],
            fields=["res_id"],
        )
        return int(rows[0]["res_id"])

    def journal(self, kind: str) -> int:
        domain = [("type", "=", kind), ("company_id", "=", self.company)]
        (journal,) = self.client.call("account.journal", "search", domain=domain, limit=1)
        return int(journal)

    def product(self, name: str) -> int:
        (product,) = self.client.call("product.product", "search", domain=[("name", "=", name)], limit=1)
        return int(product)

    def account(self, code: str) -> int:
        (account,) = self.client.call("account.account", "search", domain=[("code", "=", code)], limit=1)
        return int(account)

    def currency(self, code: str) -> int:
        context = {"active_test": False}
        (currency,) = self.settings_client.call("res.currency", "search", domain=[("name", "=", code)], context=context)
        self.settings_client.call("res.currency", "write", ids=[currency], vals={"active": True})
        return int(currency)

    def speak(self, language: str) -> None:
        """Have a language in Odoo for its users to choose."""
        context = {"active_test": False}
        found = self.settings_client.call("res.lang", "search", domain=[("code", "=", language)], context=context)
        self.settings_client.call("res.lang", "write", ids=found, vals={"active": True})

    def customer(self, **values: Any) -> int:
        """A new company customer in Sweden; `values` change it."""
        card = {
            "name": "Provkund AB",
            "is_company": True,
            "country_id": self.reference("base.se"),
            "company_registry": organisation_number(),
            "street": "Kungsgatan 2",
            "zip": "411 19",
            "city": "Göteborg",
            "email": "kund@kund.example",
            "lang": "sv_SE",
        }
        (partner,) = self.settings_client.call("res.partner", "create", vals_list=[{**card, **values}])
        return int(partner)

    def price(self) -> float:
        """A price that no other invoice has, so that receipts of one test never look like another's.

        With VAT it stays below the 100 000 kr above which a person is asked.
        """
        return 2000 + next(_amounts) % 75_000 + 0.57

    def draft(
        self,
        partner: int | None = None,
        *,
        price: float | None = None,
        lines: list[dict[str, Any]] | None = None,
        **values: Any,
    ) -> int:
        """A draft customer invoice of 75 days ago, due 45 days ago: one service and the invoice fee."""
        goods = {
            "product_id": self.product("Konsulttimme"),
            "quantity": 1,
            "price_unit": price or self.price(),
        }
        fee = {"product_id": self.product("Fakturaavgift"), "quantity": 1}
        move = {
            "move_type": "out_invoice",
            "partner_id": partner or self.customer(),
            "invoice_date": (today() - timedelta(days=75)).isoformat(),
            "invoice_date_due": (today() - timedelta(days=45)).isoformat(),
            "invoice_payment_term_id": False,
            "invoice_line_ids": [(0, 0, line) for line in (lines if lines is not None else [goods, fee])],
        }
        (move_id,) = self.client.call("account.move", "create", vals_list=[{**move, **values}])
        return int(move_id)

    def post(self, move_id: int) -> int:
        self.client.call("account.move", "action_post", ids=[move_id])
        return move_id

    def invoice(self, partner: int | None = None, **values: Any) -> int:
        return self.post(self.draft(partner, **values))

    def move(self, move_id: int, *names: str) -> dict[str, Any]:
        (found,) = self.client.call("account.move", "read", ids=[move_id], fields=list(names))
        return dict(found)

    def balance(self, move_id: int) -> Decimal:
        return Decimal(self.move(move_id, "amount_residual")["amount_residual"])

    def pay(self, move_id: int, amount: Decimal | None = None, **values: Any) -> int:
        """Register a payment on an invoice as the button does: of `amount`, or of all that is open. Gives its id."""
        payment = {"amount": float(self.balance(move_id) if amount is None else amount)}
        return self._register({**payment, **values}, move_id)

    def pay_and_write_off(self, move_id: int, difference: Decimal, **values: Any) -> int:
        """Register a payment of all that is open but `difference`, which is written off with it, as the button can."""
        account = self.account("3740")
        chosen = {"payment_difference_handling": "reconcile", "writeoff_account_id": account, **values}
        return self.pay(move_id, self.balance(move_id) - difference, **chosen)

    @contextmanager
    def closed_until(self, day: date) -> Iterator[None]:
        """The books are closed through `day` meanwhile."""

        def close(until: str | bool) -> None:
            vals = {"fiscalyear_lock_date": until}
            self.settings_client.call("res.company", "write", ids=[self.company], vals=vals)

        close(day.isoformat())
        try:
            yield
        finally:
            close(False)

    def pay_as_proposed(self, move_id: int) -> None:
        """Register the payment that Odoo proposes for today, less an early-payment discount that still runs."""
        self._register({}, move_id)

    def _register(self, values: dict[str, Any], *move_ids: int) -> int:
        context = {"active_model": "account.move", "active_ids": list(move_ids)}
        payment = {"payment_date": today().isoformat(), **values}
        wizard = self.client.call("account.payment.register", "create", vals_list=[payment], context=context)
        made = self.client.call("account.payment.register", "action_create_payments", ids=wizard, context=context)
        return int(made["res_id"])

    def pay_together(self, *move_ids: int) -> int:
        """Register one payment of all that is open on several invoices of a customer; gives its id."""
        return self._register({"group_payment": True}, *move_ids)

    def offset(self, move_id: int, amount: Decimal) -> None:
        """Lessen an invoice by an entry that is neither a payment nor a bank line."""
        account = self.move_account(move_id)
        lines = [
            {"account_id": account, "partner_id": self.customer_of(move_id), "credit": float(amount)},
            {"account_id": self.account("3740"), "debit": float(amount)},
        ]
        entry = {
            "move_type": "entry",
            "journal_id": self.journal("general"),
            "date": today().isoformat(),
            "line_ids": [(0, 0, line) for line in lines],
        }
        (offset,) = self.client.call("account.move", "create", vals_list=[entry])
        self.post(offset)
        domain = [("move_id", "in", [move_id, offset]), ("account_id", "=", account)]
        rows = self.client.call("account.move.line", "search", domain=domain)
        self.client.call("account.move.line", "reconcile", ids=rows)

    def move_account(self, move_id: int) -> int:
        """The account on which an invoice is owed."""
        return int(self._receivable_row(move_id, "account_id")[0])

    def payment(self, payment_id: int, method: str) -> None:
        """Press a button on a payment: `action_draft`, `action_post`, `action_cancel`."""
        self.client.call("account.payment", method, ids=[payment_id])

    def unmatch(self, move_id: int) -> None:
        """Take off an invoice everything that it is matched with, each as the cross in its list of payments does."""
        for partial in self._receivable_row(move_id, "matched_credit_ids"):
            self.client.call("account.move", "js_remove_outstanding_partial", ids=[move_id], partial_id=partial)

    def match_payment(self, move_id: int, payment_id: int) -> None:
        """Match an open payment to an invoice, as "Add" under its outstanding credits does."""
        domain = [("payment_id", "=", payment_id), ("account_type", "=", "asset_receivable")]
        (row,) = self.client.call("account.move.line", "search", domain=domain)
        self.client.call("account.move", "js_assign_outstanding_line", ids=[move_id], line_id=row)

    def _receivable_row(self, move_id: int, name: str) -> Any:
        domain = [("move_id", "=", move_id), ("account_type", "=", "asset_receivable")]
        (row,) = self.client.call("account.move.line", "search_read", domain=domain, fields=[name])
        return row[name]

    def pay_on_account(self, partner: int, amount: float) -> None:
        """A payment from a customer that is matched to no invoice."""
        self.client.call("account.payment", "action_post", ids=[self._payment(partner, amount)])

    def pay_without_entry(self, move_id: int, partner: int, amount: float) -> None:
        """A payment registered on an invoice that makes no entry in the books."""
        payment = self._payment(partner, amount, invoice_ids=[(6, 0, [move_id])])
        self.client.call("account.payment", "write", ids=[payment], vals={"outstanding_account_id": False})
        self.client.call("account.payment", "action_post", ids=[payment])

    def _payment(self, partner: int, amount: float, **values: Any) -> int:
        payment = {
            "partner_id": partner,
            "amount": amount,
            "date": today().isoformat(),
            "payment_type": "inbound",
            "partner_type": "customer",
            "journal_id": self.journal("bank"),
        }
        (payment_id,) = self.client.call("account.payment", "create", vals_list=[{**payment, **values}])
        return int(payment_id)

    def statement_line(self, amount: float, partner: int | None = None, *, day: date | None = None) -> int:
        """Money on the bank statement that nobody has matched; gives its id."""
        group = self.reference(names().bank_group)
        uid = self.settings_client.call("res.users", "context_get")["uid"]
        self.settings_client.call("res.users", "write", ids=[uid], vals={names().groups: [(4, group)]})
        line = {
            "journal_id": self.journal("bank"),
            "date": (day or today()).isoformat(),
            "amount": amount,
            "payment_ref": "Insättning",
            "partner_id": partner or False,
        }
        (line_id,) = self.settings_client.call("account.bank.statement.line", "create", vals_list=[line])
        return int(line_id)

    def match_bank_line(self, line_id: int, *move_ids: int) -> None:
        """Match a line of the bank statement to invoices, each as far as it is open, in one row for all of them."""
        debts = [self._receivable_row(move_id, "id") for move_id in move_ids]
        (debt,) = self.client.call("account.move.line", "read", ids=debts[:1], fields=["account_id", "partner_id"])
        self._reconcile_bank_line(line_id, debt["account_id"][0], debt["partner_id"][0], debts)

    def seen_by_bank(self, *payment_ids: int, day: date | None = None) -> int:
        """The bank books the money of payments in one line, and somebody matches them; gives the line's id."""
        fields = ["amount", "partner_id", "move_id", "outstanding_account_id"]
        payments = self.client.call("account.payment", "read", ids=list(payment_ids), fields=fields)
        partner, account = payments[0]["partner_id"][0], payments[0]["outstanding_account_id"][0]
        line_id = self.statement_line(float(sum(one["amount"] for one in payments)), partner, day=day)
        domain = [("move_id", "in", [one["move_id"][0] for one in payments]), ("account_id", "=", account)]
        rows = self.client.call("account.move.line", "search", domain=domain)
        self._reconcile_bank_line(line_id, account, partner, rows)
        return line_id

    def _reconcile_bank_line(self, line_id: int, account: int, partner: int, rows: list[int]) -> None:
        """What a reconciliation widget does: put the suspense row on the counterpart's account, and match the two."""
        call = self.settings_client.call
        (line,) = call("account.bank.statement.line", "read", ids=[line_id], fields=["move_id", "journal_id"])
        (journal,) = call("account.journal", "read", ids=[line["journal_id"][0]], fields=["suspense_account_id"])
        domain = [("move_id", "=", line["move_id"][0]), ("account_id", "=", journal["suspense_account_id"][0])]
        suspense = call("account.move.line", "search", domain=domain)
        call("account.move.line", "write", ids=suspense, vals={"account_id": account, "partner_id": partner})
        call("account.move.line", "reconcile", ids=[*suspense, *rows])

    def undo_bank_line(self, line_id: int) -> None:
        """Take a bank line off everything that it is matched with."""
        self.settings_client.call("account.bank.statement.line", "action_undo_reconciliation", ids=[line_id])

    def to_draft(self, move_id: int) -> None:
        self.client.call("account.move", "button_draft", ids=[move_id])

    def cancel(self, move_id: int) -> None:
        self.client.call("account.move", "button_cancel", ids=[move_id])

    def customer_of(self, move_id: int) -> int:
        return int(self.move(move_id, "partner_id")["partner_id"][0])

    def credit(self, move_id: int, amount: float | None = None) -> int:
        """Credit an invoice and match the credit note to it: all of it, or one line of `amount` without VAT."""
        values = {"move_ids": [(6, 0, [move_id])], "journal_id": self.journal("sale"), "reason": "Avtalat"}
        wizard = self.client.call("account.move.reversal", "create", vals_list=[values])
        refund = self.client.call("account.move.reversal", "refund_moves", ids=wizard)["res_id"]
        if amount is not None:
            line = {"name": "Avdrag", "quantity": 1, "price_unit": amount, "tax_ids": [(6, 0, [])]}
            self.client.call(
                "account.move",
                "write",
                ids=[refund],
                vals={"invoice_line_ids": [(5, 0, 0), (0, 0, line)]},
            )
        self.post(refund)
        if self.move(refund, "payment_state")["payment_state"] == "not_paid":
            rows = self.client.call(
                "account.move.line",
                "search",
                domain=[
                    ("move_id", "in", [move_id, refund]),
                    ("account_type", "=", "asset_receivable"),
                ],
            )
            self.client.call("account.move.line", "reconcile", ids=rows)
        return int(refund)

    def credit_note(self, partner: int, price: float, **values: Any) -> int:
        """A posted credit note that is matched to nothing."""
        line = {"name": "Bonus", "quantity": 1, "price_unit": price, "tax_ids": [(6, 0, [])]}
        return self.invoice(partner, lines=[line], move_type="out_refund", **values)

    def put_off(self, move_id: int, day: date) -> None:
        """Move the due date of a posted invoice, as it is done on its journal items."""
        domain = [("move_id", "=", move_id), ("account_type", "=", "asset_receivable")]
        rows = self.client.call("account.move.line", "search", domain=domain)
        self.client.call("account.move.line", "write", ids=rows, vals={"date_maturity": day.isoformat()})

    def payment_term(self, name: str, *parts: tuple[float, int], **values: Any) -> int:
        """A term of payment: each of `parts` is per cent and days after the invoice date."""
        lines = [(0, 0, {"value": "percent", "value_amount": part, "nb_days": days}) for part, days in parts]
        term = {"name": name, "line_ids": lines, **values}
        (term_id,) = self.settings_client.call("account.payment.term", "create", vals_list=[term])
        return int(term_id)

    def block(self, move_id: int) -> None:
        """Mark an invoice as disputed, as the menu entry does; 17 has no such mark but *No Follow-up*."""
        if not names().disputes:
            self.exempt(move_id)
            return
        self.client.call("account.move", "action_toggle_block_payment", ids=[move_id])

    def exempt(self, move_id: int) -> None:
        """Mark an invoice *No Follow-up*: on its journal items in 17, on itself in 19. 18 has no such mark."""
        assert names().exempts
        model, field = names().exempts or ("", "")
        marked = move_id if model == "account.move" else int(self._receivable_row(move_id, "id"))
        self.client.call(model, "write", ids=[marked], vals={field: True})

    def messages(self, move_id: int) -> list[str]:
        """The notes that the connector has left in an invoice's chatter, as HTML, oldest first."""
        found = self.client.call(
            "mail.message",
            "search_read",
            domain=[
                ("model", "=", "account.move"),
                ("res_id", "=", move_id),
                ("message_id", "like", "@amili-connector"),
            ],
            fields=["body"],
            order="id",
        )
        return [str(message["body"]) for message in found]

    def mails(self) -> int:
        """How many mails there are about any record; the digests that Odoo sends of itself are about none."""
        return int(self.settings_client.call("mail.mail", "search_count", domain=[("model", "!=", False)]))

    def user(self, *groups: str | int, lang: str = "sv_SE") -> str:
        """A new person with the Invoicing group, and with `groups` (ids or external ids); gives the login."""
        return self.person("base.group_user", "account.group_account_invoice", *groups, lang=lang)

    def person(self, *groups: str | int, lang: str = "sv_SE", **values: Any) -> str:
        """A new person with exactly these groups (ids or external ids); gives the login."""
        login = f"accountant-{time.time_ns()}"
        ids = [self.reference(group) if isinstance(group, str) else group for group in groups]
        person = {"name": "Ekonom Ek", "login": login, "password": PASSWORD, "lang": lang, "tz": "Europe/Stockholm"}
        self.settings_client.call(
            "res.users", "create", vals_list=[{**person, names().groups: [(6, 0, ids)], **values}]
        )
        return login

    def accountant(self, *groups: str | int, lang: str = "sv_SE") -> requests.Session:
        """A web session of a new `user`."""
        return self.session(self.user(*groups, lang=lang))

    def session(self, login: str) -> requests.Session:
        """A web session of a person of ours."""
        session = requests.Session()
        self.web(
            session,
            "/web/session/authenticate",
            {"db": self.env["ODOO_DB"], "login": login, "password": PASSWORD},
        )
        return session

    def keep_request(self, move_id: int, kind: str, by: str, **values: Any) -> str:
        """A request of a person of that name, as if an action of ours had kept it at once; gives its mark."""
        row = {"x_invoice_id": move_id, "x_company_id": self.company, "x_kind": kind, "x_answered": False, **values}
        code = f"""
users = env['res.users'].with_context(no_reset_password=True)
user = users.search([('name', '=', {by!r})], limit=1)
if not user:
    user = users.create({{'name': {by!r}, 'login': {f"kept-{time.time_ns()}"!r}}})
kept = env['x_amili_request'].with_user(user).sudo().create({row!r})
action = {{'type': 'ir.actions.act_window_close', 'kept': kept.id}}
"""
        model = self.reference("base.model_res_partner")
        action = {"name": "Keep a request", "model_id": model, "state": "code", "code": code}
        tool = self.settings_client.call("ir.actions.server", "create", vals_list=[action])
        kept = self.settings_client.call("ir.actions.server", "run", ids=tool)["kept"]
        self.settings_client.call("ir.actions.server", "unlink", ids=tool)
        return f"x_amili_request,{kept}"

    def web(self, session: requests.Session, path: str, params: dict[str, Any]) -> Any:
        """A call as Odoo's web client makes it."""
        answer = session.post(
            self.env["ODOO_URL"] + path, json={"jsonrpc": "2.0", "method": "call", "params": params}, timeout=60
        ).json()
        assert "error" not in answer, (answer["error"]["message"], answer["error"]["data"]["name"])
        return answer["result"]

    def click(self, session: requests.Session, action_id: int, *move_ids: int) -> Any:
        """Choose an entry of the Action menu with invoices selected."""
        context = {"active_model": "account.move", "active_id": move_ids[0], "active_ids": list(move_ids)}
        return self.web(session, "/web/action/run", {"action_id": action_id, "context": context})
