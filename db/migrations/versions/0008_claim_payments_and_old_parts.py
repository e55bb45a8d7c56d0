"""Claim payments and old parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.triggers import claim_ledger_statements

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "part_return_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("scrap_below_cents", sa.BigInteger(), nullable=False),
        sa.Column("return_from_cents", sa.BigInteger(), nullable=False),
        sa.Column("return_major", sa.Boolean(), nullable=False),
        sa.Column("return_unusual", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "scrap_below_cents >= 0 AND return_from_cents >= scrap_below_cents",
            name=op.f("ck_part_return_rule_amounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_return_rule")),
        sa.UniqueConstraint("form_key", name=op.f("uq_part_return_rule_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_part_return_rule_number")),
    )
    with op.batch_alter_table("part_return_rule", schema=None) as batch_op:
        batch_op.create_index("ix_part_return_rule_day", ["effective_from", "number"], unique=False)

    op.create_table(
        "payment_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("due_until", sa.Date(), nullable=True),
        sa.Column("memos", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "left_out", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("memos > 0", name=op.f("ck_payment_batch_memos")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch")),
        sa.UniqueConstraint("form_key", name=op.f("uq_payment_batch_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_batch_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("payment_batch", schema=None) as batch_op:
        batch_op.create_index("ix_payment_batch_made", ["made_at", "id"], unique=False)

    op.create_table(
        "credit_memo",
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
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_credit_memo_cents")),
        sa.CheckConstraint("entries > 0", name=op.f("ck_credit_memo_entries")),
        sa.ForeignKeyConstraint(["batch_id"], ["payment_batch.id"], name=op.f("fk_credit_memo_batch_id_payment_batch")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_credit_memo_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_memo")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_memo_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("credit_memo", schema=None) as batch_op:
        batch_op.create_index("ix_credit_memo_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_memo_region"), ["region"], unique=False)
        batch_op.create_index("uq_credit_memo_dealer", ["batch_id", "dealer_id"], unique=True)

    op.create_table(
        "claim_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_key", sa.String(length=60), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family_id", sa.BigInteger(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("memo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('approval', 'supplement', 'part_credit') AND cents >= 0) OR (kind IN ('debit', 'charge_back', 'part_debit') AND cents <= 0) OR kind = 'reversal'",
            name=op.f("ck_claim_entry_sign"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_entry_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_entry_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["memo_id"], ["credit_memo.id"], name=op.f("fk_claim_entry_memo_id_credit_memo")),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["claim_entry.id"], name=op.f("fk_claim_entry_reverses_id_claim_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_entry")),
        sa.UniqueConstraint("entry_key", name=op.f("uq_claim_entry_entry_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_claim_entry_reverses_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("claim_entry", schema=None) as batch_op:
        batch_op.create_index("ix_claim_entry_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index("ix_claim_entry_dealer", ["dealer_id", "memo_id", "id"], unique=False)
        batch_op.create_index("ix_claim_entry_family", ["family_id", "id"], unique=False)
        batch_op.create_index("ix_claim_entry_memo", ["memo_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_entry_region"), ["region"], unique=False)

    op.create_table(
        "part_return",
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
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("part_number", sa.String(length=40), nullable=False),
        sa.Column("part_name", sa.String(length=160), nullable=False),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("part_cents", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sa.String(length=8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hold_until", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=False),
        sa.Column("tracking", sa.String(length=60), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inspected_by", sa.String(length=120), nullable=False),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("finding_note", sa.Text(), nullable=False),
        sa.Column("debits", sa.Integer(), nullable=False),
        sa.Column("debit_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("back_carrier", sa.String(length=60), nullable=False),
        sa.Column("back_tracking", sa.String(length=60), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("part_cents >= 0", name=op.f("ck_part_return_part")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_part_return_assignee_id_person")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_part_return_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_part_return_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["debit_entry_id"], ["claim_entry.id"], name=op.f("fk_part_return_debit_entry_id_claim_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_return")),
        sa.UniqueConstraint("number", name=op.f("uq_part_return_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part_return", schema=None) as batch_op:
        batch_op.create_index("ix_part_return_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_part_return_dealer", ["dealer_id", "status", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_return_debit_entry_id"), ["debit_entry_id"], unique=False)
        batch_op.create_index("ix_part_return_status", ["status", "due_at", "id"], unique=False)
        batch_op.create_index("uq_part_return_job", ["claim_id", "job"], unique=True)
    for statement in claim_ledger_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("part_return", schema=None) as batch_op:
        batch_op.drop_index("uq_part_return_job")
        batch_op.drop_index("ix_part_return_status")
        batch_op.drop_index(batch_op.f("ix_part_return_debit_entry_id"))
        batch_op.drop_index("ix_part_return_dealer")
        batch_op.drop_index("ix_part_return_board")

    op.drop_table("part_return")
    with op.batch_alter_table("claim_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_entry_region"))
        batch_op.drop_index("ix_claim_entry_memo")
        batch_op.drop_index("ix_claim_entry_family")
        batch_op.drop_index("ix_claim_entry_dealer")
        batch_op.drop_index("ix_claim_entry_claim")

    op.drop_table("claim_entry")
    with op.batch_alter_table("credit_memo", schema=None) as batch_op:
        batch_op.drop_index("uq_credit_memo_dealer")
        batch_op.drop_index(batch_op.f("ix_credit_memo_region"))
        batch_op.drop_index("ix_credit_memo_dealer")

    op.drop_table("credit_memo")
    with op.batch_alter_table("payment_batch", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_batch_made")

    op.drop_table("payment_batch")
    with op.batch_alter_table("part_return_rule", schema=None) as batch_op:
        batch_op.drop_index("ix_part_return_rule_day")

    op.drop_table("part_return_rule")
