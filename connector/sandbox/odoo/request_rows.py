"""What the connector has installed for people's requests: the model that holds them, and the actions that make them.

Who may run which action stands here as the installed actions check it; the rows are the server's own record of who
pressed. Source: odoo/API.md, "What is made by API".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.odoo.made import Made

MODEL = "x_amili_request"
INVOICING = "account.group_account_invoice"
SENDERS = "amili_connector.group_send"
CONNECTOR = "amili_connector.group_connector"

SEND, TAKE_BACK, WITHDRAW, DISPUTE, SETTLE = "send", "take_back", "withdraw", "dispute", "settle"
ANSWER = "answer"

ACTIONS: Mapping[int, str] = {501: SEND, 502: TAKE_BACK, 503: WITHDRAW, 504: DISPUTE, 505: SETTLE, 506: ANSWER}
"""The installed actions by their ids."""

ACTION_IDS: Mapping[str, int] = {kind: number for number, kind in ACTIONS.items()}

MAY_RUN: Mapping[str, str] = {
    SEND: SENDERS,
    TAKE_BACK: SENDERS,
    WITHDRAW: SENDERS,
    DISPUTE: INVOICING,
    SETTLE: INVOICING,
    ANSWER: CONNECTOR,
}

_FIELDS: tuple[Mapping[str, Any], ...] = (
    {"name": "x_invoice_id", "ttype": "many2one", "relation": "account.move", "on_delete": "cascade"},
    {"name": "x_company_id", "ttype": "many2one", "relation": "res.company", "on_delete": "cascade"},
    {"name": "x_kind", "ttype": "selection"},
    {"name": "x_first_action", "ttype": "char"},
    {"name": "x_case_id", "ttype": "char"},
    {"name": "x_reason", "ttype": "char"},
    {"name": "x_answered", "ttype": "boolean"},
)


ACTION_NAMES: Mapping[str, str] = {
    "action_send_to_collection": SEND,
    "action_withdraw_request": TAKE_BACK,
    "action_withdraw_case": WITHDRAW,
    "action_mark_disputed": DISPUTE,
    "action_settle_dispute": SETTLE,
    "action_answer_requests": ANSWER,
}
"""The actions that someone installs over the API, by their external ids."""

PDF_ACTION_NAME = "action_render_pdf"
MODULE = "amili_connector"


def install(made: Made) -> int:
    """Make the model as the connector's set-up does: the Invoicing group may read it, no one may do anything else.

    Gives the model's id.
    """
    fields = [(0, 0, {"field_description": one["name"], **one}) for one in _FIELDS]
    model = made.create("ir.model", {"name": "Inkasso: begäran", "model": MODEL, "field_id": fields})
    group = made.group(INVOICING)
    made.create("ir.model.access", {"name": MODEL, "model_id": model, "group_id": group, "perm_read": True})
    of_company = "[('x_company_id', 'in', company_ids)]"
    made.create("ir.rule", {"name": MODEL, "model_id": model, "domain_force": of_company})
    return model
