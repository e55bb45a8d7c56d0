"""Follow-up of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.leads import decided_backfill

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "cadence_plan_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column(
            "steps", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cadence_plan_version")),
        sa.UniqueConstraint("form_key", name=op.f("uq_cadence_plan_version_form_key")),
    )
    with op.batch_alter_table("cadence_plan_version", schema=None) as batch_op:
        batch_op.create_index(
            "uq_cadence_plan_active",
            ["plan"],
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )
        batch_op.create_index("uq_cadence_plan_version", ["plan", "version"], unique=True)

    op.create_table(
        "quality_form",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column(
            "items", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_form")),
        sa.UniqueConstraint("number", name=op.f("uq_quality_form_number")),
    )
    with op.batch_alter_table("quality_form", schema=None) as batch_op:
        batch_op.create_index(
            "uq_quality_form_live",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status <> 'retired'"),
            postgresql_where=sa.text("status <> 'retired'"),
        )

    op.create_table(
        "questionnaire",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column(
            "questions", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("alert_below", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire")),
        sa.UniqueConstraint("form_key", name=op.f("uq_questionnaire_form_key")),
    )
    with op.batch_alter_table("questionnaire", schema=None) as batch_op:
        batch_op.create_index("ix_questionnaire_day", ["kind", "from_day"], unique=False)
        batch_op.create_index("uq_questionnaire_version", ["kind", "number"], unique=True)

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
        "cadence_absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_cadence_absence_days")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_cadence_absence_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cadence_absence_person_id_person")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["person.id"], name=op.f("fk_cadence_absence_stand_in_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cadence_absence")),
        sa.UniqueConstraint("form_key", name=op.f("uq_cadence_absence_form_key")),
    )
    with op.batch_alter_table("cadence_absence", schema=None) as batch_op:
        batch_op.create_index("ix_cadence_absence_dealer", ["dealer_id", "last_day"], unique=False)
        batch_op.create_index("ix_cadence_absence_person", ["person_id", "last_day"], unique=False)

    op.create_table(
        "marketing_spend",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("place_key", sa.String(length=160), nullable=True),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(is_current AND place_key IS NOT NULL) OR (NOT is_current AND place_key IS NULL)",
            name=op.f("ck_marketing_spend_key"),
        ),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_marketing_spend_cents")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_marketing_spend_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_marketing_spend_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["marketing_spend.id"], name=op.f("fk_marketing_spend_replaces_id_marketing_spend")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketing_spend")),
        sa.UniqueConstraint("form_key", name=op.f("uq_marketing_spend_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_marketing_spend_number")),
        sa.UniqueConstraint("place_key", name=op.f("uq_marketing_spend_place_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_marketing_spend_replaces_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("marketing_spend", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marketing_spend_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_marketing_spend_dealer", ["dealer_id", "is_current", "month"], unique=False)
        batch_op.create_index("ix_marketing_spend_month", ["is_current", "month", "source"], unique=False)

    op.create_table(
        "message_template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_message_template_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint("form_key", name=op.f("uq_message_template_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("message_template", schema=None) as batch_op:
        batch_op.create_index("ix_message_template_list", ["dealer_id", "is_active", "channel"], unique=False)

    op.create_table(
        "quality_sample",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("per_person", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("focus", sa.String(length=10), nullable=False),
        sa.Column(
            "strata", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_quality_sample_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_sample")),
        sa.UniqueConstraint("form_key", name=op.f("uq_quality_sample_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_quality_sample_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("quality_sample", schema=None) as batch_op:
        batch_op.create_index("ix_quality_sample_dealer", ["dealer_id", "id"], unique=False)

    op.create_table(
        "interaction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_username", sa.String(length=80), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_interaction_customer_id_customer")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_interaction_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("form_key", name=op.f("uq_interaction_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.create_index("ix_interaction_customer", ["customer_id", "at"], unique=False)
        batch_op.create_index("ix_interaction_dealer", ["dealer_id", "at"], unique=False)

    op.create_table(
        "message_template_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["message_template.id"],
            name=op.f("fk_message_template_version_template_id_message_template"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template_version")),
    )
    with op.batch_alter_table("message_template_version", schema=None) as batch_op:
        batch_op.create_index("uq_message_template_version", ["template_id", "version"], unique=True)

    op.create_table(
        "survey",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("survey_key", sa.String(length=80), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column("questionnaire_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("is_returned", sa.Boolean(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("vin", sa.String(length=30), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column(
            "questions", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "raw_answers", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("index_hundredths", sa.Integer(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("tops", sa.Integer(), nullable=False),
        sa.Column("nps", sa.SmallInteger(), nullable=True),
        sa.Column(
            "bottom", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("is_bottom", sa.Boolean(), nullable=False),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("is_flagged", sa.Boolean(), nullable=False),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_by", sa.String(length=120), nullable=False),
        sa.Column("exclude_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("answered_on >= sent_on", name=op.f("ck_survey_days_in_order")),
        sa.CheckConstraint("index_hundredths BETWEEN 0 AND 10000", name=op.f("ck_survey_index_range")),
        sa.CheckConstraint("nps BETWEEN -1 AND 1", name=op.f("ck_survey_nps_class")),
        sa.CheckConstraint("tops BETWEEN 0 AND answers", name=op.f("ck_survey_tops_of_answers")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_survey_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_survey_customer_id_customer")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_survey_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_survey_questionnaire_id_questionnaire")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("form_key", name=op.f("uq_survey_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_survey_number")),
        sa.UniqueConstraint("survey_key", name=op.f("uq_survey_survey_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_survey_customer", ["customer_id", "id"], unique=False)
        batch_op.create_index("ix_survey_dealer", ["dealer_id", "kind", "answered_on", "id"], unique=False)
        batch_op.create_index(
            "ix_survey_figures",
            ["kind", "answered_on", "dealer_id", "region", "is_counted", "index_hundredths", "answers", "tops", "nps"],
            unique=False,
        )
        batch_op.create_index("ix_survey_flagged", ["kind", "is_flagged", "answered_on", "id"], unique=False)
        batch_op.create_index("ix_survey_list", ["kind", "is_returned", "answered_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_questionnaire_id"), ["questionnaire_id"], unique=False)
        batch_op.create_index("ix_survey_sent", ["kind", "sent_on", "dealer_id", "region", "is_returned"], unique=False)

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
        "cadence_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("assignee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("next_day", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("contact_day", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_cadence_run_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_cadence_run_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_cadence_run_lead_id_lead"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["cadence_plan_version.id"],
            name=op.f("fk_cadence_run_plan_version_id_cadence_plan_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cadence_run")),
    )
    with op.batch_alter_table("cadence_run", schema=None) as batch_op:
        batch_op.create_index("ix_cadence_run_dealer", ["dealer_id", "ended_at"], unique=False)
        batch_op.create_index("ix_cadence_run_lead", ["lead_id", "id"], unique=False)
        batch_op.create_index("ix_cadence_run_next", ["is_open", "next_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cadence_run_plan_version_id"), ["plan_version_id"], unique=False)
        batch_op.create_index(
            "uq_cadence_run_open",
            ["lead_id"],
            unique=True,
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        )

    op.create_table(
        "survey_alert",
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
        sa.Column("survey_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("contact_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_note", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("root_cause", sa.String(length=30), nullable=False),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_survey_alert_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_survey_alert_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_alert_survey_id_survey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_alert")),
        sa.UniqueConstraint("number", name=op.f("uq_survey_alert_number")),
        sa.UniqueConstraint("survey_id", name=op.f("uq_survey_alert_survey_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("survey_alert", schema=None) as batch_op:
        batch_op.create_index("ix_survey_alert_assignee", ["assignee_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_survey_alert_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_survey_alert_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_survey_alert_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)

    op.create_table(
        "survey_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("survey_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("question", sa.String(length=3), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("best", sa.Integer(), nullable=False),
        sa.Column("is_top", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_survey_answer_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_answer_survey_id_survey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
    )
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.create_index("ix_survey_answer_dealer", ["dealer_id", "question"], unique=False)
        batch_op.create_index("uq_survey_answer", ["survey_id", "question"], unique=True)

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

    op.create_table(
        "cadence_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("assignee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("done_by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'done') = (activity_id IS NOT NULL)", name=op.f("ck_cadence_task_done_by_contact")
        ),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f("ck_cadence_task_done_at")),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["lead_activity.id"],
            name=op.f("fk_cadence_task_activity_id_lead_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_cadence_task_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_cadence_task_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name=op.f("fk_cadence_task_lead_id_lead"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["cadence_run.id"], name=op.f("fk_cadence_task_run_id_cadence_run"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["stand_in_id"], ["person.id"], name=op.f("fk_cadence_task_stand_in_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cadence_task")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_cadence_task_activity_id")),
    )
    with op.batch_alter_table("cadence_task", schema=None) as batch_op:
        batch_op.create_index(
            "ix_cadence_task_assignee", ["assignee_id", "is_open", "rank", "due_at", "id"], unique=False
        )
        batch_op.create_index("ix_cadence_task_board", ["is_open", "rank", "due_at", "id"], unique=False)
        batch_op.create_index("ix_cadence_task_day", ["due_on", "dealer_id"], unique=False)
        batch_op.create_index("ix_cadence_task_dealer", ["dealer_id", "is_open", "rank", "due_at", "id"], unique=False)
        batch_op.create_index("ix_cadence_task_dealer_day", ["dealer_id", "due_on"], unique=False)
        batch_op.create_index("ix_cadence_task_lead", ["lead_id", "is_open", "rank", "due_at", "id"], unique=False)
        batch_op.create_index("ix_cadence_task_run", ["run_id", "day", "position"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("activity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("interaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("mail_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_username", sa.String(length=80), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["lead_activity.id"], name=op.f("fk_message_activity_id_lead_activity")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_message_customer_id_customer")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_message_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_message_interaction_id_interaction")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_message_lead_id_lead")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["message_template.id"], name=op.f("fk_message_template_id_message_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("form_key", name=op.f("uq_message_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_activity_id"), ["activity_id"], unique=False)
        batch_op.create_index("ix_message_customer", ["customer_id", "at"], unique=False)
        batch_op.create_index("ix_message_dealer", ["dealer_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_interaction_id"), ["interaction_id"], unique=False)
        batch_op.create_index("ix_message_lead", ["lead_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_mail_id"), ["mail_id"], unique=False)
        batch_op.create_index("ix_message_template", ["template_id"], unique=False)

    op.create_table(
        "quality_review",
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
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sample_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_random", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_username", sa.String(length=80), nullable=False),
        sa.Column("person_name", sa.String(length=120), nullable=False),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "answers", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "comments", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("raw_score", sa.Integer(), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reviewer_name", sa.String(length=120), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skip_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "score IS NULL OR (score >= 0 AND score <= 100)", name=op.f("ck_quality_review_quality_review_score")
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["lead_activity.id"], name=op.f("fk_quality_review_activity_id_lead_activity")
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_quality_review_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_quality_review_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["form_id"], ["quality_form.id"], name=op.f("fk_quality_review_form_id_quality_form")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_quality_review_lead_id_lead")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quality_review_person_id_person")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_quality_review_reviewer_id_person")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["quality_sample.id"], name=op.f("fk_quality_review_sample_id_quality_sample")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_review")),
        sa.UniqueConstraint("number", name=op.f("uq_quality_review_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("quality_review", schema=None) as batch_op:
        batch_op.create_index("ix_quality_review_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_quality_review_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_quality_review_done", ["dealer_id", "counts", "responded_at"], unique=False)
        batch_op.create_index("ix_quality_review_person", ["person_id", "counts", "responded_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_quality_review_sample_id"), ["sample_id"], unique=False)
        batch_op.create_index("uq_quality_review_reviewer", ["lead_id", "reviewer_id"], unique=True)
        batch_op.create_index("uq_quality_review_round", ["lead_id", "round"], unique=True)

    op.create_table(
        "coaching_note",
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
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=False),
        sa.Column("follow_up_day", sa.Date(), nullable=False),
        sa.Column("metric", sa.String(length=20), nullable=False),
        sa.Column("then_value", sa.Integer(), nullable=True),
        sa.Column("then_n", sa.Integer(), nullable=False),
        sa.Column("now_value", sa.Integer(), nullable=True),
        sa.Column("now_n", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("result_note", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_coaching_note_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_coaching_note_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_coaching_note_lead_id_lead")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_coaching_note_person_id_person")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["quality_review.id"], name=op.f("fk_coaching_note_review_id_quality_review")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching_note")),
        sa.UniqueConstraint("form_key", name=op.f("uq_coaching_note_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_coaching_note_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coaching_note", schema=None) as batch_op:
        batch_op.create_index("ix_coaching_note_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_coaching_note_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coaching_note_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index("ix_coaching_note_person", ["person_id", "is_open", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coaching_note_review_id"), ["review_id"], unique=False)

    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decided_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("agent", sa.String(length=80), server_default="", nullable=False))
        batch_op.create_index("ix_lead_assignee_month", ["assignee_id", "received_month"], unique=False)
        batch_op.create_index(
            "ix_lead_decided",
            [
                "decided_on",
                "status",
                "sold_at",
                "received_at",
                "region",
                "dealer_id",
                "source",
                "product",
                "assignee_id",
                "agent",
                "value_cents",
            ],
            unique=False,
            sqlite_where=sa.text("decided_on IS NOT NULL"),
            postgresql_where=sa.text("decided_on IS NOT NULL"),
        )

    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("calendar", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reply_to", sa.String(length=254), server_default="", nullable=False))
        batch_op.add_column(sa.Column("from_name", sa.String(length=160), server_default="", nullable=False))
    decided_backfill.fill(op.get_bind(), desk_zone="America/New_York")


def downgrade() -> None:
    """Take back: the way back is the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
