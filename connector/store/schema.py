"""Brings the databases to the newest schema, at every start, safely from several processes at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from connector.store.database import Databases

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK_ID = 7_226_011


def migrate(databases: Databases) -> None:
    """Run every outstanding Alembic migration of the main tables and of the inbox."""
    _upgrade(databases.main, "main")
    _upgrade(databases.inbox, "inbox")


def knows(branch: str, revision: str) -> bool:
    """Whether this release knows the schema `revision` of the `branch` "main" or "inbox"."""
    found = ScriptDirectory.from_config(_config(branch)).walk_revisions()
    return revision in {one.revision for one in found}


def _config(branch: str) -> Config:
    config = Config()
    # Alembic's options are filled in as those of an ini file are: % begins a placeholder.
    config.set_main_option("script_location", str(_MIGRATIONS / branch).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(engine: Engine, branch: str) -> None:
    config = _config(branch)
    config.attributes["version_table"] = f"{branch}_version"
    with _alone(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process's migration can overlap."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        yield connection
