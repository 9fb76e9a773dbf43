"""The contract between the flows and a host's ledger."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import SecretStr

from connector.domain.invoice import BankAccount, Customer, Invoice, OverdueInvoice, Pdf, Standing
from connector.hosts.base.consent import Consented
from connector.hosts.base.ledger import (
    Changes,
    HintTiming,
    IdentityCoverage,
    LedgerIdentity,
    LedgerMessage,
    ReceiptFile,
    SetUp,
    Wish,
    WithdrawalWish,
    WriteBack,
    WriteBackResult,
)
from connector.words.languages import Language


class Host(ABC):
    """One company's ledger.

    What a ledger need not have has a default here that says so; a host with it sets the flag, where there is one.
    """

    SUPPORTS_STATUS: ClassVar[bool] = False
    """Whether it has a place for how a case stands, beside its id; without, nothing is written when that changes,
    and what marks an invoice as sent stays when its case is withdrawn."""
    SUPPORTS_MESSAGES: ClassVar[bool] = False
    """Whether it has a place for messages at an invoice; without, none is left."""

    @abstractmethod
    def check(self) -> LedgerIdentity:
        """Return who this ledger is and whether our rights suffice. Reads only."""

    def prepare(self) -> SetUp:
        """Make ready in the ledger what the connection's own credentials can; lines to show, if there is anything.

        Safe to repeat. No case depends on it.
        """
        return SetUp(())

    @abstractmethod
    def identity_coverage(self) -> IdentityCoverage:
        """Return how many of the customers we could claim have a valid identity number. Reads all of them, cheaply."""

    @abstractmethod
    def bank_accounts(self) -> tuple[BankAccount, ...]:
        """Return how far customers' money is booked, by account, read afresh; one without an id stands for all of
        them.
        """

    def key_expires(self) -> date | None:
        """Return when our key ends, as far as the ledger tells. Raises `KeyRefused` for one that is not accepted."""
        return self.check().key_expires

    def renew_key(self, key: SecretStr, *, until: date) -> SecretStr | None:  # noqa: ARG002 - for those that have it
        """A new key beside `key`, which is ours, valid to `until`; None where the ledger lets no one make one so."""
        return None

    def revoke_key(self, key: SecretStr) -> None:  # noqa: B027 - nothing to do is a whole answer
        """Give up `key`, after a newer one has taken its place."""

    @abstractmethod
    def read(self, invoice_id: str) -> Invoice:
        """One invoice, fresh and whole. Raises `NotFound` if the ledger does not have it."""

    @abstractmethod
    def cards(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """The cards of these customers as they are now, by their ids; those that the ledger does not have are left out.

        Name, identity number and address, and whether the identity is protected where the ledger tells; many at once
        where it can.
        """

    @abstractmethod
    def find(self, number: str) -> str:
        """The id of the customer invoice whose number is exactly `number`. Raises `NotFound`."""

    def requested(self) -> Iterator[Wish]:
        """Every standing wish in the ledger, newest first; the guarantee behind the hints."""
        yield from ()

    def wish(self, invoice_id: str) -> Wish | None:  # noqa: ARG002 - for those that have it
        """The standing wish on one invoice, read afresh."""
        return None

    def hidden_wish(self, invoice_id: str) -> str:  # noqa: ARG002 - for those that have it
        """The mark of a wish that stands on an invoice though its case hides it; "" for none, and where none is hidden.

        For ledgers in which all wishes have the same mark, as in `wishes_taken_away`.
        """
        return ""

    def withdrawal_wishes(self) -> Iterator[WithdrawalWish]:
        """Every standing wish to withdraw a case; none in a ledger that has no place for them, without a call."""
        yield from ()

    def withdrawal_wish(self, invoice_id: str) -> WithdrawalWish | None:  # noqa: ARG002 - for those that have it
        """The standing wish to withdraw the case of one invoice, read afresh."""
        return None

    def vouches_for(self, mark: str) -> bool:  # noqa: ARG002 - for those that have it
        """Return whether a wish of this mark is on the ledger's own record, by whom it was expressed; asks no one.

        Any other is a question to a person: anyone who may change an invoice could have written it.
        """
        return False

    def refuse_withdrawal(self, wish: WithdrawalWish, why: str) -> None:  # noqa: B027 - nothing to do is a whole answer
        """Take a wish away, if it still stands, and show `why` on its invoice: for a case that we know nothing of."""

    def wishes_taken_away(self, invoice_ids: Sequence[str]) -> frozenset[str]:  # noqa: ARG002 - for those that have it
        """Those of these invoices on which it is certain that no wish to send stands, seen or hidden by a case.

        For ledgers in which all wishes have the same mark: only by its having been away can a later one be told from
        it. Where each has a mark of its own, none is named and no one is asked.
        """
        return frozenset()

    def hint_timing(self) -> HintTiming:
        """Return how this ledger's hints lie in time."""
        return HintTiming()

    @abstractmethod
    def changes(self, cursor: str, *, now: datetime) -> Iterator[Changes]:
        """Customer invoices that changed since `cursor`, oldest change first; from "", only where to begin.

        An invoice that did not change may be among them, and one may come twice. What is read for this does not
        grow with the invoices that merely changed: the pages' `touched` leave it to the caller whom to look at. The
        cursor is the host's own; `now` (aware) keeps one from the future from hiding anything.
        """

    @abstractmethod
    def standings(self, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return how these invoices stand now, by their ids; those that the ledger does not have are left out."""

    @abstractmethod
    def overdue(self, *, today: date, page: int = 1, page_size: int = 50) -> tuple[OverdueInvoice, ...]:
        """One page of booked, open customer invoices past due on `today`, oldest due date first.

        A ledger that cannot sort reads all of them for a first page; later ones may be of that same reading.
        """

    @abstractmethod
    def pdf(self, invoice_id: str) -> Pdf:
        """The invoice as the customer got it, without side effects. Raises `PdfUnavailable`."""

    @abstractmethod
    def language(self) -> Language:
        """The language that the people at this ledger read."""

    @abstractmethod
    def write_back(self, invoice_id: str, note: WriteBack, receipt: ReceiptFile | None = None) -> WriteBackResult:
        """Put what is to be shown where this ledger can hold it; writes only what differs.

        A ledger that can hold nothing else of it may hold a receipt, if it is given how that is remembered.
        """

    def leave_message(self, invoice_id: str, message: LedgerMessage, *, may_stand: bool) -> str:
        """Leave a message for the ledger's own people at an invoice, where there is a place for it; mailed to no one.

        `may_stand` says that an earlier try was not answered, so that it is looked for before it is left again.
        Returns "", or the ledger's words if it refused.
        """
        raise NotImplementedError(
            f"{type(self).__name__} leaves no message {message.key} at {invoice_id} ({may_stand})"
        )


class App(ABC):
    """The deployment's app at a host. A company is known by its number there.

    Its methods raise `ConfigurationError` for an address that may not be used.
    """

    @property
    @abstractmethod
    def rights(self) -> tuple[str, ...]:
        """Every right (scope) that companies are asked to approve."""

    @abstractmethod
    def consent_url(self, state: str, *, service_account: bool) -> str:
        """Return where a company approves. `state` is a long random text that comes back with the answer.

        `service_account` asks for an account of the app's own, where the host has such.
        """

    @abstractmethod
    def receive(self, answer: Mapping[str, str], *, state: str) -> Consented:
        """Return what the answer in the address of the redirect gives; `state` is what `consent_url` was given.

        Raises `ServiceAccountRefused`, `ConsentRefused` telling what the person can do, and the errors of remote calls.
        """

    @abstractmethod
    def open(self, settings: Mapping[str, Any]) -> Host:
        """The ledger of the company that a connection's host settings name. Nothing is called yet.

        Raises `ConfigurationError` for settings that cannot work.
        """

    @abstractmethod
    def forget(self, company: str) -> None:
        """Give up what is kept of a company's consent. Raises the errors of remote calls; it is kept then."""

    @abstractmethod
    def ends(self, company: str) -> datetime | None:
        """Until when a company's consent must be used at the latest; None for one that holds until withdrawn."""
