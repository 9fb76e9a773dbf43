"""The tables by which a copy of the store that was put back is noticed, and what waits until that is looked into."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Integer, Table, Text

from connector.store.metadata import main

installation = Table(
    "installation",
    main,
    Column("id", Integer, primary_key=True),
    Column("place", Text, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("at_rest", Boolean, nullable=False),
)

restores = Table(
    "restores",
    main,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("why", Text, nullable=False),
    Column("data_of", Double),
)

holds = Table(
    "holds",
    main,
    Column("connection", Text, primary_key=True),
    Column("restore", Integer, nullable=False),
    Column("since", Double, nullable=False),
)
