"""The page of money at Amili, and the same as CSV."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from connector.domain.dates import today
from connector.flows.money.money import report
from connector.web.person import deployment, signed_in_user, usable_connection
from connector.web.spreadsheet import table

money_pages = Blueprint("money", __name__)

CSV_COLUMNS = (
    "invoice_number", "debtor", "case_id", "claimed", "paid", "remaining", "paid_out", "to_come", "other",
    "latest_payout",
)  # fmt: skip


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
    """The same for a spreadsheet."""
    connection = usable_connection(connection_id)
    rows = (
        (
            row.case.invoice_number,
            row.case.debtor_name,
            row.case.case_id,
            row.case.claimed,
            row.case.paid,
            row.case.remaining,
            row.paid_out,
            row.to_come,
            row.other,
            row.latest_payout,
        )
        for row in report(deployment(), connection, today=today()).rows
    )
    return table(CSV_COLUMNS, rows, name=f"amili-{connection.id}-{today()}.csv")
