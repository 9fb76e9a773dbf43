"""The switches of the Fortnox imitation: what fortnox/API.md, "Unconfirmed" lists, each with a default.

Where the documentation gives a hint the default follows it; where it gives none the default is the answer that asks
more of a client. What is a fact about one company (its rights, licences, books) is kept in
`connector.sandbox.fortnox.books`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.sandbox.shared.switches import BodyKind, Fault

DOCUMENTED_RATE_LIMIT = 25
RATE_WINDOW_S = 5.0
"""25 requests in 5 seconds, sliding: fortnox/API.md, "Rate limit"."""


class Consent(StrEnum):
    """What the person at the consent page does, or how Fortnox refuses (fortnox/API.md, "Consent")."""

    APPROVED = "approved"
    DENIED = "access_denied"
    INVALID_SCOPE = "invalid_scope"
    NO_LICENCE = "error_missing_license"
    NO_APP_LICENCE = "error_missing_app_license"
    NOTHING = "nothing"
    """A locked or unpaid account: back to the redirect address with neither code nor state."""
    ASKED = "asked"
    """A page with a button for each company and one that denies, for people who try the demo."""


class ErrorSpelling(StrEnum):
    """How `ErrorInformation` is spelt; which endpoint uses which is unknown (fortnox/API.md, "Errors")."""

    AS_RECORDED = "as_recorded"
    """Capitalised for 404, lower case for everything else."""
    LOWER = "lower"
    CAPITALISED = "capitalised"


class RateKey(StrEnum):
    """Whose requests share a window: the guide says client and tenant, OpenAPI says access token."""

    CLIENT_AND_TENANT = "client_and_tenant"
    ACCESS_TOKEN = "access_token"  # noqa: S105


class LockedPut(StrEnum):
    """What a PUT on a locked invoice does: booked by the accrual method, sent or paid by the cash method."""

    REJECT = "reject"
    ALLOW_REFS = "allow_refs"
    """`ExternalInvoiceReference1` and `2` may be changed, nothing else."""
    ALLOW_LABELS = "allow_labels"
    ALLOW_ALL = "allow_all"
    UNCHANGED = "unchanged"
    """200 and the invoice, as it was."""


class LabelArray(StrEnum):
    """What the `Labels` of a PUT do to the labels already there."""

    REPLACES = "replaces"
    MERGES = "merges"


class Zone(StrEnum):
    """In which time `lastmodified` is read."""

    SWEDISH = "swedish"
    UTC = "utc"


class Handling(StrEnum):
    """Whether something that a client should not send is refused or passed over."""

    REFUSED = "refused"
    IGNORED = "ignored"


class Empty(StrEnum):
    """How an empty text or date is written; recordings mix null and "" and leave some fields out."""

    AS_RECORDED = "as_recorded"
    NULL = "null"
    BLANK = "blank"
    MISSING = "missing"


class Change(StrEnum):
    """What happened to an invoice: decides its event, and whether its modified time moves."""

    CREATED = "created"
    UPDATED = "updated"
    LABEL = "label"
    BOOKED = "booked"
    SENT = "sent"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    UNBOOKED_PAYMENT = "unbooked_payment"
    PAYMENT_BOOKED = "payment_booked"
    """Of the payment, not of its invoice."""
    PARTIAL_PAYMENT = "partial_payment"
    FINAL_PAYMENT = "final_payment"
    PAYMENT_DELETED = "payment_deleted"
    CREDIT = "credit"
    ATTACHMENT = "attachment"


class Oddity(StrEnum):
    """What an invoice may be that `filter=unpaid` and `unpaidoverdue` may list all the same."""

    UNBOOKED = "unbooked"
    CREDIT = "credit"
    INTEREST = "interest"
    CANCELLED = "cancelled"
    NOT_COMPLETED = "not_completed"


class ForeignAmount(StrEnum):
    """An amount of an invoice in foreign currency that may be shown in kronor."""

    BALANCE = "Balance"
    TOTAL = "Total"
    TOTAL_TO_PAY = "TotalToPay"


class WhichCredit(StrEnum):
    """Which number a debit's `CreditInvoiceReference` holds after several credits."""

    FIRST = "first"
    LAST = "last"


class LinkedCredit(StrEnum):
    """What becomes of an invoice when a credit that is linked to it is booked.

    Fortnox's support knows no set-off: people enter the credit as paid on both (fortnox/API.md, "Credits and set-off");
    one public fixture shows the other.
    """

    NOTHING = "nothing"
    SET_OFF = "set_off"


class PaidFee(StrEnum):
    """Where a reminder fee that the customer paid shows (fortnox/API.md, "Reminders")."""

    IN_PAYMENT = "in_payment"
    """The payment is larger by the fee, and a write-off to account 3540 takes it out again."""
    VOUCHER_ONLY = "voucher_only"


class OldOffset(StrEnum):
    """What an offset that is too old or malformed leads to."""

    OLDEST = "oldest"
    NOW = "now"
    REFUSED = "refused"


class ExpiredTenant(StrEnum):
    """What becomes of a tenant on a socket when the token it was added with expires."""

    SILENT = "silent"
    KEPT = "kept"
    CLOSED = "closed"


@dataclass(frozen=True)
class FortnoxSwitches:
    """How the imitation of Fortnox behaves where the documentation leaves it open, and what goes wrong.

    Times are in seconds by the imitation's clock. `unmodified_by` names the changes that leave an invoice's, or
    a payment's, modified time alone, `more_events` those that send `invoice-updated-v1` although no event is known for
    them. `overdue_includes` names what `filter=unpaid` and `unpaidoverdue` list beside plain booked invoices.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 1
    slow_s: float = 0.0
    slow_operations_s: Mapping[str, float] = field(default_factory=dict)

    consent: Consent = Consent.APPROVED
    access_token_life_s: int = 3600
    refresh_token_life_days: int = 45
    refresh_grace_s: float = 0.0
    no_consent_status: int = 400
    no_consent_error: str = "invalid_grant"
    refresh_beside_credentials: bool = True
    revoke_ends_consent: bool = False
    access_outlives_consent: bool = False

    rate_limit_requests: int = DOCUMENTED_RATE_LIMIT
    rate_window_s: float = RATE_WINDOW_S
    rate_key: RateKey = RateKey.CLIENT_AND_TENANT
    rate_counts_refused: bool = False
    rate_limit_retry_after_s: int | None = None
    rate_limit_body: BodyKind = BodyKind.JSON

    error_spelling: ErrorSpelling = ErrorSpelling.AS_RECORDED
    error_spelling_of: Mapping[str, ErrorSpelling] = field(default_factory=dict)
    code_as_text: bool = False
    scope_status: int = 403
    licence_status: int = 403

    lastmodified_zone: Zone = Zone.SWEDISH
    lastmodified_inclusive: bool = True
    rest_lag_s: float = 0.0
    limit_outside: Handling = Handling.REFUSED
    two_searches: Handling = Handling.REFUSED
    overdue_includes: tuple[Oddity, ...] = tuple(Oddity)
    due_today_is_overdue: bool = False
    empty: Empty = Empty.AS_RECORDED

    booked_put: LockedPut = LockedPut.REJECT
    booked_put_status: int = 400
    booked_put_code: int = 2990017
    read_only_fields: Handling = Handling.REFUSED
    label_array: LabelArray = LabelArray.REPLACES
    unmodified_by: tuple[Change, ...] = (
        Change.UNBOOKED_PAYMENT,
        Change.PARTIAL_PAYMENT,
        Change.PAYMENT_DELETED,
        Change.REMINDER,
        Change.LABEL,
        Change.ATTACHMENT,
        Change.CREDIT,
    )
    fee_includes_vat_when_prices_do: bool = True
    balance_net_of_tax_reduction: bool = False
    amounts_in_sek: tuple[ForeignAmount, ...] = ()
    debit_reference: WhichCredit = WhichCredit.FIRST
    linked_credit_means: LinkedCredit = LinkedCredit.NOTHING
    paid_reminder_fee: PaidFee = PaidFee.IN_PAYMENT
    reminder_print_counts: bool = True
    cash_bookkeep_needs_sent: bool = False
    preview_needs_bank_details: bool = False
    attachments_on_booked: bool = True
    attachment_scope: str = "connectfile"
    attachment_max_bytes: int = 10_000_000
    attachment_max_count: int = 100

    offset_inclusive: bool = False
    old_offset: OldOffset = OldOffset.OLDEST
    bearer_required: bool = False
    expired_tenant: ExpiredTenant = ExpiredTenant.SILENT
    socket_close_code: int = 1011
    event_repeats: int = 1
    entity_id_as_number: bool = False
    event_versions: Mapping[str, int] = field(default_factory=lambda: {"customer-updated": 2})
    more_events: tuple[Change, ...] = ()
    valid_tenants_are_added: bool = False
    socket_max_tenants: int = 1000
    socket_closes_after: int = 0
    socket_ping_s: float = 0.0
    socket_idle_s: float = 0.0
