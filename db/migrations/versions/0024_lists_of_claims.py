"""Indexes of two lists: states of incentive claims, co-op claims last changed first."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("incentive_claim", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_claim_status", ["status", "due_at", "id"], unique=False)
    with op.batch_alter_table("coop_claim", schema=None) as batch_op:
        batch_op.create_index("ix_coop_claim_changed", ["updated_at", "id"], unique=False)


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
