"""What commands print: tables for people, JSON for programs, one sentence for errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from pydantic import BaseModel, SecretStr

from connector.cli.exit_codes import ExitCode
from connector.domain.dates import STOCKHOLM
from connector.domain.errors import ConfigurationError, ConnectorError
from connector.domain.findings import Finding, Severity

_MARKS = {Severity.BLOCK: "✗", Severity.LIFTABLE: "✗", Severity.WARNING: "!", Severity.INFO: "·"}


def as_json(value: object) -> None:
    """Print `value` as one JSON document. Amounts are numbers with two decimals written as strings."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, SecretStr):
        return "••••"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Decimal):
        return str(value)
    return str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a plain table with columns as wide as their contents."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for number, line in enumerate(lines):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        if number == 0:
            click.echo("  ".join("─" * width for width in widths))


def finding_lines(findings: Iterable[Finding], language: str = "sv") -> Iterator[str]:
    """One line for each finding: its mark, code and text."""
    for finding in findings:
        words = finding.sv if language == "sv" else finding.en
        value = f" [{finding.value}]" if finding.value else ""
        yield f"  {_MARKS[finding.severity]} {finding.code}: {words}{value}"


def moment(at_s: float | None) -> str:
    """An instant as people in Sweden write it."""
    return datetime.fromtimestamp(at_s, STOCKHOLM).strftime("%Y-%m-%d %H:%M") if at_s else ""


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn our errors into one sentence on standard error and their exit status."""
    try:
        yield
    except ConfigurationError as error:
        click.echo(f"{error.message} {error.advice}".strip(), err=True)
        raise SystemExit(ExitCode.CONFIGURATION) from None
    except ConnectorError as error:
        click.echo(str(error), err=True)
        raise SystemExit(ExitCode.REMOTE) from None
