"""Whether the store is a copy that was put back is noticed, and nothing is sent before that was looked into."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("at_rest", sa.Boolean, nullable=False),
    )
    # Where a store with anything in it was last at work is not known: it may be a backup by an earlier release.
    op.execute(
        "INSERT INTO installation (id, place, seen_at, at_rest) "
        "SELECT 1, '', 0, false WHERE EXISTS (SELECT id FROM hand_overs)"
    )
    op.create_table(
        "restores",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("data_of", sa.Double),
    )
    op.create_table(
        "holds",
        sa.Column("connection", sa.Text, primary_key=True),
        sa.Column("restore", sa.Integer, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )
