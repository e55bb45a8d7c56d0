"""Confirmed appointments of leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.leads import rollup
from db.triggers import CONFIRMED_MEASURES

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    for statement in rollup.drop_statements(dialect):
        op.execute(statement)
    op.add_column("lead", sa.Column("appointment_confirmed_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("lead_dealer_month", "lead_month"):
        column = sa.Column("appointment_confirmed", sa.Integer(), server_default="0", nullable=False)
        op.add_column(table, column)
    # No lead was confirmed before, so the new counts are right as they are: nothing is counted anew.
    for statement in rollup.trigger_statements(dialect, measures=CONFIRMED_MEASURES):
        op.execute(statement.replace(":", "\\:"))


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
