"""Worker processes: what waits is brought to its end, whatever is lost and whoever else is in trouble."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import create_engine, func, select, text

from connector.amili.keys import make_key_pair
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, Origin, PdfState, Request
from connector.flows.companies import keys
from connector.flows.events.following import POLL
from connector.sandbox.shared.switches import AmiliSwitches, Fault, FaultKind
from connector.store import connections, executors, hand_overs, inbox, tables
from connector.store.connections import DEFAULT_ACCESS
from connector.store.database import reading
from connector.store.hand_over_record import HandOver
from tests.flows.hand_over_steps import closed_port
from tests.flows.stage import CONNECTION, SHORT, Stage, stage
from tests.flows.waiting import until
from tests.flows.zygote import Zygote, zygote
from tests.store.samples import vault

PERSON = "19900101-1239"
NEW_KEY = "a-new-key-0123456789abcdef0123456789abcd"
STARTED_AND_DONE_S = 120
BULK = 200


def stop(forking: Zygote, pid: int) -> None:
    """Ask a worker to end, as the system does, and see that it does."""
    os.kill(pid, signal.SIGTERM)
    until(lambda: not forking.runs(pid), within_s=120, what="the worker's end")


def engine_tables(on: Stage) -> bytes:
    """Everything that the engine has on disk; on PostgreSQL, everything in its tables."""
    url = on.deployment.databases.engine_url
    if url.startswith("sqlite:///"):
        return b"".join(path.read_bytes() for path in _engine_files(on))
    reader = create_engine(url)
    with reader.connect() as connection:
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'dbos'")).scalars().all()
        rows = [connection.execute(text(f"SELECT t::text FROM dbos.{name} AS t")).scalars().all() for name in names]
    reader.dispose()
    return repr(rows).encode()


def lose_engine_tables(on: Stage) -> None:
    """The engine's database is gone."""
    url = on.deployment.databases.engine_url
    if url.startswith("sqlite:///"):
        for path in _engine_files(on):
            path.unlink()
        return
    owner = create_engine(url)
    with owner.begin() as connection:
        connection.execute(text("DROP SCHEMA dbos CASCADE"))
    owner.dispose()


def _engine_files(on: Stage) -> list[Path]:
    return sorted(on.deployment.settings.data_dir.glob("engine.db*"))


def waits(on: Stage, invoice: str) -> HandOver | None:
    """The invoice's hand-over, if it has come to a pause."""
    found = on.hand_over(invoice)
    return found if found is not None and found.waiting_for else None


def test_every_kind_of_end_is_reached_and_leaves_no_secret_behind(tmp_path: Path, database_url: str | None) -> None:
    with stage(tmp_path / "data", database_url=database_url or "", **SHORT) as on, zygote(tmp_path / "log") as forking:
        person = on.customer(
            name="Anna Andersson", company_registry=PERSON, email="anna@andersson.example", street="Lillgatan 3"
        )
        on.ledger.books.set_customer(person, is_company=False, company_type="person")
        clean, unsent, unlucky, without_pdf = (
            on.invoice(person, wished_by="Eva Ekonom"),
            on.invoice(on.customer(company_registry=""), wished_by="Eva Ekonom"),
            on.invoice(person, wished_by="Eva Ekonom"),
            on.invoice(person),
        )
        on.ledger.break_pdf(int(without_pdf))
        lost = Fault(FaultKind.DROP_AFTER, ("register",), (on.number(unlucky),), next_n=1)
        on.amili.switches.set(AmiliSwitches(faults=(lost,)))
        for invoice in (clean, unsent, unlucky):
            on.hint(invoice)
        on.ask(without_pdf)
        worker = forking.fork(on.env)
        for invoice in (clean, unsent, unlucky, without_pdf):
            until(lambda: on.ended(invoice), within_s=STARTED_AND_DONE_S, what=f"the end of {invoice}")  # noqa: B023
        until(lambda: _answered(on, unsent), within_s=120, what="the answer in the ledger")
        stop(forking, worker)
        assert _came_to(on, clean) == (HandOverState.DONE, PdfState.UPLOADED, 1)
        assert _came_to(on, unsent) == (HandOverState.BLOCKED, PdfState.PENDING, 0)
        assert _came_to(on, unlucky) == (HandOverState.DONE, PdfState.UPLOADED, 1)
        assert _came_to(on, without_pdf) == (HandOverState.DONE, PdfState.UNAVAILABLE, 1)
        assert inbox.oldest_waiting_s(on.deployment.databases.inbox) == 0.0
        assert executors.all_ids(on.deployment.databases.main) == (), "the worker signed off"
        _no_canary(on, forking)


def _came_to(on: Stage, invoice: str) -> tuple[HandOverState, PdfState, int]:
    found = on.hand_over(invoice)
    assert found is not None
    return found.state, found.pdf, on.cases(invoice)


def _answered(on: Stage, invoice: str) -> bool:
    return str(on.ledger.books.field(int(invoice), "x_amili_status")).startswith("Åtgärd krävs")


def _no_canary(on: Stage, forking: Zygote) -> None:
    personal = (PERSON, PERSON.replace("-", ""), "Anna Andersson", "anna@andersson.example", "Lillgatan", "%PDF-")
    log, engine = forking.log.read_bytes(), engine_tables(on)
    assert b"is ready" in log
    assert f"send:{CONNECTION}:".encode() in engine
    for canary in (*personal, *on.canaries.values()):
        assert canary.encode() not in log, canary
        assert canary.encode() not in engine, canary


def test_losing_the_engines_tables_costs_nothing_but_time(tmp_path: Path, database_url: str | None) -> None:
    with stage(tmp_path / "data", database_url=database_url or "", **SHORT) as on, zygote(tmp_path / "log") as forking:
        waiting, unknown = on.invoice(wished_by="Eva Ekonom"), on.invoice(wished_by="Eva Ekonom")
        on.amili.switches.set(
            AmiliSwitches(
                faults=(
                    Fault(FaultKind.RATE_LIMITED, ("register",), (on.number(waiting),), share=1.0, retry_after_s=600),
                    Fault(FaultKind.FAIL_AFTER, ("register",), (on.number(unknown),), share=1.0),
                ),
                visible_after_s=4.0,
            )
        )
        for invoice in (waiting, unknown):
            on.hint(invoice)
        first = forking.fork(on.env)
        for invoice in (waiting, unknown):
            until(lambda: waits(on, invoice) is not None, within_s=STARTED_AND_DONE_S, what="a pause")  # noqa: B023
        forking.kill(first)
        until(lambda: not forking.runs(first), within_s=120, what="the worker's death")
        lose_engine_tables(on)
        on.amili.switches.set(AmiliSwitches())
        forking.fork(on.env)
        for invoice in (waiting, unknown):
            until(lambda: on.ended(invoice), within_s=STARTED_AND_DONE_S, what="the end all the same")  # noqa: B023
            assert _came_to(on, invoice) == (HandOverState.DONE, PdfState.UPLOADED, 1)


def test_a_worker_that_was_killed_is_followed_by_the_next(tmp_path: Path) -> None:
    with stage(tmp_path / "data", **SHORT) as on, zygote(tmp_path / "log") as forking:
        invoices = [on.invoice(wished_by="Eva Ekonom") for _ in range(5)]
        for invoice in invoices:
            on.hint(invoice)
        on.amili.switches.set(AmiliSwitches(slow_operations_s={"register": 0.5}))
        first = forking.fork(on.env)
        until(
            lambda: on.amili.traffic.snapshot()["registrations_received"], within_s=120, what="the first registration"
        )
        forking.kill(first)
        forking.fork(on.env)
        for invoice in invoices:
            until(lambda: on.ended(invoice), within_s=STARTED_AND_DONE_S, what="the end")  # noqa: B023
            assert _came_to(on, invoice) == (HandOverState.DONE, PdfState.UPLOADED, 1)


@contextmanager
def hanging_ledger() -> Iterator[str]:
    """The address of a ledger that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def join_another(on: Stage, connection_id: str, url: str) -> None:
    """One more company of the same creditor, whose ledger is at `url`."""
    first = on.deployment.connection(CONNECTION)
    connections.add(
        on.deployment.databases.main,
        on.deployment.vault,
        connection_id=connection_id,
        host="odoo",
        name=connection_id,
        settings=first.settings.model_copy(update={"host": first.settings.host | {"url": url}}),
        amili_access=DEFAULT_ACCESS,
        secrets={"api_key": SecretStr("another-ledger-key")},
        creditor_status=first.creditor_status,
    )


def test_one_companys_trouble_is_not_anothers(tmp_path: Path) -> None:
    """One ledger hangs, one is gone, one connection's secrets cannot be opened; a fourth company only wishes."""
    with (
        hanging_ledger() as hanging,
        stage(
            tmp_path / "data", POLL_INTERVAL_S="1", WORKER_CONCURRENCY="4", CONNECTION_CONCURRENCY="2", **SHORT
        ) as on,
        zygote(tmp_path / "log") as forking,
    ):
        join_another(on, "hanging", hanging)
        join_another(on, "gone", f"http://127.0.0.1:{closed_port()}")
        join_another(on, "locked", on.ledger_url)
        table = tables.connections
        with on.deployment.databases.main.begin() as connection:
            sealed_with_another_key = vault().seal("{}")
            connection.execute(table.update().where(table.c.id == "locked").values(secrets=sealed_with_another_key))
        for company in ("hanging", "gone", "locked"):
            for number in range(6):
                request = Request(
                    connection=company, invoice_id=str(number + 1), origin=Origin.COMMAND, asked_by="test"
                )
                inbox.put_request(on.deployment.databases.inbox, request)
        wished = [on.invoice(wished_by="Eva Ekonom") for _ in range(3)]
        forking.fork(on.env)
        for invoice in wished:
            until(lambda: on.ended(invoice), within_s=120, what="the end in the healthy company")  # noqa: B023
            assert _came_to(on, invoice) == (HandOverState.DONE, PdfState.UPLOADED, 1)
        for company in ("gone", "locked"):
            until(lambda: _all_wait(on, company), within_s=120, what=f"what {company} waits for")  # noqa: B023
        assert _live_polls(on, "gone") == 1, "polls do not pile up"


def _all_wait(on: Stage, company: str) -> bool:
    listed = hand_overs.listing(on.deployment.databases.main, connection_id=company)
    return len(listed) == 6 and all(one.state is HandOverState.REQUESTED and one.waiting_for for one in listed)


def _live_polls(on: Stage, company: str) -> int:
    table = tables.jobs
    with reading(on.deployment.databases.main) as connection:
        polls = select(func.count()).where(table.c.kind == POLL, table.c.partition == company)
        return int(connection.execute(polls).scalar_one())


def test_cases_are_read_by_themselves_and_a_refused_key_pair_holds_up_no_other(tmp_path: Path) -> None:
    with stage(tmp_path / "data", CASES_INTERVAL_S="1") as on, zygote(tmp_path / "log") as forking:
        pair = make_key_pair()
        own = on.deployment.connection(CONNECTION)
        store, sealed_with = on.deployment.databases.main, on.deployment.vault
        connections.put_access(
            store,
            sealed_with,
            access_id="refused",
            private_key=pair.private_key,
            public_key=pair.public_key,
            api_code=SecretStr("of nobody"),
        )
        connections.add(
            store,
            sealed_with,
            connection_id="other",
            host="odoo",
            name="Another AB",
            settings=own.settings,
            amili_access="refused",
            secrets=own.secrets,
        )
        on.let_cases_be_read()
        invoice = on.invoice(wished_by="Eva Ekonom")
        on.hint(invoice)
        worker = forking.fork(on.env)

        def shows(status: str) -> bool:
            return str(on.ledger.books.field(int(invoice), "x_amili_status")) == status

        until(lambda: shows("Hos Amili: Inkassokrav, Inkasso pågår"), within_s=STARTED_AND_DONE_S, what="the state")
        (case,) = on.amili.cases
        on.amili.set_case(case, state="reminder", status="hos_domstol")
        until(lambda: shows("Hos Amili: Påminnelse, hos_domstol"), within_s=STARTED_AND_DONE_S, what="the change")
        stop(forking, worker)


def test_a_new_key_lets_everything_go_on_at_once_that_waited_for_it(tmp_path: Path) -> None:
    with stage(tmp_path / "data") as on, zygote(tmp_path / "log") as forking:
        worker = forking.fork(on.env)
        on.ledger.drop_key(on.ledger.api_key)
        asked_for, wished = on.invoice(), on.invoice(wished_by="Eva Ekonom")
        on.ask(asked_for)
        on.hint(wished)
        until(lambda: waits(on, asked_for) is not None, within_s=STARTED_AND_DONE_S, what="the pause")
        found = waits(on, asked_for)
        assert found is not None
        assert found.waiting_for == WAITS_FOR_KEY
        on.ledger.set_key(NEW_KEY, 5)
        keys.enter(on.deployment, on.deployment.connection(CONNECTION), SecretStr(NEW_KEY), by="eva@byran.example")
        for invoice in (asked_for, wished):
            until(lambda: on.ended(invoice), within_s=STARTED_AND_DONE_S, what=f"the end of {invoice}")  # noqa: B023
        stop(forking, worker)
        assert [_came_to(on, invoice)[0] for invoice in (asked_for, wished)] == [HandOverState.DONE] * 2
        assert NEW_KEY.encode() not in forking.log.read_bytes() + engine_tables(on)


def test_two_hundred_invoices_of_one_company_do_not_hold_up_another(tmp_path: Path) -> None:
    with (
        stage(tmp_path / "data", WORKER_CONCURRENCY="4", CONNECTION_CONCURRENCY="2") as on,
        zygote(tmp_path / "log") as forking,
    ):
        join_another(on, "busy", on.ledger_url)
        on.ledger.set_key("another-ledger-key", 5)
        customer = on.customer()
        selected = [on.invoice(customer) for _ in range(BULK)]
        inbox.put_requests(
            on.deployment.databases.inbox,
            [
                Request(connection="busy", invoice_id=invoice, origin=Origin.COMMAND, asked_by="test")
                for invoice in selected
            ],
        )
        forking.fork(on.env)
        until(lambda: _done(on, "busy") > 0, within_s=STARTED_AND_DONE_S, what="the first of the many")
        single = on.invoice(wished_by="Eva Ekonom")
        on.hint(single)
        until(lambda: on.ended(single), within_s=STARTED_AND_DONE_S, what="the end of the single one")
        assert _done(on, "busy") < BULK


def _done(on: Stage, company: str) -> int:
    db = on.deployment.databases.main
    return len(hand_overs.listing(db, connection_id=company, state=HandOverState.DONE, limit=BULK))
