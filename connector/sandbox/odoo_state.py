"""One database of the ledger imitation: its books, users, PDFs, and a button that sends a wish.

What `connector.sandbox.odoo` shows; a test or a demo keeps the books through `OdooState.books`.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connector.sandbox.odoo_books import ODOOBOT, Books
from connector.sandbox.odoo_fields import FEES_OF_REMINDERS, FIELDS, REMINDER_MODEL, Field
from connector.sandbox.odoo_records import DATETIME, Records
from connector.sandbox.odoo_saves import Save, Saves
from connector.sandbox.odoo_versions import fields_of, has_model, stored_fields
from connector.sandbox.pdf import pdf_of
from connector.sandbox.switches import LedgerSwitches, OdooVersion, SwitchBoard
from connector.sandbox.wire import Traffic

WEBHOOK_TIMEOUT_S = 1.0
"""Odoo gives a receiver one second and never tries again (odoo.md section 2)."""

SHOWN_OF_INVOICES = (
    "name",
    "state",
    "payment_state",
    "amount_total",
    "amount_residual",
    "partner_id",
    "invoice_date_due",
)

INVOICING = "account.group_account_invoice"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class UserError(Exception):
    """Something the ledger refuses with a sentence for the user."""


class OdooState:
    """One database with one company. Every method may be called from any thread.

    `now` is the clock (aware datetimes). `seed` fills the ledger at the start and after every `reset`.
    """

    def __init__(
        self,
        *,
        switches: LedgerSwitches | None = None,
        seed: Callable[[OdooState], None] | None = None,
        database: str = "sandbox",
        api_key: str = "",
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.now = now
        self.switches = SwitchBoard(switches or LedgerSwitches())
        self.database = database
        self.api_key = api_key or secrets.token_hex(20)
        self.lock = threading.RLock()
        self.traffic = Traffic()
        self.webhook_url = ""
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Start over: the company and the user of `api_key`, and what `seed` puts in."""
        with self.lock:
            self.records = Records(self._clock, self._stored, self.fields)
            self.books = Books(self.records, self.lock, self._clock)
            self.saves = Saves(self.records, self._clock)
            self.keys: dict[str, int] = {}
            self.key_records: dict[str, int] = {}
            self.groups: dict[int, frozenset[str]] = {}
            self.labels: dict[str, int] = {}
            self.pdf_errors: dict[int, str] = {}
            self.pdf_action = 0
            """Id of the action that renders a PDF; 0 if nobody installed it."""
            self.writes: list[dict[str, Any]] = []
            self.emails_sent: Counter[int] = Counter()
            self.pdfs_generated: Counter[int] = Counter()
            self.webhook_calls: list[dict[str, Any]] = []
            self.traffic.clear()
            user = {"name": "OdooBot", "login": "__system__", "active": True}
            self.records.create("res.users", user, identifier=ODOOBOT)
            self.add_user("Connector", key=self.api_key, groups=("base.group_user", INVOICING), user=5)
            if self._seed is not None:
                self._seed(self)

    def _clock(self) -> datetime:
        # The clock may be changed while the ledger is in use.
        return self.now()

    @property
    def organization_number(self) -> str:
        """The company's organisation number, ten digits."""
        registry = self.records.get("res.company", 1)["company_registry"]
        return str(registry).replace("-", "")

    def fields(self, model: str) -> Mapping[str, Field]:
        """The fields of `model` that are there now: in this version, with what is installed."""
        switches = self.switches.switches
        fields = fields_of(model, switches.version, custom=switches.custom_fields)
        if model == REMINDER_MODEL and not switches.reminder_fees:
            return {name: field for name, field in fields.items() if name != FEES_OF_REMINDERS}
        return fields

    def models(self) -> frozenset[str]:
        """The models that are there now."""
        return frozenset(
            model
            for model in FIELDS
            if has_model(self.version, model) and (model != REMINDER_MODEL or self.switches.switches.reminder_module)
        )

    @property
    def version(self) -> OdooVersion:
        """The version that this Odoo is now."""
        return self.switches.switches.version

    def user_of(self, login: str, key: str) -> int | bool:
        """The user whose login and key these are, or `False`."""
        user = self.keys.get(key)
        return user if user and self.records.get("res.users", user)["login"] == login else False

    def _stored(self, model: str) -> Mapping[str, Field]:
        """The fields of `model` in any version, with what is installed."""
        return stored_fields(model, custom=self.switches.switches.custom_fields)

    def add_user(self, name: str, *, key: str, groups: Sequence[str], user: int = 0) -> int:
        """A user with an API key and exactly these groups (by xmlid); returns the user's id."""
        with self.lock:
            values = {
                "name": name,
                "login": name.lower(),
                "email": f"{name.lower()}@testbolaget.example",
                "lang": "sv_SE",
                "active": True,
                "company_id": 1,
                "company_ids": [1],
            }
            number = self.records.create("res.users", values, identifier=user)
            self.set_key(key, number)
            self.groups[number] = frozenset(groups)
            return number

    def messages(self, invoice: int) -> list[str]:
        """The messages in an invoice's chatter, as HTML, oldest first."""
        with self.lock:
            found = self.records.search(
                "mail.message", [["model", "=", "account.move"], ["res_id", "=", invoice]], order="id"
            )
            return [str(self.records.get("mail.message", number)["body"]) for number in found]

    # API keys

    def set_key(self, key: str, user: int, *, expires: date | None = None) -> None:
        """Let `key` open the ledger for a user, until the end of `expires` if that is given."""
        with self.lock:
            self.drop_key(key)
            values = {"user_id": user, "name": "key", "expiration_date": f"{expires} 23:59:59" if expires else False}
            self.key_records[key] = self.records.create("res.users.apikeys", values)
            self.keys[key] = user

    def drop_key(self, key: str) -> None:
        """Let `key` open the ledger no more."""
        with self.lock:
            self.keys.pop(key, None)
            if (number := self.key_records.pop(key, 0)) != 0:
                self.records.delete("res.users.apikeys", number)

    # PDF

    def break_pdf(self, invoice: int, reason: str = "") -> None:
        """From now on the PDF of this invoice cannot be made; `reason` is what the ledger says."""
        missing = "Unable to find Wkhtmltopdf on this system. The PDF can not be created."
        self.pdf_errors[invoice] = reason or missing

    def rendered_pdf(self, invoice: int) -> bytes:
        """The invoice as it is printed; nothing is kept. Raises `UserError` if it cannot be made."""
        with self.lock:
            if invoice in self.pdf_errors:
                raise UserError(self.pdf_errors[invoice])
            return pdf_of(self._printed(invoice))

    def generate_pdf(self, invoice: int) -> None:
        """Make the invoice's PDF, as sending and printing does. Raises `UserError` if it cannot be made."""
        with self.lock:
            content = self.rendered_pdf(invoice)
            name = f"{self.books.number(invoice).replace('/', '_')}.pdf"
            attachment = self.records.create(
                "ir.attachment",
                {
                    "name": name,
                    "res_model": "account.move",
                    "res_id": invoice,
                    "res_field": "invoice_pdf_report_file",
                    "mimetype": "application/pdf",
                    "file_size": len(content),
                },
            )
            self.pdfs_generated[invoice] += 1
            self.saves.disturb(invoice)
            self.books.set_invoice(
                invoice,
                invoice_pdf_report_id=attachment,
                invoice_pdf_report_file=base64.b64encode(content).decode(),
                message_main_attachment_id=attachment,
                is_move_sent=True,
                move_sent_values="sent",
            )

    def _printed(self, invoice: int, *, title: str = "Faktura") -> list[str]:
        move = self.records.get("account.move", invoice)
        rows = [self.records.get("account.move.line", number) for number in move["invoice_line_ids"]]
        return [
            f"{title} {move['name']}",
            self.records.display_name("res.partner", move["partner_id"]),
            f"Fakturadatum {move['invoice_date']}, förfaller {move['invoice_date_due']}",
            *(f"{row['name']}: {row['price_total']} kr" for row in rows),
            f"Att betala: {move['amount_total']} kr",
        ]

    def portal_pdf(self, invoice: int) -> bytes:
        """What the portal serves: the invoice's own PDF, or a pro forma before there is one (odoo.md 5)."""
        with self.lock:
            stored = self.books.field(invoice, "invoice_pdf_report_file")
            if stored:
                return base64.b64decode(stored)
            return pdf_of(self._printed(invoice, title="PROFORMA Faktura"))

    # The button, and the webhook behind it

    def click_send(self, invoice: int, by: str, first_action: str = "") -> str:
        """A person presses "Skicka till inkasso": the wish is stored, then the webhook is called once.

        Returns the wish's time as the field shows it. Raises `UserError` without the connector's fields.
        """
        with self.lock:
            if not self.switches.switches.custom_fields:
                raise UserError("The action does not exist in this database")
            at = self.now().astimezone(UTC).strftime(DATETIME)
            wish = {
                "x_amili_requested_at": at,
                "x_amili_requested_by": by,
                "x_amili_first_action": first_action or False,
            }
            payload = self._save(invoice, wish)
        if self.webhook_url:
            self.call_webhook(payload)
        return at

    def click_withdraw(self, invoice: int, by: str, reason: str) -> str:
        """A person presses "Återkalla ärendet hos Amili" and confirms; as `click_send`.

        Raises `UserError` where the action refuses: without a reason, a case, or while a wish stands.
        """
        with self.lock:
            if not self.switches.switches.custom_fields:
                raise UserError("The action does not exist in this database")
            case = self.books.field(invoice, "x_amili_case_id")
            ended = self.books.field(invoice, "x_amili_ended") or self.books.field(invoice, "x_amili_withdrawal_at")
            if not case or ended or not reason.strip():
                raise UserError("Nothing new was requested")
            at = self.now().astimezone(UTC).strftime(DATETIME)
            wish = {
                "x_amili_withdrawal_reason": reason,
                "x_amili_withdrawal_at": at,
                "x_amili_withdrawal_by": by,
                "x_amili_withdrawal_case": case,
            }
            payload = self._save(invoice, wish)
        if self.webhook_url:
            self.call_webhook(payload)
        return at

    def _save(self, invoice: int, wish: dict[str, Any]) -> bytes:
        """Store a wish, or begin to; gives what its webhook tells."""
        payload = self._webhook_payload(invoice, wish)
        if commit_after_s := self.switches.switches.commit_after_s:
            began = self.now()
            self.saves.begin(Save(invoice, wish, began, began + timedelta(seconds=commit_after_s)))
        else:
            self.books.set_invoice(invoice, **wish)
        return payload

    def _webhook_payload(self, invoice: int, changes: Mapping[str, Any]) -> bytes:
        move = {**self.records.get("account.move", invoice), **changes}
        shown = ("id", "name", "state", "payment_state", "partner_id", "company_id", "amount_residual",
                 "invoice_date_due", "x_amili_requested_at", "write_date")  # fmt: skip
        values = {name: self.records.value("account.move", move, name) for name in shown}
        values["amount_residual"] = float(values["amount_residual"])
        values |= {"_model": "account.move", "_id": invoice, "_action": "Send to collection(#304)"}
        return json.dumps(values, sort_keys=True).encode()

    def call_webhook(self, payload: bytes) -> None:
        """One call, one second, no second try; what came of it is only noted."""
        request = urllib.request.Request(  # noqa: S310 - the address is given by whoever runs the sandbox
            self.webhook_url,
            data=payload,
            headers={"Content-Type": "application/json", "User-Agent": "python-requests/2.31.0"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_S) as answer:  # noqa: S310
                outcome = str(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                outcome = str(error.code)
        except OSError as error:
            outcome = f"failed: {error}"
        with self.lock:
            self.webhook_calls.append({"payload": json.loads(payload), "outcome": outcome})

    # What happened

    def written(self, model: str, number: int, changed: Sequence[str], *, by: int) -> None:
        """Note a write that came over the API."""
        if model == "account.move":
            self.saves.disturb(number)
        self.writes.append({"model": model, "id": number, "changed": list(changed), "by": by})

    def changing_writes(self, invoice: int) -> int:
        """How many writes over the API changed anything on an invoice."""
        return sum(
            1
            for write in self.writes
            if write["model"] == "account.move" and write["id"] == invoice and write["changed"]
        )

    def snapshot(self) -> dict[str, Any]:
        """What was read, written and sent, and how the invoices stand, as JSON."""
        with self.lock:
            moves = self.records.search("account.move", [["move_type", "=", "out_invoice"]], order="id")
            custom = tuple(name for name in self.fields("account.move") if name.startswith("x_"))
            shown = (*SHOWN_OF_INVOICES, *custom)
            return {
                **self.traffic.snapshot(),
                "labels": dict(self.labels),
                "writes": list(self.writes),
                "emails_sent": dict(self.emails_sent),
                "pdfs_generated": dict(self.pdfs_generated),
                "webhook_calls": list(self.webhook_calls),
                "invoices": {
                    str(move): {
                        name: self.records.shown("account.move", self.records.get("account.move", move), name)
                        for name in shown
                    }
                    | {"changing_writes": self.changing_writes(move)}
                    for move in moves
                },
            }
