"""Which debt a hand-over is of, how often it was posted, and what people said of its cases; the key of digests.

What was unique by the invoice's number is so by the whole debt from now on. Of earlier hand-overs only the number is
known: they keep it in that place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("alter table hand_overs rename column invoice_number to debt")
    op.add_column("hand_overs", sa.Column("invoice_number", sa.Text()))
    op.execute("update hand_overs set invoice_number = debt")
    op.create_index("hand_overs_by_number", "hand_overs", ["creditor", "invoice_number"])
    for name in ("invoice_date", "debtor", "this_case"):
        op.add_column("hand_overs", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("hand_overs", sa.Column("other_cases", sa.Text(), nullable=False, server_default="[]"))
    for table in ("hand_overs", "follow_ups"):
        op.add_column(table, sa.Column("posts", sa.Integer(), nullable=False, server_default="0"))
        op.add_column(table, sa.Column("posts_allowed", sa.Integer(), nullable=False, server_default="3"))
        op.add_column(table, sa.Column("first_post_at", sa.Double()))
        op.add_column(table, sa.Column("taken_at", sa.Double()))
        # What may be on its way was posted once at least.
        op.execute(
            f"update {table} set posts = 1, first_post_at = attempted_at"  # noqa: S608  no outside values
            " where attempted_at is not null and state in ('registering', 'reporting', 'outcome_unknown')"
        )
    op.create_table(
        "digest_keys",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
    )
