"""What is installed into an Odoo, as data. How it is installed: `provision` and `installing`.

The keys are external ids in the module `amili_connector`; they stay the same from release to release, since an
object is found again by them. Views and the code of actions lie in `templates/odoo/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.text import Text
from connector.domain.withdrawal import LONGEST_REASON_CHARACTERS
from connector.hosts.odoo import fields
from connector.words import say

MODULE = "amili_connector"

FIELD, CHOICE = "ir.model.fields", "ir.model.fields.selection"
GROUP, ACTION, RULE = "res.groups", "ir.actions.server", "base.automation"
VIEW, WINDOW, MENU = "ir.ui.view", "ir.actions.act_window", "ir.ui.menu"
MODEL, ACCESS, RECORD_RULE = "ir.model", "ir.model.access", "ir.rule"

INVOICE, CUSTOMER, REQUEST = "account.move", "res.partner", fields.REQUEST

ORDER = (
    MENU,
    WINDOW,
    VIEW,
    RULE,
    ACTION,
    RECORD_RULE,
    ACCESS,
    MODEL,
    GROUP,
    "res.groups.privilege",
    "ir.module.category",
    FIELD,
)
"""The order in which objects are taken away. What names another goes before it; a rule takes its actions along, a model
its fields and records. The fields on Odoo's own models go last, with what stands in them."""

INVOICING_GROUP = "account.group_account_invoice"
BILLING_ADMINISTRATORS = "account.group_account_manager"

SEND_GROUP = "group_send"
KEY_GROUP = "group_connector"
CATEGORY = "category"
SEND_ACTION = "action_send_to_collection"
WITHDRAW_ACTION = "action_withdraw_request"
WITHDRAW_CASE_ACTION = "action_withdraw_case"
DISPUTE_ACTION = "action_mark_disputed"
SETTLE_ACTION = "action_settle_dispute"
PDF_ACTION = "action_render_pdf"
ANSWER_ACTION = "action_answer_requests"
REQUEST_MODEL = "request_model"
REQUEST_ACCESS = "request_access"
REQUEST_RULE = "request_rule"
COLLECTION_LIST = "view_collection_list"
SEARCH = "view_invoice_search"
COLLECTION_WINDOW = "window_collection"
COLLECTION_MENU = "menu_collection"

KEY_DURATION_DAYS = 365
"""How long API keys of the connector's own user may last; others of its rights are held to 90 (API.md, "Keys")."""


@dataclass(frozen=True)
class Label:
    """What something in Odoo is called: a text of the catalogues, or a `word` that is the same in every language."""

    key: str = ""
    word: str = ""

    def in_language(self, code: str) -> str:
        """The text for an Odoo language code such as "sv_SE"."""
        return self.word or say(Text(self.key), "sv" if code.startswith("sv") else "en")

    @property
    def source(self) -> str:
        """The text in the language of Odoo's own sources."""
        return self.in_language("en_US")


@dataclass(frozen=True)
class AddedField:
    """A field.

    `choices` are the values of a selection, `longest` how many characters a text may have (0 for any), and `formerly`
    is the type that an earlier release gave it. `relation` is the model that a reference points to: it goes with what
    it points to, and is looked up by it.
    """

    model: str
    name: str
    kind: str
    label: Label
    choices: Mapping[str, Label] = field(default_factory=dict)
    formerly: str = ""
    longest: int = 0
    relation: str = ""

    @property
    def key(self) -> str:
        """Its external id."""
        return f"{'request_' if self.model == REQUEST else ''}field_{self.name}"


@dataclass(frozen=True)
class CodeAction:
    """An action that runs code on records of `model`. `groups` may run it; `in_menu` offers it in their Action menu."""

    key: str
    name: Label
    template: str
    groups: tuple[str, ...]
    in_menu: bool = True
    model: str = INVOICE


@dataclass(frozen=True)
class View:
    """A view. `inherits` is the view that it extends, or "" for one of its own."""

    key: str
    template: str
    model: str
    inherits: str = ""


@dataclass(frozen=True)
class HintRule:
    """A rule that tells the connector, by a webhook, when one of `watched` changes on an invoice in `domain`."""

    event: str
    name: Label
    webhook_name: Label
    domain: str
    watched: tuple[str, ...]


ADDED_FIELDS: tuple[AddedField, ...] = (
    AddedField(INVOICE, fields.CASE_ID, "char", Label("odoo.object.amili_case")),
    AddedField(INVOICE, fields.STATUS, "char", Label("odoo.object.amili_status")),
    AddedField(INVOICE, fields.DATE, "datetime", Label("odoo.object.amili_updated")),
    AddedField(INVOICE, fields.REQUESTED_AT, "datetime", Label("odoo.object.collection_requested")),
    AddedField(INVOICE, fields.REQUESTED_BY, "char", Label("odoo.object.collection_requested_by")),
    AddedField(
        INVOICE,
        fields.FIRST_ACTION,
        "selection",
        Label("odoo.object.begin_with"),
        {
            "reminder": Label("odoo.object.reminder"),
            "debt_collection": Label("odoo.object.collection_demand"),
        },
        formerly="char",
    ),
    AddedField(INVOICE, fields.CASE_URL, "char", Label("odoo.object.the_cases_page")),
    AddedField(INVOICE, fields.FINDINGS, "text", Label("odoo.object.to_be_mended")),
    AddedField(INVOICE, fields.DISPUTED, "boolean", Label("odoo.object.disputed")),
    AddedField(INVOICE, fields.DISPUTED_BY, "char", Label("odoo.object.dispute_changed_by")),
    AddedField(INVOICE, fields.DISPUTED_AT, "datetime", Label("odoo.object.dispute_changed")),
    AddedField(
        INVOICE,
        fields.ENDED,
        "selection",
        Label("odoo.object.case_ended"),
        {"closed": Label("odoo.object.closed"), "withdrawn": Label("odoo.object.withdrawn")},
    ),
    AddedField(
        INVOICE,
        fields.WITHDRAWAL_REASON,
        "char",
        Label("odoo.object.reason_to_withdraw"),
        longest=LONGEST_REASON_CHARACTERS,
    ),
    AddedField(INVOICE, fields.WITHDRAWAL_AT, "datetime", Label("odoo.object.withdrawal_requested")),
    AddedField(INVOICE, fields.WITHDRAWAL_BY, "char", Label("odoo.object.withdrawal_requested_by")),
    AddedField(INVOICE, fields.WITHDRAWAL_CASE, "char", Label("odoo.object.withdrawal_concerns")),
    AddedField(INVOICE, fields.OCR, "char", Label("odoo.object.amilis_ocr_number")),
    AddedField(CUSTOMER, fields.NEVER_SEND, "boolean", Label("odoo.object.never_send_to_collection")),
)

REQUEST_FIELDS: tuple[AddedField, ...] = (
    AddedField(REQUEST, fields.INVOICE_OF, "many2one", Label("odoo.object.invoice"), relation=INVOICE),
    AddedField(REQUEST, fields.COMPANY_OF, "many2one", Label("odoo.object.company"), relation="res.company"),
    AddedField(
        REQUEST,
        fields.KIND,
        "selection",
        Label("odoo.object.request"),
        {
            fields.SEND: Label("odoo.object.send_to_collection"),
            fields.TAKE_BACK: Label("odoo.object.take_the_request_back"),
            fields.WITHDRAW: Label("odoo.object.withdraw_the_case"),
            fields.DISPUTE: Label("odoo.object.mark_as_disputed"),
            fields.SETTLE: Label("odoo.object.dispute_settled"),
        },
    ),
    AddedField(REQUEST, fields.CHOSEN_ACTION, "char", Label("odoo.object.begin_with")),
    AddedField(REQUEST, fields.CASE_SHOWN, "char", Label("odoo.object.case_that_was_shown")),
    AddedField(REQUEST, fields.REASON, "char", Label("odoo.object.reason")),
    AddedField(REQUEST, fields.ANSWERED, "boolean", Label("odoo.object.answered")),
)
"""The fields of a request."""

REQUEST_NAME = Label("odoo.object.collection_request")
OWN_COMPANIES = f"[('{fields.COMPANY_OF}', 'in', company_ids)]"
"""Whose requests a user sees."""

CATEGORY_NAME = Label("odoo.object.collection_amili")
SEND_GROUP_NAME = Label("odoo.object.collection_send")
KEY_GROUP_NAME = Label("odoo.object.user_of_the_amili_connector")

CODE_ACTIONS: tuple[CodeAction, ...] = (
    CodeAction(
        SEND_ACTION,
        Label("odoo.object.send_to_collection"),
        "send_to_collection.py.txt",
        (f"{MODULE}.{SEND_GROUP}",),
    ),
    CodeAction(
        WITHDRAW_ACTION,
        Label("odoo.object.withdraw_the_request_to_collect"),
        "withdraw_request.py.txt",
        (f"{MODULE}.{SEND_GROUP}",),
    ),
    CodeAction(
        WITHDRAW_CASE_ACTION,
        Label("odoo.object.withdraw_the_case_at_amili"),
        "withdraw_case.py.txt",
        (f"{MODULE}.{SEND_GROUP}",),
        # Only its button asks whether one is sure.
        in_menu=False,
    ),
    CodeAction(DISPUTE_ACTION, Label("odoo.object.mark_as_disputed"), "mark_disputed.py.txt", (INVOICING_GROUP,)),
    CodeAction(SETTLE_ACTION, Label("odoo.object.dispute_settled"), "settle_dispute.py.txt", (INVOICING_GROUP,)),
    CodeAction(
        PDF_ACTION,
        Label("odoo.object.amili_connector_the_invoices_pdf"),
        "render_pdf.py.txt",
        (INVOICING_GROUP,),
        in_menu=False,
    ),
    CodeAction(
        ANSWER_ACTION,
        Label("odoo.object.amili_connector_requests_that_are_answered"),
        "answer_requests.py.txt",
        (f"{MODULE}.{KEY_GROUP}",),
        in_menu=False,
        model=REQUEST,
    ),
)

VIEWS: tuple[View, ...] = (
    View("view_invoice_form", "invoice_form.xml", INVOICE, "account.view_move_form"),
    View("view_invoice_list", "invoice_list.xml", INVOICE, "account.view_out_invoice_tree"),
    View(SEARCH, "invoice_search.xml", INVOICE, "account.view_account_invoice_filter"),
    View(COLLECTION_LIST, "collection_list.xml", INVOICE),
    View("view_customer_form", "customer_form.xml", CUSTOMER, "account.view_partner_property_form"),
)

VIEW_TEXTS: Mapping[str, str] = {
    "Action needed": "Åtgärd krävs",
    "Amount due": "Att betala",
    "As the company has chosen": "Som företaget har valt",
    "At Amili": "Hos Amili",
    "Before you decide": "Innan du bestämmer dig",
    "Case at Amili": "Ärende hos Amili",
    "Collection": "Inkasso",
    "Collection requested": "Inkasso begärt",
    "Customer": "Kund",
    "Dispute": "Tvist",
    "Dispute settled": "Tvisten avgjord",
    "Disputed": "Bestridda",
    "Kept, never sent to Amili": "Sparas, skickas inte till Amili",
    "Mark as disputed": "Markera som bestridd",
    "Needs to be mended": "Att åtgärda",
    "Ready for collection": "Redo för inkasso",
    "Request": "Begäran",
    "Send to collection": "Skicka till inkasso",
    "Total": "Summa",
    "Withdraw the case": "Återkalla ärendet",
    "Withdraw the case at Amili": "Återkalla ärendet hos Amili",
    "Withdraw the request": "Återta begäran",
    "Withdrawal requested": "Återkallelse begärd",
    (
        "Withdrawing may cost, and more the further the case has come; your agreement with Amili says how much. "
        "It cannot be undone. If the customer has paid, do not withdraw: the case closes by itself once the payment is "
        "reported. Withdraw the case?"
    ): (
        "En återkallelse kan kosta er, och mer ju längre ärendet har kommit; hur mycket står i ert avtal med Amili. "
        "Den går inte att ångra. Har kunden betalat ska ärendet inte återkallas: det avslutas av sig självt när "
        "betalningen är rapporterad. Ska ärendet återkallas?"
    ),
}
"""The English texts of the views, and what Swedish users see."""

COLLECTION_NAME = Label("odoo.object.collection")
MENU_PARENT = "account.menu_finance_receivables"
MENU_SEQUENCE = 12

HINT_RULES: tuple[HintRule, ...] = (
    HintRule(
        "requested",
        Label("odoo.object.amili_collection_requested"),
        Label("odoo.object.amili_tell_of_a_requested_collection"),
        f"('{fields.REQUESTED_AT}', '!=', False)",
        (fields.REQUESTED_AT,),
    ),
    HintRule(
        "withdrawal",
        Label("odoo.object.amili_withdrawal_requested"),
        Label("odoo.object.amili_tell_of_a_requested_withdrawal"),
        f"('{fields.WITHDRAWAL_AT}', '!=', False)",
        (fields.WITHDRAWAL_AT,),
    ),
    HintRule(
        "changed",
        Label("odoo.object.amili_invoice_at_amili_changed"),
        Label("odoo.object.amili_tell_of_a_changed_invoice"),
        # Only what was handed over or is about to be: no webhook for every invoice that the company writes.
        f"'|', ('{fields.CASE_ID}', '!=', False), ('{fields.REQUESTED_AT}', '!=', False)",
        ("payment_state", "amount_residual", "state", fields.DISPUTED),
    ),
)

_OF_COMPANY = re.compile(r"_company_(\d+)$")


def of_company(key: str, company_id: int) -> str:
    """The external id of what each company has its own of, in a database with several."""
    return f"{key}_company_{company_id}"


def company_of(key: str) -> int | None:
    """The company whose own the object is; `None` for what all share."""
    found = _OF_COMPANY.search(key)
    return int(found[1]) if found else None
