"""Terms and days of territory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "term_change",
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
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("number_value", sa.BigInteger(), nullable=True),
        sa.Column("word", sa.String(length=40), nullable=True),
        sa.Column("base_number", sa.BigInteger(), nullable=True),
        sa.Column("base_word", sa.String(length=40), nullable=True),
        sa.Column("changes_past", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_name", sa.String(length=120), nullable=False),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_key", sa.String(length=100), nullable=True),
        sa.Column("form_key", sa.String(length=100), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_term_change_assignee_id_person")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_term_change_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_term_change_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_change")),
        sa.UniqueConstraint("form_key", name=op.f("uq_term_change_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_term_change_number")),
        sa.UniqueConstraint("open_key", name=op.f("uq_term_change_open_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("term_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_term_change_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_term_change_board", ["is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_term_change_closed", ["is_open", "updated_at", "id"], unique=False)
        batch_op.create_index("ix_term_change_dealer", ["dealer_id", "is_open", "due_at", "id"], unique=False)
        batch_op.create_index("ix_term_change_kind", ["dealer_id", "kind", "id"], unique=False)

    op.create_table(
        "dealer_term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("word", sa.String(length=40), nullable=True),
        sa.Column("change_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["term_change.id"], name=op.f("fk_dealer_term_change_id_term_change")),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_dealer_term_dealer_id_dealer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealer_term")),
    )
    with op.batch_alter_table("dealer_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dealer_term_change_id"), ["change_id"], unique=False)
        batch_op.create_index("ix_dealer_term_kind", ["kind", "dealer_id", "valid_from", "id"], unique=False)
        batch_op.create_index("ix_dealer_term_value", ["dealer_id", "kind", "valid_from", "id"], unique=False)

    with op.batch_alter_table("dealer_territory", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_from", sa.Date(), server_default="2000-01-01", nullable=False))
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("dealer_territory", schema=None) as batch_op:
        batch_op.drop_column("valid_to")
        batch_op.drop_column("valid_from")

    with op.batch_alter_table("dealer_term", schema=None) as batch_op:
        batch_op.drop_index("ix_dealer_term_value")
        batch_op.drop_index("ix_dealer_term_kind")
        batch_op.drop_index(batch_op.f("ix_dealer_term_change_id"))

    op.drop_table("dealer_term")
    with op.batch_alter_table("term_change", schema=None) as batch_op:
        batch_op.drop_index("ix_term_change_kind")
        batch_op.drop_index("ix_term_change_dealer")
        batch_op.drop_index("ix_term_change_closed")
        batch_op.drop_index("ix_term_change_board")
        batch_op.drop_index(batch_op.f("ix_term_change_batch_id"))

    op.drop_table("term_change")
