"""Single sign-on: whom a provider means, how a session was opened, people without a password of the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person_identity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_identity_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_identity")),
    )
    with op.batch_alter_table("person_identity", schema=None) as batch_op:
        batch_op.create_index("uq_person_identity_person", ["person_id", "issuer"], unique=True)
        batch_op.create_index("uq_person_identity_subject", ["issuer", "subject"], unique=True)

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("single_sign_on_only", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(length=40), server_default="password", nullable=False))
        batch_op.add_column(sa.Column("answer_hash", sa.String(length=64), nullable=True))
        batch_op.create_index("uq_sign_in_session_answer", ["answer_hash"], unique=True)


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
