"""Money, people and companies read from a real Odoo 19.

Creates customers, invoices, a term of payment and a second company, which the keys' users see during its test
only; adds the connector's fields for disputes and bars, and removes them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import today
from connector.domain.errors import ConfigurationError, NotFound
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import CustomerType, Invoice, LineKind
from connector.hosts import opening
from connector.hosts.base import Host, WriteBack
from connector.hosts.odoo.fields import CASE_ID, DISPUTED, DISPUTED_AT, DISPUTED_BY, NEVER_SEND
from connector.remote.policy import HttpPolicy
from tests.live.odoo_books import Books, odoo_env
from tests.said import sv

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]


@pytest.fixture(scope="module")
def books() -> Books:
    return Books(odoo_env())


@pytest.fixture
def added_fields(books: Books) -> Iterator[None]:
    """Those of the connector's fields that these tests need; the full set-up installs them with the others."""
    kinds = {
        "account.model_account_move": {
            CASE_ID: "char",
            DISPUTED: "boolean",
            DISPUTED_BY: "char",
            DISPUTED_AT: "datetime",
        },
        "base.model_res_partner": {NEVER_SEND: "boolean"},
    }
    values = [
        {
            "model_id": books.reference(xmlid),
            "name": name,
            "ttype": kind,
            "field_description": name,
            "copied": False,
        }
        for xmlid, fields in kinds.items()
        for name, kind in fields.items()
    ]
    ids = books.settings_client.call("ir.model.fields", "create", vals_list=values)
    yield
    standing = books.settings_client.call("ir.model.fields", "search", domain=[("id", "in", ids)])
    books.settings_client.call("ir.model.fields", "unlink", ids=standing)


def host(books: Books, **chosen: Any) -> Host:
    settings = {**books.place, "company_id": books.company, **chosen}
    key = SecretStr(books.env["ODOO_BOT_API_KEY"])
    return opening.open_host(
        "odoo", settings=settings, api_key=key, http=HttpPolicy(allow_private=True, read_timeout_s=90)
    )


def findings(invoice: Invoice, code: str) -> list[Finding]:
    circumstances = Circumstances(today=today(), first_action=FirstAction.REMINDER)
    judged = assess(invoice, ConnectionSettings(), circumstances)
    return [finding for finding in judged.findings if finding.code == code]


def test_two_companies_with_the_same_invoice_number_are_kept_apart(books: Books) -> None:
    with books.second_company("Andra bolaget AB", "SEK") as theirs:
        number = f"SAMMA/{today().year}/{datetime.now(UTC):%H%M%S}"
        ours_id, theirs_id = (str(one.post(one.draft(name=number, **_line(one)))) for one in (books, theirs))
        ours, other = host(books), host(theirs)

        assert (ours.find(number), other.find(number)) == (ours_id, theirs_id)
        assert ours_id != theirs_id
        for ledger, own, foreign in ((ours, ours_id, theirs_id), (other, theirs_id, ours_id)):
            assert ledger.read(own).number == number
            with pytest.raises(NotFound):
                ledger.read(foreign)
            with pytest.raises(NotFound):
                ledger.pdf(foreign)
            assert ledger.wish(foreign) is None
            listed = {row.id for row in ledger.overdue(today=today(), page_size=10_000)}
            assert own in listed
            assert foreign not in listed
        assert other.check().company == "Andra bolaget AB"
        assert other.check().found_settings == {"company_id": theirs.company}

        with pytest.raises(ConfigurationError, match="several companies"):
            host(books, company_id=None).read(ours_id)


def _line(books: Books) -> dict[str, Any]:
    return {"lines": [{"name": "Konsulttimme", "quantity": 1, "price_unit": books.price()}]}


def test_many_small_lines_that_odoo_rounds_by_themselves_stop_no_invoice(books: Books) -> None:
    small = {"product_id": books.product("Konsulttimme"), "name": "Skruv M4", "quantity": 1, "price_unit": 0.30}
    fee = {"product_id": books.product("Fakturaavgift"), "quantity": 1, "price_unit": 40.0}
    move_id = books.invoice(lines=[small] * 210 + [fee])

    invoice = host(books, fee_products=["FAKTAVG"]).read(str(move_id))

    assert (invoice.total, sum(line.amount for line in invoice.lines)) == (Decimal("128.75"), Decimal("129.80"))
    assert findings(invoice, "B3") == []
    dearer = invoice.model_copy(update={"total": Decimal("128.74"), "balance": Decimal("128.74")})
    assert [finding.severity for finding in findings(dearer, "B3")] == [Severity.BLOCK]


@pytest.fixture
def numbered_with_length_digit(books: Books) -> Iterator[None]:
    """Invoices ask to be paid with the customer's number, a length digit and a check digit."""
    journal, names = books.journal("sale"), ["invoice_reference_type", "invoice_reference_model"]
    (before,) = books.settings_client.call("account.journal", "read", ids=[journal], fields=names)
    chosen = dict(zip(names, ("partner", "se_ocr3"), strict=True))
    books.settings_client.call("account.journal", "write", ids=[journal], vals=chosen)
    yield
    books.settings_client.call("account.journal", "write", ids=[journal], vals={name: before[name] for name in names})


@pytest.mark.usefixtures("numbered_with_length_digit")
@pytest.mark.parametrize(
    ("customers_number", "digits", "is_right"),
    [("1234567", 9, True), ("12345678", 10, False), ("123456789", 11, True), ("1234567890", 12, False)],
)
def test_a_reference_that_odoo_made_with_a_wrong_length_digit_is_told(
    books: Books, customers_number: str, digits: int, is_right: bool
) -> None:
    move_id = books.invoice(books.customer(ref=customers_number))

    invoice = host(books).read(str(move_id))

    assert len(invoice.payment_reference) == digits
    assert [f"{digits} siffror" in sv(finding) for finding in findings(invoice, "F5")] == ([] if is_right else [True])


def test_an_invoice_of_which_a_part_is_not_due_is_not_claimed(books: Books) -> None:
    term = books.payment_term("Två delar", (50, 30), (50, 120))
    move_id = books.invoice(price=4000.0, invoice_payment_term_id=term)
    books.pay(move_id, Decimal("1000"))

    invoice = host(books).read(str(move_id))

    assert [part.balance for part in invoice.instalments] == [Decimal("1525.00"), Decimal("2525.00")]
    (finding,) = findings(invoice, "C2")
    assert finding.severity is Severity.BLOCK
    assert "1\u00a0525,00 kr har förfallit, men 2\u00a0525,00 kr förfaller först senare" in sv(finding)


def test_an_invoice_that_was_put_off_is_not_claimed(books: Books) -> None:
    move_id = books.invoice()
    assert findings(host(books).read(str(move_id)), "C2") == []
    later = today() + timedelta(days=14)

    books.put_off(move_id, later)

    (finding,) = findings(host(books).read(str(move_id)), "C2")
    assert finding.severity is Severity.BLOCK
    assert later.isoformat() in sv(finding)


def test_a_fee_is_told_by_its_account(books: Books) -> None:
    fee = {"name": "Avgift", "quantity": 1, "price_unit": 40.0, "account_id": books.account("3540")}
    move_id = books.invoice(lines=[{"name": "Arbete", "quantity": 1, "price_unit": 900.0}, fee])

    lines = host(books, fee_accounts=["3540"]).read(str(move_id)).lines

    assert [line.kind for line in lines] == [LineKind.GOODS, LineKind.INVOICE_FEE]


def test_a_contacts_invoice_is_owed_by_its_company(books: Books) -> None:
    company = books.customer(name="Storkund AB", company_registry="559012-3450")
    contact = books.customer(
        name="Ekonomi", is_company=False, company_registry=False, parent_id=company, type="invoice", street="Boxgatan 9"
    )

    customer = host(books).read(str(books.invoice(contact))).customer

    assert (customer.id, customer.name, customer.id_number) == (str(company), "Storkund AB", "559012-3450")
    assert customer.customer_type is CustomerType.COMPANY
    assert (customer.address.address_line_1, customer.invoice_address.address_line_1) == ("Kungsgatan 2", "Boxgatan 9")


def test_customers_are_counted_once_invoiced(books: Books) -> None:
    before = host(books).identity_coverage()
    company = books.customer(company_registry=False, vat="SE559012345001")
    contact = books.customer(is_company=False, company_registry=False, parent_id=company)
    books.invoice(contact)
    books.invoice(books.customer(company_registry="saknas"))
    books.customer()

    after = host(books).identity_coverage()

    assert (after.customers - before.customers, after.valid - before.valid) == (2, 1)
    assert after.by_field["vat"] - before.by_field["vat"] == 1


def test_a_field_that_this_odoo_does_not_have_is_told_at_set_up(books: Books) -> None:
    with pytest.raises(ConfigurationError, match="no field x_studio_personnummer"):
        host(books, id_number_fields=["x_studio_personnummer", "vat"]).check()


@pytest.mark.usefixtures("added_fields")
def test_a_dispute_and_a_bar_that_people_set_in_odoo_stop_the_invoice(books: Books) -> None:
    customer = books.customer()
    move_id = books.invoice(customer)
    ledger = host(books)
    assert findings(ledger.read(str(move_id)), "A6") == []

    dispute = {DISPUTED: True, DISPUTED_BY: "Eva Ekonom", DISPUTED_AT: "2026-11-10 12:00:00"}
    books.client.call("account.move", "write", ids=[move_id], vals=dispute)
    books.settings_client.call("res.partner", "write", ids=[customer], vals={NEVER_SEND: True})

    bar, hold = findings(ledger.read(str(move_id)), "A6")
    assert bar.severity is Severity.BLOCK
    assert hold.severity is Severity.LIFTABLE
    assert "bestridd, Eva Ekonom, 2026-11-10" in sv(hold)


@pytest.mark.usefixtures("added_fields")
def test_the_fields_are_no_obstacle_when_they_are_gone_again(books: Books) -> None:
    ledger, move_id = host(books), books.invoice()
    assert ledger.read(str(move_id)).customer.never_send is False

    names = [DISPUTED, DISPUTED_BY, DISPUTED_AT, NEVER_SEND]
    # A user is a partner too in Odoo, and has the partner's fields as its own.
    domain = [("name", "in", names), ("state", "=", "manual")]
    ids = books.settings_client.call("ir.model.fields", "search", domain=domain)
    books.settings_client.call("ir.model.fields", "unlink", ids=ids)

    assert ledger.read(str(move_id)).customer.never_send is None


@pytest.mark.usefixtures("added_fields")
def test_nothing_is_written_in_another_company(books: Books) -> None:
    with books.second_company("Andra bolaget AB", "SEK") as theirs:
        foreign = str(theirs.post(theirs.draft(**_line(theirs))))
        note = WriteBack("case-1", "Registrerat", datetime.now(UTC))

        with pytest.raises(NotFound):
            host(books).write_back(foreign, note)
        assert theirs.move(int(foreign), CASE_ID)[CASE_ID] is False

        assert host(theirs).write_back(foreign, note).places == (CASE_ID,)


def test_a_user_of_one_two_and_three_companies_is_told_of_the_chosen_one(books: Books) -> None:
    def told(company: int) -> tuple[str, object]:
        identity = host(books, company_id=company).check()
        return identity.company, identity.found_settings["company_id"]

    own = told(books.company)
    assert own[1] == books.company
    with books.second_company("Annat bolag AB", "SEK") as second:
        another = ("Annat bolag AB", second.company)
        assert [told(books.company), told(second.company)] == [own, another]
        with books.second_company("Tredje bolaget AB", "SEK") as third:
            assert [told(books.company), told(second.company)] == [own, another]
            assert told(third.company) == ("Tredje bolaget AB", third.company)
            with pytest.raises(ConfigurationError, match="sees several companies"):
                host(books, company_id=None).check()
