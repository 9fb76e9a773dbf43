"""The tables of connections and of the key pairs to Amili that they use."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from connector.store.metadata import main

amili_access = Table(
    "amili_access",
    main,
    Column("id", Text, primary_key=True),
    Column("api_code", LargeBinary),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("key_number", Integer, nullable=False, server_default="0"),
    Column("code_untried", Boolean, nullable=False, server_default=text("false")),
    Column("set_at", Double),
    Column("set_by", Text, nullable=False, server_default=""),
    Column("new_private_key", LargeBinary),
    Column("new_public_key", Text, nullable=False, server_default=""),
    Column("new_since", Double),
    Column("new_by", Text, nullable=False, server_default=""),
)

access_refusals = Table(
    "access_refusals",
    main,
    Column("amili_access", Text, ForeignKey("amili_access.id"), primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("refused_at", Double, nullable=False),
)

connections = Table(
    "connections",
    main,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("webhook_tokens", LargeBinary, nullable=False),
    Column("amili_access", Text, ForeignKey("amili_access.id"), nullable=False),
    Column("creditor", Text, nullable=False),
    Column("creditor_status", Text),
    Column("creditor_checked_at", Double),
    Column("created_at", Double, nullable=False),
    Column("changes_cursor", Text, nullable=False, server_default=""),
    Column("key_number", Integer, nullable=False, server_default="0"),
    Column("key_expires", Text, nullable=False, server_default=""),
    Column("key_refused_at", Double),
    Column("key_set_at", Double),
    Column("key_set_by", Text, nullable=False, server_default=""),
    Column("environment", Text, nullable=False, server_default="sandbox"),
    Column("left_environment", Text, nullable=False, server_default=""),
    Column("paused_at", Double),
    Column("disconnected_at", Double),
)

connection_acts = Table(
    "connection_acts",
    main,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("connection_acts_by_connection", "connection", "id"),
)
