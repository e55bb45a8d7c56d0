"""Payments and reconciliation of incentives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incentive_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("memos", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "left_out", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("memos > 0", name=op.f("ck_incentive_batch_memos")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_batch")),
        sa.UniqueConstraint("form_key", name=op.f("uq_incentive_batch_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_incentive_batch_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_batch", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_batch_made", ["made_at", "id"], unique=False)

    op.create_table(
        "incentive_reconciliation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(length=10), nullable=True),
        sa.Column(
            "figures", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=120), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("days >= 0", name=op.f("ck_incentive_reconciliation_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_reconciliation")),
        sa.UniqueConstraint("form_key", name=op.f("uq_incentive_reconciliation_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_incentive_reconciliation_number")),
        sa.UniqueConstraint("open_key", name=op.f("uq_incentive_reconciliation_open_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "incentive_match",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("vin", sa.String(length=40), nullable=False),
        sa.Column("memo", sa.String(length=20), nullable=False),
        sa.Column("file_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("same_key", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explained_by", sa.String(length=120), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "is_open OR reason <> '' OR kind IN ('matched', 'waiting')", name=op.f("ck_incentive_match_explained")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_match_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_match_program_id_incentive_program")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["incentive_reconciliation.id"],
            name=op.f("fk_incentive_match_reconciliation_id_incentive_reconciliation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_match")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_match", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incentive_match_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_incentive_match_kind", ["reconciliation_id", "kind", "id"], unique=False)
        batch_op.create_index("ix_incentive_match_open", ["reconciliation_id", "is_open", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_match_program_id"), ["program_id"], unique=False)

    op.create_table(
        "incentive_memo",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_incentive_memo_cents")),
        sa.CheckConstraint("lines > 0", name=op.f("ck_incentive_memo_lines")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["incentive_batch.id"], name=op.f("fk_incentive_memo_batch_id_incentive_batch")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_memo_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_memo")),
        sa.UniqueConstraint("number", name=op.f("uq_incentive_memo_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_memo", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_memo_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_memo_region"), ["region"], unique=False)
        batch_op.create_index("uq_incentive_memo_dealer", ["batch_id", "dealer_id"], unique=True)

    op.create_table(
        "incentive_statement_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("dealer_code", sa.String(length=40), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("program_code", sa.String(length=30), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("vin", sa.String(length=40), nullable=False),
        sa.Column("memo", sa.String(length=20), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_incentive_statement_line_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_statement_line_dealer_id_dealer")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["incentive_program.id"],
            name=op.f("fk_incentive_statement_line_program_id_incentive_program"),
        ),
        sa.ForeignKeyConstraint(
            ["settled_id"],
            ["incentive_reconciliation.id"],
            name=op.f("fk_incentive_statement_line_settled_id_incentive_reconciliation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_statement_line")),
        sa.UniqueConstraint("reference", name=op.f("uq_incentive_statement_line_reference")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_statement_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incentive_statement_line_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_statement_line_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_statement_line_program_id"), ["program_id"], unique=False)
        batch_op.create_index("ix_incentive_statement_open", ["settled_id", "dealer_id", "id"], unique=False)

    op.create_table(
        "incentive_memo_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("memo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("owed_cents", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("settled_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["incentive_claim.id"], name=op.f("fk_incentive_memo_line_claim_id_incentive_claim")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_memo_line_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["incentive_entry.id"], name=op.f("fk_incentive_memo_line_entry_id_incentive_entry")
        ),
        sa.ForeignKeyConstraint(
            ["memo_id"], ["incentive_memo.id"], name=op.f("fk_incentive_memo_line_memo_id_incentive_memo")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_memo_line_program_id_incentive_program")
        ),
        sa.ForeignKeyConstraint(
            ["settled_id"],
            ["incentive_reconciliation.id"],
            name=op.f("fk_incentive_memo_line_settled_id_incentive_reconciliation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_memo_line")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_incentive_memo_line_entry_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_memo_line", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_memo_line_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_memo_line_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_incentive_memo_line_open", ["settled_id", "dealer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_memo_line_program_id"), ["program_id"], unique=False)
        batch_op.create_index("uq_incentive_memo_line", ["memo_id", "claim_id"], unique=True)

    op.create_table(
        "incentive_match_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("match_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("statement_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("memo_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(statement_line_id IS NULL) <> (memo_line_id IS NULL)", name=op.f("ck_incentive_match_line_side")
        ),
        sa.ForeignKeyConstraint(
            ["match_id"], ["incentive_match.id"], name=op.f("fk_incentive_match_line_match_id_incentive_match")
        ),
        sa.ForeignKeyConstraint(
            ["memo_line_id"],
            ["incentive_memo_line.id"],
            name=op.f("fk_incentive_match_line_memo_line_id_incentive_memo_line"),
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["incentive_reconciliation.id"],
            name=op.f("fk_incentive_match_line_reconciliation_id_incentive_reconciliation"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_line_id"],
            ["incentive_statement_line.id"],
            name=op.f("fk_incentive_match_line_statement_line_id_incentive_statement_line"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_match_line")),
    )
    with op.batch_alter_table("incentive_match_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incentive_match_line_match_id"), ["match_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_match_line_memo_line_id"), ["memo_line_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_incentive_match_line_statement_line_id"), ["statement_line_id"], unique=False
        )
        batch_op.create_index("uq_incentive_match_memo", ["reconciliation_id", "memo_line_id"], unique=True)
        batch_op.create_index("uq_incentive_match_statement", ["reconciliation_id", "statement_line_id"], unique=True)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("incentive_match_line", schema=None) as batch_op:
        batch_op.drop_index("uq_incentive_match_statement")
        batch_op.drop_index("uq_incentive_match_memo")
        batch_op.drop_index(batch_op.f("ix_incentive_match_line_statement_line_id"))
        batch_op.drop_index(batch_op.f("ix_incentive_match_line_memo_line_id"))
        batch_op.drop_index(batch_op.f("ix_incentive_match_line_match_id"))

    op.drop_table("incentive_match_line")
    with op.batch_alter_table("incentive_memo_line", schema=None) as batch_op:
        batch_op.drop_index("uq_incentive_memo_line")
        batch_op.drop_index(batch_op.f("ix_incentive_memo_line_program_id"))
        batch_op.drop_index("ix_incentive_memo_line_open")
        batch_op.drop_index(batch_op.f("ix_incentive_memo_line_dealer_id"))
        batch_op.drop_index("ix_incentive_memo_line_claim")

    op.drop_table("incentive_memo_line")
    with op.batch_alter_table("incentive_statement_line", schema=None) as batch_op:
        batch_op.drop_index("ix_incentive_statement_open")
        batch_op.drop_index(batch_op.f("ix_incentive_statement_line_program_id"))
        batch_op.drop_index(batch_op.f("ix_incentive_statement_line_dealer_id"))
        batch_op.drop_index(batch_op.f("ix_incentive_statement_line_batch_id"))

    op.drop_table("incentive_statement_line")
    with op.batch_alter_table("incentive_memo", schema=None) as batch_op:
        batch_op.drop_index("uq_incentive_memo_dealer")
        batch_op.drop_index(batch_op.f("ix_incentive_memo_region"))
        batch_op.drop_index("ix_incentive_memo_dealer")

    op.drop_table("incentive_memo")
    with op.batch_alter_table("incentive_match", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incentive_match_program_id"))
        batch_op.drop_index("ix_incentive_match_open")
        batch_op.drop_index("ix_incentive_match_kind")
        batch_op.drop_index(batch_op.f("ix_incentive_match_dealer_id"))

    op.drop_table("incentive_match")
    op.drop_table("incentive_reconciliation")
    with op.batch_alter_table("incentive_batch", schema=None) as batch_op:
        batch_op.drop_index("ix_incentive_batch_made")

    op.drop_table("incentive_batch")
