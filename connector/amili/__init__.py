"""The collector: Amili's API, as its guide and reference describe it."""

from __future__ import annotations

from typing import Final

SYSTEM: Final = "Amili"
"""The name by which errors and texts speak of it."""
