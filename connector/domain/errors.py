"""The errors that every floor raises and understands.

An error names the system that spoke, keeps that system's own words, and tells the reader what to do.
What matters to the flows is *what is known about the effect*: nothing was sent, it was refused, or no one
knows. That is the class hierarchy; the kind of transport fault is only text.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.text import Fact


class ConnectorError(Exception):
    """Base of every error we raise on purpose.

    `system` is who spoke ("Amili", a host's name, "connector"); `advice` is what the reader can do about it. Both
    `message` and `advice` are for logs and the command line. `says` is for people, in their language: a text,
    or the system's own words as a `Quote`.
    Texts must never hold a secret or a personal number; callers mask before they raise.
    """

    def __init__(self, message: str, *, system: str = "connector", advice: str = "", says: Fact | None = None) -> None:
        self.system = system
        self.says = says
        self.message = message
        self.advice = advice
        super().__init__(message)

    def __str__(self) -> str:
        text = f"{self.system}: {self.message}"
        return f"{text} {self.advice}" if self.advice else text


class ConfigurationError(ConnectorError):
    """A setting or a connection is missing or malformed; nothing can work until a person fixes it."""


class Disconnected(ConfigurationError):
    """The connection has ended: its keys were deleted, and nothing is asked of either of its sides any more."""


class ByHandOnly(ConnectorError):
    """A remote system does this for people only, or in a way we do not know; nothing was sent.

    `url` is the page where a person does it.
    """

    def __init__(self, message: str, *, system: str, url: str, advice: str) -> None:
        self.url = url
        super().__init__(message, system=system, advice=advice)


@dataclass(frozen=True)
class FieldIssue:
    """One field that a remote system complained of, in its own words."""

    field: str
    message: str


class RemoteError(ConnectorError):
    """A remote system answered, or failed to.

    `operation` is what we tried in words, `status` the HTTP status if one came, `answer` a short excerpt of
    the answer with secrets removed, `issues` its complaints by field.
    """

    def __init__(
        self,
        message: str,
        *,
        system: str,
        operation: str = "",
        status: int | None = None,
        answer: str = "",
        issues: tuple[FieldIssue, ...] = (),
        advice: str = "",
        says: Fact | None = None,
    ) -> None:
        super().__init__(message, system=system, advice=advice, says=says)
        self.operation = operation
        self.status = status
        self.answer = answer
        self.issues = issues

    def __str__(self) -> str:
        parts = [super().__str__()]
        if self.operation:
            parts.append(f"[{self.operation}]")
        if self.status is not None:
            parts.append(f"[HTTP {self.status}]")
        parts += [f"{issue.field}: {issue.message}" for issue in self.issues]
        if self.answer and not self.issues:
            parts.append(self.answer)
        return " ".join(parts)


class NotSent(RemoteError):
    """Provably nothing took effect: the connection was refused, or we were told to wait. Safe to repeat."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.retry_after_s = retry_after_s


class RateLimited(NotSent):
    """429: asked to slow down. `retry_after_s` is the wait the system named, if it named one."""


class Unavailable(NotSent):
    """The system could not be reached before anything was sent."""


class OutcomeUnknown(RemoteError):
    """The request may have taken effect: a timeout, a broken connection, a 5xx. Look before repeating."""


class Unreadable(OutcomeUnknown):
    """An answer came that cannot be understood, so the outcome is unknown too."""


class LeftBehind(OutcomeUnknown):
    """A set-up failed in the middle, and some of what it had begun could not be taken back."""


class TooLarge(Unreadable):
    """An answer came that is larger than any we can use; it was not read to its end."""


class Unclear(Unreadable):
    """An answer was read, and leaves open what had to be known: only a person can tell."""


class WithoutCase(Unreadable):
    """A registration was taken, and its answer does not name its one case: it is followed by `registration_id`."""

    def __init__(self, message: str, *, registration_id: str, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.registration_id = registration_id


def was_taken(error: OutcomeUnknown) -> bool:
    """Return whether the answer had a status of success, and only its body could not be read: something took it in."""
    return error.status is not None and 200 <= error.status < 300


class Refused(RemoteError):
    """A clear no (4xx, in the system's own form): nothing took effect, and repeating the same is pointless."""


class NotAuthorised(Refused):
    """The key or token is not accepted, or lacks a right."""


class KeyRefused(NotAuthorised):
    """The key or token itself is not accepted: unknown, expired or withdrawn. A new one is needed."""


class OutOfReach(Refused):
    """What was asked for hangs on something of another company that our user may not see.

    `what` is "card" (a customer's) or "company"; `name` is the card's id, or the company's name.
    """

    def __init__(self, message: str, *, what: str, name: str, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.what = what
        self.name = name


class NotFound(Refused):
    """The thing asked for does not exist, or is not visible to our key."""


class AmountUnreadable(ConnectorError):
    """The ledger shows an amount that is no exact number of öre; a hand-over finds B2 (RULES.md, "B: amounts").

    `field` names the amount in our neutral form ("balance", "lines[2].amount").
    """

    def __init__(self, message: str, *, field: str, system: str) -> None:
        self.field = field
        super().__init__(message, system=system)
