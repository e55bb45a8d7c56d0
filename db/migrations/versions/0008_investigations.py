"""Investigations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "dealer_scan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealer_scan")),
        sa.UniqueConstraint("day", name=op.f("uq_dealer_scan_day")),
    )
    op.create_table(
        "claim_fingerprint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("narrative_key", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_fingerprint_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_fingerprint_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_fingerprint")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_claim_fingerprint_claim_id")),
    )
    with op.batch_alter_table("claim_fingerprint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_fingerprint_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_claim_fingerprint_narrative", ["narrative_key", "dealer_id"], unique=False)

    op.create_table(
        "investigation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("assignee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_because", sa.Text(), nullable=False),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome = '')", name=op.f("ck_investigation_outcome")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_investigation_assignee_id_person")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_investigation_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_investigation_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_investigation")),
        sa.UniqueConstraint("form_key", name=op.f("uq_investigation_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_investigation_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("investigation", schema=None) as batch_op:
        batch_op.create_index("ix_investigation_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_investigation_claim", ["claim_id", "is_open"], unique=False)
        batch_op.create_index("ix_investigation_dealer", ["dealer_id", "is_open", "id"], unique=False)

    op.create_table(
        "claim_flag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("investigation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("flag_key", sa.String(length=120), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column(
            "evidence", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_flag_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_flag_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["investigation_id"], ["investigation.id"], name=op.f("fk_claim_flag_investigation_id_investigation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_flag")),
        sa.UniqueConstraint("flag_key", name=op.f("uq_claim_flag_flag_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("claim_flag", schema=None) as batch_op:
        batch_op.create_index("ix_claim_flag_claim", ["claim_id"], unique=False)
        batch_op.create_index("ix_claim_flag_dealer", ["dealer_id", "raised_at"], unique=False)
        batch_op.create_index("ix_claim_flag_investigation", ["investigation_id", "id"], unique=False)
        batch_op.create_index("ix_claim_flag_kind", ["kind", "raised_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("claim_flag", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_flag_kind")
        batch_op.drop_index("ix_claim_flag_investigation")
        batch_op.drop_index("ix_claim_flag_dealer")
        batch_op.drop_index("ix_claim_flag_claim")

    op.drop_table("claim_flag")
    with op.batch_alter_table("investigation", schema=None) as batch_op:
        batch_op.drop_index("ix_investigation_dealer")
        batch_op.drop_index("ix_investigation_claim")
        batch_op.drop_index("ix_investigation_board")

    op.drop_table("investigation")
    with op.batch_alter_table("claim_fingerprint", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_fingerprint_narrative")
        batch_op.drop_index(batch_op.f("ix_claim_fingerprint_dealer_id"))

    op.drop_table("claim_fingerprint")
    op.drop_table("dealer_scan")
