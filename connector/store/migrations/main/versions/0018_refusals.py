"""Clear refusals in a row, steps that fail, and what was left of a case just before something was reported on it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for table in ("hand_overs", "follow_ups"):
        op.add_column(table, sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("follow_ups", sa.Column("capital_before", sa.Text()))
    op.add_column("follow_ups", sa.Column("total_before", sa.Text()))
    op.create_table(
        "troubles",
        sa.Column("step", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("hand_over", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
    )
