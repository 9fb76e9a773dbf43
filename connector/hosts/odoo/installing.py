"""How objects are put into an Odoo: found again by their external id, made or put right, named in its languages.

Source: API.md, "Installing".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.domain.errors import ConfigurationError, NotAuthorised
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.inventory import (
    CHOICE,
    CUSTOMER,
    FIELD,
    INVOICE,
    MODEL,
    MODULE,
    REQUEST,
    REQUEST_MODEL,
    VIEW,
    VIEW_TEXTS,
    AddedField,
    Label,
)
from connector.hosts.odoo.journal import DATA, SOURCE_LANGUAGE, Journal, Row, existing_in
from connector.hosts.odoo.transport import SYSTEM

_TEXT_IN_VIEW = re.compile(r'(?:string|placeholder|sum|confirm|confirm-label)="([^"]+)"')


_MODELS = {
    INVOICE: "account.model_account_move",
    CUSTOMER: "base.model_res_partner",
    REQUEST: f"{MODULE}.{REQUEST_MODEL}",
}


class Installer:
    """One run: what it found, and what it did, by external id. Until it is over, it can be taken back.

    But for one thing: a field of a type that an earlier release of ours gave it stays replaced.
    """

    def __init__(self, client: OdooClient, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.created: list[str] = []
        self.updated: list[str] = []
        self._client = client
        self._journal = Journal(client, pause=pause)
        self._rows = {row["name"]: row for row in data_rows(client)}
        languages = client.call("res.lang", "search_read", domain=[("active", "=", True)], fields=["code"])
        self._languages = [str(language["code"]) for language in languages]

    def take_back(self) -> tuple[str, ...]:
        """Undo what this run has done; gives the external ids of what stays, since it could not be undone."""
        return self._journal.take_back()

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
            self._journal.write(FIELD, added.key, field_id, {"copied": False})
            self._bind(FIELD, added.key, field_id)
            self.updated.append(added.key)
        else:
            identity = [("model_id", "=", model_id), ("name", "=", added.name)]
            field_id = self._create(FIELD, added.key, {"model_id": model_id, **_definition(added)}, identity)
        self._name_field(added, field_id)
        return field_id

    def _name_field(self, added: AddedField, field_id: int) -> None:
        """Name a field and its choices in Odoo's languages; choices that it lacks are added, and none is taken away."""
        self._name(FIELD, added.key, field_id, added.label, "field_description")
        if not added.choices:
            return
        domain = [("field_id", "=", field_id)]
        found = self._client.call(CHOICE, "search_read", domain=domain, fields=["value"])
        standing = {str(choice["value"]): int(choice["id"]) for choice in found}
        for place, (value, words) in enumerate(added.choices.items()):
            if value not in standing:
                choice = {"field_id": field_id, "value": value, "name": words.source, "sequence": place}
                identity = [("field_id", "=", field_id), ("value", "=", value)]
                standing[value] = self._journal.create(CHOICE, added.key, choice, identity)
            self._name(CHOICE, added.key, standing[value], words)

    def model(self, key: str, model: str, name: Label, fields: Sequence[AddedField]) -> int:
        """Keep one model of our own with its fields; gives its id. One of that name is taken over."""
        found = self._client.call(MODEL, "search", domain=[("model", "=", model)])
        new: set[str] = set()
        if found:
            model_id = int(found[0])
            self._bind(MODEL, key, model_id)
            self.updated.append(key)
        else:
            # With all its fields at once: Odoo reloads itself at each change.
            definitions = [(0, 0, _definition(added)) for added in fields]
            values = {"name": name.source, "model": model, "field_id": definitions}
            model_id = self._create(MODEL, key, values, [("model", "=", model)])
            domain = [("model_id", "=", model_id), ("name", "in", [added.name for added in fields])]
            rows = self._client.call(FIELD, "search_read", domain=domain, fields=["name"])
            ids = {row["name"]: int(row["id"]) for row in rows}
            for added in fields:
                self._bind(FIELD, added.key, ids[added.name])
                self.created.append(added.key)
                self._name_field(added, ids[added.name])
                new.add(added.key)
        self._name(MODEL, key, model_id, name)
        for added in fields:
            if added.key not in new:
                self.field(added)
        return model_id

    def keep(
        self,
        model: str,
        key: str,
        name: Label,
        values: Mapping[str, Any],
        *,
        at_first: Mapping[str, Any] | None = None,
    ) -> int:
        """Keep one object as `values` say: made if it is not there, with `at_first` in addition, else put right."""
        object_id = self._standing(model, key)
        if object_id is None:
            object_id = self._create(
                model, key, {**values, **(at_first or {}), "name": name.source}, _identity(values, name)
            )
        else:
            self._journal.write(model, key, object_id, values)
            self.updated.append(key)
        self._name(model, key, object_id, name)
        return object_id

    def view(self, key: str, arch: str, values: Mapping[str, Any]) -> int:
        """Keep one view, its texts in Odoo's languages. Odoo itself refuses a view that does not fit it."""
        values = {**values, "name": f"{MODULE}.{key}", "arch": arch}
        object_id = self._standing(VIEW, key)
        if object_id is None:
            object_id = self._create(VIEW, key, values, [("name", "=", values["name"])], context=SOURCE_LANGUAGE)
        else:
            self._journal.write(VIEW, key, object_id, values, context=SOURCE_LANGUAGE)
            self.updated.append(key)
        swedish = {text: VIEW_TEXTS[text] for text in dict.fromkeys(_TEXT_IN_VIEW.findall(arch))}
        translations = {language: swedish for language in self._languages if language.startswith("sv")}
        if translations and swedish:
            self._journal.translate_view(key, object_id, translations)
        return object_id

    def _model(self, model: str) -> int:
        return self.reference(_MODELS[model])

    def _standing(self, model: str, key: str) -> int | None:
        row = self._rows.get(key)
        if row is None or row["model"] != model or not existing(self._client, model, [row["res_id"]]):
            return None
        return int(row["res_id"])

    def _create(
        self,
        model: str,
        key: str,
        values: Row,
        identity: Sequence[Any],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> int:
        object_id = self._journal.create(model, key, values, identity, context=context)
        self._bind(model, key, object_id)
        self.created.append(key)
        return object_id

    def _name(self, model: str, key: str, object_id: int, words: Label, named: str = "name") -> None:
        for language in self._languages:
            values = {named: words.in_language(language)}
            self._journal.write(model, key, object_id, values, context={"lang": language})

    def _bind(self, model: str, key: str, object_id: int) -> None:
        values = {"module": MODULE, "name": key, "model": model, "res_id": object_id, "noupdate": True}
        row = self._rows.get(key)
        if row is None:
            identity = [("module", "=", MODULE), ("name", "=", key)]
            self._rows[key] = {"id": self._journal.create(DATA, key, values, identity), **values}
        elif (row["model"], row["res_id"]) != (model, object_id):
            self._journal.write(DATA, key, row["id"], values)
            row.update(values)


def _identity(values: Mapping[str, Any], name: Label) -> list[Any]:
    """Return what finds an object by its values. Some versions name the actions under a rule themselves."""
    if rule := values.get("base_automation_id"):
        return [("base_automation_id", "=", rule)]
    return [("name", "=", name.source)]


def _definition(added: AddedField) -> Row:
    """Return what a new field is made of, but for the model that it belongs to."""
    values: Row = {"name": added.name, "ttype": added.kind, "copied": False, "field_description": added.label.source}
    if added.longest:
        values["size"] = added.longest
    if added.relation:
        values |= {"relation": added.relation, "on_delete": "cascade", "index": True}
    if added.choices:
        values["selection_ids"] = [
            (0, 0, {"value": value, "name": words.source, "sequence": place})
            for place, (value, words) in enumerate(added.choices.items())
        ]
    return values


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
    return existing_in(client, model, [("id", "in", ids)])
