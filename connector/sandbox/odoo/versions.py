"""What the imitation's older versions have otherwise than 19: fields, models and methods.

Source: odoo/API.md, "Versions". What it does not state of 17 is inferred: the change
that 18 brought is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from connector.sandbox.odoo.fields import FIELDS, Field, every_field
from connector.sandbox.odoo.switches import OdooVersion

WIZARD = "account.move.send.wizard"

_NOT_IN_18: Mapping[str, frozenset[str]] = {
    "account.move": frozenset({"no_followup", "reconciled_payment_ids"}),
    "account.move.line": frozenset({"no_followup"}),
    "res.users": frozenset({"group_ids"}),
    "res.groups": frozenset({"user_ids", "privilege_id"}),
    "ir.actions.server": frozenset({"group_ids"}),
    "ir.filters": frozenset({"user_ids"}),
    WIZARD: frozenset({"template_id"}),
}
_NOT_IN_17: Mapping[str, frozenset[str]] = {
    **_NOT_IN_18,
    "account.move": _NOT_IN_18["account.move"] | {"matched_payment_ids", "status_in_payment"},
    "res.groups": _NOT_IN_18["res.groups"] | {"api_key_duration"},
    "res.users.apikeys": frozenset({"expiration_date"}),
}

MISSING: Mapping[OdooVersion, Mapping[str, frozenset[str]]] = {
    OdooVersion.V17: _NOT_IN_17,
    OdooVersion.V18: _NOT_IN_18,
    OdooVersion.V19: {},
}
"""Fields of 19 that a version does not have."""

_UNTIL_18: Mapping[str, tuple[Field, ...]] = {
    "res.partner": (Field("mobile", "char"),),
    "res.company": (Field("mobile", "char"),),
    "res.users": (Field("groups_id", "many2many", "res.groups"),),
    "res.groups": (
        Field("users", "many2many", "res.users"),
        Field("category_id", "many2one", "ir.module.category"),
    ),
    "ir.actions.server": (Field("groups_id", "many2many", "res.groups"),),
    "ir.filters": (Field("user_id", "many2one", "res.users"),),
    WIZARD: (Field("mail_template_id", "many2one", "mail.template"),),
}

_UNTIL_17: Mapping[str, tuple[Field, ...]] = {**_UNTIL_18, "account.move.line": (Field("blocked", "boolean"),)}

FORMER: Mapping[OdooVersion, Mapping[str, tuple[Field, ...]]] = {
    OdooVersion.V17: _UNTIL_17,
    OdooVersion.V18: _UNTIL_18,
    OdooVersion.V19: {},
}
"""Fields of a version that 19 does not have."""

MISSING_MODELS: Mapping[OdooVersion, frozenset[str]] = {
    OdooVersion.V17: frozenset({WIZARD, "res.groups.privilege"}),
    OdooVersion.V18: frozenset({"res.groups.privilege"}),
    OdooVersion.V19: frozenset(),
}

MISSING_METHODS: Mapping[OdooVersion, frozenset[str]] = {
    OdooVersion.V17: frozenset({"has_access"}),
    OdooVersion.V18: frozenset({"check_access_rights"}),
    OdooVersion.V19: frozenset({"check_access_rights"}),
}
"""Methods that every model has in some version, and in this one not."""

CONFIRM_LABEL = "confirm-label"

TRANSLATED_IN_VIEWS: Mapping[OdooVersion, frozenset[str]] = {
    version: frozenset({"string", "placeholder", "sum", "help", "confirm", "title"})
    | ({CONFIRM_LABEL} if version is OdooVersion.V19 else set())
    for version in OdooVersion
}
"""The attributes in a view that are shown in the user's language (odoo/API.md, "JSON-RPC")."""

SERVER_VERSION: Mapping[OdooVersion, str] = {
    OdooVersion.V17: "17.0-20241201",
    OdooVersion.V18: "18.0-20250421",
    OdooVersion.V19: "19.0",
}


def has_model(version: OdooVersion, model: str) -> bool:
    """Return whether `model` is one of the ledger's in this version."""
    return model in FIELDS and model not in MISSING_MODELS[version]


@cache
def stored_fields(model: str, *, custom: bool) -> Mapping[str, Field]:
    """The fields of `model` in any version by name; `custom` adds the connector's own on invoices."""
    return MappingProxyType(
        {name: field for version in OdooVersion for name, field in fields_of(model, version, custom=custom).items()}
    )


@cache
def fields_of(model: str, version: OdooVersion, *, custom: bool) -> Mapping[str, Field]:
    """The fields of `model` by name; `custom` adds the connector's own on invoices."""
    missing = MISSING[version].get(model, frozenset())
    fields = {name: field for name, field in every_field(model, custom=custom).items() if name not in missing}
    fields |= {field.name: field for field in FORMER[version].get(model, ())}
    return MappingProxyType(fields)
