"""The dealer master."""

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
        "dealer_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_key", sa.String(length=160), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_dealer_group_batch_id_import_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealer_group")),
        sa.UniqueConstraint("code", name=op.f("uq_dealer_group_code")),
        sa.UniqueConstraint("name_key", name=op.f("uq_dealer_group_name_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("dealer_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dealer_group_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "dealer_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_dealer_contact_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(["dealer_id"], ["dealer.id"], name=op.f("fk_dealer_contact_dealer_id_dealer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dealer_contact_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealer_contact")),
        sa.UniqueConstraint("form_key", name=op.f("uq_dealer_contact_form_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("dealer_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dealer_contact_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_dealer_contact_dealer", ["dealer_id", "role"], unique=False)
        batch_op.create_index("ix_dealer_contact_person", ["person_id", "left_on"], unique=False)
        batch_op.create_index(
            "uq_dealer_contact_primary",
            ["dealer_id"],
            unique=True,
            sqlite_where=sa.text("is_primary"),
            postgresql_where=sa.text("is_primary"),
        )

    with op.batch_alter_table("dealer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("legal_name", sa.String(length=160), server_default="", nullable=False))
        batch_op.add_column(sa.Column("email", sa.String(length=254), server_default="", nullable=False))
        batch_op.add_column(sa.Column("phone", sa.String(length=30), server_default="", nullable=False))
        batch_op.add_column(sa.Column("street", sa.String(length=160), server_default="", nullable=False))

    # Inline, or SQLite would have the table made anew: then ids of removed dealers could be given out again.
    op.add_column(
        "dealer",
        sa.Column(
            "group_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("dealer_group.id", name="fk_dealer_group_id_dealer_group"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index(op.f("ix_dealer_group_id"), "dealer", ["group_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("dealer", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_dealer_group_id_dealer_group"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_dealer_group_id"))
        batch_op.drop_column("street")
        batch_op.drop_column("phone")
        batch_op.drop_column("email")
        batch_op.drop_column("group_id")
        batch_op.drop_column("legal_name")

    with op.batch_alter_table("dealer_contact", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_dealer_contact_primary", sqlite_where=sa.text("is_primary"), postgresql_where=sa.text("is_primary")
        )
        batch_op.drop_index("ix_dealer_contact_person")
        batch_op.drop_index("ix_dealer_contact_dealer")
        batch_op.drop_index(batch_op.f("ix_dealer_contact_batch_id"))

    op.drop_table("dealer_contact")
    with op.batch_alter_table("dealer_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dealer_group_batch_id"))

    op.drop_table("dealer_group")
