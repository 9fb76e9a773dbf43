"""How objects are put into an Odoo: found again by their external id, made or put right, named in its languages.

Source: odoo.md section 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connector.domain.errors import ConfigurationError, NotAuthorised, NotFound
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.inventory import CHOICE, FIELD, MODULE, VIEW, VIEW_TEXTS, AddedField, Words
from connector.hosts.odoo.transport import SYSTEM

Row = dict[str, Any]

SOURCE_LANGUAGE = {"lang": "en_US"}
"""Odoo keeps the texts that others are translated from in this language, installed or not."""

_TEXT_IN_VIEW = re.compile(r'(?:string|placeholder|sum|confirm|confirm-label)="([^"]+)"')


class Installer:
    """One run: what it found, and what it did, by external id."""

    def __init__(self, client: OdooClient) -> None:
        self.created: list[str] = []
        self.updated: list[str] = []
        self._client = client
        self._rows = {row["name"]: row for row in data_rows(client)}
        languages = client.call("res.lang", "search_read", domain=[("active", "=", True)], fields=["code"])
        self._languages = [str(language["code"]) for language in languages]

    def reference(self, xmlid: str) -> int:
        """The id of an object of Odoo's own or of ours. Raises `ConfigurationError` if it is not there."""
        module, name = xmlid.split(".")
        if module == MODULE and name in self._rows:
            return int(self._rows[name]["res_id"])
        found = self._client.call(
            "ir.model.data",
            "search_read",
            domain=[("module", "=", module), ("name", "=", name)],
            fields=["res_id"],
        )
        if not found:
            raise ConfigurationError(f"This Odoo lacks {xmlid}; is Invoicing installed?", system=SYSTEM)
        return int(found[0]["res_id"])

    def field(self, added: AddedField) -> int:
        """Keep one added field. A field of that name is taken over; what it is made of is never rewritten.

        A type that an earlier release of ours gave it is replaced. Raises `ConfigurationError` for any other.
        """
        model_id = self._model(added.model)
        found = self._client.call(
            FIELD,
            "search_read",
            domain=[("model_id", "=", model_id), ("name", "=", added.name)],
            fields=["ttype"],
        )
        if found and found[0]["ttype"] == added.formerly and added.key in self._rows:
            self._client.call(FIELD, "unlink", ids=[found[0]["id"]])
            del self._rows[added.key]
            found = []
        if found and found[0]["ttype"] != added.kind:
            raise ConfigurationError(
                f"There is a field {added.name} of type {found[0]['ttype']} instead of {added.kind}.",
                system=SYSTEM,
                advice="Rename or remove it first.",
            )
        if found:
            field_id = int(found[0]["id"])
            self._client.call(FIELD, "write", ids=[field_id], vals={"copied": False})
            self._bind(FIELD, added.key, field_id)
            self.updated.append(added.key)
        else:
            values: Row = {"model_id": model_id, "name": added.name, "ttype": added.kind, "copied": False}
            if added.longest:
                values["size"] = added.longest
            if added.choices:
                values["selection_ids"] = [
                    (0, 0, {"value": value, "name": words.en, "sequence": place})
                    for place, (value, words) in enumerate(added.choices.items())
                ]
            field_id = self._create(FIELD, added.key, {**values, "field_description": added.label.en})
        self._name(FIELD, field_id, added.label, "field_description")
        for value, words in added.choices.items():
            domain = [("field_id", "=", field_id), ("value", "=", value)]
            for choice_id in self._client.call(CHOICE, "search", domain=domain):
                self._name(CHOICE, choice_id, words)
        return field_id

    def keep(
        self,
        model: str,
        key: str,
        name: Words,
        values: Mapping[str, Any],
        *,
        at_first: Mapping[str, Any] | None = None,
    ) -> int:
        """Keep one object as `values` say: made if it is not there, with `at_first` besides, else put right."""
        object_id = self._standing(model, key)
        if object_id is None:
            object_id = self._create(model, key, {**values, **(at_first or {}), "name": name.en})
        else:
            self._client.call(model, "write", ids=[object_id], vals=dict(values))
            self.updated.append(key)
        self._name(model, object_id, name)
        return object_id

    def view(self, key: str, arch: str, values: Mapping[str, Any]) -> int:
        """Keep one view, its texts in Odoo's languages. Odoo itself refuses a view that does not fit it."""
        values = {**values, "name": f"{MODULE}.{key}", "arch": arch}
        object_id = self._standing(VIEW, key)
        if object_id is None:
            object_id = self._create(VIEW, key, values, context=SOURCE_LANGUAGE)
        else:
            self._client.call(VIEW, "write", ids=[object_id], vals=values, context=SOURCE_LANGUAGE)
            self.updated.append(key)
        swedish = {text: VIEW_TEXTS[text] for text in dict.fromkeys(_TEXT_IN_VIEW.findall(arch))}
        translations = {language: swedish for language in self._languages if language.startswith("sv")}
        if translations and swedish:
            self._client.call(
                VIEW,
                "update_field_translations",
                ids=[object_id],
                field_name="arch_db",
                translations=translations,
                context=SOURCE_LANGUAGE,
            )
        return object_id

    def _model(self, model: str) -> int:
        return self.reference("base.model_res_partner" if model == "res.partner" else "account.model_account_move")

    def _standing(self, model: str, key: str) -> int | None:
        row = self._rows.get(key)
        if row is None or row["model"] != model or not existing(self._client, model, [row["res_id"]]):
            return None
        return int(row["res_id"])

    def _create(self, model: str, key: str, values: Row, *, context: Mapping[str, Any] | None = None) -> int:
        (object_id,) = self._client.call(model, "create", vals_list=[values], context=context)
        self._bind(model, key, int(object_id))
        self.created.append(key)
        return int(object_id)

    def _name(self, model: str, object_id: int, words: Words, named: str = "name") -> None:
        for language in self._languages:
            values = {named: words.in_language(language)}
            self._client.call(model, "write", ids=[object_id], vals=values, context={"lang": language})

    def _bind(self, model: str, key: str, object_id: int) -> None:
        values = {"module": MODULE, "name": key, "model": model, "res_id": object_id, "noupdate": True}
        row = self._rows.get(key)
        if row is None:
            (row_id,) = self._client.call("ir.model.data", "create", vals_list=[values])
            self._rows[key] = {"id": row_id, **values}
        elif (row["model"], row["res_id"]) != (model, object_id):
            self._client.call("ir.model.data", "write", ids=[row["id"]], vals=values)
            row.update(values)


def require_settings_rights(client: OdooClient) -> None:
    """Raise `NotAuthorised` unless the key's user may change Odoo's settings."""
    if not client.allows(FIELD, "create"):
        raise NotAuthorised(
            "the key's user may not change Odoo's settings.",
            system=SYSTEM,
            advice="Use a key of a user with Settings rights; it is not kept.",
        )


def data_rows(client: OdooClient) -> list[Row]:
    """The external ids in our module: id, name, model, res_id of each."""
    rows: list[Row] = client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", MODULE)],
        fields=["name", "model", "res_id"],
    )
    return rows


def existing(client: OdooClient, model: str, ids: list[int]) -> list[int]:
    """Those of `ids` that still stand, switched off or not; none if Odoo has lost the model itself."""
    try:
        found: list[int] = client.call(model, "search", domain=[("id", "in", ids)], context={"active_test": False})
    except NotFound:
        return []
    return found
