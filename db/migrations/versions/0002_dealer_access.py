"""Dealer access."""

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
        "access_quarter",
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("quarter", name=op.f("pk_access_quarter")),
    )
    op.create_table(
        "access_request",
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
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("submitted_name", sa.String(length=120), nullable=False),
        sa.Column("open_key", sa.String(length=300), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "role NOT IN ('admin', 'manager', 'coordinator', 'sales_leader', 'finance')",
            name=op.f("ck_access_request_no_role_of_ours"),
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_access_request_assignee_id_person")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_access_request_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
        sa.UniqueConstraint("form_key", name=op.f("uq_access_request_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_access_request_number")),
        sa.UniqueConstraint("open_key", name=op.f("uq_access_request_open_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.create_index("ix_access_request_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_access_request_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_request_person_id"), ["person_id"], unique=False)

    op.create_table(
        "access_review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=120), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_access_review_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("access_review", schema=None) as batch_op:
        batch_op.create_index("ix_access_review_open", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("uq_access_review_dealer_quarter", ["dealer_id", "quarter"], unique=True)

    op.create_table(
        "access_review_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("seen_role", sa.String(length=30), nullable=False),
        sa.Column("seen_last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "seen_flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("outcome = '' OR decided_at IS NOT NULL", name=op.f("ck_access_review_line_decided")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_access_review_line_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["decider_id"], ["person.id"], name=op.f("fk_access_review_line_decider_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_review_line_person_id_person")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["access_review.id"], name=op.f("fk_access_review_line_review_id_access_review")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review_line")),
    )
    with op.batch_alter_table("access_review_line", schema=None) as batch_op:
        batch_op.create_index("ix_access_review_line_waiting", ["dealer_id", "outcome", "person_id"], unique=False)
        batch_op.create_index("uq_access_review_line_person", ["review_id", "person_id"], unique=True)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("access_review_line", schema=None) as batch_op:
        batch_op.drop_index("uq_access_review_line_person")
        batch_op.drop_index("ix_access_review_line_waiting")

    op.drop_table("access_review_line")
    with op.batch_alter_table("access_review", schema=None) as batch_op:
        batch_op.drop_index("uq_access_review_dealer_quarter")
        batch_op.drop_index("ix_access_review_open")

    op.drop_table("access_review")
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_request_person_id"))
        batch_op.drop_index("ix_access_request_dealer")
        batch_op.drop_index("ix_access_request_board")

    op.drop_table("access_request")
    op.drop_table("access_quarter")
