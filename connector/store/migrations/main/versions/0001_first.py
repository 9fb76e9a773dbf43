"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "amili_access",
        sa.Column('id', sa.Text(), primary_key=True),
        sa.Column('api_code', sa.LargeBinary()),
        sa.Column('private_key', sa.LargeBinary(), nullable=False),
        sa.Column('public_key', sa.Text(), nullable=False),
        sa.Column('created_at', sa.Double(), nullable=False),
    )
    op.create_table(
        "executors",
        sa.Column('id', sa.Text(), primary_key=True),
        sa.Column('started_at', sa.Double(), nullable=False),
        sa.Column('beat_at', sa.Double(), nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column('name', sa.Text(), primary_key=True),
        sa.Column('owner', sa.Text(), nullable=False),
        sa.Column('until', sa.Double(), nullable=False),
    )
    op.create_table(
        "timeline",
        sa.Column('id', sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column('hand_over', sa.Text(), nullable=False),
        sa.Column('at', sa.Double(), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('event', sa.Text(), nullable=False),
        sa.Column('data', sa.Text(), nullable=False),
    )
    op.create_index("timeline_by_hand_over", "timeline", ['hand_over', 'id'])
    op.create_table(
        "tokens",
        sa.Column('key', sa.Text(), primary_key=True),
        sa.Column('value', sa.LargeBinary(), nullable=False),
        sa.Column('expires_at', sa.Double(), nullable=False),
    )
    op.create_table(
        "users",
        sa.Column('email', sa.Text(), primary_key=True),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('password_hash', sa.Text(), nullable=False),
        sa.Column('language', sa.Text(), nullable=False, server_default='sv'),
        sa.Column('connections', sa.Text(), nullable=False),
        sa.Column('created_at', sa.Double(), nullable=False),
    )
    op.create_table(
        "connections",
        sa.Column('id', sa.Text(), primary_key=True),
        sa.Column('host', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('settings', sa.Text(), nullable=False),
        sa.Column('secrets', sa.LargeBinary(), nullable=False),
        sa.Column('webhook_tokens', sa.LargeBinary(), nullable=False),
        sa.Column('amili_access', sa.Text(), sa.ForeignKey('amili_access.id'), nullable=False),
        sa.Column('creditor', sa.Text(), nullable=False),
        sa.Column('creditor_status', sa.Text()),
        sa.Column('creditor_checked_at', sa.Double()),
        sa.Column('created_at', sa.Double(), nullable=False),
    )
    op.create_table(
        "hand_overs",
        sa.Column('id', sa.Text(), primary_key=True),
        sa.Column('connection', sa.Text(), sa.ForeignKey('connections.id'), nullable=False),
        sa.Column('creditor', sa.Text(), nullable=False),
        sa.Column('invoice_id', sa.Text(), nullable=False),
        sa.Column('invoice_number', sa.Text()),
        sa.Column('generation', sa.Integer(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('first_action', sa.Text(), nullable=False),
        sa.Column('origin', sa.Text(), nullable=False),
        sa.Column('asked_by', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.Double(), nullable=False),
        sa.Column('wish_mark', sa.Text(), nullable=False, server_default=''),
        sa.Column('proposed_balance', sa.Text()),
        sa.Column('accepted', sa.Text(), nullable=False),
        sa.Column('lifted', sa.Text(), nullable=False),
        sa.Column('submission', sa.Integer(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('waiting_for', sa.Text(), nullable=False, server_default=''),
        sa.Column('owner', sa.Text()),
        sa.Column('deadline', sa.Double()),
        sa.Column('free_at', sa.Double()),
        sa.Column('attempted_at', sa.Double()),
        sa.Column('unknown_since', sa.Double()),
        sa.Column('debtor_name', sa.Text(), nullable=False, server_default=''),
        sa.Column('capital', sa.Text()),
        sa.Column('registration_id', sa.Text()),
        sa.Column('case_id', sa.Text()),
        sa.Column('ocr', sa.Text()),
        sa.Column('registered_at', sa.Double()),
        sa.Column('pdf', sa.Text(), nullable=False),
        sa.Column('pdf_attempted', sa.Boolean(), nullable=False),
        sa.Column('write_back', sa.Text(), nullable=False),
        sa.Column('findings', sa.Text(), nullable=False),
        sa.Column('updated_at', sa.Double(), nullable=False),
        sa.UniqueConstraint('connection', 'invoice_id', 'generation', name='one_hand_over_per_invoice'),
        sa.UniqueConstraint('creditor', 'invoice_number', 'generation', name='one_hand_over_per_debt'),
    )
    op.create_index("hand_overs_by_case", "hand_overs", ['case_id'])
    op.create_index("hand_overs_by_connection", "hand_overs", ['connection', 'asked_at'])
    op.create_index("hand_overs_by_state", "hand_overs", ['state', 'updated_at'])
    _append_only("timeline")


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger AS $$ "
            "BEGIN RAISE EXCEPTION 'the record is append-only'; END $$ LANGUAGE plpgsql"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{act.lower()} BEFORE {act} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
        )
