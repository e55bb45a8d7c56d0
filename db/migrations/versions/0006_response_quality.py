"""Response quality."""

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


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("coaching_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_coaching_note_review_id"))
        batch_op.drop_index("ix_coaching_note_person")
        batch_op.drop_index(batch_op.f("ix_coaching_note_lead_id"))
        batch_op.drop_index("ix_coaching_note_dealer")
        batch_op.drop_index("ix_coaching_note_board")

    op.drop_table("coaching_note")
    with op.batch_alter_table("quality_review", schema=None) as batch_op:
        batch_op.drop_index("uq_quality_review_round")
        batch_op.drop_index("uq_quality_review_reviewer")
        batch_op.drop_index(batch_op.f("ix_quality_review_sample_id"))
        batch_op.drop_index("ix_quality_review_person")
        batch_op.drop_index("ix_quality_review_done")
        batch_op.drop_index("ix_quality_review_dealer")
        batch_op.drop_index("ix_quality_review_board")

    op.drop_table("quality_review")
    with op.batch_alter_table("quality_sample", schema=None) as batch_op:
        batch_op.drop_index("ix_quality_sample_dealer")

    op.drop_table("quality_sample")
    with op.batch_alter_table("quality_form", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_quality_form_live",
            sqlite_where=sa.text("status <> 'retired'"),
            postgresql_where=sa.text("status <> 'retired'"),
        )

    op.drop_table("quality_form")
