"""What is installed into an Odoo, as data. How it is installed: `provision` and `installing`.

The keys are external ids in the module `amili_connector`; they stay the same from release to release, since an
object is found again by them. Views and the code of actions lie in `templates/odoo/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.withdrawal import LONGEST_REASON_CHARACTERS
from connector.hosts.odoo import fields

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
class Words:
    """A text in the two languages that the connector speaks."""

    sv: str
    en: str

    def in_language(self, code: str) -> str:
        """The text for an Odoo language code such as "sv_SE"."""
        return self.sv if code.startswith("sv") else self.en


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
    label: Words
    choices: Mapping[str, Words] = field(default_factory=dict)
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
    name: Words
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
    name: Words
    webhook_name: Words
    domain: str
    watched: tuple[str, ...]


ADDED_FIELDS: tuple[AddedField, ...] = (
    AddedField(INVOICE, fields.CASE_ID, "char", Words("Amili ärende", "Amili case")),
    AddedField(INVOICE, fields.STATUS, "char", Words("Amili status", "Amili status")),
    AddedField(INVOICE, fields.DATE, "datetime", Words("Amili uppdaterad", "Amili updated")),
    AddedField(INVOICE, fields.REQUESTED_AT, "datetime", Words("Inkasso begärt", "Collection requested")),
    AddedField(INVOICE, fields.REQUESTED_BY, "char", Words("Inkasso begärt av", "Collection requested by")),
    AddedField(
        INVOICE,
        fields.FIRST_ACTION,
        "selection",
        Words("Börja med", "Begin with"),
        {
            "reminder": Words("Påminnelse", "Reminder"),
            "debt_collection": Words("Inkassokrav", "Collection demand"),
        },
        formerly="char",
    ),
    AddedField(INVOICE, fields.CASE_URL, "char", Words("Ärendets sida", "The case's page")),
    AddedField(INVOICE, fields.FINDINGS, "text", Words("Att åtgärda", "To be mended")),
    AddedField(INVOICE, fields.DISPUTED, "boolean", Words("Bestridd", "Disputed")),
    AddedField(INVOICE, fields.DISPUTED_BY, "char", Words("Tvist ändrad av", "Dispute changed by")),
    AddedField(INVOICE, fields.DISPUTED_AT, "datetime", Words("Tvist ändrad", "Dispute changed")),
    AddedField(
        INVOICE,
        fields.ENDED,
        "selection",
        Words("Ärendet slut", "Case ended"),
        {"closed": Words("Avslutat", "Closed"), "withdrawn": Words("Återkallat", "Withdrawn")},
    ),
    AddedField(
        INVOICE,
        fields.WITHDRAWAL_REASON,
        "char",
        Words("Skäl att återkalla", "Reason to withdraw"),
        longest=LONGEST_REASON_CHARACTERS,
    ),
    AddedField(INVOICE, fields.WITHDRAWAL_AT, "datetime", Words("Återkallelse begärd", "Withdrawal requested")),
    AddedField(INVOICE, fields.WITHDRAWAL_BY, "char", Words("Återkallelse begärd av", "Withdrawal requested by")),
    AddedField(INVOICE, fields.WITHDRAWAL_CASE, "char", Words("Återkallelsen gäller", "Withdrawal concerns")),
    AddedField(INVOICE, fields.OCR, "char", Words("Amilis OCR-nummer", "Amili's OCR number")),
    AddedField(CUSTOMER, fields.NEVER_SEND, "boolean", Words("Skicka aldrig till inkasso", "Never send to collection")),
)

REQUEST_FIELDS: tuple[AddedField, ...] = (
    AddedField(REQUEST, fields.INVOICE_OF, "many2one", Words("Faktura", "Invoice"), relation=INVOICE),
    AddedField(REQUEST, fields.COMPANY_OF, "many2one", Words("Företag", "Company"), relation="res.company"),
    AddedField(
        REQUEST,
        fields.KIND,
        "selection",
        Words("Begäran", "Request"),
        {
            fields.SEND: Words("Skicka till inkasso", "Send to collection"),
            fields.TAKE_BACK: Words("Återta begäran", "Take the request back"),
            fields.WITHDRAW: Words("Återkalla ärendet", "Withdraw the case"),
            fields.DISPUTE: Words("Markera som bestridd", "Mark as disputed"),
            fields.SETTLE: Words("Tvisten avgjord", "Dispute settled"),
        },
    ),
    AddedField(REQUEST, fields.CHOSEN_ACTION, "char", Words("Börja med", "Begin with")),
    AddedField(REQUEST, fields.CASE_SHOWN, "char", Words("Ärende som visades", "Case that was shown")),
    AddedField(REQUEST, fields.REASON, "char", Words("Skäl", "Reason")),
    AddedField(REQUEST, fields.ANSWERED, "boolean", Words("Besvarad", "Answered")),
)
"""The fields of a request."""

REQUEST_NAME = Words("Inkasso: begäran", "Collection: request")
OWN_COMPANIES = f"[('{fields.COMPANY_OF}', 'in', company_ids)]"
"""Whose requests a user sees."""

CATEGORY_NAME = Words("Inkasso (Amili)", "Collection (Amili)")
SEND_GROUP_NAME = Words("Inkasso: skicka", "Collection: send")
KEY_GROUP_NAME = Words("Amili-kopplingens användare", "User of the Amili connector")

CODE_ACTIONS: tuple[CodeAction, ...] = (
    CodeAction(
        SEND_ACTION,
        Words("Skicka till inkasso", "Send to collection"),
        "send_to_collection.py.txt",
        (f"{MODULE}.{SEND_GROUP}",),
    ),
    CodeAction(
        WITHDRAW_ACTION,
        Words("Återta begäran om inkasso", "Withdraw the request to collect"),
        "withdraw_request.py.txt",
        (f"{MODULE}.{SEND_GROUP}",),
    ),
    CodeAction(
        WITHDRAW_CASE_ACTION,
        Words("Återkalla ärendet hos Amili", "Withdraw the case at Amili"),
        "withdraw_case.py.txt",
        (f"{MODULE}.{SEND_GROUP}",),
        # Only its button asks whether one is sure.
        in_menu=False,
    ),
    CodeAction(
        DISPUTE_ACTION, Words("Markera som bestridd", "Mark as disputed"), "mark_disputed.py.txt", (INVOICING_GROUP,)
    ),
    CodeAction(SETTLE_ACTION, Words("Tvisten avgjord", "Dispute settled"), "settle_dispute.py.txt", (INVOICING_GROUP,)),
    CodeAction(
        PDF_ACTION,
        Words("Amili-kopplingen: fakturans PDF", "Amili connector: the invoice's PDF"),
        "render_pdf.py.txt",
        (INVOICING_GROUP,),
        in_menu=False,
    ),
    CodeAction(
        ANSWER_ACTION,
        Words("Amili-kopplingen: besvarade begäranden", "Amili connector: requests that are answered"),
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

COLLECTION_NAME = Words("Inkasso", "Collection")
MENU_PARENT = "account.menu_finance_receivables"
MENU_SEQUENCE = 12

HINT_RULES: tuple[HintRule, ...] = (
    HintRule(
        "requested",
        Words("Amili: inkasso begärt", "Amili: collection requested"),
        Words("Amili: säg till om begärt inkasso", "Amili: tell of a requested collection"),
        f"('{fields.REQUESTED_AT}', '!=', False)",
        (fields.REQUESTED_AT,),
    ),
    HintRule(
        "withdrawal",
        Words("Amili: återkallelse begärd", "Amili: withdrawal requested"),
        Words("Amili: säg till om begärd återkallelse", "Amili: tell of a requested withdrawal"),
        f"('{fields.WITHDRAWAL_AT}', '!=', False)",
        (fields.WITHDRAWAL_AT,),
    ),
    HintRule(
        "changed",
        Words("Amili: faktura hos Amili ändrad", "Amili: invoice at Amili changed"),
        Words("Amili: säg till om ändrad faktura", "Amili: tell of a changed invoice"),
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
