"""Campaigns of co-op."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "coop_campaign",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("medium", sa.String(length=20), nullable=False),
        sa.Column("goal_kind", sa.String(length=10), nullable=False),
        sa.Column("goal", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("counts_until", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("learned", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("goal > 0 AND ends_on >= starts_on", name=op.f("ck_coop_campaign_goal")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_campaign_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_campaign")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coop_campaign_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_campaign", schema=None) as batch_op:
        batch_op.create_index("ix_coop_campaign_dealer", ["dealer_id", "is_open", "starts_on", "id"], unique=False)
        batch_op.create_index("ix_coop_campaign_list", ["is_open", "starts_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_campaign_region"), ["region"], unique=False)
        batch_op.create_index("uq_coop_campaign_code", ["dealer_id", "code"], unique=True)

    op.create_table(
        "coop_campaign_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["coop_campaign.id"], name=op.f("fk_coop_campaign_request_campaign_id_coop_campaign")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_campaign_request_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["coop_request.id"], name=op.f("fk_coop_campaign_request_request_id_coop_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_campaign_request")),
        sa.UniqueConstraint("request_id", name=op.f("uq_coop_campaign_request_request_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_campaign_request", schema=None) as batch_op:
        batch_op.create_index("ix_coop_campaign_request", ["campaign_id", "request_id"], unique=False)
        batch_op.create_index("ix_coop_campaign_request_dealer", ["dealer_id", "id"], unique=False)


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
