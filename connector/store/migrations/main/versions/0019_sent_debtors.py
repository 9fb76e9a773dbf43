"""What a case's debtor was when it was sent, by digests under a key of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "sent_debtors",
        sa.Column("id", sa.Text(), sa.ForeignKey("hand_overs.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("care", sa.Text(), nullable=False),
    )
