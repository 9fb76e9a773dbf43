"""How cases stand at Amili, how far they have been read, and what the ledgers have still to be told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("amili_access", sa.Text(), sa.ForeignKey("amili_access.id"), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False, server_default=""),
        sa.Column("closed", sa.Boolean()),
        sa.Column("balance", sa.Text()),
        sa.Column("updated_at", sa.Double()),
        sa.Column("first_seen_at", sa.Double()),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("missed_at", sa.Double()),
        sa.Column("gone_at", sa.Double()),
    )
    op.create_index("cases_by_reading", "cases", ["amili_access", "environment", "closed"])
    op.create_index("cases_missed", "cases", ["missed_at"])
    op.create_table(
        "case_readings",
        sa.Column("amili_access", sa.Text(), sa.ForeignKey("amili_access.id"), primary_key=True),
        sa.Column("environment", sa.Text(), primary_key=True),
        sa.Column("read_to", sa.Double()),
        sa.Column("all_read_at", sa.Double()),
        sa.Column("not_before", sa.Double()),
    )
    op.add_column("hand_overs", sa.Column("case_news", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("hand_overs_by_write_back", "hand_overs", ["write_back", "state"])
