"""Sums of claims."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.claims import rollup

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TOOK = ("claim_type", "dealer_id", "region", "component", "model", "status")
INDEXES = {
    "ix_claim_business": ["business_minutes", "first_decided_on", *TOOK],
    "ix_claim_dealer_decided": ["dealer_id", "first_decided_on"],
    "ix_claim_dealer_sent": ["dealer_id", "submitted_on"],
    "ix_claim_sent": [
        *("submitted_on", "claim_type", "dealer_id", "region", "component", "model", "causal_part", "status"),
        *("claimed_cents", "is_repeat"),
    ],
    "ix_claim_turnaround": ["turnaround_minutes", "first_decided_on", *TOOK],
}


SUMS = {
    "sent": sa.Integer, "sent_cents": sa.BigInteger, "repeats": sa.Integer, "entries": sa.Integer,
    "decided": sa.Integer, "touchless": sa.Integer, "first_pass": sa.Integer, "denied": sa.Integer,
    "appealed": sa.Integer, "appeal_decided": sa.Integer, "overturned": sa.Integer, "deemed": sa.Integer,
    "paid": sa.Integer, "returns": sa.Integer, "claimed": sa.BigInteger, "approved": sa.BigInteger,
    "cost": sa.BigInteger, "pay_days": sa.Integer, "turnaround": sa.BigInteger, "business": sa.BigInteger,
    "gains": sa.Integer, "gained": sa.BigInteger,
}  # fmt: skip


def _sums() -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), server_default="0", nullable=False) for name, kind in SUMS.items()]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "claim_cell",
        sa.Column("slice", sa.String(length=10), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("slice", "on_day", "value", "place", name=op.f("pk_claim_cell")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "claim_dealer_month",
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("on_day", "dealer_id", "place", name=op.f("pk_claim_dealer_month")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "claim_took",
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("slice", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("what", "slice", "value", "on_day", "place", "bucket", name=op.f("pk_claim_took")),
        sqlite_with_rowid=False,
    )
    op.add_column("claim", sa.Column("is_repeat", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_claim_sent", "claim")
    for name, columns in INDEXES.items():
        op.create_index(name, "claim", columns)
    # Counted before there are triggers, from whatever claims there are.
    rollup.rebuild(op.get_bind())
    for statement in rollup.trigger_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
