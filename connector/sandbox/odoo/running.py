"""Running the actions that the connector has installed in the ledger imitation, as Odoo's `run` does."""

from __future__ import annotations

import base64
from dataclasses import replace

from connector.sandbox.odoo import request_rows as odoo_requests
from connector.sandbox.odoo.call import Call, LedgerError, access_error, missing_error
from connector.sandbox.odoo.records import UserError
from connector.sandbox.odoo.state import INVOICING, OdooState
from connector.sandbox.odoo.switches import OdooVersion


def run_action(call: Call) -> dict[str, str]:
    """Return what an installed action gives its user. Raises `LedgerError` for anyone who may not run it."""
    action = call.singleton()
    name = call.state.made.name_of(call.model, action, odoo_requests.MODULE)
    kind = odoo_requests.ACTION_NAMES.get(name) or odoo_requests.ACTIONS.get(action)
    if odoo_requests.MODEL not in call.state.models():
        kind = None
    if kind is None and action != call.state.pdf_action and name != odoo_requests.PDF_ACTION_NAME:
        message = f"Record does not exist or has been deleted.\n(Record: {call.model}({action},), User: {call.user})"
        raise LedgerError("odoo.exceptions.MissingError", 404, message)
    if (odoo_requests.MAY_RUN[kind] if kind else INVOICING) not in call.groups:
        raise access_error("You don't have enough access rights to run this action.")
    if kind is None:
        content = call.state.rendered_pdf(call.context["active_id"])
        return {"type": "ir.actions.act_window_close", "pdf": base64.b64encode(content).decode()}
    chosen = tuple(call.context.get("active_ids") or (call.context["active_id"],))
    if kind == odoo_requests.ANSWER:
        of_requests = replace(call, model=odoo_requests.MODEL, ids=chosen)
        of_requests.require("read")
        of_requests.require_rules("read")
        call.state.answer_requests(chosen)
        return {"type": "ir.actions.act_window_close"}
    of_invoices = replace(call, model="account.move", ids=chosen)
    of_invoices.require("write")
    _require_companies(of_invoices)
    _require_author(call, action)
    call.state.run_request(kind, call.user, chosen)
    return {"type": "ir.actions.client", "tag": "display_notification"}


def _require_companies(call: Call) -> None:
    """Raise `AccessError` unless each invoice is one of a company that the caller sees."""
    own = call.state.records.get("res.users", call.user)["company_ids"]
    for number in call.ids:
        if not call.exists(number):
            raise missing_error(call, number)
        if call.state.books.field(number, "company_id") not in own:
            raise access_error(f"Access to unauthorized or invalid companies.\n\nRecords: {call.model},{number}")


def _require_author(call: Call, action: int) -> None:
    """Raise `UserError` where the action's code posts a note as a user whom this version takes for no author."""
    installed = call.state.records.exists(call.model, action)
    code = str(call.state.records.get(call.model, action).get("code") or "") if installed else ""
    if ".message_post(" in code.replace(".sudo().message_post(", ""):
        require_address(call.state, call.user)


def require_address(state: OdooState, user: int, given: str = "") -> None:
    """Raise `UserError` for a note of a user without an e-mail address, as 17 and 18 do outside superuser mode.

    `given` is an address that comes with the note (odoo/API.md, "JSON-RPC").
    """
    if state.version is not OdooVersion.V19 and not given and not state.records.get("res.users", user).get("email"):
        raise UserError("Unable to send message, please configure the sender's email address.")
