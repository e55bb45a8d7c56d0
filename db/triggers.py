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
REGION_GRAINS = ("lead_month", "lead_dealer_month", "lead_region_month")
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


LEDGER_COLUMNS = (
    "entry_key", "claim_id", "family_id", "dealer_id", "kind", "cents", "currency", "at", "username", "by",
    "reason_code", "reason", "reverses_id",
)  # fmt: skip
"""What an entry of the claim ledger says. `memo_id` is written once, by the batch that pays it; `region` follows."""


INCENTIVE_COLUMNS = (
    "entry_key", "book", "kind", "program_id", "dealer_id", "period", "sale_id", "claim_id", "cents", "currency", "at",
    "username", "by", "reason",
)  # fmt: skip
"""What an entry of the incentive ledger says; only `region` follows a dealer that moves."""


def incentive_statements(dialect: str) -> list[str]:
    """CREATE statements that make the incentive ledger append-only and published versions final, in order.

    An entry is never deleted and never changed; a version neither, once it is published.
    """
    columns = ", ".join(f'"{name}"' for name in ("id", *INCENTIVE_COLUMNS))
    held = "OLD.state = 'published'"
    if dialect == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'the ledger of incentives cannot be changed'); END"
        final = "BEGIN SELECT RAISE(ABORT, 'a published version cannot be changed'); END"
        return [
            f"CREATE TRIGGER incentive_entry_no_update BEFORE UPDATE OF {columns} ON incentive_entry {stop}",
            f"CREATE TRIGGER incentive_entry_no_delete BEFORE DELETE ON incentive_entry {stop}",
            # INSERT OR REPLACE deletes the old row without asking the delete trigger.
            "CREATE TRIGGER incentive_entry_no_replace BEFORE INSERT ON incentive_entry WHEN EXISTS (SELECT 1 FROM"
            f" incentive_entry WHERE id = NEW.id OR entry_key = NEW.entry_key) {stop}",
            f"CREATE TRIGGER incentive_version_final BEFORE UPDATE ON incentive_version WHEN {held} {final}",
            f"CREATE TRIGGER incentive_version_no_delete BEFORE DELETE ON incentive_version WHEN {held} {final}",
        ]
    return [
        "CREATE FUNCTION incentive_ledger_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger of incentives cannot be changed'; END $$",
        f"CREATE TRIGGER incentive_entry_no_update BEFORE UPDATE OF {columns} ON incentive_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION incentive_ledger_is_final()",
        "CREATE TRIGGER incentive_entry_no_delete BEFORE DELETE OR TRUNCATE ON incentive_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION incentive_ledger_is_final()",
        "CREATE FUNCTION incentive_version_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'a published version cannot be changed'; END $$",
        "CREATE TRIGGER incentive_version_final BEFORE UPDATE OR DELETE ON incentive_version FOR EACH ROW "
        f"WHEN ({held}) EXECUTE FUNCTION incentive_version_is_final()",
    ]


def incentive_day_statements(dialect: str) -> list[str]:
    """Statements after which the desk's day of an entry of incentives stands as the rest of it does."""
    columns = ", ".join(f'"{name}"' for name in ("id", "on_day", *INCENTIVE_COLUMNS))
    create = f"CREATE TRIGGER incentive_entry_no_update BEFORE UPDATE OF {columns} ON incentive_entry "
    if dialect == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'the ledger of incentives cannot be changed'); END"
        return ["DROP TRIGGER incentive_entry_no_update", create + stop]
    call = "FOR EACH STATEMENT EXECUTE FUNCTION incentive_ledger_is_final()"
    return ["DROP TRIGGER incentive_entry_no_update ON incentive_entry", create + call]


def claim_ledger_statements(dialect: str) -> list[str]:
    """CREATE statements that make the ledger of claims append-only, for SQLite or PostgreSQL, in order.

    An entry is never deleted and never changed, but for the memo that pays it: from none to one, once.
    """
    columns = ", ".join(f'"{name}"' for name in ("id", *LEDGER_COLUMNS))
    if dialect == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'the ledger of claims cannot be changed'); END"
        return [
            f"CREATE TRIGGER claim_entry_no_update BEFORE UPDATE OF {columns} ON claim_entry {stop}",
            f"CREATE TRIGGER claim_entry_paid_once BEFORE UPDATE OF memo_id ON claim_entry"
            f" WHEN OLD.memo_id IS NOT NULL {stop}",
            f"CREATE TRIGGER claim_entry_no_delete BEFORE DELETE ON claim_entry {stop}",
            # INSERT OR REPLACE deletes the old row without asking the delete trigger.
            "CREATE TRIGGER claim_entry_no_replace BEFORE INSERT ON claim_entry WHEN EXISTS (SELECT 1 FROM claim_entry"
            f" WHERE id = NEW.id OR entry_key = NEW.entry_key OR reverses_id = NEW.reverses_id) {stop}",
        ]
    return [
        "CREATE FUNCTION claim_ledger_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger of claims cannot be changed'; END $$",
        f"CREATE TRIGGER claim_entry_no_update BEFORE UPDATE OF {columns} ON claim_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION claim_ledger_is_final()",
        "CREATE TRIGGER claim_entry_paid_once BEFORE UPDATE OF memo_id ON claim_entry FOR EACH ROW "
        "WHEN (OLD.memo_id IS NOT NULL) EXECUTE FUNCTION claim_ledger_is_final()",
        "CREATE TRIGGER claim_entry_no_delete BEFORE DELETE OR TRUNCATE ON claim_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION claim_ledger_is_final()",
    ]


COOP_COLUMNS = (
    "entry_key", "fund_id", "dealer_id", "kind", "of_kind", "cents", "reserve_cents", "reverses_id", "request_id",
    "claim_id", "medium", "at", "on_day", "username", "by", "reason",
)  # fmt: skip
"""What an entry of the co-op ledger says; only `region` follows a dealer that moves."""


def coop_statements(dialect: str) -> list[str]:
    """CREATE statements that make the co-op ledger append-only and versions of programmes final, in order."""
    columns = ", ".join(f'"{name}"' for name in ("id", *COOP_COLUMNS))
    if dialect == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'the ledger of co-op cannot be changed'); END"
        final = "BEGIN SELECT RAISE(ABORT, 'a version of a programme cannot be changed'); END"
        return [
            f"CREATE TRIGGER coop_entry_no_update BEFORE UPDATE OF {columns} ON coop_entry {stop}",
            f"CREATE TRIGGER coop_entry_no_delete BEFORE DELETE ON coop_entry {stop}",
            # INSERT OR REPLACE deletes the old row without asking the delete trigger.
            "CREATE TRIGGER coop_entry_no_replace BEFORE INSERT ON coop_entry WHEN EXISTS (SELECT 1 FROM coop_entry"
            f" WHERE id = NEW.id OR entry_key = NEW.entry_key OR reverses_id = NEW.reverses_id) {stop}",
            f"CREATE TRIGGER coop_version_no_update BEFORE UPDATE ON coop_version {final}",
            f"CREATE TRIGGER coop_version_no_delete BEFORE DELETE ON coop_version {final}",
        ]
    return [
        "CREATE FUNCTION coop_ledger_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger of co-op cannot be changed'; END $$",
        f"CREATE TRIGGER coop_entry_no_update BEFORE UPDATE OF {columns} ON coop_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION coop_ledger_is_final()",
        "CREATE TRIGGER coop_entry_no_delete BEFORE DELETE OR TRUNCATE ON coop_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION coop_ledger_is_final()",
        "CREATE FUNCTION coop_version_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'a version of a programme cannot be changed'; END $$",
        "CREATE TRIGGER coop_version_final BEFORE UPDATE OR DELETE OR TRUNCATE ON coop_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION coop_version_is_final()",
    ]


SNAPSHOTS = ("month_freeze", "month_figure")
"""Months as they were frozen: a restatement is a new version, so no row is ever changed or taken away."""


def snapshot_statements(dialect: str) -> list[str]:
    """CREATE statements that make frozen months append-only, for SQLite or PostgreSQL, in order."""
    if dialect == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'a frozen month cannot be changed'); END"
        same = {
            "month_freeze": "id = NEW.id OR (month = NEW.month AND version = NEW.version) OR form_key = NEW.form_key",
            "month_figure": "id = NEW.id OR (freeze_id = NEW.freeze_id AND metric = NEW.metric AND level = NEW.level"
            " AND place = NEW.place)",
        }
        return [
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} {stop}"
            for table in SNAPSHOTS
            for event in ("UPDATE", "DELETE")
        ] + [
            # INSERT OR REPLACE deletes the old row without asking the delete trigger.
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table}"
            f" WHERE {same[table]}) {stop}"
            for table in SNAPSHOTS
        ]
    return [
        "CREATE FUNCTION frozen_month_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'a frozen month cannot be changed'; END $$",
        *(
            f"CREATE TRIGGER {table}_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION frozen_month_is_final()"
            for table in SNAPSHOTS
        ),
    ]
