"""The two sets of tables, which `tables` describes."""

from __future__ import annotations

from sqlalchemy import MetaData

main = MetaData()
inbox_metadata = MetaData()
