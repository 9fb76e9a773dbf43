"""Work beside the hand-overs: what comes round by itself, what hints ask for, and who is at it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("partition", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
    )
    waits, is_owned = sa.text("owner IS NULL"), sa.text("owner IS NOT NULL")
    op.create_index("jobs_waiting", "jobs", ["lane", "due_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("jobs_owned", "jobs", ["owner"], sqlite_where=is_owned, postgresql_where=is_owned)
