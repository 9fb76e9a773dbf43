"""What only a change shows of a Fortnox company. Each is asked for first, says what it does, and is undone.

Nothing here can send, print, book or delete: what is called is in `connector.hosts.fortnox.calls` alone. What must be
done by such means (a payment, a credit) is asked of the person, in Fortnox's own pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from connector.domain import dates
from connector.domain.errors import ConnectorError, KeyRefused, NotFound, RateLimited, Refused
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import REQUESTS, WINDOW_S
from connector.hosts.fortnox.documents import Record, flag, label_ids, number, reference, text
from connector.hosts.fortnox.receipt import FOLDER, receipt
from connector.hosts.fortnox.write_back import REFERENCE_FIELD
from connector.sandbox.fortnox.switches import Change, FortnoxSwitches, LabelArray, LockedPut
from tests.live.fortnox_modified import ModifiedTimes, modified
from tests.live.fortnox_points import (
    ATTACHMENT,
    BOOKED_LABELS,
    BOOKED_REFERENCE,
    CREDIT_MOVES,
    LABEL_ARRAY,
    LABEL_BY_HAND,
    LABEL_MOVES,
    PAYMENT_MOVES,
    PREVIEW,
    RATE,
    Seen,
    confirms,
    contradicts,
    is_as,
    switch_is,
)
from tests.live.fortnox_session import Session

TRIAL_REFERENCE = "AMILI:prov"
BLANK = "API_BLANK"
"""What empties a field (fortnox/API.md, "Lists")."""

MOST_REQUESTS = 3 * REQUESTS
AT_ONCE = 8


class Answer(Enum):
    """What became of a change."""

    TOOK = "taken"
    UNCHANGED = "answered with yes, and nothing was changed"
    REFUSED = "refused"


@dataclass(frozen=True)
class Tried:
    """A change that was asked for, and Fortnox's words if it refused."""

    answer: Answer
    words: str = ""

    def __str__(self) -> str:
        return f"{self.answer.value}: “{self.words}”" if self.words else self.answer.value


# The PDF


def preview(session: Session, invoice_number: str) -> None:
    """Whether a PDF comes, and the invoice is not marked as sent."""
    before = session.client.read(Call.READ_INVOICE, invoice_number)
    sent = flag(before, "Sent")
    if not session.agrees(
        f"\nInvoice {invoice_number} ({'sent already' if sent else 'not sent'}): fetch its PDF by “preview”, which is "
        "documented to change nothing. If that were wrong it would be marked as sent, which is undone in Fortnox only "
        "(“Markera som ej skickad”)."
    ):
        return session.leaves_out(PREVIEW)
    pdf = session.client.preview(invoice_number)
    after = session.client.read(Call.READ_INVOICE, invoice_number)
    changed = sorted(field for field in before if before[field] != after.get(field))
    what = f"a PDF of {len(pdf)} bytes"
    if changed:
        return session.note(contradicts(PREVIEW, f"{what}, and it changed {', '.join(changed)}"))
    if sent:
        return session.note(Seen(PREVIEW, f"{what}; the invoice was sent already: try one that was not"))
    return session.note(confirms(PREVIEW, f"{what}; the invoice is not marked as sent"))


# Writing


def booked_writes(session: Session, times: ModifiedTimes, invoice_number: str) -> None:
    """What a booked invoice takes of what the connector writes."""
    reference_tried = _reference(session, times, invoice_number, "booked")
    labels_tried = _labels(session, times, invoice_number, "booked")
    together = _locked_put(reference_tried, labels_tried)
    for point, tried in ((BOOKED_REFERENCE, reference_tried), (BOOKED_LABELS, labels_tried)):
        if tried is None:
            session.leaves_out(point)
        elif together is None:
            session.note(Seen(point, str(tried)))
        else:
            session.note(switch_is(point, str(tried), "booked_put", together))


def unbooked_writes(session: Session, times: ModifiedTimes, invoice_number: str) -> None:
    """The same on an invoice that is not booked, for what the booked one left open: modified times, and labels."""
    if times.zone is None:
        _reference(session, times, invoice_number, "not booked")
    if not any(seen.point == LABEL_ARRAY for seen in session.seen):
        _labels(session, times, invoice_number, "not booked")


def _locked_put(reference_tried: Tried | None, labels_tried: Tried | None) -> LockedPut | None:
    """The imitation's name for what a booked invoice does with both writes; None if it has none."""
    match reference_tried and reference_tried.answer, labels_tried and labels_tried.answer:
        case Answer.TOOK, Answer.TOOK:
            return LockedPut.ALLOW_ALL
        case Answer.TOOK, Answer.REFUSED:
            return LockedPut.ALLOW_REFS
        case Answer.REFUSED, Answer.TOOK:
            return LockedPut.ALLOW_LABELS
        case Answer.REFUSED, Answer.REFUSED:
            return LockedPut.REJECT
        case Answer.UNCHANGED, Answer.UNCHANGED:
            return LockedPut.UNCHANGED
        case _:
            return None


def _reference(session: Session, times: ModifiedTimes, invoice_number: str, state: str) -> Tried | None:
    """Write the reference and empty it again; None if the person said no, or something else stands there."""
    client = session.client
    if standing := text(client.read(Call.READ_INVOICE, invoice_number), REFERENCE_FIELD):
        session.person.say(
            f"  Invoice {invoice_number} has {len(standing)} characters in {REFERENCE_FIELD}: left alone."
        )
        return None
    if not session.agrees(
        f"\nInvoice {invoice_number} ({state}): write “{TRIAL_REFERENCE}” into {REFERENCE_FIELD}, which is empty, read "
        "it back, and empty it again. Nothing else is changed."
    ):
        return None

    def stands() -> str:
        return text(client.read(Call.READ_INVOICE, invoice_number), REFERENCE_FIELD)

    def empty() -> str:
        for nothing in (BLANK, ""):
            if stands():
                client.set_reference(invoice_number, nothing)
        return f"{REFERENCE_FIELD} of invoice {invoice_number}: empty it" if stands() else ""

    watched = times.watch(invoice_number, "a reference written by us")
    with undone(session, empty):
        words = _refusal(lambda: client.set_reference(invoice_number, TRIAL_REFERENCE))
        took = stands() == TRIAL_REFERENCE
        if took:
            times.moved(watched)
    return _tried(words, took=took)


def _labels(session: Session, times: ModifiedTimes, invoice_number: str, state: str) -> Tried | None:
    """Put one more label on and take it off again; None if the person said no, or there is no label."""
    client = session.client
    before = label_ids(client.read(Call.READ_INVOICE, invoice_number))
    texts = {label_id: label for label, ids in client.labels().items() for label_id in ids}
    spare = next((label_id for label_id in texts if label_id not in before), None)
    if spare is None:
        session.person.say("  No label is there to try with. Make one in Fortnox, and run this again.")
        return None
    there = ", ".join(f"“{texts.get(label_id, label_id)}”" for label_id in before) or "none"
    if not session.agrees(
        f"\nInvoice {invoice_number} ({state}): put the label “{texts[spare]}” on beside those it has ({there}), read "
        "it back, and send the former ones again. If Fortnox joins labels instead of replacing them, the label stays, "
        "and you take it off by hand."
    ):
        return None

    def stand() -> set[int]:
        return set(label_ids(client.read(Call.READ_INVOICE, invoice_number)))

    def take_off() -> str:
        if stand() != set(before):
            client.set_labels(invoice_number, before)
        left = stand() - set(before)
        return f"label “{texts[spare]}” of invoice {invoice_number}: take it off" if left else ""

    watched = times.watch(invoice_number, "a label written by us")
    with undone(session, take_off):
        words = _refusal(lambda: client.set_labels(invoice_number, (*before, spare)))
        took = stand() == {*before, spare}
        if took:
            _note_label_moves(session, times.moved(watched))
            client.set_labels(invoice_number, before)
            replaces = stand() == set(before)
            session.note(_label_array(replaces=replaces, empty=not before))
    return _tried(words, took=took)


def _label_array(*, replaces: bool, empty: bool) -> Seen:
    sent = "an empty list" if empty else "the former labels alone"
    what = f"{sent} {'takes the other label off' if replaces else 'leaves the other label on'}"
    return switch_is(LABEL_ARRAY, what, "label_array", LabelArray.REPLACES if replaces else LabelArray.MERGES)


def _refusal(write: Callable[[], object]) -> str:
    """Fortnox's words if it says a clear no to `write`, "" if it does not."""
    try:
        write()
    except (KeyRefused, NotFound):
        raise
    except Refused as error:
        return f"HTTP {error.status} {error.message} {error.answer}".strip()
    return ""


def _tried(words: str, *, took: bool) -> Tried:
    return Tried(Answer.TOOK if took else Answer.REFUSED if words else Answer.UNCHANGED, words)


@contextmanager
def undone(session: Session, undo: Callable[[], str]) -> Iterator[None]:
    """Call `undo` at the end, come what may; what it says is left, or what kept it, is told to the person."""
    try:
        yield
    finally:
        try:
            left = undo()
        except ConnectorError as error:
            left = f"the last change could not be undone, or seen to be: {error}"
        session.person.say(f"  NOT UNDONE, do it in Fortnox: {left}." if left else "  Undone.")


# A file, which only the person can take away again


def attachment(session: Session, invoice_number: str, *, has_scopes: bool) -> None:
    """Whether a booked invoice takes a file among its attachments, and how it is told afterwards."""
    if not has_scopes:
        what = (
            "not tried: the connector attaches receipts only if asked to; FORTNOX_RECEIPTS=true asks for their scopes"
        )
        return session.note(Seen(ATTACHMENT, what))
    if not session.agrees(
        f"\nInvoice {invoice_number} (booked): upload a one-page PDF into the inbox for customer invoices, and attach "
        "it. It would never be sent with the invoice. This is not undone: take it off the invoice (Bilagor) and out of "
        "the inbox (Inkorg) by hand."
    ):
        return session.leaves_out(ATTACHMENT)
    file_id = session.client.upload(FOLDER, "Prov.pdf", receipt(invoice_number, "prov", at=dates.today()))
    words = _refusal(lambda: session.client.attach(invoice_number, file_id))
    stands = file_id in session.client.attached(invoice_number)
    what = f"{_tried(words, took=stands)}; the file is in the inbox"
    return session.note(switch_is(ATTACHMENT, what, "attachments_on_booked", stands))


# What the person does in Fortnox


def changes_by_hand(session: Session, times: ModifiedTimes, invoice_number: str) -> None:
    """A label, a payment and a credit that the person makes, and whether polling finds them."""
    with session.trying(LABEL_BY_HAND):
        _label_by_hand(session, times, invoice_number)
    with session.trying(PAYMENT_MOVES):
        _payment_by_hand(session, times, invoice_number)
    with session.trying(CREDIT_MOVES):
        _credit_by_hand(session, times, invoice_number)


def _label_by_hand(session: Session, times: ModifiedTimes, invoice_number: str) -> None:
    before = set(label_ids(session.client.read(Call.READ_INVOICE, invoice_number)))
    watched = times.watch(invoice_number, "a label set by a person")
    if not _did(session, f"put any label on invoice {invoice_number}, which is booked (it may be impossible)"):
        return session.leaves_out(LABEL_BY_HAND)
    after = set(label_ids(session.client.read(Call.READ_INVOICE, invoice_number)))
    if after - before:
        session.note(confirms(LABEL_BY_HAND, "a person can put a label on a booked invoice, and it can be read"))
        _note_label_moves(session, times.moved(watched))
        session.person.say("  You may take the label off again.")
        return None
    return session.note(contradicts(LABEL_BY_HAND, "no label is to be read on the booked invoice", "request_label"))


def _payment_by_hand(session: Session, times: ModifiedTimes, invoice_number: str) -> None:
    balance = _balance(session, invoice_number)
    watched = times.watch(invoice_number, "a part payment")
    if not _did(session, f"enter a payment of 1 krona on invoice {invoice_number} and book it (Inbetalning, Bokför)"):
        return session.leaves_out(PAYMENT_MOVES)
    if _balance(session, invoice_number) == balance:
        return session.note(Seen(PAYMENT_MOVES, "the balance has not changed: is the payment booked?"))
    moved = times.moved(watched)
    payments = times.zone is not None and times.lists(Call.LIST_PAYMENTS, invoice_number, watched.since, times.zone)
    if times.zone is None:
        return session.note(Seen(PAYMENT_MOVES, "the zone of modified times is not known, so that it cannot be told"))
    what = f"a part payment moves its invoice: {_word(moved)}; it is listed itself: {_word(payments)}"
    return session.note(
        is_as(PAYMENT_MOVES, what, holds=bool(moved or payments), about=_about(Change.PARTIAL_PAYMENT, moved))
    )


def _credit_by_hand(session: Session, times: ModifiedTimes, invoice_number: str) -> None:
    balance = _balance(session, invoice_number)
    watched = times.watch(invoice_number, "a credit invoice")
    if not _did(
        session,
        f"credit invoice {invoice_number}, and book the credit invoice; then enter it "
        "as paid on both (Kreditera, Bokför, Inbetalning)",
    ):
        return session.leaves_out(CREDIT_MOVES)
    if _balance(session, invoice_number) == balance:
        return session.note(Seen(CREDIT_MOVES, "the balance has not changed: is the credit invoice booked?"))
    moved = times.moved(watched)
    if times.zone is None:
        return session.note(Seen(CREDIT_MOVES, "the zone of modified times is not known, so that it cannot be told"))
    rows = modified(session.client, Call.LIST_INVOICES, watched.since, times.zone)
    listed = any(_credits(session, row, invoice_number) for row in rows)
    what = f"a credit moves its invoice: {_word(moved)}; the credit invoice is listed itself: {_word(listed)}"
    return session.note(is_as(CREDIT_MOVES, what, holds=bool(moved or listed), about=_about(Change.CREDIT, moved)))


def _credits(session: Session, row: Record, invoice_number: str) -> bool:
    if number(row, "Total", "total") >= 0:
        return False
    credit = session.client.read(Call.READ_INVOICE, text(row, "DocumentNumber"))
    return reference(credit, "CreditInvoiceReference") == invoice_number


def _note_label_moves(session: Session, moved: bool | None) -> None:
    if moved is not None and not any(seen.point == LABEL_MOVES for seen in session.seen):
        assumed = Change.LABEL not in FortnoxSwitches().unmodified_by
        about = "sandbox switch unmodified_by; labels are looked for by themselves"
        what = f"a label moves its invoice's modified time: {_word(moved)}"
        session.note(is_as(LABEL_MOVES, what, holds=moved is assumed, about=about))


def _about(change: Change, moved: bool | None) -> str:
    assumed = change in FortnoxSwitches().unmodified_by
    rest = "" if moved is None or moved is not assumed else f"; the sandbox's unmodified_by has {change} wrong"
    return f"hosts/fortnox/changes.py{rest}"


def _balance(session: Session, invoice_number: str) -> object:
    return session.client.read(Call.READ_INVOICE, invoice_number).get("Balance")


def _did(session: Session, what: str) -> bool:
    """Whether the person did `what` in Fortnox's own pages."""
    return session.agrees(f"\nIn Fortnox's own pages, please {what}. No leaves this out.", question="Is it done?")


def _word(yes: bool | None) -> str:
    return "cannot be told" if yes is None else "yes" if yes else "no"


# Too many requests


def rate(session: Session) -> None:
    """How Fortnox says that there were too many requests, and when it takes them again."""
    if not session.agrees(
        f"\nAsk for the company's name up to {MOST_REQUESTS} times at once, until Fortnox answers 429. For some "
        "seconds (it may be more) this app can ask nothing of this company. Nothing is changed."
    ):
        return session.leaves_out(RATE)
    with ThreadPoolExecutor(AT_ONCE) as workers:
        answers = list(workers.map(lambda _: _asked(session), range(MOST_REQUESTS)))
    let_through = answers.count(None)
    refusals = [answer for answer in answers if answer is not None]
    if not refusals:
        return session.note(Seen(RATE, f"{let_through} requests went through: the way is too slow to find the limit"))
    named = {f"{one.retry_after_s:.0f} s" for one in refusals if one.retry_after_s is not None}
    waited_s = _until_taken(session)
    what = (
        f"{let_through} went through, then 429; Retry-After: {', '.join(sorted(named)) or 'none'}; "
        f"body: {refusals[0].answer or 'no words'}; taken again after {waited_s:.1f} s"
    )
    return session.note(
        is_as(RATE, what, holds=let_through >= REQUESTS and waited_s <= WINDOW_S, about="REQUESTS, WINDOW_S")
    )


def _asked(session: Session) -> RateLimited | None:
    try:
        session.unpaced.read(Call.READ_COMPANY)
    except RateLimited as refusal:
        return refusal
    return None


LONGEST_WAIT_S = 120.0
STEP_S = 0.5


def _until_taken(session: Session) -> float:
    waited_s = 0.0
    while waited_s < LONGEST_WAIT_S:
        session.clock.sleep(STEP_S)
        waited_s += STEP_S
        if _asked(session) is None:
            return waited_s
    return waited_s
