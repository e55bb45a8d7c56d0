"""Counts of leads by month, region, source and product; the way of co-op requests and claims kept beside them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.coop import ways
from db.leads import rollup
from db.triggers import CONFIRMED_MEASURES, REGION_GRAINS

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KEYS: dict[str, Any] = {
    "received_month": sa.Date(),
    "region": sa.String(40),
    "source": sa.String(80),
    "product": sa.String(40),
}
DECIDED = [
    "decided_at", "status", "dealer_id", "region", "medium", "fund_id", "took_minutes", "times_sent", "times_returned",
]  # fmt: skip
PAID = [
    "first_paid_at", "dealer_id", "region", "medium", "fund_id", "pay_minutes", "dealer_minutes", "desk_minutes",
]  # fmt: skip
LATER = {
    "negotiation", "qualified_set", "qualified_sold", "set_sold", "shown_sold", "negotiation_sold",
    "appointment_confirmed",
}  # fmt: skip


def upgrade() -> None:
    """Apply."""
    _leads()
    _ways()


def _ways() -> None:
    """What figures of co-op read of a decision, taken from the timeline once."""
    for table in ("coop_request", "coop_claim"):
        op.drop_index(f"ix_{table}_decided", table_name=table)
        op.add_column(table, sa.Column("took_minutes", sa.Integer(), nullable=True))
        for name in ("times_sent", "times_returned", "dealer_minutes", "desk_minutes"):
            op.add_column(table, sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("coop_claim", sa.Column("first_paid_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("coop_claim", sa.Column("pay_minutes", sa.Integer(), nullable=True))
    ways.fill(op.get_bind())
    for table in ("coop_request", "coop_claim"):
        op.create_index(f"ix_{table}_decided", table, DECIDED)
    op.create_index("ix_coop_claim_paid", "coop_claim", PAID)


def _leads() -> None:
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
    # fixed SQL: tables and columns of our own
    op.execute(
        f"INSERT INTO lead_region_month ({keys}, {measures}) SELECT {keys}, {sums} FROM lead_month GROUP BY {keys}"
    )
    for statement in rollup.trigger_statements(dialect, measures=CONFIRMED_MEASURES, grains=REGION_GRAINS):
        op.execute(statement.replace(":", "\\:"))


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
