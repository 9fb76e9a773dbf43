"""Steps that fail, so that a person is asked: at once where Amili refuses us, and after an hour for whatever else.

Every step of the durable work is watched here, whichever error it turns into a repetition: nothing that fails again and
again stays a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from connector.amili import SYSTEM as AMILI
from connector.domain.errors import ConnectorError, Refused, RemoteError
from connector.flows.operations import CREATING
from connector.flows.outcome import Outcome
from connector.store import troubles
from connector.store.troubles import Failing, Trouble

log = logging.getLogger(__name__)

Payload = TypeVar("Payload")

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


@dataclass(frozen=True)
class About:
    """What a step is about: `subject` tells it from others of the step, and the rest says whom its failure concerns."""

    subject: str
    connection: str = ""
    access: str = ""
    hand_over: str = ""

    @staticmethod
    def of_connection(connection_id: str) -> About:
        """Something of a whole company."""
        return About(connection_id, connection=connection_id)

    @staticmethod
    def of_invoice(connection_id: str, invoice_id: str) -> About:
        """One of a company's invoices: that others can be read ends nothing."""
        return About(f"{connection_id}/{invoice_id}", connection=connection_id)

    @staticmethod
    def of_hand_over(hand_over_id: str, connection_id: str) -> About:
        """A hand-over of a company's."""
        return About(hand_over_id, connection=connection_id, hand_over=hand_over_id)

    @staticmethod
    def of_access(access_id: str) -> About:
        """Every company that uses a key pair at Amili."""
        return About(access_id, access=access_id)

    @staticmethod
    def of_deployment(_all: str = "") -> About:
        """Everyone."""
        return About("")


def watched(
    db: Engine, name: str, about: Callable[[Payload], About], step: Callable[[Payload], Outcome]
) -> Callable[[Payload], Outcome]:
    """`step`, whose failures are kept for as long as they go on. An error in keeping them hinders no work."""

    def run(payload: Payload) -> Outcome:
        outcome = step(payload)
        try:
            _keep(db, name, about(payload), outcome)
        except SQLAlchemyError as error:
            log.warning("what became of %s %s could not be kept: %s", name, payload, type(error).__name__)
        return outcome

    return run


def _keep(db: Engine, name: str, about: About, outcome: Outcome) -> None:
    if outcome.failed is not None:
        note(db, name, about, outcome.failed)
    elif outcome.has_worked:
        troubles.over(db, name, about.subject)
    elif outcome.could_read:
        troubles.over(db, name, about.subject, but_for=CREATING)


def note(db: Engine, name: str, about: About, error: ConnectorError) -> None:
    """Note that a step failed."""
    troubles.note(
        db,
        name,
        about.subject,
        _failing(error),
        connection=about.connection,
        access=about.access,
        hand_over=about.hand_over,
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
