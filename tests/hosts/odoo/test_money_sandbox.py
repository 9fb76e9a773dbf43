"""Money as Odoo 19 really keeps it: read of the imitation, which does what was seen of a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import today
from connector.domain.errors import OutOfReach
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice, PaymentKind
from connector.flows import remote_findings
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import fetch
from connector.hosts.odoo.host import OdooHost
from connector.hosts.odoo.translate import translate
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo import oddities, settling
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.books import Books, InvoiceLine
from connector.sandbox.odoo.companies import PARENTS_BANK, let_see, make_branch, move_to_parent
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from tests.hosts.odoo.recorded_documents import SETTINGS
from tests.said import sv


def kr(amount: str | int) -> Decimal:
    return Decimal(amount)


@pytest.fixture
def state() -> OdooState:
    return OdooState()


@pytest.fixture
def books(state: OdooState) -> Books:
    return state.books


@pytest.fixture
def client(state: OdooState) -> Iterator[OdooClient]:
    with running(create_odoo(state)) as url:
        yield OdooClient(url, state.database, SecretStr(state.api_key), http=HttpPolicy(allow_private=True))


def invoiced(books: Books, *lines: InvoiceLine, name: str = "Provkund AB") -> int:
    """An overdue invoice of 1000 with VAT, if no lines are given."""
    return books.add_invoice(books.add_customer(name), lines or [InvoiceLine("Arbete", kr(800))], due_days_ago=45)


def registered(books: Books, invoice: int, amount: str, days_ago: int = 0) -> int:
    """A payment entered by hand; gives its id."""
    books.pay(invoice, kr(amount), day=today() - timedelta(days=days_ago), by_bank=False)
    return settling.payments_of(books, invoice)[-1]


def read(client: OdooClient, invoice: int) -> Invoice:
    return translate(fetch(client, str(invoice), SETTINGS), SETTINGS)


def findings(invoice: Invoice, *codes: str) -> list[Finding]:
    circumstances = Circumstances(today=today(), first_action=FirstAction.REMINDER)
    judged = assess(invoice, ConnectionSettings(), circumstances)
    return [finding for finding in judged.findings if finding.code in codes and finding.severity is not Severity.INFO]


def test_a_payment_dated_in_a_locked_period_is_of_its_own_day(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    registered(books, invoice, "100", days_ago=40)
    books.locked_until = today() - timedelta(days=20)
    registered(books, invoice, "400", days_ago=35)
    document = fetch(client, str(invoice), SETTINGS)
    days = [today() - timedelta(days=ago) for ago in (40, 35)]
    assert [line["date"] for line in document["matched_lines"]] == [str(days[0]), str(today())]
    assert [one.date for one in translate(document, SETTINGS).payments] == days


def test_a_rejected_payment_is_no_money_and_a_person_is_asked(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    payment = registered(books, invoice, "400")
    before = read(client, invoice)
    assert [one.kind for one in before.payments] == [PaymentKind.RECEIPT]
    assert (before.taken_back, findings(before, "A2")) == ((), [])

    oddities.reject_payment(books, payment)

    after = read(client, invoice)
    assert [(one.kind, one.amount) for one in after.payments] == [(PaymentKind.REJECTED, kr(400))]
    (finding,) = findings(after, "A2")
    assert (finding.severity, finding.value, after.balance) == (Severity.LIFTABLE, "400,00", kr(600))


def test_a_rejected_payment_that_is_matched_to_nothing_is_no_receipt_either(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    payment = books.prepay(int(books.field(invoice, "partner_id")), kr(300))
    assert [one.amount for one in read(client, invoice).unmatched_receipts or ()] == [kr(300)]
    oddities.reject_payment(books, payment)
    assert read(client, invoice).unmatched_receipts == ()


def test_what_was_paid_beyond_the_invoice_is_of_its_payments_day(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    books.locked_until = today() - timedelta(days=20)
    registered(books, invoice, "1250", days_ago=30)
    (rest,) = read(client, invoice).unmatched_receipts or ()
    assert (rest.amount, rest.date, bool(rest.rest_of)) == (kr(250), today() - timedelta(days=30), True)


def test_that_a_payment_of_the_whole_was_rejected_is_said_of_an_invoice_that_looks_paid(
    books: Books, client: OdooClient
) -> None:
    invoice = invoiced(books)
    oddities.reject_payment(books, registered(books, invoice, "1000"))
    assert [one.severity for one in findings(read(client, invoice), "A2")] == [Severity.LIFTABLE, Severity.BLOCK]


def test_a_payment_or_credit_note_that_is_a_draft_again_asks_a_person(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    payment, note = registered(books, invoice, "400"), books.credit(invoice, kr(100))
    assert findings(read(client, invoice), "A2") == []
    settling.to_draft(books, note)
    assert [one.value for one in findings(read(client, invoice), "A2")] == ["100,00"]
    settling.payment_to_draft(books, payment)
    assert [one.value for one in findings(read(client, invoice), "A2")] == ["500,00"]
    settling.post_payment_again(books, payment)
    settling.post_again(books, note)
    assert findings(read(client, invoice), "A2") == []


def test_a_payment_whose_entry_was_reversed_is_none_and_a_person_confirms_it(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    payment = registered(books, invoice, "1000")
    assert findings(read(client, invoice), "A4") == []
    oddities.reverse_payment(books, payment)
    after = read(client, invoice)
    assert (after.payments, after.balance) == ((), kr(1000))
    (finding,) = findings(after, "A4")
    assert (finding.severity, finding.value) == (Severity.WARNING, "1 000,00 kr".replace(" 0", "\u00a00"))
    assert books.records.get("account.payment", payment)["state"] == "paid"


def test_a_payment_that_was_taken_off_again_is_unmatched_and_not_reversed(books: Books, client: OdooClient) -> None:
    invoice = invoiced(books)
    registered(books, invoice, "400")
    settling.unmatch_all(
        books, books.records.get("account.payment", settling.payments_of(books, invoice)[0])["move_id"]
    )
    after = read(client, invoice)
    assert (len(after.unmatched_receipts or ()), after.reversed_payments) == (1, ())


def test_rows_matched_on_accounts_that_are_no_receivable_pay_nothing(books: Books, client: OdooClient) -> None:
    down = invoiced(books, InvoiceLine("Förskott 30 %", kr(3000)))
    final = invoiced(books, InvoiceLine("Montering", kr(10000)), InvoiceLine("Avgår förskott", kr(-3000)))
    books.pay(down)
    rows = [oddities.book_on_advances(books, *one) for one in ((final, "Avgår förskott"), (down, "Förskott 30 %"))]
    before = read(client, final)
    oddities.match_advances(books, *rows)
    assert books.records.get("account.move.line", rows[0])["amount_residual"] == 0
    after = read(client, final)
    assert after == before
    assert (after.payments, after.balance, findings(after, "B2")) == ((), kr(8750), [])

    registered(books, final, "750")
    assert [(one.kind, one.amount) for one in read(client, final).payments] == [(PaymentKind.RECEIPT, kr(750))]


@pytest.mark.parametrize(("amount", "kind"), [(2000, PaymentKind.RECEIPT), (1950, PaymentKind.OFFSET)])
def test_a_bank_line_that_is_short_for_several_invoices_does_not_tell_what_came_in_for_each(
    books: Books, client: OdooClient, amount: int, kind: PaymentKind
) -> None:
    first, second = invoiced(books), invoiced(books, name="Annan Kund AB")
    oddities.match_bank_line_short(books, books.receive(kr(amount)), first, second)
    for invoice in (first, second):
        found = read(client, invoice)
        assert [(one.kind, one.amount) for one in found.payments] == [(kind, kr(1000))]
        assert (found.balance, found.write_offs) == (kr(0), ())


def test_of_a_bank_line_that_is_short_for_one_invoice_the_difference_is_written_off(
    books: Books, client: OdooClient
) -> None:
    invoice = invoiced(books)
    oddities.match_bank_line_short(books, books.receive(kr(950)), invoice)
    found = read(client, invoice)
    assert [(one.kind, one.amount) for one in found.payments] == [(PaymentKind.RECEIPT, kr(950))]
    assert [one.amount for one in found.write_offs] == [kr(50)]


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ("Betalning faktura {number}", True),
        ("ocr {ocr}", True),
        ("<p>Meddelande: {ocr}</p>", True),
        ("{ocr}, tack", True),
        ("{number}7", False),
        ("R{number}", False),
        ("OCR 1{ocr}", False),
        ("{ocr}0", False),
        ("INV/2026/{ocr}", False),
        ("{ocr},00 kr", False),
        ("Swish", False),
    ],
)
@pytest.mark.parametrize("field", ["payment_ref", "narration"])
def test_a_bank_line_with_the_invoices_number_in_its_text_may_be_for_it(
    books: Books, client: OdooClient, text: str, is_seen: bool, field: str
) -> None:
    invoice = invoiced(books)
    books.set_invoice(invoice, payment_reference="18914")
    line = books.receive(kr(333))
    said = text.format(number=books.number(invoice), ocr="18914")
    books.records.update("account.bank.statement.line", line, {"payment_ref": "Insättning", field: said})
    found = read(client, invoice)
    assert [one.amount for one in found.unmatched_receipts or ()] == ([kr(333)] if is_seen else [])
    assert bool(findings(found, "A4")) is is_seen


@pytest.mark.parametrize(("own", "seen"), [(True, 1), (False, 0)])
def test_a_line_of_the_customers_is_seen_whatever_number_its_text_has(
    books: Books, client: OdooClient, own: bool, seen: int
) -> None:
    invoice = invoiced(books)
    customer = int(books.field(invoice, "partner_id")) if own else books.add_customer("Annan Kund AB")
    contact = books.add_customer("Ekonomi", is_company=False, parent_id=customer)
    books.set_invoice(invoice, payment_reference="18914")
    books.receive(kr(333), partner=contact, text="OCR 118914")
    assert len(read(client, invoice).unmatched_receipts or ()) == seen


def ledger(state: OdooState, client: OdooClient) -> OdooHost:
    own = OdooClient(client.url, state.database, SecretStr(state.api_key), http=HttpPolicy(allow_private=True))
    return OdooHost(own, SETTINGS.model_copy(update={"answer_action_id": ACTION_IDS[ANSWER]}))


def paid_at_parent(books: Books, parent: int, invoice: int, amount: int) -> None:
    line = books.receive(kr(amount), partner=int(books.field(invoice, "partner_id")), day=today())
    settling.match_bank_line(books, line, invoice)
    move_to_parent(books, int(books.records.get("account.bank.statement.line", line)["move_id"]), parent)


def test_what_came_in_at_the_parent_of_a_branch_is_read(state: OdooState, books: Books, client: OdooClient) -> None:
    invoice, parent = invoiced(books), make_branch(books)
    host = ledger(state, client)
    assert findings(host.read(str(invoice)), "A4") == []
    paid_at_parent(books, parent, invoice, 400)
    line = books.receive(kr(600))
    move_to_parent(books, int(books.records.get("account.bank.statement.line", line)["move_id"]), parent)
    found = host.read(str(invoice))
    assert [(one.kind, one.amount) for one in found.payments] == [(PaymentKind.RECEIPT, kr(400))]
    assert [one.amount for one in found.unmatched_receipts or ()] == [kr(600)]
    assert len(findings(found, "A4")) == 1
    assert [account.id for account in host.bank_accounts()] == [str(PARENTS_BANK)]
    assert (host.check().missing_rights, host.check().to_mend) == ((), ())


def test_a_parent_that_our_user_may_not_see_is_said(state: OdooState, books: Books, client: OdooClient) -> None:
    invoice, parent = invoiced(books), make_branch(books, sees_parent=False)
    host = ledger(state, client)
    (finding,) = findings(host.read(str(invoice)), "A4")
    assert (finding.value, finding.severity) == ("Moderbolaget AB", Severity.WARNING)
    (advice,) = host.check().to_mend
    assert "Moderbolaget AB" in advice

    paid_at_parent(books, parent, invoice, 400)
    with pytest.raises(OutOfReach, match="Moderbolaget AB") as refused:
        host.read(str(invoice))
    (finding,) = remote_findings.of(refused.value)
    assert (finding.code, finding.value) == ("ledger_out_of_reach", "Moderbolaget AB")

    let_see(books, parent)
    found = ledger(state, client).read(str(invoice))
    assert (len(found.payments), findings(found, "A4")) == (1, [])


def test_a_customers_card_of_another_company_is_named_as_what_stands_in_the_way(
    state: OdooState, books: Books, client: OdooClient
) -> None:
    invoice, host = invoiced(books), ledger(state, client)
    card = int(books.field(invoice, "partner_id"))
    books.set_customer(card, company_id=1)
    assert host.read(str(invoice)).balance == kr(1000)
    other = books.records.create("res.company", {"name": "Systerbolaget AB"})
    books.set_customer(card, company_id=other)
    with pytest.raises(OutOfReach, match=f"id {card}") as refused:
        host.read(str(invoice))
    (finding,) = remote_findings.of(refused.value)
    assert (finding.code, finding.value) == ("ledger_out_of_reach", str(card))
    assert "nyckel" not in sv(finding)


def changed(host: OdooHost, cursor: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """What was taken back of the invoices that changed, those merely touched among them, and where to go on."""
    found: dict[str, tuple[str, ...]] = {}
    for page in host.changes(cursor, now=datetime.now(UTC)):
        standings = {**page.standings, **host.standings(sorted(page.touched - page.standings.keys()))}
        found |= {invoice: standing.taken_back for invoice, standing in standings.items()}
        cursor = page.cursor
    return found, cursor


@pytest.mark.parametrize("change", [settling.payment_to_draft, oddities.reject_payment], ids=lambda one: one.__name__)
def test_that_a_payment_was_taken_back_is_told_though_its_invoice_was_not_written(
    state: OdooState, client: OdooClient, change: Callable[[Books, int], None]
) -> None:
    books, host = state.books, ledger(state, client)
    began = datetime.now(UTC) - timedelta(days=3)
    state.now = lambda: began
    invoice, other = invoiced(books), invoiced(books, name="Annan Kund AB")
    registered(books, other, "400")
    payment = registered(books, invoice, "400")
    _, cursor = changed(host, "")
    row = host.read(str(invoice)).payments[0].id
    written = books.field(invoice, "write_date")
    state.now = lambda: began + timedelta(days=1)
    assert changed(host, cursor) == ({str(invoice): (), str(other): ()}, cursor)

    change(books, payment)

    assert books.field(invoice, "write_date") == written
    found, cursor = changed(host, cursor)
    assert found[str(invoice)] == (row,) == host.read(str(invoice)).taken_back
    assert host.standings([str(invoice), str(other)])[str(invoice)].taken_back == (row,)
    assert host.standings([str(other)])[str(other)].taken_back == ()

    state.now = lambda: began + timedelta(days=2)
    found, cursor = changed(host, cursor)
    assert str(other) not in found
    settling.post_payment_again(books, payment)
    found, _ = changed(host, cursor)
    assert found == {str(invoice): ()}


def test_a_credit_note_that_is_a_draft_again_is_told_by_its_own_name(state: OdooState, client: OdooClient) -> None:
    books, host = state.books, ledger(state, client)
    invoice = invoiced(books)
    note = books.credit(invoice, kr(100))
    settling.to_draft(books, note)
    assert host.standings([str(invoice)])[str(invoice)].taken_back == (f"credit-{note}",)
    assert host.read(str(invoice)).taken_back == (f"credit-{note}",)


def test_a_quiet_poll_asks_for_what_was_matched_by_one_call(state: OdooState, client: OdooClient) -> None:
    host = ledger(state, client)
    invoiced(state.books)
    later = datetime.now(UTC) + timedelta(days=1)
    _, cursor = changed(host, "")
    state.now = lambda: later
    state.traffic.clear()
    changed(host, (later - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"))
    calls = state.traffic.snapshot()["requests"]
    assert {name.rpartition("/2/")[2]: count for name, count in calls.items() if "partial" in name} == {
        "account.partial.reconcile/web_search_read": 1
    }
    assert cursor


def test_that_the_company_has_become_a_branch_is_seen_at_the_first_refusal(
    state: OdooState, books: Books, client: OdooClient
) -> None:
    invoice, host = invoiced(books), ledger(state, client)
    assert host.read(str(invoice)).payments == ()
    paid_at_parent(books, make_branch(books), invoice, 400)
    assert [one.amount for one in host.read(str(invoice)).payments] == [kr(400)]
