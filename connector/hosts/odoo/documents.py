"""The host document: everything one judgement needs of an Odoo invoice, as Odoo's own JSON.

A document is an object of records as `search_read` returns them (empty values are `false`, a reference is
`[id, "shown name"]`, amounts are numbers, dates are "YYYY-MM-DD"):

`move`
    The invoice: one `account.move` with MOVE_FIELDS, and those of DISPUTE_FIELDS that this Odoo has.
`lines`
    Its own `account.move.line` rows with LINE_FIELDS and `account_code`: products, notes, taxes, early-payment
    discounts, and a receivable row for each part that it is to be paid in.
`partner`, `commercial_partner`
    Whom the invoice is addressed to, and the customer behind it (`res.partner`, PARTNER_FIELDS, of which 19 has no
    `mobile`, the fields that the settings name, and `x_amili_never_send` where this Odoo has it). One and the
    same when the invoice goes to the customer itself.
`partials`
    What has been matched to the invoice (`account.partial.reconcile`, PARTIAL_FIELDS).
`matched_lines`
    The other side of each of `partials`: rows of payments, credit notes and other entries (MATCHED_LINE_FIELDS and
    MONEY_FIELDS). Each has `received`, what came in by the payment or bank line that it belongs to (`null` where it
    belongs to none), `bank_line`, the id of that bank line, `bank_matched`, whether its payment is matched with the
    bank (`null` where it belongs to no payment), and `bank_date`, when the bank booked what its payment is matched
    with. In a document without these, every row that is no credit note counts as money received.
`open_credit_lines`
    The customer's receivable rows in its favour that are matched to nothing yet (OPEN_LINE_FIELDS).
`payments`
    Payments registered on the invoice (`account.payment`, PAYMENT_FIELDS). One without an entry in the books
    (`move_id` false) makes Odoo call the invoice paid and yet lessens no balance.
`statement_lines`
    Money in on the bank statement, not matched yet, that is the customer's or about the amount still owed
    (`account.bank.statement.line`, STATEMENT_LINE_FIELDS).
`last_bank_entry`
    The newest posted entry of a bank journal, with its `date`; `null` if the company has none.
`awaits_bank`
    Whether the company matches its payments with the bank, so that one without a match has not been seen there yet.
`reminder_lines`
    Reminders that a module for them has sent (`credit.control.line`, those of REMINDER_FIELDS that it has);
    `null` if this Odoo keeps none, or not for us to see.

`templates/odoo/example-document.json` is one. `amili-connector map` takes the same format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.domain.dates import today
from connector.domain.errors import NotFound
from connector.hosts.odoo import fields
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.odoo.versions import Dialect

Record = dict[str, Any]

MOVE_FIELDS = (
    "name",
    "move_type",
    "state",
    "payment_state",
    "invoice_date",
    "invoice_date_due",
    "currency_id",
    "company_currency_id",
    "amount_tax",
    "amount_total",
    "amount_residual",
    "partner_id",
    "commercial_partner_id",
    "company_id",
    "no_followup",
)
PAYMENTS = "matched_payment_ids"
DISPUTE_FIELDS = (fields.DISPUTED, fields.DISPUTED_BY, fields.DISPUTED_AT)
LINE_FIELDS = (
    "display_type",
    "name",
    "product_id",
    "account_id",
    "price_subtotal",
    "price_total",
    "account_type",
    "date_maturity",
    "amount_residual_currency",
)
MATCHED_LINE_FIELDS = ("move_id", "move_name", "move_type", "parent_state", "date")
MONEY_FIELDS = ("balance", "currency_id")
BANK_MATCHES = "reconciled_statement_line_ids"
RECEIPT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "payment_id": ("amount", "is_matched", BANK_MATCHES),
    "statement_line_id": ("amount",),
}
"""What a matched row of money belongs to, and what is read of that. A misc. entry (an offset, a write-off) belongs to
neither."""
OPEN_LINE_FIELDS = (
    "move_name",
    "move_type",
    "date",
    "currency_id",
    "amount_residual",
    "amount_residual_currency",
)
PARTNER_FIELDS = (
    "name",
    "ref",
    "is_company",
    "street",
    "street2",
    "zip",
    "city",
    "country_code",
    "email",
    "phone",
    "mobile",
)
PARTIAL_FIELDS = ("debit_amount_currency", "credit_move_id", "exchange_move_id", "max_date")
PAYMENT_FIELDS = ("name", "state", "date", "amount", "currency_id", "move_id")
STATEMENT_LINE_FIELDS = ("name", "date", "amount", "currency_id", "partner_id")

REMINDERS = "credit.control.line"
"""The model in which OCA's credit control keeps reminders. Odoo itself has none (odoo.md section 4)."""

REMINDER_FIELDS = ("date", "date_sent", "state", "currency_id", "dunning_fees_amount")
"""The last one comes from a module of its own, account_credit_control_dunning_fees."""

NEAR_AMOUNTS = (Decimal(0), Decimal(60), Decimal(-60), Decimal(450), Decimal(-450))
"""How a receipt may differ from the balance and still be meant for the invoice: a reminder fee, a late fee
(domain.md A4)."""

_STATEMENT_LINES = 50
_SHOWN: Record = {"fields": {"display_name": {}}}
_REFERENCES = frozenset(
    {
        "account_id",
        "commercial_partner_id",
        "company_currency_id",
        "company_id",
        "credit_move_id",
        "currency_id",
        "exchange_move_id",
        "move_id",
        "partner_id",
        "product_id",
    }
)


@dataclass(frozen=True)
class Extras:
    """The fields that not every Odoo has, as far as this one has them: of invoices, customers and reminders.

    `reminders` is empty where no module keeps reminders, or where our user may not see them. `awaits_bank` says
    that the company matches its payments with the bank.
    """

    move: frozenset[str] = frozenset()
    partner: frozenset[str] = frozenset()
    reminders: frozenset[str] = frozenset()
    awaits_bank: bool = False


NO_EXTRAS = Extras()


def fetch(client: OdooClient, invoice_id: str, settings: OdooSettings, extras: Extras = NO_EXTRAS) -> Record:
    """The document of one invoice, read afresh in four calls, or five where a module keeps reminders.

    The invoice comes with its lines, customer and payments in one call and so from one moment: one call is one
    transaction in Odoo. `settings` name the company, in which every call stays (odoo.md section 8).

    Raises `NotFound` if that company has no such entry, and the errors of `OdooClient.call`.
    """
    document = _whole_move(client, invoice_id, settings, extras)
    move = document["move"]
    customer_id = _id(move["commercial_partner_id"])
    credits_ = _open_credits(customer_id, move["id"])
    document["open_credit_lines"] = _search(
        client, "account.move.line", credits_, OPEN_LINE_FIELDS, settings, order="id"
    )
    document["statement_lines"] = _statement_lines(client, customer_id, move, settings)
    document["last_bank_entry"] = last_bank_entry(client, settings)
    document["awaits_bank"] = extras.awaits_bank
    document["reminder_lines"] = _reminder_lines(client, move["id"], extras, settings)
    return document


def company_context(settings: OdooSettings) -> Record:
    """The context that keeps a call within the connection's company."""
    return {"allowed_company_ids": [settings.company_id]} if settings.company_id else {}


def in_company(settings: OdooSettings) -> list[Any]:
    """The condition that keeps a search within the connection's company.

    The context alone does it only as long as nobody has switched off Odoo's own rules for companies.
    """
    return [("company_id", "=", settings.company_id)] if settings.company_id else []


def record_id(invoice_id: str) -> int:
    """Odoo's number of an invoice. Raises `NotFound` for what cannot be one."""
    if not (invoice_id.isascii() and invoice_id.isdigit()) or int(invoice_id) >= 2**31:
        raise NotFound("there is no such invoice.", system=SYSTEM, operation="account.move/web_search_read")
    return int(invoice_id)


def _partner_fields(settings: OdooSettings, dialect: Dialect, extras: Extras) -> tuple[str, ...]:
    decisions = (settings.sole_trader_field, settings.protected_identity_field)
    chosen = (*settings.id_number_fields, *(name for name in decisions if name))
    return (*dialect.known("res.partner", PARTNER_FIELDS), *chosen, *sorted(extras.partner))


def specification(settings: OdooSettings, dialect: Dialect, extras: Extras = NO_EXTRAS) -> Record:
    """What `web_search_read` is asked for: an invoice with all that hangs on it."""
    partner = {"fields": {"display_name": {}, **_fields(_partner_fields(settings, dialect, extras))}}
    matched = _fields((*MATCHED_LINE_FIELDS, *MONEY_FIELDS))
    receipts = {name: {"fields": _fields(names)} for name, names in RECEIPT_FIELDS.items()}
    receipts["payment_id"]["fields"][BANK_MATCHES] = {"fields": {"date": {}}}
    counterpart = {"fields": {"display_name": {}, **matched, **receipts}}
    line = {
        **_fields(LINE_FIELDS),
        "account_id": {"fields": {"display_name": {}, "code": {}}},
        "matched_credit_ids": {"fields": {**_fields(PARTIAL_FIELDS), "credit_move_id": counterpart}},
        **_fields(name for name in (dialect.litigation_field,) if name),
    }
    move = {
        **_fields((*MOVE_FIELDS, *sorted(extras.move))),
        "partner_id": partner,
        "commercial_partner_id": partner,
        "line_ids": {"fields": line, "order": "sequence, id"},
        PAYMENTS: {"fields": _fields(PAYMENT_FIELDS)},
    }
    return {name: move[name] for name in dialect.known("account.move", list(move))}


def _whole_move(client: OdooClient, invoice_id: str, settings: OdooSettings, extras: Extras) -> Record:
    """`move` and all the parts of the document that hang on it, in one call."""
    answer = client.call(
        "account.move",
        "web_search_read",
        domain=[*in_company(settings), ("id", "=", record_id(invoice_id))],
        specification=specification(settings, client.dialect, extras),
        context=company_context(settings),
    )
    found = answer["records"]
    if not found:
        raise NotFound("there is no such invoice.", system=SYSTEM, operation="account.move/web_search_read")
    return _taken_apart(_completed(found[0], client.dialect))


def _completed(found: Record, dialect: Dialect) -> Record:
    """An invoice read in an older version with what a newer one has on it."""
    whole = dialect.completed("account.move", found, (*MOVE_FIELDS, PAYMENTS))
    if mark := dialect.litigation_field:
        exempted = [line.pop(mark) for line in whole["line_ids"]]
        whole["no_followup"] = any(exempted)
    return whole


def _fields(names: Iterable[str]) -> Record:
    """`names` as a specification, which asks for the shown name of each reference."""
    return {name: _SHOWN if name in _REFERENCES else {} for name in names}


def _taken_apart(whole: Record) -> Record:
    """The nested answer of one invoice as the document's separate lists."""
    move = dict(whole)
    lines: list[Record] = move.pop("line_ids")
    partials = [partial for line in lines for partial in line["matched_credit_ids"]]
    matched = {partial["credit_move_id"]["id"]: partial["credit_move_id"] for partial in partials}
    return {
        "lines": [_line(line) for line in lines],
        "partner": _card(move["partner_id"]),
        "commercial_partner": _card(move["commercial_partner_id"]),
        "partials": [_flat(partial) for partial in partials],
        "matched_lines": [_counterpart(line) for line in matched.values()],
        "payments": [_flat(payment) for payment in move.pop(PAYMENTS)],
        "move": _flat(move),
    }


def _line(line: Record) -> Record:
    own = {name: value for name, value in line.items() if name != "matched_credit_ids"}
    account = line["account_id"]
    return {**_flat(own), "account_code": account["code"] if account else False}


def _counterpart(line: Record) -> Record:
    if not line.keys() & RECEIPT_FIELDS.keys():
        return _card(line)
    payment, bank_line = (line[name] or None for name in RECEIPT_FIELDS)
    receipt = payment or bank_line
    return {
        **_card({name: value for name, value in line.items() if name not in RECEIPT_FIELDS}),
        "received": receipt["amount"] if receipt else None,
        "bank_line": bank_line["id"] if bank_line else None,
        "bank_matched": payment["is_matched"] if payment else None,
        "bank_date": max((match["date"] for match in payment[BANK_MATCHES]), default=None) if payment else None,
    }


def _card(record: Record | bool) -> Record:
    """A record that a reference came with, without its shown name; `{}` for an empty reference."""
    if not isinstance(record, Mapping):
        return {}
    return _flat({name: value for name, value in record.items() if name != "display_name"})


def _flat(record: Record) -> Record:
    """A record with its references as `[id, "shown name"]`."""
    return {
        name: [value["id"], value["display_name"]] if isinstance(value, Mapping) else value
        for name, value in record.items()
    }


def _search(
    client: OdooClient, model: str, domain: list[Any], names: Iterable[str], settings: OdooSettings, **paging: Any
) -> list[Record]:
    found: list[Record] = client.call(
        model,
        "search_read",
        domain=[*in_company(settings), *domain],
        fields=list(names),
        context=company_context(settings),
        **paging,
    )
    return found


def _open_credits(customer_id: int, move_id: int) -> list[Any]:
    """The customer's receivable rows in its favour. Joined to the invoice's own by "or", the search would make
    the database read every row of the books."""
    return [
        ("partner_id.commercial_partner_id", "=", customer_id),
        ("account_type", "=", "asset_receivable"),
        ("parent_state", "=", "posted"),
        ("reconciled", "=", False),
        ("amount_residual", "<", 0),
        ("move_id", "!=", move_id),
    ]


def _statement_lines(client: OdooClient, customer_id: int, move: Record, settings: OdooSettings) -> list[Record]:
    balance = move["amount_residual"]
    near = [float(balance + difference) for difference in NEAR_AMOUNTS if balance + difference > 0]
    return _search(
        client,
        "account.bank.statement.line",
        [
            ("is_reconciled", "=", False),
            ("amount", ">", 0),
            "|",
            ("partner_id.commercial_partner_id", "=", customer_id),
            "&",
            ("currency_id", "=", _id(move["currency_id"])),
            ("amount", "in", near),
        ],
        STATEMENT_LINE_FIELDS,
        settings,
        order="date desc, id desc",
        limit=_STATEMENT_LINES,
    )


def last_bank_entry(client: OdooClient, settings: OdooSettings) -> Record | None:
    """The newest posted entry of the company's bank journals, or `None`: how fresh the receipts are (A3).

    An entry dated in the future says nothing of receipts until today, so it is passed over.
    """
    domain = [
        ("journal_id.type", "=", "bank"),
        ("state", "=", "posted"),
        ("date", "<=", today().isoformat()),
    ]
    found = _search(client, "account.move", domain, ("date",), settings, order="date desc, id desc", limit=1)
    return found[0] if found else None


def _reminder_lines(client: OdooClient, move_id: int, extras: Extras, settings: OdooSettings) -> list[Record] | None:
    if not extras.reminders:
        return None
    names = [name for name in REMINDER_FIELDS if name in extras.reminders]
    return _search(client, REMINDERS, [("invoice_id", "=", move_id)], names, settings, order="date, id")


def _id(reference: Any) -> int:
    """The id in `[id, name]`; 0 for `false`."""
    return int(reference[0]) if reference else 0
