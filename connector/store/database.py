"""The databases: SQLite files by default, one PostgreSQL by DATABASE_URL.

SQLite runs in WAL with one connection per process, so that threads queue for it in order instead of meeting
in SQLite's unfair busy handler; so no transaction may contain another one, or an HTTP call
(DESIGN.md, "Databases").
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Double,
    Engine,
    cast,
    create_engine,
    event,
    extract,
    func,
    literal,
    make_url,
    select,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql import ColumnElement

BUSY_TIMEOUT_S = 30
CONNECT_WITHIN_S = 10
"""How long a PostgreSQL that does not answer at all is waited for; whole seconds."""
_READS = "connector_reads_only"
_SINGLE = "connector_single_statement"
_PAUSE_S = 0.02
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


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


CLOCKS_DIFFER_S = 30.0
"""More than the clocks of two machines differ."""


def open_databases(*, data_dir: Path, database_url: str | None) -> Databases:
    """The databases of a deployment; on SQLite their folder is made, readable by its owner alone."""
    if database_url:
        url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        # What the address says itself goes before.
        own = {} if "connect_timeout" in make_url(url).query else {"connect_timeout": CONNECT_WITHIN_S}
        engine = create_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, connect_args=own)
        return Databases(main=engine, inbox=engine, engine_url=url)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = data_dir.resolve()
    return Databases(
        main=_sqlite(folder / "connector.db"),
        inbox=_sqlite(folder / "inbox.db"),
        engine_url=_sqlite_url(folder / "engine.db").render_as_string(hide_password=False),
    )


def _sqlite_url(path: Path) -> URL:
    # Built, not written: in the text of an address, % and ? in a folder's name would mean something else.
    return URL.create("sqlite", database=str(path))


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        _sqlite_url(path),
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
        except sqlite3.OperationalError as error:
            if _sort(error) not in _BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


class Watch:
    """Tells whether anyone may have changed a database, without asking what is in it. For one thread."""

    def __init__(self, db: Engine) -> None:
        self._file = db.url.database if db.dialect.name == "sqlite" else None
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int | None:
        """Return a number that is another one after every change; None where the database does not tell."""
        if self._file is None:
            return None
        if self._connection is None:
            # It changes for a connection when another one has written, so this one is of its own, and never writes.
            self._connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        (found,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(found)

    def close(self) -> None:
        """Close what was opened."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_away(error: SQLAlchemyError) -> bool:
    """Return whether `error` says that a database cannot be reached or used for now, and not that we asked it
    wrongly.
    """
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, (OperationalError, InterfaceError)):
        return isinstance(error, DBAPIError) and error.connection_invalidated
    # SQLite calls it an operational error too that a table is missing, and nothing else of that sort.
    return not (isinstance(error.orig, sqlite3.OperationalError) and _sort(error.orig) == sqlite3.SQLITE_ERROR)


def _sort(error: sqlite3.Error) -> int:
    """Return what sort of error it is, without its finer kind; 0 where SQLite was not asked."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


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


def is_past(column: ColumnElement[Any], connection: Connection, *, for_s: float) -> ColumnElement[bool]:
    """Return whether an instant lies `for_s` seconds back, or in a future that only a clock since put back can have
    left.
    """
    return (column <= now(connection) - for_s) | (column > now(connection) + CLOCKS_DIFFER_S)


def present_s(engine: Engine) -> float:
    """Return the present instant by the clock of the store."""
    with reading(engine) as connection:
        return float(connection.execute(select(now(connection))).scalar_one())


def age_s(engine: Engine, instant: float | None) -> float:
    """Return the seconds since an instant of the store; infinite since none."""
    return float("inf") if instant is None else present_s(engine) - instant
