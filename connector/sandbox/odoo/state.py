"""One database of the ledger imitation: its books, users, PDFs, and a button that sends a wish.

What `connector.sandbox.odoo.app` shows; a test or a demo keeps the books through `OdooState.books`.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connector.sandbox.odoo import request_rows as odoo_requests
from connector.sandbox.odoo.books import ODOOBOT, Books
from connector.sandbox.odoo.fields import FIELDS, Field
from connector.sandbox.odoo.made import Made
from connector.sandbox.odoo.modules import without_missing_fields, without_missing_models
from connector.sandbox.odoo.partners import settle_commercial
from connector.sandbox.odoo.records import DATETIME, Records, UserError
from connector.sandbox.odoo.saves import Save, Saves
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.sandbox.odoo.texts import Texts
from connector.sandbox.odoo.versions import fields_of, has_model, stored_fields
from connector.sandbox.odoo.webhooks import called_once
from connector.sandbox.shared.pdf import pdf_of
from connector.sandbox.shared.switches import SwitchBoard
from connector.sandbox.shared.wire import Traffic

SHOWN_OF_INVOICES = (
    "name",
    "state",
    "payment_state",
    "amount_total",
    "amount_residual",
    "partner_id",
    "invoice_date_due",
)

INVOICING = odoo_requests.INVOICING
CONNECTORS_GROUPS = ("base.group_user", INVOICING, odoo_requests.CONNECTOR)
SENDERS_GROUPS = ("base.group_user", INVOICING, odoo_requests.SENDERS)


def _utc_now() -> datetime:
    return datetime.now(UTC)


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
            self.made = Made(self.records)
            self.made.begin()
            self.texts = Texts()
            self.lock_ups = 0
            """How often a call waited for ever for what its own request had read, until Odoo ended itself."""
            self._ready_made = odoo_requests.install(self.made)
            self.books = Books(self.records, self.lock, self._clock)
            for name in ("group_ids", "groups_id"):
                self.records.computed["res.users", name] = self._group_ids
            self.saves = Saves(self.records, self._clock)
            self.keys: dict[str, int] = {}
            self.key_records: dict[str, int] = {}
            self.groups: dict[int, frozenset[str]] = {}
            self.labels: dict[str, int] = {}
            self.pdf_errors: dict[int, str] = {}
            self.pdf_action = 0
            """Id of the action that renders a PDF; 0 if no one installed it."""
            self.writes: list[dict[str, Any]] = []
            self.emails_sent: Counter[int] = Counter()
            self.pdfs_generated: Counter[int] = Counter()
            self.webhook_calls: list[dict[str, Any]] = []
            self.traffic.clear()
            user = {"name": "OdooBot", "login": "__system__", "active": True}
            self.records.create("res.users", user, identifier=ODOOBOT)
            self.add_user("Connector", key=self.api_key, groups=CONNECTORS_GROUPS, user=5)
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
        if model in self.made.models:
            return self.made.fields[model]
        switches = self.switches.switches
        fields = fields_of(model, switches.version, custom=switches.custom_fields)
        if made := self.made.fields.get(model):
            fields = {**fields, **made}
        return without_missing_fields(model, fields, switches)

    def models(self) -> frozenset[str]:
        """The models that are there now."""
        switches = self.switches.switches
        shown = switches.custom_fields and switches.requests
        ready_made = self.records.exists("ir.model", self._ready_made)
        hidden = {odoo_requests.MODEL} if ready_made and not shown else set()
        hidden |= {"base.automation"} if not self.made.installed("base_automation") else set()
        there = (model for model in FIELDS if has_model(self.version, model) and model not in hidden)
        return (self.made.models - hidden) | without_missing_models(there, switches)

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
        if model in self.made.models:
            return self.made.fields[model]
        fields = stored_fields(model, custom=self.switches.switches.custom_fields)
        made = self.made.fields.get(model)
        return {**fields, **made} if made else fields

    def languages(self) -> frozenset[str]:
        """The codes of the languages that users can choose."""
        return frozenset(str(one["code"]) for one in self.records.all("res.lang") if one["active"])

    def language_of(self, user: int) -> str:
        """The language that a user has chosen."""
        return str(self.records.get("res.users", user).get("lang") or "")

    def _group_ids(self, user: Mapping[str, Any]) -> list[int]:
        return self.made.ids_of(self.groups_of(user["id"]))

    def groups_of(self, user: int) -> frozenset[str]:
        """The groups of a user, by external id; those made by API among them."""
        return self.made.groups_of(user, self.groups.get(user, frozenset()))

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
        """Return what the portal serves: the invoice's own PDF, or a pro forma before there is one (odoo/API.md,
        "PDF").
        """
        with self.lock:
            stored = self.books.field(invoice, "invoice_pdf_report_file")
            if stored:
                return base64.b64decode(stored)
            return pdf_of(self._printed(invoice, title="PROFORMA Faktura"))

    # The button, and the webhook behind it

    def click_send(self, invoice: int, by: str, first_action: str = "") -> str:
        """A person who may presses "Skicka till inkasso": the request is stored, then the webhook is called once.

        Returns the request's time as the field shows it. Raises `UserError` without the connector's fields.
        """
        with self.lock:
            if not self.switches.switches.custom_fields:
                raise UserError("The action does not exist in this database")
            shown: dict[str, Any] = {"x_amili_first_action": first_action or False}
            at, payload = self._press(invoice, odoo_requests.SEND, self.person(by), shown, {})
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
            shown = {"x_amili_withdrawal_reason": reason, "x_amili_withdrawal_case": case}
            at, payload = self._press(invoice, odoo_requests.WITHDRAW, self.person(by), shown, {"x_reason": reason})
        if self.webhook_url:
            self.call_webhook(payload)
        return at

    def person(self, name: str) -> int:
        """The id of the person of that name, who is made one that may send if there is none."""
        with self.lock:
            found = self.records.search("res.users", [["name", "=", name]])
            return found[0] if found else self.add_user(name, key=secrets.token_hex(20), groups=SENDERS_GROUPS)

    def request(self, invoice: int, kind: str, by: str, *, at: datetime | None = None, **values: Any) -> int:
        """A request as the server keeps it, with no press and nothing shown; returns its id."""
        with self.lock:
            row = self._request(invoice, kind) | values
            return self.records.create(odoo_requests.MODEL, row, by=self.person(by), at=at)

    def run_request(self, kind: str, user: int, invoices: Sequence[int]) -> None:
        """A user runs one of the installed actions, by its button or by API. Whether they may is asked before."""
        with self.lock:
            for invoice in invoices:
                self._press(invoice, kind, user, {}, {})

    def _request(self, invoice: int, kind: str) -> dict[str, Any]:
        move = self.records.get("account.move", invoice)
        return {
            "x_invoice_id": invoice,
            "x_company_id": move["company_id"],
            "x_kind": kind,
            "x_first_action": move.get("x_amili_first_action") or False,
            "x_case_id": move.get("x_amili_case_id") or False,
            "x_reason": False,
            "x_answered": kind in (odoo_requests.TAKE_BACK, odoo_requests.DISPUTE, odoo_requests.SETTLE),
        }

    def _press(
        self, invoice: int, kind: str, user: int, shown: Mapping[str, Any], values: Mapping[str, Any]
    ) -> tuple[str, bytes]:
        """Show a request on its invoice and keep it, or begin to; gives its time, and what its webhook tells."""
        at = self.now().astimezone(UTC).strftime(DATETIME)
        by = self.records.get("res.users", user)["name"]
        match kind:
            case odoo_requests.SEND:
                beside: dict[str, Any] = {"x_amili_requested_at": at, "x_amili_requested_by": by}
            case odoo_requests.TAKE_BACK:
                beside = {"x_amili_requested_at": False, "x_amili_requested_by": False}
                for row in self.open_requests(invoice, odoo_requests.SEND):
                    self.records.update(odoo_requests.MODEL, row, {"x_answered": True}, by=user)
            case odoo_requests.WITHDRAW:
                beside = {"x_amili_withdrawal_at": at, "x_amili_withdrawal_by": by}
                reason = self.books.field(invoice, "x_amili_withdrawal_reason")
                values = {"x_reason": reason, **values}
            case _:
                disputed = kind == odoo_requests.DISPUTE
                beside = {"x_amili_disputed": disputed, "x_amili_disputed_by": by, "x_amili_disputed_at": at}
        changes = {**shown, **beside}
        payload = self._webhook_payload(invoice, changes)
        row_values = {**self._request(invoice, kind), **values}
        if "x_amili_first_action" in shown:
            row_values["x_first_action"] = shown["x_amili_first_action"]
        if commit_after_s := self.switches.switches.commit_after_s:
            began = self.now()
            ends = began + timedelta(seconds=commit_after_s)
            self.saves.begin(Save(invoice, changes, began, ends, row_values, user))
        else:
            self.books.set_invoice(invoice, **changes)
            self.records.create(odoo_requests.MODEL, row_values, by=user)
        return at, payload

    def open_requests(self, invoice: int, kind: str) -> list[int]:
        """The ids of an invoice's requests of a kind that are not answered, oldest first."""
        domain = [["x_invoice_id", "=", invoice], ["x_kind", "=", kind], ["x_answered", "=", False]]
        return self.records.search(odoo_requests.MODEL, domain)

    def answer_requests(self, rows: Sequence[int]) -> None:
        """The connector's user runs the action by which requests are answered."""
        with self.lock:
            for row in rows:
                if self.records.exists(odoo_requests.MODEL, row):
                    self.records.update(odoo_requests.MODEL, row, {"x_answered": True})

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
        outcome = called_once(self.webhook_url, payload)
        with self.lock:
            self.webhook_calls.append({"payload": json.loads(payload), "outcome": outcome})

    # What happened

    def written(self, model: str, number: int, changed: Sequence[str], *, by: int) -> None:
        """Note a write that came over the API."""
        if model == "account.move":
            self.saves.disturb(number)
        if model == "res.partner" and {"parent_id", "is_company"} & set(changed):
            settle_commercial(self.records, number)
        self.writes.append({"model": model, "id": number, "changed": list(changed), "by": by})

    def changing_writes(self, invoice: int) -> int:
        """Return how many writes over the API changed anything on an invoice."""
        return sum(
            1
            for write in self.writes
            if write["model"] == "account.move" and write["id"] == invoice and write["changed"]
        )

    def snapshot(self) -> dict[str, Any]:
        """Return what was read, written and sent, and how the invoices stand, as JSON."""
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
