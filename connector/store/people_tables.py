"""The tables about people who may sign in. Everybody reads them as a part of `tables`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table, Text

from connector.store.metadata import main

users = Table(
    "users",
    main,
    Column("email", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="sv"),
    Column("connections", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("digest", Text, nullable=False, server_default="daily"),
    Column("language_chosen", Boolean),
)

sessions = Table(
    "sessions",
    main,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("begun_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    Index("sessions_by_email", "email"),
)

digests = Table(
    "digests",
    main,
    Column("email", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", Double, nullable=False),
)
