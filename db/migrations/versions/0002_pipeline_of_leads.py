"""Pipeline of leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.leads import rollup
from db.leads.stage_backfill import fill_statements
from db.triggers import PIPELINE_MEASURES

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    for statement in rollup.drop_statements(dialect):
        op.execute(statement)
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("negotiation_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_lead_stage",
            ["is_open", "status", "stage_entered_at", "id", "dealer_id", "region", "product", "source", "value_cents"],
            unique=False,
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        )

    with op.batch_alter_table("lead_dealer_month", schema=None) as batch_op:
        batch_op.add_column(sa.Column("negotiation", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("qualified_set", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("qualified_sold", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("set_sold", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("shown_sold", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("negotiation_sold", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("lead_month", schema=None) as batch_op:
        batch_op.add_column(sa.Column("negotiation", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("qualified_set", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("qualified_sold", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("set_sold", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("shown_sold", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("negotiation_sold", sa.Integer(), server_default="0", nullable=False))
    for statement in fill_statements(dialect):
        op.execute(statement)
    rollup.rebuild(op.get_bind(), measures=PIPELINE_MEASURES)
    for statement in rollup.trigger_statements(dialect, measures=PIPELINE_MEASURES):
        op.execute(statement.replace(":", "\\:"))


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
