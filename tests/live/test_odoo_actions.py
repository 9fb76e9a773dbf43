"""What people do in a real Odoo with what was set up there: send, withdraw, dispute, in either language.

Creates in Odoo the whole set-up, which it takes away again; users, customers, invoices, payments and credit notes,
which stay. Switches English on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.domain.errors import Refused
from connector.hosts import opening
from connector.hosts.base import Host, Wish, WriteBack
from connector.hosts.odoo.inventory import (
    DISPUTE_ACTION,
    PDF_ACTION,
    SEND_ACTION,
    SETTLE_ACTION,
    WITHDRAW_ACTION,
    WITHDRAW_CASE_ACTION,
)
from connector.hosts.odoo.removal import remove
from connector.remote.policy import HttpPolicy
from tests.live.odoo_books import Books, odoo_env
from tests.live.odoo_versions import names, needs
from tests.live.provisioned_odoo import SENDERS, Calls, answer_action, installed, receiving, set_up

pytestmark = pytest.mark.odoo


@pytest.fixture(scope="module")
def listening() -> Iterator[tuple[str, Calls]]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def books(listening: tuple[str, Calls]) -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    books.speak("en_US")
    set_up(books, f"{listening[0]}/webhooks/odoo/acme/token")
    yield books
    remove(books.settings_client)


@pytest.fixture
def calls(listening: tuple[str, Calls]) -> Calls:
    """The calls that come from now on."""
    calls = listening[1]
    while not calls.empty():
        calls.get()
    return calls


def told(calls: Calls, *, least: int = 0) -> list[tuple[str, int]]:
    """The event and invoice of each call, once `least` have come.

    Odoo calls before it answers the user, but waits for a second at most: here, a call may be taken up after it.
    """
    found: list[tuple[str, int]] = []
    while len(found) < least or not calls.empty():
        path, body = calls.get(timeout=60)
        assert set(body) == {"_action", "_id", "_model"}
        assert opening.hints("odoo", json.dumps(body).encode()).invoice_ids == (str(body["_id"]),)
        assert path.startswith("/webhooks/odoo/acme/token?event=")
        found.append((path.partition("event=")[2], body["_id"]))
    return found


@pytest.fixture(scope="module")
def actions(books: Books) -> dict[str, int]:
    return {key: object_id for key, (model, object_id) in installed(books).items() if model == "ir.actions.server"}


def host(books: Books) -> Host:
    return opening.open_host(
        "odoo",
        settings={
            **books.place,
            "answer_action_id": answer_action(books),
        },
        api_key=SecretStr(books.env["ODOO_BOT_API_KEY"]),
        http=HttpPolicy(allow_private=True),
    )


def test_a_click_marks_the_wish_tells_the_user_and_the_connector(
    books: Books, actions: dict[str, int], calls: Calls
) -> None:
    session, move = books.accountant(SENDERS), books.invoice()

    answer = books.click(session, actions[SEND_ACTION], move)

    number = books.move(move, "name")["name"]
    assert (answer["type"], answer["tag"]) == ("ir.actions.client", "display_notification")
    assert answer["params"]["message"] == f"Begäran om inkasso för {number} är mottagen."
    assert (answer["params"]["type"], answer["params"]["sticky"]) == ("success", False)
    assert told(calls, least=1) == [("requested", move)]
    wish = host(books).wish(str(move))
    assert wish == Wish(invoice_id=str(move), mark=wish.mark if wish else "", by="Ekonom Ek")
    assert books.move(move, "x_amili_status")["x_amili_status"] == "Begäran mottagen"


def test_an_english_user_is_answered_in_english(books: Books, actions: dict[str, int]) -> None:
    session, move = books.accountant(SENDERS, lang="en_US"), books.invoice()

    answer = books.click(session, actions[SEND_ACTION], move, books.draft())

    number = books.move(move, "name")["name"]
    assert answer["params"]["title"] == "Send to collection"
    assert answer["params"]["message"] == (
        f"The request to collect {number} was received. 1 not sent, not posted: draft."
    )


def test_what_cannot_be_sent_is_refused_in_words_and_the_rest_is_sent(
    books: Books, actions: dict[str, int], calls: Calls
) -> None:
    session = books.accountant(SENDERS)
    good, draft, with_case, paid, blocked, disputed = (
        books.invoice(),
        books.draft(),
        books.invoice(),
        books.invoice(),
        books.invoice(),
        books.invoice(),
    )
    never = books.invoice(books.customer(x_amili_never_send=True))
    child_of_never = books.customer(x_amili_never_send=True)
    contact = books.customer(name="Eva", is_company=False, parent_id=child_of_never, company_registry=False)
    contacts = books.invoice(contact)
    credit = books.credit_note(books.customer(), 100)
    host(books).write_back(str(with_case), WriteBack("case-1", "Registrerat", datetime.now(UTC)))
    books.pay(paid)
    books.block(blocked)
    books.click(session, actions[DISPUTE_ACTION], disputed)
    told(calls)

    refused = (draft, credit, with_case, paid, blocked, disputed, never, contacts)
    answer = books.click(session, actions[SEND_ACTION], good, *refused)

    number = {move: books.move(move, "name")["name"] for move in (good, *refused)}
    message = answer["params"]["message"]
    assert (answer["params"]["type"], answer["params"]["sticky"]) == ("warning", True)
    assert message.startswith(f"Begäran om inkasso för {number[good]} är mottagen.")
    for words in (
        "1 skickas inte, inte bokförda: utkast.",
        f"1 skickas inte, inte kundfakturor: {number[credit]}.",
        f"1 skickas inte, har redan ett ärende: {number[with_case]} (case-1).",
        f"1 skickas inte, redan betalda eller krediterade: {number[paid]}.",
    ):
        assert words in message
    held = (
        ("1 skickas inte, bestridda", "1 skickas inte, undantagna") if not names().disputes else ("2 skickas inte, be",)
    )
    assert all(words in message for words in held)
    assert "2 skickas inte, kunden ska aldrig till inkasso: " in message
    assert all(number[move] in message for move in (blocked, disputed, never, contacts))
    wished = [move for move in (good, *refused) if books.move(move, "x_amili_requested_at")["x_amili_requested_at"]]
    assert wished == [good]
    assert told(calls, least=1) == [("requested", good)]


def test_only_the_group_may_send_and_withdraw(books: Books, actions: dict[str, int], calls: Calls) -> None:
    outside, move = books.accountant(), books.invoice()

    for action in (SEND_ACTION, WITHDRAW_ACTION, WITHDRAW_CASE_ACTION):
        with pytest.raises(AssertionError, match="AccessError"):
            books.click(outside, actions[action], move)

    assert books.move(move, "x_amili_requested_at")["x_amili_requested_at"] is False
    assert books.move(move, "x_amili_withdrawal_at")["x_amili_withdrawal_at"] is False
    assert told(calls) == []


def test_two_hundred_are_sent_with_one_hint(books: Books, actions: dict[str, int], calls: Calls) -> None:
    session, product, partner = books.accountant(SENDERS), books.product("Konsulttimme"), books.customer()
    issued, due = today() - timedelta(days=75), today() - timedelta(days=45)
    moves = books.client.call(
        "account.move",
        "create",
        vals_list=[
            {
                "move_type": "out_invoice",
                "partner_id": partner,
                "invoice_date": issued.isoformat(),
                "invoice_date_due": due.isoformat(),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [(0, 0, {"product_id": product, "quantity": 1, "price_unit": books.price()})],
            }
            for _ in range(200)
        ],
    )
    books.client.call("account.move", "action_post", ids=moves)

    answer = books.click(session, actions[SEND_ACTION], *moves)

    assert answer["params"]["message"] == "Begäran om inkasso för 200 fakturor är mottagen."
    assert len(told(calls, least=1)) == 1
    wishes = {wish.invoice_id for wish in host(books).requested()}
    assert set(map(str, moves)) <= wishes
    books.click(session, actions[WITHDRAW_ACTION], *moves)


def test_a_wish_expressed_again_is_another_wish(books: Books, actions: dict[str, int], calls: Calls) -> None:
    session, move = books.accountant(SENDERS), books.invoice()
    books.click(session, actions[SEND_ACTION], move)
    first = host(books).wish(str(move))
    # As if it had been asked for long ago, so that the test need not wait for the next second.
    books.client.call("account.move", "write", ids=[move], vals={"x_amili_requested_at": "2026-01-01 00:00:00"})
    books.click(session, actions[SEND_ACTION], move)
    second = host(books).wish(str(move))

    assert first
    assert second
    assert second.mark != first.mark
    assert told(calls, least=3) == [("requested", move)] * 3


def test_a_wish_is_taken_back_unless_it_became_a_case(books: Books, actions: dict[str, int]) -> None:
    session, move, sent = books.accountant(SENDERS), books.invoice(), books.invoice()
    books.click(session, actions[SEND_ACTION], move, sent)
    host(books).write_back(str(sent), WriteBack("case-1", "Hos Amili", datetime.now(UTC)))

    taken = books.click(session, actions[WITHDRAW_ACTION], move)
    kept = books.click(session, actions[WITHDRAW_ACTION], sent)
    nothing = books.click(session, actions[WITHDRAW_ACTION], move)

    assert "Begäran är återtagen" in taken["params"]["message"]
    assert host(books).wish(str(move)) is None
    assert books.move(move, "x_amili_status")["x_amili_status"] is False
    assert "har redan ett ärende (case-1)" in kept["params"]["message"]
    assert books.move(sent, "x_amili_case_id", "x_amili_status") == {
        "id": sent,
        "x_amili_case_id": "case-1",
        "x_amili_status": "Hos Amili",
    }
    assert nothing["params"]["message"] == "Ingen begäran fanns att återta."


def with_case(books: Books, case_id: str = "case-1", **values: Any) -> int:
    """An invoice that shows a case, and what `values` say."""
    move = books.invoice()
    host(books).write_back(str(move), WriteBack(case_id, "Hos Amili", datetime.now(UTC)))
    if values:
        books.client.call("account.move", "write", ids=[move], vals=values)
    return move


REASON = {"x_amili_withdrawal_reason": "Fel kund, <b>100 %</b> säkert."}


def test_a_withdrawal_is_noted_with_its_reason_told_and_mailed_to_nobody(
    books: Books, actions: dict[str, int], calls: Calls
) -> None:
    session, move, mails = books.accountant(SENDERS), with_case(books, **REASON), books.mails()
    told(calls)

    answer = books.click(session, actions[WITHDRAW_CASE_ACTION], move)

    assert (
        answer["params"]["message"] == "Begäran om att återkalla ärendet case-1 är mottagen. Svaret kommer på fakturan."
    )
    assert answer["params"]["type"] == "success"
    assert told(calls, least=1) == [("withdrawal", move)]
    wish = host(books).withdrawal_wish(str(move))
    assert wish is not None
    assert (wish.case_id, wish.by, wish.reason) == ("case-1", "Ekonom Ek", REASON["x_amili_withdrawal_reason"])
    assert wish in list(host(books).withdrawal_wishes())
    assert "Återkallelse av ärendet case-1 hos Amili begärd. Skäl: Fel kund, &lt;b&gt;100 %" in " ".join(
        chatter(books, move)
    )
    assert books.mails() == mails

    again = books.click(session, actions[WITHDRAW_CASE_ACTION], move)
    assert again["params"]["message"] == "Återkallelsen är redan begärd. Inget nytt har begärts."
    assert told(calls) == []
    assert host(books).withdrawal_wish(str(move)) == wish
    host(books).write_back(
        str(move), WriteBack("case-1", "Hos Amili", datetime.now(UTC), answered_withdrawal=wish.mark)
    )
    assert told(calls) == [], "an answer is no wish"
    assert books.move(move, "x_amili_withdrawal_at", *REASON) == {
        "id": move,
        "x_amili_withdrawal_at": False,
        "x_amili_withdrawal_reason": False,
    }


def test_what_cannot_be_withdrawn_is_refused_in_words(books: Books, actions: dict[str, int], calls: Calls) -> None:
    session, ended = books.accountant(SENDERS, lang="en_US"), datetime.now(UTC)
    withdrawn, closed = with_case(books, **REASON), with_case(books, **REASON)
    host(books).write_back(str(withdrawn), WriteBack("case-1", "Återkallat hos Amili", ended, ended="withdrawn"))
    host(books).write_back(str(closed), WriteBack("case-1", "Avslutat hos Amili", ended, ended="closed"))
    told(calls)
    bare = books.invoice()
    books.client.call("account.move", "write", ids=[withdrawn, bare], vals=REASON)

    for move, why in (
        (with_case(books), "Say why the case is withdrawn."),
        (with_case(books, x_amili_withdrawal_reason="  "), "Say why the case is withdrawn."),
        (bare, "The invoice has no case at Amili."),
        (withdrawn, "The case is withdrawn already."),
        (closed, "The case is closed at Amili already."),
    ):
        answer = books.click(session, actions[WITHDRAW_CASE_ACTION], move)
        assert answer["params"]["message"] == f"{why} Nothing new was requested."
        assert (answer["params"]["type"], host(books).withdrawal_wish(str(move))) == ("warning", None)
    assert told(calls) == []


def test_a_case_is_withdrawn_one_at_a_time_from_no_list(books: Books, actions: dict[str, int]) -> None:
    session, moves = books.accountant(SENDERS), [with_case(books, **REASON), with_case(books, **REASON)]
    with pytest.raises(AssertionError, match="UserError"):
        books.click(session, actions[WITHDRAW_CASE_ACTION], *moves)
    assert [host(books).withdrawal_wish(str(move)) for move in moves] == [None, None]
    (action,) = books.settings_client.call(
        "ir.actions.server", "read", ids=[actions[WITHDRAW_CASE_ACTION]], fields=["binding_model_id"]
    )
    assert action["binding_model_id"] is False


def test_after_a_withdrawal_the_button_asks_anew_and_can_be_taken_back(
    books: Books, actions: dict[str, int], calls: Calls
) -> None:
    session, move = books.accountant(SENDERS), books.invoice()
    books.click(session, actions[SEND_ACTION], move)
    note = WriteBack("case-1", "Hos Amili", datetime.now(UTC))
    host(books).write_back(str(move), note)
    host(books).write_back(str(move), replace(note, status="Återkallat hos Amili", ended="withdrawn"))
    assert books.move(move, "x_amili_requested_at")["x_amili_requested_at"] is False
    told(calls, least=1)

    sent = books.click(session, actions[SEND_ACTION], move)

    assert sent["params"]["type"] == "success"
    assert told(calls, least=1) == [("requested", move)]
    wish = host(books).wish(str(move))
    assert wish is not None
    assert wish in list(host(books).requested())
    books.click(session, actions[WITHDRAW_ACTION], move)
    assert host(books).wish(str(move)) is None
    kept = books.move(move, "x_amili_case_id", "x_amili_status")
    assert (kept["x_amili_case_id"], kept["x_amili_status"]) == ("case-1", "Återkallat hos Amili")


def test_only_what_was_handed_over_is_told_of_when_it_changes(
    books: Books, actions: dict[str, int], calls: Calls
) -> None:
    at_amili, others = books.invoice(), books.invoice()
    host(books).write_back(str(at_amili), WriteBack("case-1", "Hos Amili", datetime.now(UTC)))
    assert told(calls) == []

    books.pay(others)
    assert told(calls) == []
    books.pay(at_amili)
    assert told(calls, least=1) == [("changed", at_amili)]
    books.client.call("account.move", "button_draft", ids=[at_amili])
    assert told(calls, least=1) == [("changed", at_amili)]


def chatter(books: Books, move_id: int) -> list[str]:
    domain = [("model", "=", "account.move"), ("res_id", "=", move_id)]
    found = books.client.call("mail.message", "search_read", domain=domain, fields=["body"])
    return [str(message["body"]) for message in found]


def pdfs(books: Books) -> int:
    # Without a condition on the id, Odoo leaves out those that belong to a field.
    domain = [("id", "!=", 0), ("mimetype", "=", "application/pdf")]
    return int(books.settings_client.call("ir.attachment", "search_count", domain=domain))


def test_a_dispute_is_marked_and_settled_with_who_and_when(books: Books, actions: dict[str, int], calls: Calls) -> None:
    session, move = books.accountant(), books.invoice()
    host(books).write_back(str(move), WriteBack("case-1", "Hos Amili", datetime.now(UTC)))
    names = ("x_amili_disputed", "x_amili_disputed_by", "x_amili_disputed_at")

    books.click(session, actions[DISPUTE_ACTION], move)
    marked = books.move(move, *names)
    assert told(calls, least=1) == [("changed", move)]
    books.click(session, actions[SETTLE_ACTION], move)
    settled = books.move(move, *names)

    assert (marked["x_amili_disputed"], marked["x_amili_disputed_by"]) == (True, "Ekonom Ek")
    assert (settled["x_amili_disputed"], settled["x_amili_disputed_by"]) == (False, "Ekonom Ek")
    assert marked["x_amili_disputed_at"] <= settled["x_amili_disputed_at"]
    notes = " ".join(chatter(books, move))
    assert "Markerad som bestridd." in notes
    assert "Tvisten är avgjord." in notes


@needs(17, 19, why="has no mark *No Follow-up*")
def test_an_invoice_without_follow_up_is_refused_in_words(books: Books, actions: dict[str, int]) -> None:
    session, exempt, good = books.accountant(SENDERS), books.invoice(), books.invoice()
    books.exempt(exempt)
    answer = books.click(session, actions[SEND_ACTION], exempt, good)
    number = books.move(exempt, "name")["name"]
    assert f"1 skickas inte, undantagna från uppföljning: {number}." in answer["params"]["message"]
    assert (host(books).wish(str(exempt)), host(books).wish(str(good)) is None) == (None, False)


def test_people_without_an_e_mail_address_dispute_and_withdraw(
    books: Books, actions: dict[str, int], calls: Calls
) -> None:
    login = books.user(SENDERS)
    client = books.settings_client
    (person,) = client.call("res.users", "search_read", domain=[("login", "=", login)], fields=["partner_id", "email"])
    client.call("res.partner", "write", ids=[person["partner_id"][0]], vals={"email": False})
    session, disputed, withdrawn = books.session(login), books.invoice(), with_case(books, **REASON)

    books.click(session, actions[DISPUTE_ACTION], disputed)
    books.click(session, actions[SETTLE_ACTION], disputed)
    answer = books.click(session, actions[WITHDRAW_CASE_ACTION], withdrawn)

    assert answer["params"]["type"] == "success"
    assert told(calls, least=1)
    for move, note in (
        (disputed, "Markerad som bestridd."),
        (disputed, "Tvisten är avgjord."),
        (withdrawn, "Återkallelse av ärendet case-1 hos Amili begärd."),
    ):
        domain = [("model", "=", "account.move"), ("res_id", "=", move), ("body", "like", note)]
        (message,) = books.client.call("mail.message", "search_read", domain=domain, fields=["author_id"])
        assert message["author_id"][0] == person["partner_id"][0]


def test_the_pdf_action_gives_the_invoices_pdf_and_nothing_else(books: Books, actions: dict[str, int]) -> None:
    def render(*moves: int) -> Any:
        context = {"active_model": "account.move", "active_id": moves[0], "active_ids": list(moves)}
        return books.client.call("ir.actions.server", "run", ids=[actions[PDF_ACTION]], context=context)

    move, footprint = books.invoice(), ("write_date", "is_move_sent", "invoice_pdf_report_id")
    before = books.move(move, *footprint)
    kept = pdfs(books)

    assert base64.b64decode(render(move)["pdf"]).startswith(b"%PDF-")
    assert books.move(move, *footprint) == before
    assert pdfs(books) == kept
    for others in ((books.draft(),), (books.credit_note(books.customer(), 10),), (move, books.invoice())):
        with pytest.raises(Refused):
            render(*others)


def views(books: Books, lang: str) -> str:
    """What a user of this language is shown of invoices and customers: the views, and the menu."""
    session = books.accountant(SENDERS, lang=lang)
    context = {"lang": lang}

    def call(model: str, method: str, *args: Any) -> Any:
        return books.web(
            session,
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": {"context": context}},
        )

    search = books.reference("account.view_account_invoice_filter")
    column = books.reference("account.view_out_invoice_tree")
    invoices = call("account.move", "get_views", [[False, "form"], [column, names().lists], [search, "search"]])
    own = installed(books)["view_collection_list"][1]
    listed = call("account.move", "get_views", [[own, names().lists]])
    customers = call("res.partner", "get_views", [[books.reference("base.view_partner_form"), "form"]])
    labels = call("account.move", "fields_get", ["x_amili_status", "x_amili_case_id", "x_amili_first_action"])
    menus = call("ir.ui.menu", "search_read", [["id", "=", installed(books)["menu_collection"][1]]], ["name"])
    return json.dumps([invoices["views"], listed["views"], customers["views"], labels, menus], ensure_ascii=False)


@pytest.mark.parametrize(
    ("lang", "present", "absent"),
    [
        (
            "sv_SE",
            (
                "Skicka till inkasso",
                "Ärende hos Amili",
                "Redo för inkasso",
                "Amili ärende",
                "Påminnelse",
                "Inkasso",
                "Återkalla ärendet",
                "Innan du bestämmer dig",
                "En återkallelse kan kosta er",
            ),
            (
                "Send to collection",
                "Case at Amili",
                "Ready for collection",
                "Amili case",
                '"Collection"',
                "Withdraw",
                "Kept,",
            ),
        ),
        (
            "en_US",
            (
                "Send to collection",
                "Case at Amili",
                "Ready for collection",
                "Amili case",
                "Reminder",
                "Collection",
                "Withdraw the case at Amili",
                "Withdrawing may cost",
            ),
            (
                "Skicka till inkasso",
                "Ärende hos Amili",
                "Redo för inkasso",
                "Amili ärende",
                '"Inkasso"',
                "terkalla",
                "Sparas,",
            ),
        ),
    ],
)
def test_every_text_is_in_the_users_language(
    books: Books, lang: str, present: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    shown = views(books, lang)

    assert [text for text in present if text not in shown] == []
    assert [text for text in absent if text in shown] == []
