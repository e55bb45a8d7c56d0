"""Lead counts by cohort, kept by triggers that no code path can forget, and compared with a fresh count on demand.

The measures are the funnel of domain-rules 2.2 F, by the month a lead was received. A change of `MEASURES` or of a
grain needs a migration that drops these triggers, creates the new ones and rebuilds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from db.core.rollups import added_by_statement, compared

# fixed SQL: everything put together here is a constant of this file; CREATE TRIGGER takes no parameters.

# Each measure is 0 or 1 for a lead; {r} is the row. `valid` excludes BAD and DUPLICATE (domain-rules 2.2 F), and every
# later measure counts valid leads only, so that a rate never has more hits than cases.
# Written out: for NOT IN, SQLite fills a list of its own for each measure of each grain, which cost a write more than
# all the rest of its triggers (decision 0079).
VALID = "{r}.status <> 'bad' AND {r}.status <> 'duplicate' AND {r}.status <> 'held'"
RESPONDED = f"{VALID} AND {{r}}.first_action_at IS NOT NULL"
MEASURES: dict[str, str] = {
    "received": "{r}.status <> 'held'",
    "valid": VALID,
    "duplicate": "{r}.status = 'duplicate'",
    "bad": "{r}.status = 'bad'",
    "promised": f"{VALID} AND {{r}}.first_action_due_at IS NOT NULL",
    "responded": RESPONDED,
    "in_target": f"{RESPONDED} AND {{r}}.first_action_at <= {{r}}.first_action_due_at",
    "late": f"{RESPONDED} AND {{r}}.first_action_at > {{r}}.first_action_due_at",
    "contacted": f"{VALID} AND {{r}}.contacted_at IS NOT NULL",
    "qualified": f"{VALID} AND {{r}}.qualified_at IS NOT NULL",
    "appointment_set": f"{VALID} AND {{r}}.appointment_set_at IS NOT NULL",
    "appointment_shown": f"{VALID} AND {{r}}.appointment_shown_at IS NOT NULL",
    "sold": f"{VALID} AND {{r}}.sold_at IS NOT NULL",
    "closed": f"{VALID} AND {{r}}.closed_at IS NOT NULL",
    "negotiation": f"{VALID} AND {{r}}.negotiation_at IS NOT NULL",
    # A stage can be skipped (a walk-in buys without an appointment), so a step from one to the next is counted by the
    # leads that have both stamps. Where one stamp never comes without the other, the later stage says it already.
    "qualified_set": f"{VALID} AND {{r}}.qualified_at IS NOT NULL AND {{r}}.appointment_set_at IS NOT NULL",
    "qualified_sold": f"{VALID} AND {{r}}.qualified_at IS NOT NULL AND {{r}}.sold_at IS NOT NULL",
    "set_sold": f"{VALID} AND {{r}}.appointment_set_at IS NOT NULL AND {{r}}.sold_at IS NOT NULL",
    "shown_sold": f"{VALID} AND {{r}}.appointment_shown_at IS NOT NULL AND {{r}}.sold_at IS NOT NULL",
    "negotiation_sold": f"{VALID} AND {{r}}.negotiation_at IS NOT NULL AND {{r}}.sold_at IS NOT NULL",
    "appointment_confirmed": f"{VALID} AND {{r}}.appointment_confirmed_at IS NOT NULL",
}
GRAINS: dict[str, dict[str, str]] = {
    "lead_month": {
        "received_month": "{r}.received_month",
        "region": "COALESCE({r}.region, '')",
        "state": "{r}.state",
        "source": "{r}.source",
        "product": "{r}.product",
    },
    "lead_dealer_month": {
        "received_month": "{r}.received_month",
        "dealer_id": "COALESCE({r}.dealer_id, 0)",
        "source": "{r}.source",
    },
    "lead_region_month": {
        "received_month": "{r}.received_month",
        "region": "COALESCE({r}.region, '')",
        "source": "{r}.source",
        "product": "{r}.product",
    },
}
FIRST_GRAINS = ("lead_month", "lead_dealer_month")
"""What was counted until 0026: the grains of a migration that names measures and no grains."""


def _watched(measures: Iterable[str]) -> tuple[str, ...]:
    """The columns of `lead` that grains and measures read: a change of any other one changes no count."""
    read = [e for grain in GRAINS.values() for e in grain.values()] + [MEASURES[m] for m in measures]
    return tuple(dict.fromkeys(c for expression in read for c in re.findall(r"\{r\}\.(\w+)", expression)))


WATCHED = _watched(MEASURES)


def _measure(expression: str, row: str) -> str:
    return f"(CASE WHEN {expression.format(r=row)} THEN 1 ELSE 0 END)"


def _add(table: str, row: str, measures: Iterable[str]) -> str:
    """The statement that adds one row's measures to its cell."""
    keys = GRAINS[table]
    columns = ", ".join([*keys, *measures])
    values = ", ".join([*(k.format(r=row) for k in keys.values()), *(_measure(MEASURES[m], row) for m in measures)])
    sums = ", ".join(f"{m} = {table}.{m} + excluded.{m}" for m in measures)
    # "WHERE true" keeps SQLite's parser from reading ON as a join condition.
    insert = f"INSERT INTO {table} ({columns}) SELECT {values} WHERE true"
    return f"{insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"


def _add_all(table: str, measures: Iterable[str]) -> str:
    """The statement that adds all leads a statement inserted to their cells (PostgreSQL)."""
    keys, measures = GRAINS[table], tuple(measures)
    chosen = [k.format(r="fresh") for k in keys.values()]
    chosen += [f"SUM({_measure(MEASURES[m], 'fresh')})" for m in measures]
    return added_by_statement(table, keys=tuple(keys), measures=measures, chosen=chosen)


def _take(table: str, row: str, measures: Iterable[str]) -> str:
    """The statement that takes one row's measures out of its cell."""
    sums = ", ".join(f"{m} = {m} - {_measure(MEASURES[m], row)}" for m in measures)
    keys = " AND ".join(f"{k} = {e.format(r=row)}" for k, e in GRAINS[table].items())
    return f"UPDATE {table} SET {sums} WHERE {keys}"


def _asked(measures: Iterable[str] | None, grains: Iterable[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The measures and grains of today; of the time of a migration, where it names its own."""
    if measures is None:
        return tuple(MEASURES), tuple(GRAINS if grains is None else grains)
    return tuple(measures), tuple(FIRST_GRAINS if grains is None else grains)


def trigger_statements(
    dialect: str, *, measures: Iterable[str] | None = None, grains: Iterable[str] | None = None
) -> list[str]:
    """CREATE statements of the triggers on `lead`; a migration names the measures and grains of its own time."""
    measures, grains = _asked(measures, grains)
    add = "; ".join(_add(t, "NEW", measures) for t in grains) + ";"
    take = "; ".join(_take(t, "OLD", measures) for t in grains) + ";"
    changed = " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in _watched(measures))
    if dialect == "sqlite":
        changed = changed.replace("IS DISTINCT FROM", "IS NOT")
        of = ", ".join(_watched(measures))  # an update of other columns does not even start the trigger
        return [
            compared(statement)
            for statement in (
                f"CREATE TRIGGER lead_rollup_insert AFTER INSERT ON lead BEGIN {add} END",
                f"CREATE TRIGGER lead_rollup_update AFTER UPDATE OF {of} ON lead WHEN {changed} BEGIN {take} {add} END",
                f"CREATE TRIGGER lead_rollup_delete AFTER DELETE ON lead BEGIN {take} END",
            )
        ]
    grouped = "; ".join(_add_all(t, measures) for t in grains) + ";"
    return [
        "CREATE FUNCTION lead_rollup() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{take} IF TG_OP <> 'DELETE' THEN {add} END IF; RETURN NULL; END $$",
        "CREATE FUNCTION lead_rollup_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{grouped} RETURN NULL; END $$",
        # Once a statement: an import of thousands of leads meets each cell once, and in the order of the keys.
        "CREATE TRIGGER lead_rollup_insert AFTER INSERT ON lead REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION lead_rollup_insert()",
        "CREATE TRIGGER lead_rollup_write AFTER DELETE ON lead FOR EACH ROW EXECUTE FUNCTION lead_rollup()",
        f"CREATE TRIGGER lead_rollup_update AFTER UPDATE ON lead FOR EACH ROW WHEN ({changed}) "
        "EXECUTE FUNCTION lead_rollup()",
    ]


def drop_statements(dialect: str) -> list[str]:
    """Undo of `trigger_statements`."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS lead_rollup_{event}" for event in ("insert", "update", "delete")]
    return [f"DROP FUNCTION IF EXISTS lead_rollup{end}() CASCADE" for end in ("", "_insert")]


def _fresh(table: str, measures: Iterable[str] = tuple(MEASURES)) -> str:
    keys = GRAINS[table]
    sums = ", ".join(f"SUM({_measure(MEASURES[m], 'lead')}) AS {m}" for m in measures)
    selected = ", ".join(f"{e.format(r='lead')} AS {k}" for k, e in keys.items())
    grouped = ", ".join(e.format(r="lead") for e in keys.values())
    return f"SELECT {selected}, {sums} FROM lead GROUP BY {grouped}"


def rebuild(
    target: Session | Connection, *, measures: Iterable[str] | None = None, grains: Iterable[str] | None = None
) -> None:
    """Count everything anew, from the leads themselves; leads can be read but not written meanwhile."""
    measures, grains = _asked(measures, grains)
    bind = target.get_bind() if isinstance(target, Session) else target
    if bind.dialect.name == "postgresql":
        # A lead written between the delete and the fresh count would be counted by its trigger and by the count.
        target.execute(text("LOCK TABLE lead IN SHARE MODE"))
    for table in grains:
        target.execute(text(f"DELETE FROM {table}"))
        columns = ", ".join([*GRAINS[table], *measures])
        target.execute(text(f"INSERT INTO {table} ({columns}) {_fresh(table, measures)}"))


def differences(session: Session) -> list[str]:
    """Cells whose stored counts differ from a fresh count, as sentences; empty when all agree.

    Cells of zeros are ignored: they remain when the last lead of a cell moves away.
    """
    found: list[str] = []
    for table, keys in GRAINS.items():
        columns = ", ".join([*keys, *MEASURES])
        some = " OR ".join(f"{m} <> 0" for m in MEASURES)
        stored: set[tuple[object, ...]] = set()
        fresh: set[tuple[object, ...]] = set()
        # One statement sees one moment: leads that arrive meanwhile are in both halves or in neither.
        both = text(
            f"SELECT 1, {columns} FROM {table} WHERE {some} "
            f"UNION ALL SELECT 2, {columns} FROM ({_fresh(table)}) AS f WHERE {some}"
        )
        for half, *row in session.execute(both):
            (stored if half == 1 else fresh).add(tuple(row))
        found += [f"{table}: stored {row} is not what a fresh count gives" for row in sorted(stored - fresh, key=str)]
        found += [f"{table}: {row} is missing" for row in sorted(fresh - stored, key=str)]
    return found
