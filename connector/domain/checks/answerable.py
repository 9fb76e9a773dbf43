"""Which findings a person may answer: confirm with a tick, or lift with a reason. No other can be.

Some are either, by the invoice. tests/web/test_help.py holds this to what the help for accountants says.
"""

from __future__ import annotations

from typing import Final

ACCEPTABLE: Final = frozenset(
    {
        "A4", "A10", "A11", "B4", "B5", "B8", "C4", "C5", "C6", "C7", "D2", "D4",
        "E2", "E5", "E11", "E13", "E14", "E15", "E16", "F1", "F2", "F4",
    }
)  # fmt: skip
"""Codes of the checks whose finding is, or may be, a warning: a person's tick is enough."""

LIFTABLE: Final = frozenset({"A2", "A3", "A5", "A6", "A7", "B6", "B8", "C3", "C6", "D4", "D5", "E7", "E8", "E12", "F3"})
"""Codes of the checks whose finding is, or may be, lifted by a person with a reason."""
