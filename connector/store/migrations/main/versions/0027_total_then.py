"""What an invoice asked for in all when it was sent, so that a change of it in the ledger is seen."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("total_then", sa.Text()))
