"""Counts of claims by cells of a bounded grain, kept by triggers no code path can forget (decisions 0005, 0070).

A claim counts twice: on the day it was sent first, and on the day of its first decision. `claim_cell` holds the sums by
day, and by month and one of type, component, model or causal part; `claim_dealer_month` those of a dealer;
`claim_took` how many decisions took how long. A change of what is counted needs a migration that drops these triggers,
creates the new ones and rebuilds; migration 0021 then has to name what it made itself, as 0001 does for leads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from db.claims.figure_rules import LAST, NOT_CLAIMS, STEPS, UNPAID_TYPES
from db.claims.rollup_measures import DECIDED, LIVE, SENT, TOOK, types_sql
from db.core.rollups import compared

# fixed SQL: everything put together here is a constant of this file; CREATE TRIGGER takes no parameters.


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One way to cut: the value a cell stands for, by day or by month; `left_out` are types it does not count."""

    name: str
    value: str
    by_month: bool = True
    typed: bool = False


DAY = Slice(name="day", value="''", by_month=False)
DAY_TYPE = Slice(name="day_type", value="{r}.claim_type", by_month=False, typed=True)
TYPE = Slice(name="type", value="{r}.claim_type", typed=True)
COMPONENT = Slice(name="component", value="{r}.component")
MODEL = Slice(name="model", value="{r}.model")
PART = Slice(name="part", value="{r}.causal_part")
MONTH = Slice(name="month", value="''")
DEALER = Slice(name="dealer", value="''")
PLACE: Final = "COALESCE({r}.region, '')"


@dataclass(frozen=True, kw_only=True)
class Book:
    """One table as one fact fills it: `keys` identify a cell, `selects` has a SELECT for each cell of a claim."""

    table: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One day of a claim and what it is counted in; `left_out` are the types only cells of a type hold."""

    name: str
    day: str
    measures: dict[str, tuple[str, str]]
    left_out: tuple[str, ...]
    books: tuple[Book, ...]


_CELL = ("slice", "on_day", "value", "place")
_DEALER = ("on_day", "dealer_id", "place")
_TOOK = ("what", "slice", "value", "on_day", "place", "bucket")
FACTS: Final = (
    Fact(
        name="sent", day="{r}.submitted_on", measures=SENT, left_out=NOT_CLAIMS,
        books=(
            Book(table="claim_cell", keys=_CELL, measures=tuple(SENT),
                 slices=(DAY, DAY_TYPE, TYPE, COMPONENT, MODEL, PART)),
            Book(table="claim_dealer_month", keys=_DEALER, measures=tuple(SENT), slices=(DEALER,)),
        ),
    ),
    Fact(
        name="decided", day="{r}.first_decided_on", measures=DECIDED, left_out=UNPAID_TYPES,
        books=(
            Book(table="claim_cell", keys=_CELL, measures=tuple(DECIDED),
                 slices=(DAY, DAY_TYPE, TYPE, COMPONENT, MODEL)),
            Book(table="claim_dealer_month", keys=_DEALER, measures=tuple(DECIDED), slices=(DEALER,)),
        ),
    ),
    Fact(
        name="took", day="{r}.first_decided_on", measures={"n": (LIVE, "1")}, left_out=NOT_CLAIMS,
        books=(
            Book(table="claim_took", keys=_TOOK, measures=("n",), slices=(DAY, MONTH, TYPE, COMPONENT, MODEL)),
        ),
    ),
)  # fmt: skip
TABLES: Final = {book.table: book.keys for fact in FACTS for book in fact.books}
REPEAT: Final = "W18"
"""The rule whose finding makes a claim a repeat repair."""


# ---- one claim as rows of cells ------------------------------------------------------------------------------------
def month_sql(dialect: str, day: str) -> str:
    """The first day of a day's month."""
    return f"date({day}, 'start of month')" if dialect == "sqlite" else f"CAST(date_trunc('month', {day}) AS date)"


def bucket_sql(minutes: str) -> str:
    """The lower border of the bucket some minutes fall into (`figure_rules.bucket_from`)."""
    steps = " ".join(f"WHEN {minutes} < {end} THEN {minutes} / {width} * {width}" for end, width in STEPS)
    short = f"WHEN {minutes} < 1 THEN 0 WHEN {minutes} < {STEPS[0][1]} THEN 1"
    return f"CASE {short} {steps} ELSE {minutes} / {LAST} * {LAST} END"


def measure_sql(condition: str, value: str, row: str, sign: str = "") -> str:
    """The number one claim adds to a measure."""
    return f"(CASE WHEN {condition.format(r=row)} THEN {sign}{value.format(r=row)} ELSE 0 END)"


def _keys(dialect: str, fact: Fact, cut: Slice, row: str) -> dict[str, str]:
    day = fact.day.format(r=row)
    return {
        "slice": f"'{cut.name}'", "dealer_id": f"COALESCE({row}.dealer_id, 0)", "value": cut.value.format(r=row),
        "on_day": month_sql(dialect, day) if cut.by_month else day, "place": PLACE.format(r=row),
    }  # fmt: skip


def _sums(fact: Fact, book: Book, row: str, sign: str) -> list[str]:
    return [f"{measure_sql(*fact.measures[m], row, sign)} AS {m}" for m in book.measures]


def _counts_here(fact: Fact, row: str, *, typed: bool) -> list[str]:
    """Which claims a cell counts: those with the day, of the types it is for."""
    parts = [f"{fact.day.format(r=row)} IS NOT NULL"]
    return parts if typed else [*parts, f"{row}.claim_type NOT IN ({types_sql(fact.left_out)})"]


def _rows(dialect: str, fact: Fact, book: Book, cut: Slice) -> str:
    """A SELECT over all claims for one cut: the key of the cell of each claim, and what it adds there."""
    found, table = [], "claim"
    keys, where = _keys(dialect, fact, cut, table), _counts_here(fact, table, typed=cut.typed)
    for what, minutes in TOOK.items() if fact.name == "took" else (("", ""),):
        took = minutes.format(r=table)
        more = {"what": f"'{what}'", "bucket": bucket_sql(took)}
        extra = [f"{took} IS NOT NULL", LIVE.format(r=table)] if what else []
        columns = [*(f"{({**keys, **more})[k]} AS {k}" for k in book.keys), *_sums(fact, book, table, "")]
        found.append(f"SELECT {', '.join(columns)} FROM {table} WHERE {' AND '.join([*where, *extra])}")
    return " UNION ALL ".join(found)


def _written(dialect: str, fact: Fact, book: Book, row: str, *, source: str = "", sign: str = "") -> str:
    """The same for the row or rows a trigger is told of, with each measure written once and not once a cut."""
    lateral = "" if not source else "LATERAL "
    keys = [_keys(dialect, fact, cut, row) for cut in book.slices]
    cuts = " UNION ALL ".join(
        f"SELECT {one['slice']} AS slice, {one['value']} AS value, {one['on_day']} AS on_day, {int(cut.typed)} AS typed"
        for cut, one in zip(book.slices, keys, strict=True)
    )
    own = keys[0] | {name: f"k.{name}" for name in ("slice", "value", "on_day")}
    joined = [f"{lateral}({cuts}) AS k"]
    where = _counts_here(fact, row, typed=True)
    left_out = f"(k.typed = 1 OR {row}.claim_type NOT IN ({types_sql(fact.left_out)}))"
    if fact.name == "took":
        spans = " UNION ALL ".join(
            f"SELECT '{what}' AS what, {minutes.format(r=row)} AS took, {bucket_sql(minutes.format(r=row))} AS bucket"
            for what, minutes in TOOK.items()
        )
        joined.append(f"{lateral}({spans}) AS b")
        own |= {"what": "b.what", "bucket": "b.bucket"}
        where += ["b.took IS NOT NULL", LIVE.format(r=row)]
    columns = [*(f"{own[k]} AS {k}" for k in book.keys), *_sums(fact, book, row, sign)]
    tables = ", ".join([*([source] if source else []), *joined])
    return f"SELECT {', '.join(columns)} FROM {tables} WHERE {' AND '.join([*where, left_out])}"


def _named(book: Book, rows: str) -> str:
    """The rows under the names of their columns, whatever the first SELECT calls them."""
    return f"WITH cell ({', '.join([*book.keys, *book.measures])}) AS ({rows})"


def _upsert(book: Book, rows: str, *, summed: bool) -> str:
    """Add rows to their cells. PostgreSQL may meet a cell once a statement only, so they are summed first, in order."""
    keys, names = ", ".join(book.keys), ", ".join([*book.keys, *book.measures])
    sums = ", ".join(f"{m} = {book.table}.{m} + excluded.{m}" for m in book.measures)
    if summed:
        total = [f"SUM({m})" for m in book.measures]
        some = " OR ".join(f"{one} <> 0" for one in total)
        rows = (
            f"{_named(book, rows)} SELECT {keys}, {', '.join(total)} FROM cell GROUP BY {keys} HAVING {some}"
            f" ORDER BY {keys}"
        )
    else:
        # "WHERE true" keeps SQLite's parser from reading ON as a join condition.
        rows = f"SELECT * FROM ({rows}) WHERE true"
    return f"INSERT INTO {book.table} ({names}) {rows} ON CONFLICT ({keys}) DO UPDATE SET {sums}"


def watched(fact: Fact) -> tuple[str, ...]:
    """What a change of changes the counts of a fact: columns, and of the state only whether it is void or denied."""
    used = [fact.day, PLACE, *(part for pair in fact.measures.values() for part in pair)]
    used += [cut.value for book in fact.books for cut in book.slices] + ["{r}.claim_type", "{r}.dealer_id"]
    used += TOOK.values() if fact.name == "took" else ()
    columns = dict.fromkeys(c for expression in used for c in re.findall(r"\{r\}\.(\w+)", expression))
    found = [f"{{r}}.{c}" for c in columns if c != "status"]
    return (*found, *(f"({{r}}.status = '{s}')" for s in ("void", "denied") if any(f"'{s}'" in u for u in used)))


def columns_read() -> tuple[str, ...]:
    """The columns of a claim the counts read."""
    found = {c for fact in FACTS for e in watched(fact) for c in re.findall(r"\{r\}\.(\w+)", e)}
    return tuple(sorted(found))


def _changed(fact: Fact, old: str, new: str, differs: str) -> str:
    some = " OR ".join(f"{e.format(r=old)} {differs} {e.format(r=new)}" for e in watched(fact))
    day = " OR ".join(f"{fact.day.format(r=row)} IS NOT NULL" for row in (old, new))
    return f"({day}) AND ({some})"


# ---- triggers ------------------------------------------------------------------------------------------------------
def trigger_statements(dialect: str) -> list[str]:
    """CREATE statements of the triggers on `claim` and `claim_finding`."""
    return _sqlite_triggers() if dialect == "sqlite" else _postgres_triggers()


def _sqlite_triggers() -> list[str]:
    made = []
    for fact in FACTS:
        day = fact.day
        for event, rows, when in (
            ("INSERT", ("NEW",), f"{day.format(r='NEW')} IS NOT NULL"),
            ("UPDATE", ("OLD", "NEW"), _changed(fact, "OLD", "NEW", "IS NOT")),
            ("DELETE", ("OLD",), f"{day.format(r='OLD')} IS NOT NULL"),
        ):
            # One statement a table: what the row no longer adds and what it adds now. Beside each other they are
            # faster than two statements, and a cell that is both taken from and added to is found by its key twice.
            body = " ".join(
                _upsert(
                    book,
                    " UNION ALL ".join(
                        _written("sqlite", fact, book, row, sign="-" if row == "OLD" else "") for row in rows
                    ),
                    summed=False,
                ) + ";"
                for book in fact.books
            )  # fmt: skip
            name = f"claim_rollup_{fact.name}_{event.lower()}"
            # An update of other columns does not even start the trigger.
            columns = dict.fromkeys(c for e in watched(fact) for c in re.findall(r"\{r\}\.(\w+)", e))
            of = f" OF {', '.join(columns)}" if event == "UPDATE" else ""
            made.append(f"CREATE TRIGGER {name} AFTER {event}{of} ON claim WHEN {when} BEGIN {body} END")
    for event, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
        when = " OR ".join(f"{row}.rule = '{REPEAT}'" for row in rows)
        body = " ".join(f"{_note_repeat(f'{row}.claim_id')};" for row in rows)
        made.append(
            f"CREATE TRIGGER claim_repeat_{event.lower()} AFTER {event} ON claim_finding WHEN {when} BEGIN {body} END"
        )
    return [compared(statement) for statement in made]


def _note_repeat(claim_id: str) -> str:
    """Whether a claim is a repeat repair, from its findings; a claim that says so already is left alone."""
    found = f"EXISTS (SELECT 1 FROM claim_finding f WHERE f.claim_id = claim.id AND f.rule = '{REPEAT}')"
    return f"UPDATE claim SET is_repeat = {found} WHERE id = {claim_id} AND is_repeat <> {found}"


def _postgres_triggers() -> list[str]:
    """Once a statement, whatever it wrote: imports cost little more than without, and cells are met in order."""
    functions = []
    for event, tables in (
        ("insert", {"fresh": ""}), ("update", {"stale": "-", "fresh": ""}), ("delete", {"stale": "-"}),
    ):  # fmt: skip
        body = ""
        for fact in FACTS:
            if event == "update":
                changed = _changed(fact, "o", "n", "IS DISTINCT FROM")
                some = f"SELECT 1 FROM stale AS o JOIN fresh AS n ON n.id = o.id WHERE {changed}"
            else:
                (table,) = tables
                some = f"SELECT 1 FROM {table} AS r WHERE {fact.day.format(r='r')} IS NOT NULL"
            written = "; ".join(
                _upsert(
                    book,
                    " UNION ALL ".join(
                        _written("postgresql", fact, book, "r", source=f"{table} AS r", sign=sign)
                        for table, sign in tables.items()
                    ),
                    summed=True,
                )
                for book in fact.books
            )
            body += f"IF EXISTS ({some}) THEN {written}; END IF; "
        functions.append(
            f"CREATE FUNCTION claim_rollup_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}"
            "RETURN NULL; END $$"
        )
        known = " ".join(f"{'NEW' if t == 'fresh' else 'OLD'} TABLE AS {t}" for t in tables)
        functions.append(
            f"CREATE TRIGGER claim_rollup_{event} AFTER {event.upper()} ON claim REFERENCING {known} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION claim_rollup_{event}()"
        )
    noted = (
        f"IF TG_OP <> 'INSERT' THEN {_note_repeat('OLD.claim_id')}; END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_note_repeat('NEW.claim_id')}; END IF; "
    )
    functions.append(
        f"CREATE FUNCTION claim_repeat() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {noted}RETURN NULL; END $$"
    )
    for event, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
        when = " OR ".join(f"{row}.rule = '{REPEAT}'" for row in rows)
        functions.append(
            f"CREATE TRIGGER claim_repeat_{event.lower()} AFTER {event} ON claim_finding FOR EACH ROW WHEN ({when}) "
            "EXECUTE FUNCTION claim_repeat()"
        )
    return functions


def drop_statements(dialect: str) -> list[str]:
    """Undo of `trigger_statements`."""
    events = ("insert", "update", "delete")
    if dialect == "sqlite":
        names = [f"claim_rollup_{fact.name}_{event}" for fact in FACTS for event in events]
        return [f"DROP TRIGGER IF EXISTS {n}" for n in (*names, *(f"claim_repeat_{event}" for event in events))]
    return [
        *(f"DROP FUNCTION IF EXISTS claim_rollup_{event}() CASCADE" for event in events),
        "DROP FUNCTION IF EXISTS claim_repeat() CASCADE",
    ]


# ---- counting anew, and comparing ------------------------------------------------------------------------------------
def _dialect(target: Session | Connection) -> str:
    bind = target.get_bind() if isinstance(target, Session) else target
    return bind.dialect.name


def rebuild(target: Session | Connection) -> None:
    """Count everything anew, from the claims themselves; claims can be read but not written meanwhile."""
    dialect = _dialect(target)
    if dialect == "postgresql":
        # A claim written between the delete and the fresh count would be counted by its trigger and by the count.
        target.execute(text("LOCK TABLE claim, claim_finding IN SHARE ROW EXCLUSIVE MODE"))
    found = f"EXISTS (SELECT 1 FROM claim_finding f WHERE f.claim_id = claim.id AND f.rule = '{REPEAT}')"
    target.execute(text(f"UPDATE claim SET is_repeat = {found} WHERE is_repeat <> {found}"))
    for table in TABLES:
        target.execute(text(f"DELETE FROM {table}"))
    # Cut by cut: each is one pass over an index that covers it, and sorts no more columns than it adds up.
    for fact, book, cut in _cuts():
        keys, names = ", ".join(book.keys), ", ".join([*book.keys, *book.measures])
        total = ", ".join(f"SUM({m}) AS {m}" for m in book.measures)
        added = ", ".join(f"{m} = {book.table}.{m} + excluded.{m}" for m in book.measures)
        target.execute(
            text(
                f"INSERT INTO {book.table} ({names}) {_named(book, _rows(dialect, fact, book, cut))}"
                f" SELECT {keys}, {total} FROM cell WHERE true GROUP BY {keys}"
                f" ON CONFLICT ({keys}) DO UPDATE SET {added}"
            )
        )  # fmt: skip


def _cuts() -> list[tuple[Fact, Book, Slice]]:
    return [(fact, book, cut) for fact in FACTS for book in fact.books for cut in book.slices]


def differences(session: Session) -> list[str]:
    """Cells whose stored counts differ from a fresh count, as sentences; empty when all agree.

    Cells of zeros are ignored: they remain when the last claim of a cell moves away.
    """
    dialect, found = _dialect(session), []
    for table, keys in TABLES.items():
        books = [(fact, book, cut) for fact, book, cut in _cuts() if book.table == table]
        measures = tuple(dict.fromkeys(m for _, book, _ in books for m in book.measures))
        columns, key = ", ".join([*keys, *measures]), ", ".join(keys)
        total = [f"SUM({m})" for m in measures]
        some = " OR ".join(f"{one} <> 0" for one in total)
        stored = f"SELECT {key}, {', '.join(f'-{m} AS {m}' for m in measures)} FROM {table}"
        names = tuple(dict.fromkeys(cut.name for _, _, cut in books))
        for name in (*names, *(("",) if "slice" in keys else ())):
            # Both halves as rows of one list, the stored ones taken away: what does not add up to nothing differs. One
            # statement sees one moment: claims that are written meanwhile are in both halves or in neither.
            of = f" WHERE slice = '{name}'" if name else f" WHERE slice NOT IN ({types_sql(names)})"
            halves = [stored + (of if "slice" in keys else "")]
            for fact, book, cut in books:
                if cut.name == name:
                    own = ", ".join(m if m in book.measures else "0" for m in measures)
                    fresh = f"{_named(book, _rows(dialect, fact, book, cut))} SELECT * FROM cell"
                    halves.append(f"SELECT {key}, {own} FROM ({fresh}) AS {fact.name}_rows")
            both = f"WITH halves ({columns}) AS ({' UNION ALL '.join(halves)})"
            query = f"{both} SELECT {key}, {', '.join(total)} FROM halves GROUP BY {key} HAVING {some} ORDER BY {key}"
            for row in session.execute(text(query)):
                cell = ", ".join(str(part) for part in row[: len(keys)])
                off = ", ".join(f"{m} {-n:+}" for m, n in zip(measures, row[len(keys) :], strict=True) if n)
                found.append(f"{table}: the cell of {cell} is off by {off}")
    wrong = session.execute(
        text(
            "SELECT number FROM claim WHERE is_repeat <> EXISTS (SELECT 1 FROM claim_finding f WHERE"
            f" f.claim_id = claim.id AND f.rule = '{REPEAT}') ORDER BY id LIMIT 5"
        )
    )
    return found + [f"claim: {number} says of itself wrongly whether it is a repeat repair" for (number,) in wrong]
