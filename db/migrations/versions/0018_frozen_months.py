"""Frozen months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.triggers import snapshot_statements

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "month_freeze",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=120), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("figures", sa.Integer(), nullable=False),
        sa.Column(
            "metrics", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_month_freeze_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_freeze")),
        sa.UniqueConstraint("form_key", name=op.f("uq_month_freeze_form_key")),
        sa.UniqueConstraint("month", "version", name=op.f("uq_month_freeze_month_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "month_figure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("freeze_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("numerator", sa.Float(), nullable=True),
        sa.Column("denominator", sa.Float(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_month_figure_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["freeze_id"], ["month_freeze.id"], name=op.f("fk_month_figure_freeze_id_month_freeze")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_figure")),
        sa.UniqueConstraint(
            "freeze_id", "metric", "level", "place", name=op.f("uq_month_figure_freeze_id_metric_level_place")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("month_figure", schema=None) as batch_op:
        batch_op.create_index("ix_month_figure_dealer", ["dealer_id", "month"], unique=False)
        batch_op.create_index("ix_month_figure_trend", ["metric", "level", "place", "month"], unique=False)

    op.create_table(
        "pack_subscription",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("sent_month", sa.String(length=7), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pack_subscription_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_subscription")),
        sa.UniqueConstraint("person_id", "place", name=op.f("uq_pack_subscription_person_id_place")),
        sqlite_autoincrement=True,
    )
    for statement in snapshot_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
