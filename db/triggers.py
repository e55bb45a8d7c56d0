"""Statements of the first schema no table declaration can hold: the guard on the timeline, its head, the rollups."""

from __future__ import annotations

from db.core.timeline import GENESIS
from db.leads import rollup

# fixed SQL: table names and the first hash are constants of ours; CREATE TRIGGER takes no parameters.
# What each schema counted: a migration makes the counts of its own time, whatever is counted today.
FIRST_MEASURES = (
    "received", "valid", "duplicate", "bad", "promised", "responded", "in_target", "late", "contacted", "qualified",
    "appointment_set", "appointment_shown", "sold", "closed",
)  # fmt: skip
PIPELINE_MEASURES = (
    *FIRST_MEASURES, "negotiation", "qualified_set", "qualified_sold", "set_sold", "shown_sold", "negotiation_sold",
)  # fmt: skip
CONFIRMED_MEASURES = (*PIPELINE_MEASURES, "appointment_confirmed")
GUARDED = ("timeline_entry", "timeline_link")
REPLACED = {
    "timeline_entry": "seq = NEW.seq OR hash = NEW.hash OR prev_hash = NEW.prev_hash",
    "timeline_link": "id = NEW.id",
}


def first_schema_statements(dialect: str) -> list[str]:
    """CREATE statements for SQLite or PostgreSQL, in order."""
    statements = [f"INSERT INTO timeline_head (id, seq, hash) VALUES (1, 0, '{GENESIS}')"]
    if dialect == "sqlite":
        statements += [
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'the timeline cannot be changed'); END"
            for table in GUARDED
            for event in ("UPDATE", "DELETE")
        ]
        # INSERT OR REPLACE deletes the old row without asking the delete trigger.
        statements += [
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            "BEGIN SELECT RAISE(ABORT, 'the timeline cannot be changed'); END"
            for table, same in REPLACED.items()
        ]
    else:
        statements.append(
            "CREATE FUNCTION timeline_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'the timeline cannot be changed'; END $$"
        )
        statements += [
            f"CREATE TRIGGER {table}_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION timeline_is_final()"
            for table in GUARDED
        ]
    return statements + rollup.trigger_statements(dialect, measures=FIRST_MEASURES)
