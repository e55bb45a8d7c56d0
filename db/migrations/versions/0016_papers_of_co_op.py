"""Papers of co-op."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "coop_paper",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.Column("form_key", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["coop_claim.id"], name=op.f("fk_coop_paper_claim_id_coop_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_paper_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["coop_request.id"], name=op.f("fk_coop_paper_request_id_coop_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_paper")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coop_paper_form_key")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_coop_paper_stored_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_paper", schema=None) as batch_op:
        batch_op.create_index("ix_coop_paper_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_paper_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_coop_paper_request", ["request_id", "id"], unique=False)


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
