"""Claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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
        batch_op.create_index(batch_op.f("ix_claim_original_id"), ["original_id"], unique=False)
        batch_op.create_index("ix_claim_ro", ["dealer_id", "ro_number"], unique=False)
        batch_op.create_index("ix_claim_status", ["status", "due_at", "id"], unique=False)
        batch_op.create_index("ix_claim_submitted", ["submitted_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_vehicle_id"), ["vehicle_id"], unique=False)
        batch_op.create_index("ix_claim_vin", ["vin", "id"], unique=False)
        batch_op.create_index("uq_claim_external", ["dealer_id", "external_number"], unique=True)

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


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("claim_run", schema=None) as batch_op:
        batch_op.drop_index("uq_claim_run")
        batch_op.drop_index("ix_claim_run_made")
        batch_op.drop_index(batch_op.f("ix_claim_run_dealer_id"))

    op.drop_table("claim_run")
    with op.batch_alter_table("claim_job", schema=None) as batch_op:
        batch_op.drop_index("uq_claim_job_ro")
        batch_op.drop_index("uq_claim_job_position")
        batch_op.drop_index("ix_claim_job_operation")
        batch_op.drop_index("ix_claim_job_component")

    op.drop_table("claim_job")
    with op.batch_alter_table("claim_hold", schema=None) as batch_op:
        batch_op.drop_index("uq_claim_hold_since")
        batch_op.drop_index("ix_claim_hold_dealer")
        batch_op.drop_index("ix_claim_hold_claim")

    op.drop_table("claim_hold")
    with op.batch_alter_table("claim_finding", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_finding_rule")
        batch_op.drop_index("ix_claim_finding_dealer")
        batch_op.drop_index("ix_claim_finding_claim")

    op.drop_table("claim_finding")
    with op.batch_alter_table("claim_decision", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_decision_dealer")
        batch_op.drop_index("ix_claim_decision_claim")
        batch_op.drop_index("ix_claim_decision_at")

    op.drop_table("claim_decision")
    with op.batch_alter_table("claim_charge", schema=None) as batch_op:
        batch_op.drop_index("uq_claim_charge_position")
        batch_op.drop_index(batch_op.f("ix_claim_charge_dealer_id"))
        batch_op.drop_index("ix_claim_charge_code")

    op.drop_table("claim_charge")
    with op.batch_alter_table("claim_attachment", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_attachment_sha256")
        batch_op.drop_index("ix_claim_attachment_picture")
        batch_op.drop_index("ix_claim_attachment_invoice")
        batch_op.drop_index("ix_claim_attachment_claim")

    op.drop_table("claim_attachment")
    with op.batch_alter_table("technician_skill", schema=None) as batch_op:
        batch_op.drop_index("uq_technician_skill")
        batch_op.drop_index(batch_op.f("ix_technician_skill_batch_id"))

    op.drop_table("technician_skill")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("uq_claim_external")
        batch_op.drop_index("ix_claim_vin")
        batch_op.drop_index(batch_op.f("ix_claim_vehicle_id"))
        batch_op.drop_index("ix_claim_submitted")
        batch_op.drop_index("ix_claim_status")
        batch_op.drop_index("ix_claim_ro")
        batch_op.drop_index(batch_op.f("ix_claim_original_id"))
        batch_op.drop_index("ix_claim_family")
        batch_op.drop_index("ix_claim_decided")
        batch_op.drop_index("ix_claim_dealer_submitted")
        batch_op.drop_index("ix_claim_dealer")
        batch_op.drop_index(batch_op.f("ix_claim_customer_id"))
        batch_op.drop_index("ix_claim_board")
        batch_op.drop_index(batch_op.f("ix_claim_batch_id"))

    op.drop_table("claim")
    with op.batch_alter_table("technician", schema=None) as batch_op:
        batch_op.drop_index("uq_technician_code")
        batch_op.drop_index(batch_op.f("ix_technician_region"))
        batch_op.drop_index(batch_op.f("ix_technician_batch_id"))

    op.drop_table("technician")
    with op.batch_alter_table("vehicle_coverage", schema=None) as batch_op:
        batch_op.drop_index("uq_vehicle_coverage")
        batch_op.drop_index(batch_op.f("ix_vehicle_coverage_batch_id"))

    op.drop_table("vehicle_coverage")
    with op.batch_alter_table("vehicle_block", schema=None) as batch_op:
        batch_op.drop_index("ix_vehicle_block_vehicle")

    op.drop_table("vehicle_block")
    with op.batch_alter_table("part_price", schema=None) as batch_op:
        batch_op.drop_index("uq_part_price")
        batch_op.drop_index(batch_op.f("ix_part_price_batch_id"))

    op.drop_table("part_price")
    with op.batch_alter_table("campaign_vehicle", schema=None) as batch_op:
        batch_op.drop_index("uq_campaign_vehicle")
        batch_op.drop_index("ix_campaign_vehicle_vin")
        batch_op.drop_index(batch_op.f("ix_campaign_vehicle_batch_id"))

    op.drop_table("campaign_vehicle")
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_part_batch_id"))

    op.drop_table("part")
    with op.batch_alter_table("labour_operation", schema=None) as batch_op:
        batch_op.drop_index("uq_labour_operation_code")
        batch_op.drop_index(batch_op.f("ix_labour_operation_batch_id"))

    op.drop_table("labour_operation")
    with op.batch_alter_table("coverage_plan", schema=None) as batch_op:
        batch_op.drop_index("uq_coverage_plan_code")
        batch_op.drop_index(batch_op.f("ix_coverage_plan_batch_id"))

    op.drop_table("coverage_plan")
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_batch_id"))

    op.drop_table("component")
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_batch_id"))

    op.drop_table("campaign")
    with op.batch_alter_table("claim_policy", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_policy_day")

    op.drop_table("claim_policy")
