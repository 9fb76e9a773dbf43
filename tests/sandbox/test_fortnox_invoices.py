"""An invoice's life and what the API may do to it: fortnox/API.md, "Invoice" and "Actions and PDF"."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.switches import Empty, ForeignAmount, Handling, LabelArray, LinkedCredit, LockedPut
from tests.sandbox.fortnox_client import Fortnox, refusal

REFERENCE = {"Invoice": {"ExternalInvoiceReference2": "AMILI:5f2c0e9b7d"}}


def shown(fortnox: Fortnox, number: str, *names: str) -> tuple[Any, ...]:
    invoice = fortnox.invoice(number)
    return tuple(invoice[name] for name in names)


# Life cycle


def test_from_draft_to_booked_over_the_api(fortnox: Fortnox) -> None:
    customer = fortnox.customer(Address1="Provgatan 12", OrganisationNumber="552000-0018")
    rows = [{"Description": "Konsulttimmar", "Price": 1200, "DeliveredQuantity": "10", "VAT": 25}]

    made = fortnox.post("/3/invoices", {"Invoice": {"CustomerNumber": customer, "InvoiceRows": rows}})
    number = made.json()["Invoice"]["DocumentNumber"]
    draft = shown(fortnox, number, "Booked", "Sent", "Total", "Balance", "VoucherNumber")
    booked = fortnox.put(f"/3/invoices/{number}/bookkeep").json()["Invoice"]

    assert made.status_code == 201
    assert draft == (False, False, 15000, 15000, None)
    assert (booked["Booked"], booked["VoucherSeries"], booked["Balance"]) == (True, "B", 15000)
    assert shown(fortnox, number, "CustomerName", "Address1", "OrganisationNumber", "Country") == (
        "Exempelbolaget AB",
        "Provgatan 12",
        "552000-0018",
        "Sverige",
    )


def test_amounts_add_up_as_recorded(fortnox: Fortnox) -> None:
    # fortnox/API.md, "Amounts", from a recording of 2026-05-08.
    number = fortnox.add_invoice("100", AdministrationFee=Decimal(50), Freight=Decimal(25))

    names = ("Net", "AdministrationFeeVAT", "FreightVAT", "TotalVAT", "RoundOff", "Total", "TotalToPay", "Balance")

    assert shown(fortnox, number, *names) == (100, 12.5, 6.25, 43.75, 0.25, 219, 219, 219)


@pytest.mark.parametrize(("inclusive", "total", "fee_vat"), [(True, 175, 10), (False, 188, 12.5)])
def test_a_fee_beside_prices_with_vat_may_include_vat(
    fortnox: Fortnox, inclusive: bool, total: int, fee_vat: float
) -> None:
    fortnox.switch(fee_includes_vat_when_prices_do=inclusive)
    number = fortnox.add_invoice("125", VATIncluded=True, AdministrationFee=Decimal(50))

    assert shown(fortnox, number, "Net", "Total", "AdministrationFeeVAT") == (100, total, fee_vat)


def test_a_booked_invoice_cannot_be_cancelled(fortnox: Fortnox) -> None:
    booked, draft = fortnox.add_invoice(), fortnox.add_invoice(booked=False)

    assert fortnox.put(f"/3/invoices/{booked}/cancel").status_code == 400
    assert fortnox.put(f"/3/invoices/{draft}/cancel").json()["Invoice"]["Cancelled"] is True
    assert shown(fortnox, draft, "Balance", "Booked") == (0, False)
    assert fortnox.put(f"/3/invoices/{draft}/bookkeep").status_code == 400


@pytest.mark.parametrize(("net", "balance"), [(True, 12000), (False, 15000)])
def test_a_tax_reduction_is_not_for_the_customer_to_pay(fortnox: Fortnox, net: bool, balance: int) -> None:
    fortnox.switch(balance_net_of_tax_reduction=net)
    number = fortnox.add_invoice(TaxReduction=3000, TaxReductionType="rot", HouseWork=True)

    assert shown(fortnox, number, "Total", "TotalToPay", "Balance") == (15000, 12000, balance)


def test_a_warehouse_and_a_locked_period_stop_bookkeeping(fortnox: Fortnox) -> None:
    fortnox.books.facts.warehouse = True
    number = fortnox.add_invoice(booked=False)

    assert refusal(fortnox.put(f"/3/invoices/{number}/bookkeep")) == (400, 2003498)
    fortnox.put(f"/3/invoices/{number}/warehouseready")
    fortnox.books.facts.locked_until = "2026-11-30"
    assert refusal(fortnox.put(f"/3/invoices/{number}/bookkeep")) == (400, 2002141)


@pytest.mark.parametrize("needs_sent", [True, False])
def test_the_cash_method_may_book_only_what_was_sent(fortnox: Fortnox, needs_sent: bool) -> None:
    fortnox.switch(cash_bookkeep_needs_sent=needs_sent)
    fortnox.books.facts.accounting_method = "CASH"
    number = fortnox.add_invoice(booked=False, sent=False)

    assert fortnox.put(f"/3/invoices/{number}/bookkeep").status_code == (400 if needs_sent else 200)


# Updates: fortnox/API.md, "Changing an invoice" and "Locked invoices"


def test_an_update_changes_what_it_names_alone(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)
    before = fortnox.invoice(number)

    answer = fortnox.put(f"/3/invoices/{number}", {"Invoice": {"Comments": None, "YourReference": "Kim Kund"}})

    assert answer.status_code == 200
    assert fortnox.invoice(number) == {**before, "Comments": None, "YourReference": "Kim Kund"}


def test_rows_follow_their_ids(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)
    rows = [{"RowId": 1}, {"Description": "Resa", "Price": 400}]

    invoice = fortnox.put(f"/3/invoices/{number}", {"Invoice": {"InvoiceRows": rows}}).json()["Invoice"]

    assert [(row["Description"], row["Total"]) for row in invoice["InvoiceRows"]] == [
        ("Konsulttimmar", 12000),
        ("Resa", 400),
    ]
    assert invoice["Total"] == 15500


def test_a_field_is_cleared_by_its_magic_word(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False, sent=False, Comments="Ring först")

    fortnox.put(f"/3/invoices/{number}", {"Invoice": {"Comments": "API_BLANK"}})

    assert shown(fortnox, number, "Comments") == ("",)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"NoSuchField": 1}, 2001399),
        ({"ExternalInvoiceReference2": "x" * 81}, 2000107),
        ({"ExternalInvoiceReference2": 7}, 2000106),
        ({"Labels": [{"Id": 99}]}, 2000434),
    ],
)
def test_a_wrong_field_is_refused(fortnox: Fortnox, fields: dict[str, Any], code: int) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)

    assert refusal(fortnox.put(f"/3/invoices/{number}", {"Invoice": fields}))[1] == code


def test_a_body_that_is_none_is_refused(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)
    address = f"{fortnox.url}/3/invoices/{number}"
    as_text = fortnox.http.put(address, data="{}", headers=fortnox.headers, timeout=5)
    in_json = {**fortnox.headers, "Content-Type": "application/json"}
    broken = fortnox.http.put(address, data="{", headers=in_json, timeout=5)

    assert refusal(as_text) == (400, 1000031)
    assert refusal(broken) == (400, 2002115)
    assert refusal(fortnox.put(f"/3/invoices/{number}", {"Bill": {}})) == (400, 2001392)


def test_a_read_only_field_is_refused_or_passed_over(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)
    body = {"Invoice": {"Balance": 0, "Comments": "ny"}}

    assert fortnox.put(f"/3/invoices/{number}", body).status_code == 400
    fortnox.switch(read_only_fields=Handling.IGNORED)
    assert fortnox.put(f"/3/invoices/{number}", body).status_code == 200
    assert shown(fortnox, number, "Balance", "Comments") == (15000, "ny")


LABELS = {"Invoice": {"Labels": [{"Id": 7}]}}
OTHER = {"Invoice": {"Comments": "ny"}}


@pytest.mark.parametrize(
    ("switch", "accepted"),
    [
        (LockedPut.REJECT, ()),
        (LockedPut.ALLOW_REFS, (REFERENCE,)),
        (LockedPut.ALLOW_LABELS, (LABELS,)),
        (LockedPut.ALLOW_ALL, (REFERENCE, LABELS, OTHER)),
    ],
)
@pytest.mark.parametrize("body", [REFERENCE, LABELS, OTHER])
def test_an_update_of_a_booked_invoice(
    fortnox: Fortnox, switch: LockedPut, accepted: tuple[dict[str, Any], ...], body: dict[str, Any]
) -> None:
    fortnox.switch(booked_put=switch)
    fortnox.books.add_label("Hos inkasso")
    number = fortnox.add_invoice()
    before = fortnox.invoice(number)

    answer = fortnox.put(f"/3/invoices/{number}", body)

    if body in accepted:
        assert answer.status_code == 200
        assert fortnox.invoice(number) == {**before, **body["Invoice"]}
    else:
        assert refusal(answer) == (400, 2990017)
        assert fortnox.invoice(number) == before
        assert not [write for write in fortnox.state.writes if write["path"].endswith(number)]


def test_an_update_of_a_booked_invoice_may_be_passed_over(fortnox: Fortnox) -> None:
    fortnox.switch(booked_put=LockedPut.UNCHANGED)
    number = fortnox.add_invoice()
    before = fortnox.invoice(number)

    answer = fortnox.put(f"/3/invoices/{number}", REFERENCE)

    assert (answer.status_code, answer.json()["Invoice"]) == (200, before)


def test_the_refusal_of_a_booked_invoice_has_any_code_and_status(fortnox: Fortnox) -> None:
    fortnox.switch(booked_put_code=2000001, booked_put_status=403)
    number = fortnox.add_invoice()

    assert refusal(fortnox.put(f"/3/invoices/{number}", REFERENCE)) == (403, 2000001)


def test_by_the_cash_method_sending_locks_an_invoice(fortnox: Fortnox) -> None:
    fortnox.books.facts.accounting_method = "CASH"
    number = fortnox.add_invoice(booked=False, sent=False)

    assert fortnox.put(f"/3/invoices/{number}", REFERENCE).status_code == 200
    fortnox.put(f"/3/invoices/{number}/externalprint")
    assert fortnox.put(f"/3/invoices/{number}", OTHER).status_code == 400


@pytest.mark.parametrize(
    ("switch", "left"), [(LabelArray.REPLACES, [{"Id": 8}]), (LabelArray.MERGES, [{"Id": 7}, {"Id": 8}])]
)
def test_labels_replace_the_set_or_join_it(fortnox: Fortnox, switch: LabelArray, left: list[dict[str, int]]) -> None:
    fortnox.switch(label_array=switch)
    first, second = fortnox.books.add_label("Till inkasso"), fortnox.books.add_label("Hos inkasso")
    number = fortnox.add_invoice(booked=False, sent=False)
    fortnox.books.set_labels(number, [first])

    fortnox.put(f"/3/invoices/{number}", {"Invoice": {"Labels": [{"Id": second}]}})

    assert shown(fortnox, number, "Labels") == (left,)


# What is shown


def test_odd_types_are_as_recorded(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice()
    invoice = fortnox.invoice(number)
    item = fortnox.get("/3/invoices").json()["Invoices"][0]

    assert (invoice["Credit"], invoice["CreditInvoiceReference"], invoice["ContractReference"]) == ("false", "0", "0")
    assert (invoice["CurrencyRate"], item["CurrencyRate"]) == (1, "1")
    assert (invoice["LastRemindDate"], invoice["FinalPayDate"], invoice["InvoicePeriodStart"]) == (None, None, "")
    assert invoice["InvoiceRows"][0]["DeliveredQuantity"] == "1.00"


@pytest.mark.parametrize(("empty", "blank"), [(Empty.NULL, None), (Empty.BLANK, ""), (Empty.MISSING, "left out")])
def test_empty_values_can_be_written_any_way(fortnox: Fortnox, empty: Empty, blank: str | None) -> None:
    fortnox.switch(empty=empty)
    number = fortnox.add_invoice()
    invoice = fortnox.invoice(number)

    for name in ("Comments", "FinalPayDate"):
        assert invoice.get(name, "left out") == blank


def test_a_field_without_the_right_to_it_holds_a_word(fortnox: Fortnox) -> None:
    fortnox.books.facts.hidden_fields = {"Total", "DueDate"}
    number = fortnox.add_invoice()

    assert shown(fortnox, number, "Total", "DueDate", "Balance") == ("API_NORIGHT", "API_NORIGHT", 15000)
    assert fortnox.get("/3/invoices").json()["Invoices"][0]["Total"] == "API_NORIGHT"


def test_reminders_show_as_a_count_and_a_date(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice()
    fortnox.books.remind(number)
    fortnox.books.remind(number)

    assert shown(fortnox, number, "Reminders", "LastRemindDate") == (2, "2026-11-22")


# PDFs and actions: fortnox/API.md, "Actions and PDF"


def text_of(content: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_a_preview_is_a_pdf_and_leaves_no_trace(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(sent=False)
    before = fortnox.invoice(number)

    answer = fortnox.get(f"/3/invoices/{number}/preview")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert f"Faktura {number}" in text_of(answer.content)
    assert fortnox.invoice(number) == before
    assert fortnox.books.side_effects == {}
    assert fortnox.state.writes == []


@pytest.mark.parametrize(
    ("method", "action", "effect"),
    [
        ("GET", "print", {"Sent": True}),
        ("GET", "printreminder", {"Sent": True, "Reminders": 1, "LastRemindDate": "2026-11-22"}),
        ("GET", "email", {"Sent": True}),
        ("GET", "einvoice", {"Sent": True}),
        ("GET", "eprint", {"Sent": True}),
        ("PUT", "externalprint", {"Sent": True}),
        ("PUT", "warehouseready", {"WarehouseReady": True}),
        ("PUT", "credit", {"CreditInvoiceReference": "10452"}),
    ],
)
def test_every_other_action_has_an_effect_and_is_counted(
    fortnox: Fortnox, method: str, action: str, effect: dict[str, Any]
) -> None:
    number = fortnox.add_invoice(sent=False)
    before = fortnox.invoice(number)

    answer = fortnox.http.request(
        method, f"{fortnox.url}/3/invoices/{number}/{action}", headers=fortnox.headers, timeout=5
    )

    assert answer.status_code == 200
    assert fortnox.invoice(number) == {**before, **effect}
    assert fortnox.state.snapshot()["companies"][str(fortnox.books.tenant)]["side_effects"] == {action: {number: 1}}
    assert len(fortnox.state.writes) == 1


def test_a_reminder_print_may_not_count_as_one(fortnox: Fortnox) -> None:
    fortnox.switch(reminder_print_counts=False)
    number = fortnox.add_invoice(sent=False)

    fortnox.get(f"/3/invoices/{number}/printreminder")

    assert shown(fortnox, number, "Reminders", "Sent") == (0, True)


def test_a_pdf_that_fails_is_json_called_a_pdf(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice()
    fortnox.books.broken_pdfs[number] = "Utskriftsmallen kunde inte läsas."

    answer = fortnox.get(f"/3/invoices/{number}/preview")

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/pdf")
    assert answer.json()["ErrorInformation"]["message"] == "Utskriftsmallen kunde inte läsas."


@pytest.mark.parametrize("needed", [True, False])
def test_without_bank_details_printing_fails_and_preview_may(fortnox: Fortnox, needed: bool) -> None:
    fortnox.switch(preview_needs_bank_details=needed)
    fortnox.books.facts.bank_details = False
    number = fortnox.add_invoice(sent=False)

    statuses = [fortnox.get(f"/3/invoices/{number}/{name}").status_code for name in ("print", "email", "preview")]

    assert statuses == [400, 400, 400 if needed else 200]
    assert fortnox.books.side_effects == {}


def test_an_invoice_that_is_not_there(fortnox: Fortnox) -> None:
    for answer in (
        fortnox.get("/3/invoices/1"),
        fortnox.put("/3/invoices/1", REFERENCE),
        fortnox.get("/3/invoices/1/preview"),
        fortnox.put("/3/invoices/1/credit"),
    ):
        assert refusal(answer) == (404, 2000434)


def test_a_full_credit_over_the_api_waits_to_be_booked(fortnox: Fortnox) -> None:
    fortnox.switch(linked_credit_means=LinkedCredit.SET_OFF)
    number = fortnox.add_invoice()

    fortnox.put(f"/3/invoices/{number}/credit")
    (credit,) = shown(fortnox, number, "CreditInvoiceReference")
    unbooked = shown(fortnox, number, "Balance")
    fortnox.put(f"/3/invoices/{credit}/bookkeep")

    assert unbooked == (15000,)
    assert shown(fortnox, credit, "Credit", "Total", "CreditInvoiceReference") == ("true", -15000, number)
    assert shown(fortnox, number, "Balance", "FinalPayDate") == (0, "2026-11-22")


def test_foreign_currency_keeps_the_invoice_in_its_own(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice("100", Currency="EUR", CurrencyRate=Decimal("11.5"))
    settling.pay(fortnox.books, number, Decimal(25))

    assert shown(fortnox, number, "Currency", "CurrencyRate", "Total", "Balance") == ("EUR", 11.5, 125, 100)
    fortnox.switch(amounts_in_sek=(ForeignAmount.BALANCE, ForeignAmount.TOTAL))
    assert shown(fortnox, number, "Total", "TotalToPay", "Balance") == (1437.5, 125, 1150)
    assert fortnox.get("/3/invoices").json()["Invoices"][0]["Balance"] == 1150


def test_rows_with_a_discount(fortnox: Fortnox) -> None:
    customer = fortnox.customer()
    number = fortnox.books.add_invoice(customer, [Row("Timmar", Decimal(100), Decimal("2.5"), discount=Decimal(10))])

    assert shown(fortnox, number, "Net", "TotalVAT", "RoundOff", "Total") == (225, 56.25, -0.25, 281)
