"""Counts of leads by month, region, source and product, and triggers that ask the state of a lead without lists."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.leads import rollup
from db.triggers import CONFIRMED_MEASURES, REGION_GRAINS

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None

KEYS: dict[str, Any] = {
    "received_month": sa.Date(),
    "region": sa.String(40),
    "source": sa.String(80),
    "product": sa.String(40),
}
LATER = {
    "negotiation", "qualified_set", "qualified_sold", "set_sold", "shown_sold", "negotiation_sold",
    "appointment_confirmed",
}  # fmt: skip


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    for statement in rollup.drop_statements(dialect):
        op.execute(statement)
    op.create_table(
        "lead_region_month",
        *(sa.Column(name, kind, nullable=False) for name, kind in KEYS.items()),
        *(
            sa.Column(name, sa.Integer(), nullable=False, server_default="0" if name in LATER else None)
            for name in CONFIRMED_MEASURES
        ),
        sa.PrimaryKeyConstraint(*KEYS, name=op.f("pk_lead_region_month")),
        sqlite_with_rowid=False,
    )
    # The counts of every state are there and right: added up, a million leads are not read again.
    keys, measures = ", ".join(KEYS), ", ".join(CONFIRMED_MEASURES)
    sums = ", ".join(f"SUM({name})" for name in CONFIRMED_MEASURES)
    op.execute(
        f"INSERT INTO lead_region_month ({keys}, {measures}) SELECT {keys}, {sums} FROM lead_month GROUP BY {keys}"
    )
    for statement in rollup.trigger_statements(dialect, measures=CONFIRMED_MEASURES, grains=REGION_GRAINS):
        op.execute(statement.replace(":", "\\:"))


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
