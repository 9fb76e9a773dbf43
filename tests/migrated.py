"""Databases with the newest schema, migrated once in a process and copied from then on."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

from connector.store.database import open_databases
from connector.store.schema import migrate


@functools.cache
def _files() -> Mapping[str, bytes]:
    """What stands in each SQLite file of a deployment that has just been migrated, by the file's name."""
    with tempfile.TemporaryDirectory(prefix="connector-migrated-") as folder:
        migrate_once(folder=Path(folder), database_url=None)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def put_into(data_dir: Path) -> None:
    """Lay SQLite files with the newest schema into a deployment's data folder, unless it has some already."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(data_dir.glob("*.db")):
        for name, content in _files().items():
            (data_dir / name).write_bytes(content)


def migrate_once(*, folder: Path, database_url: str | None) -> None:
    """Bring the databases of a deployment to the newest schema, and leave them closed."""
    opened = open_databases(data_dir=folder, database_url=database_url)
    try:
        migrate(opened)
    finally:
        opened.dispose()
