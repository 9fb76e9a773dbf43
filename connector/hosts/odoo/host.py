"""One company's Odoo as the flows see it: `connector.hosts.base.Host`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import SecretStr

from connector.domain.dates import latest_overdue
from connector.domain.errors import ConfigurationError, KeyRefused, NotAuthorised, NotFound, Refused
from connector.domain.invoice import BankAccount, Customer, Invoice, OverdueInvoice, Pdf, Standing
from connector.domain.text import text
from connector.hosts.base import (
    Changes,
    HintTiming,
    Host,
    IdentityCoverage,
    Language,
    LedgerIdentity,
    LedgerMessage,
    ReceiptFile,
    Wish,
    WithdrawalWish,
    WriteBack,
    WriteBackResult,
)
from connector.hosts.odoo import (
    changes,
    chatter,
    coverage,
    customers,
    documents,
    events,
    fields,
    keys,
    named_products,
    out_of_reach,
    pdf,
    request_rows,
    same_number,
    taken_back,
    translate,
    wishes,
)
from connector.hosts.odoo.asked import Asked
from connector.hosts.odoo.bank_receipts import bank_accounts
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.companies import Tree, only_company, organization_number, seen_companies
from connector.hosts.odoo.documents import Record
from connector.hosts.odoo.overdue import overdue_invoices
from connector.hosts.odoo.present import Present, existing_fields
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.shown_values import shown_values
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.odoo.versions import SEND_WIZARD, Dialect

NEEDED_RIGHTS = (
    ("account.move", "read", "read invoices"),
    ("account.move", "write", "write the case id on invoices"),
    ("account.move.line", "read", "read invoice lines"),
    ("account.partial.reconcile", "read", "read which payments belong to which invoice"),
    ("account.payment", "read", "read payments"),
    ("account.bank.statement.line", "read", "read bank statements"),
    ("res.partner", "read", "read customers"),
    (SEND_WIZARD, "create", "make the invoice's PDF"),
)
"""Model, operation and words for a person. The Invoicing group has them all (API.md, "Rights and companies")."""

_LOOK_FOR_FIELDS_EVERY_S = 60.0
_LANGUAGE_STANDS_S = 3600.0
_SETTLED = ("paid", "in_payment", "reversed")


def needed_rights(dialect: Dialect) -> tuple[tuple[str, str, str], ...]:
    """Those of `NEEDED_RIGHTS` that concern this version of Odoo."""
    return tuple(right for right in NEEDED_RIGHTS if right[0] != SEND_WIZARD or dialect.pdf_wizard)


class OdooHost(Host):
    """One company's ledger in Odoo, read and written with one API key. Safe to use from several threads."""

    SUPPORTS_STATUS = True
    SUPPORTS_MESSAGES = True

    def __init__(self, client: OdooClient, settings: OdooSettings) -> None:
        """`settings.company_id` may be left out where the key's user sees one company only."""
        self._client = client
        self._chosen = settings
        self._lock = threading.Lock()
        self._resolved: OdooSettings | None = settings if settings.company_id else None
        self._added: frozenset[str] | None = None
        self._asked_at_s = 0.0
        self._language: Language | None = None
        self._language_read_at_s = 0.0
        self._present = Present(client, settings.id_number_fields, named_products.products_in(settings))
        self._tree = Tree(client)
        self._asked = Asked(client, self._settings, self._search, self._added_fields)

    def check(self) -> LedgerIdentity:
        """Return who this ledger is and whether our rights suffice. Reads only.

        Raises `ConfigurationError` for a version of Odoo that is not known to work, when the user sees several
        companies and none is chosen, and for a field in the settings that this Odoo does not have.
        """
        version = self._client.version()
        user = self._user()
        settings = self._settings()
        coverage.require_fields(self._client, settings)
        company = self._company(settings)
        context = documents.company_context(settings)
        missing = tuple(
            words
            for model, operation, words in needed_rights(self._client.dialect)
            if not self._client.allows(model, operation, context=context)
        )
        parents = self._tree.above(settings.company_id)
        entry = None if missing else documents.last_bank_entry(self._client, settings, parents)
        unknown = () if missing else named_products.unknown(self._client, settings, context)
        return LedgerIdentity(
            company=str(company["name"]),
            organization_number=organization_number(company),
            version=version,
            user=str(user["login"]),
            missing_rights=missing,
            bank_booked_until=date.fromisoformat(entry["date"]) if entry else None,
            key_expires=keys.expires(self._client, user["id"]),
            to_mend=() if missing else (*self._asked.to_mend(), *parents.to_mend, *named_products.in_words(unknown)),
            unknown=unknown,
            found_settings={"company_id": settings.company_id},
        )

    def identity_coverage(self) -> IdentityCoverage:
        """Return how many customers have a valid identity number in one of the fields of the settings."""
        return coverage.identity_coverage(self._client, self._settings(), self._number_lists())

    def bank_accounts(self) -> tuple[BankAccount, ...]:
        """Return how far receipts are booked, by bank journal."""
        settings = self._settings()
        parents = self._tree.above(settings.company_id)
        return bank_accounts(documents.receipts_by_journal(self._client, settings, parents))

    def key_expires(self) -> date | None:
        """Return when our key ends, as far as Odoo tells. Raises `KeyRefused` for one that is not accepted."""
        return keys.expires(self._client, self._client.call("res.users", "context_get")["uid"])

    def renew_key(self, key: SecretStr, *, until: date) -> SecretStr | None:
        """A new key of the same user; None where this Odoo does not let us make one."""
        return keys.generate(self._client, key, until=until)

    def revoke_key(self, key: SecretStr) -> None:
        """Give up `key`, after a newer one has taken its place."""
        keys.revoke(self._client, key)

    def read(self, invoice_id: str) -> Invoice:
        """One invoice, fresh and whole. Raises `NotFound`, `AmountUnreadable` for inexact amounts, and `OutOfReach`."""
        settings = self._settings()
        try:
            document = self._document(invoice_id, settings)
        except (NotFound, KeyRefused):
            raise
        except NotAuthorised as error:
            known = self._tree.above(settings.company_id)
            self._tree.forget()
            parents = self._tree.above(settings.company_id)
            if parents.ids == known.ids:
                raise out_of_reach.explained(self._client, error, invoice_id, settings, parents) from None
            document = self._document(invoice_id, settings)
        except Refused:
            # A field that was there may have been removed since we looked.
            self._present.forget()
            document = self._document(invoice_id, settings)
        return translate.translate(document, settings)

    def _document(self, invoice_id: str, settings: OdooSettings) -> Record:
        extras = self._present.extras(documents.company_context(settings))
        parents = self._tree.above(settings.company_id)
        document = documents.fetch(self._client, invoice_id, settings, extras, parents)
        move: Record = document["move"]
        if (dispute := self._asked.disputes([move["id"]]).get(move["id"])) is not None:
            # The invoice only shows what was said; who said it last, Odoo has kept.
            move |= {fields.DISPUTED: dispute.stands, fields.DISPUTED_BY: dispute.by, fields.DISPUTED_AT: dispute.at}
        customer = customers.customer(document, settings)
        found = same_number.find(self._client, customer, settings, extras.number_lists)
        return {**document, documents.NUMBER_CARDS: found}

    def _number_lists(self) -> frozenset[str]:
        return self._present.extras(self._context()).number_lists

    def cards(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """The cards of these customers as they are now, 500 in a call."""
        return customers.cards(self._client, customer_ids, self._settings(), self._number_lists())

    def find(self, number: str) -> str:
        """The id of the customer invoice whose number is exactly `number`. Raises `NotFound`.

        Numbers are unique within a company's journal; should two invoices share one, it raises `Refused`.
        """
        domain = [("move_type", "=", "out_invoice"), ("name", "=", number)]
        found = self._search(domain, ["name"], limit=2) if number not in {"", "/"} else []
        if not found:
            raise NotFound("there is no customer invoice with that number.", system=SYSTEM)
        if len(found) > 1:
            raise Refused("several customer invoices have that number.", system=SYSTEM)
        return str(found[0]["id"])

    def requested(self) -> Iterator[Wish]:
        """Every standing wish, newest first: asked for, and not answered since. Nothing where nothing is set up."""
        yield from self._asked.requested()

    def wish(self, invoice_id: str) -> Wish | None:
        """The standing wish on one invoice, read afresh; `None` if there is none, or no such invoice."""
        return self._asked.wish(invoice_id)

    def withdrawal_wishes(self) -> Iterator[WithdrawalWish]:
        """Every standing wish to withdraw a case."""
        yield from self._asked.withdrawals()

    def withdrawal_wish(self, invoice_id: str) -> WithdrawalWish | None:
        """The standing wish to withdraw the case of one invoice, read afresh."""
        return self._asked.withdrawal(invoice_id)

    def vouches_for(self, mark: str) -> bool:
        """Return whether it is the mark of a request kept by Odoo, and not of what stood in fields of the invoice."""
        return request_rows.is_mark(mark)

    def refuse_withdrawal(self, wish: WithdrawalWish, why: str) -> None:
        """Take a wish away, if it still stands, and show why in its place."""
        if self.withdrawal_wish(wish.invoice_id) != wish:
            return
        self._asked.answer_withdrawal(wish)
        emptied = wishes.withdrawal_emptied()
        values = {**emptied, **({fields.FINDINGS: why} if fields.FINDINGS in self._added_fields() else {})}
        move_id = documents.record_id(wish.invoice_id)
        self._client.call("account.move", "write", ids=[move_id], vals=values, context=self._context())

    def hint_timing(self) -> HintTiming:
        """Return how this version's webhooks lie in time."""
        return events.timing(self._client.dialect)

    def changes(self, cursor: str, *, now: datetime) -> Iterator[Changes]:
        """Customer invoices written since shortly before `cursor`, oldest first (API.md, "Changes")."""
        yield from changes.since(
            self._search,
            cursor,
            now=now,
            added=self._added_fields(),
            disputes=self._asked.disputes,
            matches=self._matches,
        )

    def standings(self, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return how these invoices stand now; those that Odoo does not have are left out."""
        return changes.standings(
            self._search,
            invoice_ids,
            added=self._added_fields(),
            disputes=self._asked.disputes,
            matches=self._matches,
        )

    def overdue(self, *, today: date, page: int = 1, page_size: int = 50) -> tuple[OverdueInvoice, ...]:
        """One page of booked, open customer invoices past due on `today`, oldest due date first."""
        case_id = [fields.CASE_ID] if fields.CASE_ID in self._added_fields() else []
        found = self._search(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "not in", list(_SETTLED)),
                ("amount_residual", ">", 0),
                ("invoice_date_due", "<=", latest_overdue(today).isoformat()),
            ],
            [
                "name",
                "commercial_partner_id",
                "invoice_date",
                "invoice_date_due",
                "amount_total",
                "amount_residual",
                "currency_id",
                *case_id,
            ],
            order="invoice_date_due, id",
            limit=page_size,
            offset=(page - 1) * page_size,
        )
        return tuple(overdue_invoices(found))

    def pdf(self, invoice_id: str) -> Pdf:
        """The invoice as the customer got it; no one is mailed. Raises `PdfUnavailable` and `NotFound`."""
        return pdf.fetch_pdf(self._client, invoice_id, self._settings())

    def language(self) -> Language:
        """The language of the company's own contact; English for any but Swedish, Swedish where none is set."""
        with self._lock:
            known = self._language
            if known and time.monotonic() - self._language_read_at_s < _LANGUAGE_STANDS_S:
                return known
        language = self._read_language()
        with self._lock:
            self._language, self._language_read_at_s = language, time.monotonic()
        return language

    def _read_language(self) -> Language:
        settings = self._settings()
        context = documents.company_context(settings)
        companies: list[Record] = self._client.call(
            "res.company", "read", ids=[settings.company_id or 0], fields=["partner_id"], context=context
        )
        contact = companies[0]["partner_id"] if companies else None
        if not isinstance(contact, list):
            return "sv"
        read: list[Record] = self._client.call(
            "res.partner", "read", ids=[contact[0]], fields=["lang"], context=context
        )
        lang = str(read[0]["lang"] or "") if read else ""
        return "sv" if lang.startswith("sv") or not lang else "en"

    def write_back(
        self,
        invoice_id: str,
        note: WriteBack,
        receipt: ReceiptFile | None = None,  # noqa: ARG002 - the fields hold it all
    ) -> WriteBackResult:
        """Put what is to be shown into the added fields, as far as they exist; writes only what differs.

        Where the field for findings is not set up, the status holds as much of them as fits.

        Returns the fields that hold their value afterwards, or Odoo's words if it refused. Raises `NotFound`
        for an unknown invoice.
        """
        added = self._added_fields()
        wanted = {name: value for name, value in shown_values(note, added).items() if name in added}
        if not wanted:
            return WriteBackResult(refused=text("odoo.write_back.no_fields"))
        move_id = documents.record_id(invoice_id)
        before = self._one(move_id, list(dict.fromkeys((*wanted, *wishes.read_for(note, added)))))
        requests = self._asked.open_of(move_id) if wishes.may_answer(note, before) else {}
        # Before it is shown, and only what stood before: what stands afterwards was asked by one who saw what is shown.
        unanswered = self._asked.answer(wishes.answered(note, before, requests))
        differing: dict[str, str | bool] = dict(wishes.taken_away(note, before, requests))
        differing |= {name: value for name, value in wanted.items() if (before[name] or "") != value}
        if differing:
            try:
                self._client.call("account.move", "write", ids=[move_id], vals=differing, context=self._context())
            except (NotFound, KeyRefused):
                raise
            except Refused as error:
                return WriteBackResult(refused=error.says or error.message)
        after = self._one(move_id, list(wanted)) if differing else before
        places = tuple(name for name, value in wanted.items() if (after[name] or "") == value)
        missing = [name for name in wanted if name not in places]
        refused = text("odoo.write_back.not_kept", fields=", ".join(missing)) if missing else unanswered
        holds_case_id = bool(note.case_id) and fields.CASE_ID in places
        return WriteBackResult(places=places, refused=refused, holds_case_id=holds_case_id)

    def leave_message(self, invoice_id: str, message: LedgerMessage, *, may_stand: bool) -> str:
        """Leave an internal note in the invoice's chatter; it is mailed to no one. Raises `NotFound`."""
        move_id = documents.record_id(invoice_id)
        if not move_id:
            # Odoo takes id 0 for a record that is not saved yet, and fails in an unreadable way.
            raise NotFound("there is no such invoice.", system=SYSTEM)
        if may_stand and chatter.stands(self._client, move_id, message, self._context()):
            return ""
        try:
            chatter.post(self._client, move_id, message, self._context())
        except (NotFound, KeyRefused):
            raise
        except Refused as error:
            return error.message
        return ""

    def _search(self, domain: list[Any], names: list[str], **paging: Any) -> list[Record]:
        found: list[Record] = self._client.call(
            "account.move",
            "search_read",
            domain=[*documents.in_company(self._settings()), *domain],
            fields=names,
            context=self._context(),
            **paging,
        )
        return found

    def _matches(self, domain: list[Any]) -> Iterator[Record]:
        settings = self._settings()
        parents = self._tree.above(settings.company_id)
        yield from taken_back.matches(self._client, domain, settings, parents)

    def _one(self, move_id: int, names: list[str]) -> Record:
        found = self._search([("id", "=", move_id)], names, limit=1)
        if not found:
            raise NotFound("there is no such invoice.", system=SYSTEM)
        return found[0]

    def _context(self) -> Record:
        return documents.company_context(self._settings())

    def _settings(self) -> OdooSettings:
        """The settings with a company in them, so that no call ever sees another company's books."""
        with self._lock:
            if self._resolved is None:
                company_id = only_company(seen_companies(self._client))
                self._resolved = self._chosen.model_copy(update={"company_id": company_id})
            return self._resolved

    def _user(self) -> Record:
        uid = self._client.call("res.users", "context_get")["uid"]
        found: list[Record] = self._client.call("res.users", "read", ids=[uid], fields=["login"])
        return found[0]

    def _company(self, settings: OdooSettings) -> Record:
        found: list[Record] = self._client.call(
            "res.company",
            "search_read",
            domain=[("id", "=", settings.company_id)],
            fields=["name", "company_registry", "vat"],
            context=documents.company_context(settings),
        )
        if not found:
            raise ConfigurationError(
                f"There is no company {settings.company_id} that the key's user may see.", system=SYSTEM
            )
        return found[0]

    def _added_fields(self) -> frozenset[str]:
        with self._lock:
            if self._added is None or self._may_have_come():
                self._asked_at_s = time.monotonic()
                self._added = existing_fields(self._client, "account.move", fields.ADDED, {})
            return self._added

    def _may_have_come(self) -> bool:
        """Return whether to look again for missing fields: they may be installed after this process has started."""
        missing = not set(fields.ADDED) <= (self._added or frozenset())
        return missing and time.monotonic() - self._asked_at_s > _LOOK_FOR_FIELDS_EVERY_S
