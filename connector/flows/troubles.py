"""Steps that fail, so that a person is asked: at once where Amili refuses us, and after an hour for whatever else.

Every step of the durable work is watched here, whichever error it turns into a repetition: nothing that fails again and
again stays a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from connector.amili import SYSTEM as AMILI
from connector.domain.errors import ConnectorError, Refused, RemoteError
from connector.flows.operations import CREATING
from connector.flows.outcome import Outcome
from connector.store import hand_overs, troubles
from connector.store.troubles import Failing, Trouble

log = logging.getLogger(__name__)

ASKED_AFTER_S = 3_600.0
"""For how long a step fails on end before a person is asked."""

REGISTER = "register"
UPLOAD = "upload"
WRITE_BACK = "write_back"
FOLLOW_UP = "follow_up"
PAYOUT_GUARD = "payout_guard"
"""The comparison of a ledger's payments with what Amili pays out, before they are reported."""
HINT = "hint"
POLL = "poll"
KEY = "key"
STANDINGS = "standings"
CASES = "cases"
PAYOUTS = "payouts"
COMPARE = "compare"
RESTORED = "restored"
"""Looking up what Amili has already, after an earlier store was put back."""
TIDY = "tidy"
DIGEST = "digest"
STEPS = (
    REGISTER,
    UPLOAD,
    WRITE_BACK,
    FOLLOW_UP,
    PAYOUT_GUARD,
    HINT,
    POLL,
    KEY,
    STANDINGS,
    CASES,
    PAYOUTS,
    COMPARE,
    RESTORED,
    TIDY,
    DIGEST,
)
"""Every step whose failures are kept."""


class About(StrEnum):
    """What a step is about, and so what its subject begins with, up to a slash."""

    HAND_OVER = "hand_over"
    CONNECTION = "connection"
    INVOICE = "invoice"
    """A connection and one of its invoices: that others can be read ends nothing."""
    ACCESS = "access"
    DEPLOYMENT = "deployment"


def watched(db: Engine, name: str, about: About, step: Callable[[str], Outcome]) -> Callable[[str], Outcome]:
    """`step`, whose failures are kept for as long as they go on. An error in keeping them hinders no work."""

    def run(subject: str) -> Outcome:
        outcome = step(subject)
        try:
            _keep(db, name, about, _whose(about, subject), outcome)
        except SQLAlchemyError as error:
            log.warning("what became of %s %s could not be kept: %s", name, subject, type(error).__name__)
        return outcome

    return run


def _whose(about: About, subject: str) -> str:
    parts = {About.DEPLOYMENT: 0, About.INVOICE: 2}.get(about, 1)
    return "/".join(subject.split("/")[:parts])


def _keep(db: Engine, name: str, about: About, subject: str, outcome: Outcome) -> None:
    if outcome.failed is not None:
        note(db, name, about, subject, outcome.failed)
    elif outcome.has_worked:
        troubles.over(db, name, subject)
    elif outcome.could_read:
        troubles.over(db, name, subject, but_for=CREATING)


def note(db: Engine, name: str, about: About, subject: str, error: ConnectorError) -> None:
    """Note that a step failed."""
    connection = subject.partition("/")[0] if about in (About.CONNECTION, About.INVOICE) else ""
    if about is About.HAND_OVER:
        connection = hand_overs.get(db, subject).connection
    troubles.note(
        db,
        name,
        subject,
        _failing(error),
        connection=connection,
        access=subject if about is About.ACCESS else "",
        hand_over=subject if about is About.HAND_OVER else "",
    )


def _failing(error: ConnectorError) -> Failing:
    return Failing(
        system=error.system,
        operation=error.operation if isinstance(error, RemoteError) else "",
        status=error.status if isinstance(error, RemoteError) else None,
        refused=isinstance(error, Refused) and error.system == AMILI,
    )


def asks(trouble: Trouble) -> bool:
    """Return whether a person is to see to it now."""
    return trouble.failing.refused or trouble.age_s >= ASKED_AFTER_S


def hindered(db: Engine, connection_id: str) -> frozenset[str]:
    """The hand-overs of a connection of which nothing can be reported now, because that fails or is refused."""
    found = troubles.every(db, (connection_id,))
    return frozenset(one.hand_over for one in found if one.step == FOLLOW_UP and asks(one))
