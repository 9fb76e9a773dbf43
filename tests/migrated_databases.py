"""Databases with the newest schema, migrated once in a process and copied from then on.

They let a hand-over make no move that `connector.store.transitions` does not know, whoever writes it.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from connector.domain.hand_over import HandOverState
from connector.store.database import open_databases
from connector.store.schema import migrate
from connector.store.transitions import MOVES

NO_SUCH_MOVE = "no such move of a hand-over"


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
        _refuse_other_moves(opened.main)
    finally:
        opened.dispose()


def let_any_move(db: Engine) -> None:
    """Let a test write a hand-over as another release may have left it."""
    with db.begin() as connection:
        of_table = " ON hand_overs" if db.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS moves{of_table}")


def _refuse_other_moves(db: Engine) -> None:
    known = ", ".join(sorted({f"'{before}>{move.to}'" for move in MOVES for before in move.from_}))
    returns = f"(OLD.state = '{HandOverState.LEFT}' AND NEW.state = OLD.left_state)"
    wrong = f"OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({known}) AND NOT {returns}"
    on = "BEFORE UPDATE OF state ON hand_overs FOR EACH ROW WHEN"
    with db.begin() as connection:
        if db.dialect.name == "postgresql":
            connection.exec_driver_sql(
                f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{NO_SUCH_MOVE}'; END $$"
            )
            connection.exec_driver_sql(f"CREATE TRIGGER moves {on} ({wrong}) EXECUTE FUNCTION refuse()")
        else:
            refuse = f"BEGIN SELECT RAISE(ABORT, '{NO_SUCH_MOVE}'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER moves {on} {wrong} {refuse}")
