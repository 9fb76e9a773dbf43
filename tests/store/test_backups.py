"""Copies of the databases: whole and of one instant whoever writes meanwhile, and put back only where nobody works."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from connector.domain.errors import ConfigurationError
from connector.store import backups, inbox, restores, timeline
from connector.store.crypto import Vault
from connector.store.database import Databases, open_databases
from tests import migrated_databases
from tests.store.samples import add_connection, ask, key, vault

PAIRS = 40
KEYS = vault()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """DATA_DIR of a deployment."""
    migrated_databases.put_into(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[Databases]:
    """The store in `folder`, with a company and a hand-over."""
    opened = open_databases(data_dir=folder, database_url=None)
    add_connection(opened, KEYS)
    ask(opened)
    yield opened
    opened.dispose()


def rows(file: Path, query: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(query).fetchone()[0])


def test_a_backup_is_whole_and_holds_what_was_committed(store: Databases, folder: Path, tmp_path: Path) -> None:
    made = backups.make(folder, tmp_path / "b", version="1.2.3")

    assert (made.version, dict(made.counts)) == ("1.2.3", {"connections": 1, "hand_overs": 1, "users": 0})
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["backup.json", "connector.db", "inbox.db"]
    assert backups.read(tmp_path / "b") == made
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "b").iterdir()} == {"0o600"}
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(tmp_path / "b" / "connector.db")) as copy:
        assert copy.execute("SELECT place FROM installation").fetchone() == (restores.IN_A_BACKUP,)


def test_the_plain_copy_of_a_file_in_use_lacks_what_the_backup_has(
    store: Databases, folder: Path, tmp_path: Path
) -> None:
    """Why there is a command: what was committed last lies in another file."""
    shutil.copyfile(folder / "connector.db", tmp_path / "connector.db")
    backups.make(folder, tmp_path / "b", version="x")

    query = "SELECT count(*) FROM hand_overs"
    assert (rows(tmp_path / "connector.db", query), rows(tmp_path / "b" / "connector.db", query)) == (0, 1)


def test_both_databases_are_of_one_instant_whoever_writes(store: Databases, folder: Path, tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        for number in range(PAIRS):
            with store.main.begin() as connection:
                timeline.record(connection, "h", actor="a", event="pair", number=number)
            inbox.put_hint(store.inbox, "testbolaget", str(number))
        done.set()

    before = rows(folder / "connector.db", "SELECT count(*) FROM timeline")
    writer = threading.Thread(target=write)
    writer.start()
    differences, number = set(), 0
    while not done.is_set() or not number:
        number += 1
        copy = tmp_path / f"b{number}"
        backups.make(folder, copy, version="x")
        events = rows(copy / "connector.db", "SELECT count(*) FROM timeline") - before
        differences.add(events - rows(copy / "inbox.db", "SELECT count(*) FROM inbox"))
    writer.join()
    assert differences <= {0, 1}, "the hint that follows an event is in no earlier copy than the event"


def test_a_backup_is_put_back(store: Databases, folder: Path, tmp_path: Path) -> None:
    inbox.put_hint(store.inbox, "testbolaget", "1")
    made = backups.make(folder, tmp_path / "b", version="x")
    ask(store, invoice_id="43")
    (folder / "engine.db").write_bytes(b"of the engine")
    store.dispose()

    moved = backups.put_back(made, folder, aside=folder / "aside")

    assert {"connector.db", "inbox.db", "engine.db"} <= set(moved)
    assert not (folder / "engine.db").exists()
    assert rows(folder / "aside" / "connector.db", "SELECT count(*) FROM hand_overs") == 2
    assert rows(folder / "connector.db", "SELECT count(*) FROM hand_overs") == 1
    assert len(inbox.waiting(store.inbox)) == 1
    found = restores.last(store.main)
    assert found is not None
    assert found.place == restores.IN_A_BACKUP


def test_nothing_is_put_back_over_what_is_in_use(store: Databases, folder: Path, tmp_path: Path) -> None:
    made = backups.make(folder, tmp_path / "b", version="x")
    ask(store, invoice_id="43")
    with pytest.raises(ConfigurationError, match=r"connector\.db is in use"):
        backups.put_back(made, folder, aside=folder / "aside")
    assert not (folder / "aside").exists()

    store.dispose()
    backups.put_back(made, folder, aside=folder / "aside")
    assert rows(folder / "connector.db", "SELECT count(*) FROM hand_overs") == 1


def test_whoever_uses_it_is_named(store: Databases, folder: Path, tmp_path: Path) -> None:
    made = backups.make(folder, tmp_path / "b", version="x")
    store.dispose()
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM users').fetchone(); "
        "print('ready', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(folder / "connector.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdin
    assert other.stdout
    try:
        assert other.stdout.readline() == b"ready\n"
        with pytest.raises(ConfigurationError, match=f"in use \\(process {other.pid}\\)"):
            backups.put_back(made, folder, aside=folder / "aside")
    finally:
        other.stdin.close()
        other.stdout.close()
        other.wait(timeout=30)


def test_a_spoiled_database_is_replaced(store: Databases, folder: Path, tmp_path: Path) -> None:
    made = backups.make(folder, tmp_path / "b", version="x")
    store.dispose()
    for file in folder.glob("connector.db*"):
        file.unlink()
    (folder / "connector.db").write_bytes(os.urandom(8_192))
    assert not backups.is_empty(folder)

    backups.put_back(made, folder, aside=folder / "aside")

    assert rows(folder / "connector.db", "SELECT count(*) FROM hand_overs") == 1


def changed(backup: Path, **values: object) -> None:
    told = json.loads((backup / backups.MANIFEST).read_text("utf-8"))
    (backup / backups.MANIFEST).write_text(json.dumps(told | values), "utf-8")


def test_what_is_no_whole_backup_is_refused(store: Databases, folder: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b"
    backups.make(folder, backup, version="x")

    with pytest.raises(ConfigurationError, match="is not empty"):
        backups.make(folder, backup, version="x")
    with pytest.raises(ConfigurationError, match="There is no database"):
        backups.make(tmp_path / "nothing", tmp_path / "c", version="x")
    with pytest.raises(ConfigurationError, match="no whole backup"):
        backups.read(tmp_path / "nothing")
    shutil.copytree(backup, tmp_path / "changed")
    with (tmp_path / "changed" / "inbox.db").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ConfigurationError, match=r"inbox\.db is not as it was"):
        backups.read(tmp_path / "changed")
    (backup / backups.MANIFEST).unlink()
    with pytest.raises(ConfigurationError, match="no whole backup"):
        backups.read(backup)


def test_a_backup_by_a_newer_release_is_refused(store: Databases, folder: Path, tmp_path: Path) -> None:
    with store.main.begin() as connection:
        connection.execute(text("UPDATE main_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=r"newer release \(9\.9\)"):
        backups.make(folder, tmp_path / "b", version="9.9")


def test_keys_that_open_nothing_of_it_are_refused(store: Databases, folder: Path, tmp_path: Path) -> None:
    made = backups.make(folder, tmp_path / "b", version="x")
    backups.require_keys(made, KEYS)
    with pytest.raises(ConfigurationError, match="SECRET_KEYS do not open"):
        backups.require_keys(made, Vault([key()]))


def test_what_is_empty(store: Databases, folder: Path, tmp_path: Path) -> None:
    migrated_databases.put_into(tmp_path / "fresh")
    assert backups.is_empty(tmp_path / "nothing")
    assert backups.is_empty(tmp_path / "fresh")
    assert not backups.is_empty(folder)
