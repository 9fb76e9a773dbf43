"""Tables for spreadsheets: CSV with amounts with a decimal point, unknown ones empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from flask import Response

from connector.domain.spreadsheet_text import no_formula

Cell = str | Decimal | date | None
"""A text as it is known, anyone who wrote it; an amount or a day; None for one that is not known."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str) -> Response:
    """A download named `name` with these rows under their columns. No text in it begins a formula, in any locale."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    # The mark by which spreadsheets know UTF-8.
    answer = Response(out.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return no_formula(cell) if isinstance(cell, str) else str(cell)
