"""How far the event streams of ledgers have been followed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "feed_offsets",
        sa.Column("app", sa.Text(), primary_key=True),
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("last_offset", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.Double(), nullable=False),
    )
