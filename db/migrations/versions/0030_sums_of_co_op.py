"""Decisions and payments of co-op by month, how long they took, what lots hold by their last day: sums by triggers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.coop import ways
from db.coop.sums import LOTS, WAYS
from db.core.rollups import rebuild

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

KEYS: dict[str, Any] = {
    "month": sa.Date(), "expires_on": sa.Date(), "region": sa.String(40), "medium": sa.String(20),
    "programme_id": sa.BigInteger(), "days": sa.Integer(),
}  # fmt: skip
LARGE = {"dealer", "desk", "finance", "left_cents"}


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    for table, day in (("coop_request", "decided_on"), ("coop_claim", "decided_on"), ("coop_claim", "first_paid_on")):
        op.add_column(table, sa.Column(day, sa.Date(), nullable=True))
    ways.fill_days(connection)
    for kept in (*WAYS, LOTS):
        for table, keys in kept.grains.items():
            _sums(table, keys, kept.measures)
    op.create_index("ix_coop_request_took", "coop_request", ["took_minutes", "decided_at", "region", "medium"])
    op.create_index("ix_coop_claim_took", "coop_claim", ["took_minutes", "decided_at", "region", "medium"])
    op.create_index("ix_coop_claim_pay_took", "coop_claim", ["pay_minutes", "first_paid_at", "region", "medium"])
    op.drop_index("ix_coop_lot_window", table_name="coop_lot")
    op.create_index("ix_coop_lot_window", "coop_lot", ["expires_on", "dealer_id", "left_cents", "region", "fund_id"])
    closed = sa.text("closed_at IS NOT NULL")
    op.create_index(
        "ix_coop_fund_closed", "coop_fund", ["closed_at", "id"], sqlite_where=closed, postgresql_where=closed
    )
    for kept in (*WAYS, LOTS):
        for statement in kept.create(connection.dialect.name):
            op.execute(statement)
    rebuild(connection, rollups=(*WAYS, LOTS))


def _sums(table: str, keys: Iterable[str], measures: Iterable[str]) -> None:
    op.create_table(
        table,
        *(sa.Column(key, KEYS[key], nullable=False, autoincrement=False) for key in keys),
        *(sa.Column(m, sa.BigInteger() if m in LARGE else sa.Integer(), nullable=False) for m in measures),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
