"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from pydantic import BaseModel

from connector.domain.dates import STOCKHOLM
from connector.domain.findings import Finding, Severity
from connector.hosts.base import IdentityCoverage
from connector.words import LANGUAGES, say
from connector.words.findings import document_of

JSON = click.option("--json", "json_", is_flag=True, help="One JSON document on standard output, for programs.")

_MARKS = {Severity.BLOCK: "✗", Severity.LIFTABLE: "✗", Severity.WARNING: "!", Severity.INFO: "·"}


def language_of_the_terminal() -> str:
    """Swedish where the locale says so, else English, as the rest of the command line."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "sv" if locale.lower().startswith("sv") else "en"


LANGUAGE = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=language_of_the_terminal,
    help="Language of findings and amounts; unless given, sv where the locale is Swedish, else en.",
)


def as_json(value: object) -> None:
    """Print `value` as one JSON document. Amounts are texts with two decimals, dates and instants ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> Any:
    if isinstance(value, Finding):
        return document_of(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (Decimal, date)):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = ()) -> None:
    """Print a plain table with columns as wide as their contents; those whose heading is in `right` end flush."""
    lines = [tuple(headings), *(tuple(shown(cell) for cell in row) for row in rows)]
    widths = [max(width(line[column]) for line in lines) for column in range(len(headings))]

    def padded(cell: str, column: int) -> str:
        space = " " * (widths[column] - width(cell))
        return space + cell if headings[column] in right else cell + space

    for number, line in enumerate(lines):
        click.echo("  ".join(padded(cell, column) for column, cell in enumerate(line)).rstrip())
        if number == 0:
            click.echo("  ".join("─" * width for width in widths))


def width(text: str) -> int:
    """Columns that `text` takes in a terminal: East Asian characters take two, combining ones none."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shown(text: str) -> str:
    """`text` on one line without control characters: a name in a ledger must not steer the terminal."""
    visible = "".join(" " if unicodedata.category(character).startswith("C") else character for character in text)
    return visible.strip()


def finding_lines(findings: Iterable[Finding], language: str) -> Iterator[str]:
    """One line for each finding: its mark, code and text."""
    for finding in findings:
        words = say(finding.says, language)
        value = f" [{finding.value}]" if finding.value else ""
        yield f"  {_MARKS[finding.severity]} {finding.code}: {shown(words + value)}"


def customers_line(coverage: IdentityCoverage) -> str:
    """Return how many of a ledger's customers have an identity number, and where it stands."""
    by_field = ", ".join(f"{name} {_counted(count)}" for name, count in coverage.by_field.items() if count)
    where = f" ({by_field})" if by_field else ""
    return (
        "Customers with a valid personal or organisation number: "
        f"{_counted(coverage.valid)} of {_counted(coverage.customers)}{where}"
    )


def _counted(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")


def moment(at_s: float | None) -> str:
    """An instant as people in Sweden write it."""
    return datetime.fromtimestamp(at_s, STOCKHOLM).strftime("%Y-%m-%d %H:%M") if at_s else ""


def instant(at_s: float) -> str:
    """An instant for programs: ISO 8601 with its offset from UTC."""
    return datetime.fromtimestamp(at_s, STOCKHOLM).isoformat(timespec="seconds")
