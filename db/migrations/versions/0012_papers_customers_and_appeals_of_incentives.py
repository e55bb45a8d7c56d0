"""Papers, customers and appeals of incentives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incentive_paper",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("stored_name", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["incentive_claim.id"], name=op.f("fk_incentive_paper_claim_id_incentive_claim")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_paper_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["sale_id"], ["sale_report.id"], name=op.f("fk_incentive_paper_sale_id_sale_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_paper")),
        sa.UniqueConstraint("form_key", name=op.f("uq_incentive_paper_form_key")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_incentive_paper_stored_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_paper", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_paper_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_paper_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_incentive_paper_sale", ["sale_id", "id"], unique=False)

    with op.batch_alter_table("incentive_claim", schema=None) as batch_op:
        batch_op.add_column(sa.Column("denied_by", sa.String(length=80), server_default="", nullable=False))
        batch_op.add_column(sa.Column("appeals", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("appeal_note", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("appealed_by", sa.String(length=80), server_default="", nullable=False))
        batch_op.add_column(sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("sale_report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_name", sa.String(length=120), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column(
                "earlier",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                server_default="[]",
                nullable=False,
            )
        )


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError("restore the backup made before the upgrade")
