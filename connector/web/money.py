"""The page of money at Amili, and the same as CSV."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from flask import Blueprint, Response, render_template

from connector.domain.dates import today
from connector.flows.money import MoneyReport, report
from connector.web.person import deployment, signed_in_user, usable_connection

money_pages = Blueprint("money", __name__)

CSV_COLUMNS = (
    "invoice_number", "debtor", "case_id", "claimed", "paid", "remaining", "paid_out", "to_come", "other",
    "latest_payout",
)  # fmt: skip
_NO_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@money_pages.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@money_pages.get("/connections/<connection_id>/money")
def show(connection_id: str) -> str:
    """Per invoice at Amili: claimed, paid, remaining, paid out."""
    connection = usable_connection(connection_id)
    return render_template("money.html", connection=connection, report=report(deployment(), connection, today=today()))


@money_pages.get("/connections/<connection_id>/money.csv")
def as_csv(connection_id: str) -> Response:
    """The same for a spreadsheet: amounts with a decimal point, unknown ones empty."""
    connection = usable_connection(connection_id)
    answer = Response(_csv(report(deployment(), connection, today=today())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="amili-{connection.id}-{today()}.csv"'
    return answer


def _csv(money: MoneyReport) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for row in money.rows:
        case = row.case
        writer.writerow(
            (
                _plain(case.invoice_number),
                _plain(case.debtor_name),
                case.case_id,
                *(_number(value) for value in (case.claimed, case.paid, case.remaining)),
                *(_number(value) for value in (row.paid_out, row.to_come, row.other)),
                row.latest_payout or "",
            )
        )
    # The mark by which spreadsheets know UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula: names come from customers."""
    return f"'{text}" if text.startswith(_NO_FORMULA) else text


def _number(value: Decimal | None) -> str:
    return "" if value is None else str(value)
