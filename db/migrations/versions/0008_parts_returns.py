"""Parts returns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("part_return", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("credit_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("back_owed", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("warned_percent", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(batch_op.f("ix_part_return_credit_entry_id"), ["credit_entry_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_part_return_credit_entry_id_claim_entry"), "claim_entry", ["credit_entry_id"], ["id"]
        )

    with op.batch_alter_table("part_return_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("part_return_rule", schema=None) as batch_op:
        batch_op.drop_column("address")

    with op.batch_alter_table("part_return", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_part_return_credit_entry_id_claim_entry"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_part_return_credit_entry_id"))
        batch_op.drop_column("warned_percent")
        batch_op.drop_column("back_owed")
        batch_op.drop_column("credit_entry_id")
