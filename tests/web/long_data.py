"""A company whose pages are as full as they get: long names and words, amounts of millions, invoices in every state."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import update

from connector.domain.dates import previous_bank_day, today
from connector.domain.findings import Severity
from connector.domain.hand_over import Origin, Request
from connector.flows.follow_up import case_reading
from connector.flows.money import payouts
from connector.flows.reconcile import comparisons as comparing
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.odoo.seed import demo_ledger
from connector.store import booked_through, hand_over_work, inbox, ledger_keys, tables
from connector.store.connections import DEFAULT_ACCESS
from tests.flows.hand_over_steps import begun, case_at_amili, driven, stored
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import add_company, add_user
from tests.web.test_deciding import EVERYTHING, asking
from tests.web.test_held_plan import held
from tests.web.test_pages import asked, finding, leased

LONG_NAME = "Fastighetsförvaltningsaktiebolaget Övre Kråkbäcksdalens Norra"
"""A customer's name; the next is a person's, with hyphens where others have spaces."""
PERSON = "Eva-Margareta Lindströmsson-Wachtmeister af Björnstorp-Öveds"
COMPANY = "Skärgårdsstiftelsens Fastighetsskötsel och Båtuppläggning AB"
MILLIONS = "9876543.20"
OTHER_COMPANY = "annat"
INSTALLER = "eva-margareta.lindstromsson-wachtmeister@redovisningsbyran.example"
LONG_NUMBER = "KUNDFAKTURA/2026/11/000123456"


def at_amili(house: Stage, customer: int) -> tuple[str, str, str]:
    """An invoice of millions that is at Amili: its id, its hand-over's and its case's."""
    invoice = house.invoice(customer, price=MILLIONS)
    hand_over = begun(house, invoice, lifted={"B6": f"Beloppet är attesterat av {PERSON}."})
    case = driven(house, hand_over).case_id
    assert case, stored(house, hand_over).findings
    return invoice, hand_over, case


def fill(house: Stage) -> dict[str, str]:
    """Fill `house`; gives a value for each part of a page's address, and what else addresses are made of."""
    db = house.deployment.databases.main
    with db.begin() as opened:
        opened.execute(update(tables.connections).values(name=COMPANY))
    add_user(house.deployment, "*", email=INSTALLER)
    add_company(house.deployment, OTHER_COMPANY, f"{COMPANY} i Östergötland")
    with db.begin() as opened:
        opened.execute(update(tables.users).values(name=PERSON))
    demo_ledger(house.ledger)
    customer = house.customer(name=LONG_NAME, company_registry="556123-4567", ref="KUNDNUMMER-000123456789")

    paid, sent, case = at_amili(house, customer)
    debtor_pays(house.amili, case, Decimal("5000000.00"))
    make_payout(house.amili, GUIDE_CREDITOR)
    debtor_pays(house.amili, case, Decimal("1234567.89"))
    _, _, closed_case = at_amili(house, customer)
    cancelled, _, _ = at_amili(house, customer)
    _, _, odd_case = at_amili(house, customer)
    connection = house.deployment.connection(CONNECTION)
    payouts.read(house.deployment, connection, house.deployment.sides(connection)[0])
    house.amili.set_case(closed_case, closed=True)
    house.amili.set_case(odd_case, remaining_capital=Decimal("11300000.00"))
    house.ledger.books.records.update("account.move", int(cancelled), {"state": "cancel"})
    case_at_amili(house, house.invoice(customer, price=MILLIONS))
    house.let_cases_be_read()
    case_reading.read(house.deployment, lambda _job: None, DEFAULT_ACCESS)
    comparing.compare(house.deployment, CONNECTION)

    _, undecided, _ = asking(house, **EVERYTHING)
    stopped = asked(house, house.invoice(customer, price=MILLIONS))
    hand_over_work.block(db, leased(house, stopped), (finding(Severity.BLOCK), finding(Severity.INFO)))
    house.ledger.books.pay(int(paid), Decimal("250000.50"))

    abroad = house.ledger.books.add_customer(
        f"{LONG_NAME} AS", street="Havnegata 1", country_code="NO", zip="0150", city="Oslo"
    )
    doubtful = house.invoice(abroad, price=MILLIONS)
    house.ledger.books.set_invoice(int(doubtful), name=LONG_NUMBER)
    clean = house.invoice(customer, price=MILLIONS)
    held(house)
    booked_through.say(db, CONNECTION, account="", account_name="", through=previous_bank_day(today()), by=INSTALLER)
    wish = Request(connection=CONNECTION, invoice_id=clean, origin=Origin.PAGE, asked_by=INSTALLER)
    item = inbox.put_request(house.deployment.databases.inbox, wish)
    assert ledger_keys.refused(db, OTHER_COMPANY, house.deployment.connection(OTHER_COMPANY).key.number)
    return {
        "connection_id": CONNECTION,
        "invoice_id": doubtful,
        "hand_over_id": sent,
        "stopped": stopped.id,
        "undecided": undecided,
        "clean": clean,
        "item": str(item),
        "page": "findings",
    }
