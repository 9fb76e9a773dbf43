"""Findings: the results of checks, as codes and facts for the people who can fix them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, model_validator

from connector.domain.invoice import Frozen
from connector.domain.text import StoredWords, Text, as_data, from_data


class Severity(StrEnum):
    """How much a finding stops. Source: RULES.md, "How a check stops"."""

    BLOCK = "block"
    """Cannot be sent."""
    LIFTABLE = "liftable_block"
    """Cannot be sent until a named person lifts it with a reason."""
    WARNING = "warning"
    """Needs a person's tick."""
    INFO = "info"
    """Is only shown."""


def _text(data: Any) -> Text | StoredWords:
    found = from_data(data)
    if not isinstance(found, (Text, StoredWords)):
        raise ValueError("a finding says a text of the catalogues, or what an earlier release stored")  # noqa: TRY004 - pydantic's
    return found


class Finding(Frozen):
    """One result of a check.

    `code` is the check's id ("E3"; see RULES.md, "How a check stops"), or one of ours for what a remote system said
    ("amili_refused", "pdf_unavailable", ...). `field` names the thing to fix in our neutral form
    ("customer.id_number"), `value` is what stands there, masked. `says` is worded where it is shown; findings that a
    release before 0.5.0 stored keep the words of that time.
    """

    code: str
    severity: Severity
    field: str = ""
    value: str = ""
    says: Annotated[Text | StoredWords, PlainValidator(_text), PlainSerializer(as_data)]

    @model_validator(mode="before")
    @classmethod
    def _worded_by_an_earlier_release(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "sv" not in data:
            return data
        kept = {name: value for name, value in data.items() if name not in {"sv", "en"}}
        return {**kept, "says": StoredWords(data["sv"], data["en"])}


def stops(findings: Iterable[Finding], *, accepted: Iterable[str], lifted: Mapping[str, str]) -> tuple[Finding, ...]:
    """The findings that still stop a hand-over.

    A block always does; a liftable block unless its code is a key of `lifted` (code to a person's reason);
    a warning unless its code is in `accepted` (ticked by a person, or accepted for the whole connection).
    """
    ticked = set(accepted)

    def stands(finding: Finding) -> bool:
        match finding.severity:
            case Severity.BLOCK:
                return True
            case Severity.LIFTABLE:
                return not lifted.get(finding.code)
            case Severity.WARNING:
                return finding.code not in ticked
            case Severity.INFO:
                return False

    return tuple(finding for finding in findings if stands(finding))


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of how much they stop."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def masked(value: str, *, shown: int = 4) -> str:
    """`value` with all but its last `shown` characters replaced: for keys and account numbers."""
    return "•" * max(len(value) - shown, 0) + value[-shown:] if len(value) > shown else "•" * len(value)
