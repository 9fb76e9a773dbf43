"""What happened to handed-over invoices in their ledgers, and what became of it at Amili.

Every hand-over with a case is looked at once: until this release, what happened to it was only noted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("counted", sa.Text(), nullable=False, server_default=""))
    for name in ("follow_up_asked", "follow_up_done", "follow_up_turn"):
        op.add_column("hand_overs", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE hand_overs SET follow_up_asked = 1 WHERE case_id IS NOT NULL"))
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("hand_over", sa.Text(), sa.ForeignKey("hand_overs.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("ledger_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=False, server_default=""),
        sa.Column("number", sa.Text(), nullable=False, server_default=""),
        sa.Column("payout", sa.Text(), nullable=False, server_default=""),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("may_report", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=False, server_default=""),
        sa.Column("owner", sa.Text()),
        sa.Column("deadline", sa.Double()),
        sa.Column("free_at", sa.Double()),
        sa.Column("attempted_at", sa.Double()),
        sa.Column("unknown_since", sa.Double()),
        sa.Column("action_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("amili_status", sa.Text(), nullable=False, server_default=""),
        sa.Column("amili_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("settled", sa.Text()),
        sa.Column("decided_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("decided_at", sa.Double()),
        sa.Column("decision_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("hand_over", "kind", "event_id", name="one_follow_up_per_event"),
    )
    op.create_index("follow_ups_by_state", "follow_ups", ["state", "updated_at"])
