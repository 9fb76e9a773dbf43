"""Brings the databases to the newest schema, at every start, safely from several processes at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from connector.store.database import Databases

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK_ID = 7_226_011


def migrate(databases: Databases) -> None:
    """Run every outstanding Alembic migration of the main tables and of the inbox."""
    _upgrade(databases.main, "main")
    _upgrade(databases.inbox, "inbox")


def revisions(branch: str) -> tuple[str, ...]:
    """Every schema that this release knows of the `branch` "main" or "inbox", oldest first: they name their files."""
    return tuple(sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / branch / "versions").glob("[0-9]*.py")))


def knows(branch: str, revision: str) -> bool:
    """Return whether this release knows the schema `revision` of the `branch` "main" or "inbox"."""
    return revision in revisions(branch)


def _config(branch: str) -> Config:
    config = Config()
    # Alembic's options are filled in as those of an ini file are: % begins a placeholder.
    config.set_main_option("script_location", str(_MIGRATIONS / branch).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(engine: Engine, branch: str) -> None:
    with _alone(engine) as connection:
        if _stands_at(connection, branch) == revisions(branch)[-1:]:
            return
        # Alembic loads every migration to find out that there is none to run: most of what a start takes.
        config = _config(branch)
        config.attributes["version_table"] = _version_table(branch)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _stands_at(connection: Connection, branch: str) -> tuple[str, ...]:
    """The revision that the database is at; none before its first migration."""
    name = _version_table(branch)
    if not inspect(connection).has_table(name):
        return ()
    return tuple(connection.execute(select(column("version_num")).select_from(table(name))).scalars())


def _version_table(branch: str) -> str:
    return f"{branch}_version"


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process's migration can overlap."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        yield connection
