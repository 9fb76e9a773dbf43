"""Which message of a hand-over was left in its ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name in ("message_attempted", "message_left"):
        op.add_column("hand_overs", sa.Column(name, sa.Text(), nullable=False, server_default=""))
