"""Parts."""

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


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("parts_shipment", schema=None) as batch_op:
        batch_op.drop_index("ix_parts_shipment_line")
        batch_op.drop_index("ix_parts_shipment_dealer")
        batch_op.drop_index(batch_op.f("ix_parts_shipment_allocation_id"))

    op.drop_table("parts_shipment")
    with op.batch_alter_table("parts_promise", schema=None) as batch_op:
        batch_op.drop_index("uq_parts_promise")
        batch_op.drop_index("ix_parts_promise_part")
        batch_op.drop_index("ix_parts_promise_dealer")

    op.drop_table("parts_promise")
    with op.batch_alter_table("parts_claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parts_claim_replacement_id"))
        batch_op.drop_index("ix_parts_claim_line")
        batch_op.drop_index("ix_parts_claim_dealer")
        batch_op.drop_index("ix_parts_claim_board")

    op.drop_table("parts_claim")
    with op.batch_alter_table("parts_allocation_line", schema=None) as batch_op:
        batch_op.drop_index("uq_parts_allocation_line")
        batch_op.drop_index(batch_op.f("ix_parts_allocation_line_line_id"))
        batch_op.drop_index("ix_parts_allocation_line_dealer")

    op.drop_table("parts_allocation_line")
    with op.batch_alter_table("parts_order_line", schema=None) as batch_op:
        batch_op.drop_index("uq_parts_order_line")
        batch_op.drop_index("ix_parts_order_line_part")
        batch_op.drop_index("ix_parts_order_line_open")
        batch_op.drop_index("ix_parts_order_line_dealer")
        batch_op.drop_index("ix_parts_order_line_day")

    op.drop_table("parts_order_line")
    with op.batch_alter_table("parts_order", schema=None) as batch_op:
        batch_op.drop_index("ix_parts_order_dealer")
        batch_op.drop_index("ix_parts_order_board")
        batch_op.drop_index(batch_op.f("ix_parts_order_batch_id"))

    op.drop_table("parts_order")
    with op.batch_alter_table("parts_stock", schema=None) as batch_op:
        batch_op.drop_index("uq_parts_stock")
        batch_op.drop_index("ix_parts_stock_risk")
        batch_op.drop_index(batch_op.f("ix_parts_stock_batch_id"))

    op.drop_table("parts_stock")
    with op.batch_alter_table("parts_allocation", schema=None) as batch_op:
        batch_op.drop_index("ix_parts_allocation_part")

    op.drop_table("parts_allocation")
    op.drop_table("parts_warehouse")
