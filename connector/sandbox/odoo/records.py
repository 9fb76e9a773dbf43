"""The records of the ledger imitation: stored values, reading, searching, writing. Nothing about bookkeeping."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connector.sandbox.odoo.domain import condition
from connector.sandbox.odoo.fields import FIELDS, NOT_STORED, ORDER, Field

INDEXED = (
    ("account.move", "name"),
    ("account.move", "partner_id"),
    ("account.move.line", "move_id"),
    ("account.move.line", "partner_id"),
    ("account.partial.reconcile", "debit_move_id"),
    ("account.partial.reconcile", "credit_move_id"),
)

DATETIME = "%Y-%m-%d %H:%M:%S"


class UserError(Exception):
    """Something the ledger refuses with a sentence for the user."""


def as_datetime(value: str) -> str:
    """`value` if it is a date and time as Odoo takes it (UTC, whole seconds, no T). Raises `ValueError`."""
    datetime.strptime(value, DATETIME).replace(tzinfo=UTC)
    return value


class Records:
    """Tables of records by model and id. The caller holds the lock.

    `stored` are the fields that can hold anything, `visible` those that a search can name: fewer in an older
    version.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        stored: Callable[[str], Mapping[str, Field]],
        visible: Callable[[str], Mapping[str, Field]],
    ) -> None:
        self._now = now
        self._stored = stored
        self._visible = visible
        self._tables: dict[str, dict[int, dict[str, Any]]] = {model: {} for model in FIELDS}
        self._numbers = {model: itertools.count(1) for model in FIELDS}
        self._index: dict[tuple[str, str], dict[Any, set[int]]] = {place: defaultdict(set) for place in INDEXED}
        self.computed: dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {}
        """Fields worked out on reading, by model and name."""
        self.translated: dict[tuple[str, int, str], str] = {}
        """Names in another language than the source, by model, id and language."""
        self.lang = ""
        """The language of the call at hand; the source's where it names none."""

    # Models made while it runs

    def add_model(self, model: str) -> None:
        """Make room for the records of a model that someone has made."""
        self._tables[model] = {}
        self._numbers[model] = itertools.count(1)

    def drop_model(self, model: str) -> None:
        """Take a model away, with its records."""
        del self._tables[model], self._numbers[model]

    def all(self, model: str) -> Iterable[Mapping[str, Any]]:
        """The stored values of every record of a model, oldest first."""
        return list(self._tables[model].values())

    # Writing

    def create(
        self,
        model: str,
        values: Mapping[str, Any],
        *,
        by: int = 1,
        identifier: int = 0,
        at: datetime | None = None,
    ) -> int:
        """A new record; returns its id. `at` is when its transaction began, if not now."""
        number = identifier or next(self._numbers[model])
        if identifier:
            self._numbers[model] = itertools.count(max([identifier, *self._tables[model]]) + 1)
        self._tables[model][number] = {"id": number, "create_uid": by, "create_date": self._stamp(at)}
        self.update(model, number, values, by=by, at=at)
        return number

    def update(
        self, model: str, number: int, values: Mapping[str, Any], *, by: int = 1, at: datetime | None = None
    ) -> tuple[str, ...]:
        """Put `values` into a record; returns the names of those that differ from what stood there.

        `at` is when the transaction began, if not now.
        """
        record = self._tables[model][number]
        fields = self._stored(model)
        differing = tuple(name for name, value in values.items() if record.get(name, fields[name].empty) != value)
        for name, value in values.items():
            if (model, name) in self._index:
                self._index[model, name][record.get(name)].discard(number)
                self._index[model, name][value].add(number)
            record[name] = value
        record |= {"write_uid": by, "write_date": self._stamp(at)}
        return differing

    def delete(self, model: str, number: int) -> None:
        """Remove a record of a model that has no index."""
        del self._tables[model][number]

    def _stamp(self, at: datetime | None = None) -> str:
        return (at or self._now()).astimezone(UTC).strftime(f"{DATETIME}.%f")

    # Reading

    def exists(self, model: str, number: object) -> bool:
        return isinstance(number, int) and number in self._tables[model]

    def get(self, model: str, number: int) -> dict[str, Any]:
        """The stored values of one record. Raises `KeyError`."""
        return self._tables[model][number]

    def value(self, model: str, record: Mapping[str, Any], name: str) -> Any:
        """Return what stands in a field, or the field's empty value."""
        compute = self.computed.get((model, name))
        if compute is not None:
            return compute(record)
        if name == "display_name":
            return self.display_name(model, record["id"])
        if name == "name" and (translated := self.translated.get((model, record["id"], self.lang))):
            return translated
        return record.get(name, self._stored(model)[name].empty)

    def display_name(self, model: str, number: int) -> str:
        record = self._tables.get(model, {}).get(number)
        if record is None:
            return f"{model},{number}"
        name = str(self.value(model, record, "name") if record.get("name") else f"{model},{number}")
        match model:
            case "account.move" if record.get("ref"):
                return f"{name} ({record['ref']})"
            case "account.move.line":
                return f"{self.display_name('account.move', record['move_id'])} {name}"
            case "product.product" if record.get("default_code"):
                return f"[{record['default_code']}] {name}"
            case "res.partner" if record.get("parent_id"):
                return f"{self.display_name('res.partner', record['parent_id'])}, {name}"
        return name

    def shown(self, model: str, record: Mapping[str, Any], name: str) -> Any:
        """A field as a read over the API shows it: pairs for links, whole seconds, floats."""
        field = self._stored(model)[name]
        value = self.value(model, record, name)
        if field.type == "many2one" and value:
            return [value, self.display_name(field.relation, value)]
        if field.type == "datetime" and value:
            return str(value)[:19]
        return float(value) if isinstance(value, Decimal) else value

    # Searching

    def _at(self, model: str, record: Mapping[str, Any], path: str) -> tuple[Field, list[Any]]:
        name, _, rest = path.partition(".")
        field = self._stored(model)[name]
        value = self.value(model, record, name)
        found = list(value) if field.is_list else [] if value is False or value is None else [value]
        if not rest or not field.relation:
            return field, found
        table = self._tables.get(field.relation, {})
        deeper = [self._at(field.relation, table[number], rest) for number in found if number in table]
        last = deeper[0][0] if deeper else Field(rest, "char")
        return last, [value for _, values in deeper for value in values]

    def _has_path(self, model: str, path: str) -> bool:
        name, _, rest = path.partition(".")
        if model not in self._tables or name not in self._visible(model):
            return False
        return not rest or self._has_path(self._visible(model)[name].relation, rest)

    def _candidates(self, model: str, domain: list[Any]) -> Iterable[int]:
        """Ids that can fit: fewer than all when the domain, conditions joined by "and", names one that is
        indexed."""
        table = self._tables[model]
        if any(isinstance(item, str) for item in domain):
            return table
        for item in domain:
            if not isinstance(item, (list, tuple)) or len(item) != 3 or item[1] not in ("=", "in"):
                continue
            path, operator, wanted = item
            keys = wanted if operator == "in" else [wanted]
            if not isinstance(keys, list) or not all(type(key) in (int, str) and key for key in keys):
                continue
            if path == "id":
                return {int(key) for key in keys}
            if path == "name" and (model, path) in self._index:
                return set().union(*(self._index[model, path][key] for key in keys))
            if (model, path) in self._index and all(isinstance(key, int) for key in keys):
                return set().union(*(self._index[model, path][key] for key in keys))
        return table

    def search(
        self,
        model: str,
        domain: Any,
        *,
        order: str | None = None,
        active_only: bool = True,
        rules: Sequence[Any] = (),
    ) -> list[int]:
        """The ids that fit `domain` and what `rules` ask besides, in order. Raises `ValueError` or `TypeError` as Odoo
        would."""

        def values(record: Mapping[str, Any], path: str) -> list[Any]:
            return self._at(model, record, path)[1]

        def names(record: Mapping[str, Any], path: str) -> list[str]:
            field, found = self._at(model, record, path)
            if field.relation:
                return [self.display_name(field.relation, number) for number in found]
            return [str(value) for value in found]

        def fitting(wanted: Any) -> Callable[[Mapping[str, Any]], bool]:
            return condition(wanted, lambda path: self._has_path(model, path), model=model, values=values, names=names)

        fits, permitted = fitting(domain), fitting(list(rules))
        self._refuse_unstored(model, domain)
        table = self._tables[model]
        named = any(isinstance(item, (list, tuple)) and item[0] == "active" for item in domain)
        only_active = active_only and not named and "active" in self._visible(model)
        found = [
            number
            for number in self._candidates(model, domain)
            if number in table
            and fits(table[number])
            and permitted(table[number])
            and not (only_active and table[number].get("active", True) is False)
        ]
        return self._in_order(model, sorted(found), order or ORDER.get(model, "id"))

    def _refuse_unstored(self, model: str, domain: list[Any]) -> None:
        for item in domain:
            if isinstance(item, (list, tuple)) and item[0] in NOT_STORED - {"display_name"}:
                raise ValueError(f"Cannot convert {model}.{item[0]} to SQL because it is not stored")

    def _in_order(self, model: str, numbers: list[int], order: str) -> list[int]:
        table = self._tables[model]
        for part in reversed(order.split(",")):
            name, *direction = part.split()
            if name not in self._visible(model):
                raise ValueError(f"Invalid field {name!r} on model {model!r}")

            def key(number: int, name: str = name) -> tuple[bool, Any]:
                # PostgreSQL puts empty values last when ascending.
                value = self.value(model, table[number], name)
                empty = value is False or value is None
                return empty, "" if empty else value

            numbers = sorted(numbers, key=key, reverse=[word.lower() for word in direction] == ["desc"])
        return numbers
