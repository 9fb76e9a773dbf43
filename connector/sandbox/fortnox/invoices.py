"""/3/invoices in the Fortnox imitation: lists, documents, updates and actions (fortnox/API.md, "Invoice" and
"Actions and PDF")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from flask import Flask, Response, request

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.books import NO_BANK_DETAILS, Books
from connector.sandbox.fortnox.calls import Call, serve
from connector.sandbox.fortnox.documents import (
    BLANK,
    EMPTY_INVOICE,
    LONGEST,
    WRITABLE,
    Row,
    invoice_detail,
    invoice_item,
)
from connector.sandbox.fortnox.errors import (
    CUSTOMER_NOT_FOUND,
    TOO_LONG,
    UNKNOWN_FIELD,
    WRONG_TYPE,
    Refused,
    not_found,
    refusal_answer,
)
from connector.sandbox.fortnox.invoice_list import invoice_list
from connector.sandbox.fortnox.records import Document
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import Change, FortnoxSwitches, Handling, LabelArray, LockedPut
from connector.sandbox.shared.pdf import pdf_of

AMOUNTS = frozenset({"AdministrationFee", "Freight", "CurrencyRate"})
REFERENCES = frozenset({"ExternalInvoiceReference1", "ExternalInvoiceReference2"})
ROW_FIELDS = frozenset(
    (
        "AccountNumber", "ArticleNumber", "CostCenter", "DeliveredQuantity", "Description", "Discount", "DiscountType",
        "HouseWork", "HouseWorkHoursToReport", "HouseWorkType", "Price", "Project", "RowId", "StockPointCode", "Unit",
        "VAT", "VATCode",
    )
)  # fmt: skip

NOT_REGISTERED = "Kan inte skicka dokument om inte företaget är registrerat."
"""The refusal of the print service (fortnox/API.md, "Actions and PDF")."""


# Reading what a client sends


def _number(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Refused("Värdet är inte numeriskt.", WRONG_TYPE) from None


def _row(sent: Mapping[str, Any], known: Mapping[int, Row]) -> Row:
    if set(sent) - ROW_FIELDS:
        raise Refused("Okänt fältnamn på raden.", UNKNOWN_FIELD)
    row = known.get(sent.get("RowId", 0), Row("", Decimal(0)))
    return replace(
        row,
        description=str(sent.get("Description", row.description)),
        price=_number(sent.get("Price", row.price)),
        quantity=_number(sent.get("DeliveredQuantity", row.quantity)),
        vat=int(_number(sent.get("VAT", row.vat))),
        article=str(sent.get("ArticleNumber") or row.article),
        discount=_number(sent.get("Discount", row.discount)),
    )


def _rows(sent: Sequence[Mapping[str, Any]] | None, former: Sequence[Row]) -> list[Row] | None:
    if sent is None:
        return None
    return [_row(row, dict(enumerate(former, start=1))) for row in sent]


def _field(books: Books, name: str, value: Any) -> Any:
    """A field's value as it is kept. Raises `Refused`."""
    if value == BLANK:
        return ""
    if name in AMOUNTS:
        return _number(value)
    if name == "Labels":
        wanted = tuple({"Id": label.get("Id")} for label in value)
        if any(label["Id"] not in books.labels for label in wanted):
            raise not_found("etiketten")
        return wanted
    if isinstance(value, Mapping):
        return {**EMPTY_INVOICE[name], **value}
    if name in LONGEST and value is not None:
        if not isinstance(value, str):
            raise Refused(f"Värdet i {name} måste vara en text.", WRONG_TYPE)
        if len(value) > LONGEST[name]:
            raise Refused(f"Värdet i {name} är för långt.", TOO_LONG)
    return value


def _fields(books: Books, sent: Mapping[str, Any], switches: FortnoxSwitches) -> dict[str, Any]:
    """The writable fields that a client sent, but the rows. Raises `Refused` for a name that is none."""
    for name in sent:
        if name not in EMPTY_INVOICE and name not in ("@url", "@urlTaxReductionList"):
            raise Refused(f"Okänt fältnamn: {name}.", UNKNOWN_FIELD)
        if name not in WRITABLE and switches.read_only_fields is Handling.REFUSED:
            raise Refused(f"Fältet {name} kan inte ändras.", UNKNOWN_FIELD)
    return {
        name: _field(books, name, value)
        for name, value in sent.items()
        if name in WRITABLE and name not in ("InvoiceRows", "DocumentNumber")
    }


# Documents


def _answer(call: Call, number: str, status: int = 200) -> Response:
    """The invoice as it is now."""
    return call.one("Invoice", f"invoices/{number}", invoice_detail(call.books.invoice(number), call.switches), status)


def _list(call: Call) -> Response:
    shape = invoice_list(call.switches, call.books.today().isoformat())
    item = partial(invoice_item, switches=call.switches)
    return call.listed("Invoices", "invoices", call.books.invoices, shape, item, "DocumentNumber")


def _read(call: Call, number: str) -> Response:
    seen = call.seen(call.books.invoices, number, not_found("fakturan"))
    return call.one("Invoice", f"invoices/{number}", invoice_detail(seen, call.switches))


def _create(call: Call) -> Response:
    sent = call.body("Invoice")
    fields = _fields(call.books, sent, call.switches)
    customer = str(fields.pop("CustomerNumber", ""))
    if customer not in call.books.customers:
        raise Refused("Kan inte hitta kunden.", CUSTOMER_NOT_FOUND)
    rows = _rows(sent.get("InvoiceRows", ()), ()) or ()
    if sent.get("DocumentNumber"):
        fields["DocumentNumber"] = str(sent["DocumentNumber"])
    number = call.books.add_invoice(customer, rows, booked=False, sent=False, **fields)
    call.wrote(sent)
    return _answer(call, number, 201)


def _let_through(invoice: Document, books: Books, fields: Mapping[str, Any], switches: FortnoxSwitches) -> bool:
    """Return whether an update takes effect; false where it is passed over with a 200. Raises `Refused`."""
    if not books.locked(invoice) and not invoice["Cancelled"]:
        return True
    match switches.booked_put:
        case LockedPut.UNCHANGED:
            return False
        case LockedPut.ALLOW_ALL:
            return True
        case LockedPut.ALLOW_REFS if set(fields) <= REFERENCES:
            return True
        case LockedPut.ALLOW_LABELS if set(fields) <= {"Labels"}:
            return True
    message = "Fakturan är bokförd och kan inte ändras."
    raise Refused(message, switches.booked_put_code, switches.booked_put_status)


def _update(call: Call, number: str) -> Response:
    books, switches = call.books, call.switches
    sent = call.body("Invoice")
    invoice = books.invoice(number)
    fields = _fields(books, sent, switches)
    rows = _rows(sent.get("InvoiceRows"), books.rows(number))
    touched = {**fields, **({"InvoiceRows": rows} if rows is not None else {})}
    if _let_through(invoice, books, touched, switches):
        if "Labels" in fields and switches.label_array is LabelArray.MERGES:
            former = [label for label in invoice["Labels"] if label not in fields["Labels"]]
            fields["Labels"] = (*former, *fields["Labels"])
        books.edit_invoice(number, fields, rows)
        call.wrote(sent)
    return _answer(call, number)


# PDFs: fortnox/API.md, "Actions and PDF"


def _printed(invoice: Document, title: str) -> bytes:
    return pdf_of(
        [
            f"{title} {invoice['DocumentNumber']}",
            invoice["CustomerName"],
            f"Fakturadatum {invoice['InvoiceDate']}, förfaller {invoice['DueDate']}",
            *(f"{row['Description']}: {row['Total']} kr" for row in invoice["InvoiceRows"]),
            f"Att betala: {invoice['TotalToPay']} kr",
        ]
    )


def _pdf(call: Call, number: str, *, title: str, needs_bank_details: bool) -> bytes:
    """The document. Raises `Refused`."""
    books = call.books
    invoice = books.invoice(number)
    if number in books.broken_pdfs:
        raise Refused(books.broken_pdfs[number])
    if needs_bank_details and not books.facts.bank_details:
        raise Refused(NO_BANK_DETAILS)
    return _printed(invoice, title)


def _pdf_answer(content: bytes) -> Response:
    return Response(content, content_type="application/pdf")


def _refused_as_pdf(call: Call, refusal: Refused) -> Response:
    """A refusal of a PDF call: the JSON of any other, under the content type of a PDF."""
    answer = refusal_answer(refusal, call.switches, request.endpoint or "")
    answer.content_type = "application/pdf"
    return answer


def _preview(call: Call, number: str) -> Response:
    try:
        needed = call.switches.preview_needs_bank_details
        return _pdf_answer(_pdf(call, number, title="Faktura", needs_bank_details=needed))
    except Refused as refusal:
        return _refused_as_pdf(call, refusal)


def _print(call: Call, number: str) -> Response:
    try:
        content = _pdf(call, number, title="Faktura", needs_bank_details=True)
    except Refused as refusal:
        return _refused_as_pdf(call, refusal)
    call.books.send(number)
    _took_effect(call, number, "print")
    return _pdf_answer(content)


def _print_reminder(call: Call, number: str) -> Response:
    try:
        content = _pdf(call, number, title="Påminnelse", needs_bank_details=True)
    except Refused as refusal:
        return _refused_as_pdf(call, refusal)
    if call.switches.reminder_print_counts:
        call.books.remind(number)
    else:
        call.books.send(number)
    _took_effect(call, number, "printreminder")
    return _pdf_answer(content)


# Actions


def _took_effect(call: Call, number: str, action: str) -> None:
    call.books.side_effects[action][number] += 1
    call.wrote()


def _email(call: Call, number: str) -> Response:
    if not call.books.facts.bank_details:
        raise Refused(NO_BANK_DETAILS)
    call.books.send(number)
    _took_effect(call, number, "email")
    return _answer(call, number)


def _einvoice(call: Call, number: str) -> Response:
    call.books.send(number)
    _took_effect(call, number, "einvoice")
    return _answer(call, number)


def _eprint(call: Call, number: str) -> Response:
    if not call.books.facts.bank_details:
        raise Refused(NOT_REGISTERED)
    call.books.send(number)
    _took_effect(call, number, "eprint")
    return _answer(call, number)


def _external_print(call: Call, number: str) -> Response:
    call.books.send(number)
    _took_effect(call, number, "externalprint")
    return _answer(call, number)


def _bookkeep(call: Call, number: str) -> Response:
    call.books.book(number)
    _took_effect(call, number, "bookkeep")
    return _answer(call, number)


def _credit(call: Call, number: str) -> Response:
    settling.credit(call.books, number, booked=False)
    _took_effect(call, number, "credit")
    return _answer(call, number)


def _cancel(call: Call, number: str) -> Response:
    call.books.cancel(number)
    _took_effect(call, number, "cancel")
    return _answer(call, number)


def _warehouse_ready(call: Call, number: str) -> Response:
    call.books.change_invoice(number, {"WarehouseReady": True}, Change.UPDATED)
    _took_effect(call, number, "warehouseready")
    return _answer(call, number)


GET_ACTIONS = {
    "preview": _preview,
    "print": _print,
    "printreminder": _print_reminder,
    "email": _email,
    "einvoice": _einvoice,
    "eprint": _eprint,
}
PUT_ACTIONS = {
    "externalprint": _external_print,
    "bookkeep": _bookkeep,
    "credit": _credit,
    "cancel": _cancel,
    "warehouseready": _warehouse_ready,
}


def add_invoices(app: Flask, state: FortnoxState) -> None:
    """Put /3/invoices and its actions on `app`."""
    serve(app, state, "GET", "/3/invoices", "list_invoices", _list)
    serve(app, state, "POST", "/3/invoices", "create_invoice", _create)
    serve(app, state, "GET", "/3/invoices/<number>", "invoice", _read)
    serve(app, state, "PUT", "/3/invoices/<number>", "update_invoice", _update)
    for action, view in GET_ACTIONS.items():
        serve(app, state, "GET", f"/3/invoices/<number>/{action}", action, view)
    for action, view in PUT_ACTIONS.items():
        serve(app, state, "PUT", f"/3/invoices/<number>/{action}", action, view)
