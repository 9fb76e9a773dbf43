"""A database that is away for a while, and then back with all that it held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from connector.store.database import Databases


@contextmanager
def away(databases: Databases) -> Iterator[None]:
    """Within the block nobody reaches the databases: connections have ended, and new ones are refused."""
    on_postgresql = databases.main.dialect.name == "postgresql"
    with _refusing(databases) if on_postgresql else _hidden(databases):
        yield


@contextmanager
def _hidden(databases: Databases) -> Iterator[None]:
    databases.dispose()
    paths = [Path(str(engine.url.database)) for engine in (databases.main, databases.inbox)]
    moved = [(path, path.with_name(f"{path.name}.aside")) for path in paths]
    for path, aside in moved:
        path.rename(aside)
        path.mkdir()
    try:
        yield
    finally:
        databases.dispose()
        for path, aside in moved:
            path.rmdir()
            aside.rename(path)


@contextmanager
def _refusing(databases: Databases) -> Iterator[None]:
    url = databases.main.url
    name = url.database
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
