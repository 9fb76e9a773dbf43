"""The databases: durable, readable while somebody writes, and open to their owner alone."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from connector.store import inbox, leases, schema
from connector.store.database import Databases, now, open_databases, reading
from connector.store.schema import migrate


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Databases]:
    """Databases on SQLite, without tables."""
    opened = open_databases(data_dir=tmp_path / "data", database_url=None)
    yield opened
    opened.dispose()


def test_sqlite_keeps_what_is_committed_through_a_power_cut(sqlite: Databases) -> None:
    for engine in (sqlite.main, sqlite.inbox):
        with reading(engine) as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2, "FULL"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_the_inbox_lies_in_a_file_that_the_engine_does_not_write(sqlite: Databases, tmp_path: Path) -> None:
    files = {str(sqlite.main.url), str(sqlite.inbox.url), sqlite.engine_url}
    assert files == {f"sqlite:///{tmp_path / 'data' / name}" for name in ("connector.db", "inbox.db", "engine.db")}


STRANGE = ("100 % säker?", "a%41b", "x?mode=ro&cache=shared#y", "%(here)s")


@pytest.mark.parametrize("name", STRANGE)
def test_a_folder_of_any_name_holds_the_databases_and_nothing_lies_elsewhere(tmp_path: Path, name: str) -> None:
    opened = open_databases(data_dir=tmp_path / name, database_url=None)
    try:
        migrate(opened)
        engine = make_url(opened.engine_url).database
        assert engine == str((tmp_path / name).resolve() / "engine.db")
        with opened.inbox.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 0
    finally:
        opened.dispose()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert {one.name.partition("-")[0] for one in (tmp_path / name).iterdir()} == {"connector.db", "inbox.db"}


@pytest.mark.parametrize("name", STRANGE)
def test_the_connector_may_be_installed_in_a_folder_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    moved = tmp_path / name / "migrations"
    shutil.copytree(schema._MIGRATIONS, moved)
    monkeypatch.setattr(schema, "_MIGRATIONS", moved)
    opened = open_databases(data_dir=tmp_path / "data", database_url=None)
    try:
        migrate(opened)
    finally:
        opened.dispose()


@pytest.mark.parametrize("name", ["a%b?c", "%(here)s"])
def test_a_database_of_any_name_is_reached_on_postgresql(postgres_url: str, tmp_path: Path, name: str) -> None:
    admin = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    made = f"{make_url(postgres_url).database}_{name}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{made.replace("%", "%%")}"')
    url = make_url(postgres_url).set(database=made).render_as_string(hide_password=False)
    opened = open_databases(data_dir=tmp_path / "data", database_url=url)
    try:
        migrate(opened)
        with opened.main.connect() as connection:
            assert connection.execute(text("SELECT current_database()")).scalar_one() == made
        assert make_url(opened.engine_url).database == made
    finally:
        opened.dispose()
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{made.replace("%", "%%")}" WITH (FORCE)')
        admin.dispose()


def test_the_folder_is_its_owners_alone(sqlite: Databases, tmp_path: Path) -> None:
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_with_psycopg(scheme: str, tmp_path: Path) -> None:
    opened = open_databases(data_dir=tmp_path / "data", database_url=f"{scheme}://user:word@db.example/name")
    assert opened.main.url.drivername == "postgresql+psycopg"
    assert opened.inbox is opened.main
    assert not (tmp_path / "data").exists()
    assert "word" not in repr(opened.main)


def test_a_reader_is_not_held_up_by_a_writer_of_another_process(
    databases: Databases, database_url: str | None, tmp_path: Path
) -> None:
    other = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    try:
        with databases.main.begin() as writing:
            writing.execute(text("INSERT INTO leases (name, owner, until) VALUES ('x', 'me', 0)"))
            with reading(other.main) as connection:
                assert connection.execute(text("SELECT count(*) FROM leases")).scalar_one() == 0
            with reading(other.inbox) as connection:
                assert connection.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 0
    finally:
        other.dispose()


def test_a_hint_is_stored_while_the_worker_holds_a_long_write(
    databases: Databases, database_url: str | None, tmp_path: Path
) -> None:
    web = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    try:
        with databases.main.begin() as writing:
            writing.execute(text("INSERT INTO leases (name, owner, until) VALUES ('x', 'me', 0)"))
            item = inbox.put_hint(web.inbox, "testbolaget", "1")
        assert [found.id for found in inbox.waiting(databases.inbox)] == [item]
    finally:
        web.dispose()


def test_writers_of_several_processes_queue_and_none_fails(
    databases: Databases, database_url: str | None, tmp_path: Path
) -> None:
    opened = [open_databases(data_dir=tmp_path / "data", database_url=database_url) for _ in range(3)]
    start = threading.Barrier(6)

    def write(number: int) -> None:
        start.wait(timeout=30)
        for turn in range(20):
            leases.try_lease(opened[number % 3].main, f"lease {number} {turn}", "me", for_s=60)

    try:
        with ThreadPoolExecutor(6) as writers:
            list(writers.map(write, range(6)))
        with reading(databases.main) as connection:
            assert connection.execute(text("SELECT count(*) FROM leases")).scalar_one() == 120
    finally:
        for one in opened:
            one.dispose()


def test_the_clock_moves_within_a_transaction(databases: Databases) -> None:
    """A lease is judged by the present, not by when the transaction began."""
    with databases.main.begin() as connection:
        first = connection.execute(select(now(connection))).scalar_one()
        second = connection.execute(select(now(connection))).scalar_one()
    assert second > first
    assert abs(first - second) < 60


def test_a_database_that_is_no_database_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "connector.db").write_bytes(b"somebody's own file, not a database" * 100)
    opened = open_databases(data_dir=folder, database_url=None)
    with pytest.raises(Exception, match="not a database") as caught, reading(opened.main) as connection:
        connection.exec_driver_sql("SELECT 1")
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError) or isinstance(caught.value, sqlite3.DatabaseError)
    opened.dispose()
    assert (folder / "connector.db").read_bytes().startswith(b"somebody's own file")
