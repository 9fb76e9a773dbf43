"""Which of Amili's environments each hand-over is of; connections that pause or have ended; key pairs that are replaced.

What was handed over before belongs to the environment that its connection is in.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    _connections()
    _hand_overs()
    _key_pairs()


def _connections() -> None:
    for column in (
        sa.Column("environment", sa.Text(), nullable=False, server_default="sandbox"),
        sa.Column("left_environment", sa.Text(), nullable=False, server_default=""),
        sa.Column("paused_at", sa.Double()),
        sa.Column("disconnected_at", sa.Double()),
    ):
        op.add_column("connections", column)
    op.create_table(
        "connection_acts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("connection", sa.Text, sa.ForeignKey("connections.id"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("connection_acts_by_connection", "connection_acts", ["connection", "id"])


def _hand_overs() -> None:
    op.add_column("hand_overs", sa.Column("environment", sa.Text(), nullable=False, server_default="sandbox"))
    op.add_column("hand_overs", sa.Column("left_state", sa.Text(), nullable=False, server_default=""))
    connections = sa.table("connections", sa.column("id"), sa.column("settings"), sa.column("environment"))
    hand_overs = sa.table("hand_overs", sa.column("connection"), sa.column("environment"))
    bind = op.get_bind()
    for row in bind.execute(sa.select(connections.c.id, connections.c.settings)).all():
        environment = json.loads(row.settings).get("environment", "sandbox")
        if environment != "sandbox":
            values = {"environment": environment}
            bind.execute(sa.update(connections).where(connections.c.id == row.id).values(values))
            bind.execute(sa.update(hand_overs).where(hand_overs.c.connection == row.id).values(values))


def _key_pairs() -> None:
    for column in (
        sa.Column("key_number", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("code_untried", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("set_at", sa.Double()),
        sa.Column("set_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("new_private_key", sa.LargeBinary()),
        sa.Column("new_public_key", sa.Text(), nullable=False, server_default=""),
        sa.Column("new_since", sa.Double()),
        sa.Column("new_by", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("amili_access", column)
    op.create_table(
        "access_refusals",
        sa.Column("amili_access", sa.Text, sa.ForeignKey("amili_access.id"), primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("refused_at", sa.Double, nullable=False),
    )
