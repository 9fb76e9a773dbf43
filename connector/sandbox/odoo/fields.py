"""The models and fields of the ledger imitation, as Odoo 19 has them (odoo/API.md, "Invoices")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from connector.sandbox.odoo.modules import ACTION_MODEL, NUMBER_MODEL, OVERDUE_MODEL, POLICY_MODEL, REMINDER_MODEL

STAMPS = ("create_uid", "create_date", "write_uid", "write_date")


@dataclass(frozen=True)
class Field:
    """One field. `relation` is the model that a relational field points to."""

    name: str
    type: str
    relation: str = ""

    @property
    def is_list(self) -> bool:
        return self.type in {"one2many", "many2many"}

    @property
    def empty(self) -> Any:
        """Return what a read gives when nothing stands in the field."""
        if self.is_list:
            return []
        if self.type == "integer":
            return 0
        return 0.0 if self.type in {"float", "monetary"} else False

    def described(self) -> dict[str, Any]:
        """The attributes that `fields_get` tells."""
        told: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "string": self.name.removesuffix("_id").replace("_", " ").capitalize(),
            "readonly": self.name in STAMPS or self.name in NOT_STORED,
            "required": False,
            "store": self.name not in NOT_STORED,
        }
        return told | ({"relation": self.relation} if self.relation else {})


NOT_STORED = {
    "display_name",
    "invoice_payments_widget",
    "invoice_pdf_report_id",
    "access_url",
    "org_number",
    "reconciled_statement_line_ids",
}
"""Worked out on reading, so that no search can name them."""


def _table(**names: str) -> dict[str, Field]:
    """Fields by name. Keys are types; relational types name each field as `field:model`."""
    fields = {"id": Field("id", "integer"), "display_name": Field("display_name", "char")}
    for stamp in STAMPS:
        by_user = stamp.endswith("_uid")
        fields[stamp] = Field(stamp, "many2one", "res.users") if by_user else Field(stamp, "datetime")
    for kind, listed in names.items():
        for item in listed.split():
            name, _, relation = item.partition(":")
            fields[name] = Field(name, kind, relation)
    return fields


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "account.move": _table(
        char="name payment_reference ref invoice_origin access_url access_token invoice_partner_display_name",
        html="narration",
        selection="move_type state payment_state status_in_payment move_sent_values",
        date="date invoice_date invoice_date_due delivery_date overdue_reminder_last_date",
        monetary="amount_untaxed amount_tax amount_total amount_residual amount_untaxed_signed"
        " amount_tax_signed amount_total_signed amount_residual_signed",
        boolean="is_move_sent no_followup no_overdue_reminder",
        binary="invoice_pdf_report_file invoice_payments_widget",
        many2one="partner_id:res.partner commercial_partner_id:res.partner partner_shipping_id:res.partner"
        " partner_bank_id:res.partner.bank currency_id:res.currency company_currency_id:res.currency"
        " company_id:res.company journal_id:account.journal reversed_entry_id:account.move"
        " invoice_payment_term_id:account.payment.term message_main_attachment_id:ir.attachment"
        " invoice_pdf_report_id:ir.attachment invoice_user_id:res.users origin_payment_id:account.payment"
        " statement_line_id:account.bank.statement.line credit_policy_id:credit.control.policy",
        one2many="invoice_line_ids:account.move.line line_ids:account.move.line reversal_move_ids:account.move"
        " overdue_reminder_ids:account.invoice.overdue.reminder",
        many2many="matched_payment_ids:account.payment reconciled_payment_ids:account.payment",
    ),
    "account.move.line": _table(
        char="name move_name ref",
        selection="display_type account_type parent_state move_type",
        date="date date_maturity discount_date",
        integer="sequence",
        float="quantity price_unit discount",
        monetary="price_subtotal price_total debit credit balance amount_currency amount_residual"
        " amount_residual_currency",
        boolean="reconciled no_followup",
        many2one="move_id:account.move product_id:product.product account_id:account.account"
        " journal_id:account.journal partner_id:res.partner currency_id:res.currency company_id:res.company"
        " payment_id:account.payment statement_line_id:account.bank.statement.line"
        " full_reconcile_id:account.full.reconcile",
        one2many="matched_credit_ids:account.partial.reconcile matched_debit_ids:account.partial.reconcile",
        many2many="tax_ids:account.tax",
    ),
    "account.partial.reconcile": _table(
        date="max_date",
        monetary="amount debit_amount_currency credit_amount_currency",
        many2one="debit_move_id:account.move.line credit_move_id:account.move.line company_id:res.company"
        " full_reconcile_id:account.full.reconcile exchange_move_id:account.move"
        " debit_currency_id:res.currency credit_currency_id:res.currency company_currency_id:res.currency",
    ),
    "account.payment": _table(
        char="name memo payment_reference",
        selection="state payment_type partner_type",
        date="date",
        monetary="amount",
        boolean="is_reconciled is_matched",
        many2one="partner_id:res.partner move_id:account.move journal_id:account.journal"
        " outstanding_account_id:account.account currency_id:res.currency company_id:res.company",
        many2many="invoice_ids:account.move reconciled_invoice_ids:account.move"
        " reconciled_statement_line_ids:account.bank.statement.line",
    ),
    "account.bank.statement.line": _table(
        char="name ref payment_ref partner_name account_number",
        html="narration",
        selection="state move_type",
        date="date",
        float="amount_residual",
        monetary="amount",
        boolean="is_reconciled",
        many2one="partner_id:res.partner move_id:account.move journal_id:account.journal"
        " currency_id:res.currency company_id:res.company",
        many2many="payment_ids:account.payment",
    ),
    "res.partner": _table(
        char="name company_registry vat street street2 zip city country_code email phone ref peppol_endpoint",
        integer="customer_rank",
        html="comment",
        selection="lang type company_type invoice_sending_method peppol_eas",
        boolean="is_company active no_overdue_reminder",
        many2one="parent_id:res.partner commercial_partner_id:res.partner country_id:res.country"
        " state_id:res.country.state company_id:res.company credit_policy_id:credit.control.policy",
        one2many="child_ids:res.partner bank_ids:res.partner.bank id_numbers:res.partner.id_number",
        many2many="category_id:res.partner.category",
    ),
    "res.company": _table(
        char="name company_registry vat org_number street zip city country_code email phone",
        many2one="partner_id:res.partner currency_id:res.currency country_id:res.country parent_id:res.company",
    ),
    "res.users": _table(
        char="name login email",
        selection="lang tz",
        boolean="active share",
        many2one="partner_id:res.partner company_id:res.company",
        many2many="company_ids:res.company group_ids:res.groups",
    ),
    "product.product": _table(
        char="name default_code",
        selection="type",
        float="list_price",
        boolean="active",
        many2many="taxes_id:account.tax",
    ),
    "account.journal": _table(
        char="name code",
        selection="type invoice_reference_type invoice_reference_model",
        boolean="active",
        many2one="company_id:res.company",
    ),
    "account.account": _table(char="name code", selection="account_type"),
    "account.tax": _table(char="name", float="amount", boolean="price_include"),
    "account.payment.term": _table(char="name"),
    "account.full.reconcile": _table(),
    "account.move.send.wizard": _table(
        char="lang",
        json="sending_methods alerts extra_edis",
        many2one="move_id:account.move template_id:mail.template company_id:res.company",
    ),
    "ir.attachment": _table(
        char="name res_model res_field mimetype",
        many2one_reference="res_id",
        integer="file_size",
        binary="datas raw",
        many2one="company_id:res.company",
    ),
    "res.users.apikeys": _table(char="name scope", datetime="expiration_date", many2one="user_id:res.users"),
    "mail.message": _table(
        char="subject message_id model",
        html="body",
        selection="message_type",
        many2one_reference="res_id",
        boolean="is_internal",
        many2one="author_id:res.partner",
    ),
    REMINDER_MODEL: _table(
        selection="state channel",
        date="date date_due date_sent",
        float="amount_due balance_due dunning_fees_amount",
        many2one="invoice_id:account.move move_line_id:account.move.line partner_id:res.partner"
        " currency_id:res.currency company_id:res.company communication_id:credit.control.communication",
    ),
    POLICY_MODEL: _table(char="name", boolean="do_nothing active", many2one="company_id:res.company"),
    OVERDUE_MODEL: _table(
        date="action_date",
        selection="action_reminder_type",
        integer="counter",
        many2one="invoice_id:account.move action_id:overdue.reminder.action company_id:res.company",
    ),
    ACTION_MODEL: _table(
        date="date",
        selection="reminder_type",
        many2one="commercial_partner_id:res.partner company_id:res.company",
        one2many="reminder_ids:account.invoice.overdue.reminder",
    ),
    NUMBER_MODEL: _table(char="name", selection="status", boolean="active", many2one="partner_id:res.partner"),
    "ir.model": _table(char="name model order", selection="state", one2many="field_id:ir.model.fields"),
    "ir.model.fields": _table(
        char="name model relation field_description",
        selection="ttype on_delete",
        boolean="copied readonly required index",
        integer="size",
        many2one="model_id:ir.model",
        many2many="groups:res.groups",
        one2many="selection_ids:ir.model.fields.selection",
    ),
    "ir.model.fields.selection": _table(char="value name", integer="sequence", many2one="field_id:ir.model.fields"),
    "ir.model.access": _table(
        char="name",
        boolean="active perm_read perm_write perm_create perm_unlink",
        many2one="model_id:ir.model group_id:res.groups",
    ),
    "ir.rule": _table(
        char="name",
        text="domain_force",
        boolean="active perm_read perm_write perm_create perm_unlink",
        many2one="model_id:ir.model",
        many2many="groups:res.groups",
    ),
    "ir.model.data": _table(char="module name model", many2one_reference="res_id", boolean="noupdate"),
    "res.groups": _table(
        char="name",
        float="api_key_duration",
        many2one="privilege_id:res.groups.privilege",
        many2many="implied_ids:res.groups user_ids:res.users",
    ),
    "res.groups.privilege": _table(char="name", many2one="category_id:ir.module.category"),
    "ir.module.category": _table(char="name", many2one="parent_id:ir.module.category"),
    "ir.module.module": _table(char="name", selection="state"),
    "ir.actions.server": _table(
        char="name webhook_url binding_view_types",
        text="code",
        selection="state usage binding_type",
        many2one="model_id:ir.model binding_model_id:ir.model base_automation_id:base.automation",
        many2many="group_ids:res.groups webhook_field_ids:ir.model.fields",
    ),
    "base.automation": _table(
        char="name filter_domain",
        selection="trigger",
        boolean="active",
        many2one="model_id:ir.model",
        many2many="trigger_field_ids:ir.model.fields",
    ),
    "ir.ui.view": _table(
        char="name model",
        text="arch",
        selection="mode",
        integer="priority",
        boolean="active",
        many2one="inherit_id:ir.ui.view",
    ),
    "ir.actions.act_window": _table(
        char="name res_model view_mode domain context",
        many2one="search_view_id:ir.ui.view",
        one2many="view_ids:ir.actions.act_window.view",
    ),
    "ir.actions.act_window.view": _table(
        selection="view_mode",
        integer="sequence",
        many2one="act_window_id:ir.actions.act_window view_id:ir.ui.view",
    ),
    "ir.ui.menu": _table(
        char="name", reference="action", integer="sequence", boolean="active", many2one="parent_id:ir.ui.menu"
    ),
    "ir.filters": _table(
        char="name", text="domain context sort", selection="model_id", boolean="active", many2many="user_ids:res.users"
    ),
    "res.currency": _table(char="name symbol", boolean="active"),
    "res.country": _table(char="name code"),
    "res.lang": _table(char="name code", boolean="active"),
}

CUSTOM_FIELDS: Mapping[str, Field] = {
    name: Field(name, kind)
    for name, kind in {
        "x_amili_case_id": "char",
        "x_amili_status": "char",
        "x_amili_date": "datetime",
        "x_amili_requested_at": "datetime",
        "x_amili_requested_by": "char",
        "x_amili_first_action": "char",
        "x_amili_url": "char",
        "x_amili_findings": "text",
        "x_amili_disputed": "boolean",
        "x_amili_disputed_by": "char",
        "x_amili_disputed_at": "datetime",
        "x_amili_ended": "selection",
        "x_amili_withdrawal_reason": "char",
        "x_amili_withdrawal_at": "datetime",
        "x_amili_withdrawal_by": "char",
        "x_amili_withdrawal_case": "char",
        "x_amili_ocr": "char",
    }.items()
}
"""What the connector has installed on account.move, once someone ran its set-up."""

CUSTOM_CUSTOMER_FIELDS: Mapping[str, Field] = {"x_amili_never_send": Field("x_amili_never_send", "boolean")}
"""What it has installed on res.partner."""

SETTINGS_ONLY = frozenset(
    {
        "base.automation",
        "ir.actions.act_window",
        "ir.actions.act_window.view",
        "ir.actions.server",
        "ir.config_parameter",
        "ir.cron",
        "ir.filters",
        "ir.model",
        "ir.model.access",
        "ir.model.data",
        "ir.model.fields",
        "ir.model.fields.selection",
        "ir.module.category",
        "ir.module.module",
        "ir.rule",
        "ir.ui.menu",
        "ir.ui.view",
        "res.groups.privilege",
    }
)
"""Models that only a user with Settings may read (odoo/API.md, "Rights and companies")."""

ORDER: Mapping[str, str] = {
    "account.move": "date desc, name desc, invoice_date desc, id desc",
    "account.move.line": "date desc, move_name desc, id",
    "account.payment": "date desc, name desc",
    "account.bank.statement.line": "date desc, id desc",
    "res.partner": "name, id desc",
    "res.company": "name",
    "res.users": "name, login",
}
"""The order of a search that asks for none; any other model: by id."""


@cache
def every_field(model: str, *, custom: bool) -> Mapping[str, Field]:
    """The fields of `model` in 19 by name; `custom` adds the connector's own on invoices."""
    fields = dict(FIELDS[model])
    if custom and model == "account.move":
        fields |= CUSTOM_FIELDS
    if custom and model == "res.partner":
        fields |= CUSTOM_CUSTOMER_FIELDS
    return MappingProxyType(fields)
