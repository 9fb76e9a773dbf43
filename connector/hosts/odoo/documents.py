"""The host document: everything one judgement needs of an Odoo invoice, as Odoo's own JSON.

A document is an object of records as `search_read` returns them (empty values are `false`, a reference is
`[id, "shown name"]`, amounts are numbers, dates are "YYYY-MM-DD"):

`move`
    The invoice: one `account.move` with MOVE_FIELDS.
`lines`
    Its own `account.move.line` rows with LINE_FIELDS: products, notes, taxes and the receivable.
`partner`, `commercial_partner`
    Whom the invoice is addressed to, and the customer behind it (`res.partner`, PARTNER_FIELDS and the fields
    that the settings name). One and the same when the invoice goes to the customer itself.
`partials`
    What has been matched to the invoice (`account.partial.reconcile`, PARTIAL_FIELDS).
`matched_lines`
    The other side of each of `partials`: rows of payments, credit notes and other entries (LINE_FIELDS).
`open_credit_lines`
    The customer's receivable rows in its favour that are matched to nothing yet (LINE_FIELDS).
`payments`
    Payments registered on the invoice (`account.payment`, PAYMENT_FIELDS). One without an entry in the books
    (`move_id` false) makes Odoo call the invoice paid and yet lessens no balance.
`statement_lines`
    Money in on the bank statement, not matched yet, that is the customer's or about the amount still owed
    (`account.bank.statement.line`, STATEMENT_LINE_FIELDS).
`last_bank_entry`
    The newest posted entry of a bank journal, with its `date`; `null` if the company has none.

`templates/odoo/example-document.json` is one. `amili-connector map` takes the same format.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.domain.dates import today
from connector.domain.errors import NotFound
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM

Record = dict[str, Any]

MOVE_FIELDS = (
    "name",
    "move_type",
    "state",
    "payment_state",
    "invoice_date",
    "invoice_date_due",
    "currency_id",
    "amount_total",
    "amount_residual",
    "partner_id",
    "commercial_partner_id",
    "company_id",
    "matched_payment_ids",
    "no_followup",
)
LINE_FIELDS = (
    "move_id",
    "move_name",
    "move_type",
    "date",
    "display_type",
    "name",
    "product_id",
    "price_total",
    "account_type",
    "currency_id",
    "amount_residual_currency",
    "matched_credit_ids",
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
)
PARTIAL_FIELDS = ("debit_amount_currency", "credit_move_id", "exchange_move_id", "max_date")
PAYMENT_FIELDS = ("name", "state", "date", "amount", "currency_id", "move_id")
STATEMENT_LINE_FIELDS = ("name", "date", "amount", "partner_id")

NEAR_AMOUNTS = (Decimal(0), Decimal(60), Decimal(-60), Decimal(450), Decimal(-450))
"""How a receipt may differ from the balance and still be meant for the invoice: a reminder fee, a late fee
(domain.md A4)."""

_STATEMENT_LINES = 50


def fetch(client: OdooClient, invoice_id: str, settings: OdooSettings) -> Record:
    """The document of one invoice, read afresh in six calls, at most three more if something is matched to it.

    Raises `NotFound` if the company of `settings` has no such entry, and the errors of `OdooClient.call`.
    """
    move = _move(client, invoice_id, settings)
    customer_id = _id(move["commercial_partner_id"])
    # Without it Odoo would look through every company that the key's user may see (odoo.md section 8).
    company = {"allowed_company_ids": [_id(move["company_id"])]}

    lines = _lines(client, [("move_id", "=", move["id"])], company)
    partials = _by_ids(client, "account.partial.reconcile", _matched_ids(lines), PARTIAL_FIELDS, company)
    counterparts = sorted({_id(partial["credit_move_id"]) for partial in partials})
    partners = _partners(client, {_id(move["partner_id"]), customer_id} - {0}, settings, company)
    return {
        "move": move,
        "lines": lines,
        "partner": partners.get(_id(move["partner_id"]), {}),
        "commercial_partner": partners.get(customer_id, {}),
        "partials": partials,
        "matched_lines": _by_ids(client, "account.move.line", counterparts, LINE_FIELDS, company),
        "open_credit_lines": _lines(client, _open_credits(customer_id, move["id"]), company),
        "payments": _by_ids(client, "account.payment", move["matched_payment_ids"], PAYMENT_FIELDS, company),
        "statement_lines": _statement_lines(client, customer_id, move["amount_residual"], company),
        "last_bank_entry": last_bank_entry(client, company),
    }


def company_context(settings: OdooSettings) -> Record:
    """The context that keeps a call within the connection's company."""
    return {"allowed_company_ids": [settings.company_id]} if settings.company_id else {}


def record_id(invoice_id: str) -> int:
    """Odoo's number of an invoice. Raises `NotFound` for what cannot be one."""
    if not (invoice_id.isascii() and invoice_id.isdigit()) or int(invoice_id) >= 2**31:
        raise NotFound("there is no such invoice.", system=SYSTEM, operation="account.move/search_read")
    return int(invoice_id)


def _move(client: OdooClient, invoice_id: str, settings: OdooSettings) -> Record:
    found: list[Record] = client.call(
        "account.move",
        "search_read",
        domain=[("id", "=", record_id(invoice_id))],
        fields=client.dialect.known("account.move", MOVE_FIELDS),
        context=company_context(settings),
    )
    if not found:
        raise NotFound("there is no such invoice.", system=SYSTEM, operation="account.move/search_read")
    return client.dialect.completed("account.move", found[0], MOVE_FIELDS)


def _lines(client: OdooClient, domain: list[Any], company: Record) -> list[Record]:
    found: list[Record] = client.call(
        "account.move.line",
        "search_read",
        domain=domain,
        fields=list(LINE_FIELDS),
        order="sequence, id",
        context=company,
    )
    return found


def _matched_ids(lines: list[Record]) -> list[int]:
    return sorted({partial_id for line in lines for partial_id in line["matched_credit_ids"]})


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


def _partners(client: OdooClient, ids: set[int], settings: OdooSettings, company: Record) -> dict[int, Record]:
    decisions = (settings.sole_trader_field, settings.protected_identity_field)
    fields = [*PARTNER_FIELDS, *settings.id_number_fields, *(name for name in decisions if name)]
    return {record["id"]: record for record in _by_ids(client, "res.partner", sorted(ids), fields, company)}


def _statement_lines(client: OdooClient, customer_id: int, balance: Decimal | int, company: Record) -> list[Record]:
    near = [float(balance + difference) for difference in NEAR_AMOUNTS if balance + difference > 0]
    found: list[Record] = client.call(
        "account.bank.statement.line",
        "search_read",
        domain=[
            ("is_reconciled", "=", False),
            ("amount", ">", 0),
            "|",
            ("partner_id.commercial_partner_id", "=", customer_id),
            ("amount", "in", near),
        ],
        fields=list(STATEMENT_LINE_FIELDS),
        order="date desc, id desc",
        limit=_STATEMENT_LINES,
        context=company,
    )
    return found


def last_bank_entry(client: OdooClient, company: Record) -> Record | None:
    """The newest posted entry of the company's bank journals, or `None`: how fresh the receipts are (A3).

    An entry dated in the future says nothing of receipts until today, so it is passed over.
    """
    found: list[Record] = client.call(
        "account.move",
        "search_read",
        domain=[
            ("journal_id.type", "=", "bank"),
            ("state", "=", "posted"),
            ("date", "<=", today().isoformat()),
        ],
        fields=["date"],
        order="date desc, id desc",
        limit=1,
        context=company,
    )
    return found[0] if found else None


def _by_ids(
    client: OdooClient, model: str, ids: list[int], fields: tuple[str, ...] | list[str], company: Record
) -> list[Record]:
    if not ids:
        return []
    found: list[Record] = client.call(model, "read", ids=ids, fields=list(fields), context=company)
    return found


def _id(reference: Any) -> int:
    """The id in `[id, name]`; 0 for `false`."""
    return int(reference[0]) if reference else 0
