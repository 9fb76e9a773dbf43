"""The public methods of the ledger imitation's models, by their names and arguments in Odoo.

Source: odoo.md sections 1, 4, 5 and 8, compared with Odoo 19's answers.
"""

from __future__ import annotations

import base64
import html
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from connector.sandbox.odoo_fields import SETTINGS_ONLY
from connector.sandbox.odoo_records import as_datetime
from connector.sandbox.odoo_state import INVOICING, OdooState, UserError
from connector.sandbox.odoo_versions import MISSING_METHODS
from connector.sandbox.switches import MakesKeys

READ_ONLY_ACCOUNTING = "account.group_account_readonly"


class LedgerError(Exception):
    """An exception as JSON-2 answers it: the exception's `name`, its HTTP `status`, and its words."""

    def __init__(self, name: str, status: int, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.status = status
        self.message = message

    @property
    def arguments(self) -> list[object]:
        """What the envelope repeats as the exception's arguments."""
        is_http = self.name.startswith("werkzeug.")
        return [self.message, self.status] if is_http else [self.message]


class UnknownModel(LedgerError):
    """The database has no such model."""

    def __init__(self, model: str) -> None:
        super().__init__("werkzeug.exceptions.NotFound", 404, f"the model '{model}' does not exist")
        self.model = model


class UnknownMethod(LedgerError):
    """The model has no such method."""

    def __init__(self, model: str, method: str) -> None:
        super().__init__("werkzeug.exceptions.NotFound", 404, f"The method '{model}.{method}' does not exist")


def access_error(message: str) -> LedgerError:
    return LedgerError("odoo.exceptions.AccessError", 403, message)


def value_error(message: str) -> LedgerError:
    return LedgerError("builtins.ValueError", 500, message)


def missing_error(call: Call, number: int) -> LedgerError:
    message = f"Record does not exist or has been deleted.\n(Record: {call.model}({number},), User: {call.user})"
    return LedgerError("odoo.exceptions.MissingError", 404, message)


@dataclass(frozen=True)
class Call:
    """One call: who calls, what on, with which context."""

    state: OdooState
    user: int
    model: str
    ids: tuple[int, ...]
    context: Mapping[str, Any]

    def require(self, operation: str) -> None:
        """Raise `AccessError` unless the caller's groups allow `operation` on the model."""
        if not self.allows(operation):
            raise access_error(
                f"You are not allowed to {operation} '{self.model}' records.\n\n"
                "Contact your administrator to request access if necessary."
            )

    def allows(self, operation: str) -> bool:
        groups = self.state.groups[self.user]
        if self.model in SETTINGS_ONLY:
            return "base.group_system" in groups
        if not self.model.startswith("account."):
            return operation == "read" or INVOICING in groups
        return INVOICING in groups or (operation == "read" and READ_ONLY_ACCOUNTING in groups)

    def singleton(self) -> int:
        if len(self.ids) != 1:
            raise value_error(f"Expected singleton: {self.model}{self.ids}")
        return self.ids[0]


def _company_domain(call: Call) -> list[Any]:
    allowed = call.context.get("allowed_company_ids")
    if not allowed:
        return []
    own = call.state.records.get("res.users", call.user)["company_ids"]
    if not set(allowed) <= set(own):
        raise access_error("Access to unauthorized or invalid companies.")
    has_company = "company_id" in call.state.fields(call.model) and call.model.startswith("account.")
    return [["company_id", "in", list(allowed)]] if has_company else []


def _found(call: Call, domain: Any, order: str | None) -> list[int]:
    call.require("read")
    companies = _company_domain(call)
    if companies and isinstance(domain, list):
        domain = companies + domain
    try:
        return call.state.records.search(
            call.model, domain, order=order, active_only=call.context.get("active_test", True)
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
    _company_domain(call)
    return _rows(call, [number for number in call.ids if _exists(call, number)], fields, load)


def _exists(call: Call, number: int) -> bool:
    return call.state.records.exists(call.model, number)


def _rows(call: Call, numbers: Sequence[int], fields: Sequence[str] | None, load: str | None) -> list[dict[str, Any]]:
    known = call.state.fields(call.model)
    wanted = list(fields or known)
    for name in wanted:
        if name not in known:
            raise value_error(f"Invalid field {name!r} on {call.model!r}")
    rows: list[dict[str, Any]] = []
    for number in numbers:
        record = call.state.records.get(call.model, number)
        row = {"id": number}
        for name in wanted:
            value = call.state.records.shown(call.model, record, name)
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
        for name, field in call.state.fields(call.model).items()
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
    _company_domain(call)
    values = _checked_values(call, vals)
    for number in call.ids:
        if not _exists(call, number):
            raise missing_error(call, number)
    for number in call.ids:
        changed = call.state.records.update(call.model, number, values, by=call.user)
        call.state.written(call.model, number, changed, by=call.user)
    return True


def create_wizard(call: Call, vals_list: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[int]:
    call.require("write")
    listed = [vals_list] if isinstance(vals_list, Mapping) else vals_list
    created: list[int] = []
    for values in listed:
        # Left out, the methods default to the customer's own or e-mail: odoo.md section 5.
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


def run_action(call: Call) -> dict[str, str]:
    action = call.singleton()
    if action != call.state.pdf_action:
        message = f"Record does not exist or has been deleted.\n(Record: {call.model}({action},), User: {call.user})"
        raise LedgerError("odoo.exceptions.MissingError", 404, message)
    if INVOICING not in call.state.groups[call.user]:
        raise access_error("You don't have enough access rights to run this action.")
    content = call.state.rendered_pdf(call.context["active_id"])
    return {"type": "ir.actions.act_window_close", "pdf": base64.b64encode(content).decode()}


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
) -> list[int]:
    """A message in a record's chatter. One that is no note, or names partners, is mailed to those who follow."""
    call.require("write")
    number = call.singleton()
    if not number:
        raise value_error("Posting a message should be done on a business document.")
    if not _exists(call, number):
        raise missing_error(call, number)
    if not call.state.switches.switches.takes_messages:
        raise UserError("Unable to send message, please configure the sender's email address.")
    body = body if body_is_html else html.escape(body)
    values = {"model": call.model, "res_id": number, "body": body, "message_type": message_type}
    values["message_id"] = message_id or f"<{secrets.token_hex(8)}@sandbox>"
    if subtype_xmlid != "mail.mt_note" or partner_ids:
        call.state.emails_sent[number] += 1
    return [call.state.records.create("mail.message", values, by=call.user)]


def generate_key(call: Call, key: str, scope: str | None, name: str, expiration_date: str) -> str:  # noqa: ARG001
    """A new key of the caller's, as odoo.md section 1 has it from Odoo's documentation."""
    allowed = call.state.switches.switches.makes_keys
    if allowed is MakesKeys.ABSENT:
        raise UnknownMethod(call.model, "generate")
    if allowed is MakesKeys.REFUSED or call.state.keys.get(key) != call.user:
        raise access_error("Programmatic API keys are not enabled, or the key is not yours.")
    made = secrets.token_hex(20)
    call.state.set_key(made, call.user, expires=date.fromisoformat(expiration_date))
    return made


def revoke_key(call: Call, key: str) -> None:
    if call.state.switches.switches.makes_keys is not MakesKeys.ALLOWED:
        raise UnknownMethod(call.model, "revoke")
    call.state.drop_key(key)


def context_get(call: Call) -> dict[str, Any]:
    user = call.state.records.get("res.users", call.user)
    return {"lang": user["lang"], "tz": user.get("tz", False), "uid": call.user}


def has_group(call: Call, group_ext_id: str) -> bool:
    return group_ext_id in call.state.groups.get(call.singleton(), frozenset())


Method = Callable[..., Any]

MODEL_METHODS = frozenset(
    {
        search,
        search_count,
        search_read,
        web_search_read,
        fields_get,
        check_access_rights,
        create_wizard,
        context_get,
        generate_key,
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
    ("res.users.apikeys", "generate"): generate_key,
    ("res.users.apikeys", "revoke"): revoke_key,
    ("res.users", "context_get"): context_get,
    ("res.users", "has_group"): has_group,
}


def find_method(call: Call, name: str) -> Method:
    """The method to call. Raises `LedgerError` for a missing model, a private or a missing method."""
    installed = call.model in SETTINGS_ONLY and (call.model, name) in OF_ONE_MODEL
    if call.model in SETTINGS_ONLY and not installed:
        call.require("read")
    if not installed and call.model not in call.state.models():
        raise UnknownModel(call.model)
    if name.startswith("_"):
        raise access_error(f"Private methods (such as '{call.model}.{name}') cannot be called remotely.")
    method = OF_ONE_MODEL.get((call.model, name)) or OF_EVERY_MODEL.get(name)
    if method is None or name in MISSING_METHODS[call.state.version]:
        raise UnknownMethod(call.model, name)
    return method


def is_of_the_model(method: Method) -> bool:
    """Whether a method is the model's own and takes no ids."""
    return method in MODEL_METHODS


def called(method: Method, call: Call, arguments: Mapping[str, Any]) -> Any:
    """The result of a method that was found. Raises `LedgerError`."""
    try:
        return method(call, **arguments)
    except UserError as error:
        raise LedgerError("odoo.exceptions.UserError", 422, str(error)) from error
