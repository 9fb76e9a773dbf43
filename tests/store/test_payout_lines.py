"""Lines of what Amili pays out are kept once each, whoever reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, insert, select, text

from connector.domain.money_view import PaidOut
from connector.store import payout_lines, tables
from connector.store.database import Databases, reading
from tests.flows.waiting import until

CREDITOR = "674dbeb208847b9501cc9138"
LINE = PaidOut(
    invoice_number="4711",
    category="capital",
    article="Kapital",
    currency="SEK",
    total=Decimal("600.00"),
    booked_on=date(2026, 11, 27),
    payout_date=None,
    payout_reference="",
)
EARLIER = {
    "environment": "sandbox",
    "id": "1",
    "creditor": CREDITOR,
    "invoice_number": "4711",
    "category": "capital",
    "article": "Kapital",
    "currency": "SEK",
    "total": "500.00",
    "booked_on": "2026-11-27",
    "payout_date": "",
    "payout_reference": "",
}


def keep(databases: Databases) -> None:
    payout_lines.keep(databases.main, environment="sandbox", creditor=CREDITOR, lines=[("1", LINE)], read_to=1.0)


def waits_for_a_lock(databases: Databases) -> bool:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with reading(databases.main) as connection:
        return bool(connection.execute(waiting).scalar_one())


def test_two_who_read_the_first_lines_at_the_same_time_keep_them_once(databases: Databases) -> None:
    with ThreadPoolExecutor(1) as second:
        with databases.main.begin() as first:
            first.execute(insert(tables.payout_lines).values(EARLIER))
            kept = second.submit(keep, databases)
            if databases.main.dialect.name == "postgresql":
                until(lambda: waits_for_a_lock(databases), within_s=60, what="the second's wait for the first")
        kept.result(timeout=60)

    assert payout_lines.of_creditor(databases.main, "sandbox", CREDITOR) == {"4711": [LINE]}
    assert payout_lines.read_to(databases.main, "sandbox", CREDITOR) == 1.0


def test_a_line_is_kept_in_place_of_what_was_kept_of_it(databases: Databases) -> None:
    with databases.main.begin() as connection:
        connection.execute(delete(tables.payout_lines))
        connection.execute(insert(tables.payout_lines).values(EARLIER))

    keep(databases)
    keep(databases)

    with reading(databases.main) as connection:
        assert connection.execute(select(tables.payout_lines.c.total)).scalars().all() == ["600.00"]
