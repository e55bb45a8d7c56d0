"""Claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.triggers import claim_ledger_statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "claim_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column(
            "body", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_policy")),
        sa.UniqueConstraint("form_key", name=op.f("uq_claim_policy_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_policy_number")),
    )
    with op.batch_alter_table("claim_policy", schema=None) as batch_op:
        batch_op.create_index("ix_claim_policy_day", ["effective_from", "number"], unique=False)

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
        "parts_warehouse",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "regions", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_warehouse")),
        sa.UniqueConstraint("code", name=op.f("uq_parts_warehouse_code")),
        sqlite_autoincrement=True,
    )
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
        "campaign",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "operations", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "parts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_campaign_batch_id_import_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("number", name=op.f("uq_campaign_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "component",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("is_wear", sa.Boolean(), nullable=False),
        sa.Column("is_major", sa.Boolean(), nullable=False),
        sa.Column("auth_class", sa.String(length=12), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_component_batch_id_import_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component")),
        sa.UniqueConstraint("code", name=op.f("uq_component_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_component_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "coverage_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=2), nullable=False),
        sa.Column("deductible_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "components", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "excluded", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "models", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("deductible_cents >= 0", name=op.f("ck_coverage_plan_deductible")),
        sa.CheckConstraint("distance >= 0", name=op.f("ck_coverage_plan_distance")),
        sa.CheckConstraint("months > 0", name=op.f("ck_coverage_plan_months")),
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_coverage_plan_days")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_coverage_plan_batch_id_import_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_plan")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coverage_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coverage_plan_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("uq_coverage_plan_code", ["code", "valid_from"], unique=True)

    op.create_table(
        "labour_operation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column(
            "models", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("year_from", sa.Integer(), nullable=True),
        sa.Column("year_until", sa.Integer(), nullable=True),
        sa.Column("skill", sa.String(length=40), nullable=False),
        sa.Column("needs_authorization", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("hours >= 0", name=op.f("ck_labour_operation_hours")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_labour_operation_batch_id_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labour_operation")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("labour_operation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_labour_operation_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("uq_labour_operation_code", ["code", "valid_from"], unique=True)

    op.create_table(
        "part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column("needs_authorization", sa.Boolean(), nullable=False),
        sa.Column("repair_allowed", sa.Boolean(), nullable=False),
        sa.Column("superseded_by", sa.String(length=40), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_part_batch_id_import_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("number", name=op.f("uq_part_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_part_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "campaign_vehicle",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vin", sa.String(length=40), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_claim", sa.String(length=20), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_campaign_vehicle_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_vehicle_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_vehicle")),
    )
    with op.batch_alter_table("campaign_vehicle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_vehicle_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_campaign_vehicle_vin", ["vin"], unique=False)
        batch_op.create_index("uq_campaign_vehicle", ["campaign_id", "vin"], unique=True)

    op.create_table(
        "part_price",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("net_cents >= 0", name=op.f("ck_part_price_net")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_part_price_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_part_price_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_price")),
    )
    with op.batch_alter_table("part_price", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_part_price_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("uq_part_price", ["part_id", "valid_from"], unique=True)

    op.create_table(
        "parts_allocation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("warehouse", sa.String(length=12), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("requested", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_parts_allocation_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_allocation")),
        sa.UniqueConstraint("number", name=op.f("uq_parts_allocation_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_allocation", schema=None) as batch_op:
        batch_op.create_index("ix_parts_allocation_part", ["part_id", "id"], unique=False)

    op.create_table(
        "parts_stock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("warehouse", sa.String(length=12), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("oversold", sa.Integer(), nullable=False),
        sa.Column("in_transit", sa.Integer(), nullable=False),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("forecast_3", sa.Integer(), nullable=True),
        sa.Column("forecast_6", sa.Integer(), nullable=True),
        sa.Column("forecast_9", sa.Integer(), nullable=True),
        sa.Column("sales_1", sa.Integer(), nullable=True),
        sa.Column("sales_3", sa.Integer(), nullable=True),
        sa.Column("sales_6", sa.Integer(), nullable=True),
        sa.Column("sales_9", sa.Integer(), nullable=True),
        sa.Column("min_bank", sa.Integer(), nullable=True),
        sa.Column("past_due", sa.Integer(), nullable=False),
        sa.Column("local_backorder", sa.Integer(), nullable=False),
        sa.Column("perf_6", sa.Integer(), nullable=True),
        sa.Column("perf_12", sa.Integer(), nullable=True),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("went_on_backorder", sa.Boolean(), nullable=True),
        sa.Column("shortfall", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_parts_stock_on_hand")),
        sa.CheckConstraint("oversold >= 0", name=op.f("ck_parts_stock_oversold")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_parts_stock_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_parts_stock_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_stock")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_stock", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parts_stock_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_parts_stock_risk", ["shortfall", "id"], unique=False)
        batch_op.create_index("uq_parts_stock", ["part_id", "warehouse"], unique=True)

    op.create_table(
        "vehicle_block",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("lifted_on", sa.Date(), nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_vehicle_block_vehicle_id_vehicle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_block")),
    )
    with op.batch_alter_table("vehicle_block", schema=None) as batch_op:
        batch_op.create_index("ix_vehicle_block_vehicle", ["vehicle_id", "since"], unique=False)

    op.create_table(
        "vehicle_coverage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_code", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("contract_number", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_vehicle_coverage_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_vehicle_coverage_vehicle_id_vehicle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_coverage")),
    )
    with op.batch_alter_table("vehicle_coverage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vehicle_coverage_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("uq_vehicle_coverage", ["vehicle_id", "plan_code", "starts_on"], unique=True)

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
        "parts_order",
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
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("is_contract", sa.Boolean(), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("required_by", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("lines_count", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_parts_order_assignee_id_person")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_parts_order_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_order_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_order")),
        sa.UniqueConstraint("form_key", name=op.f("uq_parts_order_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_parts_order_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parts_order_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_parts_order_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_parts_order_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)

    op.create_table(
        "technician",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_technician_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_technician_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician")),
        sa.UniqueConstraint("form_key", name=op.f("uq_technician_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("technician", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_technician_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_technician_region"), ["region"], unique=False)
        batch_op.create_index("uq_technician_code", ["dealer_id", "code"], unique=True)

    op.create_table(
        "claim",
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
        sa.Column("claim_type", sa.String(length=24), nullable=False),
        sa.Column("family_id", sa.BigInteger(), nullable=False),
        sa.Column("series_version", sa.Integer(), nullable=False),
        sa.Column("original_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("external_number", sa.String(length=40), nullable=True),
        sa.Column("vin", sa.String(length=40), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ro_number", sa.String(length=40), nullable=False),
        sa.Column("ro_opened_on", sa.Date(), nullable=True),
        sa.Column("ro_closed_on", sa.Date(), nullable=True),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("odometer_in", sa.Integer(), nullable=True),
        sa.Column("odometer_out", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=2), nullable=False),
        sa.Column("technician", sa.String(length=20), nullable=False),
        sa.Column("advisor", sa.String(length=120), nullable=False),
        sa.Column("pre_auth_number", sa.String(length=20), nullable=False),
        sa.Column("campaign_number", sa.String(length=20), nullable=False),
        sa.Column("contract_number", sa.String(length=40), nullable=False),
        sa.Column(
            "exclusions", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("late_reason", sa.Text(), nullable=False),
        sa.Column("goodwill_reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("claimed_cents", sa.BigInteger(), nullable=False),
        sa.Column("suggested_cents", sa.BigInteger(), nullable=True),
        sa.Column("approved_cents", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("held_by", sa.String(length=12), nullable=False),
        sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deemed_on", sa.Date(), nullable=True),
        sa.Column("warned_percent", sa.Integer(), nullable=False),
        sa.Column("first_decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_kind", sa.String(length=8), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("signed_level", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("reason_note", sa.Text(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("appeals", sa.Integer(), nullable=False),
        sa.Column("appeal_note", sa.Text(), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("first_decided_on", sa.Date(), nullable=True),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column("causal_part", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("turnaround_minutes", sa.Integer(), nullable=True),
        sa.Column("business_minutes", sa.Integer(), nullable=True),
        sa.Column("pay_days", sa.Integer(), nullable=True),
        sa.Column("before_appeal_cents", sa.BigInteger(), nullable=True),
        sa.Column("appeal_result", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "approved_cents IS NULL OR approved_cents <= claimed_cents OR claim_type = 'debit'",
            name=op.f("ck_claim_approved"),
        ),
        sa.CheckConstraint("odometer_in IS NULL OR odometer_in >= 0", name=op.f("ck_claim_odometer")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_claim_assignee_id_person")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_claim_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_claim_customer_id_customer")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["original_id"], ["claim.id"], name=op.f("fk_claim_original_id_claim")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_claim_vehicle_id_vehicle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("form_key", name=op.f("uq_claim_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_claim_board", ["held_by", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_claim_dealer", ["dealer_id", "status", "id"], unique=False)
        batch_op.create_index("ix_claim_dealer_submitted", ["dealer_id", "submitted_at", "id"], unique=False)
        batch_op.create_index("ix_claim_decided", ["decided_at", "id"], unique=False)
        batch_op.create_index("ix_claim_family", ["family_id", "series_version"], unique=False)
        batch_op.create_index(
            "ix_claim_figures",
            [
                "first_decided_on",
                "claim_type",
                "dealer_id",
                "region",
                "component",
                "model",
                "status",
                "decided_kind",
                "returns",
                "appeals",
                "appeal_result",
                "claimed_cents",
                "approved_cents",
                "turnaround_minutes",
                "business_minutes",
                "pay_days",
            ],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_claim_original_id"), ["original_id"], unique=False)
        batch_op.create_index("ix_claim_ro", ["dealer_id", "ro_number"], unique=False)
        batch_op.create_index(
            "ix_claim_sent",
            [
                "submitted_on",
                "claim_type",
                "dealer_id",
                "region",
                "component",
                "model",
                "causal_part",
                "status",
                "claimed_cents",
            ],
            unique=False,
        )
        batch_op.create_index("ix_claim_status", ["status", "due_at", "id"], unique=False)
        batch_op.create_index("ix_claim_submitted", ["submitted_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_vehicle_id"), ["vehicle_id"], unique=False)
        batch_op.create_index("ix_claim_vin", ["vin", "id"], unique=False)
        batch_op.create_index("uq_claim_external", ["dealer_id", "external_number"], unique=True)

    op.create_table(
        "parts_order_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("is_contract", sa.Boolean(), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("required_by", sa.Date(), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=True),
        sa.Column("warehouse", sa.String(length=12), nullable=False),
        sa.Column("facing_units", sa.Integer(), nullable=True),
        sa.Column("network_units", sa.Integer(), nullable=True),
        sa.Column("first_promised_on", sa.Date(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("promises", sa.Integer(), nullable=False),
        sa.Column("shipped_on", sa.Date(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("cancelled >= 0", name=op.f("ck_parts_order_line_cancelled")),
        sa.CheckConstraint("ordered > 0", name=op.f("ck_parts_order_line_ordered")),
        sa.CheckConstraint("shipped + cancelled <= ordered", name=op.f("ck_parts_order_line_open")),
        sa.CheckConstraint("shipped >= 0", name=op.f("ck_parts_order_line_shipped")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_order_line_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["parts_order.id"], name=op.f("fk_parts_order_line_order_id_parts_order")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_parts_order_line_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_order_line")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_order_line", schema=None) as batch_op:
        batch_op.create_index("ix_parts_order_line_day", ["ordered_on", "dealer_id"], unique=False)
        batch_op.create_index(
            "ix_parts_order_line_dealer", ["dealer_id", "is_open", "rank", "ordered_on", "id"], unique=False
        )
        batch_op.create_index("ix_parts_order_line_open", ["is_open", "rank", "ordered_on", "id"], unique=False)
        batch_op.create_index("ix_parts_order_line_part", ["part_id", "is_open", "id"], unique=False)
        batch_op.create_index("uq_parts_order_line", ["order_id", "position"], unique=True)

    op.create_table(
        "technician_skill",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("technician_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("skill", sa.String(length=40), nullable=False),
        sa.Column("certified_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_technician_skill_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_technician_skill_technician_id_technician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician_skill")),
    )
    with op.batch_alter_table("technician_skill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_technician_skill_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("uq_technician_skill", ["technician_id", "skill", "certified_on"], unique=True)

    op.create_table(
        "claim_attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("stored_name", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("picture_hash", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("invoice_number", sa.String(length=40), nullable=False),
        sa.Column("invoice_cents", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_attachment_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_attachment_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_attachment")),
        sa.UniqueConstraint("form_key", name=op.f("uq_claim_attachment_form_key")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_claim_attachment_stored_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("claim_attachment", schema=None) as batch_op:
        batch_op.create_index("ix_claim_attachment_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index("ix_claim_attachment_invoice", ["dealer_id", "invoice_number"], unique=False)
        batch_op.create_index("ix_claim_attachment_picture", ["picture_hash"], unique=False)
        batch_op.create_index("ix_claim_attachment_sha256", ["sha256"], unique=False)

    op.create_table(
        "claim_charge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.Column("markup", sa.Integer(), nullable=False),
        sa.Column("claimed_cents", sa.BigInteger(), nullable=False),
        sa.Column("suggested_cents", sa.BigInteger(), nullable=True),
        sa.Column("approved_cents", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("reason_note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "approved_cents IS NULL OR (kind = 'deductible' AND approved_cents <= 0) OR (claimed_cents >= 0 AND approved_cents BETWEEN 0 AND claimed_cents) OR (claimed_cents < 0 AND approved_cents BETWEEN claimed_cents AND 0)",
            name=op.f("ck_claim_charge_approved"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_charge_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_charge_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_charge")),
    )
    with op.batch_alter_table("claim_charge", schema=None) as batch_op:
        batch_op.create_index("ix_claim_charge_code", ["kind", "code", "claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_charge_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("uq_claim_charge_position", ["claim_id", "position"], unique=True)

    op.create_table(
        "claim_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("approved_cents", sa.BigInteger(), nullable=True),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "lines", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_decision_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_decision_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_decision")),
    )
    with op.batch_alter_table("claim_decision", schema=None) as batch_op:
        batch_op.create_index("ix_claim_decision_at", ["decided_at", "id"], unique=False)
        batch_op.create_index("ix_claim_decision_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index("ix_claim_decision_dealer", ["dealer_id", "decided_at"], unique=False)

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
        "claim_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(length=4), nullable=False),
        sa.Column("level", sa.String(length=1), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("observed", sa.String(length=200), nullable=False),
        sa.Column("limit_text", sa.String(length=200), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("charge", sa.Integer(), nullable=False),
        sa.Column("suggested_cents", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_finding_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_finding_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_finding")),
    )
    with op.batch_alter_table("claim_finding", schema=None) as batch_op:
        batch_op.create_index("ix_claim_finding_claim", ["claim_id", "rule"], unique=False)
        batch_op.create_index("ix_claim_finding_dealer", ["dealer_id", "found_at", "rule"], unique=False)
        batch_op.create_index("ix_claim_finding_rule", ["rule", "found_at", "dealer_id"], unique=False)

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
        "claim_hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_claim_hold_interval")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_hold_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_hold_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_hold")),
    )
    with op.batch_alter_table("claim_hold", schema=None) as batch_op:
        batch_op.create_index("ix_claim_hold_claim", ["claim_id", "since"], unique=False)
        batch_op.create_index("ix_claim_hold_dealer", ["dealer_id", "since"], unique=False)
        batch_op.create_index("uq_claim_hold_since", ["claim_id", "position"], unique=True)

    op.create_table(
        "claim_job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ro_key", sa.String(length=60), nullable=True),
        sa.Column("complaint", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column("causal_part", sa.String(length=40), nullable=False),
        sa.Column("failure_code", sa.String(length=20), nullable=False),
        sa.Column("operation", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("failed_serial", sa.String(length=60), nullable=False),
        sa.Column("fitted_serial", sa.String(length=60), nullable=False),
        sa.Column("disposition", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_job_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_job_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_job")),
    )
    with op.batch_alter_table("claim_job", schema=None) as batch_op:
        batch_op.create_index("ix_claim_job_component", ["component", "claim_id"], unique=False)
        batch_op.create_index("ix_claim_job_operation", ["operation", "claim_id"], unique=False)
        batch_op.create_index("uq_claim_job_position", ["claim_id", "position"], unique=True)
        batch_op.create_index("uq_claim_job_ro", ["dealer_id", "ro_key"], unique=True)

    op.create_table(
        "claim_loss",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_loss_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_loss_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_loss")),
    )
    with op.batch_alter_table("claim_loss", schema=None) as batch_op:
        batch_op.create_index("ix_claim_loss_claim", ["claim_id"], unique=False)
        batch_op.create_index(
            "ix_claim_loss_day",
            ["happened_on", "kind", "reason_code", "dealer_id", "region", "cents", "claim_id"],
            unique=False,
        )
        batch_op.create_index("ix_claim_loss_dealer", ["dealer_id", "happened_on"], unique=False)

    op.create_table(
        "claim_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("why", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "results", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("claimed_cents", sa.BigInteger(), nullable=False),
        sa.Column("suggested_cents", sa.BigInteger(), nullable=False),
        sa.Column("level_needed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_run_claim_id_claim")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_claim_run_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_run")),
    )
    with op.batch_alter_table("claim_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_run_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_claim_run_made", ["made_at", "id"], unique=False)
        batch_op.create_index("uq_claim_run", ["claim_id", "run"], unique=True)

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
        "parts_allocation_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("allocation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("requested", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("demand", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("allocated <= requested", name=op.f("ck_parts_allocation_line_requested")),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_parts_allocation_line_allocated")),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["parts_allocation.id"],
            name=op.f("fk_parts_allocation_line_allocation_id_parts_allocation"),
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_allocation_line_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["parts_order_line.id"], name=op.f("fk_parts_allocation_line_line_id_parts_order_line")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_allocation_line")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_allocation_line", schema=None) as batch_op:
        batch_op.create_index("ix_parts_allocation_line_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_parts_allocation_line_line_id"), ["line_id"], unique=False)
        batch_op.create_index("uq_parts_allocation_line", ["allocation_id", "line_id"], unique=True)

    op.create_table(
        "parts_claim",
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
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("replacement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parts_claim_quantity")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_parts_claim_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_claim_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["parts_order_line.id"], name=op.f("fk_parts_claim_line_id_parts_order_line")
        ),
        sa.ForeignKeyConstraint(
            ["replacement_id"], ["parts_order.id"], name=op.f("fk_parts_claim_replacement_id_parts_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_claim")),
        sa.UniqueConstraint("form_key", name=op.f("uq_parts_claim_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_parts_claim_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_claim", schema=None) as batch_op:
        batch_op.create_index("ix_parts_claim_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_parts_claim_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_parts_claim_line", ["line_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_parts_claim_replacement_id"), ["replacement_id"], unique=False)

    op.create_table(
        "parts_promise",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("slip_last", sa.Integer(), nullable=False),
        sa.Column("slip_first", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=120), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_promise_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["parts_order_line.id"], name=op.f("fk_parts_promise_line_id_parts_order_line")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_parts_promise_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_promise")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_promise", schema=None) as batch_op:
        batch_op.create_index("ix_parts_promise_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index("ix_parts_promise_part", ["part_id", "id"], unique=False)
        batch_op.create_index("uq_parts_promise", ["line_id", "position"], unique=True)

    op.create_table(
        "parts_shipment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.String(length=12), nullable=False),
        sa.Column("shipped_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("allocation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shipped_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parts_shipment_quantity")),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["parts_allocation.id"], name=op.f("fk_parts_shipment_allocation_id_parts_allocation")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_parts_shipment_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["parts_order_line.id"], name=op.f("fk_parts_shipment_line_id_parts_order_line")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_shipment")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts_shipment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parts_shipment_allocation_id"), ["allocation_id"], unique=False)
        batch_op.create_index("ix_parts_shipment_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index("ix_parts_shipment_line", ["line_id", "id"], unique=False)

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
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
