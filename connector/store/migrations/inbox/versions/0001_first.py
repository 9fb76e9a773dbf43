"""The first schema of the inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column('id', sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('invoice_id', sa.Text(), nullable=False),
        sa.Column('request', sa.Text(), nullable=False, server_default=''),
        sa.Column('received_at', sa.Double(), nullable=False),
        sa.Column('dispatched_at', sa.Double()),
        sa.Column('done_at', sa.Double()),
        sqlite_autoincrement=True,
    )
    op.create_index("inbox_undone", "inbox", ['done_at', 'dispatched_at'])
    op.create_index("inbox_waiting", "inbox", ['dispatched_at', 'id'])
