"""`python -m bench.claims_figures [claims ...]`: how fast the figures of claims are on the real schema.

Fills a scratch SQLite file (or the empty PostgreSQL database of `--url`) with 2,000 dealers and three years of claims,
once for each size (30,000 and 300,000 unless told otherwise): some thousands are generated, the rest are copies with
other days. Then asks what the pages and reports ask, beside the same question put to the claims themselves, and writes
claims with the triggers of the sums and without. Nothing here is an assertion.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, event, insert, select, text, update
from sqlalchemy.orm import Session

from db.claims import (
    figure_queries,
    figure_sums,
    metrics_queries,
    overview_queries,
    reason_queries,
    rollup,
    trend_queries,
)
from db.claims.reason_queries import Behind
from db.claims.tables import Claim, ClaimFinding, ClaimHold, ClaimLoss
from db.core.actor import EVERYTHING, Scope
from db.core.session import make_engine
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.migrate import upgrade

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
TODAY = NOW.date()
REGIONS = ("Northeast", "Mid-Atlantic", "Southeast", "Midwest", "South Central", "West")
TYPES = ("standard", "standard", "standard", "standard", "parts", "campaign", "goodwill", "debit", "pre_authorization")
COMPONENTS = tuple(f"C{n:02}" for n in range(20))
MODELS = tuple(f"Model {n}" for n in range(12))
REASONS = ("DOC_MISSING", "OUT_OF_TIME", "NARRATIVE_INSUFFICIENT", "RATE_ADJUSTED", "NOT_COVERED", "WEAR_ITEM")
DAYS = 3 * 365
SEED_ROWS = 10_000


def fill(engine: Engine, claims: int, *, dealers: int = 2_000, seed: int = 11) -> None:
    """Dealers, vehicles and claims with what figures read; distributions are those of a busy network."""
    rng = Random(seed)
    with Session(engine.execution_options(writer=True)) as session:
        session.execute(
            insert(Dealer),
            [
                {"id": n, "code": f"B{n:05}", "name": f"Bench Motors {n}", "name_key": f"bench {n}", "url": "",
                 "region": REGIONS[n % len(REGIONS)], "state": "NY", "city": "", "postal_code": "",
                 "zone": "America/New_York", "status": "active", "lead_weight": 1, "lead_cap": 0, "daily_quota": 0,
                 "takes_leads": True, "version": 1, "created_at": NOW, "updated_at": NOW}
                for n in range(1, dealers + 1)
            ],
        )  # fmt: skip
        session.execute(
            insert(Vehicle),
            [
                {"vin": f"BENCH{n:012}", "is_regular": False, "check_ok": False, "year": 2025, "make": "Honda",
                 "model": MODELS[n % len(MODELS)], "in_service_on": TODAY - timedelta(days=rng.randrange(1500)),
                 "sources": {}, "created_at": NOW, "updated_at": NOW, "updated_by": "Bench"}
                for n in range(20_000)
            ],
        )  # fmt: skip
        first = min(SEED_ROWS, claims)
        rows: dict[Any, list[dict[str, Any]]] = {Claim: [], ClaimHold: [], ClaimLoss: [], ClaimFinding: []}
        for claim_id in range(1, first + 1):
            _claim(rng, rows, claim_id, dealer=rng.randrange(1, dealers + 1))
        for table, values in rows.items():
            if values:
                session.execute(insert(table), values)
        session.commit()
    with engine.execution_options(writer=True).begin() as connection:
        for statement in rollup.drop_statements(engine.dialect.name):
            connection.exec_driver_sql(statement)
        have = first
        while have < claims:
            have += _copy(connection, have, min(have, claims - have), rng.randrange(1, 30))
        rollup.rebuild(connection)
        for statement in rollup.trigger_statements(engine.dialect.name):
            connection.exec_driver_sql(statement)
    with engine.execution_options(writer=True).connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _claim(rng: Random, rows: dict[Any, list[dict[str, Any]]], claim_id: int, *, dealer: int) -> None:
    sent = NOW - timedelta(days=rng.randrange(DAYS), minutes=rng.randrange(1440))
    took = int(rng.expovariate(1 / 4000)) + 5
    decided = sent + timedelta(minutes=took)
    is_open = decided > NOW or rng.random() < 0.01
    kind = rng.choice(TYPES)
    claimed = rng.randrange(5_000, 400_000)
    if kind == "debit":
        claimed = -claimed
    luck = rng.random()
    status, approved = ("in_review", None) if is_open else ("paid", claimed)
    if not is_open and luck < 0.1:
        status, approved = "denied", min(0, claimed)
    elif not is_open and luck < 0.25 and claimed > 0:
        approved = claimed * 3 // 4
    returns = rng.choice((0, 0, 0, 0, 1, 2))
    whose = {"dealer_id": dealer, "region": REGIONS[dealer % len(REGIONS)]}
    rows[Claim].append(
        {"id": claim_id, "number": f"WC-{claim_id:06}", "status": status, "version": 1, "is_open": is_open,
         "due_at": decided, "submitted_by": "dana", "created_at": sent, "updated_at": sent, "updated_by": "Bench",
         "claim_type": kind, "family_id": claim_id, "vin": f"BENCH{rng.randrange(20_000):012}",
         "claimed_cents": claimed, "approved_cents": approved, "held_by": "us" if is_open else "",
         "stage_entered_at": sent, "submitted_at": sent, "received_at": sent,
         "decide_by": sent + timedelta(days=30), "first_decided_at": None if is_open else decided,
         "decided_at": None if is_open else decided, "decided_kind": "" if is_open else rng.choice(("auto", "person")),
         "returns": returns, "appeals": 0, "submitted_on": sent.date(),
         "first_decided_on": None if is_open else decided.date(), "component": rng.choice(COMPONENTS),
         "causal_part": f"P-{int(rng.paretovariate(1)) % 400:04}", "model": rng.choice(MODELS),
         "turnaround_minutes": None if is_open else took, "business_minutes": None if is_open else took // 3,
         "pay_days": None if is_open or status == "denied" else rng.randrange(3, 30)}
    )  # fmt: skip
    spans: tuple[tuple[str, datetime, datetime | None], ...] = (
        ("dealer", sent - timedelta(days=1), sent),
        ("us", sent, None if is_open else decided),
    )
    if not is_open and status == "paid":
        spans = (*spans, ("finance", decided, decided + timedelta(days=9)))
    rows[ClaimHold] += [
        {"claim_id": claim_id, **whose, "position": at, "holder": holder, "status": "in_review", "since": since,
         "until": until}
        for at, (holder, since, until) in enumerate(spans, 1)
    ]  # fmt: skip
    rows[Claim][-1] |= whose
    if not is_open and (approved != claimed or returns):
        lost = "denied" if status == "denied" else "reduced" if approved != claimed else "returned"
        rows[ClaimLoss].append(
            {"claim_id": claim_id, **whose, "kind": lost, "reason_code": rng.choice(REASONS),
             "cents": claimed - (approved or 0) if lost != "returned" else 0, "happened_on": decided.date()}
        )  # fmt: skip
    if rng.random() < 0.3:
        rows[ClaimFinding].append(
            {"claim_id": claim_id, **whose, "run": 1, "found_at": sent, "rule": rng.choice(("W18", "W05", "W21")),
             "level": "A", "sentence": "Bench", "reason_code": rng.choice(REASONS)}
        )  # fmt: skip


def _copy(connection: Connection, have: int, count: int, shift: int) -> int:
    """Copies of the first `count` claims with what hangs on them, some days earlier and at other dealers' numbers."""
    moved = {"submitted_on", "first_decided_on", "happened_on"}
    earlier = "date({}, '-{} days')" if connection.dialect.name == "sqlite" else "{} - {}"
    own = {"id": f"id + {have}", "number": f"'B-' || (id + {have})", "family_id": f"id + {have}",
           "claim_id": f"claim_id + {have}"}  # fmt: skip
    for declared in (Claim, ClaimHold, ClaimLoss, ClaimFinding):
        table, key = declared.__tablename__, "id" if declared is Claim else "claim_id"
        names = [c.name for c in declared.__table__.columns if c.name != "id" or declared is Claim]
        values = [
            own[n] if n in own and (n != "id" or declared is Claim)
            else earlier.format(n, shift) if n in moved else n for n in names
        ]  # fmt: skip
        # fixed SQL: the names of the columns come from the schema
        copy = f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"
        connection.execute(text(f"{copy} WHERE {key} <= {count}"))
    return count


# ---- measuring -----------------------------------------------------------------------------------------------------
Question = Callable[[Session], Any]


def questions(scope: Scope, days: int) -> dict[str, Question]:
    """What one run of the page asks, by the part of the page."""
    filters = {"from": TODAY - timedelta(days=days - 1), "to": TODAY}
    return {
        "overview": lambda s: overview_queries.overview(s, scope=scope, filters=filters, now=NOW),
        "choices": lambda s: figure_queries.choices(s, scope=scope),
        "decided by week": lambda s: figure_queries.counts(s, scope=scope, by=("week",), filters=filters),
        "sent by week": lambda s: figure_queries.sent(s, scope=scope, by=("week",), filters=filters),
        "who held it": lambda s: trend_queries.held(s, scope=scope, filters=filters, now=NOW),
        "days to decide": lambda s: figure_queries.spread(s, scope=scope, what="turnaround", filters=filters),
        "age of open": lambda s: figure_queries.standing(s, scope=scope, filters=filters, now=NOW),
        "reasons": lambda s: reason_queries.reasons(s, scope=scope, filters=filters),
        "reasons found": lambda s: reason_queries.reasons(s, scope=scope, filters=filters, kind="found"),
        "coaching": lambda s: reason_queries.coaching(s, scope=scope, filters=filters, dealers=12),
        "trend by component": lambda s: trend_queries.trend(s, scope=scope, filters=filters, today=TODAY),
        "trend by part": lambda s: trend_queries.trend(s, scope=scope, by="part", filters=filters, today=TODAY),
        "dealers": lambda s: trend_queries.dealers(s, scope=scope, filters=filters, today=TODAY),
        "components": lambda s: trend_queries.components(s, scope=scope, filters=filters),
        "claims behind": lambda s: reason_queries.claims_behind(
            s, scope=scope, filters=filters, behind=Behind(), now=NOW
        ),
        "count behind": lambda s: reason_queries.count_behind(
            s, scope=scope, filters=filters, behind=Behind(), now=NOW
        ),
    }


SCOPES = {
    "network": EVERYTHING, "region": Scope("regions", regions=frozenset({"West"})),
    "dealer": Scope("dealers", dealer_ids=frozenset({5})),
}  # fmt: skip


@contextmanager
def counted(engine: Engine) -> Iterator[list[int]]:
    """How many statements there were, in a list of one number."""
    found = [0]

    def after(*_: Any) -> None:
        found[0] += 1

    event.listen(engine, "after_cursor_execute", after)
    yield found
    event.remove(engine, "after_cursor_execute", after)


def median_ms(engine: Engine, ask: Question, *, times: int) -> tuple[float, float, int]:
    """Median wall and processor time in milliseconds after one warming run, and how many statements a run makes.

    On a machine that does other things the processor time is the one to compare: SQLite works in this thread.
    """
    with Session(engine) as session, counted(engine) as statements:
        ask(session)
    wall, work = [], []
    for _ in range(times):
        with Session(engine) as session:
            began, at = time.perf_counter(), time.thread_time()
            ask(session)
            wall.append(1000 * (time.perf_counter() - began))
            work.append(1000 * (time.thread_time() - at))
    return statistics.median(wall), statistics.median(work), statements[0]


# ---- the same question by the sums and by the claims ---------------------------------------------------------------
MONTHS = {"from": date(2025, 12, 1), "to": date(2026, 11, 30)}
YEAR = {"from": TODAY - timedelta(days=364), "to": TODAY}
ODD = {"from": date(2025, 11, 15), "to": date(2026, 10, 15)}
ASKED: tuple[tuple[str, str, tuple[str, ...], dict[str, Any]], ...] = (
    ("first-pass, 12 months by month and region", "claim_first_pass", ("month", "region"), MONTHS),
    ("the same of two regions", "claim_first_pass", ("month", "region"), MONTHS | {"region": ("West", "Midwest")}),
    ("first-pass, last 365 days", "claim_first_pass", (), YEAR),
    ("the same of one type", "claim_first_pass", (), YEAR | {"type": "standard"}),
    ("the same of one component", "claim_first_pass", (), YEAR | {"component": "C05"}),
    ("the same of one model", "claim_first_pass", (), YEAR | {"model": "Model 3"}),
    ("the same of one dealer", "claim_first_pass", (), YEAR | {"dealer": (5,)}),
    ("a dealer's component", "claim_first_pass", (), YEAR | {"dealer": (5,), "component": "C05"}),
    ("first-pass by week", "claim_first_pass", ("week",), YEAR),
    ("cost by component", "claim_cost", ("component",), MONTHS),
    ("middle turnaround, last 365 days", "claim_turnaround", (), YEAR),
    ("nine in ten, one region", "claim_turnaround_p90", (), YEAR | {"region": "West"}),
    ("middle business turnaround by month", "claim_business", ("month",), MONTHS),
    ("claims sent by month", "claims_sent", ("month",), MONTHS),
    ("repeat repairs", "claim_repeat", (), YEAR),
    ("waiting now", "claim_open", (), {}),
    ("worst: days that halve two months, by component", "claim_first_pass", ("component",), ODD),
    ("not kept: one type of one component", "claim_first_pass", (), YEAR | {"type": "standard", "component": "C05"}),
    ("not kept: every dealer", "claim_first_pass", ("dealer",), MONTHS),
    ("not kept: receivable of everybody", "claim_receivable", (), {}),
)


@contextmanager
def without_sums() -> Iterator[None]:
    """Within it every figure is counted from the claims, over the indexes they have, as before decision 0070."""
    kept = figure_sums.plan

    def nothing(asked: figure_sums.Asked, *, parts: bool) -> figure_sums.Plan:
        return figure_sums.Plan()

    figure_sums.plan = nothing
    try:
        yield
    finally:
        figure_sums.plan = kept


def measured(engine: Engine, *, times: int) -> dict[str, tuple[float, float]]:
    """Milliseconds of each question of `ASKED`, by the sums and by the claims; wall where the database is a server."""
    own = 0 if engine.dialect.name == "postgresql" else 1

    def ask(name: str, by: tuple[str, ...], filters: dict[str, Any]) -> Question:
        return lambda s: metrics_queries.compute(s, scope=EVERYTHING, name=name, by=by, filters=filters, now=NOW)

    found = {}
    for title, name, by, filters in ASKED:
        kept = median_ms(engine, ask(name, by, filters), times=times)[own]
        with without_sums():
            found[title] = kept, median_ms(engine, ask(name, by, filters), times=max(3, times // 3))[own]
    return found


# ---- what it costs to write ----------------------------------------------------------------------------------------
def writes(engine: Engine, *, times: int = 400) -> None:
    """Print what a write costs with the triggers and without, microseconds at the middle, turn by turn."""
    dialect, took = engine.dialect.name, {}
    with Session(engine) as session:
        first = session.scalar(select(text("max(id)")).select_from(Claim)) or 0
    rows: dict[Any, list[dict[str, Any]]] = {Claim: [], ClaimHold: [], ClaimLoss: [], ClaimFinding: []}
    rng = Random(5)
    while len(rows[Claim]) < 2 * times + 40_000:
        _claim(rng, rows, first + 1 + len(rows[Claim]), dealer=rng.randrange(1, 2_001))
    columns = sorted({name for row in rows[Claim] for name in row})
    made = [{name: row.get(name) for name in columns} for row in rows[Claim]]
    for name in ("with", "without", "with again", "without again"):
        _put_triggers(engine, wanted=not name.startswith("without"))
        mine = [made.pop() for _ in range(times // 2)]
        single, steps = [], []
        for row in mine:
            single.append(_timed_write(engine, insert(Claim), row))
            paid = update(Claim).where(Claim.id == row["id"]).values(status="paid", pay_days=4, approved_cents=0)
            steps.append(_timed_write(engine, paid, None))
        batch = [made.pop() for _ in range(10_000)]
        took[name] = statistics.median(single), statistics.median(steps), _timed_write(engine, insert(Claim), batch)
    _put_triggers(engine, wanted=True)
    print(f"\nOne claim sent and decided, one step that changes its money (us), 10,000 rows at once (ms); {dialect}")
    print("| triggers | insert | step | 10,000 rows |\n|---|---|---|---|")
    for name, (single_us, step_us, many) in took.items():
        print(f"| {name} | {single_us:.0f} | {step_us:.0f} | {many / 1000:.0f} |")


def _put_triggers(engine: Engine, *, wanted: bool) -> None:
    with engine.execution_options(writer=True).begin() as connection:
        for statement in rollup.drop_statements(engine.dialect.name):
            connection.exec_driver_sql(statement)
        if wanted:
            for statement in rollup.trigger_statements(engine.dialect.name):
                connection.exec_driver_sql(statement)


def _timed_write(engine: Engine, statement: Any, values: Any) -> float:
    with engine.execution_options(writer=True).connect() as connection:
        # SQLite works in this thread, and a busy machine or disk tells nothing of the triggers.
        clock = time.perf_counter if engine.dialect.name == "postgresql" else time.thread_time
        began = clock()
        connection.execute(statement, values)
        connection.commit()
        return 1_000_000 * (clock() - began)


def main() -> None:
    """Fill a scratch database for each size and print tables of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", type=int, nargs="*", default=[30_000, 300_000])
    parser.add_argument("--url", help="an empty PostgreSQL database; one size then")
    parser.add_argument("--days", type=int, nargs="*", default=[90, 365], help="periods of the page's questions")
    parser.add_argument("--times", type=int, default=9)
    options = parser.parse_args()
    sizes: dict[int, dict[str, tuple[float, float]]] = {}
    for size in options.claims[:1] if options.url else options.claims:
        with tempfile.TemporaryDirectory() as folder:
            url = options.url or f"sqlite:///{Path(folder) / 'bench.db'}"
            upgrade(url)
            engine = make_engine(url)
            began = time.perf_counter()
            fill(engine, size)
            print(f"{size:,} claims, {engine.dialect.name}, filled in {time.perf_counter() - began:.0f} s", flush=True)
            sizes[size] = measured(engine, times=options.times)
            if size == max(options.claims):
                page(engine, options.days, options.times)
                writes(engine)
            engine.dispose()
    least, most = min(sizes), max(sizes)
    print(f"\n| ms, middle of {options.times} | {least:,} | {most:,} | exponent | from claims | ratio |")
    print("|---|---|---|---|---|---|")
    for title, (kept, raw) in sizes[most].items():
        grown = math.log10(kept / sizes[least][title][0]) / math.log10(most / least) if most > least else 0.0
        print(f"| {title} | {sizes[least][title][0]:.1f} | {kept:.1f} | {grown:.2f} | {raw:.0f} | 1/{raw / kept:.0f} |")


def page(engine: Engine, periods: Sequence[int], times: int) -> None:
    """Print what one run of the page of claim performance asks, by its parts."""
    for days in periods:
        asked = {name: questions(scope, days) for name, scope in SCOPES.items()}
        print(f"\n| last {days} days, wall / processor ms | statements | " + " | ".join(SCOPES) + " |")
        print("|---|---|---|---|---|")
        for part in next(iter(asked.values())):
            found = {n: median_ms(engine, asked[n][part], times=times) for n in SCOPES}
            shown = " | ".join(f"{wall:.1f} / {work:.1f}" for wall, work, _ in found.values())
            print(f"| {part} | {found['network'][2]} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
