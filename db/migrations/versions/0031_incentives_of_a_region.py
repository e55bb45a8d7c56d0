"""Indexes of incentives: sales, decisions and amounts of a region, what checks and people sent back in a period."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("sale_report", schema=None) as batch_op:
        batch_op.drop_index("ix_sale_report_region")  # the new one begins with it
        batch_op.create_index(
            "ix_sale_report_place",
            ["region", "delivered_on", "condition", "sale_type", "unwound_on", "dealer_id", "make", "model"],
            unique=False,
        )  # fmt: skip
    with op.batch_alter_table("incentive_claim", schema=None) as batch_op:
        batch_op.drop_index("ix_incentive_claim_place")
        batch_op.create_index("ix_incentive_claim_place", ["status", "region", "claimed_cents"], unique=False)
        batch_op.create_index(
            "ix_incentive_claim_took",
            ["region", "decided_on", "program_id", "status", "decided_kind", "worked_minutes"], unique=False,
        )  # fmt: skip
    with op.batch_alter_table("incentive_run", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_run_outcome", ["outcome", "made_at"], unique=False)
    with op.batch_alter_table("timeline_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_timeline_entry_command")
        batch_op.create_index("ix_timeline_entry_command", ["command", "at"], unique=False)


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
