"""The company itself and its small registers in the Fortnox imitation (fortnox/API.md, "Labels", "Payments" and
"Company")."""

from __future__ import annotations

from flask import Flask, Response, request

from connector.sandbox.fortnox.calls import Call, serve
from connector.sandbox.fortnox.documents import API
from connector.sandbox.fortnox.errors import BAD_BODY, Refused
from connector.sandbox.fortnox.query import invalid_parameter
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.shared.wire import as_json

MODES_OF_PAYMENT = (("BG", "Bankgiro", "1920"), ("PG", "Plusgiro", "1920"), ("KONTANT", "Kontant", "1910"))


def _company_information(call: Call) -> Response:
    information = {
        "Address": "Kontorsvägen 1", "City": "Teststad", "CompanyName": call.books.name, "CountryCode": "SE",
        "DatabaseNumber": call.books.tenant, "OrganizationNumber": call.books.organisation_number,
        "VisitAddress": "", "VisitCity": "", "VisitCountryCode": "SE", "VisitZipCode": "", "ZipCode": "123 45",
    }  # fmt: skip
    return as_json({"CompanyInformation": information})


def _company_settings(call: Call) -> Response:
    banking = call.books.facts.bank_details
    settings = {
        "Address": "Kontorsvägen 1", "BG": "5050-1055" if banking else "", "BIC": "", "BranchCode": "",
        "City": "Teststad", "ContactFirstName": "Eva", "ContactLastName": "Exempel", "Country": "Sverige",
        "CountryCode": "SE", "DatabaseNumber": str(call.books.tenant), "Domicile": "Teststad",
        "Email": "ekonomi@klientbolaget.example", "Fax": "", "IBAN": "", "Name": call.books.name,
        "OrganizationNumber": call.books.organisation_number, "PG": "", "Phone1": "010-000 00 00", "Phone2": "",
        "TaxEnabled": True, "VATNumber": "", "VisitAddress": "", "VisitCity": "", "VisitCountry": "",
        "VisitCountryCode": "", "VisitName": "", "VisitZipCode": "", "WWW": "", "ZipCode": "123 45",
    }  # fmt: skip
    return as_json({"CompanySettings": settings})


def _locked_period(call: Call) -> Response:
    return as_json({"LockedPeriod": {"EndDate": call.books.facts.locked_until or None}})


def _me(_call: Call) -> Response:
    me = {"Email": "tjanst@klientbolaget.example", "Id": "1", "Locale": "sv_SE", "Name": "Tjänst", "SysAdmin": True}
    return as_json({"MeInformation": me})


def _modes_of_payment(_call: Call) -> Response:
    modes = [
        {"@url": f"{API}/modesofpayments/{code}", "Code": code, "Description": text, "AccountNumber": account}
        for code, text, account in MODES_OF_PAYMENT
    ]
    meta = {"@TotalResources": len(modes), "@TotalPages": 1, "@CurrentPage": 1}
    return as_json({"MetaInformation": meta, "ModesOfPayments": modes})


def _tax_reductions(call: Call) -> Response:
    asked = request.args.to_dict()
    if asked.pop("filter", "invoices") != "invoices":
        raise invalid_parameter()
    number = asked.pop("referencenumber", "")
    found = [one for one in call.books.tax_reductions if number in ("", str(one["ReferenceNumber"]))]
    meta = {"@TotalResources": len(found), "@TotalPages": 1, "@CurrentPage": 1}
    return as_json({"MetaInformation": meta, "TaxReductions": found})


# Labels: fortnox/API.md, "Labels". No paging is documented there.


def _label(call: Call, number: int, status: int = 200) -> Response:
    return as_json({"Label": {"Id": number, "Description": call.books.labels[number]}}, status)


def _description(call: Call) -> str:
    sent = call.body("Label")
    if not isinstance(sent.get("Description"), str):
        raise Refused("Anropets innehåll är tomt eller felaktigt.", BAD_BODY)
    return str(sent["Description"])


def _labels(call: Call) -> Response:
    labels = [{"Id": number, "Description": text} for number, text in call.books.labels.items()]
    return as_json({"Labels": labels})


def _create_label(call: Call) -> Response:
    number = call.books.add_label(_description(call))
    call.wrote(["Description"])
    return _label(call, number, 201)


def _update_label(call: Call, number: int) -> Response:
    call.books.rename_label(number, _description(call))
    call.wrote(["Description"])
    return _label(call, number)


def _delete_label(call: Call, number: int) -> Response:
    call.books.remove_label(number)
    call.wrote()
    return Response(status=204)


def add_registry(app: Flask, state: FortnoxState) -> None:
    """Put the company, its settings, its labels and its modes of payment on `app`."""
    serve(app, state, "GET", "/3/companyinformation", "company_information", _company_information)
    serve(app, state, "GET", "/3/settings/company", "company_settings", _company_settings)
    serve(app, state, "GET", "/3/settings/lockedperiod", "locked_period", _locked_period)
    serve(app, state, "GET", "/3/me", "me", _me)
    serve(app, state, "GET", "/3/modesofpayments", "modes_of_payment", _modes_of_payment)
    serve(app, state, "GET", "/3/taxreductions", "tax_reductions", _tax_reductions)
    serve(app, state, "GET", "/3/labels", "list_labels", _labels)
    serve(app, state, "POST", "/3/labels", "create_label", _create_label)
    serve(app, state, "PUT", "/3/labels/<int:number>", "update_label", _update_label)
    serve(app, state, "DELETE", "/3/labels/<int:number>", "delete_label", _delete_label)
