"""The plans of rules that wait for a person, one of each connection."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "held_plans",
        sa.Column("connection", sa.Text(), sa.ForeignKey("connections.id"), primary_key=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("held_since", sa.Double(), nullable=False),
        sa.Column("grown_at", sa.Double(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("brakes", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
    )
