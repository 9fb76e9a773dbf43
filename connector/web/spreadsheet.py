"""Tables for spreadsheets: CSV with amounts with a decimal point, unknown ones empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from flask import Response

_NO_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, name: str) -> Response:
    """A download named `name` with these rows under their columns."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    # The mark by which spreadsheets know UTF-8.
    answer = Response(out.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula: names come from customers."""
    return f"'{text}" if text.startswith(_NO_FORMULA) else text


def number(value: Decimal | None) -> str:
    """An amount, or nothing where it is not known."""
    return "" if value is None else str(value)
