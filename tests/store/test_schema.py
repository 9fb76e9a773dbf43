"""Migrations: they make the tables the code knows, any number of times, and from many processes at once."""

from __future__ import annotations

import multiprocessing
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, Text, UniqueConstraint, inspect, literal, select, text
from sqlalchemy.dialects.postgresql import BYTEA, DOUBLE_PRECISION
from sqlalchemy.types import DOUBLE, TypeDecorator, TypeEngine

from connector.domain.hand_over import HandOverState, WriteBackState
from connector.store import connections, following, hand_overs, inbox, schema, tables, tasks, users
from connector.store.crypto import Vault
from connector.store.database import Databases, open_databases, reading
from connector.store.ledger_keys import LedgerKey
from tests.store.samples import add_connection, ask, vault

PROCESSES = 4


def _migrate(folder: Path, database_url: str | None, start: Any, failures: Any) -> None:
    opened = open_databases(data_dir=folder, database_url=database_url)
    try:
        start.wait(timeout=60)
        schema.migrate(opened)
        item = inbox.put_hint(opened.inbox, "testbolaget", "1")
        failures.put("" if item else "no item")
    except Exception:  # noqa: BLE001  told to the test, which fails with it
        failures.put(traceback.format_exc())
    finally:
        opened.dispose()


def test_several_processes_may_start_at_once(tmp_path: Path, database_url: str | None) -> None:
    context = multiprocessing.get_context("forkserver")
    start, failures = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=_migrate, args=(tmp_path / "data", database_url, start, failures))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    told = [failures.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    failures.close()
    assert told == [""] * PROCESSES
    opened = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    try:
        assert len(inbox.waiting(opened.inbox)) == PROCESSES
        with reading(opened.main) as connection:
            assert connection.execute(text("SELECT count(*) FROM main_version")).scalar_one() == 1
    finally:
        opened.dispose()


def test_migrating_again_changes_nothing(databases: Databases) -> None:
    add_connection(databases)
    hand_over, _ = ask(databases)
    item = inbox.put_hint(databases.inbox, "testbolaget", "1")
    schema.migrate(databases)
    assert ask(databases)[0] == hand_over
    assert [found.id for found in inbox.waiting(databases.inbox)] == [item]


@pytest.mark.parametrize("branch", ["main", "inbox"])
def test_the_files_of_migrations_are_named_in_their_order(branch: str) -> None:
    scripts = ScriptDirectory.from_config(schema._config(branch))
    assert schema.revisions(branch) == tuple(one.revision for one in reversed(list(scripts.walk_revisions())))


def test_the_newest_schema_is_seen_without_loading_a_migration(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(command, "upgrade", lambda config, _: ran.append(config.attributes["version_table"]))
    schema.migrate(databases)
    assert ran == []
    with databases.main.begin() as connection:
        connection.execute(text("UPDATE main_version SET version_num = '0029'"))
    schema.migrate(databases)
    assert ran == ["main_version"]


def test_the_rows_of_the_first_schema_are_kept(tmp_path: Path, database_url: str | None) -> None:
    opened = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    sealed_with = vault()
    try:
        _as_first_released(opened, sealed_with)
        schema.migrate(opened)
        connection = connections.get(opened.main, sealed_with, "testbolaget")
        kept = hand_overs.get(opened.main, "first")
        cursor = following.cursor(opened.main, "testbolaget")
    finally:
        opened.dispose()
    assert connection.secrets["api_key"].get_secret_value() == "key"
    assert connection.key == LedgerKey(number=0, expires=None, refused_at=None, set_at=None, set_by="")
    assert cursor == ""
    assert (kept.case_id, kept.state, kept.capital) == ("case", HandOverState.DONE, Decimal("1250.00"))
    assert (kept.standing, kept.message_left, kept.message_attempted) == (None, "", "")
    assert (kept.counted, kept.follow_up_asked, kept.follow_up_done) == (None, 1, 0)


def test_what_a_person_declined_before_is_told_in_the_ledger_too(tmp_path: Path, database_url: str | None) -> None:
    opened = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    try:
        _as_first_released(opened, vault())
        schema.migrate(opened)
        declined, taken_back = (hand_overs.get(opened.main, name) for name in ("declined", "taken-back"))
        untold = [hand_over.id for hand_over in hand_overs.unfinished(opened.main)]
    finally:
        opened.dispose()
    assert (declined.declined_by, declined.write_back) == ("bo@byran.example", WriteBackState.PENDING)
    assert (taken_back.declined_by, taken_back.write_back) == ("", WriteBackState.WRITTEN)
    assert untold == ["declined"]


@pytest.mark.parametrize(
    ("standing", "kind", "cursor"),
    [
        ('{"state":"booked","balance":"0.00","held":false}', "settled", ""),
        ('{"state":"booked","balance":"12.50","held":true}', "held", ""),
        ('{"state":null,"balance":"0.00","held":false}', "gone", ""),
        ('{"state":"booked","balance":"12.50","held":false,"put_off":false}', "open", "2026-11-01 00:00:00"),
        ("", "", "2026-11-01 00:00:00"),
    ],
)
def test_what_could_not_be_noticed_is_looked_for_anew(
    tmp_path: Path, database_url: str | None, standing: str, kind: str, cursor: str
) -> None:
    opened = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    warning = '[{"code":"pdf_unavailable","severity":"warning","field":"","value":"","sv":"-","en":"-"}]'
    try:
        _as_first_released(opened, vault())
        with opened.main.begin() as connection:
            _upgrade(connection, "0022")
            before = {"standing": literal(standing, Text()), "findings": literal(warning, Text())}
            connection.execute(tables.hand_overs.update().where(tables.hand_overs.c.id == "first").values(before))
            connection.execute(tables.connections.update().values(changes_cursor="2026-11-01 00:00:00"))
        schema.migrate(opened)
        with reading(opened.main) as connection:
            columns = (tables.hand_overs.c.standing_kind, tables.hand_overs.c.warned)
            kept = connection.execute(select(*columns).where(tables.hand_overs.c.id == "first")).one()
        remarks = [one.id for one in tasks.with_remarks(opened.main, None, limit=10)]
        assert following.cursor(opened.main, "testbolaget") == cursor
    finally:
        opened.dispose()
    assert (kept.standing_kind, bool(kept.warned), remarks) == (kind, True, ["first"])


def test_a_language_that_was_named_for_a_person_counts_as_chosen_after_an_upgrade(
    tmp_path: Path, database_url: str | None
) -> None:
    opened = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    person = {"name": "-", "password_hash": "-", "connections": "[]", "created_at": 1.0}
    people = [person | {"email": f"{language}@byran.example", "language": language} for language in ("en", "sv")]
    try:
        with opened.main.begin() as connection:
            _upgrade(connection, "0027")
            connection.execute(tables.users.insert(), people)
        schema.migrate(opened)
        english, swedish = users.every(opened.main)
    finally:
        opened.dispose()
    assert (english.language, english.language_chosen) == ("en", True)
    assert (swedish.language, swedish.language_chosen) == ("sv", False)


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations") / "main"))
    config.set_main_option("path_separator", "os")
    config.attributes["version_table"] = "main_version"
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _as_first_released(opened: Databases, sealed_with: Vault) -> None:
    """The main tables as the first migration made them, with a company and what became of three of its invoices."""
    company = {
        "id": "testbolaget",
        "host": "odoo",
        "name": "Testbolaget AB",
        "settings": "{}",
        "secrets": sealed_with.seal('{"api_key": "key"}'),
        "webhook_tokens": sealed_with.seal("[]"),
        "amili_access": "default",
        "creditor": "c" * 24,
        "created_at": 1.0,
    }
    first = {
        "id": "first",
        "connection": "testbolaget",
        "creditor": "c" * 24,
        "invoice_id": "7",
        "generation": 0,
        "state": "done",
        "first_action": "reminder",
        "origin": "ledger",
        "asked_by": "Eva",
        "asked_at": 1.0,
        "accepted": (),
        "lifted": {},
        "submission": 0,
        "tries": 0,
        "capital": Decimal("1250.00"),
        "case_id": "case",
        "pdf": "uploaded",
        "pdf_attempted": True,
        "write_back": "written",
        "findings": (),
        "updated_at": 1.0,
    }
    unsent = first | {"state": "skipped", "case_id": None}
    declined = unsent | {"id": "declined", "invoice_id": "8"}
    taken_back = unsent | {"id": "taken-back", "invoice_id": "9"}
    acts = [
        {"hand_over": "declined", "at": at, "actor": actor, "event": event, "data": "{}"}
        for at, actor, event in ((1.0, "eva@byran.example", "declined"), (2.0, "bo@byran.example", "declined"))
    ]
    with opened.main.begin() as connection:
        _upgrade(connection, "0001")
        access = {"id": "default", "private_key": sealed_with.seal("-"), "public_key": "-", "created_at": 1.0}
        for table, row in ((tables.amili_access, access), (tables.connections, company), (tables.hand_overs, first)):
            connection.execute(table.insert().values(row))
        connection.execute(tables.hand_overs.insert(), [declined, taken_back])
        connection.execute(tables.timeline.insert(), acts)


@pytest.mark.parametrize("part", ["main", "inbox"])
def test_the_migrations_make_the_tables_that_the_code_knows(databases: Databases, part: str) -> None:
    metadata: MetaData = tables.main if part == "main" else tables.inbox_metadata
    engine: Engine = databases.main if part == "main" else databases.inbox
    made = inspect(engine)
    for name, table in metadata.tables.items():
        columns = {column["name"]: column for column in made.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns], name
        for column in table.columns:
            reflected = columns[column.name]
            where = f"{name}.{column.name}"
            assert _kind(reflected["type"]) == _kind(column.type), where
            assert reflected["nullable"] == column.nullable, where
            assert _default(reflected["default"]) == _declared_default(column), where
        assert made.get_pk_constraint(name)["constrained_columns"] == [key.name for key in table.primary_key], name
        assert _uniques(made, name) == {
            (constraint.name, tuple(constraint.columns.keys()))
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        }, name
        assert _indexes(made, name) == {
            (index.name, tuple(column.name for column in index.columns)) for index in table.indexes
        }, name
        assert {(tuple(key["constrained_columns"]), key["referred_table"]) for key in made.get_foreign_keys(name)} == {
            ((key.parent.name,), key.column.table.name) for key in table.foreign_keys
        }, name


def test_the_migrations_make_no_table_that_the_code_does_not_know(databases: Databases) -> None:
    made = set(inspect(databases.main).get_table_names()) | set(inspect(databases.inbox).get_table_names())
    known = set(tables.main.tables) | set(tables.inbox_metadata.tables)
    assert made == known | {"main_version", "inbox_version"}


def _kind(found: TypeEngine[Any]) -> str:
    if isinstance(found, TypeDecorator):
        return _kind(found.impl_instance)
    if isinstance(found, (DOUBLE, DOUBLE_PRECISION)) or type(found).__name__ == "Double":
        return "double"
    if isinstance(found, BYTEA) or type(found).__name__ in ("BLOB", "LargeBinary"):
        return "bytes"
    return type(found).__name__.lower()


def _default(found: str | None) -> str | None:
    if found is None or found.startswith("nextval("):
        return None
    return found.removesuffix("::text").strip("'")


def _declared_default(column: Any) -> str | None:
    return None if column.server_default is None else str(column.server_default.arg)


def _uniques(made: Any, name: str) -> set[tuple[str, tuple[str, ...]]]:
    return {(unique["name"], tuple(unique["column_names"])) for unique in made.get_unique_constraints(name)}


def _indexes(made: Any, name: str) -> set[tuple[str, tuple[str, ...]]]:
    return {
        (index["name"], tuple(index["column_names"]))
        for index in made.get_indexes(name)
        if not index.get("duplicates_constraint")
    }
