"""Following a ledger: polling finds every wish and every change, politely, whatever clocks, crashes and rivals do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connector.domain.errors import ConnectorError
from connector.domain.hand_over import HandOverState, Origin
from connector.flows.events import following as polling
from connector.flows.events import requests
from connector.flows.events.requests import Hint
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import following, inbox, tables, timeline
from tests.flows.hand_over_steps import asked, begun, death_at_call, driven, elsewhere, events, stored
from tests.flows.stage import CONNECTION, Stage

SEARCH = "POST /json/2/account.move/search_read"
MANY = 10_000
POLITE = 30


@pytest.fixture
def sent(on: Stage) -> tuple[str, str]:
    """An invoice that was handed over, and its hand-over; all changes so far have been followed."""
    invoice = on.invoice()
    started = begun(on, invoice)
    assert driven(on, started).state is HandOverState.REGISTERED
    write_back(on.deployment, started)
    poll(on)
    return invoice, started


@pytest.fixture(autouse=True)
def ledgers_clock(on: Stage) -> Iterator[None]:
    yield
    on.ledger.now = lambda: datetime.now(UTC)


def poll(on: Stage) -> None:
    assert polling.poll(on.deployment, CONNECTION).then is Then.STOP


def calls(on: Stage) -> int:
    """How many calls the ledger has answered."""
    return sum(on.ledger.traffic.snapshot()["requests"].values())


def told(on: Stage, hand_over: str) -> list[tuple[str, str]]:
    """What the record tells of changes in the ledger."""
    entries = timeline.of_hand_over(on.deployment.databases.main, hand_over)
    return [(entry.data["standing"], entry.data["balance"]) for entry in entries if entry.event == "ledger_changed"]


def cursor(on: Stage) -> str:
    return following.cursor(on.deployment.databases.main, CONNECTION)


def forget(on: Stage, **values: str) -> None:
    """Put the connection back to what a store has that was upgraded."""
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.connections.update().values(values))


def wishes(on: Stage) -> list[str]:
    return [item.invoice_id for item in inbox.waiting(on.deployment.databases.inbox) if item.request]


def test_a_payment_after_the_hand_over_is_noted_once(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    for _ in range(3):
        poll(on)
    assert told(on, started) == [("open", "1000.00")]
    on.ledger.books.pay(int(invoice), Decimal("1000.00"))
    for _ in range(3):
        poll(on)
    assert told(on, started) == [("open", "1000.00"), ("settled", "0.00")]
    found = stored(on, started)
    assert found.standing is not None
    assert (found.standing.kind, found.state) == ("settled", HandOverState.REGISTERED)


def test_a_hint_tells_of_a_payment_at_once(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.pay(int(invoice), Decimal("1250.00"))
    for _ in range(2):
        on.hint(invoice)
        newest = max(item.id for item in inbox.waiting(on.deployment.databases.inbox))
        assert requests.follow_hint(on.deployment, Hint(CONNECTION, invoice, newest)).then is Then.NEXT
    assert told(on, started) == [("settled", "0.00")]


def test_a_dispute_a_cancellation_and_a_removal_are_noted(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.set_invoice(int(invoice), payment_state="blocked")
    poll(on)
    on.ledger.books.set_invoice(int(invoice), payment_state="not_paid", state="cancel")
    poll(on)
    on.ledger.books.set_invoice(int(invoice), move_type="entry")
    _, host = on.deployment.sides(on.deployment.connection(CONNECTION))
    polling.look_at_all(on.deployment, CONNECTION, host)
    assert told(on, started) == [("held", "1250.00"), ("cancelled", "1250.00"), ("gone", "0.00")]


def test_what_is_written_without_a_change_is_no_news(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.set_invoice(int(invoice), narration="Hej", x_amili_status="Något annat")
    poll(on)
    assert told(on, started) == []


def test_a_payment_between_the_registration_and_the_first_poll_is_noted(on: Stage) -> None:
    invoice = on.invoice()
    started = begun(on, invoice)
    driven(on, started)
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    poll(on)
    assert told(on, started) == [("open", "1000.00")]


def test_an_invoice_that_was_not_handed_over_is_not_kept(on: Stage, sent: tuple[str, str]) -> None:
    del sent
    invoice = on.invoice(on.customer(company_registry=""))
    started = begun(on, invoice)
    driven(on, started)
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    poll(on)
    assert told(on, started) == []
    assert stored(on, started).standing is None


def test_a_transaction_that_ends_late_is_found_all_the_same(on: Stage, sent: tuple[str, str]) -> None:
    """Its changes bear the time at which it began, which others have passed by then (odoo/API.md, "Changes")."""
    invoice, started = sent
    on.ledger.books.set_invoice(int(on.invoice()), narration="later")
    poll(on)
    on.ledger.now = lambda: datetime.now(UTC) - timedelta(minutes=4)
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    poll(on)
    assert told(on, started) == [("open", "1000.00")]


@pytest.mark.parametrize("jump", [timedelta(days=3650), timedelta(hours=-1)])
def test_a_ledger_whose_clock_jumps_and_is_put_right_hides_nothing(
    on: Stage, sent: tuple[str, str], jump: timedelta
) -> None:
    invoice, started = sent
    on.ledger.now = lambda: datetime.now(UTC) + jump
    on.ledger.books.set_invoice(int(on.invoice()), narration="at the wrong time")
    poll(on)
    on.ledger.now = lambda: datetime.now(UTC)
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    poll(on)
    assert told(on, started) == [("open", "1000.00")]


def test_the_cursor_moves_only_when_what_it_covers_is_kept(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    before = cursor(on)
    on.ledger.switches.set(
        LedgerSwitches(faults=(Fault(FaultKind.HALF_ANSWER, ("account.move/search_read",), share=1),))
    )
    with pytest.raises(ConnectorError):
        poll(on)
    assert cursor(on) == before
    on.ledger.switches.set(LedgerSwitches())
    poll(on)
    assert told(on, started) == [("open", "1000.00")]


def test_a_poll_that_is_cut_off_anywhere_loses_nothing(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    wished = on.invoice(wished_by="Eva Ekonom")
    for call in range(1, 6):
        for after in (False, True):
            with death_at_call(call, after=after):
                poll(on)
    poll(on)
    assert told(on, started) == [("open", "1000.00")]
    assert wished in wishes(on)


def test_two_workers_that_poll_at_once_do_no_harm(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    _, host = on.deployment.sides(on.deployment.connection(CONNECTION))
    slow = host.changes(cursor(on), now=datetime.now(UTC))
    page = next(slow)
    begun_at = cursor(on)
    polling.follow_changes(elsewhere(on.deployment), CONNECTION, host)
    db = on.deployment.databases.main
    seen_before = following.handed_over(db, CONNECTION, page.standings)
    assert [following.note(db, one, page.standings[one.invoice_id]) for one in seen_before] == [False] * len(
        seen_before
    )
    moved = following.move_cursor(db, CONNECTION, before=begun_at, after=page.cursor)
    assert moved == (begun_at == cursor(on))
    assert told(on, started) == [("open", "1000.00")]


def test_a_store_that_was_upgraded_learns_how_its_hand_overs_stand(on: Stage, sent: tuple[str, str]) -> None:
    _, untouched = sent
    invoice = on.invoice()
    settled = begun(on, invoice)
    driven(on, settled)
    on.ledger.books.pay(int(invoice), Decimal("1250.00"))
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.hand_overs.update().values(standing=None))
    forget(on, changes_cursor="")
    poll(on)
    assert told(on, settled) == [("settled", "0.00")], "it was open when it was handed over"
    assert told(on, untouched) == [], "how it stood is not known, so nothing is said to have changed"
    known = stored(on, untouched).standing
    assert known is not None
    assert known.balance == Decimal("1250.00")


def test_ten_thousand_invoices_are_polled_politely(on: Stage, sent: tuple[str, str]) -> None:
    invoice, started = sent
    customer = on.customer()
    made = [
        on.ledger.books.add_invoice(customer, [InvoiceLine("Konsulttimme", Decimal(1000))], due_days_ago=45)
        for _ in range(MANY)
    ]
    for number in made[::1000]:
        on.ledger.click_send(number, "Eva Ekonom")
    forget(on, changes_cursor="")
    before = calls(on)
    poll(on)
    assert calls(on) - before < POLITE, "the first time"
    for number in made:
        on.ledger.books.set_invoice(number, narration="changed")
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    before = calls(on)
    poll(on)
    assert calls(on) - before < POLITE, "when everything has changed"
    assert told(on, started) == [("open", "1000.00")]
    assert {str(number) for number in made[::1000]} <= set(wishes(on))


# Wishes


def test_wishes_are_found_whatever_the_cursor_says(on: Stage, sent: tuple[str, str]) -> None:
    del sent
    wished = on.invoice(wished_by="Eva Ekonom")
    forget(on, changes_cursor="2999-01-01 00:00:00")
    poll(on)
    assert wished in wishes(on)


def test_a_wish_that_is_being_worked_on_is_not_asked_for_again(on: Stage, sent: tuple[str, str]) -> None:
    del sent
    invoice = on.invoice(wished_by="Eva Ekonom")
    begun(on, invoice, origin=Origin.LEDGER, wish_mark="an earlier one")
    poll(on)
    assert invoice not in wishes(on)


def test_a_wish_taken_back_before_it_is_acted_on_is_not_acted_on(on: Stage) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    started = begun(on, invoice, origin=Origin.LEDGER, wish_mark=on.odoo.mark(invoice))
    on.odoo.take_back(invoice)
    ended = driven(on, started)
    assert ended.state is HandOverState.SKIPPED
    assert [finding.code for finding in ended.findings] == ["wish_taken_back"]
    assert on.cases(invoice) == 0
    assert write_back(on.deployment, started).then is Then.NEXT
    assert not on.ledger.changing_writes(int(invoice))
    on.side.wish(invoice, "Eva Ekonom")
    asked(on, invoice, origin=Origin.LEDGER, wish_mark=on.odoo.mark(invoice))
    assert driven(on, started).state is HandOverState.REGISTERED
    assert events(on, started)[:3] == ["asked", "skipped", "asked"]
