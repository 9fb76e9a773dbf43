"""The public methods of the ledger imitation's models, by their names and arguments in Odoo.

Source: odoo/API.md, "Calls", "Invoices", "PDF" and "Rights and companies", compared with Odoo 19's answers.
"""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.sandbox.odoo.call import (
    Call,
    LedgerError,
    UnknownMethod,
    UnknownModel,
    access_error,
    missing_error,
    value_error,
)
from connector.sandbox.odoo.companies import company_domain, require_companies
from connector.sandbox.odoo.fields import SETTINGS_ONLY
from connector.sandbox.odoo.key_methods import generate_key, revoke_key
from connector.sandbox.odoo.records import UserError, as_datetime
from connector.sandbox.odoo.running import require_address, run_action
from connector.sandbox.odoo.setting_methods import (
    get_available_models,
    get_field_translations,
    install_module,
    require_fitting,
    update_field_translations,
)
from connector.sandbox.odoo.versions import MISSING_METHODS


def _found(call: Call, domain: Any, order: str | None) -> list[int]:
    call.require("read")
    companies = [*company_domain(call), *call.rules("read")]
    try:
        return call.state.records.search(
            call.model, domain, order=order, active_only=call.context.get("active_test", True), rules=companies
        )
    except ValueError as error:
        raise value_error(str(error)) from error
    except TypeError as error:
        raise LedgerError("builtins.TypeError", 500, str(error)) from error


def _sliced(numbers: list[int], offset: int, limit: int | None) -> list[int]:
    return numbers[offset : offset + limit if limit else None]


def search(call: Call, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None) -> list[int]:
    return _sliced(_found(call, domain, order), offset, limit)


def search_count(call: Call, domain: Any, limit: int | None = None) -> int:
    return len(_sliced(_found(call, domain, None), 0, limit))


def search_read(
    call: Call,
    domain: Any = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    **read_kwargs: Any,
) -> list[dict[str, Any]]:
    unknown = sorted(set(read_kwargs) - {"load"})
    if unknown:
        # Unlike elsewhere this is no 422: these arguments are only looked at when the records are read.
        message = f"BaseModel._read_format() got an unexpected keyword argument '{unknown[0]}'"
        raise LedgerError("builtins.TypeError", 500, message)
    numbers = _sliced(_found(call, [] if domain is None else domain, order), offset, limit)
    return _rows(call, numbers, fields, read_kwargs.get("load", "_classic_read"))


def read(call: Call, fields: Sequence[str] | None = None, load: str | None = "_classic_read") -> list[dict[str, Any]]:
    call.require("read")
    numbers = [number for number in call.ids if call.exists(number)]
    require_companies(call, numbers)
    call.require_rules("read")
    return _rows(call, numbers, fields, load)


def _rows(call: Call, numbers: Sequence[int], fields: Sequence[str] | None, load: str | None) -> list[dict[str, Any]]:
    known = call.state.fields(call.model)
    wanted = list(fields or known)
    for name in wanted:
        if name not in known:
            raise value_error(f"Invalid field {name!r} on {call.model!r}")
        if name not in call.fields:
            raise access_error(f"You do not have enough rights to access the field {name!r} on {call.model!r}.")
    lang = str(call.context.get("lang") or "")
    rows: list[dict[str, Any]] = []
    for number in numbers:
        record = call.state.records.get(call.model, number)
        row = {"id": number}
        for name in wanted:
            value = call.state.records.shown(call.model, record, name)
            if lang:
                value = call.state.texts.shown(call.model, number, name, value, lang, call.state.version)
            if known[name].type == "many2one" and value and not load:
                value = value[0]
            if known[name].type == "binary" and isinstance(value, str) and call.context.get("bin_size"):
                value = f"{len(value) * 3 / 4 / 1024:.2f} Kb"
            row[name] = value
        rows.append(row)
    return rows


def web_search_read(
    call: Call,
    domain: Any,
    specification: Mapping[str, Mapping[str, Any]],
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    numbers = _sliced(_found(call, domain, order), offset, limit)
    return {"length": len(numbers), "records": _nested(call, call.model, numbers, specification)}


def _nested(
    call: Call, model: str, numbers: Sequence[int], specification: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows whose references hold the fields that `specification` asks for. Numbers of unread ones stay bare."""
    of_model = replace(call, model=model)
    of_model.require("read")
    require_companies(of_model, numbers)
    rows = _rows(of_model, numbers, list(specification), None)
    known = call.state.fields(model)
    for row in rows:
        for name, wanted in specification.items():
            if "fields" not in wanted or not row[name]:
                continue
            linked = row[name] if known[name].is_list else [row[name]]
            if order := wanted.get("order"):
                linked = call.state.records.search(known[name].relation, [["id", "in", linked]], order=order)
            found = _nested(call, known[name].relation, linked, wanted["fields"])
            row[name] = found if known[name].is_list else found[0]
    return rows


def fields_get(
    call: Call, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
) -> dict[str, dict[str, Any]]:
    call.require("read")
    return {
        name: {
            attribute: value
            for attribute, value in field.described().items()
            if not attributes or attribute in attributes
        }
        for name, field in call.fields.items()
        if not allfields or name in allfields
    }


def has_access(call: Call, operation: str) -> bool:
    return call.allows(operation)


def check_access_rights(call: Call, operation: str, raise_exception: bool = True) -> bool:
    if raise_exception:
        call.require(operation)
    return call.allows(operation)


def _checked_values(call: Call, values: Mapping[str, Any]) -> dict[str, Any]:
    known = call.state.fields(call.model)
    for name, value in values.items():
        if name not in known:
            raise value_error(f"Invalid field {name!r} in {call.model!r}")
        if known[name].type == "datetime" and value:
            try:
                as_datetime(value)
            except (TypeError, ValueError) as error:
                raise value_error(str(error)) from error
    return {name: False if value is None or value == "" else value for name, value in values.items()}


def write(call: Call, vals: Mapping[str, Any]) -> bool:
    call.require("write")
    company_domain(call)
    values = _checked_values(call, vals)
    for number in call.ids:
        if not call.exists(number):
            raise missing_error(call, number)
    call.require_rules("write")
    require_fitting(call, values)
    for number in call.ids:
        if call.model in MADE_BY_SETTINGS:
            rest = call.state.texts.kept_apart(call.model, number, values, str(call.context.get("lang") or ""))
            call.state.made.write(call.model, number, rest, by=call.user)
            if "arch" in rest:
                call.state.texts.source_changed(number, str(rest["arch"]))
            continue
        changed = call.state.records.update(call.model, number, values, by=call.user)
        call.state.written(call.model, number, changed, by=call.user)
    return True


def create(call: Call, vals_list: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[int]:
    """New records of a model of settings, or of one that was made by API."""
    call.require("create")
    listed = [vals_list] if isinstance(vals_list, Mapping) else vals_list
    created: list[int] = []
    for values in listed:
        checked = _checked_values(call, values)
        require_fitting(call, checked)
        try:
            if call.model in MADE_BY_SETTINGS:
                created.append(call.state.made.create(call.model, checked, by=call.user))
            else:
                created.append(call.state.records.create(call.model, checked, by=call.user))
        except ValueError as error:
            raise LedgerError("odoo.exceptions.ValidationError", 422, str(error)) from error
    replace(call, ids=tuple(created)).require_rules("create")
    return created


def unlink(call: Call) -> bool:
    call.require("unlink")
    call.require_rules("unlink")
    for number in call.ids:
        if not call.exists(number):
            continue
        if call.model in MADE_BY_SETTINGS:
            call.state.made.unlink(call.model, number)
            call.state.texts.drop(call.model, number)
        else:
            call.state.records.delete(call.model, number)
    return True


def create_wizard(call: Call, vals_list: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[int]:
    call.require("write")
    listed = [vals_list] if isinstance(vals_list, Mapping) else vals_list
    created: list[int] = []
    for values in listed:
        # Left out, the methods default to the customer's own or e-mail: odoo/API.md, "PDF".
        given = {"sending_methods": values.get("sending_methods", ["email"])}
        created.append(call.state.records.create(call.model, _checked_values(call, dict(values)) | given, by=call.user))
    return created


def action_send_and_print(call: Call, allow_fallback_pdf: bool = False) -> dict[str, str]:  # noqa: ARG001
    call.require("write")
    wizard = call.state.records.get(call.model, call.singleton())
    invoice = wizard["move_id"]
    if not call.state.books.field(invoice, "invoice_pdf_report_id"):
        call.state.generate_pdf(invoice)
    if "email" in (wizard["sending_methods"] or ()):
        call.state.emails_sent[invoice] += 1
    return {"type": "ir.actions.act_window_close"}


def get_portal_url(
    call: Call,
    suffix: str | None = None,
    report_type: str | None = None,
    download: bool | None = None,
    query_string: str | None = None,
    anchor: str | None = None,
) -> str:
    call.require("read")
    invoice = call.singleton()
    token = call.state.books.field(invoice, "access_token")
    if not token:
        token = secrets.token_hex(16)
        call.state.books.set_invoice(invoice, access_token=token)
    return (
        f"/my/invoices/{invoice}{suffix or ''}?access_token={token}"
        + (f"&report_type={report_type}" if report_type else "")
        + ("&download=true" if download else "")
        + (query_string or "")
        + (f"#{anchor}" if anchor else "")
    )


def message_post(
    call: Call,
    *,
    body: str = "",
    body_is_html: bool = False,
    message_type: str = "notification",
    subtype_xmlid: str | None = None,
    partner_ids: Sequence[int] | None = None,
    message_id: str = "",
    author_id: int | None = None,
    email_from: str = "",
) -> list[int]:
    """A message in a record's chatter. One that is no note, or names partners, is mailed to those who follow."""
    call.require("write")
    number = call.singleton()
    if not number:
        raise value_error("Posting a message should be done on a business document.")
    if not call.exists(number):
        raise missing_error(call, number)
    if not call.state.switches.switches.takes_messages:
        raise UserError("Unable to send message, please configure the sender's email address.")
    require_address(call.state, call.user, email_from)
    body = body if body_is_html else html.escape(body)
    values = {"model": call.model, "res_id": number, "body": body, "message_type": message_type}
    if author_id:
        values["author_id"] = author_id
    values["message_id"] = message_id or f"<{secrets.token_hex(8)}@sandbox>"
    if subtype_xmlid != "mail.mt_note" or partner_ids:
        call.state.emails_sent[number] += 1
    return [call.state.records.create("mail.message", values, by=call.user)]


def context_get(call: Call) -> dict[str, Any]:
    user = call.state.records.get("res.users", call.user)
    return {"lang": user["lang"], "tz": user.get("tz", False), "uid": call.user}


def _languages(call: Call) -> dict[str, str]:
    active = [row for row in call.state.records.all("res.lang") if row.get("active")]
    return {"en_US": "English (US)"} | {str(row["code"]): str(row["name"]) for row in active}


def get_installed(call: Call) -> list[list[str]]:
    """The languages of the database; English, the source's, is one of them."""
    return [[code, name] for code, name in sorted(_languages(call).items(), key=lambda one: one[1])]


def has_group(call: Call, group_ext_id: str) -> bool:
    return group_ext_id in call.state.groups_of(call.singleton())


Method = Callable[..., Any]

MODEL_METHODS = frozenset(
    {
        search,
        search_count,
        search_read,
        web_search_read,
        fields_get,
        check_access_rights,
        create,
        create_wizard,
        context_get,
        get_available_models,
        generate_key,
        get_installed,
        revoke_key,
    }
)
"""Methods of the model itself, which take no ids."""

OF_EVERY_MODEL: Mapping[str, Method] = {
    "search": search,
    "search_count": search_count,
    "search_read": search_read,
    "web_search_read": web_search_read,
    "read": read,
    "fields_get": fields_get,
    "has_access": has_access,
    "check_access_rights": check_access_rights,
    "write": write,
}
OF_ONE_MODEL: Mapping[tuple[str, str], Method] = {
    ("account.move", "get_portal_url"): get_portal_url,
    ("account.move", "message_post"): message_post,
    ("account.move.send.wizard", "create"): create_wizard,
    ("account.move.send.wizard", "action_send_and_print"): action_send_and_print,
    ("ir.actions.server", "run"): run_action,
    ("ir.model", "get_available_models"): get_available_models,
    ("ir.module.module", "button_immediate_install"): install_module,
    ("ir.ui.view", "get_field_translations"): get_field_translations,
    ("ir.ui.view", "update_field_translations"): update_field_translations,
    ("res.users.apikeys", "generate"): generate_key,
    ("res.users.apikeys", "revoke"): revoke_key,
    ("res.lang", "get_installed"): get_installed,
    ("res.users", "context_get"): context_get,
    ("res.users", "has_group"): has_group,
}


OF_EVERYBODY = frozenset({("ir.actions.server", "run"), ("ir.model", "get_available_models")})
"""Methods of models of settings that others may call too; what they then may do, the methods ask."""

OF_WHAT_IS_MADE: Mapping[str, Method] = {"create": create, "unlink": unlink}
"""Methods that every model has, and that only these take here: settings, and what was made by them."""

MADE_BY_SETTINGS = frozenset(
    {
        "base.automation",
        "ir.actions.act_window",
        "ir.actions.act_window.view",
        "ir.actions.server",
        "ir.filters",
        "ir.model",
        "ir.model.access",
        "ir.model.data",
        "ir.model.fields",
        "ir.model.fields.selection",
        "ir.module.category",
        "ir.rule",
        "ir.ui.menu",
        "ir.ui.view",
        "res.groups",
        "res.groups.privilege",
    }
)


def find_method(call: Call, name: str) -> Method:
    """The method to call. Raises `LedgerError` for a missing model, a private or a missing method."""
    installed = (call.model, name) in OF_EVERYBODY
    if call.model in SETTINGS_ONLY and not installed:
        call.require("read")
    if not installed and call.model not in call.state.models():
        raise UnknownModel(call.model)
    if name.startswith("_"):
        raise access_error(f"Private methods (such as '{call.model}.{name}') cannot be called remotely.")
    method = OF_ONE_MODEL.get((call.model, name)) or OF_EVERY_MODEL.get(name)
    if method is None and (call.model in MADE_BY_SETTINGS or call.model in call.state.made.models):
        method = OF_WHAT_IS_MADE.get(name)
    if method is None or name in MISSING_METHODS[call.state.version]:
        raise UnknownMethod(call.model, name)
    return method


def is_of_the_model(method: Method) -> bool:
    """Return whether a method is the model's own and takes no ids."""
    return method in MODEL_METHODS


def called(method: Method, call: Call, arguments: Mapping[str, Any]) -> Any:
    """The result of a method that was found. Raises `LedgerError`."""
    lang = str(call.context.get("lang") or "")
    if lang and lang not in _languages(call):
        raise LedgerError("builtins.ValueError", 422, f"Invalid language code: {lang}")
    call.state.records.lang = lang
    try:
        return method(call, **arguments)
    except UserError as error:
        raise LedgerError("odoo.exceptions.UserError", 422, str(error)) from error
