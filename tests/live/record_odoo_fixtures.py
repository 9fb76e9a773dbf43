"""Records the fixtures of tests/hosts/odoo from a real Odoo 19 in its first state.

    set -a; . ./odoo.env; .venv/bin/python -m tests.live.record_odoo_fixtures [documents] [answers]

Creates in Odoo: customers, invoices, payments and credit notes, which stay. "answers" alone changes nothing but a
stamp. Answers are kept as Odoo gave them, except that a `debug` traceback is replaced, and names and keys of this Odoo
by those of the tests. Every customer is made up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from connector.domain.dates import today
from connector.hosts.odoo.documents import fetch, specification
from connector.hosts.odoo.settings import OdooSettings
from tests.hosts.odoo.recorded_documents import FIXTURES, document, exchanges
from tests.live.odoo_books import Books, odoo_env

EXAMPLE = Path(__file__).parents[2] / "templates" / "odoo" / "example-document.json"
SETTINGS = OdooSettings(company_id=1)
TRACEBACK = "Traceback (most recent call last): SECRET-OF-THE-SERVER"
WHOLE = ("part_paid", "seen_by_bank", "paid_by_bank")
"""The documents of which Odoo's own answer is kept too."""
NOBODY = 999999
"""The id of no user."""


def main(parts: Sequence[str]) -> None:
    """Record `parts`, or everything if none is named."""
    env = odoo_env()
    if not parts or "documents" in parts:
        record_documents(Books(env))
    if not parts or "answers" in parts:
        write(FIXTURES / "answers.json", answers(env))
        write(FIXTURES / "odoo19_jsonrpc.json", jsonrpc_exchanges(env))


def record_documents(books: Books) -> None:
    """Make an invoice for each condition, and keep its document."""
    for name, move_id in (scenarios(books) | money(books) | settled(books)).items():
        write(FIXTURES / f"{name}.json", fetch(books.client, str(move_id), SETTINGS))
    with books.second_company("Eurobolaget AB", "EUR") as theirs:
        settings = OdooSettings(company_id=theirs.company)
        write(FIXTURES / "euro_company.json", fetch(theirs.client, str(kronor_invoice(theirs)), settings))
    for name in WHOLE:
        write(FIXTURES / f"whole_{name}.json", whole_move(books, document(name)["move"]["id"]))
    write(EXAMPLE, fetch(books.client, "1", SETTINGS))


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
    halves = books.payment_term("Två delar", (50, 10), (50, 30))
    found["instalments"] = books.invoice(books.customer(), price=4000.0, invoice_payment_term_id=halves)
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


def whole_move(books: Books, move_id: int) -> Any:
    """Odoo's own answer to the call that reads an invoice with all that hangs on it."""
    return books.client.call(
        "account.move",
        "web_search_read",
        domain=[("id", "=", move_id)],
        specification=specification(SETTINGS, books.client.dialect),
    )


def money(books: Books) -> dict[str, int]:
    """Terms, discounts, currencies and accounts, by the fixture's name."""
    found: dict[str, int] = {}
    long_halves = books.payment_term("Två delar, den andra sent", (50, 30), (50, 120))
    found["instalments_ahead"] = books.invoice(books.customer(), price=4100.0, invoice_payment_term_id=long_halves)
    books.pay(found["instalments_ahead"], Decimal("1000"))
    found["put_off"] = books.invoice(books.customer(), price=4200.0)
    books.put_off(found["put_off"], today() + timedelta(days=20))

    discount = {"early_discount": True, "discount_percentage": 2, "discount_days": 10}
    usual = books.payment_term("2 % inom 10 dagar", (100, 30), early_pay_discount_computation="included", **discount)
    on_vat = books.payment_term("2 % även på moms", (100, 30), early_pay_discount_computation="mixed", **discount)
    lately = (today() - timedelta(days=5)).isoformat()
    found["discount_past"] = books.invoice(books.customer(), price=4300.0, invoice_payment_term_id=usual)
    found["discount_on_vat"] = books.invoice(books.customer(), price=4400.0, invoice_payment_term_id=on_vat)
    found["discount_open"] = books.invoice(
        books.customer(), price=4500.0, invoice_payment_term_id=usual, invoice_date=lately
    )
    found["discount_taken"] = books.invoice(
        books.customer(), price=4600.0, invoice_payment_term_id=usual, invoice_date=lately
    )
    books.pay_as_proposed(found["discount_taken"])

    found["credited_twice"] = books.invoice(books.customer(), price=4700.0)
    books.pay(found["credited_twice"], Decimal("100"))
    books.credit(found["credited_twice"], 200.0)
    books.credit(found["credited_twice"], 300.5)

    euro = books.currency("EUR")
    found["paid_in_euro"] = books.invoice(books.customer(), price=4800.0)
    books.pay(found["paid_in_euro"], Decimal("100"), currency_id=euro)
    found["euro_credit"] = books.invoice(customer := books.customer(), price=4900.0)
    books.credit_note(customer, 50.0, currency_id=euro)

    hour = books.product("Konsulttimme")
    found["fee_account"] = books.invoice(
        books.customer(),
        lines=[
            {"product_id": hour, "quantity": 1, "price_unit": 5000.0},
            {"name": "Faktureringsavgift", "quantity": 1, "price_unit": 40.0, "account_id": books.account("3540")},
        ],
    )
    return found


def settled(books: Books) -> dict[str, int]:
    """What is done with payments and credit notes once they are matched, by the fixture's name."""
    found: dict[str, int] = {}

    def invoice(name: str, price: float) -> int:
        found[name] = books.invoice(books.customer(), price=price)
        return found[name]

    books.pay_and_write_off(invoice("written_off", 6000.0), Decimal("10.50"))
    books.pay(move := invoice("overpaid", 6100.0), books.balance(move) + 250)
    payment = books.pay(invoice("payment_in_draft", 6200.0), Decimal("500"))
    books.payment(payment, "action_draft")
    payment = books.pay(invoice("payment_cancelled", 6300.0), Decimal("500"))
    books.payment(payment, "action_draft")
    books.payment(payment, "action_cancel")
    books.pay(move := invoice("unmatched", 6400.0), Decimal("500"))
    books.unmatch(move)

    yesterday = today() - timedelta(days=1)
    line = books.statement_line(1000.0, books.customer_of(move := invoice("paid_by_bank", 6500.0)), day=yesterday)
    books.match_bank_line(line, move)
    line = books.statement_line(1100.0, books.customer_of(move := invoice("bank_line_redone", 6600.0)), day=yesterday)
    books.match_bank_line(line, move)
    books.undo_bank_line(line)
    books.match_bank_line(line, move)
    line = books.statement_line(1200.0, books.customer_of(move := invoice("bank_line_undone", 6700.0)), day=yesterday)
    books.match_bank_line(line, move)
    books.undo_bank_line(line)
    first = invoice("bank_line_of_two", 6800.0)
    second = books.invoice(books.customer_of(first), price=6900.0)
    line = books.statement_line(10_000.0, books.customer_of(first), day=yesterday)
    books.match_bank_line(line, first, second)

    before = (today() - timedelta(days=3)).isoformat()
    payment = books.pay(invoice("seen_by_bank", 7000.0), Decimal("700"), payment_date=before)
    books.seen_by_bank(payment, day=yesterday)
    move = invoice("two_seen_by_bank", 7100.0)
    books.seen_by_bank(books.pay(move, Decimal("300")), books.pay(move, Decimal("200")), day=yesterday)

    books.to_draft(books.credit(invoice("credit_in_draft", 7200.0), 400.0))
    books.cancel(_drafted(books, books.credit(invoice("credit_cancelled", 7300.0), 400.0)))
    books.pay(move := invoice("draft_again", 7400.0), Decimal("500"))
    books.to_draft(move)
    return found


def _drafted(books: Books, move_id: int) -> int:
    books.to_draft(move_id)
    return move_id


def kronor_invoice(books: Books) -> int:
    """A part-paid invoice in kronor of a company that keeps its books in euro."""
    move_id = books.invoice(
        customer := books.customer(),
        lines=[{"name": "Konsulttimme", "quantity": 1, "price_unit": 5100.0}],
        currency_id=books.currency("SEK"),
    )
    books.pay(move_id, Decimal("1000.57"), currency_id=books.currency("SEK"))
    books.credit_note(customer, 70.0, currency_id=books.currency("SEK"))
    books.credit_note(customer, 7.0)
    return move_id


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
    """Calls, most of which go wrong, and Odoo's own answers to them, by case."""
    move = "/json/2/account.move"
    calls: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "bad_key": (f"{move}/search", {"domain": []}, {"Authorization": "bearer wrong"}),
        "no_key": (f"{move}/search", {"domain": []}, {"Authorization": ""}),
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
        "empty": (f"{move}/search", {"domain": [("id", "=", 0)]}, {}),
        "access": (f"{move}/has_access", {"operation": "read", "ids": []}, {}),
        "version": ("/json/version", {}, {}),
        "version_info": ("/web/webclient/version_info", {}, {}),
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
        found["debug"] = TRACEBACK
    request = {"path": path, "body": body} if verb == "POST" else {"path": path}
    return {"request": request, "status": answer.status_code, "content_type": content_type, "body": found}


def jsonrpc_exchanges(env: dict[str, str]) -> dict[str, Any]:
    """What Odoo 19 answers by JSON-RPC to the calls written down for 18, but those that nobody can bring about."""
    bot, settings = (authenticated(env, who) for who in ("ODOO_BOT", "ODOO"))
    found: dict[str, Any] = {
        "authenticate": {"request": exchanges(18)["authenticate"]["request"], "answer": bot["answer"]}
    }
    for case, written in exchanges(18).items():
        if "call" not in written or case in {"serialization_failure", "database_down"}:
            continue
        who = settings if case == "validation_error" else bot
        user = NOBODY if case == "unknown_user" else who["answer"]["result"]
        database = "nowhere" if case == "unknown_database" else env["ODOO_DB"]
        key = "wrong" if case == "bad_key" else who["key"]
        params = {**written["request"], "args": [database, user, key, *written["request"]["args"][3:]]}
        answer = as_of_the_tests(asked(env, params), {database: "company", str(user): "5"})
        found[case] = {"call": written["call"], "request": written["request"], "answer": answer}
    version = requests.post(env["ODOO_URL"] + "/web/webclient/version_info", json={}, timeout=30).json()
    return {"source": "Recorded from Odoo 19.", "version_info": version, "exchanges": found}


def authenticated(env: Mapping[str, str], who: str) -> dict[str, Any]:
    """One of the test Odoo's two users: its key, and the answer that holds its id."""
    key = env[f"{who}_API_KEY"]
    args = [env["ODOO_DB"], env[f"{who}_LOGIN"], key, {}]
    return {"key": key, "answer": asked(env, {"service": "common", "method": "authenticate", "args": args})}


def asked(env: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, Any]:
    """Odoo's answer to one call by JSON-RPC."""
    body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
    answer: dict[str, Any] = requests.post(env["ODOO_URL"] + "/jsonrpc", json=body, timeout=30).json()
    if "error" in answer:
        answer["error"]["data"]["debug"] = TRACEBACK
    return answer


def as_of_the_tests(answer: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """An answer's error with the database and the user that the tests use."""
    text = json.dumps(answer)
    for ours, theirs in names.items():
        text = text.replace(f'\\"{ours}\\"', f'\\"{theirs}\\"').replace(f"({ours},)", f"({theirs},)")
        text = text.replace(f"User: {ours})", f"User: {theirs})")
    found: dict[str, Any] = json.loads(text)
    return found


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
