"""Provisioning a real Odoo 19: install, repair, click, webhook, removal without a trace."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.errors import NotAuthorised
from connector.hosts import opening
from connector.hosts.base import Host, Wish, WriteBack
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.fields import ADDED
from connector.hosts.odoo.provision import MODULE, SEND_ACTION, WEBHOOK_ACTION, provision, remove
from tests.live.odoo_books import Books, odoo_env

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]

Calls = queue.Queue[tuple[str, dict[str, Any]]]


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    yield books
    remove(books.settings_client)


@pytest.fixture
def receiver() -> Iterator[tuple[str, Calls]]:
    """Listens as the connector does; gives its address and the calls that come."""
    calls: Calls = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            calls.put((self.path, json.loads(body)))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    server.server_close()
    thread.join()


def host(books: Books) -> Host:
    return opening.open_host(
        "odoo",
        settings={"url": books.env["ODOO_URL"], "database": books.env["ODOO_DB"]},
        api_key=SecretStr(books.env["ODOO_BOT_API_KEY"]),
        allow_private=True,
    )


def installed(books: Books) -> dict[str, tuple[str, int]]:
    rows = books.settings_client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", MODULE)],
        fields=["name", "model", "res_id"],
    )
    return {row["name"]: (row["model"], row["res_id"]) for row in rows}


def traces(books: Books) -> dict[str, int]:
    """How much of ours is found in Odoo, wherever it could be."""
    search: dict[str, list[Any]] = {
        "ir.model.data": [("module", "=", MODULE)],
        "ir.model.fields": [("name", "like", "x_amili")],
        "ir.model.fields.selection": [("field_id.name", "like", "x_amili")],
        "ir.actions.server": ["|", ("code", "like", "x_amili"), ("webhook_url", "like", "/webhooks/odoo/")],
        "base.automation": [("filter_domain", "like", "x_amili")],
    }
    context = {"active_test": False}
    return {
        model: books.settings_client.call(model, "search_count", domain=domain, context=context)
        for model, domain in search.items()
    }


def test_a_click_reaches_the_webhook_and_everything_goes_away_again(books: Books, receiver: tuple[str, Calls]) -> None:
    url, calls = receiver
    mails = books.mails()
    untouched = traces(books)
    first = provision(books.settings_client, f"{url}/webhooks/odoo/acme/old-token?event=requested")
    objects = installed(books)
    second = provision(books.settings_client, f"{url}/webhooks/odoo/acme/token?event=requested")

    assert (len(first.created), first.updated) == (9, ())
    assert (second.created, sorted(second.updated)) == ((), sorted(first.created))
    assert installed(books) == objects

    session, sent, other = books.accountant(), books.invoice(), books.draft()
    answer = books.click(session, objects[SEND_ACTION][1], sent, other)

    path, body = calls.get(timeout=10)
    assert path == "/webhooks/odoo/acme/token?event=requested"
    assert opening.hints("odoo", json.dumps(body).encode()).invoice_ids == (str(sent),)
    assert set(body) == {"_action", "_id", "_model"}
    assert calls.empty()

    assert (answer["type"], answer["tag"]) == ("ir.actions.client", "display_notification")
    number = books.move(sent, "name")["name"]
    assert number in answer["params"]["message"]
    assert answer["params"]["type"] == "warning"

    ledger = host(books)
    wish = ledger.wish(str(sent))
    assert wish == Wish(invoice_id=str(sent), mark=wish.mark if wish else "", by="Ekonom Ek")
    assert ledger.wish(str(other)) is None

    ledger.write_back(str(sent), WriteBack("case-1", "Registrerat", datetime.now(UTC)))
    again = books.click(session, objects[SEND_ACTION][1], sent)
    assert "case-1" in again["params"]["message"]
    assert calls.empty()

    assert len(remove(books.settings_client).removed) == 9
    assert set(traces(books).values()) == {0} == set(untouched.values())
    assert remove(books.settings_client).removed == ()
    assert books.mails() == mails


def test_a_wish_expressed_twice_in_different_seconds_is_told_twice(books: Books, receiver: tuple[str, Calls]) -> None:
    url, calls = receiver
    provision(books.settings_client, f"{url}/webhooks/odoo/acme/token")
    action, session, sent = installed(books)[SEND_ACTION][1], books.accountant(), books.invoice()

    books.click(session, action, sent)
    first = host(books).wish(str(sent))
    assert first is not None
    # As if it had been asked for a day earlier, so that the test need not wait for the next second.
    books.client.call("account.move", "write", ids=[sent], vals={"x_amili_requested_at": "2026-01-01 00:00:00"})
    books.click(session, action, sent)
    second = host(books).wish(str(sent))

    assert second is not None
    assert second.mark >= first.mark
    assert [calls.get(timeout=10)[1]["_id"] for _ in range(3)] == [sent] * 3


def test_what_was_deleted_by_hand_is_repaired(books: Books) -> None:
    provision(books.settings_client, "https://connector.example/webhooks/odoo/acme/one")
    before = installed(books)
    books.settings_client.call("ir.actions.server", "unlink", ids=[before[SEND_ACTION][1]])
    rule_model, rule_id = before["rule_requested"]
    books.settings_client.call(rule_model, "unlink", ids=[rule_id])
    field_model, field_id = before["field_x_amili_first_action"]
    books.settings_client.call(field_model, "unlink", ids=[field_id])

    report = provision(books.settings_client, "https://connector.example/webhooks/odoo/acme/two")

    assert set(report.created) == {
        SEND_ACTION,
        "rule_requested",
        WEBHOOK_ACTION,
        "field_x_amili_first_action",
    }
    after = installed(books)
    assert set(after) == set(before)
    assert len(after) == traces(books)["ir.model.data"]
    (hook,) = books.settings_client.call(
        "ir.actions.server", "read", ids=[after[WEBHOOK_ACTION][1]], fields=["webhook_url", "base_automation_id"]
    )
    assert hook["webhook_url"].endswith("/two")
    assert hook["base_automation_id"][0] == after["rule_requested"][1]


def test_a_rule_switched_off_by_hand_is_switched_on_again(books: Books) -> None:
    provision(books.settings_client, "https://connector.example/webhooks/odoo/acme/one")
    rule_id = installed(books)["rule_requested"][1]
    books.settings_client.call("base.automation", "write", ids=[rule_id], vals={"active": False})

    report = provision(books.settings_client, "https://connector.example/webhooks/odoo/acme/one")

    assert report.created == ()
    (rule,) = books.settings_client.call("base.automation", "read", ids=[rule_id], fields=["active"])
    assert rule["active"] is True


def test_the_added_fields_are_not_copied_with_an_invoice(books: Books) -> None:
    provision(books.settings_client, "https://connector.example/webhooks/odoo/acme/one")
    sent = books.invoice()
    host(books).write_back(str(sent), WriteBack("case-1", "Registrerat", datetime.now(UTC)))

    copy = books.client.call("account.move", "copy", ids=[sent])

    assert books.move(copy[0], *ADDED) == {"id": copy[0], **dict.fromkeys(ADDED, False)}


def test_without_the_fields_there_is_no_wish_and_no_place_to_write(books: Books) -> None:
    sent, ledger = books.invoice(), host(books)

    assert ledger.wish(str(sent)) is None
    assert list(ledger.requested()) == []
    result = ledger.write_back(str(sent), WriteBack("case-1", "Registrerat", datetime.now(UTC)))
    assert result.places == ()
    assert "not set up" in result.refused


def test_the_connectors_own_key_may_not_provision(books: Books) -> None:
    client: OdooClient = books.client

    with pytest.raises(NotAuthorised) as refusal:
        provision(client, "https://connector.example/webhooks/odoo/acme/secret-token")
    with pytest.raises(NotAuthorised):
        remove(client)

    assert "secret-token" not in str(refusal.value)
    assert installed(books) == {}
