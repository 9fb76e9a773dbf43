"""Since when it is not known whether a PDF that was sent arrived: until that has settled, none is sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("pdf_unknown_since", sa.Double()))
