"""Old parts and incentives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.triggers import incentive_statements

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incentive_program",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=True),
        sa.Column("committed_cents", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "budget_cents IS NULL OR committed_cents <= budget_cents", name=op.f("ck_incentive_program_budget")
        ),
        sa.CheckConstraint("committed_cents >= 0", name=op.f("ck_incentive_program_committed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_program")),
        sa.UniqueConstraint("code", name=op.f("uq_incentive_program_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "incentive_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column(
            "body", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_version_program_id_incentive_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_version")),
        sa.UniqueConstraint("form_key", name=op.f("uq_incentive_version_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_version", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_version_days", ["state", "last_day", "effective_from"], unique=False)
        batch_op.create_index("uq_incentive_version", ["program_id", "number"], unique=True)
        batch_op.create_index(
            "uq_incentive_version_draft",
            ["program_id"],
            unique=True,
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )

    op.create_table(
        "incentive_earning",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("baseline", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "said", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("calculations", sa.Integer(), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_earning_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_earning_program_id_incentive_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_earning")),
    )
    with op.batch_alter_table("incentive_earning", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_earning_dealer", ["dealer_id", "period"], unique=False)
        batch_op.create_index("uq_incentive_earning", ["program_id", "dealer_id", "period"], unique=True)

    op.create_table(
        "sale_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("vin", sa.String(length=40), nullable=False),
        sa.Column("sale_key", sa.String(length=80), nullable=True),
        sa.Column("vehicle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("make", sa.String(length=80), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("trim", sa.String(length=80), nullable=False),
        sa.Column("condition", sa.String(length=10), nullable=False),
        sa.Column("sale_type", sa.String(length=20), nullable=False),
        sa.Column("stocked_on", sa.Date(), nullable=True),
        sa.Column("contract_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("unwound_on", sa.Date(), nullable=True),
        sa.Column("unwound_reason", sa.Text(), nullable=False),
        sa.Column("customer_ref", sa.String(length=60), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("trade_make", sa.String(length=80), nullable=False),
        sa.Column("trade_year", sa.Integer(), nullable=True),
        sa.Column("affinity", sa.String(length=20), nullable=False),
        sa.Column(
            "certificates",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("lease_ends_on", sa.Date(), nullable=True),
        sa.Column("waived_payments", sa.Integer(), nullable=True),
        sa.Column("payment_cents", sa.BigInteger(), nullable=True),
        sa.Column("external_number", sa.String(length=40), nullable=True),
        sa.Column("dealer_status", sa.String(length=20), nullable=False),
        sa.Column("dealer_region", sa.String(length=40), nullable=False),
        sa.Column("dealer_tier", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_sale_report_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sale_report_customer_id_customer")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_sale_report_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_sale_report_vehicle_id_vehicle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_report")),
        sa.UniqueConstraint("form_key", name=op.f("uq_sale_report_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_sale_report_number")),
        sa.UniqueConstraint("sale_key", name=op.f("uq_sale_report_sale_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sale_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_report_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_report_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_sale_report_days", ["delivered_on", "id"], unique=False)
        batch_op.create_index("ix_sale_report_dealer", ["dealer_id", "delivered_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_report_region"), ["region"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_report_vehicle_id"), ["vehicle_id"], unique=False)
        batch_op.create_index("ix_sale_report_vin", ["vin", "id"], unique=False)
        batch_op.create_index("uq_sale_report_external", ["dealer_id", "external_number"], unique=True)

    op.create_table(
        "incentive_claim",
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
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("claim_key", sa.String(length=60), nullable=True),
        sa.Column("claimed_cents", sa.BigInteger(), nullable=True),
        sa.Column("entitled_cents", sa.BigInteger(), nullable=False),
        sa.Column("approved_cents", sa.BigInteger(), nullable=True),
        sa.Column(
            "checked", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("signed_cents", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_kind", sa.String(length=10), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.Column("reason_note", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_incentive_claim_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_claim_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_claim_program_id_incentive_program")
        ),
        sa.ForeignKeyConstraint(["sale_id"], ["sale_report.id"], name=op.f("fk_incentive_claim_sale_id_sale_report")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["incentive_version.id"], name=op.f("fk_incentive_claim_version_id_incentive_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_claim")),
        sa.UniqueConstraint("claim_key", name=op.f("uq_incentive_claim_claim_key")),
        sa.UniqueConstraint("form_key", name=op.f("uq_incentive_claim_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_incentive_claim_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_claim", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_claim_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_incentive_claim_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_incentive_claim_program", ["program_id", "dealer_id", "period"], unique=False)
        batch_op.create_index("ix_incentive_claim_sale", ["sale_id", "program_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_claim_version_id"), ["version_id"], unique=False)

    op.create_table(
        "incentive_unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=3), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_unit_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_unit_program_id_incentive_program")
        ),
        sa.ForeignKeyConstraint(["sale_id"], ["sale_report.id"], name=op.f("fk_incentive_unit_sale_id_sale_report")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["incentive_version.id"], name=op.f("fk_incentive_unit_version_id_incentive_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_unit")),
    )
    with op.batch_alter_table("incentive_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incentive_unit_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index(
            "ix_incentive_unit_sum", ["program_id", "dealer_id", "period", "is_counted"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_incentive_unit_version_id"), ["version_id"], unique=False)
        batch_op.create_index("uq_incentive_unit", ["sale_id", "program_id"], unique=True)

    op.create_table(
        "sale_document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_sale_document_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["sale_id"], ["sale_report.id"], name=op.f("fk_sale_document_sale_id_sale_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_document")),
    )
    with op.batch_alter_table("sale_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_document_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("uq_sale_document", ["sale_id", "kind"], unique=True)

    op.create_table(
        "incentive_check",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=3), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.Column("limit_text", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["incentive_claim.id"], name=op.f("fk_incentive_check_claim_id_incentive_claim")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_check_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_check")),
    )
    with op.batch_alter_table("incentive_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incentive_check_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("ix_incentive_check_rule", ["level", "rule", "dealer_id"], unique=False)
        batch_op.create_index("uq_incentive_check", ["claim_id", "run", "rule"], unique=True)

    op.create_table(
        "incentive_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_key", sa.String(length=80), nullable=False),
        sa.Column("book", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(book = 'earned' AND kind = 'calculation') OR (book = 'approved' AND kind = 'approval' AND cents >= 0) OR (book = 'approved' AND kind IN ('charge_back', 'unwind') AND cents <= 0) OR (book = 'paid' AND kind IN ('payment', 'correction'))",
            name=op.f("ck_incentive_entry_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["incentive_claim.id"], name=op.f("fk_incentive_entry_claim_id_incentive_claim")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_entry_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["incentive_program.id"], name=op.f("fk_incentive_entry_program_id_incentive_program")
        ),
        sa.ForeignKeyConstraint(["sale_id"], ["sale_report.id"], name=op.f("fk_incentive_entry_sale_id_sale_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_entry")),
        sa.UniqueConstraint("entry_key", name=op.f("uq_incentive_entry_entry_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("incentive_entry", schema=None) as batch_op:
        batch_op.create_index("ix_incentive_entry_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index("ix_incentive_entry_dealer", ["dealer_id", "book", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_entry_region"), ["region"], unique=False)
        batch_op.create_index(batch_op.f("ix_incentive_entry_sale_id"), ["sale_id"], unique=False)
        batch_op.create_index("ix_incentive_entry_sum", ["program_id", "dealer_id", "period", "book"], unique=False)

    op.create_table(
        "incentive_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("entitled_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["incentive_claim.id"], name=op.f("fk_incentive_run_claim_id_incentive_claim")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_incentive_run_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentive_run")),
    )
    with op.batch_alter_table("incentive_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incentive_run_dealer_id"), ["dealer_id"], unique=False)
        batch_op.create_index("uq_incentive_run", ["claim_id", "run"], unique=True)

    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(
            "ix_claim_standing",
            [
                "status",
                "claim_type",
                "dealer_id",
                "region",
                "component",
                "model",
                "received_at",
                "decide_by",
                "submitted_on",
                "claimed_cents",
                "approved_cents",
            ],
            unique=False,
        )

    with op.batch_alter_table("part_return", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("credit_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("back_owed", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("warned_percent", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(batch_op.f("ix_part_return_credit_entry_id"), ["credit_entry_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_part_return_credit_entry_id_claim_entry"), "claim_entry", ["credit_entry_id"], ["id"]
        )

    with op.batch_alter_table("part_return_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.Text(), server_default="", nullable=False))

    with op.batch_alter_table("parts_order_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parts_order_line_day"))
        batch_op.create_index(
            "ix_parts_order_line_day",
            ["ordered_on", "dealer_id", "region", "rank", "part_id", "ordered", "network_units", "facing_units"],
            unique=False,
        )

    with op.batch_alter_table("parts_promise", schema=None) as batch_op:
        batch_op.create_index(
            "ix_parts_promise_said", ["said_at", "cause", "slip_last", "dealer_id", "region", "line_id"], unique=False
        )
    for statement in incentive_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
