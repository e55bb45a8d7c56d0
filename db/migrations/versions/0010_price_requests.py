"""Price requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "price_budget",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=False),
        sa.Column("committed_cents", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("committed_cents >= 0", name=op.f("ck_price_budget_committed_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_budget")),
        sa.UniqueConstraint("region", "quarter", name=op.f("uq_price_budget_region_quarter")),
    )
    op.create_table(
        "price_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "limits", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_policy")),
        sa.UniqueConstraint("number", name=op.f("uq_price_policy_number")),
    )
    op.create_table(
        "price_away",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("until_at >= starts_at", name=op.f("ck_price_away_not_reversed")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_price_away_person_id_person")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["person.id"], name=op.f("fk_price_away_stand_in_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_away")),
        sa.UniqueConstraint("form_key", name=op.f("uq_price_away_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("price_away", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_away_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_price_away_stand_in_id"), ["stand_in_id"], unique=False)
        batch_op.create_index("ix_price_away_until", ["until_at", "id"], unique=False)

    op.create_table(
        "price_request",
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
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("subject_key", sa.String(length=120), nullable=False),
        sa.Column("list_cents", sa.BigInteger(), nullable=False),
        sa.Column("cost_cents", sa.BigInteger(), nullable=False),
        sa.Column("discount_cents", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("repeats", sa.String(length=10), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("legal_text", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_name", sa.String(length=120), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column(
            "bounds", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("level_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("half_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_percent", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_cents", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("budget_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_price_request_assignee_id_person")),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["price_budget.id"], name=op.f("fk_price_request_budget_id_price_budget")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_price_request_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_request")),
        sa.UniqueConstraint("form_key", name=op.f("uq_price_request_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_price_request_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("price_request", schema=None) as batch_op:
        batch_op.create_index("ix_price_request_board", ["status", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_price_request_budget_id"), ["budget_id"], unique=False)
        batch_op.create_index("ix_price_request_closed", ["is_open", "updated_at", "id"], unique=False)
        batch_op.create_index("ix_price_request_dealer", ["dealer_id", "status", "due_at", "id"], unique=False)
        batch_op.create_index("ix_price_request_earlier", ["dealer_id", "approved_at"], unique=False)
        batch_op.create_index("ix_price_request_half", ["status", "warned_percent", "half_at"], unique=False)
        batch_op.create_index("ix_price_request_subject", ["subject_key", "approved_at"], unique=False)
        batch_op.create_index("ix_price_request_valid", ["status", "expires_at", "id"], unique=False)

    op.create_table(
        "price_signature",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("permission", sa.String(length=40), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("for_username", sa.String(length=80), nullable=False),
        sa.Column("for_name", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_price_signature_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["price_request.id"], name=op.f("fk_price_signature_request_id_price_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_signature")),
        sa.UniqueConstraint(
            "request_id",
            "terms_version",
            "level",
            "permission",
            name=op.f("uq_price_signature_request_id_terms_version_level_permission"),
        ),
        sa.UniqueConstraint(
            "request_id",
            "terms_version",
            "level",
            "username",
            name=op.f("uq_price_signature_request_id_terms_version_level_username"),
        ),
    )
    with op.batch_alter_table("price_signature", schema=None) as batch_op:
        batch_op.create_index("ix_price_signature_dealer", ["dealer_id", "id"], unique=False)

    op.create_table(
        "price_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column(
            "terms", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "bounds", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_price_version_dealer_id_dealer")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["price_request.id"], name=op.f("fk_price_version_request_id_price_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_version")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_price_version_request_id_number")),
    )
    with op.batch_alter_table("price_version", schema=None) as batch_op:
        batch_op.create_index("ix_price_version_dealer", ["dealer_id", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("price_version", schema=None) as batch_op:
        batch_op.drop_index("ix_price_version_dealer")

    op.drop_table("price_version")
    with op.batch_alter_table("price_signature", schema=None) as batch_op:
        batch_op.drop_index("ix_price_signature_dealer")

    op.drop_table("price_signature")
    with op.batch_alter_table("price_request", schema=None) as batch_op:
        batch_op.drop_index("ix_price_request_valid")
        batch_op.drop_index("ix_price_request_subject")
        batch_op.drop_index("ix_price_request_half")
        batch_op.drop_index("ix_price_request_earlier")
        batch_op.drop_index("ix_price_request_dealer")
        batch_op.drop_index("ix_price_request_closed")
        batch_op.drop_index(batch_op.f("ix_price_request_budget_id"))
        batch_op.drop_index("ix_price_request_board")

    op.drop_table("price_request")
    with op.batch_alter_table("price_away", schema=None) as batch_op:
        batch_op.drop_index("ix_price_away_until")
        batch_op.drop_index(batch_op.f("ix_price_away_stand_in_id"))
        batch_op.drop_index(batch_op.f("ix_price_away_person_id"))

    op.drop_table("price_away")
    op.drop_table("price_policy")
    op.drop_table("price_budget")
