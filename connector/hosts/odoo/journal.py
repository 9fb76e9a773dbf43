"""What one run changes in an Odoo, kept so that it can be taken back: a set-up is there whole, or not at all.

What was there before the run is as it was afterwards. A call whose answer was lost is looked for: whatever stands
where it would have made something, and did not stand there before, is taken for what it made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.domain.errors import ConnectorError, KeyRefused, NotFound, NotSent, OutcomeUnknown
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.inventory import CHOICE, ORDER, VIEW, WINDOW

Row = dict[str, Any]

SOURCE_LANGUAGE = {"lang": "en_US"}
"""Odoo keeps the texts that others are translated from in this language, installed or not."""

DATA = "ir.model.data"

_PAUSES_S = (0.0, 1.0, 4.0)
"""How long it is waited before each try to take something back, and before each look for what a lost call made."""

_ALL = {"active_test": False}
_CHILDREN: Mapping[tuple[str, str], str] = {(WINDOW, "view_ids"): "ir.actions.act_window.view"}
"""The lists whose rows are made with their record and belong to nothing else."""


@dataclass
class _Made:
    """One creation. `identity` finds what it made, among which `before` stood already; `made` is its id once known."""

    model: str
    key: str
    identity: list[Any]
    before: frozenset[int]
    made: int | None = None


@dataclass(frozen=True)
class _Changed:
    """What stood in a record of ours or of Odoo's before it was written."""

    model: str
    key: str
    number: int
    values: Row
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Worded:
    """The words of a view in other languages before they were written."""

    view: int
    key: str
    translations: Mapping[str, Mapping[str, str]]


class Journal:
    """The changes of one run, by `client`."""

    def __init__(self, client: OdooClient, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._pause = pause
        self._made: list[_Made] = []
        self._before: list[_Changed | _Worded] = []

    def create(
        self, model: str, key: str, values: Row, identity: Sequence[Any], *, context: Mapping[str, Any] | None = None
    ) -> int:
        """Make one record; gives its id. `identity` is a domain that finds it, and few others."""
        made = _Made(model, key, list(identity), frozenset(self._standing(model, identity)))
        self._made.append(made)
        (number,) = self._client.call(model, "create", vals_list=[values], context=context)
        made.made = int(number)
        return made.made

    def write(
        self, model: str, key: str, number: int, values: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> bool:
        """Put `values` into a record where they differ from what stands there; gives whether they did."""
        context = dict(context or {})
        (standing,) = self._client.call(model, "read", ids=[number], fields=list(values), context=context)
        old = {name: self._as_written(model, name, standing[name], values[name]) for name in values}
        differing = {name: value for name, value in values.items() if not _same(old[name], value)}
        if not differing:
            return False
        if not self._is_new(model, number):
            if model == VIEW and "arch" in differing:
                # With its source changed, Odoo drops the words that are not in it any more.
                self._before.append(_Worded(number, key, self._words(number)))
            self._before.append(_Changed(model, key, number, {name: old[name] for name in differing}, context))
        self._client.call(model, "write", ids=[number], vals=differing, context=context)
        return True

    def translate_view(self, key: str, view: int, translations: Mapping[str, Mapping[str, str]]) -> None:
        """Put the words of a view in other languages, by language and source."""
        if not self._is_new(VIEW, view):
            words = self._words(view)
            standing = {language: words.get(language, {}) for language in translations}
            if standing == translations:
                return
            self._before.append(_Worded(view, key, standing))
        self._translate(view, translations)

    def take_back(self) -> tuple[str, ...]:
        """Undo the run; gives the external ids of what could not be taken back, none if it is undone whole.

        First what was written is put back, the last change first, then what was made is removed.
        """
        left: list[str] = []
        steps: list[tuple[str, Callable[[], None]]] = [
            (change.key, _bound(self._put_back, change)) for change in reversed(self._before)
        ]
        for model in (*ORDER[:-1], CHOICE, ORDER[-1], DATA):
            made = [one for one in reversed(self._made) if one.model == model]
            if made:
                steps.append((", ".join(sorted({one.key for one in made})), _bound(self._remove, model, made)))
        away = False
        for key, step in steps:
            try:
                if not away:
                    self._patiently(step)
                    continue
            except (KeyRefused, NotSent, OutcomeUnknown):
                # Nothing gets through to this Odoo any more, or it lets nothing of ours in.
                away = True
            except ConnectorError:
                pass
            left.append(key)
        return tuple(dict.fromkeys(left))

    def _is_new(self, model: str, number: int) -> bool:
        return any((one.model, one.made) == (model, number) for one in self._made)

    def _put_back(self, change: _Changed | _Worded) -> None:
        if isinstance(change, _Worded):
            self._translate(change.view, change.translations)
        else:
            self._client.call(
                change.model, "write", ids=[change.number], vals=change.values, context=dict(change.context)
            )

    def _remove(self, model: str, made: Sequence[_Made]) -> None:
        wanted = {one.made for one in made if one.made is not None}
        for one in made:
            if one.made is None:
                wanted |= self._made_by_a_lost_call(one)
        if standing := self._standing(model, [("id", "in", sorted(wanted))]):
            self._client.call(model, "unlink", ids=sorted(standing))

    def _made_by_a_lost_call(self, one: _Made) -> frozenset[int]:
        """Return what stands there by a call without an answer, which may have been at work still when it was
        looked first.
        """
        for pause_s in _PAUSES_S:
            if pause_s:
                self._pause(pause_s)
            if found := frozenset(self._standing(one.model, one.identity)) - one.before:
                return found
        return frozenset()

    def _patiently(self, step: Callable[[], None]) -> None:
        """Take one step, and again where its answer was lost: each can be taken twice."""
        for tries_left, pause_s in zip(reversed(range(len(_PAUSES_S))), _PAUSES_S, strict=True):
            if pause_s:
                self._pause(pause_s)
            try:
                return step()
            except (NotSent, OutcomeUnknown):
                if not tries_left:
                    raise
        return None

    def _standing(self, model: str, domain: Sequence[Any]) -> list[int]:
        return existing_in(self._client, model, domain)

    def _as_written(self, model: str, name: str, read: Any, wanted: Any) -> Any:
        """A value that was read, as it is written."""
        if isinstance(wanted, list):
            if child := _CHILDREN.get((model, name)):
                return [(5, 0, 0), *((0, 0, row) for row in self._rows(child, read, wanted))]
            return [(6, 0, list(read))]
        if isinstance(read, list):
            return read[0]
        # JSON has no room for the exact number that was read.
        return float(read) if isinstance(read, Decimal) else read

    def _rows(self, model: str, numbers: Sequence[int], wanted: Sequence[Any]) -> list[Row]:
        names = list(dict.fromkeys(name for command in wanted if command[0] == 0 for name in command[2]))
        found = self._client.call(model, "read", ids=list(numbers), fields=names)
        rows = [{name: row[name][0] if isinstance(row[name], list) else row[name] for name in names} for row in found]
        return sorted(rows, key=lambda row: int(row["sequence"]))

    def _words(self, view: int) -> dict[str, dict[str, str]]:
        """The words of a view in Odoo's languages but the source, by language and source."""
        terms, _ = self._client.call(
            VIEW, "get_field_translations", ids=[view], field_name="arch_db", context=SOURCE_LANGUAGE
        )
        words: dict[str, dict[str, str]] = {}
        for term in terms:
            if term["lang"] != SOURCE_LANGUAGE["lang"]:
                words.setdefault(term["lang"], {})[term["source"]] = term["value"] or term["source"]
        return words

    def _translate(self, view: int, translations: Mapping[str, Mapping[str, str]]) -> None:
        self._client.call(
            VIEW,
            "update_field_translations",
            ids=[view],
            field_name="arch_db",
            translations=dict(translations),
            context=SOURCE_LANGUAGE,
        )


def existing_in(client: OdooClient, model: str, domain: Sequence[Any]) -> list[int]:
    """The ids of `model` that fit `domain`, switched off or not; none if Odoo has lost the model itself."""
    try:
        found: list[int] = client.call(model, "search", domain=list(domain), context={**SOURCE_LANGUAGE, **_ALL})
    except NotFound:
        return []
    return found


def _same(standing: Any, wanted: Any) -> bool:
    """Return whether what is written changes nothing. Lists are recognised by Odoo's commands."""
    if not isinstance(wanted, list):
        return bool(standing == wanted) or (not standing and not wanted and wanted is not None)
    if any(command[0] == 0 for command in wanted):
        return [tuple(command) for command in standing] == [tuple(command) for command in wanted]
    linked = set(standing[0][2])
    for command, *rest in wanted:
        match command:
            case 4 if rest[0] not in linked:
                return False
            case 5 if linked:
                return False
            case 6 if set(rest[1]) != linked:
                return False
    return True


def _bound(step: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    return lambda: step(*arguments)
