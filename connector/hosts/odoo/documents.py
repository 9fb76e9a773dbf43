"""The host document: everything one judgement needs of an Odoo invoice, as Odoo's own JSON.

A document is an object of records as `search_read` returns them (empty values are `false`, a reference is
`[id, "shown name"]`, amounts are numbers, dates are "YYYY-MM-DD"):

`move`
    The invoice: one `account.move` with MOVE_FIELDS, and those of DISPUTE_FIELDS and `modules.OF_INVOICES` that this
    Odoo has.
`journal`
    The journal that the invoice is in (`account.journal`, JOURNAL_FIELDS). Absent in documents of earlier releases, as
    is the invoice's `payment_reference`.
`lines`
    Its own `account.move.line` rows with LINE_FIELDS and `account_code`: products, notes, taxes, early-payment
    discounts, and a receivable row for each part that it is to be paid in. `product_names` are what the product is
    called in all languages of the database, where the settings name it.
`partner`, `commercial_partner`
    Whom the invoice is addressed to, and the customer behind it (`res.partner`, PARTNER_FIELDS, of which 19 has no
    `mobile`, the fields that the settings name, a list of numbers with its rows, and `x_amili_never_send` and
    `modules.OF_CUSTOMERS` where this Odoo has them). One and the same when the invoice goes to the customer itself.
`policies`
    How the invoice and its customer are followed up (`credit.control.policy`: `do_nothing`), where a module keeps that;
    `null` if we may not see it. Absent where there is none.
`partials`
    What has been matched to the invoice's receivable rows (`account.partial.reconcile`, PARTIAL_FIELDS), each with
    `line_id`, the row. Documents of earlier releases have none, and what was matched to the other rows among it.
`matched_lines`
    The other side of each of `partials`: rows of payments, credit notes and other entries (MATCHED_LINE_FIELDS and
    MONEY_FIELDS). Each has `received`, what came in by the payment or bank line that it belongs to (`null` where it
    belongs to none), `settled`, what that took off all receivables together, `bank_line`, the id of that bank line,
    `bank_matched`, whether its payment is matched with the bank (`null` where it belongs to no payment), and
    `bank_date`, when the bank booked what its payment is matched with; `payment_state` and `payment_date` are the
    payment's own. In a document without these, every row that is no credit note counts as money received.
`number_cards`
    Other cards on which the debtor's identity number may stand (`res.partner`, name, ref, parent_id and the fields for
    numbers in the settings); `null` if it was not searched for. Absent in documents of earlier releases.
`open_credit_lines`
    The customer's receivable rows in its favour that are matched to nothing yet (OPEN_LINE_FIELDS).
`payments`
    Payments registered on the invoice (`account.payment`, PAYMENT_FIELDS). One without an entry in the books
    (`move_id` false) makes Odoo call the invoice paid and yet lessens no balance. `reversed` says whether its entry
    was; documents of earlier releases do not say.
`statement_lines`
    Money in on the bank statement, not matched yet, that is the customer's, or about the amount still owed,
    or that has the invoice's number or reference in its text (`account.bank.statement.line`, `bank_lines.FIELDS`).
`bank_receipts`
    The last real receipt of each bank journal that customers' money came in on in the last 90 days: its `journal_id`
    and `date`, which is `false` where the journal has bank lines and none of them brought money. Documents of earlier
    releases have `last_bank_entry` instead: an entry of a bank journal with its `date`, or `null`.
`hidden_company`
    The company that this one is a branch of and whose money our user may not see; "" if there is none.
`awaits_bank`
    Whether the company matches its payments with the bank, so that one without a match has not been seen there yet.
`reminder_lines`
    Reminders that a module for them has sent (`credit.control.line`, those of `reminders.REMINDER_FIELDS` that it has);
    `null` if this Odoo keeps none, or not for us to see.
`letter_lines`
    The rows of every invoice in the letters of `reminder_lines` (`reminders.LETTER_FIELDS`). Absent where there are no
    letters.
`overdue_reminders`
    Reminders of another module (`account.invoice.overdue.reminder`), each with the `invoices` that were reminded of at
    once. Absent where this Odoo keeps none.

`templates/odoo/example-document.json` is one. `amili-connector map` takes the same format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.domain.errors import NotFound
from connector.hosts.odoo import bank_lines, counterparts, fields, modules, number_lists, reminders
from connector.hosts.odoo.bank_receipts import bank_receipts, last_of
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import Parents
from connector.hosts.odoo.counterparts import RECEIVABLE, card, flat
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
    "payment_reference",
)
JOURNAL_FIELDS = ("invoice_reference_model",)
PAYMENTS = "matched_payment_ids"
NUMBER_CARDS = "number_cards"
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
    "commercial_partner_id",
)
PARTIAL_FIELDS = ("debit_amount_currency", "credit_move_id", "exchange_move_id", "max_date")
PAYMENT_FIELDS = ("name", "state", "date", "amount", "currency_id", "move_id")

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
    that the company matches its payments with the bank, `number_lists` which of the fields for identity numbers are
    lists of them, and `policies_unseen` that a module keeps policies of following up, and not for us to see.
    `products` is what the products that the settings name are called, by id, in all languages (`named_products`).
    """

    move: frozenset[str] = frozenset()
    partner: frozenset[str] = frozenset()
    reminders: frozenset[str] = frozenset()
    awaits_bank: bool = False
    number_lists: frozenset[str] = frozenset()
    policies_unseen: bool = False
    products: Mapping[int, frozenset[str]] = field(default_factory=dict)


NO_EXTRAS = Extras()
NO_PARENTS = Parents()


def fetch(
    client: OdooClient,
    invoice_id: str,
    settings: OdooSettings,
    extras: Extras = NO_EXTRAS,
    parents: Parents = NO_PARENTS,
) -> Record:
    """The document of one invoice, read afresh in five calls, or six where a module keeps reminders.

    The invoice comes with its lines, customer and payments in one call and so from one moment: one call is one
    transaction in Odoo. `settings` name the company, in which every call stays (API.md, "Rights and companies"); of
    money, what came in at its `parents` is read too.

    Raises `NotFound` if that company has no such entry, and the errors of `OdooClient.call`.
    """
    document = _whole_move(client, invoice_id, settings, extras, parents)
    move = document["move"]
    customer_id = _id(move["commercial_partner_id"])
    credits_ = _open_credits(customer_id, move["id"])

    find = _finder(client, settings, parents)
    document["open_credit_lines"] = find("account.move.line", credits_, OPEN_LINE_FIELDS, order="id")
    document["statement_lines"] = bank_lines.unmatched(find, move, customer_id, _card_ids(move))
    document["bank_receipts"] = bank_receipts(find)
    document["hidden_company"] = parents.hidden
    document["awaits_bank"] = extras.awaits_bank
    document["reminder_lines"] = None
    if extras.reminders:
        own, of_letters = reminders.lines_of(find, move["id"], extras.reminders)
        document |= {"reminder_lines": own, **({"letter_lines": of_letters} if of_letters else {})}
    if extras.policies_unseen:
        document["policies"] = None
    for line in document["lines"]:
        if known := extras.products.get(_id(line["product_id"])):
            line["product_names"] = sorted(known)
    return document


def company_context(settings: OdooSettings) -> Record:
    """The context that keeps a call within the connection's company."""
    return {"allowed_company_ids": [settings.company_id]} if settings.company_id else {}


def money_context(settings: OdooSettings, parents: Parents) -> Record:
    """As `company_context`, with the parents whose money is matched with the company's invoices."""
    return {"allowed_company_ids": [settings.company_id, *parents.ids]} if settings.company_id else {}


def in_company(settings: OdooSettings) -> list[Any]:
    """The condition that keeps a search within the connection's company.

    The context alone does it only as long as no one has switched off Odoo's own rules for companies.
    """
    return [("company_id", "=", settings.company_id)] if settings.company_id else []


def record_id(invoice_id: str) -> int:
    """Odoo's number of an invoice. Raises `NotFound` for what cannot be one."""
    if not (invoice_id.isascii() and invoice_id.isdigit()) or int(invoice_id) >= 2**31:
        raise NotFound("there is no such invoice.", system=SYSTEM, operation="account.move/web_search_read")
    return int(invoice_id)


def _partner_fields(settings: OdooSettings, dialect: Dialect) -> tuple[str, ...]:
    decisions = (settings.sole_trader_field, settings.protected_identity_field)
    chosen = (*settings.id_number_fields, *(name for name in decisions if name))
    return (*dialect.known("res.partner", PARTNER_FIELDS), *chosen)


def specification(settings: OdooSettings, dialect: Dialect, extras: Extras = NO_EXTRAS) -> Record:
    """Return what `web_search_read` is asked for: an invoice with all that hangs on it."""
    of_partner = {
        **_fields(_partner_fields(settings, dialect)),
        **number_lists.asked(extras.number_lists),
        **modules.asked(sorted(extras.partner)),
    }
    partner = {"fields": {"display_name": {}, **of_partner}}
    matched = _fields((*MATCHED_LINE_FIELDS, *MONEY_FIELDS))
    counterpart = {"fields": {"display_name": {}, **matched, **counterparts.RECEIPTS}}
    line = {
        **_fields(LINE_FIELDS),
        "account_id": {"fields": {"display_name": {}, "code": {}}},
        "matched_credit_ids": {"fields": {**_fields(PARTIAL_FIELDS), "credit_move_id": counterpart}},
        **_fields(name for name in (dialect.litigation_field,) if name),
    }
    move = {
        **_fields(MOVE_FIELDS),
        **modules.asked(sorted(extras.move)),
        "journal_id": {"fields": {"display_name": {}, **_fields(JOURNAL_FIELDS)}},
        "partner_id": partner,
        "commercial_partner_id": partner,
        "line_ids": {"fields": line, "order": "sequence, id"},
        PAYMENTS: {"fields": {**_fields(PAYMENT_FIELDS), "move_id": counterparts.WITH_REVERSALS}},
    }
    return {name: move[name] for name in dialect.known("account.move", list(move))}


def _whole_move(
    client: OdooClient, invoice_id: str, settings: OdooSettings, extras: Extras, parents: Parents
) -> Record:
    """`move` and all the parts of the document that hang on it, in one call."""
    answer = client.call(
        "account.move",
        "web_search_read",
        domain=[*in_company(settings), ("id", "=", record_id(invoice_id))],
        specification=specification(settings, client.dialect, extras),
        context=money_context(settings, parents),
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
    others: Record = {"journal": card(move.pop("journal_id"))} if "journal_id" in move else {}
    if modules.POLICY in move or modules.POLICY in (move["commercial_partner_id"] or {}):
        others["policies"] = modules.policies_in(move, move["commercial_partner_id"])
    if reminders.OVERDUE in move:
        others["overdue_reminders"] = reminders.overdue_reminders(move.pop(reminders.OVERDUE))
    # Rows on other accounts, such as a down payment's, may be matched too: nothing is paid by that.
    partials = [
        {**partial, "line_id": line["id"]}
        for line in lines
        if line["account_type"] == RECEIVABLE
        for partial in line["matched_credit_ids"]
    ]
    matched = {partial["credit_move_id"]["id"]: partial["credit_move_id"] for partial in partials}
    return {
        "lines": [_line(line) for line in lines],
        "partner": card(move["partner_id"]),
        "commercial_partner": card(move["commercial_partner_id"]),
        "partials": [flat(partial) for partial in partials],
        "matched_lines": [counterparts.told(line) for line in matched.values()],
        "payments": [counterparts.payment(payment) for payment in move.pop(PAYMENTS)],
        **others,
        "move": flat(move),
    }


def _line(line: Record) -> Record:
    own = {name: value for name, value in line.items() if name != "matched_credit_ids"}
    account = line["account_id"]
    return {**flat(own), "account_code": account["code"] if account else False}


def _search(
    client: OdooClient,
    model: str,
    domain: list[Any],
    names: Iterable[str],
    settings: OdooSettings,
    parents: Parents = NO_PARENTS,
    **paging: Any,
) -> list[Record]:
    ours = [("company_id", "in", [settings.company_id, *parents.ids])] if parents.ids else in_company(settings)
    found: list[Record] = client.call(
        model,
        "search_read",
        domain=[*ours, *domain],
        fields=list(names),
        context=money_context(settings, parents),
        **paging,
    )
    return found


def _open_credits(customer_id: int, move_id: int) -> list[Any]:
    """The customer's receivable rows in its favour. Joined to the invoice's own by "or", the search would make
    the database read every row of the books."""
    return [
        ("partner_id.commercial_partner_id", "=", customer_id),
        ("account_type", "=", RECEIVABLE),
        ("parent_state", "=", "posted"),
        ("reconciled", "=", False),
        ("amount_residual", "<", 0),
        # A payment that Odoo says did not come stays booked.
        "|",
        ("payment_id", "=", False),
        ("payment_id.state", "not in", ["rejected", "canceled"]),
        ("move_id", "!=", move_id),
    ]


def receipts_by_journal(client: OdooClient, settings: OdooSettings, parents: Parents = NO_PARENTS) -> list[Record]:
    """Return how far receipts are booked on each bank journal that customers pay on, those of the parents among
    them.
    """

    return bank_receipts(_finder(client, settings, parents))


def _finder(client: OdooClient, settings: OdooSettings, parents: Parents) -> Callable[..., list[Record]]:
    def find(model: str, domain: list[Any], names: Iterable[str], **paging: Any) -> list[Record]:
        return _search(client, model, domain, names, settings, parents, **paging)

    return find


def last_bank_entry(client: OdooClient, settings: OdooSettings, parents: Parents = NO_PARENTS) -> Record | None:
    """The last receipt on the bank journal that is booked least far, or `None`: how fresh the receipts are (A3)."""
    return last_of(receipts_by_journal(client, settings, parents))


def _card_ids(move: Record) -> frozenset[int]:
    return frozenset(_id(move[name]) for name in ("partner_id", "commercial_partner_id")) - {0}


def _id(reference: Any) -> int:
    """The id in `[id, name]`; 0 for `false`."""
    return int(reference[0]) if reference else 0
