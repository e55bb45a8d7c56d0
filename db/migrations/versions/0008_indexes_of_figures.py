"""Indexes of figures."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(
            "ix_claim_standing",
            [
                "status",
                "claim_type",
                "dealer_id",
                "region",
                "component",
                "model",
                "received_at",
                "decide_by",
                "submitted_on",
                "claimed_cents",
                "approved_cents",
            ],
            unique=False,
        )

    with op.batch_alter_table("parts_order_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parts_order_line_day"))
        batch_op.create_index(
            "ix_parts_order_line_day",
            ["ordered_on", "dealer_id", "region", "rank", "part_id", "ordered", "network_units", "facing_units"],
            unique=False,
        )

    with op.batch_alter_table("parts_promise", schema=None) as batch_op:
        batch_op.create_index(
            "ix_parts_promise_said", ["said_at", "cause", "slip_last", "dealer_id", "region", "line_id"], unique=False
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("parts_promise", schema=None) as batch_op:
        batch_op.drop_index("ix_parts_promise_said")

    with op.batch_alter_table("parts_order_line", schema=None) as batch_op:
        batch_op.drop_index("ix_parts_order_line_day")
        batch_op.create_index(batch_op.f("ix_parts_order_line_day"), ["ordered_on", "dealer_id"], unique=False)

    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_standing")
