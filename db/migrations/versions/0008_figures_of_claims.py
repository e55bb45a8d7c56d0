"""Figures of claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "claim_loss",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_loss_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_loss_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_loss")),
    )
    with op.batch_alter_table("claim_loss", schema=None) as batch_op:
        batch_op.create_index("ix_claim_loss_claim", ["claim_id"], unique=False)
        batch_op.create_index(
            "ix_claim_loss_day",
            ["happened_on", "kind", "reason_code", "dealer_id", "region", "cents", "claim_id"],
            unique=False,
        )
        batch_op.create_index("ix_claim_loss_dealer", ["dealer_id", "happened_on"], unique=False)

    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.add_column(sa.Column("submitted_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("first_decided_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("component", sa.String(length=20), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("causal_part", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("model", sa.String(length=120), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("turnaround_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("business_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pay_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("before_appeal_cents", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("appeal_result", sa.String(length=10), nullable=False, server_default=""))
        batch_op.create_index(
            "ix_claim_figures",
            [
                "first_decided_on",
                "claim_type",
                "dealer_id",
                "region",
                "component",
                "model",
                "status",
                "decided_kind",
                "returns",
                "appeals",
                "appeal_result",
                "claimed_cents",
                "approved_cents",
                "turnaround_minutes",
                "business_minutes",
                "pay_days",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_claim_sent",
            [
                "submitted_on",
                "claim_type",
                "dealer_id",
                "region",
                "component",
                "model",
                "causal_part",
                "status",
                "claimed_cents",
            ],
            unique=False,
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_sent")
        batch_op.drop_index("ix_claim_figures")
        batch_op.drop_column("appeal_result")
        batch_op.drop_column("before_appeal_cents")
        batch_op.drop_column("pay_days")
        batch_op.drop_column("business_minutes")
        batch_op.drop_column("turnaround_minutes")
        batch_op.drop_column("model")
        batch_op.drop_column("causal_part")
        batch_op.drop_column("component")
        batch_op.drop_column("first_decided_on")
        batch_op.drop_column("submitted_on")

    with op.batch_alter_table("claim_loss", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_loss_dealer")
        batch_op.drop_index("ix_claim_loss_day")
        batch_op.drop_index("ix_claim_loss_claim")

    op.drop_table("claim_loss")
