"""An index of open leads by state and what the board is narrowed by: its counts go to the leads they count."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lead_narrow", ["is_open", "status", "region", "source", "dealer_id", "product"], unique=False,
            sqlite_where=text("is_open = 1 AND status <> ''"), postgresql_where=text("is_open AND status <> ''"),
        )  # fmt: skip


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
