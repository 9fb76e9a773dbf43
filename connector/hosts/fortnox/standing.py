"""How invoices stand, by Fortnox's lists of 500 where those are cheaper than asking for each.

A row tells less than the invoice by itself (API.md, "Rows of lists"). It lacks the accounting method, so that one which
was sent and is not booked may be a claim, and whether it is completed, which another list tells. Whatever a row leaves
open, and whatever no page showed, is asked for by itself: rows move while pages are turned, and what `filter=unpaid`
lists in addition is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from connector.domain import dates
from connector.domain.errors import AmountUnreadable, NotFound, Unreadable
from connector.domain.invoice import InvoiceState, Standing
from connector.hosts.fortnox.answers import Page
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, day, flag, is_withheld, text
from connector.hosts.fortnox.translate import balance_of, state_of

WORTH = 10
"""How many invoices must be wanted for each page of a list that is still to be read, for it to be read."""

_NEWEST_FIRST = {"sortby": "documentnumber", "sortorder": "descending"}
_LISTS: tuple[dict[str, str], ...] = ({"filter": "unpaid"}, {})
"""The shorter one first: what is at Amili is unpaid as a rule."""


def standings(client: FortnoxClient, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
    """See `connector.hosts.base.Host.standings`.

    Fewer than `WORTH` take a call each. More take a call for 500 of the company's unpaid invoices; for those that are
    not unpaid, one for 500 of all its invoices, newest first; one for 500 that are not completed; and one for each that
    is left. A list is read on only while it promises `WORTH` invoices a page, so that it is never more than three
    tenths above a call each, and three.
    """
    told = _by_lists(client, invoice_ids) if len(invoice_ids) >= WORTH else {}
    for invoice_number in sorted(set(invoice_ids) - set(told)):
        try:
            told[invoice_number] = _standing_or_odd(client.read(Call.READ_INVOICE, invoice_number))
        except NotFound:
            continue
    return told


def told_by(row: Record) -> Standing | None:
    """Return how the invoice of a list's row stands; None where that takes the invoice by itself."""
    try:
        found = _standing(row)
        may_be_a_claim = found.state is InvoiceState.DRAFT and flag(row, "Sent")
    except (AmountUnreadable, Unreadable):
        return None
    return None if may_be_a_claim else found


def _standing_or_odd(invoice: Record) -> Standing:
    """Return how an invoice stands, or that one odd amount cannot be read. Raises `AmountUnreadable` where none is
    shown.
    """
    try:
        return _standing(invoice)
    except AmountUnreadable:
        if is_withheld(invoice, "Balance"):
            raise
        return Standing(state=InvoiceState.BOOKED, unreadable=True)


def _standing(invoice: Record) -> Standing:
    state, balance, due = state_of(invoice), balance_of(invoice), day(invoice, "DueDate")
    put_off = (
        state is InvoiceState.BOOKED
        and balance > 0
        and due is not None
        and not dates.is_overdue(due, today=dates.today())
    )
    return Standing(state=state, balance=balance, put_off=put_off)


def _by_lists(client: FortnoxClient, invoice_ids: Sequence[str]) -> dict[str, Standing]:
    missing = set(invoice_ids)
    told: dict[str, Standing] = {}
    for chosen in _LISTS:
        if len(missing) < WORTH:
            break
        for page in _while_worth(client, missing, **_NEWEST_FIRST, **chosen):
            for row in page.rows:
                invoice_number = text(row, "DocumentNumber")
                if invoice_number in missing:
                    missing.discard(invoice_number)
                    if (standing := told_by(row)) is not None:
                        told[invoice_number] = standing
    return _completed(client, told)


def _completed(client: FortnoxClient, told: Mapping[str, Standing]) -> dict[str, Standing]:
    """Return what is known for sure: a row that is booked does not say whether the invoice is completed."""
    booked = {invoice_number for invoice_number, standing in told.items() if standing.state is InvoiceState.BOOKED}
    if not booked:
        return dict(told)
    not_completed: set[str] = set()
    all_listed = False
    for page in _while_worth(client, booked, notcompleted="true"):
        not_completed |= {text(row, "DocumentNumber") for row in page.rows}
        all_listed = page.left == 0
    doubtful = booked & not_completed if all_listed else booked
    return {invoice_number: standing for invoice_number, standing in told.items() if invoice_number not in doubtful}


def _while_worth(client: FortnoxClient, wanted: Collection[str], **query: str) -> Iterator[Page]:
    """The pages of a list of invoices, for as long as enough of what is `wanted` may come for those that are left."""
    for number, page in enumerate(client.listed(Call.LIST_INVOICES, **query), start=1):
        yield page
        left = number if page.left is None else page.left
        if len(wanted) < WORTH * left:
            return
