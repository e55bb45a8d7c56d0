"""Sales objectives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sales_objective",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("segment", sa.String(length=60), nullable=False),
        sa.Column("registrations", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("objective", sa.Integer(), nullable=True),
        sa.Column("benchmark", sa.String(length=120), nullable=False),
        sa.Column("territory", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("objective IS NULL OR objective >= 0", name=op.f("ck_sales_objective_objective")),
        sa.CheckConstraint("registrations >= 0", name=op.f("ck_sales_objective_registrations")),
        sa.CheckConstraint("share >= 0 AND share <= 10000", name=op.f("ck_sales_objective_share")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_sales_objective_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_sales_objective_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_objective")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sales_objective", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_objective_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_sales_objective_month", ["month", "dealer_id"], unique=False)
        batch_op.create_index(
            "uq_sales_objective_dealer_id_month_segment", ["dealer_id", "month", "segment"], unique=True
        )


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError("restore the backup made before the upgrade")
