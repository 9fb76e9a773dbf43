"""Money as a real Odoo keeps it, where its books say one thing in two ways.

Creates customers, invoices, payments, bank lines, a second company and a branch, which stay; closes a period and opens
it again. Everything is done by Odoo's own methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import today
from connector.domain.errors import OutOfReach
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice, LineKind, PaymentKind
from connector.hosts import opening
from connector.hosts.base import Host
from connector.remote.policy import HttpPolicy
from tests.live.odoo_books import ANY_COMPANY, Books, odoo_env
from tests.live.odoo_versions import needs

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]

KR = Decimal
OWN_STATES = needs(18, 19, why="a payment has no state beside its entry's")
REWRITES = {"skip_account_move_synchronization": True, "skip_readonly_check": True, "force_delete": True}
"""As Odoo's own reconciliation of bank lines rewrites the rows of their entries."""


@pytest.fixture(scope="module")
def books() -> Books:
    return Books(odoo_env())


def host(books: Books, **chosen: Any) -> Host:
    settings = {**books.place, "company_id": books.company, "payments_await_bank": False, **chosen}
    key = SecretStr(books.env["ODOO_BOT_API_KEY"])
    return opening.open_host(
        "odoo", settings=settings, api_key=key, http=HttpPolicy(allow_private=True, read_timeout_s=90)
    )


def read(books: Books, move_id: int) -> Invoice:
    return host(books).read(str(move_id))


def findings(invoice: Invoice, code: str) -> list[Finding]:
    circumstances = Circumstances(today=today(), first_action=FirstAction.REMINDER)
    judged = assess(invoice, ConnectionSettings(), circumstances)
    return [finding for finding in judged.findings if finding.code == code]


def kinds(invoice: Invoice) -> list[tuple[PaymentKind, Decimal]]:
    return [(one.kind, one.amount) for one in invoice.payments]


def entry_of(books: Books, payment: int) -> int:
    (found,) = books.client.call("account.payment", "read", ids=[payment], fields=["move_id"])
    return int(found["move_id"][0])


def reverse(books: Books, move_id: int) -> None:
    """Reverse an entry, as its button does."""
    values = {"move_ids": [(6, 0, [move_id])], "journal_id": books.journal("bank"), "reason": "Fel"}
    wizard = books.client.call("account.move.reversal", "create", vals_list=[values])
    books.client.call("account.move.reversal", "refund_moves", ids=wizard)
    (found,) = books.client.call("account.move", "read", ids=[move_id], fields=["reversal_move_ids"])
    (reversal,) = found["reversal_move_ids"]
    if books.move(reversal, "state")["state"] == "draft":
        books.post(reversal)
    receivable = [("move_id", "in", [move_id, reversal]), ("account_type", "=", "asset_receivable")]
    rows = books.client.call("account.move.line", "search_read", domain=receivable, fields=["reconciled"])
    if not all(row["reconciled"] for row in rows):
        books.client.call("account.move.line", "remove_move_reconcile", ids=[row["id"] for row in rows])
        books.client.call("account.move.line", "reconcile", ids=[row["id"] for row in rows])


def test_a_payment_dated_in_a_locked_period_is_of_its_own_day(books: Books) -> None:
    move_id = books.invoice()
    paid_on = today() - timedelta(days=40)
    with books.closed_until(today() - timedelta(days=20)):
        payment = books.pay(move_id, KR(400), payment_date=paid_on.isoformat())
    assert str(books.move(entry_of(books, payment), "date")["date"]) > paid_on.isoformat()
    assert [one.date for one in read(books, move_id).payments] == [paid_on]


def test_a_payment_in_an_open_period_is_of_its_day_too(books: Books) -> None:
    move_id = books.invoice()
    paid_on = today() - timedelta(days=3)
    books.pay(move_id, KR(400), payment_date=paid_on.isoformat())
    assert [one.date for one in read(books, move_id).payments] == [paid_on]


@OWN_STATES
def test_a_rejected_payment_is_no_money_though_it_stays_matched(books: Books) -> None:
    move_id = books.invoice()
    payment = books.pay(move_id, KR(400))
    left = books.balance(move_id)
    assert (kinds(read(books, move_id)), findings(read(books, move_id), "A2")) == ([(PaymentKind.RECEIPT, KR(400))], [])
    books.payment(payment, "action_reject")
    found = read(books, move_id)
    assert (kinds(found), found.balance, books.balance(move_id)) == ([(PaymentKind.REJECTED, KR(400))], left, left)
    (finding,) = findings(found, "A2")
    assert (finding.severity, finding.value) == (Severity.LIFTABLE, "400,00")


def test_a_payment_whose_entry_was_reversed_is_none_though_it_says_paid(books: Books) -> None:
    move_id = books.invoice()
    payment = books.pay(move_id)
    reverse(books, entry_of(books, payment))
    (state,) = books.client.call("account.payment", "read", ids=[payment], fields=["state"])
    assert state["state"] in ("paid", "posted")
    assert books.balance(move_id) == read(books, move_id).total
    found = read(books, move_id)
    assert (found.payments, found.unmatched_receipts) == ((), ())
    (finding,) = findings(found, "A4")
    assert finding.severity is Severity.WARNING


def test_rows_matched_on_other_accounts_than_receivables_pay_nothing(books: Books) -> None:
    advances = books.account("2420")
    books.settings_client.call("account.account", "write", ids=[advances], vals={"reconcile": True})
    customer = books.customer()

    def invoice(*lines: tuple[str, float, int | None]) -> int:
        rows = [
            {"name": name, "quantity": 1, "price_unit": price, "tax_ids": [(6, 0, [])]}
            | ({"account_id": account} if account else {})
            for name, price, account in lines
        ]
        return books.invoice(customer, lines=rows)

    down = invoice(("Förskott", 3000.0, advances))
    books.pay(down)
    final = invoice(("Montering", 10000.0, None), ("Avgår förskott", -3000.0, advances))
    before = read(books, final)
    rows = books.client.call(
        "account.move.line",
        "search",
        domain=[("move_id", "in", [down, final]), ("account_id", "=", advances)],
    )
    books.client.call("account.move.line", "reconcile", ids=rows)

    after = read(books, final)

    assert (after.payments, after.balance, findings(after, "B2")) == ((), KR(7000), [])
    assert after == before


@pytest.mark.parametrize(("short", "kind"), [(0, PaymentKind.RECEIPT), (50, PaymentKind.OFFSET)])
def test_a_bank_line_that_is_short_for_several_invoices_does_not_tell_what_came_in_for_each(
    books: Books, short: int, kind: PaymentKind
) -> None:
    customer = books.customer()
    invoices = [books.invoice(customer) for _ in range(2)]
    owed = [books.balance(one) for one in invoices]
    line = books.statement_line(float(sum(owed)) - short, customer)
    match_row_by_row(books, line, customer, dict(zip(invoices, owed, strict=True)), short)
    for move_id, amount in zip(invoices, owed, strict=True):
        found = read(books, move_id)
        assert (kinds(found), found.balance, found.write_offs) == ([(kind, amount)], KR(0), ())


def match_row_by_row(books: Books, line: int, customer: int, owed: dict[int, Decimal], short: int) -> None:
    """What a reconciliation widget does for several invoices: a row for each, and one for what is missing."""
    call = books.settings_client.call
    (found,) = call("account.bank.statement.line", "read", ids=[line], fields=["move_id", "journal_id", "amount"])
    entry = found["move_id"][0]
    (journal,) = call("account.journal", "read", ids=[found["journal_id"][0]], fields=["default_account_id"])
    account = books.move_account(next(iter(owed)))
    rows = [
        {"account_id": journal["default_account_id"][0], "balance": float(found["amount"]), "name": "Bank"},
        *(
            {"account_id": account, "partner_id": customer, "balance": -float(amount), "name": f"Rad {move_id}"}
            for move_id, amount in owed.items()
        ),
    ]
    if short:
        rows.append({"account_id": books.account("3740"), "balance": float(short), "name": "Avskrivet"})
    vals = {"line_ids": [(5, 0, 0), *((0, 0, row) for row in rows)]}
    call("account.bank.statement.line", "write", ids=[line], vals=vals, context=REWRITES)
    for move_id in owed:
        domain = [("move_id", "=", entry), ("name", "=", f"Rad {move_id}")]
        mine = call("account.move.line", "search", domain=domain)
        theirs = call(
            "account.move.line",
            "search",
            domain=[("move_id", "=", move_id), ("account_type", "=", "asset_receivable")],
        )
        call("account.move.line", "reconcile", ids=[*mine, *theirs])


@pytest.mark.parametrize("change", ["action_draft", pytest.param("action_reject", marks=OWN_STATES)])
def test_that_a_payment_was_taken_back_is_told_though_the_invoice_was_not_written(books: Books, change: str) -> None:
    move_id = books.invoice()
    payment = books.pay(move_id, KR(400))
    ledger = host(books)
    (row,) = [one.id for one in ledger.read(str(move_id)).payments]
    written = books.move(move_id, "write_date")
    assert ledger.standings([str(move_id)])[str(move_id)].taken_back == ()

    books.payment(payment, change)

    assert books.move(move_id, "write_date") == written
    began = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
    told = list(ledger.changes(began, now=datetime.now(UTC)))
    known = {name for page in told for name in (*page.standings, *page.touched)}
    assert str(move_id) in known
    assert ledger.standings([str(move_id)])[str(move_id)].taken_back == (row,)
    assert ledger.read(str(move_id)).taken_back == (row,)


@pytest.mark.parametrize(
    ("text", "is_seen"), [("Faktura {name} tack", True), ("OCR {ocr}", True), ("OCR 1{ocr}", False), ("{name}7", False)]
)
def test_a_bank_line_with_the_invoices_number_in_its_text_may_be_for_it(books: Books, text: str, is_seen: bool) -> None:
    move_id = books.invoice()
    shown = books.move(move_id, "name", "payment_reference")
    line = books.statement_line(3.17)
    said = text.format(name=shown["name"], ocr=shown["payment_reference"])
    books.settings_client.call("account.bank.statement.line", "write", ids=[line], vals={"payment_ref": said})
    found = read(books, move_id).unmatched_receipts or ()
    assert (KR("3.17") in [one.amount for one in found]) is is_seen
    # Narration is the entry's, and HTML.
    vals = {"payment_ref": "Insättning", "narration": f"<p>{said}</p>"}
    books.settings_client.call("account.bank.statement.line", "write", ids=[line], vals=vals)
    found = read(books, move_id).unmatched_receipts or ()
    assert (KR("3.17") in [one.amount for one in found]) is is_seen
    books.settings_client.call("account.bank.statement.line", "write", ids=[line], vals={"narration": False})


def test_a_customers_card_of_another_company_is_named_as_what_stands_in_the_way(books: Books) -> None:
    customer = books.customer()
    move_id = books.invoice(customer)
    found = books.settings_client.call("res.company", "search", domain=[("id", "!=", 1)], context=ANY_COMPANY)
    if not found:
        values = {"name": "Tredje bolaget AB", "currency_id": books.currency("SEK")}
        found = books.settings_client.call("res.company", "create", vals_list=[values])
    card = {"company_id": found[0]}
    books.settings_client.call("res.partner", "write", ids=[customer], vals=card, context=ANY_COMPANY)
    with pytest.raises(OutOfReach, match=f"id {customer}") as refused:
        read(books, move_id)
    assert refused.value.what == "card"


def test_a_fee_is_known_by_its_swedish_name(books: Books) -> None:
    books.speak("sv_SE")
    (product,) = books.settings_client.call(
        "product.product", "create", vals_list=[{"name": "Invoice handling", "list_price": 40.0, "type": "service"}]
    )
    books.settings_client.call(
        "product.product", "write", ids=[product], vals={"name": "Hanteringsavgift"}, context={"lang": "sv_SE"}
    )
    lines = [{"name": "Arbete", "quantity": 1, "price_unit": 900.0}, {"product_id": product, "quantity": 1}]
    move_id = books.invoice(lines=lines)
    for named, kind in (("hanteringsavgift", LineKind.INVOICE_FEE), ("Hantering", LineKind.GOODS)):
        ledger = host(books, fee_products=[named])
        assert [line.kind for line in ledger.read(str(move_id)).lines] == [LineKind.GOODS, kind]
        assert any(named in text for text in ledger.check().to_mend) is (kind is LineKind.GOODS)
    assert any("'9999'" in text for text in host(books, fee_accounts=["3540", "9999"]).check().to_mend)


@contextmanager
def branch(books: Books) -> Iterator[Books]:
    """A branch of the company, which both keys see beside it meanwhile; invoices are made in it."""
    call = books.settings_client.call
    name = f"Filialen {datetime.now(UTC):%H%M%S}"
    (company,) = call("res.company", "create", vals_list=[{"name": name, "parent_id": books.company}])
    users = [client.call("res.users", "context_get")["uid"] for client in (books.client, books.settings_client)]
    call("res.users", "write", ids=users, vals={"company_ids": [(4, company)]}, context=ANY_COMPANY)
    try:
        yield Branch(books.env, company=int(company), parent=books.company)
    finally:
        call("res.users", "write", ids=users, vals={"company_ids": [(3, company)]}, context=ANY_COMPANY)


class Branch(Books):
    """A branch's books: it has its parent's accounts, journals and bank."""

    def __init__(self, env: Any, *, company: int, parent: int) -> None:
        self.parent = parent
        super().__init__(env, company=company)
        for client in (self.client, self.settings_client):
            client.context["allowed_company_ids"] = [company, parent]

    def journal(self, kind: str) -> int:
        domain = [("type", "=", kind), ("company_id", "in", [self.company, self.parent])]
        (journal,) = self.client.call("account.journal", "search", domain=domain, limit=1)
        return int(journal)


def hidden_in(ledger: Host) -> list[str]:
    """What the check of a ledger says of a parent that may not be seen."""
    return [text for text in ledger.check().to_mend if "Testbolaget AB" in text]


def test_what_came_in_at_the_parent_of_a_branch_is_read(books: Books) -> None:
    with branch(books) as theirs:
        customer = books.customer()
        move_id = theirs.invoice(customer, company_id=theirs.company)
        assert theirs.move(move_id, "company_id")["company_id"][0] == theirs.company
        unpaid = theirs.invoice(company_id=theirs.company)
        line = books.statement_line(400.0, customer)
        theirs.match_bank_line(line, move_id)
        books.statement_line(123.45, customer)
        ledger = host(theirs)

        found = ledger.read(str(move_id))

        assert kinds(found) == [(PaymentKind.RECEIPT, KR(400))]
        assert KR("123.45") in [one.amount for one in found.unmatched_receipts or ()]
        assert (found.hidden_company, hidden_in(ledger)) == ("", [])

        uid = books.client.call("res.users", "context_get")["uid"]
        write = books.settings_client.call
        write("res.users", "write", ids=[uid], vals={"company_id": theirs.company}, context=ANY_COMPANY)
        write("res.users", "write", ids=[uid], vals={"company_ids": [(3, books.company)]}, context=ANY_COMPANY)
        try:
            ledger = host(theirs)
            assert len(hidden_in(ledger)) == 1
            (finding,) = findings(ledger.read(str(unpaid)), "A4")
            assert (finding.value, finding.severity) == ("Testbolaget AB", Severity.WARNING)
            with pytest.raises(OutOfReach, match="Testbolaget AB"):
                ledger.read(str(move_id))
        finally:
            write("res.users", "write", ids=[uid], vals={"company_ids": [(4, books.company)]}, context=ANY_COMPANY)
            write("res.users", "write", ids=[uid], vals={"company_id": books.company}, context=ANY_COMPANY)
