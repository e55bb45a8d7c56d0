"""Won business and marketing spend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.leads import decided_backfill

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "marketing_spend",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("place_key", sa.String(length=160), nullable=True),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(is_current AND place_key IS NOT NULL) OR (NOT is_current AND place_key IS NULL)",
            name=op.f("ck_marketing_spend_key"),
        ),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_marketing_spend_cents")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_marketing_spend_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_marketing_spend_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["marketing_spend.id"], name=op.f("fk_marketing_spend_replaces_id_marketing_spend")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketing_spend")),
        sa.UniqueConstraint("form_key", name=op.f("uq_marketing_spend_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_marketing_spend_number")),
        sa.UniqueConstraint("place_key", name=op.f("uq_marketing_spend_place_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_marketing_spend_replaces_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("marketing_spend", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marketing_spend_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_marketing_spend_dealer", ["dealer_id", "is_current", "month"], unique=False)
        batch_op.create_index("ix_marketing_spend_month", ["is_current", "month", "source"], unique=False)

    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decided_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("agent", sa.String(length=80), server_default="", nullable=False))
        batch_op.create_index("ix_lead_assignee_month", ["assignee_id", "received_month"], unique=False)
        batch_op.create_index(
            "ix_lead_decided",
            [
                "decided_on",
                "status",
                "sold_at",
                "received_at",
                "region",
                "dealer_id",
                "source",
                "product",
                "assignee_id",
                "agent",
                "value_cents",
            ],
            unique=False,
            sqlite_where=sa.text("decided_on IS NOT NULL"),
            postgresql_where=sa.text("decided_on IS NOT NULL"),
        )
    decided_backfill.fill(op.get_bind(), desk_zone="America/New_York")


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
