"""`booked-through`: says and shows how far receipts are booked; and a rule's plan where nobody knows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from connector.domain.dates import previous_bank_day, today
from connector.store import inbox
from tests.cli.conftest import House


def without_receipts(house: House) -> None:
    records = house.on.ledger.books.records
    for model in ("account.bank.statement.line", "account.payment"):
        for number in records.search(model, [], order="id"):
            records.update(model, number, {"amount": Decimal(-1)})


def test_a_day_that_is_over_is_kept_and_shown(house: House) -> None:
    without_receipts(house)
    passed = previous_bank_day(today())

    assert house.terminal.run("booked-through", "--json").json["booked_until"] is None
    said = house.terminal.run("booked-through", passed.isoformat())

    assert said.status == 0, said.err
    assert f"Receipts are booked through {passed}." in said.out
    shown = house.terminal.run("booked-through", "--json").json
    assert shown["booked_until"] == passed.isoformat()
    assert [(one["account"], one["through"]) for one in shown["said"]] == [("", passed.isoformat())]


def test_a_day_that_is_not_over_and_an_account_that_is_none_are_refused(house: House) -> None:
    for arguments in ((today().isoformat(),), ((today() - timedelta(days=3)).isoformat(), "--account", "999")):
        refused = house.terminal.run("booked-through", *arguments)
        assert refused.status == 2, refused.out
    assert house.terminal.run("booked-through", "--json").json["said"] == []


def test_where_nobody_knows_rules_propose_and_never_send(house: House) -> None:
    first = house.on.invoice()
    sent = house.terminal.run("send", house.on.number(first), "--yes")
    assert sent.status == 0, sent.err
    without_receipts(house)
    second = house.on.invoice()
    waiting = inbox.waiting(house.on.deployment.databases.inbox)

    for force in ((), ("--force",)):
        held = house.terminal.run("propose", "--send", "--yes", *force)
        assert held.status == 5, held.err
        assert "1 invoice," in held.out
        assert "how far receipts are booked" in held.err
    assert inbox.waiting(house.on.deployment.databases.inbox) == waiting

    assert house.terminal.run("booked-through", previous_bank_day(today()).isoformat()).status == 0
    assert house.terminal.run("propose", "--send", "--yes").status == 0
    later = inbox.waiting(house.on.deployment.databases.inbox)
    assert [one.invoice_id for one in later if one not in waiting] == [second]
