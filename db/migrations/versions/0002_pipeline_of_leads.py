"""Pipeline of leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.leads import rollup
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


def fill_statements(dialect: str) -> list[str]:
    """Since when each lead stands in its state, and when it was first in negotiation, as the timeline knows it.

    Where the timeline does not tell (a lead taken over from elsewhere, or assigned with many at once), the stamp of
    its state says it, or the moment it was routed or received. fixed SQL: no value from outside.
    """
    after = "json_extract(e.detail, '$.after.status')" if dialect == "sqlite" else "e.detail #>> '{after,status}'"
    told = (
        "FROM timeline_entry e JOIN timeline_link l ON l.seq = e.seq WHERE l.item_type = 'lead' AND l.item_id = lead.id "
        f"AND e.area = 'leads' AND {after}"
    )
    stamp = (
        "CASE status WHEN 'contacted' THEN contacted_at WHEN 'qualified' THEN qualified_at WHEN 'appointment_set' THEN "
        "appointment_set_at WHEN 'appointment_shown' THEN appointment_shown_at WHEN 'negotiation' THEN negotiation_at "
        "WHEN 'sold' THEN sold_at WHEN 'assigned' THEN routed_at ELSE closed_at END"
    )
    return [
        f"UPDATE lead SET negotiation_at = (SELECT MIN(e.at) {told} = 'negotiation')",
        f"UPDATE lead SET stage_entered_at = (SELECT MAX(e.at) {told} = lead.status) "
        f"WHERE is_open = {'1' if dialect == 'sqlite' else 'true'}",
        f"UPDATE lead SET stage_entered_at = COALESCE({stamp}, received_at) WHERE stage_entered_at IS NULL",
    ]


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
