"""The comparisons of ledger, record and Amili: when each is due, what the last came to, and the differences."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("connection", sa.Text(), sa.ForeignKey("connections.id"), primary_key=True),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("compared_at", sa.Double()),
        sa.Column("cases", sa.Integer()),
        sa.Column("failing_since", sa.Double()),
        sa.Column("failed_at", sa.Double()),
        sa.Column("failure", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("comparisons_due", "comparisons", ["due_at"])
    op.create_table(
        "differences",
        sa.Column("connection", sa.Text(), sa.ForeignKey("connections.id"), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hand_over", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.Double(), nullable=False),
        sa.Column("difference", sa.Text(), nullable=False),
    )
