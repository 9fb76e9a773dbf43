"""Wishes in a ledger to withdraw a case, and by whom an invoice was declined, which the ledger is told."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("follow_ups", sa.Column("wish_mark", sa.Text(), nullable=False, server_default=""))
    op.add_column("follow_ups", sa.Column("by_wish", sa.Boolean()))
    op.add_column("hand_overs", sa.Column("declined_by", sa.Text(), nullable=False, server_default=""))
    declined = (
        "select actor from timeline where timeline.hand_over = hand_overs.id and timeline.event = 'declined'"
        " order by timeline.id desc limit 1"
    )
    op.execute(
        f"update hand_overs set declined_by = ({declined}), write_back = 'pending'"  # noqa: S608  no outside values
        f" where state = 'skipped' and exists ({declined})"
    )
