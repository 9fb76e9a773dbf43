"""What reading alone shows of a Fortnox company. Names, addresses and numbers of customers are never shown."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from connector.domain import dates
from connector.domain.errors import NotFound
from connector.domain.identity import InvalidIdentity, read_identity
from connector.domain.money import ORE
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, day, flag, label_ids, number, reference, several, text
from connector.hosts.fortnox.oauth import REFRESH_TOKEN_LIFETIME
from connector.hosts.fortnox.settlements import is_credit
from connector.hosts.fortnox.translate import CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT, UNTAXED
from connector.sandbox.fortnox.switches import FortnoxSwitches, Oddity
from tests.live.fortnox_points import (
    CREDIT_BALANCE,
    DUE_TODAY,
    FEE,
    IDENTITY,
    LABEL_SEARCH,
    LIFE_CYCLE,
    OVERDUE,
    REFRESH_TOKEN,
    TAX_REDUCTION,
    UNKNOWN_INVOICE,
    Seen,
    confirms,
    contradicts,
    is_as,
    switch_is,
)
from tests.live.fortnox_session import Session

NO_SUCH_INVOICE = "999999999999999999"
DETAILS_READ = 60
"""How many single invoices, and customers, are read in search of one that shows something."""


def read_points(session: Session, invoice_numbers: Sequence[str]) -> None:
    """Every point that reading shows; `invoice_numbers` are looked at beside the company's newest invoices."""
    client = session.client
    session.note(Seen(LIFE_CYCLE, "not tried: Fortnox sends them when a company approves or withdraws; see the log"))
    session.note(Seen(REFRESH_TOKEN, f"not tried: it takes weeks; {REFRESH_TOKEN_LIFETIME.days} days is assumed"))
    with session.trying(UNKNOWN_INVOICE):
        session.note(unknown_invoice(client))
    with session.trying(OVERDUE, DUE_TODAY):
        for seen in overdue_filter(client):
            session.note(seen)
    with session.trying(LABEL_SEARCH):
        session.note(label_search(client))
    with session.trying(FEE, TAX_REDUCTION):
        invoices = _details(client, invoice_numbers)
        session.note(_first_of(invoices, fee_where_prices_include_vat) or Seen(FEE, NO_FEE))
        session.note(_first_of(invoices, balance_with_tax_reduction) or Seen(TAX_REDUCTION, NO_TAX_REDUCTION))
    with session.trying(CREDIT_BALANCE):
        session.note(credit_balance(client))
    with session.trying(IDENTITY):
        session.note(identity_numbers(client))


NO_FEE = (
    "no invoice found whose prices include VAT and that has an invoice fee: make one (a private customer, "
    "“Priser inkl. moms”, “Fakturaavgift”) and name it with --invoice"
)
NO_TAX_REDUCTION = "no open, untouched invoice with rot or rut found: make one, and name it with --invoice"


def unknown_invoice(client: FortnoxClient) -> Seen:
    """Whether the answer for an invoice that there is not is understood."""
    try:
        client.read(Call.READ_INVOICE, NO_SUCH_INVOICE)
    except NotFound as error:
        return confirms(UNKNOWN_INVOICE, f"understood: HTTP {error.status} “{error.message}” {error.answer}")
    return contradicts(UNKNOWN_INVOICE, "an invoice number that there is not gives an invoice")


# Lists


def overdue_filter(client: FortnoxClient) -> Iterator[Seen]:
    """What `filter=unpaidoverdue` lists beside plain overdue invoices."""
    today = dates.today()
    listed = {text(row, "DocumentNumber") for row in _rows(client, filter="unpaidoverdue")}
    others = [*_rows(client, filter="unpaid"), *_rows(client, filter="unbooked"), *_rows(client, filter="cancelled")]
    others += [row for row in _rows(client, credit="true") if number(row, "Balance", "balance")]
    known = {text(row, "DocumentNumber"): row for row in (*others, *_rows(client, filter="unpaidoverdue"))}
    kinds: dict[Oddity, Counter[bool]] = {kind: Counter() for kind in ODD}
    today_listed: Counter[bool] = Counter()
    for invoice_number, row in known.items():
        due = day(row, "DueDate")
        odd = [kind for kind, is_odd in ODD.items() if is_odd(row)]
        if due == today and not odd:
            today_listed[invoice_number in listed] += 1
        if due is not None and due < today and len(odd) == 1:
            kinds[odd[0]][invoice_number in listed] += 1
    yield _oddities(kinds)
    if not today_listed:
        yield Seen(DUE_TODAY, "no open invoice is due today: make one, and run this again the same day")
    elif len(today_listed) > 1:
        yield Seen(DUE_TODAY, "some invoices due today are listed as overdue, and some are not")
    else:
        counts = today_listed[True] > 0
        what = f"an invoice due today is {'' if counts else 'not '}listed as overdue"
        yield switch_is(DUE_TODAY, what, "due_today_is_overdue", counts)


ODD: dict[Oddity, Callable[[Record], bool]] = {
    Oddity.UNBOOKED: lambda row: flag(row, "Booked") is False and not flag(row, "Cancelled"),
    Oddity.CREDIT: lambda row: number(row, "Total", "total") < 0,
    Oddity.INTEREST: lambda row: text(row, "InvoiceType") == "INTRESTINVOICE",
    Oddity.CANCELLED: lambda row: flag(row, "Cancelled") is True,
}
"""What a row of the list can be recognised by; whether it is not completed a row does not tell."""


def _oddities(kinds: dict[Oddity, Counter[bool]]) -> Seen:
    words = [f"{kind}: {_listed(there)}" for kind, there in kinds.items()]
    what = f"past due and listed as overdue? {'; '.join(words)}"
    default = FortnoxSwitches().overdue_includes
    if not any(kinds.values()):
        return Seen(OVERDUE, what)
    differs = [kind for kind, there in kinds.items() if there and bool(there[True]) is not (kind in default)]
    shown = ", ".join(kind for kind, there in kinds.items() if there)
    return is_as(OVERDUE, what, holds=not differs, about=f"sandbox switch overdue_includes, as to {shown}")


def _listed(there: Counter[bool]) -> str:
    match there[True], there[False]:
        case 0, 0:
            return "none there"
        case _, 0:
            return "yes"
        case 0, _:
            return "no"
        case yes, no:
            return f"{yes} of {yes + no}"


def label_search(client: FortnoxClient) -> Seen:
    """Whether `label=<id>` finds the invoices that have it, and no others."""
    for label_id in itertools.chain(*client.labels().values()):
        rows = list(_rows(client, label=str(label_id)))
        if rows:
            invoice = client.read(Call.READ_INVOICE, text(rows[0], "DocumentNumber"))
            has_it = label_id in label_ids(invoice)
            return is_as(LABEL_SEARCH, f"{len(rows)} found by its id, and the first has it: {has_it}", holds=has_it)
    return Seen(LABEL_SEARCH, "no invoice has a label: put one on, and run this again")


def _rows(client: FortnoxClient, **query: str) -> Iterator[Record]:
    for rows in client.pages(Call.LIST_INVOICES, **query):
        yield from rows


# Amounts


def _details(client: FortnoxClient, invoice_numbers: Sequence[str]) -> list[Record]:
    """The invoices named, and the newest."""
    newest = next(client.pages(Call.LIST_INVOICES, sortby="documentnumber", sortorder="descending"))
    numbers = dict.fromkeys([*invoice_numbers, *(text(row, "DocumentNumber") for row in newest)])
    return [client.read(Call.READ_INVOICE, invoice_number) for invoice_number in list(numbers)[:DETAILS_READ]]


def _first_of(invoices: Sequence[Record], look: Callable[[Record], Seen | None]) -> Seen | None:
    return next(filter(None, map(look, invoices)), None)


def fee_where_prices_include_vat(invoice: Record) -> Seen | None:
    """Whether `AdministrationFee` includes VAT where prices do: by what makes up the total."""
    fee = number(invoice, "AdministrationFee", "fee")
    if not flag(invoice, "VATIncluded") or not fee or is_credit(invoice):
        return None
    rows = several(invoice, "InvoiceRows") or []
    beside = sum((number(row, "Total", "row") for row in rows), number(invoice, "RoundOff", "RoundOff"))
    charges = fee + number(invoice, "Freight", "Freight")
    vat = number(invoice, "AdministrationFeeVAT", "fee") + number(invoice, "FreightVAT", "Freight")
    rest = number(invoice, "Total", "total") - beside
    slack = ORE * (len(rows) + 2)
    where = f"invoice {text(invoice, 'DocumentNumber')}"
    includes, excludes = abs(rest - charges) <= slack, abs(rest - charges - vat) <= slack
    if includes == excludes:
        return Seen(FEE, f"{where}: the total of {_kr(rest)} beside its rows tells neither")
    what = f"{where}: the fee {'includes' if includes else 'excludes'} VAT"
    about = f"{FEE.where} = {CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT}"
    if not includes:
        return contradicts(FEE, what, "translate.py, which takes the fee to include VAT there")
    return confirms(FEE, what, f"what {about} waits for: it may become True")


def balance_with_tax_reduction(invoice: Record) -> Seen | None:
    """Whether the balance of an untouched invoice is less its rot or rut reduction."""
    reduced = (
        number(invoice, "TaxReduction", "TaxReduction") or text(invoice, "TaxReductionType").casefold() not in UNTAXED
    )
    total, to_pay, balance = (number(invoice, field, field) for field in ("Total", "TotalToPay", "Balance"))
    if not reduced or is_credit(invoice) or balance not in {total, to_pay} or not balance:
        return None
    where = f"invoice {text(invoice, 'DocumentNumber')}"
    if total == to_pay:
        return Seen(TAX_REDUCTION, f"{where}: total and amount to pay are alike, so that it does not show")
    net = balance == to_pay
    what = f"{where}: the balance is {'less the reduction from the start' if net else 'the whole total'}"
    return switch_is(TAX_REDUCTION, what, "balance_net_of_tax_reduction", net)


def credit_balance(client: FortnoxClient) -> Seen:
    """Whether a booked credit invoice lessens its invoice only once it is entered as paid on both."""
    for row in _rows(client, credit="true"):
        if not flag(row, "Booked"):
            continue
        credit = client.read(Call.READ_INVOICE, text(row, "DocumentNumber"))
        debit_number = reference(credit, "CreditInvoiceReference")
        if not debit_number:
            continue
        debit = client.read(Call.READ_INVOICE, debit_number)
        left, its_own = number(debit, "Balance", "Balance"), number(credit, "Balance", "Balance")
        credit_number = text(credit, "DocumentNumber")
        what = f"credit {credit_number} of {debit_number} keeps {_kr(its_own)}; the invoice {_kr(left)}"
        is_used = its_own != number(credit, "Total", "Total")
        entered = any(
            text(one, "InvoiceNumber") == credit_number and flag(one, "Booked")
            for rows in client.pages(Call.LIST_PAYMENTS, invoicenumber=credit_number)
            for one in rows
        )
        return is_as(CREDIT_BALANCE, what, holds=entered or not is_used)
    return Seen(CREDIT_BALANCE, "no booked credit invoice with a reference found: credit an invoice, and book it")


def _kr(amount: Decimal) -> str:
    return f"{amount:.2f} kr"


# Customers


def identity_numbers(client: FortnoxClient) -> Seen:
    """How personal and organisation numbers are spelt, as patterns of digits, and whether we read them all."""
    patterns: Counter[str] = Counter()
    unread = read = 0
    rows = [row for rows in client.pages(Call.LIST_CUSTOMERS) for row in rows if text(row, "OrganisationNumber")]
    rows.sort(key=lambda row: not _like_a_person(text(row, "OrganisationNumber")))
    for row in rows[:DETAILS_READ]:
        card = client.read(Call.READ_CUSTOMER, text(row, "CustomerNumber"))
        written = text(card, "OrganisationNumber")
        patterns[f"{text(card, 'Type') or 'no type'} {_pattern(written)}"] += 1
        try:
            read_identity(written, today=dates.today())
            read += 1
        except InvalidIdentity:
            unread += 1
    if not patterns:
        return Seen(IDENTITY, "no customer has a number")
    shown = ", ".join(f"{pattern} × {count}" for pattern, count in sorted(patterns.items()))
    what = f"{shown}; {read} valid, {unread} not"
    if not any(pattern.startswith("PRIVATE") for pattern in patterns):
        return Seen(IDENTITY, f"{what}; no private customer with a number: enter one with a made-up valid number")
    return is_as(IDENTITY, what, holds=read > 0)


def _pattern(written: str) -> str:
    """The spelling with every digit and letter masked."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "#", written))


def _like_a_person(written: str) -> bool:
    digits = re.sub(r"\D", "", written)
    return len(digits) in {10, 12} and digits[-8] in "01"
