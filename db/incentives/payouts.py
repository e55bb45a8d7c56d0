"""What was paid for each vehicle and each volume, kept by triggers on the ledger and on earnings (decision 0081).

`first_on` is the desk's day of its first payment. A vehicle is one unit, a volume the units its account has counted.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# fixed SQL: every name here is a constant of this area; CREATE TRIGGER takes no parameters.
_TABLE = "incentive_payout"
_KEYS = ("program_id", "dealer_id", "period", "sale_id")
_COLUMNS = (*_KEYS, "region", "first_on", "cents", "units")
_COUNTED = (
    "COALESCE((SELECT u.units FROM incentive_earning u WHERE u.program_id = {r}.program_id"
    " AND u.dealer_id = {r}.dealer_id AND u.period = {r}.period), 0)"
)


def _fresh() -> str:
    return (
        "SELECT program_id, dealer_id, period, sale_id, region, first_on, cents,"
        f" CASE WHEN sale_id <> 0 THEN 1 ELSE {_COUNTED.format(r='a')} END AS units"
        " FROM (SELECT e.program_id, e.dealer_id, e.period, COALESCE(c.sale_id, 0) AS sale_id,"
        " MAX(e.region) AS region, MIN(CASE WHEN e.cents > 0 THEN e.on_day END) AS first_on, SUM(e.cents) AS cents"
        " FROM incentive_entry e JOIN incentive_claim c ON c.id = e.claim_id WHERE e.book = 'paid'"
        " GROUP BY e.program_id, e.dealer_id, e.period, COALESCE(c.sale_id, 0)) AS a"
    )


class Payouts:
    """The triggers of payouts, and fresh ones (`db.core.rollups.Kept`)."""

    source = "incentive_entry"

    def create(self, dialect: str) -> list[str]:
        """CREATE statements of the triggers, for SQLite or PostgreSQL."""
        first = f"CASE WHEN {_TABLE}.first_on <= excluded.first_on THEN {_TABLE}.first_on"
        first += f" ELSE COALESCE(excluded.first_on, {_TABLE}.first_on) END"
        add = (
            f"INSERT INTO {_TABLE} ({', '.join(_COLUMNS)}) SELECT NEW.program_id, NEW.dealer_id, NEW.period,"
            " COALESCE(c.sale_id, 0), NEW.region, CASE WHEN NEW.cents > 0 THEN NEW.on_day END, NEW.cents,"
            f" CASE WHEN c.sale_id IS NOT NULL THEN 1 ELSE {_COUNTED.format(r='NEW')} END"
            " FROM incentive_claim c WHERE c.id = NEW.claim_id"
            f" ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET cents = {_TABLE}.cents + excluded.cents,"
            f" first_on = {first}"
        )
        count = (
            f"UPDATE {_TABLE} SET units = NEW.units WHERE program_id = NEW.program_id AND dealer_id = NEW.dealer_id"
            " AND period = NEW.period AND sale_id = 0"
        )
        paid, counted = "NEW.book = 'paid'", "OLD.units <> NEW.units"
        if dialect == "sqlite":
            return [
                f"CREATE TRIGGER {_TABLE}_paid AFTER INSERT ON incentive_entry WHEN {paid} BEGIN {add}; END",
                f"CREATE TRIGGER {_TABLE}_begun AFTER INSERT ON incentive_earning BEGIN {count}; END",
                f"CREATE TRIGGER {_TABLE}_counted AFTER UPDATE ON incentive_earning WHEN {counted} BEGIN {count}; END",
            ]
        found = [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; RETURN NULL; END $$"
            for name, does in ((f"{_TABLE}_paid", add), (f"{_TABLE}_counted", count))
        ]
        return [
            *found,
            f"CREATE TRIGGER {_TABLE}_paid AFTER INSERT ON incentive_entry FOR EACH ROW WHEN ({paid})"
            f" EXECUTE FUNCTION {_TABLE}_paid()",
            f"CREATE TRIGGER {_TABLE}_begun AFTER INSERT ON incentive_earning FOR EACH ROW"
            f" EXECUTE FUNCTION {_TABLE}_counted()",
            f"CREATE TRIGGER {_TABLE}_counted AFTER UPDATE ON incentive_earning FOR EACH ROW WHEN ({counted})"
            f" EXECUTE FUNCTION {_TABLE}_counted()",
        ]

    def drop(self, dialect: str) -> list[str]:
        """Undo of `create`."""
        if dialect == "sqlite":
            return [f"DROP TRIGGER IF EXISTS {_TABLE}_{name}" for name in ("paid", "begun", "counted")]
        return [f"DROP FUNCTION IF EXISTS {_TABLE}_{name}() CASCADE" for name in ("paid", "counted")]

    def rebuild(self, dialect: str) -> list[str]:
        """Statements that make every payout anew; on PostgreSQL the ledger can be read meanwhile, not written."""
        lock = [] if dialect == "sqlite" else ["LOCK TABLE incentive_entry IN SHARE MODE"]
        columns = ", ".join(_COLUMNS)
        return [*lock, f"DELETE FROM {_TABLE}", f"INSERT INTO {_TABLE} ({columns}) {_fresh()}"]

    def differences(self, session: Session) -> list[str]:
        """Payouts that are not what the ledger says, as sentences."""
        columns = ", ".join(_COLUMNS)
        both = f"SELECT 1 AS half, {columns} FROM {_TABLE} UNION ALL SELECT 2, {columns} FROM ({_fresh()}) AS f"
        odd = f"SELECT MIN(half), {columns} FROM ({both}) AS b GROUP BY {columns} HAVING COUNT(*) = 1"
        rows = sorted(((half, tuple(str(v) for v in row)) for half, *row in session.execute(text(odd))), key=str)
        return [
            f"{_TABLE}: stored {row} is not what the ledger says" if half == 1 else f"{_TABLE}: {row} is missing"
            for half, row in rows
        ][:50]


PAYOUTS: Final = Payouts()
