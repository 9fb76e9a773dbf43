"""Records the fixtures of tests/hosts/odoo from a real Odoo 19 in its first state.

    set -a; . ./odoo.env; .venv/bin/python -m tests.live.record_odoo_fixtures

Answers are kept as Odoo gave them, except that a `debug` traceback is replaced. Every customer is made up.
"""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from connector.domain.dates import today
from connector.hosts.odoo.documents import fetch
from connector.hosts.odoo.settings import OdooSettings
from tests.live.odoo_books import Books, odoo_env

FIXTURES = Path(__file__).parents[1] / "hosts" / "odoo" / "fixtures"
EXAMPLE = Path(__file__).parents[2] / "templates" / "odoo" / "example-document.json"
SETTINGS = OdooSettings(company_id=1)


def main() -> None:
    env = odoo_env()
    books = Books(env)
    for name, move_id in scenarios(books).items():
        write(FIXTURES / f"{name}.json", fetch(books.client, str(move_id), SETTINGS))
    write(EXAMPLE, fetch(books.client, "1", SETTINGS))
    write(FIXTURES / "answers.json", answers(env))


def scenarios(books: Books) -> dict[str, int]:
    """An invoice per condition, by the fixture's name."""
    company, person = (
        books.customer(ref="K2001"),
        books.customer(name="Anna Andersson", is_company=False, company_registry="19900101-1239", ref="K2002"),
    )
    found: dict[str, int] = {}
    found["unpaid"] = books.invoice(company, price=2000.0)
    found["draft"] = books.draft(company, price=2100.0)
    found["cancelled"] = books.draft(company, price=2200.0)
    books.client.call("account.move", "button_cancel", ids=[found["cancelled"]])

    found["part_paid"] = books.invoice(books.customer(), price=3000.0)
    books.pay(found["part_paid"], Decimal("1000.57"))
    books.pay(found["part_paid"], Decimal("200"))
    found["paid"] = books.invoice(company, price=3100.0)
    books.pay(found["paid"])
    found["part_credited"] = books.invoice(books.customer(), price=3200.0)
    books.credit(found["part_credited"], 500.0)
    found["credited"] = books.invoice(company, price=3300.0)
    found["credit_note"] = books.credit(found["credited"])
    found["blocked"] = books.invoice(company, price=3400.0)
    books.block(found["blocked"])
    found["no_followup"] = books.invoice(company, price=3450.0)
    books.client.call("account.move", "write", ids=[found["no_followup"]], vals={"no_followup": True})

    found["paid_without_entry"] = books.invoice(person, price=3500.0)
    books.pay_without_entry(found["paid_without_entry"], person, 500.0)
    found["open_credits"] = books.invoice(other := books.customer(), price=3600.0)
    books.pay_on_account(other, 250.0)
    books.credit_note(other, 100.0)
    books.statement_line(4550.0 + 60)
    books.statement_line(77.25, other)

    contact = books.customer(
        name="Ekonomiavdelningen",
        is_company=False,
        company_registry=False,
        parent_id=books.customer(name="Storkund AB", ref="K2003"),
        type="invoice",
        street="Fakturagatan 9",
        street2="Plan 2",
        zip="111 22",
        city="Stockholm",
        email="faktura@storkund.example",
    )
    found["to_contact"] = books.invoice(contact, price=3700.0)
    found["missing_number"] = books.invoice(books.customer(name="Utan Nummer AB", company_registry="1"), price=3800.0)
    found["sections"] = books.invoice(company, lines=section_lines(books))
    found["instalments"] = books.invoice(books.customer(), price=4000.0, invoice_payment_term_id=half_and_half(books))
    books.pay(found["instalments"], Decimal("3000"))
    found["euro"] = euro_invoice(books)
    return found


def section_lines(books: Books) -> list[dict[str, Any]]:
    hour, fee = books.product("Konsulttimme"), books.product("Fakturaavgift")
    return [
        {"display_type": "line_section", "name": "Projekt Norr"},
        {"product_id": hour, "quantity": 3, "price_unit": 333.33, "discount": 10},
        {"display_type": "line_note", "name": "Enligt avtal"},
        {"name": "Prisavdrag", "quantity": 1, "price_unit": -100},
        {"product_id": fee, "quantity": 1},
    ]


def half_and_half(books: Books) -> int:
    halves = [
        (0, 0, {"value": "percent", "value_amount": 50, "nb_days": days, "delay_type": "days_after"})
        for days in (10, 30)
    ]
    (term,) = books.settings_client.call(
        "account.payment.term", "create", vals_list=[{"name": "Två delar", "line_ids": halves}]
    )
    return int(term)


def euro_invoice(books: Books) -> int:
    """An invoice in euro, half paid at another rate, so that Odoo books an exchange difference."""
    euro = books.currency("EUR")
    for days, rate in ((100, 0.09), (5, 0.08)):
        books.settings_client.call(
            "res.currency.rate",
            "create",
            vals_list=[
                {
                    "currency_id": euro,
                    "name": (today() - timedelta(days=days)).isoformat(),
                    "rate": rate,
                    "company_id": 1,
                }
            ],
        )
    move_id = books.invoice(books.customer(), price=900.0, currency_id=euro)
    books.pay(move_id, Decimal("400"))
    return move_id


def answers(env: dict[str, str]) -> dict[str, Any]:
    """Odoo's own answers to calls that go wrong, by case."""
    move = "/json/2/account.move"
    calls: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "bad_key": (f"{move}/search", {"domain": []}, {"Authorization": "bearer wrong"}),
        "no_right": ("/json/2/base.automation/search", {"domain": []}, {}),
        "private_method": (f"{move}/_compute_name", {"ids": [1]}, {}),
        "unknown_method": (f"{move}/no_such_method", {}, {}),
        "unknown_model": ("/json/2/no.such.model/search", {"domain": []}, {}),
        "missing_record": (f"{move}/write", {"ids": [999999], "vals": {"ref": "x"}}, {}),
        "user_error": (f"{move}/action_post", {"ids": [1]}, {}),
        "validation_error": (
            "/json/2/res.partner/create",
            {"vals_list": [{"name": "Fel", "vat": "SE900101-1239", "country_id": 196, "is_company": True}]},
            {"Authorization": f"bearer {env['ODOO_API_KEY']}"},
        ),
        "unknown_argument": (f"{move}/search", {"domain": [], "nonsense": 1}, {}),
        "unknown_field": (f"{move}/search_read", {"domain": [], "fields": ["x_none"]}, {}),
        "other_exception": (f"{move}/search", {"domain": [("name", "no-such-operator", 1)]}, {}),
        "unknown_database": (f"{move}/search", {"domain": []}, {"X-Odoo-Database": "nowhere"}),
        "version": ("/json/version", {}, {}),
    }
    return {case: recorded(env, *call) for case, call in calls.items()}


def recorded(env: dict[str, str], path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    own = {"Authorization": f"bearer {env['ODOO_BOT_API_KEY']}", "X-Odoo-Database": env["ODOO_DB"]}
    verb = "GET" if path == "/json/version" else "POST"
    answer = requests.request(
        verb,
        env["ODOO_URL"] + path,
        json=body if verb == "POST" else None,
        headers={**own, **headers},
        allow_redirects=False,
        timeout=30,
    )
    content_type = answer.headers.get("Content-Type", "")
    found: Any = answer.json() if "json" in content_type else answer.text
    if isinstance(found, dict) and "debug" in found:
        found["debug"] = "Traceback (most recent call last): SECRET-OF-THE-SERVER"
    return {"status": answer.status_code, "content_type": content_type, "body": found}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
