"""Budgets of requests, for ledgers that limit them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("used", sa.Text(), nullable=False),
        sa.Column("blocked_until", sa.Double(), nullable=False),
        sa.Column("blocked_for", sa.Double(), nullable=False),
    )
