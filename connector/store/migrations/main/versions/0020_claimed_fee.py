"""The reminder fee that was claimed beside the capital, so that it is known whose payment of it Amili is told of."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("claimed_fee", sa.Text()))
