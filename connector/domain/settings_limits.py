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
from connector.domain.checks.texts import TEXTS
from connector.domain.checks.words import Words
from connector.domain.connection import ConnectionSettings
from connector.domain.errors import ConfigurationError
from connector.domain.money import as_text

_ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Objection:
    """A setting that cannot be meant. `field` is its name, the parts joined by points; `value` is what stands there."""

    field: str
    value: str
    says: Words


def objections(settings: ConnectionSettings) -> tuple[Objection, ...]:
    """Everything in `settings` that cannot be meant. Pure."""
    return (*_amounts(settings), *_accepted(settings))


class SettingsRefused(ConfigurationError):
    """Settings that cannot be meant. `says` are the sentences, in both languages of the reader."""

    def __init__(self, found: Iterable[Objection]) -> None:
        said = [one.says for one in found]
        self.says = Words(" ".join(one.sv for one in said), " ".join(one.en for one in said))
        super().__init__(self.says.en)


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
        limit = as_text(REMINDER_FEE_MAXIMUM)
        yield Objection(
            "reminders.fee",
            str(fee),
            Words(
                f"Inställningen reminders.fee får vara högst {limit} kronor: mer får en påminnelse inte kosta "
                "(lag 1981:739, 4 §).",
                f"The setting reminders.fee may be {limit} kronor at most: a reminder may cost no more "
                "(lag 1981:739, 4 §).",
            ),
        )
    amounts = {
        "reminders.fee": fee,
        "minimum_amount": settings.minimum_amount,
        "maximum_amount": settings.maximum_amount,
        "rule.most_amount": settings.rule.most_amount,
    }
    for name, amount in amounts.items():
        if amount < _ZERO:
            yield Objection(
                name,
                str(amount),
                Words(
                    f"Inställningen {name} får inte vara mindre än 0 kronor: ingen fordran är negativ.",
                    f"The setting {name} may not be less than 0 kronor: no claim is negative.",
                ),
            )
    lowest, highest = settings.minimum_amount, settings.maximum_amount
    if _ZERO <= highest < lowest:
        yield Objection(
            "minimum_amount",
            f"{lowest}/{highest}",
            Words(
                f"Inställningen minimum_amount ({as_text(lowest)}) får inte vara högre än maximum_amount "
                f"({as_text(highest)}): då stoppas varje faktura.",
                f"The setting minimum_amount ({as_text(lowest)}) may not be above maximum_amount "
                f"({as_text(highest)}): every invoice would be stopped.",
            ),
        )


def _accepted(settings: ConnectionSettings) -> Iterator[Objection]:
    known = {key.partition(".")[0] for key in TEXTS}
    for code in dict.fromkeys(settings.accepted_warnings):
        if code in ACCEPTABLE:
            continue
        if code in known:
            says = Words(
                f"Inställningen accepted_warnings kan inte ha {code}: den kontrollen ger ingen varning att bekräfta.",
                f"The setting accepted_warnings cannot have {code}: that check gives no warning to be confirmed.",
            )
        else:
            says = Words(
                f"Inställningen accepted_warnings kan inte ha {code}: ingen kontroll har den koden.",
                f"The setting accepted_warnings cannot have {code}: there is no check of that code.",
            )
        yield Objection("accepted_warnings", code, says)
