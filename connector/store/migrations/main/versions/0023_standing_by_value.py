"""How an invoice stands, and whether a hand-over was warned of, in columns of their own: no text is compared any more.

Earlier releases wrote fewer keys, so that the text of one was never equal to that of another. What changed in a ledger
while that went unnoticed is looked for anew: the next question for changes begins with how every invoice stands.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_AT_ONCE = 500
_KEYS = {"state", "balance", "held", "put_off"}
"""What the release before this one wrote of how an invoice stands."""


def upgrade() -> None:
    op.add_column("hand_overs", sa.Column("standing_kind", sa.Text(), nullable=False, server_default=""))
    op.add_column("hand_overs", sa.Column("standing_version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("hand_overs", sa.Column("warned", sa.Boolean()))
    names = ("id", "connection", "standing", "findings", "standing_kind", "warned")
    table = sa.table("hand_overs", *(sa.column(name) for name in names))
    bind, unnoticed, after = op.get_bind(), set(), ""
    while rows := bind.execute(
        sa.select(table).where(table.c.id > after).order_by(table.c.id).limit(_AT_ONCE)
    ).all():
        after = rows[-1].id
        for row in rows:
            standing = json.loads(row.standing) if row.standing else {}
            if standing and not standing.keys() >= _KEYS:
                unnoticed.add(row.connection)
            warned = any(finding["severity"] == "warning" for finding in json.loads(row.findings))
            values = {"standing_kind": _kind(standing), "warned": warned}
            bind.execute(sa.update(table).where(table.c.id == row.id).values(values))
    connections = sa.table("connections", sa.column("id"), sa.column("changes_cursor"))
    for connection in sorted(unnoticed):
        bind.execute(sa.update(connections).where(connections.c.id == connection).values(changes_cursor=""))


def _kind(standing: dict[str, object]) -> str:
    if not standing:
        return ""
    state = standing["state"]
    if state != "booked":
        return str(state or "gone")
    if not float(str(standing["balance"])):
        return "settled"
    return "held" if standing.get("held") else "open"
