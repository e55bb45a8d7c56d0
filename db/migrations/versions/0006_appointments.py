"""Appointments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "appointment_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("far_days", sa.Integer(), nullable=False),
        sa.Column(
            "lengths", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "bays", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_appointment_policy_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_policy")),
        sa.UniqueConstraint("name", name=op.f("uq_appointment_policy_name")),
    )
    with op.batch_alter_table("appointment_policy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_policy_dealer_id"), ["dealer_id"], unique=False)

    op.create_table(
        "appointment",
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
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("uid", sa.String(length=60), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bay", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("outside_hours", sa.Boolean(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=120), nullable=False),
        sa.Column("confirmed_touch", sa.String(length=20), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rescheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recovery_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("starts_at <= ends_at", name=op.f("ck_appointment_appointment_takes_time")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_appointment_assignee_id_person")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_appointment_customer_id_customer")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_appointment_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_appointment_lead_id_lead")),
        sa.ForeignKeyConstraint(["merged_from_id"], ["lead.id"], name=op.f("fk_appointment_merged_from_id_lead")),
        sa.ForeignKeyConstraint(["parent_id"], ["appointment.id"], name=op.f("fk_appointment_parent_id_appointment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("form_key", name=op.f("uq_appointment_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_appointment_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index("ix_appointment_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_appointment_customer", ["customer_id", "starts_at"], unique=False)
        batch_op.create_index("ix_appointment_dealer", ["dealer_id", "starts_at", "id"], unique=False)
        batch_op.create_index("ix_appointment_host", ["assignee_id", "starts_at"], unique=False)
        batch_op.create_index("ix_appointment_lead", ["lead_id", "starts_at"], unique=False)
        batch_op.create_index("ix_appointment_missed", ["status", "recovery_ended_at", "missed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_appointment_starts", ["starts_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_uid"), ["uid"], unique=False)

    op.create_table(
        "appointment_touch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("appointment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_touch_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_appointment_touch_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_touch")),
    )
    with op.batch_alter_table("appointment_touch", schema=None) as batch_op:
        batch_op.create_index("ix_appointment_touch_dealer", ["dealer_id", "is_open", "due_at"], unique=False)
        batch_op.create_index("ix_appointment_touch_due", ["is_open", "channel", "due_at", "id"], unique=False)
        batch_op.create_index("uq_appointment_touch", ["appointment_id", "kind"], unique=True)

    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("calendar", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.drop_column("calendar")

    with op.batch_alter_table("appointment_touch", schema=None) as batch_op:
        batch_op.drop_index("uq_appointment_touch")
        batch_op.drop_index("ix_appointment_touch_due")
        batch_op.drop_index("ix_appointment_touch_dealer")

    op.drop_table("appointment_touch")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appointment_uid"))
        batch_op.drop_index("ix_appointment_starts")
        batch_op.drop_index(batch_op.f("ix_appointment_parent_id"))
        batch_op.drop_index("ix_appointment_missed")
        batch_op.drop_index("ix_appointment_lead")
        batch_op.drop_index("ix_appointment_host")
        batch_op.drop_index("ix_appointment_dealer")
        batch_op.drop_index("ix_appointment_customer")
        batch_op.drop_index("ix_appointment_board")

    op.drop_table("appointment")
    with op.batch_alter_table("appointment_policy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appointment_policy_dealer_id"))

    op.drop_table("appointment_policy")
