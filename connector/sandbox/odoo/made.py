"""What someone with Settings rights has made through the API: models, fields, rights, groups, actions, views, rules.

Enforced as Odoo does it: access rights and record rules of such a model hold for everybody, anyone who calls; `groups`
and `readonly` of a field made so are kept and hold for no one. Source: odoo/API.md, "What is made by API".
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connector.sandbox.odoo.fields import FIELDS, STAMPS, Field
from connector.sandbox.odoo.records import Records, UserError
from connector.sandbox.odoo.versions import stored_fields

OPERATIONS = ("read", "write", "create", "unlink")
ODOOS_OWN = (
    ("base", "group_user"),
    ("base", "group_portal"),
    ("base", "group_system"),
    ("account", "group_account_invoice"),
    ("account", "group_account_readonly"),
    ("account", "group_account_manager"),
)
"""Groups that Odoo has of itself, by external id."""

ODOOS_OBJECTS: Mapping[str, tuple[tuple[str, str, Mapping[str, Any]], ...]] = {
    "ir.module.category": (("base", "module_category_accounting", {"name": "Accounting"}),),
    "ir.ui.view": (
        ("account", "view_move_form", {"name": "account.move.form", "model": "account.move", "arch": "<form/>"}),
        ("account", "view_out_invoice_tree", {"name": "account.move.tree", "model": "account.move", "arch": "<list/>"}),
        (
            "account",
            "view_account_invoice_filter",
            {"name": "account.move.select", "model": "account.move", "arch": "<search/>"},
        ),
        (
            "account",
            "view_partner_property_form",
            {"name": "res.partner.form", "model": "res.partner", "arch": "<form/>"},
        ),
    ),
    "ir.ui.menu": (("account", "menu_finance_receivables", {"name": "Customers"}),),
}
"""What else Odoo has of itself that a set-up refers to: module, name and values, by model."""

_FIELDS_OF_INVOICES = ("payment_state", "amount_residual", "state")
_INVERSE: Mapping[str, str] = {"selection_ids": "field_id", "view_ids": "act_window_id"}
"""By a list of records that are made with another: the field by which they belong to it, if it is not `model_id`."""

_MANUAL = "x_"
_AT_FIRST: Mapping[str, Mapping[str, Any]] = {
    "ir.model": {"state": "manual"},
    "ir.model.access": {"active": True},
    "ir.rule": {"active": True, **{f"perm_{operation}": True for operation in OPERATIONS}},
    "ir.model.fields": {"copied": True},
    "base.automation": {"active": True},
    "ir.ui.view": {"active": True},
    "ir.ui.menu": {"active": True},
    "ir.filters": {"active": True},
}


class Made:
    """The models and rights of one database, kept in `records`. The caller holds the lock."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.fields: dict[str, dict[str, Field]] = {}
        """The fields made on each model, Odoo's own among them, by name."""
        self._ids: dict[str, int] = {}

    def begin(self) -> None:
        """Enter the models and groups of Odoo's own that others refer to."""
        for model in ("account.move", "res.partner", "res.company", "res.users"):
            self._ids[model] = self._records.create("ir.model", {"name": model, "model": model, "state": "base"})
            module = "base" if model.startswith("res.") else "account"
            self._bind(module, f"model_{model.replace('.', '_')}", "ir.model", self._ids[model])
        for module, name in ODOOS_OWN:
            self._bind(module, name, "res.groups", self._records.create("res.groups", {"name": name}))
        for model, objects in ODOOS_OBJECTS.items():
            for module, name, values in objects:
                made = self._records.create(model, {**_AT_FIRST.get(model, {}), **values})
                self._bind(module, name, model, made)
        for name in _FIELDS_OF_INVOICES:
            values = {"name": name, "model": "account.move", "model_id": self._ids["account.move"]}
            made = self._records.create("ir.model.fields", values)
            self._bind("account", f"field_account_move__{name}", "ir.model.fields", made)
        self._records.create("ir.module.module", {"name": "base_automation", "state": "uninstalled"})

    def group(self, xmlid: str) -> int:
        """The id of a group by its external id."""
        module, name = xmlid.split(".")
        (row,) = self._records.search("ir.model.data", [["module", "=", module], ["name", "=", name]])
        return int(self._records.get("ir.model.data", row)["res_id"])

    @property
    def models(self) -> frozenset[str]:
        """The models made so."""
        return frozenset(model for model in self._ids if model.startswith(_MANUAL))

    def create(self, model: str, values: Mapping[str, Any], *, by: int = 1) -> int:
        """A record of one of the models of settings, with what comes of it; returns its id."""
        plain, commands = self._apart(model, values)
        if model == "ir.model.fields":
            plain["model"] = self._records.get("ir.model", plain["model_id"])["model"]
        number = self._records.create(model, {**_AT_FIRST.get(model, {}), **plain}, by=by)
        if model == "ir.model":
            name = str(plain["model"])
            if not name.startswith(_MANUAL):
                raise ValueError("The model name must start with 'x_'.")
            self._ids[name] = number
            self._records.add_model(name)
            self.fields[name] = _stamps()
            if "field_id" not in values:
                commands["field_id"] = [(0, 0, {"name": "x_name", "ttype": "char", "field_description": "Name"})]
        elif model == "ir.model.fields":
            name, on = str(plain["name"]), str(plain["model"])
            if not name.startswith(_MANUAL):
                raise ValueError("Custom fields must have a name that starts with 'x_'!")
            self.fields.setdefault(on, {})[name] = Field(name, str(plain["ttype"]), str(plain.get("relation") or ""))
        self._obey(model, number, commands, by=by)
        return number

    def write(self, model: str, number: int, values: Mapping[str, Any], *, by: int = 1) -> tuple[str, ...]:
        """Put `values`, commands among them, into a record of settings; returns the names of those that differ."""
        plain, commands = self._apart(model, values)
        self._obey(model, number, commands, by=by)
        return self._records.update(model, number, plain, by=by)

    def unlink(self, model: str, number: int) -> None:
        """Take away a record of settings, and what goes with it. Raises `UserError` for a field that a view shows."""
        record = self._records.get(model, number)
        if model == "ir.model.fields":
            self._require_unseen(record)
        match model:
            case "base.automation":
                for action in self._of("base_automation_id", number, "ir.actions.server"):
                    # Odoo leaves the external ids of actions that go with their rule.
                    self._records.delete("ir.actions.server", action)
            case "ir.actions.act_window":
                for view in self._of("act_window_id", number, "ir.actions.act_window.view"):
                    self._records.delete("ir.actions.act_window.view", view)
            case "ir.model":
                for other in ("ir.model.fields", "ir.model.access", "ir.rule"):
                    for one in self._of("model_id", number, other):
                        self._drop_choices(other, one)
                        self._records.delete(other, one)
                del self._ids[record["model"]], self.fields[record["model"]]
                self._records.drop_model(record["model"])
            case "ir.model.fields":
                self._drop_choices(model, number)
                self.fields[record["model"]].pop(record["name"], None)
        self._records.delete(model, number)
        gone = [["model", "=", model], ["res_id", "=", number]]
        for row in self._records.search("ir.model.data", gone):
            self._records.delete("ir.model.data", row)

    def _drop_choices(self, model: str, number: int) -> None:
        if model == "ir.model.fields":
            for choice in self._of("field_id", number, "ir.model.fields.selection"):
                self._records.delete("ir.model.fields.selection", choice)

    def _require_unseen(self, field: Mapping[str, Any]) -> None:
        for _, view in self._table("ir.ui.view"):
            if view.get("model") == field["model"] and f'"{field["name"]}"' in str(view.get("arch")):
                raise UserError(
                    f"Cannot rename/delete fields that are still present in views:\nFields: {field['name']}\n"
                    f"View: {view['name']}"
                )

    def installed(self, module: str) -> bool:
        """Return whether one of Odoo's own modules is installed."""
        found = self._records.search("ir.module.module", [["name", "=", module], ["state", "=", "installed"]])
        return bool(found)

    def name_of(self, model: str, number: int, module: str) -> str:
        """The external id of an object in `module`, "" if it has none there."""
        domain = [["module", "=", module], ["model", "=", model], ["res_id", "=", number]]
        found = self._records.search("ir.model.data", domain)
        return str(self._records.get("ir.model.data", found[0])["name"]) if found else ""

    def ids_of(self, groups: Collection[str]) -> list[int]:
        """The ids of groups that are named by external id."""
        return sorted(self._held(groups))

    def groups_of(self, user: int, known: Collection[str]) -> frozenset[str]:
        """The groups of a user by external id: those `known`, and those made here that name the user a member."""
        # 17 and 18 call the members `users` (odoo/API.md, "Rights and companies" and "Versions").
        members = {
            number
            for number, group in self._table("res.groups")
            if user in (*(group.get("user_ids") or ()), *(group.get("users") or ()))
        }
        return frozenset({*known, *(xmlid for xmlid, number in self._group_ids() if number in members)})

    def allows(self, groups: Collection[str], model: str, operation: str) -> bool:
        """Return whether access rights let a user of these groups do `operation` on a model made here."""
        held = self._held(groups)
        return any(
            access["model_id"] == self._ids[model]
            and access["active"]
            and access.get(f"perm_{operation}")
            and (not access.get("group_id") or access["group_id"] in held)
            for _, access in self._table("ir.model.access")
        )

    def rules(self, groups: Collection[str], model: str, operation: str, companies: Sequence[int]) -> list[list[Any]]:
        """The domains that records of a model made here must fit for a user of these groups, who sees `companies`."""
        held = self._held(groups)
        for_all: list[list[Any]] = []
        for_groups: list[list[Any]] = []
        for _, rule in self._table("ir.rule"):
            if rule["model_id"] != self._ids[model] or not rule["active"] or not rule.get(f"perm_{operation}"):
                continue
            text = str(rule["domain_force"]).replace("company_ids", repr(list(companies)))
            domain = [list(item) if isinstance(item, tuple) else item for item in ast.literal_eval(text)]
            if not rule.get("groups"):
                for_all.append(domain)
            elif held & set(rule["groups"]):
                for_groups.append(domain)
        either = ["|"] * (len(for_groups) - 1) + [item for domain in for_groups for item in _joined(domain)]
        return [*for_all, either] if for_groups else for_all

    def _group_ids(self) -> list[tuple[str, int]]:
        rows = [row for _, row in self._table("ir.model.data") if row["model"] == "res.groups"]
        return [(f"{row['module']}.{row['name']}", int(row["res_id"])) for row in rows]

    def _held(self, groups: Collection[str]) -> frozenset[int]:
        return frozenset(number for xmlid, number in self._group_ids() if xmlid in groups)

    def _table(self, model: str) -> list[tuple[int, Mapping[str, Any]]]:
        return [(record["id"], record) for record in self._records.all(model)]

    def _of(self, name: str, number: int, model: str) -> list[int]:
        return [one for one, record in self._table(model) if record.get(name) == number]

    def _bind(self, module: str, name: str, model: str, number: int) -> None:
        self._records.create("ir.model.data", {"module": module, "name": name, "model": model, "res_id": number})

    def _apart(self, model: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        fields = stored_fields(model, custom=False)
        lists = {name for name in values if fields[name].is_list}
        return {n: v for n, v in values.items() if n not in lists}, {name: values[name] for name in lists}

    def _obey(self, model: str, number: int, commands: Mapping[str, Sequence[Any]], *, by: int) -> None:
        for name, listed in commands.items():
            field = stored_fields(model, custom=False)[name]
            linked = list(self._records.get(model, number).get(name) or ())
            for command, *rest in listed:
                match command:
                    case 0:
                        inverse = _INVERSE.get(name, "model_id")
                        linked.append(self.create(field.relation, {**rest[1], inverse: number}, by=by))
                    case 3:
                        linked = [one for one in linked if one != rest[0]]
                    case 4:
                        linked = [*dict.fromkeys([*linked, rest[0]])]
                    case 5:
                        if field.type == "one2many":
                            for one in linked:
                                self._records.delete(field.relation, one)
                        linked = []
                    case 6:
                        linked = list(rest[1])
                    case _:
                        raise ValueError(f"Unknown command {command}")
            self._records.update(model, number, {name: linked}, by=by)


def _stamps() -> dict[str, Field]:
    return {name: FIELDS["res.currency"][name] for name in ("id", "display_name", *STAMPS)}


def _joined(domain: list[Any]) -> list[Any]:
    """A domain as one condition."""
    joined = sum(item in ("&", "|") for item in domain if isinstance(item, str))
    return ["&"] * (sum(isinstance(item, list) for item in domain) - 1 - joined) + domain
