"""Rows that several processes may enter at the same moment: one statement each, and none of them fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_Insert = postgresql.Insert | sqlite.Insert


def enter(connection: Connection, table: Table, /, **values: Any) -> bool:
    """Insert a row unless there is one with its primary key; return whether it was inserted."""
    entering = _insert(connection, table).values(**values).on_conflict_do_nothing(index_elements=_key(table))
    return _did(connection, entering)


def enter_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As `enter` for each of many rows, in the order of their keys; all with the same columns, without expressions."""
    if rows:
        entering = _insert(connection, table).on_conflict_do_nothing(index_elements=_key(table))
        connection.execute(entering, sorted(rows, key=lambda row: [row[name] for name in _key(table)]))


def put(
    connection: Connection,
    table: Table,
    /,
    *,
    only_if: ColumnElement[bool] | None = None,
    first: Mapping[str, Any] = MappingProxyType({}),
    **values: Any,
) -> bool:
    """Insert a row, or give these values to the one with its primary key; return whether either was done.

    `only_if` is a condition on the row that is there; `first` are values for a row that is inserted alone.
    """
    putting = _or_change(_insert(connection, table).values(**first, **values), table, values, only_if)
    return _did(connection, putting)


def put_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As `put` for each of many rows, all with the same columns and without expressions.

    They are taken in the order of their keys, so that of two processes which put the same rows one waits for the other.
    """
    if not rows:
        return
    putting = _or_change(_insert(connection, table), table, rows[0])
    connection.execute(putting, sorted(rows, key=lambda row: [row[name] for name in _key(table)]))


def _or_change(
    putting: _Insert, table: Table, names: Iterable[str], only_if: ColumnElement[bool] | None = None
) -> _Insert:
    changed = {name: putting.excluded[name] for name in names if name not in _key(table)}
    return putting.on_conflict_do_update(index_elements=_key(table), set_=changed, where=only_if)


def _did(connection: Connection, writing: _Insert) -> bool:
    # Else SQLAlchemy does not count what an INSERT did on PostgreSQL.
    return connection.execute(writing, execution_options={"preserve_rowcount": True}).rowcount == 1


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _insert(connection: Connection, table: Table) -> _Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
