"""Customers, labels, the company, and files on invoices: fortnox/API.md, "Customers", "Labels", "Files" and
"Company"."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.fortnox_client import Fortnox, refusal

ATTACHMENTS = "/api/fileattachments/attachments-v1"
PDF = b"%PDF-1.4 kvitto"


# Customers


def test_a_customer_from_first_to_last(fortnox: Fortnox) -> None:
    body = {"Customer": {"Name": "Anna Andersson", "Type": "PRIVATE", "CustomerNumber": "A/1"}}

    made = fortnox.post("/3/customers", body)
    changed = fortnox.put("/3/customers/A%2F1", {"Customer": {"City": "Teststad"}})
    read = fortnox.get("/3/customers/A%2F1").json()["Customer"]
    deleted = fortnox.delete("/3/customers/A%2F1")

    assert (made.status_code, changed.status_code, deleted.status_code) == (201, 200, 204)
    assert (read["Name"], read["Type"], read["City"], read["ZipCode"], read["EmailInvoice"]) == (
        "Anna Andersson",
        "PRIVATE",
        "Teststad",
        None,
        "",
    )
    assert refusal(fortnox.get("/3/customers/A%2F1")) == (404, 2000433)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Name": "X", "CustomerNumber": "2001"}, 2000637),
        ({"Name": "X", "CustomerNumber": "a b"}, 2000729),
        ({"Name": "X", "Nmae": "Y"}, 2001399),
    ],
)
def test_a_customer_that_cannot_be(fortnox: Fortnox, fields: dict[str, Any], code: int) -> None:
    fortnox.customer()

    assert refusal(fortnox.post("/3/customers", {"Customer": fields})) == (400, code)


def test_a_customer_with_invoices_stays(fortnox: Fortnox) -> None:
    number = fortnox.invoice(fortnox.add_invoice())["CustomerNumber"]

    assert fortnox.delete(f"/3/customers/{number}").status_code == 400


def test_the_invoice_keeps_the_address_it_was_made_with(fortnox: Fortnox) -> None:
    customer = fortnox.customer(Address1="Provgatan 12", City="Teststad")
    number = fortnox.add_invoice()
    fortnox.put(f"/3/customers/{customer}", {"Customer": {"Address1": "Nygatan 1", "Email": "API_BLANK"}})

    assert fortnox.invoice(number)["Address1"] == "Provgatan 12"
    assert fortnox.get(f"/3/customers/{customer}").json()["Customer"]["Address1"] == "Nygatan 1"


# Labels


def test_a_label_from_first_to_last(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice()
    made = fortnox.post("/3/labels", {"Label": {"Description": "Till inkaso"}})
    label = made.json()["Label"]["Id"]
    fortnox.books.set_labels(number, [label])

    fortnox.put(f"/3/labels/{label}", {"Label": {"Description": "Till inkasso"}})
    listed = fortnox.get("/3/labels").json()
    deleted = fortnox.delete(f"/3/labels/{label}")

    assert made.status_code == 201
    assert listed == {"Labels": [{"Id": label, "Description": "Till inkasso"}]}
    assert deleted.status_code == 204
    assert fortnox.invoice(number)["Labels"] == []
    assert fortnox.get("/3/labels").json() == {"Labels": []}


@pytest.mark.parametrize("text", ["", "x" * 26])
def test_a_label_has_1_to_25_characters(fortnox: Fortnox, text: str) -> None:
    assert fortnox.post("/3/labels", {"Label": {"Description": text}}).status_code == 400


def test_a_label_that_is_not_there(fortnox: Fortnox) -> None:
    assert fortnox.delete("/3/labels/99").status_code == 404
    assert fortnox.put("/3/labels/99", {"Label": {"Description": "x"}}).status_code == 404


# The company


def test_the_company_says_who_it_is(fortnox: Fortnox) -> None:
    information = fortnox.get("/3/companyinformation").json()["CompanyInformation"]
    settings = fortnox.get("/3/settings/company").json()["CompanySettings"]

    assert (information["CompanyName"], information["OrganizationNumber"]) == ("Klientbolaget AB", "552000-0026")
    assert (information["DatabaseNumber"], settings["DatabaseNumber"]) == (
        fortnox.books.tenant,
        str(fortnox.books.tenant),
    )


def test_a_locked_period_has_an_end(fortnox: Fortnox) -> None:
    assert fortnox.get("/3/settings/lockedperiod").json() == {"LockedPeriod": {"EndDate": None}}
    fortnox.books.facts.locked_until = "2025-12-31"
    assert fortnox.get("/3/settings/lockedperiod").json() == {"LockedPeriod": {"EndDate": "2025-12-31"}}


def test_tax_reductions_are_found_by_their_invoice(fortnox: Fortnox) -> None:
    fortnox.books.tax_reductions += [{"ReferenceNumber": 1}, {"ReferenceNumber": 2}]

    found = fortnox.get("/3/taxreductions", filter="invoices", referencenumber=2).json()["TaxReductions"]

    assert found == [{"ReferenceNumber": 2}]
    assert refusal(fortnox.get("/3/taxreductions", filter="offers")) == (400, 2000588)


# Files: fortnox/API.md, "Files"


def upload(fortnox: Fortnox, content: bytes = PDF, folder: str = "Inbox_kf") -> requests.Response:
    return fortnox.http.post(
        f"{fortnox.url}/3/inbox",
        params={"path": folder},
        files={"file": ("kvitto.pdf", content, "application/pdf")},
        headers=fortnox.headers,
        timeout=5,
    )


def attach(fortnox: Fortnox, invoice: str, file: str, **more: Any) -> requests.Response:
    wanted = {"entityId": int(invoice), "entityType": "F", "fileId": file, "includeOnSend": False, **more}
    return fortnox.post(ATTACHMENTS, [wanted])


def attached(fortnox: Fortnox, invoice: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fortnox.get(ATTACHMENTS, entityid=invoice, entitytype="F").json()
    return found


def test_a_receipt_hangs_on_an_invoice(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    file = upload(fortnox).json()["File"]

    made = attach(fortnox, invoice, file["ArchiveFileId"])

    (attachment,) = attached(fortnox, invoice)
    assert (made.status_code, made.json()) == (201, [attachment])
    assert fortnox.get(f"/3/archive/{file['Id']}", fileid=file["ArchiveFileId"]).content == PDF
    assert fortnox.get(f"/3/inbox/{file['Id']}").content == PDF
    changed = fortnox.put(f"{ATTACHMENTS}/{attachment['id']}", {"includeOnSend": True})
    assert changed.json()["includeOnSend"] is True
    assert fortnox.delete(f"{ATTACHMENTS}/{attachment['id']}").status_code == 204
    assert attached(fortnox, invoice) == []


def test_an_upload_needs_a_folder_and_a_file(fortnox: Fortnox) -> None:
    no_file = fortnox.http.post(f"{fortnox.url}/3/inbox?path=Inbox_kf", headers=fortnox.headers, timeout=5)

    assert upload(fortnox, folder="Inbox_x").status_code == 404
    assert no_file.status_code == 400


@pytest.mark.parametrize(
    ("content", "changes", "status", "error"),
    [
        (PDF, {"fileId": "x"}, 404, "file_not_found"),
        (PDF, {"entityId": 1}, 404, "document_not_found"),
        (PDF, {"entityType": "X"}, 400, "missing_mandatory_field"),
        (b"GIF89a", {}, 400, "wrong_file_type"),
        (PDF + b"x" * 100, {}, 400, "file_too_big"),
    ],
)
def test_an_attachment_that_cannot_be(
    fortnox: Fortnox, content: bytes, changes: dict[str, Any], status: int, error: str
) -> None:
    fortnox.switch(attachment_max_bytes=100)
    file = upload(fortnox, content).json()["File"]

    answer = attach(fortnox, fortnox.add_invoice(), file["ArchiveFileId"], **changes)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert all(isinstance(value, str) for value in answer.json().values())


@pytest.mark.parametrize("allowed", [True, False])
def test_a_booked_invoice_may_take_no_attachment(fortnox: Fortnox, allowed: bool) -> None:
    fortnox.switch(attachments_on_booked=allowed)
    file = upload(fortnox).json()["File"]["ArchiveFileId"]

    assert attach(fortnox, fortnox.add_invoice(), file).status_code == (201 if allowed else 400)
    assert attach(fortnox, fortnox.add_invoice(booked=False), file).status_code == 201


@pytest.mark.parametrize(("scope", "status"), [("connectfile", 200), ("archive", 403)])
def test_the_scope_of_attachments_is_a_switch(fortnox: Fortnox, scope: str, status: int) -> None:
    fortnox.switch(attachment_scope=scope)
    fortnox.log_in(scope="invoice connectfile")

    answer = fortnox.get(ATTACHMENTS, entityid=1, entitytype="F")

    assert answer.status_code == status


def test_an_invoice_takes_so_many_attachments(fortnox: Fortnox) -> None:
    fortnox.switch(attachment_max_count=1)
    invoice = fortnox.add_invoice()
    file = upload(fortnox).json()["File"]["ArchiveFileId"]

    answers = [attach(fortnox, invoice, file) for _ in range(2)]

    assert answers[0].status_code == 201
    assert answers[1].json()["error"] == "attachment_files_max_count_exceeded"


def test_attachments_are_counted_and_validated(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    file = upload(fortnox).json()["File"]["ArchiveFileId"]
    wanted = {"entityId": int(invoice), "entityType": "F", "fileId": file, "includeOnSend": True}

    assert fortnox.post(f"{ATTACHMENTS}/validateincludedonsend", [wanted]).status_code == 204
    attach(fortnox, invoice, file)
    counted = fortnox.get(f"{ATTACHMENTS}/numberofattachments", entityids=invoice, entitytype="F")

    assert counted.json() == [{"entityId": int(invoice), "numberOfAttachments": 1}]
    assert fortnox.delete(f"{ATTACHMENTS}/x").json()["error"] == "attachment_not_found"
