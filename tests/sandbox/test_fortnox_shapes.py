"""What the Fortnox imitation serves has the shapes that Fortnox publishes.

`fortnox_schemas.json` holds the parts of Fortnox's OpenAPI file that are needed, without their texts. Where recordings
differ from it (fortnox/API.md, "Invoice" and "OpenAPI"), the difference is named here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.documents import WRITABLE
from connector.sandbox.fortnox.seed import demo_books
from tests.sandbox.fortnox_client import Fortnox

SPECIFICATION: dict[str, Any] = json.loads(Path(__file__).with_name("fortnox_schemas.json").read_text("utf-8"))
SCHEMAS: dict[str, Any] = SPECIFICATION["components"]["schemas"]

RECORDED_TYPES = {"ContractReference", "CurrencyRate", "EndDate"}
"""Texts where OpenAPI has numbers, or null where it has a date."""
RECORDED_FIELDS = {"InvoiceReference", "Cost", "MetaInformation"}
"""Seen in recordings, and missing from OpenAPI."""


def errors(name: str, body: Any) -> list[str]:
    """Where `body` differs from the schema `name`, but for what recordings show and for empty values."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    return [
        f"{list(error.path)}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(body)
        if error.instance not in (None, "") and not RECORDED_TYPES & {str(part) for part in error.path}
    ]


def unknown_fields(name: str, body: Any) -> Iterator[str]:
    """The fields of `body` that the schema `name` does not have, wherever they lie."""
    schema = SCHEMAS[name.rpartition("/")[2]]
    if isinstance(body, list):
        for item in body:
            yield from unknown_fields(name, item)
        return
    for field, value in body.items():
        known = schema["properties"].get(field)
        if known is None:
            yield field
            continue
        inner = known.get("$ref") or known.get("items", {}).get("$ref")
        if inner and value:
            yield from unknown_fields(inner, value)


def missing_fields(name: str, body: dict[str, Any]) -> set[str]:
    return set(SCHEMAS[name]["properties"]) - set(body)


@pytest.fixture
def stocked(fortnox: Fortnox) -> Fortnox:
    """The demo's company with one of everything."""
    demo_books(fortnox.state)
    tenant = max(fortnox.state.companies)
    fortnox.books = fortnox.state.companies[tenant]
    fortnox.log_in()
    first = fortnox.state.labels["clean"]
    fortnox.books.set_labels(first, [fortnox.books.add_label("Till inkasso")])
    settling.pay(fortnox.books, first, Decimal("100.50"), write_offs=[settling.write_off(Decimal("0.50"))])
    fortnox.books.tax_reductions.append(
        {
            "@url": "https://api.fortnox.se/3/taxreductions/1",
            "Id": 1,
            "ApprovedAmount": 100,
            "CustomerName": "Anna Andersson",
            "ReferenceDocumentType": "INVOICE",
            "ReferenceNumber": int(first),
            "SocialSecurityNumber": "199001011239",
        }
    )
    return fortnox


def paths(fortnox: Fortnox) -> dict[str, str]:
    """Every reading call, with the schema of its answer."""
    books = fortnox.books
    invoice, payment, customer = fortnox.state.labels["clean"], books.payments.keys()[0], books.customers.keys()[0]
    return {
        "/3/invoices": "fortnox_InvoiceListItem_Wrap",
        f"/3/invoices/{invoice}": "fortnox_Invoice_Wrap",
        f"/3/invoices/{fortnox.state.labels['credited']}": "fortnox_Invoice_Wrap",
        "/3/customers": "fortnox_CustomerListItem_List",
        f"/3/customers/{customer}": "fortnox_Customer_Wrap",
        "/3/invoicepayments": "fortnox_InvoicePaymentListItem_List",
        f"/3/invoicepayments/{payment}": "fortnox_InvoicePayment_Wrap",
        "/3/labels": "fortnox_Label_List",
        "/3/companyinformation": "fortnox_CompanyInfo_Wrap",
        "/3/settings/company": "fortnox_CompanySettings_Wrap",
        "/3/settings/lockedperiod": "fortnox_LockedPeriod_Wrap",
        "/3/me": "fortnox_Me_Wrap",
        "/3/modesofpayments": "fortnox_ModeOfPayment_List",
        "/3/taxreductions?filter=invoices": "fortnox_TaxReductionListItem_List",
    }


def test_every_answer_has_the_published_shape(stocked: Fortnox) -> None:
    for path, name in paths(stocked).items():
        body = stocked.get(path).json()

        assert not errors(name, body), path
        assert set(unknown_fields(name, body)) <= RECORDED_FIELDS, path


def test_documents_and_list_items_have_all_their_fields(stocked: Fortnox) -> None:
    assert not missing_fields("fortnox_Invoice", stocked.invoice(stocked.state.labels["clean"]))
    for path, wrapper, name in (
        ("/3/invoices", "Invoices", "fortnox_InvoiceListItem"),
        ("/3/customers", "Customers", "fortnox_CustomerListItem"),
        ("/3/invoicepayments", "InvoicePayments", "fortnox_InvoicePaymentListItem"),
    ):
        for item in stocked.get(path).json()[wrapper]:
            assert set(item) == set(SCHEMAS[name]["properties"]), path


def test_meta_information_has_whole_numbers(stocked: Fortnox) -> None:
    assert not errors("fortnox_MetaInformation", stocked.get("/3/invoices").json()["MetaInformation"])


def test_the_writable_fields_are_the_published_ones() -> None:
    assert set(SCHEMAS["fortnox_InvoicePayload"]["properties"]) == WRITABLE


def test_a_refusal_has_the_published_shape_when_capitalised(stocked: Fortnox) -> None:
    body = stocked.get("/3/invoices/1").json()

    assert not errors("fortnox_ErrorInformationWrap", body)
    assert not list(unknown_fields("fortnox_ErrorInformationWrap", body))


def test_files_and_attachments_have_the_published_shapes(stocked: Fortnox) -> None:
    upload = stocked.http.post(
        f"{stocked.url}/3/inbox?path=Inbox_kf",
        files={"file": ("kvitto.pdf", b"%PDF-1.4 kvitto", "application/pdf")},
        headers=stocked.headers,
        timeout=5,
    ).json()
    invoice = int(stocked.state.labels["clean"])
    wanted = {"entityId": invoice, "entityType": "F", "fileId": upload["File"]["ArchiveFileId"], "includeOnSend": False}
    base = "/api/fileattachments/attachments-v1"

    (attachment,) = stocked.post(base, [wanted]).json()
    (count,) = stocked.get(f"{base}/numberofattachments", entityids=invoice, entitytype="F").json()
    refused = stocked.post(base, []).json()

    assert not errors("fortnox_Folder_FileRow_Wrap", upload)
    assert not errors("fileattachments_Attachment", attachment)
    assert not errors("fileattachments_NumberOfAttachments", count)
    assert not errors("fileattachments_WebException", refused)
    for name, body in (
        ("fortnox_Folder_FileRow_Wrap", upload),
        ("fileattachments_Attachment", attachment),
        ("fileattachments_NumberOfAttachments", count),
        ("fileattachments_WebException", refused),
    ):
        assert not list(unknown_fields(name, body))
