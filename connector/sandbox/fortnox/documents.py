"""The documents of the Fortnox imitation: how they begin, how they add up, and how a caller is shown them.

Shapes: fortnox/API.md, "Invoice", "Rows of lists", "Amounts", "Customers" and "Payments", held to OpenAPI by a test.
Amounts are kept as `Decimal`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.sandbox.fortnox.records import Document
from connector.sandbox.fortnox.switches import Empty, FortnoxSwitches

API = "https://api.fortnox.se/3"
"""What `@url` begins with."""

NO_RIGHT = "API_NORIGHT"
BLANK = "API_BLANK"

FEE_VAT = Decimal("0.25")
_CENT = Decimal("0.01")

EMPTY_INVOICE: Document = {
    "AccountingMethod": "ACCRUAL", "Address1": "", "Address2": "", "AdministrationFee": Decimal(0),
    "AdministrationFeeVAT": Decimal(0), "Balance": Decimal(0), "BasisTaxReduction": Decimal(0), "Booked": False,
    "Cancelled": False, "City": "", "Comments": "", "ContractReference": "0", "ContributionPercent": Decimal(0),
    "ContributionValue": Decimal(0), "CostCenter": "", "Country": "Sverige", "Credit": "false",
    "CreditInvoiceReference": "0", "Currency": "SEK", "CurrencyRate": Decimal(1), "CurrencyUnit": 1,
    "CustomerName": "", "CustomerNumber": "", "DeliveryAddress1": "", "DeliveryAddress2": "", "DeliveryCity": "",
    "DeliveryCountry": "", "DeliveryDate": None, "DeliveryName": "", "DeliveryZipCode": "", "DocumentNumber": "",
    "DueDate": "",
    "EDIInformation": {
        "EDIGlobalLocationNumber": "", "EDIGlobalLocationNumberDelivery": "", "EDIInvoiceExtra1": "",
        "EDIInvoiceExtra2": "", "EDIOurElectronicReference": "", "EDIYourElectronicReference": "", "EDIStatus": "",
    },
    "EUQuarterlyReport": False,
    "EmailInformation": {
        "EmailAddressFrom": None, "EmailAddressTo": "", "EmailAddressCC": "", "EmailAddressBCC": "",
        "EmailSubject": "Faktura {no}", "EmailBody": "",
    },
    "ExternalInvoiceReference1": "", "ExternalInvoiceReference2": "", "FinalPayDate": None, "Freight": Decimal(0),
    "FreightVAT": Decimal(0), "Gross": Decimal(0), "HouseWork": False, "InvoiceDate": "", "InvoicePeriodStart": "",
    "InvoicePeriodEnd": "", "InvoicePeriodReference": "", "InvoiceReference": "0", "InvoiceRows": (),
    "InvoiceType": "INVOICE", "Labels": (), "Language": "SV", "LastRemindDate": None, "Net": Decimal(0),
    "NotCompleted": False, "NoxFinans": False, "OCR": "", "OfferReference": "0", "OrderReference": "0",
    "OrganisationNumber": "", "OurReference": "", "OutboundDate": "", "PaymentWay": "", "Phone1": "", "Phone2": "",
    "PriceList": "A", "PrintTemplate": "st", "Project": "", "Remarks": "", "Reminders": 0, "RoundOff": Decimal(0),
    "Sent": False, "TaxReduction": None, "TaxReductionType": "none", "TermsOfDelivery": "", "TermsOfPayment": "30",
    "TimeBasisReference": 0, "Total": Decimal(0), "TotalToPay": Decimal(0), "TotalVAT": Decimal(0),
    "VATIncluded": False, "VoucherNumber": None, "VoucherSeries": None, "VoucherYear": None, "WarehouseReady": True,
    "WayOfDelivery": "", "YourOrderNumber": "", "YourReference": "", "ZipCode": "",
}  # fmt: skip

INVOICE_LIST = (
    "Balance", "Booked", "Cancelled", "CostCenter", "Currency", "CurrencyRate", "CurrencyUnit", "CustomerName",
    "CustomerNumber", "DocumentNumber", "DueDate", "ExternalInvoiceReference1", "ExternalInvoiceReference2",
    "InvoiceDate", "InvoiceType", "NoxFinans", "OCR", "VoucherNumber", "VoucherSeries", "VoucherYear",
    "WayOfDelivery", "TermsOfPayment", "Project", "Sent", "Total", "FinalPayDate",
)  # fmt: skip

WRITABLE = frozenset(
    (
        "Address1", "Address2", "AdministrationFee", "City", "Comments", "CostCenter", "Country",
        "CreditInvoiceReference", "Currency", "CurrencyRate", "CurrencyUnit", "CustomerName", "CustomerNumber",
        "DeliveryAddress1", "DeliveryAddress2", "DeliveryCity", "DeliveryCountry", "DeliveryDate", "DeliveryName",
        "DeliveryZipCode", "DocumentNumber", "DueDate", "EDIInformation", "EUQuarterlyReport", "EmailInformation",
        "ExternalInvoiceReference1", "ExternalInvoiceReference2", "Freight", "InvoiceDate", "InvoiceRows",
        "InvoiceType", "Labels", "Language", "NotCompleted", "OCR", "OurReference", "OutboundDate", "PaymentWay",
        "Phone1", "Phone2", "PriceList", "PrintTemplate", "Project", "Remarks", "TaxReductionType",
        "TermsOfDelivery", "TermsOfPayment", "VATIncluded", "WayOfDelivery", "YourOrderNumber", "YourReference",
        "ZipCode",
    )
)  # fmt: skip
"""The fields of OpenAPI's `fortnox_InvoicePayload`."""

LONGEST = {
    "ExternalInvoiceReference1": 80, "ExternalInvoiceReference2": 80, "Comments": 1024, "Remarks": 1024,
    "YourReference": 50, "OurReference": 50, "YourOrderNumber": 75,
}  # fmt: skip

EMPTY_CUSTOMER: Document = {
    "Active": True, "Address1": None, "Address2": None, "City": None, "Comments": None, "CostCenter": None,
    "Country": "Sverige", "CountryCode": "SE", "Currency": "SEK", "CustomerNumber": "",
    "DefaultDeliveryTypes": {"Invoice": "PRINT", "Offer": "PRINT", "Order": "PRINT"},
    "DefaultTemplates": {
        "CashInvoice": "DEFAULTTEMPLATE", "Invoice": "DEFAULTTEMPLATE", "Offer": "DEFAULTTEMPLATE",
        "Order": "DEFAULTTEMPLATE",
    },
    "DeliveryAddress1": None, "DeliveryAddress2": None, "DeliveryCity": None, "DeliveryCountry": None,
    "DeliveryCountryCode": None, "DeliveryFax": None, "DeliveryName": None, "DeliveryPhone1": None,
    "DeliveryPhone2": None, "DeliveryZipCode": None, "Email": "", "EmailInvoice": "", "EmailInvoiceBCC": "",
    "EmailInvoiceCC": "", "EmailOffer": "", "EmailOfferBCC": "", "EmailOfferCC": "", "EmailOrder": "",
    "EmailOrderBCC": "", "EmailOrderCC": "", "ExternalReference": None, "Fax": None, "GLN": None,
    "GLNDelivery": None, "InvoiceAdministrationFee": None, "InvoiceDiscount": None, "InvoiceFreight": None,
    "InvoiceRemark": "", "Name": "", "OrganisationNumber": "", "OurReference": "", "Phone1": None, "Phone2": None,
    "PriceList": "A", "Project": "", "SalesAccount": None, "ShowPriceVATIncluded": False, "TermsOfDelivery": "",
    "TermsOfPayment": "30", "Type": "COMPANY", "VATNumber": "", "VATType": "SEVAT", "VisitingAddress": None,
    "VisitingCity": None, "VisitingCountry": None, "VisitingCountryCode": None, "VisitingZipCode": None, "WWW": "",
    "WayOfDelivery": "", "YourReference": "", "ZipCode": None,
}  # fmt: skip

CUSTOMER_LIST = (
    "Address1", "Address2", "City", "CustomerNumber", "Email", "Name", "OrganisationNumber", "ZipCode",
)  # fmt: skip

EMPTY_PAYMENT: Document = {
    "Amount": Decimal(0), "AmountCurrency": Decimal(0), "Booked": False, "Currency": "SEK",
    "CurrencyRate": Decimal(1), "CurrencyUnit": 1, "ExternalInvoiceReference1": "", "ExternalInvoiceReference2": "",
    "InvoiceCustomerName": "", "InvoiceCustomerNumber": "", "InvoiceDueDate": "", "InvoiceNumber": 0,
    "InvoiceOCR": "", "InvoiceTotal": "", "ModeOfPayment": "BG", "ModeOfPaymentAccount": 1920, "Number": "",
    "PaymentDate": "", "Source": "manual", "VoucherNumber": None, "VoucherSeries": None, "VoucherYear": None,
    "WriteOffs": (),
}  # fmt: skip

PAYMENT_LIST = (
    "Amount", "Booked", "Currency", "CurrencyRate", "CurrencyUnit", "InvoiceNumber", "Number", "PaymentDate",
    "Source",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An invoice row. `price` includes VAT when the invoice's prices do; `vat` is in percent."""

    description: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    vat: int = 25
    article: str = ""
    discount: Decimal = Decimal(0)
    """In percent."""


def cents(amount: Decimal) -> Decimal:
    """`amount` to the öre."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def _shown_row(number: int, row: Row, *, vat_included: bool) -> dict[str, Any]:
    total = cents(row.price * row.quantity * (100 - row.discount) / 100)
    divisor = 1 + Decimal(row.vat) / 100 if vat_included else Decimal(1)
    return {
        "AccountNumber": 3001, "ArticleNumber": row.article, "ContributionPercent": "100",
        "ContributionValue": str(cents(total / divisor)), "Cost": 0, "CostCenter": None,
        "DeliveredQuantity": str(row.quantity.quantize(_CENT)), "Description": row.description,
        "Discount": row.discount, "DiscountType": "PERCENT", "HouseWork": False, "HouseWorkHoursToReport": None,
        "HouseWorkType": None, "Price": row.price, "PriceExcludingVAT": cents(row.price / divisor), "Project": "",
        "RowId": number, "StockPointCode": None, "Total": total, "TotalExcludingVAT": cents(total / divisor),
        "Unit": "st", "VAT": row.vat, "VATCode": None,
    }  # fmt: skip


def _fee(amount: Decimal, *, includes_vat: bool) -> tuple[Decimal, Decimal]:
    """A fee without VAT, and its VAT."""
    bare = cents(amount / (1 + FEE_VAT)) if includes_vat else amount
    return bare, amount - bare if includes_vat else cents(amount * FEE_VAT)


def added_up(
    rows: Sequence[Row], invoice: Document, *, fees_include_vat: bool, whole_kronor: bool = True
) -> dict[str, Any]:
    """The rows and the amounts that follow from them and from the invoice's fee and freight
    (fortnox/API.md, "Amounts").

    `Total = Net + AdministrationFee + Freight + TotalVAT + RoundOff`, fee and freight without VAT. `fees_include_vat`
    says that the fee and freight given include it; `whole_kronor` that the company rounds its invoices.
    """
    shown = [_shown_row(number, row, vat_included=invoice["VATIncluded"]) for number, row in enumerate(rows, start=1)]
    net = sum((row["TotalExcludingVAT"] for row in shown), Decimal(0))
    vat = sum(
        (
            row["Total"] - row["TotalExcludingVAT"]
            if invoice["VATIncluded"]
            else cents(row["Total"] * row["VAT"] / 100)
            for row in shown
        ),
        Decimal(0),
    )
    fee, fee_vat = _fee(invoice["AdministrationFee"], includes_vat=fees_include_vat)
    freight, freight_vat = _fee(invoice["Freight"], includes_vat=fees_include_vat)
    exact = net + fee + freight + vat + fee_vat + freight_vat
    total = exact.quantize(Decimal(1), ROUND_HALF_UP) if whole_kronor else exact
    return {
        "InvoiceRows": tuple(shown), "Net": net, "Gross": net, "AdministrationFeeVAT": fee_vat,
        "FreightVAT": freight_vat, "TotalVAT": vat + fee_vat + freight_vat, "RoundOff": total - exact,
        "Total": total, "TotalToPay": total - (invoice["TaxReduction"] or 0), "ContributionPercent": Decimal(100),
        "ContributionValue": net,
    }  # fmt: skip


# How a caller is shown a document


def plain(value: Any) -> Any:
    """`value` as JSON has it: whole amounts as integers, as Fortnox writes them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _with_empties(document: Mapping[str, Any], empty: Empty) -> dict[str, Any]:
    if empty is Empty.AS_RECORDED:
        return dict(document)
    if empty is Empty.MISSING:
        return {name: value for name, value in document.items() if value not in (None, "")}
    blank = None if empty is Empty.NULL else ""
    return {name: blank if value in (None, "") else value for name, value in document.items()}


def shown(path: str, document: Mapping[str, Any], *, empty: Empty, hidden: Collection[str]) -> dict[str, Any]:
    """A document as JSON with its `@url`; the values of `hidden` fields are replaced by `API_NORIGHT`."""
    visible = {name: NO_RIGHT if name in hidden else value for name, value in document.items()}
    return {"@url": f"{API}/{path}", **plain(_with_empties(visible, empty))}


def text_of(number: Decimal) -> str:
    """A number as the text that some fields hold."""
    return str(plain(number))


def _in_kronor(invoice: Document, switches: FortnoxSwitches) -> Document:
    """The amounts that the switches want in kronor."""
    return {name.value: cents(invoice[name.value] * invoice["CurrencyRate"]) for name in switches.amounts_in_sek}


def invoice_detail(invoice: Document, switches: FortnoxSwitches) -> Document:
    """The fields of one invoice."""
    reductions = f"{API}/taxreductions?filter=invoices&referencenumber={invoice['DocumentNumber']}"
    return {"@urlTaxReductionList": reductions, **invoice, **_in_kronor(invoice, switches)}


def invoice_item(invoice: Document, switches: FortnoxSwitches) -> Document:
    """The fields of an invoice in a list; `CurrencyRate` is a text there (recorded)."""
    amounts = {**invoice, **_in_kronor(invoice, switches)}
    return {name: amounts[name] for name in INVOICE_LIST} | {"CurrencyRate": text_of(invoice["CurrencyRate"])}


def customer_item(customer: Document) -> Document:
    """The fields of a customer in a list; it has a single phone number."""
    return {name: customer[name] for name in CUSTOMER_LIST} | {"Phone": customer["Phone1"]}


def payment_item(payment: Document) -> Document:
    """The fields of a payment in a list."""
    return {name: payment[name] for name in PAYMENT_LIST} | {"WriteOffExist": bool(payment["WriteOffs"])}
