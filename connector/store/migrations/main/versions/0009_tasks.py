"""What people did about tasks, the daily mails that were sent, and who wants none."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("users", sa.Column("digest", sa.Text(), nullable=False, server_default="daily"))
    op.create_table(
        "task_acts",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False, server_default=""),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("mark", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("task_acts_by_task", "task_acts", ["task", "id"])
    op.create_index("task_acts_by_connection", "task_acts", ["connection", "act"])
    op.create_table(
        "digests",
        sa.Column("email", sa.Text(), primary_key=True),
        sa.Column("day", sa.Text(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER task_acts_append_only BEFORE UPDATE OR DELETE ON task_acts "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER task_acts_append_only_{act.lower()} BEFORE {act} ON task_acts "
            "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
        )
