"""Surveys."""

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


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.drop_index("uq_survey_answer")
        batch_op.drop_index("ix_survey_answer_dealer")

    op.drop_table("survey_answer")
    with op.batch_alter_table("survey_alert", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_alert_dealer")
        batch_op.drop_index("ix_survey_alert_created")
        batch_op.drop_index("ix_survey_alert_board")
        batch_op.drop_index("ix_survey_alert_assignee")

    op.drop_table("survey_alert")
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_sent")
        batch_op.drop_index(batch_op.f("ix_survey_questionnaire_id"))
        batch_op.drop_index("ix_survey_list")
        batch_op.drop_index("ix_survey_flagged")
        batch_op.drop_index("ix_survey_figures")
        batch_op.drop_index("ix_survey_dealer")
        batch_op.drop_index("ix_survey_customer")
        batch_op.drop_index(batch_op.f("ix_survey_batch_id"))

    op.drop_table("survey")
    with op.batch_alter_table("questionnaire", schema=None) as batch_op:
        batch_op.drop_index("uq_questionnaire_version")
        batch_op.drop_index("ix_questionnaire_day")

    op.drop_table("questionnaire")
