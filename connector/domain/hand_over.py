"""The words for a hand-over: its states, where a request came from, and what each part of it came to."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from connector.domain.connection import AnyFirstAction, Environment
from connector.domain.invoice import Frozen
from connector.domain.money import Kronor


class HandOverState(StrEnum):
    """Where a hand-over stands. It ends in exactly one of BLOCKED, SKIPPED and DONE (DESIGN.md, "Promises", 2).

    After DONE, a person's decision alone can make it WITHDRAWN.
    """

    REQUESTED = "requested"
    """Asked for; not yet sent, or provably not received by Amili."""
    REGISTERING = "registering"
    """The intent to register is committed; the registration may be on its way."""
    UNKNOWN = "outcome_unknown"
    """A registration was sent and not answered readably; it is being looked up."""
    TAKEN = "taken"
    """Amili took the registration and named no case yet; it is being looked for, and nothing is sent again."""
    REGISTERED = "registered"
    """The case exists; its PDF or its write-back is still to be done."""
    DONE = "done"
    """The case exists and nothing more is under way (findings may remain)."""
    BLOCKED = "blocked"
    """Findings that a person must fix or lift; nothing was sent."""
    SKIPPED = "skipped"
    """Deliberately not sent, with the reason stated."""
    WITHDRAWN = "withdrawn"
    """A person had its case cancelled at Amili. Nothing of it is followed any more."""
    LEFT = "left"
    """Its company has gone to Amili's other environment. It stays on record, and nothing of it is sent or followed."""


UNFINISHED = (
    HandOverState.REQUESTED,
    HandOverState.REGISTERING,
    HandOverState.UNKNOWN,
    HandOverState.TAKEN,
    HandOverState.REGISTERED,
)
"""States in which work remains, so that an engine must be driving the hand-over."""

WAITS_FOR_KEY = "new_key"
"""What a hand-over waits for while its ledger does not accept our key; other waits are in free words."""
WAITS_FOR_RESTORE = "after_restore"
"""What it waits for while it is looked up what had been sent before an earlier store was put back."""

WAITS_FOR_AMILI_KEY = "new_amili_key"
"""What a hand-over waits for while Amili does not accept our key pair."""

WAITS_WHILE_PAUSED = "paused"
"""What a hand-over waits for that has not been sent while its company pauses."""

WAITS_FOR_NOTHING = "disconnected"
"""What a hand-over waits for of which it is not known whether it reached Amili, once its connection has ended."""

REOPENABLE = (HandOverState.BLOCKED, HandOverState.SKIPPED)
"""States from which a new, deliberate request starts the same hand-over again."""

MAY_BE_SENT_AGAIN = (*REOPENABLE, HandOverState.WITHDRAWN)
"""States in which a person may ask for the invoice again; after a withdrawal a new generation begins."""


class Origin(StrEnum):
    """Who or what asked for the hand-over."""

    PAGE = "page"
    COMMAND = "command"
    LEDGER = "ledger"
    RULE = "rule"


class PdfState(StrEnum):
    PENDING = "pending"
    UPLOADED = "uploaded"
    UNAVAILABLE = "unavailable"


class WriteBackState(StrEnum):
    PENDING = "pending"
    WRITTEN = "written"
    REFUSED = "refused"
    NOT_NEEDED = "not_needed"
    """The case was withdrawn before it was shown, in a ledger that could show it only as if it stood."""


WRITE_BACK_REFUSED = "write_back_refused"
"""The finding that the ledger would not show the case: it stands until the next write-back, which tells again."""


class Request(Frozen):
    """A wish to send one invoice: what the inbox carries from a page, a command or a ledger to the worker.

    `first_action` empty means the connection's default. `accepted` and `lifted` are a person's ticks and
    reasons (see `connector.domain.findings.stops`). `wish_mark` tells one wish in a ledger from the next.
    `proposed_balance` is the balance the person saw, as decimal text. `again_after` is the withdrawn hand-over that
    the person saw and wants the invoice sent again after: without it, a page or command starts nothing again.
    `environment` is the one of Amili's that the company was in when it was asked: in the other nothing comes of it.
    Requests of releases before 0.5.0 do not say it.
    """

    connection: str
    invoice_id: str
    invoice_number: str = ""
    origin: Origin
    asked_by: str
    first_action: AnyFirstAction | None = None
    proposed_balance: Kronor | None = None
    accepted: tuple[str, ...] = ()
    lifted: dict[str, str] = Field(default_factory=dict)
    wish_mark: str = ""
    again_after: str = ""
    environment: Environment | None = None


class Judgement(StrEnum):
    """What became of a request at the moment it was taken."""

    STARTED = "started"
    UNDER_WAY = "under_way"
    HAS_CASE = "has_case"
    ANSWERED = "answered"
    """The same wish was already answered with findings."""
    WITHDRAWN = "withdrawn"
    """Its case was withdrawn, and no one deliberately asks for it again."""
    LEFT = "left"
    """It was asked for before the company went to Amili's other environment."""
