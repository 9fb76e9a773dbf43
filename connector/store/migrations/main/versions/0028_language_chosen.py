"""Whether a person's language was chosen. Swedish was what those got for whom none was named; English was named."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("users", sa.Column("language_chosen", sa.Boolean))
    users = sa.table("users", sa.column("language", sa.Text), sa.column("language_chosen", sa.Boolean))
    op.execute(users.update().where(users.c.language != "sv").values(language_chosen=sa.true()))
