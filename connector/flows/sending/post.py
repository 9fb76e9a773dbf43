"""Post one thing once: commit the intent, send before the deadline, and keep what is known of the effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from connector.domain.doubt import first_look_after_s
from connector.domain.errors import ConnectorError, NotSent, RemoteError, WithoutCase
from connector.flows.deployment import Deployment
from connector.flows.outcome import Outcome, Then
from connector.flows.send_deadline import SendDeadline, clock_s
from connector.flows.sending.decisions import Next, after_sending

_SEND_MARGIN_S = 5.0
"""How long after a connection could have been made the bytes of what is posted may still leave."""

MaySend = Callable[[], None]
Receipt = TypeVar("Receipt")


class Message(Protocol):
    """One thing to send, under the lease of its row. Every method but the properties gives the lease back or raises
    `LostOwnership`; `arm` keeps it."""

    @property
    def id(self) -> str: ...
    @property
    def refusals(self) -> int:
        """Return how many clear refusals in a row were counted."""

    @property
    def may_be_ours(self) -> bool:
        """Return whether an answer that the same is there already may mean what we sent."""

    def arm(self, *, for_s: float, settle_s: float) -> None:
        """Commit and count the intent, with a new deadline in `for_s` seconds."""

    def not_sent(self, error: RemoteError, *, refused: bool) -> None:
        """Note that it provably had no effect; `refused` counts a refusal."""

    def unknown(self, error: RemoteError, *, refused: bool, taken: bool) -> None:
        """Note that it may have had its effect, or was `taken`; `refused` counts a refusal."""

    def ask(self, error: ConnectorError) -> Outcome:
        """Have a person decide what to do about a clear no."""

    def pause_s(self, named_s: float | None) -> float:
        """Return the pause before it is tried again."""


def post(deployment: Deployment, message: Message, send: Callable[[MaySend], Receipt]) -> Receipt | Outcome:
    """Send `message`; gives Amili's receipt, or what follows where there is none.

    Raises `LostOwnership` and `TooLate`, and then nothing was sent, and errors that say nothing of an effect.
    """
    deadline = _begin(deployment, message)
    try:
        return send(deadline.may_send)
    except RemoteError as error:
        decision = after_sending(error, refusals=message.refusals, may_be_ours=message.may_be_ours)
        if decision is None:
            raise
        if decision.next is Next.ASK:
            return message.ask(error)
        if decision.next is Next.LATER:
            message.not_sent(error, refused=decision.counts)
            named_s = error.retry_after_s if isinstance(error, NotSent) else None
            return Outcome(Then.AGAIN_FIRST, message.pause_s(named_s), failed=error)
        deployment.posted.note(message.id)
        message.unknown(error, refused=decision.counts, taken=decision.next is Next.FOLLOW)
        after_s = first_look_after_s(deployment.settings.settle_s)
        # A registration that Amili took has worked, whatever its answer does not name.
        return Outcome(Then.AGAIN_FIRST, after_s, failed=None if isinstance(error, WithoutCase) else error)


def _begin(deployment: Deployment, message: Message) -> SendDeadline:
    settings = deployment.settings
    send_s = min(settings.attempt_s, settings.connect_timeout_s + _SEND_MARGIN_S)
    # Read before the lease is written: this deadline never ends later than the one in the store.
    began_at_s = clock_s()
    message.arm(for_s=send_s, settle_s=settings.settle_s)
    deployment.posted.note(message.id)
    return SendDeadline(began_at_s + send_s)
