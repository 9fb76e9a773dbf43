"""The bookkeeping of the ledger imitation: company, customers, products, invoices, payments, credit notes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.sandbox.odoo import chart
from connector.sandbox.odoo.lines import add_line
from connector.sandbox.odoo.matching import match, payments_widget, status_in_payment
from connector.sandbox.odoo.partners import settle_commercial
from connector.sandbox.odoo.records import Records
from connector.sandbox.odoo.references import payment_reference
from connector.sandbox.shared.zone import day_in_sweden

VAT = Decimal("0.25")
ORE = Decimal("0.01")
ODOOBOT = 1


def _ore(amount: Decimal) -> Decimal:
    return amount.quantize(ORE, ROUND_HALF_UP)


@dataclass(frozen=True)
class InvoiceLine:
    """One line to invoice: `price` for each, in kronor without VAT (25 %)."""

    description: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    product_code: str = ""

    @property
    def untaxed(self) -> Decimal:
        return _ore(self.price * self.quantity)


class Books:
    """One company's books, kept in `records`. Every method may be called from any thread."""

    def __init__(self, records: Records, lock: threading.RLock, now: Callable[[], datetime]) -> None:
        self.records = records
        self.lock = lock
        self._now = now
        self._sequences: Counter[str] = Counter()
        self.locked_until: date | None = None
        """The last day of a period that is closed: what is dated in it is booked today."""
        records.computed |= {
            ("account.move", "invoice_payments_widget"): lambda move: payments_widget(records, move),
            ("account.move", "access_url"): lambda move: f"/my/invoices/{move['id']}",
            ("account.move", "status_in_payment"): status_in_payment,
            ("account.move", "invoice_partner_display_name"): lambda move: records.display_name(
                "res.partner", move["partner_id"]
            ),
            ("res.company", "org_number"): lambda _: "",
        }
        chart.add_chart(records)
        self._add_company()

    def today(self) -> date:
        """Today where the company's people are: in Sweden."""
        return day_in_sweden(self._now())

    # Company, customers, products

    def _add_company(self) -> None:
        address: dict[str, Any] = {"street": "Storgatan 1", "zip": "111 22", "city": "Stockholm", "country_code": "SE"}
        contact: dict[str, Any] = {"email": "faktura@testbolaget.example", "phone": "+46 8 123 45 67"}
        partner = self.add_customer(
            "Testbolaget AB", company_registry="556677-8899", customer_rank=0, **address, **contact
        )
        company = {"name": "Testbolaget AB", "company_registry": "556677-8899", "partner_id": partner}
        values = {**company, **address, **contact, "currency_id": chart.SEK, "country_id": chart.SWEDEN}
        self.records.create("res.company", values)
        self.add_product("Konsulttimme", Decimal(1000))
        self.add_product("Fakturaavgift", Decimal(40), code="FAKTAVG")

    def add_product(self, name: str, price: Decimal, *, code: str = "") -> int:
        """A service product with 25 % VAT; `code` is its default_code. Returns its id."""
        values = {"name": name, "list_price": price, "default_code": code or False, "type": "service"}
        with self.lock:
            return self.records.create("product.product", {**values, "active": True, "taxes_id": [chart.VAT_25]})

    def add_customer(self, name: str, *, is_company: bool = True, **values: Any) -> int:
        """A customer in Sweden; `values` are fields of res.partner. Returns its id."""
        with self.lock:
            partner = self.records.create(
                "res.partner",
                {
                    "name": name,
                    "is_company": is_company,
                    "company_type": "company" if is_company else "person",
                    "country_id": chart.SWEDEN,
                    "country_code": "SE",
                    "lang": "sv_SE",
                    "type": "contact",
                    "active": True,
                    "customer_rank": 1,
                    **values,
                },
            )
            settle_commercial(self.records, partner)
            return partner

    # Invoices

    def _next_name(self, prefix: str, year: int) -> str:
        self._sequences[f"{prefix}/{year}"] += 1
        return f"{prefix}/{year}/{self._sequences[f'{prefix}/{year}']:05}"

    def _product(self, line: InvoiceLine) -> int | bool:
        if not line.product_code:
            return False
        return self.records.search("product.product", [["default_code", "=", line.product_code]])[0]

    def _add_move(
        self,
        partner: int,
        lines: Sequence[InvoiceLine],
        *,
        kind: str,
        day: date,
        due: date,
        tax: Decimal | None = None,
        **values: Any,
    ) -> int:
        sign = -1 if kind == "out_refund" else 1
        untaxed = sum((line.untaxed for line in lines), Decimal(0))
        tax = _ore(untaxed * VAT) if tax is None else tax
        total = untaxed + tax
        draft = values.get("state") == "draft"
        customer = self.records.get("res.partner", partner)
        amounts = {"untaxed": untaxed, "tax": tax, "total": total, "residual": Decimal(0) if draft else total}
        move = self.records.create(
            "account.move",
            {
                "move_type": kind,
                "state": "posted",
                "payment_state": "not_paid",
                "partner_id": partner,
                "partner_shipping_id": partner,
                "commercial_partner_id": customer["commercial_partner_id"],
                "date": day.isoformat(),
                "invoice_date": day.isoformat(),
                "invoice_date_due": due.isoformat(),
                **{f"amount_{name}": amount for name, amount in amounts.items()},
                **{f"amount_{name}_signed": sign * amount for name, amount in amounts.items()},
                "currency_id": chart.SEK,
                "company_currency_id": chart.SEK,
                "company_id": 1,
                "journal_id": chart.SALES_JOURNAL,
                "invoice_user_id": ODOOBOT,
                "move_sent_values": "not_sent",
                **values,
            },
        )
        if not draft:
            prefix = "RINV" if kind == "out_refund" else "INV"
            numbered = {
                "name": values.get("name") or self._next_name(prefix, day.year),
                "payment_reference": payment_reference(self.records, move),
            }
            self.records.update("account.move", move, numbered)
        reference = self.field(move, "payment_reference")
        shown = [
            self._add_line(
                move,
                line.description,
                -sign * line.untaxed,
                chart.SALES,
                display_type="product",
                product_id=self._product(line),
                quantity=line.quantity,
                price_unit=line.price,
                price_subtotal=line.untaxed,
                price_total=_ore(line.untaxed * (1 + VAT)),
                tax_ids=[chart.VAT_25],
                sequence=100,
            )
            for line in lines
        ]
        others = [
            self._add_line(move, "25% G", -sign * tax, chart.OUTGOING_VAT, display_type="tax", sequence=10000),
            self._add_line(
                move,
                reference,
                sign * total,
                chart.RECEIVABLE,
                display_type="payment_term",
                date_maturity=due.isoformat(),
                amount_residual=sign * amounts["residual"],
                amount_residual_currency=sign * amounts["residual"],
                sequence=12000,
            ),
        ]
        self.records.update("account.move", move, {"invoice_line_ids": shown, "line_ids": shown + others})
        return move

    def _add_line(self, move: int, name: str, balance: Decimal, account: int, **values: Any) -> int:
        return add_line(self.records, move, name, balance, account, **values)

    def add_invoice(
        self,
        partner: int,
        lines: Sequence[InvoiceLine],
        *,
        due_days_ago: int,
        terms_days: int = 30,
        **values: Any,
    ) -> int:
        """A posted customer invoice that fell due `due_days_ago` days ago (negative: is yet to), `terms_days`
        after its date; `values` are fields of account.move. Returns its id."""
        due = self.today() - timedelta(days=due_days_ago)
        day = due - timedelta(days=terms_days)
        with self.lock:
            return self._add_move(partner, lines, kind="out_invoice", day=day, due=due, **values)

    def number(self, invoice: int) -> str:
        """The number printed on an invoice."""
        return str(self.records.get("account.move", invoice)["name"])

    def field(self, invoice: int, name: str) -> Any:
        """Return what stands in a field of an invoice, as stored (links are ids, amounts `Decimal`)."""
        with self.lock:
            return self.records.value("account.move", self.records.get("account.move", invoice), name)

    def set_invoice(self, invoice: int, **values: Any) -> None:
        """A change made by a person in the ledger, for example `payment_state="blocked"`."""
        with self.lock:
            self.records.update("account.move", invoice, values)

    def set_customer(self, partner: int, **values: Any) -> None:
        """A change made by a person on a customer card."""
        with self.lock:
            self.records.update("res.partner", partner, values)
            settle_commercial(self.records, partner)

    # Money

    def _bank_entry(
        self,
        partner: int | bool,
        amount: Decimal,
        day: date,
        *,
        name: str,
        text: str,
        counter: int,
        money: int = chart.BANK,
        written_off: Decimal = Decimal(0),
        **links: Any,
    ) -> int:
        """An entry of `amount` on the account `money`, and of what is `written_off`, against the account `counter`, in
        one row as Odoo has it; `links` are fields of its lines."""
        taken = amount + written_off
        move = self.records.create(
            "account.move",
            {
                "name": name,
                "move_type": "entry",
                "state": "posted",
                "partner_id": partner,
                "date": day.isoformat(),
                "journal_id": chart.BANK_JOURNAL,
                "company_id": 1,
                "currency_id": chart.SEK,
                "company_currency_id": chart.SEK,
                "amount_total": taken,
            },
        )
        open_amounts = {"amount_residual": -taken, "amount_residual_currency": -taken}
        lines = [
            self._add_line(move, text, amount, money, display_type="product", **links),
            self._add_line(move, text, -taken, counter, display_type="product", **open_amounts, **links),
        ]
        if written_off:
            lines.append(self._add_line(move, "Write-Off", written_off, chart.LOSS, display_type="product", **links))
        self.records.update("account.move", move, {"line_ids": lines})
        return move

    def receive(
        self, amount: Decimal, *, partner: int | bool = False, day: date | None = None, text: str = "Inbetalning"
    ) -> int:
        """Money on the bank statement that no one has matched yet; returns the statement line's id."""
        with self.lock:
            return self._statement_line(amount, partner, day or self.today(), text, chart.SUSPENSE)

    def _statement_line(self, amount: Decimal, partner: int | bool, day: date, text: str, counter: int) -> int:
        matched = counter == chart.RECEIVABLE
        name = self._next_name("BNK1", day.year)
        line = self.records.create(
            "account.bank.statement.line",
            {
                "name": name,
                "payment_ref": text,
                "partner_id": partner,
                "date": day.isoformat(),
                "amount": amount,
                "amount_residual": Decimal(0) if matched else -amount,
                "is_reconciled": matched,
                "state": "posted",
                "move_type": "entry",
                "journal_id": chart.BANK_JOURNAL,
                "currency_id": chart.SEK,
                "company_id": 1,
            },
        )
        move = self._bank_entry(partner, amount, day, name=name, text=text, counter=counter, statement_line_id=line)
        self.records.update("account.move", move, {"statement_line_id": line})
        self.records.update("account.bank.statement.line", line, {"move_id": move})
        return line

    def pay(
        self,
        invoice: int,
        amount: Decimal | None = None,
        *,
        day: date | None = None,
        by_bank: bool = True,
        written_off: Decimal = Decimal(0),
    ) -> int:
        """A payment matched to an invoice: its whole balance, or `amount`; what is more than the balance stays open.

        It comes in on the bank statement, or is registered by hand as a payment when `by_bank` is false; then a
        difference may be `written_off` with it. Returns the id of the match (account.partial.reconcile).
        """
        with self.lock:
            partner = self.records.get("account.move", invoice)["partner_id"]
            owed = self.field(invoice, "amount_residual")
            paid = owed - written_off if amount is None else amount
            day = day or self.today()
            if by_bank:
                line = self._statement_line(paid, partner, day, self.number(invoice), chart.RECEIVABLE)
                entry = self.records.get("account.bank.statement.line", line)["move_id"]
            else:
                payment = self._payment(partner, paid, day, text=self.number(invoice), state="in_process")
                entry = self._payment_entry(payment, written_off)
                self._link_payment(invoice, payment)
            return match(self.records, invoice, entry, min(owed, paid + written_off))

    def prepay(self, partner: int, amount: Decimal, *, day: date | None = None) -> int:
        """A payment registered by hand on a customer and matched to no invoice; returns its id."""
        with self.lock:
            payment = self._payment(partner, amount, day or self.today(), text="", state="in_process")
            self._payment_entry(payment)
            return payment

    def mark_paid(self, invoice: int, *, day: date | None = None) -> int:
        """A payment without a journal entry, as Odoo makes them where the journal has no outstanding account:
        the invoice is "paid" although its balance is still open. Returns the payment's id."""
        with self.lock:
            partner = self.records.get("account.move", invoice)["partner_id"]
            amount = self.field(invoice, "amount_residual")
            payment = self._payment(partner, amount, day or self.today(), text=self.number(invoice), state="paid")
            self._link_payment(invoice, payment)
            self.set_invoice(invoice, payment_state="paid")
            return payment

    def _payment(self, partner: int, amount: Decimal, day: date, *, text: str, state: str) -> int:
        return self.records.create(
            "account.payment",
            {
                "name": self._next_name("PBNK1", day.year),
                "memo": text or False,
                "state": state,
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": partner,
                "date": day.isoformat(),
                "amount": amount,
                "is_reconciled": state == "paid",
                "journal_id": chart.BANK_JOURNAL,
                "currency_id": chart.SEK,
                "company_id": 1,
            },
        )

    def _booked_on(self, day: date) -> date:
        return self.today() if self.locked_until and day <= self.locked_until else day

    def _payment_entry(self, payment: int, written_off: Decimal = Decimal(0)) -> int:
        values = self.records.get("account.payment", payment)
        entry = self._bank_entry(
            values["partner_id"],
            values["amount"],
            self._booked_on(date.fromisoformat(values["date"])),
            name=values["name"],
            text=f"Manual Payment: {values['memo']}" if values["memo"] else "Manual Payment",
            counter=chart.RECEIVABLE,
            money=chart.OUTSTANDING,
            written_off=written_off,
            payment_id=payment,
        )
        self.records.update("account.move", entry, {"origin_payment_id": payment, "ref": values["memo"]})
        self.records.update("account.payment", payment, {"move_id": entry, "outstanding_account_id": chart.OUTSTANDING})
        return entry

    def _link_payment(self, invoice: int, payment: int) -> None:
        linked = [*self.field(invoice, "matched_payment_ids"), payment]
        self.set_invoice(invoice, matched_payment_ids=linked, reconciled_payment_ids=linked)
        self.records.update("account.payment", payment, {"invoice_ids": [invoice], "reconciled_invoice_ids": [invoice]})

    def credit(self, invoice: int, amount: Decimal | None = None, *, matched: bool = True) -> int:
        """A credit note on an invoice: its whole balance, or `amount` including VAT. Returns its id."""
        with self.lock:
            original = self.records.get("account.move", invoice)
            gross = self.field(invoice, "amount_residual") if amount is None else amount
            line = InvoiceLine(f"Kreditering av {original['name']}", _ore(gross / (1 + VAT)))
            note = self._add_move(
                original["partner_id"],
                [line],
                kind="out_refund",
                day=self.today(),
                due=self.today(),
                ref=f"Reversal of: {original['name']}",
                tax=gross - line.untaxed,
                reversed_entry_id=invoice,
            )
            self.set_invoice(invoice, reversal_move_ids=[*self.field(invoice, "reversal_move_ids"), note])
            if matched:
                match(self.records, invoice, note, self.field(note, "amount_residual"))
            return note
