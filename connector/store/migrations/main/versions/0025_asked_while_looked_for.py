"""Since when a person is asked about a report to Amili that is looked for all the same."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("follow_ups", sa.Column("asked_at", sa.Double()))
