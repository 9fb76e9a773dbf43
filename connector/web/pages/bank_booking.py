"""The page on which a person says through which day a company's receipts are booked."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.bank_booking import WHOLE_COMPANY, booked_until
from connector.domain.dates import previous_bank_day, today
from connector.domain.errors import ConnectorError
from connector.domain.invoice import BankAccount
from connector.flows.hand_over import bank_booking
from connector.flows.hand_over.bank_booking import DayNotOver, NoSuchAccount
from connector.store import booked_through
from connector.store.connections import StoredConnection
from connector.web.person import deployment, read, signed_in_user, usable_connection

MOST_SHOWN = 50

bank_booking_pages = Blueprint("bank_booking", __name__)


@bank_booking_pages.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@bank_booking_pages.get("/connections/<connection_id>/receipts")
def show(connection_id: str) -> str:
    """Return how far receipts are booked, by the ledger and by what people have said."""
    return _page(usable_connection(connection_id))


@bank_booking_pages.post("/connections/<connection_id>/receipts")
def say(connection_id: str) -> AnyResponse | tuple[str, int]:
    """Keep the day that a person says."""
    connection = usable_connection(connection_id)
    try:
        through = date.fromisoformat(request.form.get("through", "").strip())
    except ValueError:
        return _page(connection, problem="receipts.no_day"), 422
    account = request.form.get("account", WHOLE_COMPANY)
    try:
        bank_booking.say(deployment(), connection, through, account=account, by=signed_in_user().email)
    except DayNotOver:
        return _page(connection, problem="receipts.day_not_over"), 422
    except NoSuchAccount:
        return _page(connection, problem="receipts.no_such_account"), 422
    return redirect(url_for("bank_booking.show", connection_id=connection_id, said=through.isoformat()), 303)


def _page(connection: StoredConnection, *, problem: str = "") -> str:
    accounts: tuple[BankAccount, ...] = ()
    unread = ""
    with_ = deployment()
    try:
        accounts = read(connection.id, "accounts", lambda: bank_booking.accounts(with_, connection))
    except ConnectorError as error:
        unread = str(error)
    said = booked_through.history(deployment().databases.main, connection.id)
    latest = booked_through.latest(deployment().databases.main, connection.id)
    return render_template(
        "receipts.html",
        connection=connection,
        accounts=accounts,
        unread=unread,
        until=booked_until(accounts, latest),
        needed=previous_bank_day(today()),
        history=said[:MOST_SHOWN],
        through=request.form.get("through", previous_bank_day(today()).isoformat()),
        chosen=request.form.get("account", WHOLE_COMPANY),
        problem=problem,
        kept=request.args.get("said", ""),
    )
