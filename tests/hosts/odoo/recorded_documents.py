"""The fixtures: recorded from a real Odoo 19 (tests/live/record_odoo_fixtures.py), and of 18 written by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import responses
from pydantic import SecretStr

from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.settings import OdooSettings

FIXTURES = Path(__file__).parent / "fixtures"
URL = "https://company.odoo.example"
VERSION = "/json/version"
KEY = "0123456789abcdef0123456789abcdef01234567"
SETTINGS = OdooSettings(company_id=1, fee_products=("FAKTAVG",))


def document(name: str) -> dict[str, Any]:
    """A host document, fresh, so that a test may change it."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return found


def nested(recorded: dict[str, Any]) -> dict[str, Any]:
    """A recorded document's invoice as `web_search_read` gives it; whole_part_paid.json is Odoo's own such answer."""
    move = _read(recorded["move"])
    counterparts = {line["id"]: line for line in recorded["matched_lines"]}
    partials = [
        _read(partial)
        | {
            "credit_move_id": _read(counterparts[partial["credit_move_id"][0]])
            | {"display_name": partial["credit_move_id"][1]}
        }
        for partial in recorded["partials"]
    ]
    lines = [
        _read({name: value for name, value in line.items() if name != "account_code"}) for line in recorded["lines"]
    ]
    for line, recorded_line in zip(lines, recorded["lines"], strict=True):
        line["account_id"] = line["account_id"] and line["account_id"] | {"code": recorded_line["account_code"]}
        line["matched_credit_ids"] = []
    # Which of several receivable rows a match belongs to is not in the document.
    next(line for line in lines if line["account_type"] == "asset_receivable")["matched_credit_ids"] = partials
    for name, part in (("partner_id", "partner"), ("commercial_partner_id", "commercial_partner")):
        move[name] = move[name] and move[name] | _read(recorded[part])
    return move | {"line_ids": lines, "matched_payment_ids": [_read(payment) for payment in recorded["payments"]]}


def _read(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"id": value[0], "display_name": value[1]} if isinstance(value, list) else value
        for name, value in record.items()
    }


def answer(case: str) -> dict[str, Any]:
    """What Odoo answered in one of the cases of answers.json: status, content_type, body."""
    found: dict[str, Any] = document("answers")[case]
    return found


def exchanges(major: int) -> dict[str, dict[str, Any]]:
    """What Odoo 18 or 19 is asked by JSON-RPC and answers, by case; of 18 not recorded but written by what was seen of
    one before.

    Each has the `call` made of us, the `request` sent for it (its params) and the `answer`.
    """
    found: dict[str, dict[str, Any]] = document(f"odoo{major}_jsonrpc")["exchanges"]
    return found


def client(**options: Any) -> OdooClient:
    """A client of an Odoo 19, unless the test has told it of another version before."""
    if not any(VERSION in str(known.url) for known in responses.registered()):
        responses.get(f"{URL}{VERSION}", json={"version": "19.0"})
    return OdooClient(URL, "company", SecretStr(KEY), **options)


def endpoint(call: str) -> str:
    return f"{URL}/json/2/{call}"


def says(call: str, body: Any, *, status: int = 200) -> None:
    """Odoo's next answer to `call` ("model/method")."""
    responses.post(endpoint(call), body=json.dumps(body, default=float), status=status, content_type="application/json")


def says_recorded(call: str, case: str) -> None:
    """Odoo's next answer to `call` is a recorded one."""
    recorded = answer(case)
    body = recorded["body"]
    responses.post(
        endpoint(call),
        body=body if isinstance(body, str) else json.dumps(body),
        status=recorded["status"],
        content_type=recorded["content_type"],
    )


def sent() -> list[tuple[str, dict[str, Any]]]:
    """What was sent to Odoo by JSON-2 so far: each call and its body."""
    start = f"{URL}/json/2/"
    return [
        (str(call.request.url).removeprefix(start), json.loads(call.request.body or "{}"))
        for call in responses.calls
        if str(call.request.url).startswith(start)
    ]
