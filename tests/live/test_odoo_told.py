"""What a real Odoo 19's people are told: findings on the invoice, one note for each outcome, the link, and no mail.

Creates in Odoo: the connector's fields and action, customers and invoices, notes on these. Takes fields and action
away again; posted invoices and their notes stay, as Odoo keeps them. Amili is the sandbox.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from connector.amili.keys import make_key_pair
from connector.domain.connection import ConnectionSettings
from connector.domain.dates import today
from connector.domain.errors import KeyRefused
from connector.domain.findings import Severity
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, Origin, Request
from connector.flows.companies import connecting, keys
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.events import following
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.hosts.odoo.fields import CASE_ID, CASE_URL, FINDINGS, SEND, STATUS
from connector.hosts.odoo.inventory import SEND_ACTION
from connector.hosts.odoo.removal import remove
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import guide_state
from connector.sandbox.shared.serve import running
from connector.store import connections, hand_overs, inbox, timeline, withdrawals
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from tests.conftest import SettingsFactory
from tests.live.odoo_books import Books, odoo_env, organisation_number
from tests.live.provisioned_odoo import SENDERS, answer_action, installed, set_up
from tests.said import en, sv

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]

ORGANISATION = "5566778899"
COMPANY = "testbolaget"


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    # Nobody listens there: hints are another test's matter.
    set_up(books, "http://127.0.0.1:9/webhooks/odoo/told/none")
    yield books
    remove(books.settings_client)


@pytest.fixture
def deployment(books: Books, settings_factory: SettingsFactory) -> Iterator[Deployment]:
    """The real company joined to its creditor in the sandbox of Amili. No worker runs."""
    state, pair = guide_state(organization_no=ORGANISATION), make_key_pair()
    state.register_key("code", pair.public_key)
    with running(create_amili(state)) as url:
        opened = open_deployment(
            settings_factory(
                amili_sandbox_url=url, read_timeout_s=90.0, settle_s=120.0, attempt_s=120.0, poll_interval_s=3600.0
            )
        )
        try:
            _join(opened, books, pair.private_key, pair.public_key)
            yield opened
        finally:
            opened.close()


def _join(opened: Deployment, books: Books, private_key: SecretStr, public_key: str) -> None:
    connections.put_access(
        opened.databases.main,
        opened.vault,
        access_id=DEFAULT_ACCESS,
        private_key=private_key,
        public_key=public_key,
        api_code=SecretStr("code"),
    )
    key = SecretStr(books.env["ODOO_BOT_API_KEY"])
    settings = ConnectionSettings(
        invoice_fee_agreed=True,
        host={
            **books.place,
            "fee_products": ["FAKTAVG"],
            "answer_action_id": answer_action(books),
        },
    )
    client = opened.amili(settings.environment, opened.access(DEFAULT_ACCESS))
    connecting.join(
        opened,
        connection_id=COMPANY,
        host="odoo",
        ledger=connecting.identify_ledger(opened, "odoo", settings.host, key),
        creditor=connecting.creditors_for(client, ORGANISATION).creditors[0],
        settings=settings,
        api_key=key,
        amili_access=DEFAULT_ACCESS,
    )


def click(books: Books, invoice: int) -> str:
    """A person's wish, as the action in Odoo keeps it; gives its mark."""
    return books.keep_request(invoice, SEND, "Eva Ekonom")


def sent(deployment: Deployment, invoice: int, mark: str) -> HandOver:
    """The hand-over of a standing wish, each of its steps made twice, as after a crash."""
    db = deployment.databases.main
    request = Request(
        connection=COMPANY, invoice_id=str(invoice), origin=Origin.LEDGER, asked_by="Eva Ekonom", wish_mark=mark
    )
    settings = deployment.connection(COMPANY).settings
    started, _ = hand_overs.ask(db, request, creditor=settings.creditor, default_action=settings.first_action)
    for step in (register, register, upload, upload, write_back, write_back):
        assert step(deployment, started.id).then is Then.NEXT
    return hand_overs.get(db, started.id)


def test_findings_stand_on_the_invoice_and_in_one_note_until_they_are_mended(
    books: Books, deployment: Deployment
) -> None:
    customer = books.customer(company_registry=False, zip=False)
    invoice, mails = books.invoice(customer), books.mails()
    stopped = sent(deployment, invoice, click(books, invoice))

    assert stopped.state is HandOverState.BLOCKED
    language = deployment.sides(deployment.connection(COMPANY))[1].language()
    asking = [one for one in stopped.findings if one.severity is not Severity.INFO]
    assert {"E2", "E10"} <= {one.code for one in asking}
    stopping = [sv(one) if language == "sv" else en(one) for one in asking]
    move = books.move(invoice, STATUS, FINDINGS, CASE_URL, CASE_ID)
    assert move[STATUS] in ("Åtgärd krävs", "Action needed")
    assert not move[CASE_ID]
    assert sorted(stopping) == sorted(move[FINDINGS].splitlines())
    link = f"{deployment.settings.public_url}/hand-overs/{stopped.id}"
    assert move[CASE_URL] == link
    (note,) = books.messages(invoice)
    assert all(text in html.unescape(note) for text in stopping)
    assert link in note

    sent(deployment, invoice, click(books, invoice))
    assert len(books.messages(invoice)) == 1, "nothing has changed"

    books.settings_client.call(
        "res.partner", "write", ids=[customer], vals={"company_registry": organisation_number(), "zip": "411 19"}
    )
    ended = sent(deployment, invoice, click(books, invoice))

    assert ended.state is HandOverState.DONE
    move = books.move(invoice, STATUS, FINDINGS, CASE_ID)
    assert move[CASE_ID] == ended.case_id
    assert move[STATUS] in ("Hos Amili", "At Amili")
    assert not move[FINDINGS]
    assert len(books.messages(invoice)) == 2
    assert ended.case_id in books.messages(invoice)[1]
    assert books.mails() == mails


def test_a_payment_after_the_hand_over_is_noted(books: Books, deployment: Deployment) -> None:
    invoice = books.invoice()
    mark = click(books, invoice)
    following.poll(deployment, COMPANY)
    ended = sent(deployment, invoice, mark)
    books.pay(invoice)

    for _ in range(2):
        following.poll(deployment, COMPANY)

    told = [
        entry.data
        for entry in timeline.of_hand_over(deployment.databases.main, ended.id)
        if entry.event == "ledger_changed"
    ]
    assert told == [{"standing": "settled", "balance": "0.00"}]


def test_only_what_somebody_asked_who_may_reaches_the_connector(books: Books, deployment: Deployment) -> None:
    """Somebody with Invoicing alone writes the fields; somebody who may presses the button on another invoice."""
    forged, pressed, case_of = books.invoice(), books.invoice(), books.invoice()
    ended = sent(deployment, case_of, click(books, case_of))
    assert ended.state is HandOverState.DONE
    accountant = books.accountant()
    at, director = "2026-11-24 09:00:00", "Verkställande direktören"
    wish = {"x_amili_requested_at": at, "x_amili_requested_by": director}
    unwanted = {"x_amili_withdrawal_at": at, "x_amili_withdrawal_by": director, "x_amili_withdrawal_reason": "Fel."}
    for move, vals in ((forged, wish), (case_of, {**unwanted, "x_amili_withdrawal_case": ended.case_id})):
        params = {"model": "account.move", "method": "write", "args": [[move], vals], "kwargs": {}}
        assert books.web(accountant, "/web/dataset/call_kw/account.move/write", params) is True
    books.click(books.accountant(SENDERS), installed(books)[SEND_ACTION][1], pressed)

    following.poll(deployment, COMPANY)

    waiting = [item.request for item in inbox.waiting(deployment.databases.inbox) if item.request is not None]
    asked = {one.invoice_id: one.asked_by for one in waiting}
    assert (asked.get(str(pressed)), str(forged) in asked) == ("Ekonom Ek", False)
    assert withdrawals.of_hand_over(deployment.databases.main, ended.id) is None
    assert hand_overs.get(deployment.databases.main, ended.id).state is HandOverState.DONE


def test_a_key_is_looked_at_parked_and_replaced(books: Books, deployment: Deployment) -> None:
    right = SecretStr(books.env["ODOO_BOT_API_KEY"])
    keys.look(deployment, COMPANY)
    known = deployment.connection(COMPANY)
    assert known.key.refused_at is None
    assert known.key.expires is None or known.key.expires > today()
    assert connections.replace_key(
        deployment.databases.main, deployment.vault, known, SecretStr("0" * 40), expires=None, by="test"
    )
    invoice = books.invoice()
    mark = click(books, invoice)
    request = Request(connection=COMPANY, invoice_id=str(invoice), origin=Origin.LEDGER, asked_by="E", wish_mark=mark)
    settings = deployment.connection(COMPANY).settings
    db = deployment.databases.main
    started, _ = hand_overs.ask(db, request, creditor=settings.creditor, default_action=settings.first_action)

    assert register(deployment, started.id).then is Then.STOP
    assert hand_overs.get(db, started.id).waiting_for == WAITS_FOR_KEY
    with pytest.raises(KeyRefused):
        keys.enter(deployment, deployment.connection(COMPANY), SecretStr("1" * 40), by="test")
    keys.enter(deployment, deployment.connection(COMPANY), right, by="test")

    assert register(deployment, started.id).then is Then.NEXT
    assert hand_overs.get(db, started.id).state is HandOverState.REGISTERED


def test_this_odoo_makes_a_key_by_a_call_or_says_no(books: Books, deployment: Deployment) -> None:
    """Odoo 19.0.0 has no such call, later releases may: either answer must be understood."""
    _, host = deployment.sides(deployment.connection(COMPANY))
    made = host.renew_key(SecretStr(books.env["ODOO_BOT_API_KEY"]), until=_in_a_week())
    if made is not None:
        host.revoke_key(made)


def _in_a_week() -> date:
    return today() + timedelta(days=7)
