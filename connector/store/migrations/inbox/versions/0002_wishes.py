"""Which wish a request answers, so that one row comes of each; and what waits of one invoice, found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("wish_mark", sa.Text(), nullable=False, server_default=""))
    op.create_index("inbox_of_invoice", "inbox", ["connection", "invoice_id", "done_at"])
