"""The tables. Instants are seconds since the epoch (UTC), amounts are decimal text, documents are JSON text.

Two sets: `main` is the truth about connections and hand-overs; `inbox` holds what came in from outside and
lies in a file of its own on SQLite, so that answering a webhook never waits for the worker's writes.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

main = MetaData()
inbox_metadata = MetaData()

amili_access = Table(
    "amili_access",
    main,
    Column("id", Text, primary_key=True),
    Column("api_code", LargeBinary),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", Double, nullable=False),
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
)

_LOOK_ASKED_FOR = text("follow_up_asked > follow_up_done")

hand_overs = Table(
    "hand_overs",
    main,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    Column("creditor", Text, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("invoice_number", Text),
    Column("generation", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("first_action", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("wish_mark", Text, nullable=False, server_default=""),
    Column("proposed_balance", Text),
    Column("accepted", Text, nullable=False),
    Column("lifted", Text, nullable=False),
    Column("submission", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("waiting_for", Text, nullable=False, server_default=""),
    Column("owner", Text),
    Column("deadline", Double),
    Column("free_at", Double),
    Column("attempted_at", Double),
    Column("unknown_since", Double),
    Column("debtor_name", Text, nullable=False, server_default=""),
    Column("capital", Text),
    Column("registration_id", Text),
    Column("case_id", Text),
    Column("ocr", Text),
    Column("registered_at", Double),
    Column("pdf", Text, nullable=False),
    Column("pdf_attempted", Boolean, nullable=False),
    Column("write_back", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("message_attempted", Text, nullable=False, server_default=""),
    Column("message_left", Text, nullable=False, server_default=""),
    Column("standing", Text, nullable=False, server_default=""),
    Column("counted", Text, nullable=False, server_default=""),
    Column("follow_up_asked", Integer, nullable=False, server_default="0"),
    Column("follow_up_done", Integer, nullable=False, server_default="0"),
    Column("follow_up_turn", Integer, nullable=False, server_default="0"),
    Column("case_news", Integer, nullable=False, server_default="0"),
    Column("balance_then", Text),
    Column("declined_by", Text, nullable=False, server_default=""),
    UniqueConstraint("connection", "invoice_id", "generation", name="one_hand_over_per_invoice"),
    UniqueConstraint("creditor", "invoice_number", "generation", name="one_hand_over_per_debt"),
    Index("hand_overs_by_state", "state", "updated_at"),
    Index("hand_overs_by_case", "case_id"),
    Index("hand_overs_by_connection", "connection", "asked_at"),
    Index("hand_overs_by_write_back", "write_back", "state"),
    Index("hand_overs_to_look_at", "state", sqlite_where=_LOOK_ASKED_FOR, postgresql_where=_LOOK_ASKED_FOR),
)

cases = Table(
    "cases",
    main,
    Column("id", Text, primary_key=True),
    Column("amili_access", Text, ForeignKey("amili_access.id"), nullable=False),
    Column("environment", Text, nullable=False),
    Column("creditor", Text, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("standing", Text, nullable=False, server_default=""),
    Column("closed", Boolean),
    Column("balance", Text),
    Column("updated_at", Double),
    Column("first_seen_at", Double),
    Column("changed_at", Double, nullable=False),
    Column("missed_at", Double),
    Column("gone_at", Double),
    Index("cases_by_reading", "amili_access", "environment", "closed"),
    Index("cases_missed", "missed_at"),
)

case_readings = Table(
    "case_readings",
    main,
    Column("amili_access", Text, ForeignKey("amili_access.id"), primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("read_to", Double),
    Column("all_read_at", Double),
    Column("not_before", Double),
)

follow_ups = Table(
    "follow_ups",
    main,
    Column("id", Text, primary_key=True),
    Column("hand_over", Text, ForeignKey("hand_overs.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("ledger_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("date", Text, nullable=False, server_default=""),
    Column("number", Text, nullable=False, server_default=""),
    Column("payout", Text, nullable=False, server_default=""),
    Column("round", Integer, nullable=False),
    Column("may_report", Boolean, nullable=False),
    Column("findings", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("waiting_for", Text, nullable=False, server_default=""),
    Column("owner", Text),
    Column("deadline", Double),
    Column("free_at", Double),
    Column("attempted_at", Double),
    Column("unknown_since", Double),
    Column("action_id", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("amili_status", Text, nullable=False, server_default=""),
    Column("amili_reason", Text, nullable=False, server_default=""),
    Column("settled", Text),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("decided_at", Double),
    Column("decision_reason", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("wish_mark", Text, nullable=False, server_default=""),
    Column("by_wish", Boolean),
    UniqueConstraint("hand_over", "kind", "event_id", name="one_follow_up_per_event"),
    Index("follow_ups_by_state", "state", "updated_at"),
)

timeline = Table(
    "timeline",
    main,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("hand_over", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("timeline_by_hand_over", "hand_over", "id"),
)

tokens = Table(
    "tokens",
    main,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("expires_at", Double, nullable=False),
)

leases = Table(
    "leases",
    main,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Double, nullable=False),
)

budgets = Table(
    "budgets",
    main,
    Column("name", Text, primary_key=True),
    Column("used", Text, nullable=False),
    Column("blocked_until", Double, nullable=False),
    Column("blocked_for", Double, nullable=False),
)

feed_offsets = Table(
    "feed_offsets",
    main,
    Column("app", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("last_offset", Text, nullable=False),
    Column("stored_at", Double, nullable=False),
)

payout_lines = Table(
    "payout_lines",
    main,
    Column("environment", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("creditor", Text, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("article", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total", Text),
    Column("booked_on", Text, nullable=False),
    Column("payout_date", Text, nullable=False),
    Column("payout_reference", Text, nullable=False),
    Index("payout_lines_invoice", "environment", "creditor", "invoice_number"),
)

payout_reads = Table(
    "payout_reads",
    main,
    Column("environment", Text, primary_key=True),
    Column("creditor", Text, primary_key=True),
    Column("read_to", Double, nullable=False),
    Column("read_at", Double, nullable=False),
)

comparisons = Table(
    "comparisons",
    main,
    Column("connection", Text, ForeignKey("connections.id"), primary_key=True),
    Column("due_at", Double, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("asked_by", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("compared_at", Double),
    Column("cases", Integer),
    Column("failing_since", Double),
    Column("failed_at", Double),
    Column("failure", Text, nullable=False, server_default=""),
    Index("comparisons_due", "due_at"),
)

differences = Table(
    "differences",
    main,
    Column("connection", Text, ForeignKey("connections.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("hand_over", Text, nullable=False),
    Column("first_seen", Double, nullable=False),
    Column("difference", Text, nullable=False),
)

held_plans = Table(
    "held_plans",
    main,
    Column("connection", Text, ForeignKey("connections.id"), primary_key=True),
    Column("id", Text, nullable=False),
    Column("held_since", Double, nullable=False),
    Column("grown_at", Double, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("brakes", Text, nullable=False),
    Column("proposed", Text, nullable=False),
)

executors = Table(
    "executors",
    main,
    Column("id", Text, primary_key=True),
    Column("started_at", Double, nullable=False),
    Column("beat_at", Double, nullable=False),
)

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
)

task_acts = Table(
    "task_acts",
    main,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("task", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("assignee", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("mark", Text, nullable=False, server_default=""),
    Index("task_acts_by_task", "task", "id"),
    Index("task_acts_by_connection", "connection", "act"),
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

inbox = Table(
    "inbox",
    inbox_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("request", Text, nullable=False, server_default=""),
    Column("received_at", Double, nullable=False),
    Column("dispatched_at", Double),
    Column("done_at", Double),
    Index("inbox_waiting", "dispatched_at", "id"),
    Index("inbox_undone", "done_at", "dispatched_at"),
    # An id that came back after the inbox was tidied would be taken for work already done.
    sqlite_autoincrement=True,
)
