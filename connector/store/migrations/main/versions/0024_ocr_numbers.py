"""Amili's id of a case's OCR number, and hand-overs found by that number."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("ocr_id", sa.Text(), nullable=False, server_default=""))
    op.create_index("hand_overs_by_ocr", "hand_overs", ["ocr"])
