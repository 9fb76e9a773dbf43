"""Looks that were asked for and not made are found without reading every hand-over."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    asked_for = sa.text("follow_up_asked > follow_up_done")
    op.create_index(
        "hand_overs_to_look_at", "hand_overs", ["state"], sqlite_where=asked_for, postgresql_where=asked_for
    )
