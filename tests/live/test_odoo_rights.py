"""Who may ask in a real Odoo 19: users of each kind write every field and request of ours and run every action, by API.

Creates in Odoo the whole set-up, which it takes away again; a second company, users, customers and invoices, which
stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connector.hosts import opening
from connector.hosts.base import Host, WriteBack
from connector.hosts.odoo import fields
from connector.hosts.odoo.inventory import (
    ANSWER_ACTION,
    DISPUTE_ACTION,
    REQUEST_ACCESS,
    REQUEST_MODEL,
    SEND_ACTION,
    SETTLE_ACTION,
    WITHDRAW_ACTION,
    WITHDRAW_CASE_ACTION,
)
from connector.hosts.odoo.removal import remove
from connector.remote.policy import HttpPolicy
from tests.live.odoo_books import Books, odoo_env
from tests.live.provisioned_odoo import SENDERS, answer_action, installed, set_up

pytestmark = pytest.mark.odoo

INVOICING = "account.group_account_invoice"
FORGED_AT = "2026-11-24 09:00:00"
FORGED: dict[str, Any] = {
    fields.CASE_ID: "case-of-another",
    fields.STATUS: "Hos Amili",
    fields.DATE: FORGED_AT,
    fields.REQUESTED_AT: FORGED_AT,
    fields.REQUESTED_BY: "Verkställande direktören",
    fields.FIRST_ACTION: "debt_collection",
    fields.CASE_URL: "https://example.com",
    fields.FINDINGS: "Inget",
    fields.DISPUTED: False,
    fields.DISPUTED_BY: "Verkställande direktören",
    fields.DISPUTED_AT: FORGED_AT,
    fields.ENDED: "closed",
    fields.WITHDRAWAL_REASON: "Fel kund.",
    fields.WITHDRAWAL_AT: FORGED_AT,
    fields.WITHDRAWAL_BY: "Verkställande direktören",
    fields.WITHDRAWAL_CASE: "case-1",
    fields.OCR: "1234",
}
SENDERS_ACTIONS = (SEND_ACTION, WITHDRAW_ACTION, WITHDRAW_CASE_ACTION)


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    # Nobody listens there: hints are another test's matter.
    set_up(books, "http://127.0.0.1:9/webhooks/odoo/rights/none")
    yield books
    remove(books.settings_client)


@pytest.fixture(scope="module")
def actions(books: Books) -> dict[str, int]:
    return {key: object_id for key, (model, object_id) in installed(books).items() if model == "ir.actions.server"}


@pytest.fixture(scope="module")
def users(books: Books) -> dict[str, requests.Session]:
    """A user of each kind that may not send from these books, by the web session in which they call."""
    with books.second_company("Annat bolag AB", "SEK") as other:
        values: dict[str, Any] = {"company_id": other.company, "company_ids": [(6, 0, [other.company])]}
        elsewhere = books.person("base.group_user", INVOICING, SENDERS, **values)
    return {
        "invoicing alone": books.accountant(),
        "reads alone": books.session(books.person("base.group_user", "account.group_account_readonly")),
        "portal": books.session(books.person("base.group_portal")),
        "of another company": books.session(elsewhere),
    }


KINDS = ("invoicing alone", "reads alone", "portal", "of another company")


def host(books: Books) -> Host:
    return opening.open_host(
        "odoo",
        settings={
            **books.place,
            "company_id": books.company,
            "answer_action_id": answer_action(books),
        },
        api_key=SecretStr(books.env["ODOO_BOT_API_KEY"]),
        http=HttpPolicy(allow_private=True),
    )


def call(books: Books, session: requests.Session, model: str, method: str, *args: Any, **named: Any) -> Any:
    """A call of a method by API, as that user. Raises `AssertionError` with the name of Odoo's exception."""
    params = {"model": model, "method": method, "args": list(args), "kwargs": named}
    return books.web(session, f"/web/dataset/call_kw/{model}/{method}", params)


def refused(books: Books, session: requests.Session, model: str, method: str, *args: Any, **named: Any) -> None:
    with pytest.raises(AssertionError, match=r"AccessError|MissingError|UserError|SessionExpired"):
        call(books, session, model, method, *args, **named)


def run(books: Books, session: requests.Session, action: int, move: int, **context: Any) -> Any:
    chosen = {"active_model": "account.move", "active_id": move, "active_ids": [move], **context}
    return call(books, session, "ir.actions.server", "run", [action], context=chosen)


def kept(books: Books, *moves: int) -> list[dict[str, Any]]:
    """What Odoo has kept of requests about these invoices."""
    return list(
        books.client.call(
            fields.REQUEST,
            "search_read",
            domain=[(fields.INVOICE_OF, "in", list(moves))],
            fields=[fields.KIND, fields.ANSWERED, "create_uid"],
            order="id",
        )
    )


def at_amili(books: Books) -> int:
    move = books.invoice()
    host(books).write_back(str(move), WriteBack("case-1", "Hos Amili", datetime.now(UTC)))
    return move


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_written_in_the_fields_is_no_wish(
    books: Books, users: dict[str, requests.Session], kind: str
) -> None:
    assert set(FORGED) == set(fields.ADDED)
    open_one, with_case = books.invoice(), at_amili(books)
    for move in (open_one, with_case):
        for name, value in FORGED.items():
            if kind == "invoicing alone":
                # Odoo keeps the groups of a field made by API, and asks nobody for them.
                call(books, users[kind], "account.move", "write", [move], {name: value})
            else:
                refused(books, users[kind], "account.move", "write", [move], {name: value})

    ledger = host(books)
    for move in (open_one, with_case):
        assert ledger.wish(str(move)) is None
        assert ledger.withdrawal_wish(str(move)) is None
    named = {wish.invoice_id for wish in ledger.requested()}
    named |= {wish.invoice_id for wish in ledger.withdrawal_wishes()}
    assert named.isdisjoint({str(open_one), str(with_case)})


@pytest.mark.parametrize("kind", [*KINDS, "may send", "settings"])
def test_nobody_makes_changes_or_removes_a_request(
    books: Books, users: dict[str, requests.Session], actions: dict[str, int], kind: str
) -> None:
    sender = books.accountant(SENDERS)
    move, other = books.invoice(), books.invoice()
    run(books, sender, actions[SEND_ACTION], move)
    (row,) = kept(books, move)
    administrator = requests.Session()
    signing_in = {"db": books.env["ODOO_DB"], "login": books.env["ODOO_LOGIN"], "password": "admin"}
    books.web(administrator, "/web/session/authenticate", signing_in)
    session = {**users, "may send": sender, "settings": administrator}[kind]
    uid = row["create_uid"][0]
    for kind_of_request in (fields.SEND, fields.TAKE_BACK, fields.WITHDRAW, fields.DISPUTE, fields.SETTLE):
        forged = {
            fields.INVOICE_OF: other,
            fields.COMPANY_OF: books.company,
            fields.KIND: kind_of_request,
            fields.CASE_SHOWN: "case-1",
            fields.REASON: "Fel kund.",
            "create_uid": uid,
        }
        refused(books, session, fields.REQUEST, "create", [forged])
        refused(books, session, fields.REQUEST, "web_save", [], forged, specification={})
    for values in ({fields.INVOICE_OF: other}, {fields.ANSWERED: True}, {fields.KIND: fields.WITHDRAW}):
        refused(books, session, fields.REQUEST, "write", [row["id"]], values)
    refused(books, session, fields.REQUEST, "copy", [row["id"]])
    refused(books, session, fields.REQUEST, "unlink", [row["id"]])
    # It has no name, by which one could be made.
    assert call(books, session, fields.REQUEST, "name_create", "x") is False

    assert kept(books, move, other) == [row]


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_may_not_runs_no_action_and_reads_no_more_than_they_may(
    books: Books, users: dict[str, requests.Session], actions: dict[str, int], kind: str
) -> None:
    move, with_case = books.invoice(), at_amili(books)
    reason = {fields.WITHDRAWAL_REASON: "Fel kund."}
    books.client.call("account.move", "write", ids=[with_case], vals=reason)
    for action in SENDERS_ACTIONS:
        for of in (move, with_case):
            with pytest.raises(AssertionError, match=r"AccessError|UserError|SessionExpired"):
                run(books, users[kind], actions[action], of)
            with pytest.raises(AssertionError, match=r"AccessError|UserError|SessionExpired"):
                books.click(users[kind], actions[action], of)
    if kind != "invoicing alone":
        for action in (DISPUTE_ACTION, SETTLE_ACTION):
            with pytest.raises(AssertionError, match=r"AccessError|UserError|SessionExpired"):
                run(books, users[kind], actions[action], move)
    assert kept(books, move, with_case) == []

    run(books, books.accountant(SENDERS), actions[SEND_ACTION], move)
    (row,) = kept(books, move)
    answering = {"active_model": fields.REQUEST, "active_id": row["id"], "active_ids": [row["id"]]}
    with pytest.raises(AssertionError, match=r"AccessError|UserError|SessionExpired"):
        call(books, users[kind], "ir.actions.server", "run", [actions[ANSWER_ACTION]], context=answering)
    assert kept(books, move) == [row]
    if kind == "invoicing alone":
        assert len(call(books, users[kind], fields.REQUEST, "search", [[fields.INVOICE_OF, "=", move]])) == 1
    elif kind == "of another company":
        assert call(books, users[kind], fields.REQUEST, "search", [[fields.INVOICE_OF, "=", move]]) == []
        refused(books, users[kind], fields.REQUEST, "read", [row["id"]], [fields.KIND])
    else:
        refused(books, users[kind], fields.REQUEST, "search", [])


def test_who_may_send_is_told_by_odoo_whatever_else_is_said(books: Books, actions: dict[str, int]) -> None:
    sender, move = books.accountant(SENDERS), books.invoice()
    defaults = {
        "default_create_uid": 1,
        "default_x_answered": True,
        "default_x_kind": "withdraw",
        "default_x_reason": "x",
    }
    run(books, sender, actions[SEND_ACTION], move, **defaults)
    books.client.call("account.move", "write", ids=[move], vals={fields.REQUESTED_BY: "Verkställande direktören"})

    ledger = host(books)
    wish = ledger.wish(str(move))
    assert wish is not None
    assert (wish.by, ledger.vouches_for(wish.mark)) == ("Ekonom Ek", True)
    assert wish in list(ledger.requested())
    assert ledger.withdrawal_wish(str(move)) is None
    # Nor does what others write take it away, but the one action that does.
    hidden = {fields.REQUESTED_AT: False, fields.CASE_ID: "case-9", fields.ENDED: "closed"}
    books.client.call("account.move", "write", ids=[move], vals=hidden)
    assert ledger.wish(str(move)) == wish
    assert wish in list(ledger.requested())
    books.client.call("account.move", "write", ids=[move], vals={fields.CASE_ID: False, fields.ENDED: False})
    run(books, sender, actions[WITHDRAW_ACTION], move)
    assert ledger.wish(str(move)) is None
    assert [row[fields.KIND] for row in kept(books, move)] == [fields.SEND, fields.TAKE_BACK]


def test_who_may_withdraw_asks_for_it_and_is_answered_once(books: Books, actions: dict[str, int]) -> None:
    sender, move = books.accountant(SENDERS), at_amili(books)
    books.client.call("account.move", "write", ids=[move], vals={fields.WITHDRAWAL_REASON: "Fel kund."})
    run(books, sender, actions[WITHDRAW_CASE_ACTION], move)

    ledger = host(books)
    wish = ledger.withdrawal_wish(str(move))
    assert wish is not None
    assert (wish.case_id, wish.by, wish.reason) == ("case-1", "Ekonom Ek", "Fel kund.")
    note = WriteBack("case-1", "Hos Amili", datetime.now(UTC), answered_withdrawal=wish.mark)
    assert ledger.write_back(str(move), note).refused == ""
    assert ledger.withdrawal_wish(str(move)) is None
    # As it was shown, and answered: writing it again asks for nothing.
    again = {fields.WITHDRAWAL_AT: FORGED_AT, fields.WITHDRAWAL_CASE: "case-1", fields.WITHDRAWAL_REASON: "Fel kund."}
    call(books, sender, "account.move", "write", [move], again)
    assert ledger.withdrawal_wish(str(move)) is None
    assert move not in {int(one.invoice_id) for one in ledger.withdrawal_wishes()}


def test_a_dispute_is_settled_by_the_action_alone(books: Books, actions: dict[str, int]) -> None:
    accountant, move = books.accountant(), books.invoice()
    run(books, accountant, actions[DISPUTE_ACTION], move)
    call(books, accountant, "account.move", "write", [move], {fields.DISPUTED: False, fields.DISPUTED_BY: "VD"})
    ledger = host(books)
    (hold,) = ledger.read(str(move)).holds or ()
    assert (hold.kind, hold.by) == ("disputed", "Ekonom Ek")
    assert ledger.standings([str(move)])[str(move)].held is True

    call(books, accountant, "account.move", "write", [move], {fields.DISPUTED: True})
    run(books, accountant, actions[SETTLE_ACTION], move)
    assert ledger.read(str(move)).holds == ()
    assert ledger.standings([str(move)])[str(move)].held is False


def test_access_that_somebody_else_gave_is_taken_away_by_the_set_up(books: Books) -> None:
    objects, client = installed(books), books.settings_client
    access = {"name": "Mine", "model_id": objects[REQUEST_MODEL][1], "perm_create": True, "perm_read": True}
    (given,) = client.call("ir.model.access", "create", vals_list=[access])
    client.call("ir.model.access", "write", ids=[objects[REQUEST_ACCESS][1]], vals={"perm_write": True})

    set_up(books, "http://127.0.0.1:9/webhooks/odoo/rights/none")

    assert client.call("ir.model.access", "search", domain=[("id", "=", given)]) == []
    assert not books.client.allows(fields.REQUEST, "write")
    assert books.client.allows(fields.REQUEST, "read")
