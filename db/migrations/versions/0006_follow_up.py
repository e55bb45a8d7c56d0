"""Follow-up."""

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


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("cadence_task", schema=None) as batch_op:
        batch_op.drop_index("ix_cadence_task_run")
        batch_op.drop_index("ix_cadence_task_lead")
        batch_op.drop_index("ix_cadence_task_dealer_day")
        batch_op.drop_index("ix_cadence_task_dealer")
        batch_op.drop_index("ix_cadence_task_day")
        batch_op.drop_index("ix_cadence_task_board")
        batch_op.drop_index("ix_cadence_task_assignee")

    op.drop_table("cadence_task")
    with op.batch_alter_table("cadence_run", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cadence_run_open", sqlite_where=sa.text("is_open = 1"), postgresql_where=sa.text("is_open")
        )
        batch_op.drop_index(batch_op.f("ix_cadence_run_plan_version_id"))
        batch_op.drop_index("ix_cadence_run_next")
        batch_op.drop_index("ix_cadence_run_lead")
        batch_op.drop_index("ix_cadence_run_dealer")

    op.drop_table("cadence_run")
    with op.batch_alter_table("cadence_absence", schema=None) as batch_op:
        batch_op.drop_index("ix_cadence_absence_person")
        batch_op.drop_index("ix_cadence_absence_dealer")

    op.drop_table("cadence_absence")
    with op.batch_alter_table("cadence_plan_version", schema=None) as batch_op:
        batch_op.drop_index("uq_cadence_plan_version")
        batch_op.drop_index(
            "uq_cadence_plan_active",
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )

    op.drop_table("cadence_plan_version")
