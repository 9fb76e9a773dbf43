"""Workers that died are remembered for a day, so that it can be said that they go on dying."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "worker_deaths",
        sa.Column("executor", sa.Text, primary_key=True),
        sa.Column("died_at", sa.Double, nullable=False),
    )
