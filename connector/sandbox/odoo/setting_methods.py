"""Methods of the imitation's models of settings, and what Odoo asks of a view. Source: odoo/API.md, "Installing"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.sandbox.odoo.call import Call, LedgerError
from connector.sandbox.odoo.texts import SOURCE, VIEW

_OWN_FIELD = re.compile(r'name="(x_\w+)"')


def get_available_models(call: Call) -> list[dict[str, str]]:
    """The models that the caller may read, for everybody who works in the company (web/models/ir_model.py)."""
    if "base.group_user" not in call.groups:
        return []
    readable = [
        model for model in sorted(call.state.models()) if Call(call.state, call.user, model, (), {}).allows("read")
    ]
    return [{"display_name": model.replace(".", " ").capitalize(), "model": model} for model in readable]


def install_module(call: Call) -> dict[str, str]:
    """Install modules of Odoo's own, at once."""
    call.require("write")
    for number in call.ids:
        call.state.records.update(call.model, number, {"state": "installed"}, by=call.user)
    return {"type": "ir.actions.client", "tag": "reload"}


def update_field_translations(
    call: Call,
    field_name: str,  # noqa: ARG001 - Odoo's own
    translations: Mapping[str, Mapping[str, str]],
    source_lang: str = "",  # noqa: ARG001 - Odoo's own
) -> bool:
    call.require("write")
    view = call.singleton()
    call.state.texts.translate_view(view, str(call.state.records.get(VIEW, view)["arch"]), translations)
    return True


def get_field_translations(
    call: Call,
    field_name: str,  # noqa: ARG001 - Odoo's own
    langs: Sequence[str] | None = None,
) -> list[Any]:
    call.require("read")
    view = call.singleton()
    arch = str(call.state.records.get(VIEW, view)["arch"])
    wanted = langs or sorted(call.state.languages() | {SOURCE})
    terms = call.state.texts.of_view(view, arch, wanted, call.state.version)
    return [terms, {"translation_type": "char", "translation_show_source": True}]


def require_fitting(call: Call, values: Mapping[str, Any]) -> None:
    """Raise a `ValidationError` for a view that shows fields which its model does not have."""
    if call.model != VIEW or "arch" not in values:
        return
    model = values.get("model") or call.state.records.get(VIEW, call.singleton())["model"]
    for name in _OWN_FIELD.findall(str(values["arch"])):
        if name not in call.state.fields(str(model)):
            message = f'Field "{name}" does not exist in model "{model}"'
            raise LedgerError("odoo.exceptions.ValidationError", 422, message)
