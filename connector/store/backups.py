"""Copies of the SQLite databases, made while they are in use, and put back.

Both databases are copied as they were at one and the same instant. The engine's is left out: what it drives is found
unfinished in the store.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connector.domain.errors import ConfigurationError
from connector.store.crypto import Vault
from connector.store.database import BUSY_TIMEOUT_S
from connector.store.restores import IN_A_BACKUP
from connector.store.schema import knows

DATABASES: Mapping[str, str] = {"connector.db": "main", "inbox.db": "inbox"}
"""The files that are copied, with the branch of their schema."""
MANIFEST = "backup.json"
"""Written last: a folder without it is no whole backup."""
_ENGINE = "engine.db"
_BESIDE = ("-wal", "-shm", "-journal")
_SEALED = (("amili_access", "private_key"), ("connections", "secrets"), ("digest_keys", "value"))
_COUNTED = ("connections", "hand_overs", "users")


@dataclass(frozen=True)
class Backup:
    """A whole backup. `counts` are how many rows it has of what people know: connections, hand-overs, users."""

    folder: Path
    made_at: datetime
    version: str
    files: Mapping[str, str]
    counts: Mapping[str, int]


def make(data_dir: Path, folder: Path, *, version: str) -> Backup:
    """Copy the databases in `data_dir` into the new folder `folder`, even while others use them.

    They are held up for an instant and not while they are copied. Raises `ConfigurationError`.
    """
    for name in DATABASES:
        if not (data_dir / name).is_file():
            raise ConfigurationError(f"There is no database {name} in DATA_DIR ({data_dir}).")
    _make_folder(folder)
    made_at = datetime.now(UTC).replace(microsecond=0)
    try:
        with _snapshots(data_dir) as sources:
            for name, source in sources.items():
                with closing(sqlite3.connect(folder / name)) as copy:
                    source.backup(copy)
                    _finish(copy, marks=name == "connector.db")
                (folder / name).chmod(0o600)
        files = {name: _digest(folder / name) for name in DATABASES}
        told = {"made_at": made_at.isoformat(), "version": version, "files": files}
        _write(folder / MANIFEST, json.dumps(told, indent=2) + "\n")
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(f"The backup in {folder} could not be made: {error}.") from None
    return read(folder)


def read(folder: Path) -> Backup:
    """A backup, looked through: whole, unchanged, and no newer than this release. Raises `ConfigurationError`."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        made_at, version = datetime.fromisoformat(told["made_at"]), str(told["version"])
        files = {name: str(told["files"][name]) for name in DATABASES}
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(f"{folder} is no whole backup by `amili-connector backup`.") from None
    counts: dict[str, int] = {}
    for name, branch in DATABASES.items():
        if not (folder / name).is_file() or _digest(folder / name) != files[name]:
            raise ConfigurationError(f"{folder / name} is not as it was when the backup was made.")
        with _read(folder / name) as copy:
            _require_sound(copy, folder / name)
            revision = copy.execute(f"SELECT version_num FROM {branch}_version").fetchone()  # noqa: S608  our names
            if not revision or not knows(branch, revision[0]):
                raise ConfigurationError(
                    f"The backup in {folder} was made by a newer release ({version}).",
                    advice="Install that release, and restore with it.",
                )
            if branch == "main":
                counts = {table: _count(copy, table) for table in _COUNTED}
    return Backup(folder, made_at, version, files, counts)


def require_keys(backup: Backup, vault: Vault) -> None:
    """Raise `ConfigurationError` unless the keys at hand open what is stored in a backup."""
    with _read(backup.folder / "connector.db") as copy:
        tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table, column in _SEALED:
            if table not in tables:
                continue
            for (sealed,) in copy.execute(f"SELECT {column} FROM {table}"):  # noqa: S608  our own names
                try:
                    vault.open(sealed)
                except ConfigurationError:
                    raise ConfigurationError(
                        f"The keys in SECRET_KEYS do not open what is stored in {backup.folder}.",
                        advice="Put the .env of the backup in place first, or add its keys to SECRET_KEYS.",
                    ) from None


def is_empty(data_dir: Path) -> bool:
    """Return whether there is nothing in `data_dir` that a backup would take the place of."""
    file = data_dir / "connector.db"
    if not file.exists() or not file.stat().st_size:
        return True
    try:
        with _opened(file) as connection:
            return not any(_count(connection, table) for table in _COUNTED)
    except sqlite3.Error:
        return False


def put_back(backup: Backup, data_dir: Path, *, aside: Path) -> tuple[str, ...]:
    """Put a backup in the place of the databases in `data_dir`; what lay there is moved into `aside`. Gives what was.

    Raises `ConfigurationError` where some process uses them.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as held:
        for name in DATABASES:
            if (data_dir / name).exists():
                held.enter_context(_unused(data_dir / name))
        prepared = {name: _copied(backup.folder / name, data_dir / f".{name}.restoring") for name in DATABASES}
        moved = _move_aside(data_dir, aside)
        for name, file in prepared.items():
            file.replace(data_dir / name)
        _sync_folder(data_dir)
    return moved


@contextmanager
def _snapshots(data_dir: Path) -> Iterator[dict[str, sqlite3.Connection]]:
    """A reading of each database, all of the same instant: no one writes while they begin."""
    with ExitStack() as readers:
        reading = {name: readers.enter_context(_opened(data_dir / name)) for name in DATABASES}
        with ExitStack() as writers:
            for name in DATABASES:
                writers.enter_context(_opened(data_dir / name)).execute("BEGIN IMMEDIATE")
            for source in reading.values():
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield reading


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        yield connection


@contextmanager
def _read(file: Path) -> Iterator[sqlite3.Connection]:
    """A copy that no one uses, also where nothing can be written."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        yield connection


@contextmanager
def _unused(file: Path) -> Iterator[None]:
    """Hold a database that no one else has open. Raises `ConfigurationError` if someone has."""
    users = _users(file)
    with closing(sqlite3.connect(file, timeout=0.0, isolation_level=None)) as connection:
        try:
            # Anyone who has it open, were it idly, hinders this: it gathers what is in other files into the one.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise _in_use(file, users) from None
        except sqlite3.DatabaseError:
            # It is spoiled, which is what backups are for. Then only the system tells who has it open.
            if users:
                raise _in_use(file, users) from None
        yield


def _in_use(file: Path, users: tuple[int, ...]) -> ConfigurationError:
    who = f" (process {', '.join(str(pid) for pid in users)})" if users else ""
    return ConfigurationError(
        f"{file} is in use{who}: a worker, `serve` or another command runs.", advice="Stop it first."
    )


def _users(file: Path) -> tuple[int, ...]:
    """The other processes that have a file open, as far as the system tells us."""
    found = set()
    for pid in (entry.name for entry in Path("/proc").glob("[0-9]*")):
        try:
            opened = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        except OSError:
            continue
        if str(file.resolve()) in opened and int(pid) != os.getpid():
            found.add(int(pid))
    return tuple(sorted(found))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    if taken:
        raise ConfigurationError(f"The folder {folder} is not empty.", advice="Name a new one for each backup.")


def _finish(copy: sqlite3.Connection, *, marks: bool) -> None:
    """Make a copy one whole file, and have it noticed in every place it is put."""
    copy.execute("PRAGMA journal_mode=DELETE")
    if marks and copy.execute("SELECT name FROM sqlite_master WHERE name = 'installation'").fetchone():
        copy.execute(
            "INSERT INTO installation (id, place, seen_at, at_rest) VALUES (1, ?, 0, false) "
            "ON CONFLICT (id) DO UPDATE SET place = excluded.place",
            (IN_A_BACKUP,),
        )
    copy.commit()


def _require_sound(copy: sqlite3.Connection, file: Path) -> None:
    if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise ConfigurationError(f"{file} is spoiled.")


def _count(connection: sqlite3.Connection, table: str) -> int:
    found = connection.execute("SELECT name FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) if found else 0  # noqa: S608


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(file: Path, content: str) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_text(content, encoding="utf-8")
    part.chmod(0o600)
    part.replace(file)


def _copied(source: Path, target: Path) -> Path:
    shutil.copyfile(source, target)
    target.chmod(0o600)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    return target


def _move_aside(data_dir: Path, aside: Path) -> tuple[str, ...]:
    names = [f"{name}{suffix}" for name in (*DATABASES, _ENGINE) for suffix in ("", *_BESIDE)]
    present = tuple(name for name in names if (data_dir / name).exists())
    if present:
        aside.mkdir(mode=0o700)
    for name in present:
        if name in DATABASES:
            # It stays where it is until the other takes its place: a store that is not there would be made again,
            # empty.
            _copied(data_dir / name, aside / name)
        else:
            (data_dir / name).rename(aside / name)
    return present


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
