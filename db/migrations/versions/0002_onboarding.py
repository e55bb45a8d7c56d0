"""Onboarding."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "checklist_template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.String(length=60), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_template")),
        sa.UniqueConstraint("slot", name=op.f("uq_checklist_template_slot")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("checklist_template", schema=None) as batch_op:
        batch_op.create_index("uq_checklist_template_purpose_number", ["purpose", "number"], unique=True)

    op.create_table(
        "checklist_template_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("section", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("owner", sa.String(length=20), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("duration_days", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column(
            "depends_on", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("evidence", sa.String(length=20), nullable=False),
        sa.Column("is_gate", sa.Boolean(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_checklist_template_item_weight")),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["checklist_template.id"],
            name=op.f("fk_checklist_template_item_template_id_checklist_template"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_template_item")),
    )
    with op.batch_alter_table("checklist_template_item", schema=None) as batch_op:
        batch_op.create_index("uq_checklist_template_item_template_id_code", ["template_id", "code"], unique=True)

    op.create_table(
        "checklist",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_checklist_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["checklist_template.id"], name=op.f("fk_checklist_template_id_checklist_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist")),
    )
    with op.batch_alter_table("checklist", schema=None) as batch_op:
        batch_op.create_index("ix_checklist_dealer", ["dealer_id", "id"], unique=False)
        batch_op.create_index("ix_checklist_outcome", ["purpose", "outcome", "closed_at"], unique=False)
        batch_op.create_index("ix_checklist_subject", ["subject_type", "subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checklist_template_id"), ["template_id"], unique=False)

    op.create_table(
        "checklist_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checklist_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("section", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("owner", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("duration_days", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column(
            "depends_on", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("evidence", sa.String(length=20), nullable=False),
        sa.Column("is_gate", sa.Boolean(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("ready_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=False),
        sa.Column("done_by_name", sa.String(length=120), nullable=False),
        sa.Column("took_days", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_note", sa.Text(), nullable=False),
        sa.Column("evidence_on", sa.Date(), nullable=True),
        sa.Column("evidence_number", sa.String(length=40), nullable=False),
        sa.Column("evidence_document_id", sa.BigInteger(), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("status <> 'done' OR done_on IS NOT NULL", name=op.f("ck_checklist_item_done")),
        sa.CheckConstraint("status NOT IN ('waived', 'failed') OR reason <> ''", name=op.f("ck_checklist_item_reason")),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_checklist_item_checklist_id_checklist")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_checklist_item_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_item")),
    )
    with op.batch_alter_table("checklist_item", schema=None) as batch_op:
        batch_op.create_index("ix_checklist_item_dealer", ["dealer_id", "is_open", "due_on", "id"], unique=False)
        batch_op.create_index("ix_checklist_item_due", ["is_open", "due_on", "id"], unique=False)
        batch_op.create_index("ix_checklist_item_reminder", ["is_open", "reminded_on", "due_on"], unique=False)
        batch_op.create_index("uq_checklist_item_checklist_id_code", ["checklist_id", "code"], unique=True)

    op.create_table(
        "onboarding",
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
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("former_status", sa.String(length=20), nullable=False),
        sa.Column("open_for", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("checklist_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_reason", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("readiness", sa.Integer(), nullable=False),
        sa.Column("open_items", sa.Integer(), nullable=False),
        sa.Column("overdue_items", sa.Integer(), nullable=False),
        sa.Column("dealer_items", sa.Integer(), nullable=False),
        sa.Column("gates_open", sa.Integer(), nullable=False),
        sa.Column("gates_failed", sa.Integer(), nullable=False),
        sa.Column("next_gate", sa.String(length=120), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("waits_on", sa.String(length=200), nullable=False),
        sa.Column("waits_owner", sa.String(length=20), nullable=False),
        sa.Column("critical_on", sa.Date(), nullable=True),
        sa.Column("forecast_p50_on", sa.Date(), nullable=True),
        sa.Column("forecast_p80_on", sa.Date(), nullable=True),
        sa.Column("risk", sa.String(length=10), nullable=False),
        sa.Column("summary_on", sa.Date(), nullable=True),
        sa.CheckConstraint("readiness BETWEEN 0 AND 100", name=op.f("ck_onboarding_readiness")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_onboarding_assignee_id_person")),
        sa.ForeignKeyConstraint(["checklist_id"], ["checklist.id"], name=op.f("fk_onboarding_checklist_id_checklist")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_onboarding_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["open_for"], ["dealer.id"], name=op.f("fk_onboarding_open_for_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding")),
        sa.UniqueConstraint("checklist_id", name=op.f("uq_onboarding_checklist_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_onboarding_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_onboarding_number")),
        sa.UniqueConstraint("open_for", name=op.f("uq_onboarding_open_for")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onboarding", schema=None) as batch_op:
        batch_op.create_index("ix_onboarding_activated", ["status", "activated_at"], unique=False)
        batch_op.create_index("ix_onboarding_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_onboarding_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_onboarding_stage", ["is_open", "status", "due_at", "id"], unique=False)

    op.create_table(
        "onboarding_stage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("onboarding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_to", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_onboarding_stage_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["onboarding_id"], ["onboarding.id"], name=op.f("fk_onboarding_stage_onboarding_id_onboarding")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_stage")),
    )
    with op.batch_alter_table("onboarding_stage", schema=None) as batch_op:
        batch_op.create_index("ix_onboarding_stage_case", ["onboarding_id", "id"], unique=False)
        batch_op.create_index("ix_onboarding_stage_dealer", ["dealer_id", "stage"], unique=False)
        batch_op.create_index("ix_onboarding_stage_left", ["left_at", "stage"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("onboarding_stage", schema=None) as batch_op:
        batch_op.drop_index("ix_onboarding_stage_left")
        batch_op.drop_index("ix_onboarding_stage_dealer")
        batch_op.drop_index("ix_onboarding_stage_case")

    op.drop_table("onboarding_stage")
    with op.batch_alter_table("onboarding", schema=None) as batch_op:
        batch_op.drop_index("ix_onboarding_stage")
        batch_op.drop_index("ix_onboarding_dealer")
        batch_op.drop_index("ix_onboarding_board")
        batch_op.drop_index("ix_onboarding_activated")

    op.drop_table("onboarding")
    with op.batch_alter_table("checklist_item", schema=None) as batch_op:
        batch_op.drop_index("uq_checklist_item_checklist_id_code")
        batch_op.drop_index("ix_checklist_item_reminder")
        batch_op.drop_index("ix_checklist_item_due")
        batch_op.drop_index("ix_checklist_item_dealer")

    op.drop_table("checklist_item")
    with op.batch_alter_table("checklist", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checklist_template_id"))
        batch_op.drop_index("ix_checklist_subject")
        batch_op.drop_index("ix_checklist_outcome")
        batch_op.drop_index("ix_checklist_dealer")

    op.drop_table("checklist")
    with op.batch_alter_table("checklist_template_item", schema=None) as batch_op:
        batch_op.drop_index("uq_checklist_template_item_template_id_code")

    op.drop_table("checklist_template_item")
    with op.batch_alter_table("checklist_template", schema=None) as batch_op:
        batch_op.drop_index("uq_checklist_template_purpose_number")

    op.drop_table("checklist_template")
