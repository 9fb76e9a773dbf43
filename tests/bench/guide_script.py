"""The rival that everybody would write first: the vendor guide's own two steps for one invoice after the other.

Its style is kept (amili/API.md, "Case registration"): `requests.post` without a session, no timeout, no record of what
was done, and the amounts, the debtor and the PDF given. It reads no ledger and writes nothing back.
"""

from __future__ import annotations

import requests

from tests.bench.contender import Order, race

_PDF = b"%PDF-1.4\n" + b"0" * 1000 + b"\n%%EOF\n"


def run(order: Order) -> None:
    """Register and upload, one invoice at a time."""
    for bill in order["bills"]:
        case_id = _register(order["amili_url"], order["token"], bill["number"])
        _upload(order["amili_url"], order["token"], case_id)


def _register(base: str, token: str, invoice_number: str) -> str:
    case_data = {
        "account": "674dbeaf08847b9501cc9132",
        "creditor": "674dbeb208847b9501cc9138",
        "first_action": "debt_collection",
        "currency": "SEK",
        "customer": {
            "name": "ACME Inc.",
            "id_number": "5560269986",
            "is_company": True,
            "address": {
                "address_line_1": "Storgatan 42",
                "zip_code": "12345",
                "city": "Stockholm",
                "country": "SE",
            },
        },
        "debts": [
            {
                "invoice_number": invoice_number,
                "debt_description": "Services",
                "invoice_date": "Mon, 07 Jul 2025 00:00:00 GMT",
                "capital_to_claim": 2050.0,
                "invoice_due_days_after_invoice_date": 31,
                "fees_included_in_capital_to_claim": {"invoice_fee": 50.0},
                "fees_already_claimed": {
                    "reminder": {"amount": 60.0, "fee_registration_date": "Mon, 11 Aug 2025 00:00:00 GMT"}
                },
            }
        ],
    }
    response = requests.post(
        f"{base}/case--registrations",
        json=case_data,
        headers={"X-API-Key": token, "Content-Type": "application/json"},
    )
    response.raise_for_status()
    case_id: str = response.json()["_cases"][0]
    return case_id


def _upload(base: str, token: str, case_id: str) -> None:
    response = requests.post(
        f"{base}/media--upload/{case_id}",
        files={"file": ("original_invoice.pdf", _PDF, "application/pdf")},
        data={"domain": "cases", "dotted_path": "original_invoice"},
        headers={"X-API-Key": token},
    )
    response.raise_for_status()
    response.json()


if __name__ == "__main__":
    race(run)
