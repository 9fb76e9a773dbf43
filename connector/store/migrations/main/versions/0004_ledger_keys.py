"""What is known of each connection's key to its ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("connections", sa.Column("key_number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("connections", sa.Column("key_expires", sa.Text(), nullable=False, server_default=""))
    op.add_column("connections", sa.Column("key_refused_at", sa.Double()))
    op.add_column("connections", sa.Column("key_set_at", sa.Double()))
    op.add_column("connections", sa.Column("key_set_by", sa.Text(), nullable=False, server_default=""))
