"""Indexes of what read too much of a large network: the board, followers, minutes of first actions, paid claims."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_board")
        batch_op.create_index(
            "ix_lead_board",
            ["is_open", "due_at", "id", "region", "source", "dealer_id", "status", "product"], unique=False,
        )  # fmt: skip
        batch_op.create_index(
            "ix_lead_previous", ["previous_lead_id"], unique=False,
            sqlite_where=text("previous_lead_id IS NOT NULL"), postgresql_where=text("previous_lead_id IS NOT NULL"),
        )  # fmt: skip
        batch_op.create_index(
            "ix_lead_minutes",
            ["received_month", "first_action_minutes", "status", "source", "region", "state", "dealer_id", "product"],
            unique=False, sqlite_where=text("first_action_minutes IS NOT NULL"),
            postgresql_where=text("first_action_minutes IS NOT NULL"),
        )  # fmt: skip
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(
            "ix_claim_paid", ["paid_at", "id"], unique=False,
            sqlite_where=text("paid_at IS NOT NULL"), postgresql_where=text("paid_at IS NOT NULL"),
        )  # fmt: skip


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
