"""Texts that the imitation keeps in several languages: names of what was made by API, and the words of views.

A text is written and read in the language that a call's context names; without one, or in en_US, it is the source.
Source: odoo/API.md, "Installing" and "Versions".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connector.sandbox.odoo.switches import OdooVersion
from connector.sandbox.odoo.versions import TRANSLATED_IN_VIEWS

VIEW = "ir.ui.view"
SOURCE = "en_US"

TRANSLATED: frozenset[tuple[str, str]] = frozenset(
    {
        ("base.automation", "name"),
        ("ir.actions.act_window", "name"),
        ("ir.actions.server", "name"),
        ("ir.model", "name"),
        ("ir.model.fields", "field_description"),
        ("ir.model.fields.selection", "name"),
        ("ir.ui.menu", "name"),
        ("res.groups", "name"),
        ("res.groups.privilege", "name"),
    }
)

_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class Texts:
    """The translations of one database, by model, id and field."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, str], dict[str, str]] = {}
        self._terms: dict[int, dict[str, dict[str, str]]] = {}

    def kept_apart(self, model: str, number: int, values: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """Keep those of `values` that are texts in a language of their own; gives the rest."""
        if not lang or lang == SOURCE:
            return dict(values)
        rest = {}
        for name, value in values.items():
            if (model, name) in TRANSLATED:
                self._kept.setdefault((model, number, name), {})[lang] = str(value)
            else:
                rest[name] = value
        return rest

    def shown(self, model: str, number: int, name: str, value: Any, lang: str, version: OdooVersion) -> Any:
        """Return what stands in a field for a reader of `lang`, of which `value` is the source."""
        if (model, name) == (VIEW, "arch"):
            return self._translated(number, str(value), lang, version)
        return self._kept.get((model, number, name), {}).get(lang, value)

    def translate_view(self, view: int, arch: str, translations: Mapping[str, Mapping[str, str]]) -> None:
        """Keep the words of a view in other languages; those that do not stand in it are left out."""
        standing = {text for _, text in _ATTRIBUTE.findall(arch)}
        for lang, terms in translations.items():
            fitting = {source: text for source, text in terms.items() if source in standing}
            self._terms.setdefault(view, {}).setdefault(lang, {}).update(fitting)

    def of_view(self, view: int, arch: str, langs: Iterable[str], version: OdooVersion) -> list[dict[str, str]]:
        """The words of a view that are translated in this version: language, source, and "" where it is the same."""
        terms = dict.fromkeys(text for name, text in _ATTRIBUTE.findall(arch) if name in TRANSLATED_IN_VIEWS[version])
        kept = self._terms.get(view, {})
        return [
            {"lang": lang, "source": term, "value": kept.get(lang, {}).get(term, "")}
            for term in terms
            for lang in langs
        ]

    def source_changed(self, view: int, arch: str) -> None:
        """A view was written: of what was kept, only the words that still stand in it stay."""
        standing = {text for _, text in _ATTRIBUTE.findall(arch)}
        for lang, terms in self._terms.get(view, {}).items():
            self._terms[view][lang] = {source: text for source, text in terms.items() if source in standing}

    def drop(self, model: str, number: int) -> None:
        """Forget the texts of a record that is gone."""
        self._kept = {place: texts for place, texts in self._kept.items() if place[:2] != (model, number)}
        if model == VIEW:
            self._terms.pop(number, None)

    def _translated(self, view: int, arch: str, lang: str, version: OdooVersion) -> str:
        terms = self._terms.get(view, {}).get(lang, {})

        def one(found: re.Match[str]) -> str:
            name, text = found.groups()
            return f'{name}="{terms.get(text, text) if name in TRANSLATED_IN_VIEWS[version] else text}"'

        return _ATTRIBUTE.sub(one, arch)
