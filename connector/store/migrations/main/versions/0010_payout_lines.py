"""What Amili pays out, and how far it was read."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "payout_lines",
        sa.Column("environment", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.Text()),
        sa.Column("booked_on", sa.Text(), nullable=False),
        sa.Column("payout_date", sa.Text(), nullable=False),
        sa.Column("payout_reference", sa.Text(), nullable=False),
    )
    op.create_index("payout_lines_invoice", "payout_lines", ["environment", "creditor", "invoice_number"])
    op.create_table(
        "payout_reads",
        sa.Column("environment", sa.Text(), primary_key=True),
        sa.Column("creditor", sa.Text(), primary_key=True),
        sa.Column("read_to", sa.Double(), nullable=False),
        sa.Column("read_at", sa.Double(), nullable=False),
    )
