"""Figures of incentives from sums: units, payouts and decisions by month, day and dealer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.calendar.queries import usual_calendar
from db.core.labels import local_day
from db.core.rollups import Kept, rebuild
from db.incentives.figure_rules import worked_minutes
from db.incentives.payouts import PAYOUTS
from db.incentives.sums import DECIDED, PAID, UNITS
from db.incentives.unit_marks import UNIT_MARKS

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# fixed SQL: names of our own tables; days and minutes are bound.
DESK_ZONE = "America/New_York"
KEPT: tuple[Kept, ...] = (UNIT_MARKS, PAYOUTS, UNITS, PAID, DECIDED)
"""In this order: sums follow what they are summed up from."""
AT_ONCE = 5_000


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    _columns()
    _tables()
    _decisions(connection)
    rebuild(connection, rollups=KEPT)
    _indexes()
    for kept in KEPT:
        for statement in kept.create(connection.dialect.name):
            op.execute(statement)


def _columns() -> None:
    op.add_column("incentive_unit", sa.Column("delivered_on", sa.Date(), nullable=True))
    for name in ("is_claimed", "is_earning"):
        op.add_column("incentive_unit", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("incentive_claim", sa.Column("decided_on", sa.Date(), nullable=True))
    op.add_column("incentive_claim", sa.Column("worked_minutes", sa.Integer(), nullable=True))


def _decisions(connection: sa.Connection) -> None:
    """Fill the desk's day of each decision, and what the desk worked from the last sending to a person's decision."""
    claim = sa.table(
        "incentive_claim", *(sa.column(n) for n in ("id", "decided_kind")),
        *(sa.column(n, sa.DateTime(timezone=True)) for n in ("submitted_at", "appealed_at", "decided_at")),
    )  # fmt: skip
    fill = sa.text("UPDATE incentive_claim SET decided_on = :on, worked_minutes = :took WHERE id = :id").bindparams(
        sa.bindparam("on", type_=sa.Date())
    )
    after = 0
    while True:
        rows = connection.execute(
            sa.select(claim).where(claim.c.id > after, claim.c.decided_at.is_not(None)).order_by(claim.c.id)
            .limit(AT_ONCE)
        ).all()  # fmt: skip
        if not rows:
            return
        after = rows[-1].id
        spans = [_span(row) for row in rows]
        took = iter(worked_minutes(usual_calendar(), [span for span in spans if span is not None]))
        days: dict[datetime, date] = {}
        connection.execute(
            fill,
            [
                {"id": row.id, "on": _day(row.decided_at, days), "took": None if span is None else next(took)}
                for row, span in zip(rows, spans, strict=True)
            ],
        )


def _span(row: Any) -> tuple[datetime, datetime] | None:
    if row.decided_kind != "person" or row.submitted_at is None:
        return None
    return max(_utc(row.submitted_at), _utc(row.appealed_at or row.submitted_at)), _utc(row.decided_at)


def _day(moment: datetime, known: dict[datetime, date]) -> date:
    # The offset of a zone changes on the hour, so one look-up does for all moments of an hour.
    hour = _utc(moment).replace(minute=0, second=0, microsecond=0)
    if hour not in known:
        known[hour] = local_day(hour, DESK_ZONE)
    return known[hour]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _indexes() -> None:
    op.drop_index("ix_incentive_claim_decided", table_name="incentive_claim")
    op.create_index(
        "ix_incentive_claim_decided", "incentive_claim",
        ["decided_on", "status", "program_id", "dealer_id", "region", "decided_kind", "worked_minutes"],
    )  # fmt: skip
    op.create_index("ix_incentive_claim_place", "incentive_claim", ["status", "region"])
    op.create_index("ix_incentive_claim_state", "incentive_claim", ["dealer_id", "status"])
    op.create_index(
        "ix_incentive_unit_day", "incentive_unit",
        ["delivered_on", "dealer_id", "program_id", "region", "is_counted", "is_claimed", "is_earning"],
    )  # fmt: skip
    op.create_index(
        "ix_incentive_earning_period", "incentive_earning",
        ["program_id", "period", "dealer_id", "region", "units", "cents"],
    )  # fmt: skip
    op.create_index(
        "ix_sale_report_like", "sale_report",
        ["delivered_on", "condition", "sale_type", "unwound_on", "region", "dealer_id", "make", "model"],
    )  # fmt: skip
    op.create_index(
        "ix_incentive_payout_day", "incentive_payout",
        ["first_on", "dealer_id", "program_id", "region", "cents", "units"],
    )  # fmt: skip
    op.create_index("ix_incentive_payout_dealer", "incentive_payout", ["dealer_id"])


def _tables() -> None:
    ids = ("program_id", "dealer_id", "sale_id")
    op.create_table(
        "incentive_payout",
        *(sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False) for name in ids),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("region", sa.String(40), nullable=False), sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False), sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "dealer_id", "period", "sale_id", name=op.f("pk_incentive_payout")),
        sqlite_with_rowid=False,
    )  # fmt: skip
    for name, measures in (
        ("unit", ("units", "claimed", "earning")), ("payout", ("accounts", "units", "cents")),
        ("decided", ("decided", "denied", "by_checks")),
    ):  # fmt: skip
        _sums(f"incentive_{name}_month", ("month", "region", "program_id"), measures)
        _sums(f"incentive_{name}_day", ("on_day", "region", "program_id"), measures)
        _sums(f"incentive_{name}_dealer", ("month", "dealer_id", "program_id"), measures)


def _sums(table: str, keys: tuple[str, ...], measures: tuple[str, ...]) -> None:
    kinds: dict[str, Any] = {
        "month": sa.Date(), "on_day": sa.Date(), "region": sa.String(40), "dealer_id": sa.BigInteger(),
        "program_id": sa.BigInteger(),
    }  # fmt: skip
    op.create_table(
        table,
        *(sa.Column(name, kinds[name], nullable=False, autoincrement=False) for name in keys),
        *(sa.Column(m, sa.BigInteger() if m == "cents" else sa.Integer(), nullable=False) for m in measures),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
