"""What a company's settings cannot mean, though their form allows it: each with its limit and why.

These limits are kept out of `ConnectionSettings`, so that what an earlier release stored can still be read: anyone who
enters such a value is refused, and of one that stands already `check` tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from connector.domain.checks.answerable import ACCEPTABLE
from connector.domain.checks.fees import REMINDER_FEE_MAXIMUM
from connector.domain.checks.finding import CODES
from connector.domain.connection import ConnectionSettings
from connector.domain.errors import ConfigurationError
from connector.domain.money import as_text
from connector.domain.text import Fact, Text, in_series, text

_ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Objection:
    """A setting that cannot be meant. `field` is its name, the parts joined by points; `value` is what stands there."""

    field: str
    value: str
    says: Text


def objections(settings: ConnectionSettings) -> tuple[Objection, ...]:
    """Everything in `settings` that cannot be meant. Pure."""
    return (*_amounts(settings), *_accepted(settings))


class SettingsRefused(ConfigurationError):
    """Settings that cannot be meant, with the sentences that say why."""

    says: Fact

    def __init__(self, found: Iterable[Objection]) -> None:
        refused = tuple(found)
        named = ", ".join(dict.fromkeys(one.field for one in refused))
        super().__init__(f"Settings that cannot be meant: {named}.", says=in_series((one.says for one in refused), " "))


def require_meant(settings: ConnectionSettings, before: ConnectionSettings | None = None) -> None:
    """Raise `SettingsRefused` for settings that cannot be meant.

    What was wrong in `before` already hinders no one: anyone who fixes one setting is not stopped by another.
    """
    known = objections(before) if before is not None else ()
    if found := [one for one in objections(settings) if one not in known]:
        raise SettingsRefused(found)


def _amounts(settings: ConnectionSettings) -> Iterator[Objection]:
    fee = settings.reminders.fee
    if fee > REMINDER_FEE_MAXIMUM:
        yield Objection("reminders.fee", str(fee), text("objection.reminder_fee", limit=as_text(REMINDER_FEE_MAXIMUM)))
    amounts = {
        "reminders.fee": fee,
        "minimum_amount": settings.minimum_amount,
        "maximum_amount": settings.maximum_amount,
        "rule.most_amount": settings.rule.most_amount,
    }
    for name, amount in amounts.items():
        if amount < _ZERO:
            yield Objection(name, str(amount), text("objection.negative", name=name))
    lowest, highest = settings.minimum_amount, settings.maximum_amount
    if _ZERO <= highest < lowest:
        says = text("objection.limits_crossed", lowest=as_text(lowest), highest=as_text(highest))
        yield Objection("minimum_amount", f"{lowest}/{highest}", says)


def _accepted(settings: ConnectionSettings) -> Iterator[Objection]:
    for code in dict.fromkeys(settings.accepted_warnings):
        if code not in ACCEPTABLE:
            key = "objection.no_warning" if code in CODES else "objection.no_check"
            yield Objection("accepted_warnings", code, text(key, code=code))
