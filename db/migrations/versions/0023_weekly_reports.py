"""Weekly reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "weekly_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column(
            "dealers", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_weekly_mail_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_mail")),
        sa.UniqueConstraint("person_id", "week", name=op.f("uq_weekly_mail_person_id_week")),
    )
    with op.batch_alter_table("weekly_mail", schema=None) as batch_op:
        batch_op.create_index("ix_weekly_mail_week", ["week"], unique=False)

    op.create_table(
        "weekly_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column(
            "content", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_weekly_report_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_report")),
        sa.UniqueConstraint("dealer_id", "week", name=op.f("uq_weekly_report_dealer_id_week")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "weekly_switch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("from_week", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_weekly_switch_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_switch")),
        sa.UniqueConstraint("dealer_id", name=op.f("uq_weekly_switch_dealer_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "weekly_wish",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wants", sa.Boolean(), nullable=False),
        sa.Column("from_week", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_weekly_wish_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_weekly_wish_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_wish")),
        sa.UniqueConstraint("dealer_id", "person_id", name=op.f("uq_weekly_wish_dealer_id_person_id")),
    )
    with op.batch_alter_table("weekly_wish", schema=None) as batch_op:
        batch_op.create_index("ix_weekly_wish_person", ["person_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError("restore the backup made before the upgrade")
