"""Co-op funds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.triggers import coop_statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "coop_batch",
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
        sa.CheckConstraint("memos > 0", name=op.f("ck_coop_batch_memos")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_batch")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coop_batch_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_coop_batch_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_batch", schema=None) as batch_op:
        batch_op.create_index("ix_coop_batch_made", ["made_at", "id"], unique=False)

    op.create_table(
        "coop_programme",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_programme")),
        sa.UniqueConstraint("code", name=op.f("uq_coop_programme_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_programme", schema=None) as batch_op:
        batch_op.create_index("ix_coop_programme_year", ["year", "id"], unique=False)

    op.create_table(
        "coop_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column(
            "body", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["coop_programme.id"], name=op.f("fk_coop_version_programme_id_coop_programme")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_version")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coop_version_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_version", schema=None) as batch_op:
        batch_op.create_index("uq_coop_version", ["programme_id", "number"], unique=True)

    op.create_table(
        "coop_fund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("available_cents", sa.BigInteger(), nullable=False),
        sa.Column("overdraft_cents", sa.BigInteger(), nullable=False),
        sa.Column("accrued_cents", sa.BigInteger(), nullable=False),
        sa.Column("allocated_cents", sa.BigInteger(), nullable=False),
        sa.Column("adjusted_cents", sa.BigInteger(), nullable=False),
        sa.Column("transferred_cents", sa.BigInteger(), nullable=False),
        sa.Column("reserved_cents", sa.BigInteger(), nullable=False),
        sa.Column("approved_cents", sa.BigInteger(), nullable=False),
        sa.Column("reversed_cents", sa.BigInteger(), nullable=False),
        sa.Column("expired_cents", sa.BigInteger(), nullable=False),
        sa.Column("forfeited_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("available_cents + overdraft_cents >= 0", name=op.f("ck_coop_fund_available")),
        sa.CheckConstraint(
            "available_cents = accrued_cents + allocated_cents + adjusted_cents + transferred_cents - reserved_cents - approved_cents + reversed_cents - expired_cents - forfeited_cents",
            name=op.f("ck_coop_fund_sum"),
        ),
        sa.CheckConstraint("overdraft_cents >= 0 AND reserved_cents >= 0", name=op.f("ck_coop_fund_sign")),
        sa.CheckConstraint(
            "paid_cents <= approved_cents AND reversed_cents <= approved_cents", name=op.f("ck_coop_fund_paid")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_fund_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["coop_programme.id"], name=op.f("fk_coop_fund_programme_id_coop_programme")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_fund")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_fund", schema=None) as batch_op:
        batch_op.create_index("ix_coop_fund_dealer", ["dealer_id", "period", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_fund_region"), ["region"], unique=False)
        batch_op.create_index("uq_coop_fund", ["programme_id", "dealer_id", "period"], unique=True)

    op.create_table(
        "coop_memo",
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
        sa.CheckConstraint("cents > 0 AND lines > 0", name=op.f("ck_coop_memo_cents")),
        sa.ForeignKeyConstraint(["batch_id"], ["coop_batch.id"], name=op.f("fk_coop_memo_batch_id_coop_batch")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_memo_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_memo")),
        sa.UniqueConstraint("number", name=op.f("uq_coop_memo_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_memo", schema=None) as batch_op:
        batch_op.create_index("ix_coop_memo_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_memo_region"), ["region"], unique=False)
        batch_op.create_index("uq_coop_memo_dealer", ["batch_id", "dealer_id"], unique=True)

    op.create_table(
        "coop_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_key", sa.String(length=80), nullable=False),
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("of_kind", sa.String(length=20), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("reserve_cents", sa.BigInteger(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("medium", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accrual', 'adjustment', 'payment', 'reversal') OR cents > 0", name=op.f("ck_coop_entry_sign")
        ),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_coop_entry_cents")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_entry_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["fund_id"], ["coop_fund.id"], name=op.f("fk_coop_entry_fund_id_coop_fund")),
        sa.ForeignKeyConstraint(["reverses_id"], ["coop_entry.id"], name=op.f("fk_coop_entry_reverses_id_coop_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_entry")),
        sa.UniqueConstraint("entry_key", name=op.f("uq_coop_entry_entry_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_coop_entry_reverses_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coop_entry_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index("ix_coop_entry_dealer", ["dealer_id", "at", "id"], unique=False)
        batch_op.create_index("ix_coop_entry_fund", ["fund_id", "at", "id"], unique=False)
        batch_op.create_index("ix_coop_entry_kind", ["kind", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_entry_request_id"), ["request_id"], unique=False)

    op.create_table(
        "coop_request",
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
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("medium", sa.String(length=20), nullable=False),
        sa.Column("activity", sa.String(length=200), nullable=False),
        sa.Column("vendor", sa.String(length=120), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column(
            "costs", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("cost_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "calculation", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("payable_cents", sa.BigInteger(), nullable=False),
        sa.Column("submitted_name", sa.String(length=120), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("lapses_on", sa.Date(), nullable=True),
        sa.Column("approved_cents", sa.BigInteger(), nullable=True),
        sa.Column("reserved_cents", sa.BigInteger(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("reserved_cents >= 0 AND cost_cents > 0", name=op.f("ck_coop_request_cents")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_coop_request_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_request_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["fund_id"], ["coop_fund.id"], name=op.f("fk_coop_request_fund_id_coop_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_request")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coop_request_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_coop_request_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_request", schema=None) as batch_op:
        batch_op.create_index("ix_coop_request_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_coop_request_dealer", ["dealer_id", "status", "due_at", "id"], unique=False)
        batch_op.create_index("ix_coop_request_fund", ["fund_id", "id"], unique=False)
        batch_op.create_index("ix_coop_request_lapse", ["lapses_on", "id"], unique=False)
        batch_op.create_index("ix_coop_request_status", ["status", "due_at", "id"], unique=False)

    op.create_table(
        "coop_claim",
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
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_key", sa.String(length=80), nullable=True),
        sa.Column("medium", sa.String(length=20), nullable=False),
        sa.Column("activity", sa.String(length=200), nullable=False),
        sa.Column("vendor", sa.String(length=120), nullable=False),
        sa.Column("invoice_number", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column(
            "costs", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("cost_cents", sa.BigInteger(), nullable=False),
        sa.Column("brand_share", sa.Integer(), nullable=False),
        sa.Column("competitor", sa.Boolean(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column(
            "checks", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "calculation", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("payable_cents", sa.BigInteger(), nullable=False),
        sa.Column("submitted_name", sa.String(length=120), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("approved_cents", sa.BigInteger(), nullable=True),
        sa.Column("reserve_cents", sa.BigInteger(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("cost_cents > 0", name=op.f("ck_coop_claim_cents")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_coop_claim_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_claim_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["fund_id"], ["coop_fund.id"], name=op.f("fk_coop_claim_fund_id_coop_fund")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["coop_request.id"], name=op.f("fk_coop_claim_request_id_coop_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_claim")),
        sa.UniqueConstraint("claim_key", name=op.f("uq_coop_claim_claim_key")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coop_claim_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_coop_claim_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_claim", schema=None) as batch_op:
        batch_op.create_index("ix_coop_claim_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_coop_claim_dealer", ["dealer_id", "status", "due_at", "id"], unique=False)
        batch_op.create_index("ix_coop_claim_medium", ["fund_id", "medium", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_claim_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_coop_claim_status", ["status", "due_at", "id"], unique=False)

    op.create_table(
        "coop_lot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("earned_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("left_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_cents", sa.BigInteger(), nullable=False),
        sa.Column("used_cents", sa.BigInteger(), nullable=False),
        sa.Column("removed_cents", sa.BigInteger(), nullable=False),
        sa.Column("expired_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "left_cents = cents - held_cents - used_cents - removed_cents - expired_cents", name=op.f("ck_coop_lot_sum")
        ),
        sa.CheckConstraint(
            "left_cents >= 0 AND held_cents >= 0 AND used_cents >= 0 AND removed_cents >= 0 AND expired_cents >= 0",
            name=op.f("ck_coop_lot_sign"),
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_lot_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["entry_id"], ["coop_entry.id"], name=op.f("fk_coop_lot_entry_id_coop_entry")),
        sa.ForeignKeyConstraint(["fund_id"], ["coop_fund.id"], name=op.f("fk_coop_lot_fund_id_coop_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_lot")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_lot", schema=None) as batch_op:
        batch_op.create_index("ix_coop_lot_dealer", ["dealer_id", "expires_on", "id"], unique=False)
        batch_op.create_index("ix_coop_lot_due", ["left_cents", "expires_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_lot_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index("ix_coop_lot_fund", ["fund_id", "expires_on", "id"], unique=False)

    op.create_table(
        "coop_purchase",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("invoice_number", sa.String(length=40), nullable=False),
        sa.Column("invoiced_on", sa.Date(), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("accrued_cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_coop_purchase_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_purchase_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["entry_id"], ["coop_entry.id"], name=op.f("fk_coop_purchase_entry_id_coop_entry")),
        sa.ForeignKeyConstraint(["fund_id"], ["coop_fund.id"], name=op.f("fk_coop_purchase_fund_id_coop_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_purchase")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_purchase", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coop_purchase_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_purchase_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_purchase_fund_id"), ["fund_id"], unique=False)
        batch_op.create_index("uq_coop_purchase", ["dealer_id", "invoice_number", "model"], unique=True)

    op.create_table(
        "coop_draw",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_coop_draw_cents")),
        sa.ForeignKeyConstraint(["claim_id"], ["coop_claim.id"], name=op.f("fk_coop_draw_claim_id_coop_claim")),
        sa.ForeignKeyConstraint(["lot_id"], ["coop_lot.id"], name=op.f("fk_coop_draw_lot_id_coop_lot")),
        sa.ForeignKeyConstraint(["request_id"], ["coop_request.id"], name=op.f("fk_coop_draw_request_id_coop_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_draw")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coop_draw_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index("uq_coop_draw_claim", ["claim_id", "lot_id"], unique=True)
        batch_op.create_index("uq_coop_draw_request", ["request_id", "lot_id"], unique=True)

    op.create_table(
        "coop_memo_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("memo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["coop_claim.id"], name=op.f("fk_coop_memo_line_claim_id_coop_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_memo_line_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["entry_id"], ["coop_entry.id"], name=op.f("fk_coop_memo_line_entry_id_coop_entry")),
        sa.ForeignKeyConstraint(["memo_id"], ["coop_memo.id"], name=op.f("fk_coop_memo_line_memo_id_coop_memo")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_memo_line")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_coop_memo_line_entry_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_memo_line", schema=None) as batch_op:
        batch_op.create_index("ix_coop_memo_line_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coop_memo_line_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("uq_coop_memo_line", ["memo_id", "claim_id"], unique=True)

    op.create_table(
        "coop_proof",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["coop_claim.id"], name=op.f("fk_coop_proof_claim_id_coop_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coop_proof_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_proof")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coop_proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coop_proof_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("uq_coop_proof", ["claim_id", "kind"], unique=True)
    for statement in coop_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
