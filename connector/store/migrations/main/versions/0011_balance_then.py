"""What an invoice's balance was when it was registered, of which the claim may be a part only."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("balance_then", sa.Text()))
