"""Whether a unit is claimed and whether it earns, kept in its row by triggers on claims and earnings (decision 0081).

Who writes units writes both marks with them (`marked`); from then on they follow. A claim that was taken back claims
nothing; a volume is claimed, and earns, for all its units at once.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, bindparam, text
from sqlalchemy.orm import Session

# fixed SQL: every name here is a constant of this area; CREATE TRIGGER takes no parameters.
_CLAIM = "SELECT 1 FROM incentive_claim c WHERE c.status <> 'void' AND c.program_id = {program}"
_CLAIMED = (
    f"(EXISTS ({_CLAIM} AND c.sale_id = {{sale}})"
    f" OR EXISTS ({_CLAIM} AND c.dealer_id = {{dealer}} AND c.period = {{period}} AND c.sale_id IS NULL))"
)
_EARNING = (
    "({cents} > 0 OR EXISTS (SELECT 1 FROM incentive_earning e WHERE e.program_id = {program}"
    " AND e.dealer_id = {dealer} AND e.period = {period} AND e.cents > 0))"
)
_OF_UNIT = {
    "sale": "incentive_unit.sale_id", "program": "incentive_unit.program_id", "dealer": "incentive_unit.dealer_id",
    "period": "incentive_unit.period", "cents": "incentive_unit.cents",
}  # fmt: skip
_DAY = "(SELECT s.delivered_on FROM sale_report s WHERE s.id = incentive_unit.sale_id)"
_VOLUME = "program_id = {r}.program_id AND dealer_id = {r}.dealer_id AND period = {r}.period"


def marked(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a unit with what `MARKS` asks by."""
    return row | {f"of_{name}": row[column] for name, column in _PARTS.items()}


_PARTS: Final = {
    "sale": "sale_id", "program": "program_id", "dealer": "dealer_id", "period": "period", "cents": "cents",
}  # fmt: skip


def _asked(expression: str) -> Any:
    wanted = {name: f":of_{name}" for name in _PARTS}
    made = text(expression.format(**wanted))
    names = [name for name in _PARTS if f":of_{name}" in made.text]
    return made.bindparams(*(bindparam(f"of_{name}") for name in names)).columns(found=Boolean()).scalar_subquery()


class UnitMarks:
    """The triggers of both marks, and a fresh look at all units (`db.core.rollups.Kept`)."""

    source = "incentive_unit"

    def create(self, dialect: str) -> list[str]:
        """CREATE statements of the triggers, for SQLite or PostgreSQL."""
        claims = ["status", "sale_id", "program_id", "dealer_id", "period"]
        changed = "(OLD.status = 'void') <> (NEW.status = 'void')" + "".join(
            f" OR OLD.{c} {'IS NOT' if dialect == 'sqlite' else 'IS DISTINCT FROM'} NEW.{c}" for c in claims[1:]
        )
        crossed = "(OLD.cents > 0) <> (NEW.cents > 0)" + "".join(
            f" OR OLD.{c} <> NEW.{c}" for c in ("program_id", "dealer_id", "period")
        )
        if dialect == "sqlite":
            return [
                f"CREATE TRIGGER incentive_unit_{name}_{event.lower()} AFTER {event} ON {table}"
                f"{f' WHEN {when}' if event == 'UPDATE' else ''} BEGIN "
                + " ".join(f"{s};" for r in _ROWS[event] for s in make(r)) + " END"
                for name, table, when, make in (
                    ("claimed", "incentive_claim", changed, _claimed),
                    ("earning", "incentive_earning", crossed, _earning),
                )
                for event in _ROWS
            ]  # fmt: skip
        found = []
        for name, table, when, make in (
            ("claimed", "incentive_claim", changed, _claimed), ("earning", "incentive_earning", crossed, _earning),
        ):  # fmt: skip
            take, add = ("; ".join(make(r)) for r in ("OLD", "NEW"))
            call = f"EXECUTE FUNCTION incentive_unit_{name}()"
            found += [
                f"CREATE FUNCTION incentive_unit_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF TG_OP <> 'INSERT' THEN {take}; END IF; "
                f"IF TG_OP <> 'DELETE' THEN {add}; END IF; RETURN NULL; END $$",
                f"CREATE TRIGGER incentive_unit_{name}_insert AFTER INSERT ON {table} FOR EACH ROW {call}",
                f"CREATE TRIGGER incentive_unit_{name}_update AFTER UPDATE ON {table} FOR EACH ROW WHEN ({when})"
                f" {call}",
                f"CREATE TRIGGER incentive_unit_{name}_delete AFTER DELETE ON {table} FOR EACH ROW {call}",
            ]
        return found

    def drop(self, dialect: str) -> list[str]:
        """Undo of `create`."""
        names = ("claimed", "earning")
        if dialect == "sqlite":
            return [f"DROP TRIGGER IF EXISTS incentive_unit_{n}_{e.lower()}" for n in names for e in _ROWS]
        return [f"DROP FUNCTION IF EXISTS incentive_unit_{name}() CASCADE" for name in names]

    def rebuild(self, dialect: str) -> list[str]:
        """Statements that look at every unit anew."""
        lock = [] if dialect == "sqlite" else ["LOCK TABLE incentive_unit IN SHARE ROW EXCLUSIVE MODE"]
        other = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
        return [
            *lock,
            f"UPDATE incentive_unit SET delivered_on = {_DAY} WHERE delivered_on {other} {_DAY}",
            f"UPDATE incentive_unit SET is_claimed = NOT is_claimed WHERE is_claimed <> {_CLAIMED.format(**_OF_UNIT)}",
            f"UPDATE incentive_unit SET is_earning = NOT is_earning WHERE is_earning <> {_EARNING.format(**_OF_UNIT)}",
        ]

    def differences(self, session: Session) -> list[str]:
        """Units whose marks are not what claims and earnings say, as sentences."""
        other = "IS NOT" if session.get_bind().dialect.name == "sqlite" else "IS DISTINCT FROM"
        found = []
        for name, wrong in (
            ("delivered_on", f"delivered_on {other} {_DAY}"),
            ("is_claimed", f"is_claimed <> {_CLAIMED.format(**_OF_UNIT)}"),
            ("is_earning", f"is_earning <> {_EARNING.format(**_OF_UNIT)}"),
        ):
            asked = (
                f"SELECT sale_id, program_id FROM incentive_unit WHERE {wrong} ORDER BY sale_id, program_id LIMIT 50"
            )
            found += [
                f"incentive_unit: {name} of sale {sale} for program {program} is not what a fresh look gives"
                for sale, program in session.execute(text(asked))
            ]
        return found


_ROWS: Final = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def _claimed(row: str) -> list[str]:
    update = "UPDATE incentive_unit SET is_claimed = NOT is_claimed WHERE"
    wrong = f"is_claimed <> {_CLAIMED.format(**_OF_UNIT)}"
    return [
        f"{update} sale_id = {row}.sale_id AND program_id = {row}.program_id AND {wrong}",
        f"{update} {row}.sale_id IS NULL AND {_VOLUME.format(r=row)} AND {wrong}",
    ]


def _earning(row: str) -> list[str]:
    wrong = f"is_earning <> {_EARNING.format(**_OF_UNIT)}"
    return [f"UPDATE incentive_unit SET is_earning = NOT is_earning WHERE {_VOLUME.format(r=row)} AND {wrong}"]


MARKS: Final = {"is_claimed": _asked(f"SELECT {_CLAIMED}"), "is_earning": _asked(f"SELECT {_EARNING}")}
"""What to insert units with, beside rows of `marked`."""
UNIT_MARKS: Final = UnitMarks()
