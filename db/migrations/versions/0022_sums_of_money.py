"""Sums of the ledgers of incentives and co-op and of won leads, kept by triggers; the desk's day of each entry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from db import triggers
from db.coop.sums import SUMS as COOP
from db.core.rollups import rebuild
from db.incentives.sums import SALES
from db.incentives.sums import SUMS as INCENTIVES
from db.leads.won_sums import SUMS as WON
from db.objectives.sums import SUMS as OBJECTIVES
from db.surveys.sums import SUMS as SURVEYS

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# fixed SQL: names of our own tables and casts of our own; days and moments are bound.
DESK_ZONE = "America/New_York"
ROLLUPS = (INCENTIVES, COOP, WON, SURVEYS, SALES, OBJECTIVES)


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    _days_of_entries(connection)
    _tables()
    _indexes()
    for rollup in ROLLUPS:
        for statement in rollup.create(dialect):
            op.execute(statement)
    rebuild(connection, rollups=ROLLUPS)


def _days_of_entries(connection: sa.Connection) -> None:
    """Fill the desk's day of each entry, from a list of the days between the first one and the last."""
    is_sqlite = connection.dialect.name == "sqlite"
    column = sa.Column("on_day", sa.Date(), server_default="1970-01-01", nullable=False)
    op.add_column("incentive_entry", column)
    first, last = connection.execute(sa.text("SELECT MIN(at), MAX(at) FROM incentive_entry")).one()
    if first is not None:
        op.execute("CREATE TEMPORARY TABLE desk_day (starts TIMESTAMP, ends TIMESTAMP, day DATE)")
        day, until = _moment(first).date() - timedelta(days=1), _moment(last).date() + timedelta(days=1)
        rows = []
        while day <= until:
            rows.append({"starts": _starts(day), "ends": _starts(day + timedelta(days=1)), "day": day.isoformat()})
            day += timedelta(days=1)
        day_of = ":day" if is_sqlite else "CAST(:day AS date)"
        stamp = "{}" if is_sqlite else "CAST({} AS timestamp)"
        connection.execute(
            sa.text(f"INSERT INTO desk_day VALUES ({stamp.format(':starts')}, {stamp.format(':ends')}, {day_of})"), rows
        )
        op.execute("CREATE UNIQUE INDEX ix_desk_day ON desk_day (starts)")
        at = "incentive_entry.at" if is_sqlite else "(incentive_entry.at AT TIME ZONE 'UTC')"
        op.execute(
            f"UPDATE incentive_entry SET on_day = (SELECT d.day FROM desk_day d WHERE d.starts <= {at}"
            " ORDER BY d.starts DESC LIMIT 1)"
        )
        op.execute("DROP TABLE desk_day")
    if not is_sqlite:
        op.alter_column("incentive_entry", "on_day", server_default=None)
    # From here on the day stands as everything else does in the ledger.
    for statement in triggers.incentive_day_statements(connection.dialect.name):
        op.execute(statement)
    op.create_index(
        "ix_incentive_entry_day", "incentive_entry", ["on_day", "dealer_id", "program_id", "region", "kind", "cents"]
    )
    op.create_index(
        "ix_coop_entry_day", "coop_entry",
        ["on_day", "dealer_id", "region", "fund_id", "medium", "kind", "of_kind", "cents"],
    )  # fmt: skip


def _indexes() -> None:
    op.create_index(
        "ix_incentive_claim_decided", "incentive_claim",
        ["decided_at", "status", "program_id", "dealer_id", "region", "decided_kind"],
    )  # fmt: skip
    for table in ("coop_request", "coop_claim"):
        columns = ["decided_at", "status", "dealer_id", "region", "medium", "fund_id"]
        op.create_index(f"ix_{table}_decided", table, columns)


def _moment(value: datetime | str) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _starts(day: date) -> str:
    """The first moment of a day of the desk in UTC, as SQLite stores moments."""
    found = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(DESK_ZONE)).astimezone(UTC)
    return f"{found:%Y-%m-%d %H:%M:%S}.000000"


def _tables() -> None:
    _sums("incentive_month", ("month", "region", "program_id"), INCENTIVES.measures)
    _sums("incentive_day", ("on_day", "region", "program_id"), INCENTIVES.measures)
    _sums("incentive_dealer_month", ("dealer_id", "month"), INCENTIVES.measures)
    _sums("coop_month", ("month", "region", "programme_id", "medium"), COOP.measures)
    _sums("coop_day", ("on_day", "region", "programme_id", "medium"), COOP.measures)
    _sums("coop_dealer_month", ("dealer_id", "month"), COOP.measures)
    _sums("survey_month", ("kind", "is_counted", "month", "region"), SURVEYS.measures)
    _sums("survey_day", ("kind", "is_counted", "answered_on", "region"), SURVEYS.measures)
    _sums("survey_dealer_month", ("kind", "is_counted", "dealer_id", "month"), SURVEYS.measures)
    _sums("sale_dealer_month", ("dealer_id", "month"), SALES.measures)
    _sums("objective_dealer_month", ("dealer_id", "month"), OBJECTIVES.measures)
    _sums("lead_won_month", ("month", "region", "source", "product"), WON.measures)
    _sums("lead_won_dealer_month", ("dealer_id", "month", "place"), WON.measures)


def _sums(table: str, keys: tuple[str, ...], measures: Iterable[str]) -> None:
    kinds: dict[str, Any] = {
        "month": sa.Date(), "on_day": sa.Date(), "region": sa.String(40), "place": sa.String(40),
        "medium": sa.String(20), "source": sa.String(80), "product": sa.String(40), "dealer_id": sa.BigInteger(),
        "kind": sa.String(3), "is_counted": sa.Boolean(), "answered_on": sa.Date(), "program_id": sa.BigInteger(), "programme_id": sa.BigInteger(),
    }  # fmt: skip
    whole = {
        "entries", "won", "lost", "without_value", "surveys", "indexed", "answers", "tops", "promoters", "passives",
        "detractors", "sold", "segments", "agreed_segments",
    }  # fmt: skip
    op.create_table(
        table,
        *(sa.Column(key, kinds[key], nullable=False, autoincrement=False) for key in keys),
        *(sa.Column(name, sa.Integer() if name in whole else sa.BigInteger(), nullable=False) for name in measures),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError("restore the backup made before the upgrade")
