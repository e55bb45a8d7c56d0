"""Reminders of co-op money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "coop_reminder",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("remind_key", sa.String(length=110), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("is_auto", sa.Boolean(), nullable=False),
        sa.CheckConstraint("cents >= 0 AND told >= 0 AND days >= 0", name=op.f("ck_coop_reminder_sign")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_reminder_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["fund_id"], ["coop_fund.id"], name=op.f("fk_coop_reminder_fund_id_coop_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_reminder")),
        sa.UniqueConstraint("remind_key", name=op.f("uq_coop_reminder_remind_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_reminder", schema=None) as batch_op:
        batch_op.create_index("ix_coop_reminder_covers", ["dealer_id", "last_on", "id"], unique=False)
        batch_op.create_index("ix_coop_reminder_dealer", ["dealer_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_reminder_fund_id"), ["fund_id"], unique=False)

    with op.batch_alter_table("coop_lot", schema=None) as batch_op:
        batch_op.create_index("ix_coop_lot_window", ["expires_on", "dealer_id", "left_cents"], unique=False)


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError("restore the backup made before the upgrade")
