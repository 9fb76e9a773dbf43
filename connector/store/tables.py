"""The tables. Instants are seconds since the epoch (UTC), amounts and days are text, documents JSON text: see `types`.

Two sets: `main` is the truth about connections and hand-overs; `inbox` holds what came in from outside and
lies in a file of its own on SQLite, so that answering a webhook never waits for the worker's writes.
"""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from connector.domain.action import ActionOutcome
from connector.domain.case import CaseStanding
from connector.domain.connection import Environment, first_action_of
from connector.domain.findings import Finding
from connector.domain.follow_up import Entry, FollowUpKind, FollowUpState
from connector.domain.hand_over import HandOverState, Origin, PdfState, WriteBackState
from connector.domain.invoice import Standing
from connector.store import connection_tables, metadata, people_tables, restore_tables
from connector.store.types import Amount, Blank, Choice, Day, Document

main, inbox_metadata = metadata.main, metadata.inbox_metadata
installation, restores, holds = restore_tables.installation, restore_tables.restores, restore_tables.holds
users, sessions, digests = people_tables.users, people_tables.sessions, people_tables.digests
amili_access, access_refusals = connection_tables.amili_access, connection_tables.access_refusals
connections, connection_acts = connection_tables.connections, connection_tables.connection_acts

_WORDS = Document(TypeAdapter(tuple[str, ...]))
_REASONS = Document(TypeAdapter(dict[str, str]))
_FINDINGS = Document(TypeAdapter(tuple[Finding, ...]))
_ENTRIES = Document(TypeAdapter(tuple[Entry, ...]))
_STANDING = Document(TypeAdapter(Standing))
_CASE = Document(TypeAdapter(CaseStanding))
_LOOK_ASKED_FOR = text("follow_up_asked > follow_up_done")

hand_overs = Table(
    "hand_overs",
    main,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    Column("creditor", Text, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("debt", Blank),
    Column("generation", Integer, nullable=False),
    Column("state", Choice(HandOverState), nullable=False),
    Column("first_action", Choice(first_action_of), nullable=False),
    Column("origin", Choice(Origin), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("wish_mark", Text, nullable=False, server_default=""),
    Column("proposed_balance", Amount),
    Column("accepted", _WORDS, nullable=False),
    Column("lifted", _REASONS, nullable=False),
    Column("submission", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("waiting_for", Text, nullable=False, server_default=""),
    Column("owner", Text),
    Column("deadline", Double),
    Column("free_at", Double),
    Column("attempted_at", Double),
    Column("unknown_since", Double),
    Column("debtor_name", Text, nullable=False, server_default=""),
    Column("capital", Amount),
    Column("registration_id", Blank),
    Column("case_id", Blank),
    Column("ocr", Blank),
    Column("registered_at", Double),
    Column("pdf", Choice(PdfState), nullable=False),
    Column("pdf_attempted", Boolean, nullable=False),
    Column("write_back", Choice(WriteBackState), nullable=False),
    Column("findings", _FINDINGS, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("message_attempted", Text, nullable=False, server_default=""),
    Column("message_left", Text, nullable=False, server_default=""),
    Column("standing", _STANDING, nullable=False, server_default=""),
    Column("counted", _ENTRIES, nullable=False, server_default=""),
    Column("follow_up_asked", Integer, nullable=False, server_default="0"),
    Column("follow_up_done", Integer, nullable=False, server_default="0"),
    Column("follow_up_turn", Integer, nullable=False, server_default="0"),
    Column("case_news", Integer, nullable=False, server_default="0"),
    Column("balance_then", Amount),
    Column("declined_by", Text, nullable=False, server_default=""),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("claimed_fee", Amount),
    Column("invoice_number", Blank),
    Column("invoice_date", Day, nullable=False, server_default=""),
    Column("debtor", Text, nullable=False, server_default=""),
    Column("this_case", Text, nullable=False, server_default=""),
    Column("other_cases", _WORDS, nullable=False, server_default="[]"),
    Column("posts", Integer, nullable=False, server_default="0"),
    Column("posts_allowed", Integer, nullable=False, server_default="3"),
    Column("first_post_at", Double),
    Column("taken_at", Double),
    Column("standing_kind", Text, nullable=False, server_default=""),
    Column("standing_version", Integer, nullable=False, server_default="0"),
    Column("warned", Boolean),
    Column("ocr_id", Text, nullable=False, server_default=""),
    Column("total_then", Amount),
    Column("environment", Choice(Environment), nullable=False, server_default="sandbox"),
    Column("left_state", Text, nullable=False, server_default=""),
    Column("pdf_unknown_since", Double),
    UniqueConstraint("connection", "invoice_id", "generation", name="one_hand_over_per_invoice"),
    UniqueConstraint("creditor", "debt", "generation", name="one_hand_over_per_debt"),
    Index("hand_overs_by_number", "creditor", "invoice_number"),
    Index("hand_overs_by_state", "state", "updated_at"),
    Index("hand_overs_by_case", "case_id"),
    Index("hand_overs_by_ocr", "ocr"),
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
    Column("standing", _CASE, nullable=False, server_default=""),
    Column("closed", Boolean),
    Column("balance", Amount),
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
    Column("kind", Choice(FollowUpKind), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("ledger_id", Text, nullable=False),
    Column("state", Choice(FollowUpState), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("date", Day, nullable=False, server_default=""),
    Column("number", Text, nullable=False, server_default=""),
    Column("payout", Text, nullable=False, server_default=""),
    Column("round", Integer, nullable=False),
    Column("may_report", Boolean, nullable=False),
    Column("findings", _FINDINGS, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("waiting_for", Text, nullable=False, server_default=""),
    Column("owner", Text),
    Column("deadline", Double),
    Column("free_at", Double),
    Column("attempted_at", Double),
    Column("unknown_since", Double),
    Column("action_id", Text, nullable=False, server_default=""),
    Column("outcome", Choice(ActionOutcome), nullable=False, server_default=""),
    Column("amili_status", Text, nullable=False, server_default=""),
    Column("amili_reason", Text, nullable=False, server_default=""),
    Column("settled", Amount),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("decided_at", Double),
    Column("decision_reason", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("wish_mark", Text, nullable=False, server_default=""),
    Column("by_wish", Boolean),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("capital_before", Amount),
    Column("total_before", Amount),
    Column("posts", Integer, nullable=False, server_default="0"),
    Column("posts_allowed", Integer, nullable=False, server_default="3"),
    Column("first_post_at", Double),
    Column("taken_at", Double),
    Column("asked_at", Double),
    UniqueConstraint("hand_over", "kind", "event_id", name="one_follow_up_per_event"),
    Index("follow_ups_by_state", "state", "updated_at"),
)

troubles = Table(
    "troubles",
    main,
    Column("step", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("hand_over", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("status", Integer),
    Column("refused", Boolean, nullable=False),
    Column("since", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
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

digest_keys = Table(
    "digest_keys",
    main,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
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

sent_debtors = Table(
    "sent_debtors",
    main,
    Column("id", Text, ForeignKey("hand_overs.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("parts", Text, nullable=False),
    Column("care", Text, nullable=False),
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

debtors_read = Table(
    "debtors_read",
    main,
    Column("connection", Text, ForeignKey("connections.id"), primary_key=True),
    Column("invoice_id", Text, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("read_at", Double, nullable=False),
)

booked_through = Table(
    "booked_through",
    main,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("account_name", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("said_at", Double, nullable=False),
    Index("booked_through_by_connection", "connection", "id"),
)

executors = Table(
    "executors",
    main,
    Column("id", Text, primary_key=True),
    Column("started_at", Double, nullable=False),
    Column("beat_at", Double, nullable=False),
)

_WAITS = text("owner IS NULL")
_IS_OWNED = text("owner IS NOT NULL")

jobs = Table(
    "jobs",
    main,
    Column("kind", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("owner", Text),
    Column("tries", Integer, nullable=False),
    Column("changed_at", Double, nullable=False),
    Index("jobs_waiting", "lane", "due_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("jobs_owned", "owner", sqlite_where=_IS_OWNED, postgresql_where=_IS_OWNED),
)

worker_deaths = Table(
    "worker_deaths",
    main,
    Column("executor", Text, primary_key=True),
    Column("died_at", Double, nullable=False),
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
    Column("wish_mark", Text, nullable=False, server_default=""),
    Index("inbox_waiting", "dispatched_at", "id"),
    Index("inbox_of_invoice", "connection", "invoice_id", "done_at"),
    Index("inbox_undone", "done_at", "dispatched_at"),
    # An id that came back after the inbox was tidied would be taken for work already done.
    sqlite_autoincrement=True,
)
