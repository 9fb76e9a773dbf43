"""How each handed-over invoice stands in its ledger, and how far a ledger's changes have been followed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("standing", sa.Text(), nullable=False, server_default=""))
    op.add_column("connections", sa.Column("changes_cursor", sa.Text(), nullable=False, server_default=""))
