"""The databases: SQLite files by default, one PostgreSQL by DATABASE_URL.

SQLite runs in WAL with one connection per process, so that threads queue for it in order instead of meeting
in SQLite's unfair busy handler; hence no transaction may contain another one, or an HTTP call
(engine.md, "Pitfalls met while building it").
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Double, Engine, cast, create_engine, event, extract, func, literal
from sqlalchemy.sql import ColumnElement

BUSY_TIMEOUT_S = 30
_READS = "connector_reads_only"
_SINGLE = "connector_single_statement"
_PAUSE_S = 0.02


@dataclass(frozen=True)
class Databases:
    """`main` is the truth, `inbox` takes what comes from outside, `engine_url` is where the engine keeps its tables."""

    main: Engine
    inbox: Engine
    engine_url: str

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.main.dispose()
        self.inbox.dispose()


def open_databases(*, data_dir: Path, database_url: str | None) -> Databases:
    """The databases of a deployment; on SQLite their folder is made, readable by its owner alone."""
    if database_url:
        url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)
        return Databases(main=engine, inbox=engine, engine_url=url)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = data_dir.resolve()
    return Databases(
        main=_sqlite(folder / "connector.db"),
        inbox=_sqlite(folder / "inbox.db"),
        engine_url=f"sqlite:///{folder / 'engine.db'}",
    )


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_S,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def configure(dbapi_connection: Any, _record: object) -> None:
        cursor = dbapi_connection.cursor()
        use_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer can fail at once with "database is locked".
        options = connection.get_execution_options()
        if not options.get(_SINGLE, False):
            connection.exec_driver_sql("BEGIN" if options.get(_READS, False) else "BEGIN IMMEDIATE")

    return engine


def use_wal(cursor: sqlite3.Cursor) -> None:
    """Let readers and a writer of a SQLite file work side by side.

    Where another process does the same at this moment, the switch fails at once, whatever the busy timeout.
    """
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read with; on SQLite it takes no write lock."""
    with engine.connect().execution_options(**{_READS: True}) as connection:
        yield connection


@contextmanager
def single_statement(engine: Engine) -> Iterator[Connection]:
    """A connection for exactly one writing statement, which is a transaction by itself.

    On SQLite the file is locked only while the statement runs, and not while the thread waits for its turn in
    Python: that wait made the other process, which sleeps before it tries again, miss the file many times over.
    """
    with engine.connect().execution_options(**{_SINGLE: True}) as connection, connection.begin():
        yield connection


def now(connection: Connection) -> ColumnElement[float]:
    """The present instant as an SQL expression.

    On PostgreSQL it is the server's clock, so that machines whose clocks differ agree about leases.
    """
    if connection.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()), Double())
    return literal(time.time(), Double())
