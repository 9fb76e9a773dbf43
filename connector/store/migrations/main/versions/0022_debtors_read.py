"""Which debtor an invoice had when it was first read, by keyed digests."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "debtors_read",
        sa.Column("connection", sa.Text(), sa.ForeignKey("connections.id"), primary_key=True),
        sa.Column("invoice_id", sa.Text(), primary_key=True),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("read_at", sa.Double(), nullable=False),
    )
