"""`python -m bench.money_figures [entries]`: how fast figures of money and surveys are, and what their sums cost.

Fills a scratch database (SQLite, or an empty PostgreSQL one named with --url) with 2,000 dealers and two years of
entries, 500,000 unless told otherwise, half of incentives and half of co-op, and as many surveys as entries of one of
them; then a tenth of that in another one, for the growth. Beside each figure stands the same sum in SQL over the rows
themselves. Nothing here is an assertion.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, TextClause, insert, text
from sqlalchemy.orm import Session

from db.catalog import all_metrics
from db.coop.sums import SUMS as COOP
from db.coop.tables import CoopEntry, CoopFund, CoopProgramme
from db.core.actor import EVERYTHING, Scope
from db.core.labels import local_day
from db.core.rollups import rebuild
from db.core.session import make_engine
from db.dealers.tables import Dealer
from db.incentives.sums import SUMS as INCENTIVES
from db.incentives.tables import IncentiveEntry, IncentiveProgram
from db.migrate import upgrade
from db.surveys.sums import SUMS as SURVEYS
from db.surveys.tables import Questionnaire, Survey
from tests.support.core import _needed

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
ROLLUPS = (INCENTIVES, COOP, SURVEYS)
REGIONS = ("Northeast", "Mid-Atlantic", "Southeast", "Midwest", "South Central", "West")
DAYS = 728
BOOKS = (("earned", "calculation", 1), ("approved", "approval", 1), ("paid", "payment", 1), ("approved", "unwind", -1))
KINDS = ("accrual", "claim", "payment", "reserve", "release", "expiry")
MEDIA = ("digital", "print", "radio", "event", "outdoor", "direct_mail")
CHUNK = 20_000


# ---- rows ------------------------------------------------------------------------------------------------------------
def fill(engine: Engine, entries: int, *, dealers: int = 2_000, seed: int = 7) -> float:
    """Fill an empty, migrated database; gives the seconds summing up took."""
    rng = Random(seed)
    writer = engine.execution_options(writer=True)
    with Session(writer) as session:
        for statement in (s for r in ROLLUPS for s in r.drop(engine.dialect.name)):
            session.execute(text(statement))
        session.execute(insert(Dealer), [_dealer(n) for n in range(1, dealers + 1)])
        table: Any
        for table in (IncentiveProgram, CoopProgramme):
            needed = _needed(table, {"id", "code"})
            session.execute(insert(table), [{"id": n, "code": f"B{n}", **needed} for n in (1, 2, 3)])
        given = {"id", "programme_id", "dealer_id", "region", "period"}
        funds = [
            {"id": n, "programme_id": n % 3 + 1, "dealer_id": (n - 1) % dealers + 1,
             "region": REGIONS[((n - 1) % dealers + 1) % 6], "period": f"P{n}", **_needed(CoopFund, given)}
            for n in range(1, 3 * dealers + 1)
        ]  # fmt: skip
        session.execute(insert(CoopFund), funds)
        session.execute(insert(Questionnaire).values(id=1, questions=[], **_needed(Questionnaire, {"id", "questions"})))
        for make, rows in ((entry, IncentiveEntry), (posting, CoopEntry), (survey, Survey)):
            for start in range(1, entries // 2 + 1, CHUNK):
                numbers = range(start, min(start + CHUNK, entries // 2 + 1))
                session.execute(insert(rows), [make(rng, n, dealers) for n in numbers])
        for statement in (s for r in ROLLUPS for s in r.create(engine.dialect.name)):
            session.execute(text(statement))
        began = time.perf_counter()
        rebuild(session, rollups=ROLLUPS)
        took = time.perf_counter() - began
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return took


def _dealer(n: int) -> dict[str, Any]:
    return {
        "id": n, "code": f"B{n:05}", "name": f"Bench Motors {n}", "name_key": f"bench {n}", "url": "",
        "region": REGIONS[n % 6], "state": "NY", "city": "", "postal_code": "", "zone": "America/New_York",
        "status": "active", "lead_weight": 1, "lead_cap": 0, "daily_quota": 0, "takes_leads": True, "version": 1,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip


def entry(rng: Random, n: int, dealers: int) -> dict[str, Any]:
    """One entry of incentives."""
    at, dealer = NOW - timedelta(minutes=rng.randrange(DAYS * 1440)), rng.randrange(1, dealers + 1)
    book, kind, sign = rng.choices(BOOKS, (50, 100, 98, 2))[0]
    return {
        "entry_key": f"b{n}", "book": book, "kind": kind, "program_id": rng.randrange(1, 4), "dealer_id": dealer,
        "region": REGIONS[dealer % 6], "period": f"{at:%Y-%m}", "cents": sign * rng.randrange(100, 200_000),
        "currency": "USD", "at": at, "on_day": local_day(at, "America/New_York"), "username": "bench", "by": "Bench",
        "reason": "",
    }  # fmt: skip


def posting(rng: Random, n: int, dealers: int) -> dict[str, Any]:
    """One entry of co-op."""
    fund, kind = rng.randrange(1, 3 * dealers + 1), rng.choice(KINDS)
    dealer, at = (fund - 1) % dealers + 1, NOW - timedelta(minutes=rng.randrange(DAYS * 1440))
    return {
        "entry_key": f"b{n}", "fund_id": fund, "dealer_id": dealer, "region": REGIONS[dealer % 6], "kind": kind,
        "of_kind": "", "cents": rng.randrange(100, 90_000), "reserve_cents": 0,
        "medium": "" if kind in ("accrual", "expiry") else rng.choice(MEDIA), "at": at, "on": at.date(),
        "username": "bench", "by": "Bench", "reason": "",
    }  # fmt: skip


def survey(rng: Random, n: int, dealers: int) -> dict[str, Any]:
    """One survey; six in ten came back."""
    dealer, sent = rng.randrange(1, dealers + 1), NOW.date() - timedelta(days=rng.randrange(DAYS))
    is_back = rng.random() < 0.6
    answered = min(sent + timedelta(days=rng.randrange(10)), NOW.date()) if is_back else None
    row = {
        "number": f"B-{n}", "survey_key": f"b{n}", "dealer_id": dealer, "region": REGIONS[dealer % 6],
        "kind": rng.choice(("csi", "ssi")), "questionnaire_id": 1, "channel": "email", "sent_on": sent, "questions": [],
        "answered_on": answered, "month": answered.replace(day=1) if answered else None, "is_returned": is_back,
        "is_counted": is_back and rng.random() < 0.98, "index_hundredths": rng.randrange(3_000, 10_001) if is_back
        else None, "answers": 8 if is_back else 0, "tops": rng.randrange(9) if is_back else 0,
        "nps": rng.choice((-1, 0, 1)) if is_back else None,
    }  # fmt: skip
    return {**row, **_needed(Survey, {*row, "id"})}


# ---- questions -------------------------------------------------------------------------------------------------------
YEAR, TWO = (date(2025, 12, 1), NOW.date()), (date(2024, 12, 1), NOW.date())
ODD, MONTH = (date(2026, 2, 11), date(2026, 11, 19)), (date(2026, 10, 1), date(2026, 10, 31))
WEST, ONE = Scope("regions", frozenset({"West"})), Scope("dealers", frozenset(), frozenset({5}))
Case = tuple[str, Scope, tuple[str, ...], tuple[date, date]]
CASES: tuple[Case, ...] = (
    ("one month", EVERYTHING, (), MONTH), ("12 months", EVERYTHING, (), YEAR),
    ("11 Feb to 19 Nov", EVERYTHING, (), ODD), ("24 months by month", EVERYTHING, ("month",), TWO),
    ("by region", EVERYTHING, ("region",), YEAR), ("one region", WEST, (), YEAR), ("one dealer", ONE, (), YEAR),
    ("by dealer", EVERYTHING, ("dealer",), YEAR),
)  # fmt: skip
METRICS = ("incentive_paid", "incentive_open", "coop_utilisation", "csi")
RAW = {
    "incentive_paid": ("SUM(CASE WHEN book = 'paid' THEN cents ELSE 0 END)", "incentive_entry", "on_day"),
    "incentive_open": (
        "SUM(CASE book WHEN 'approved' THEN cents WHEN 'paid' THEN -cents ELSE 0 END)", "incentive_entry", "on_day",
    ),
    "coop_utilisation": (
        "SUM(CASE WHEN kind = 'claim' THEN cents ELSE 0 END), SUM(CASE WHEN kind = 'accrual' THEN cents ELSE 0 END)",
        "coop_entry", "on_day",
    ),
    "csi": ("SUM(index_hundredths), COUNT(index_hundredths)", "survey", "answered_on"),
}  # fmt: skip


def raw(name: str, scope: Scope, by: tuple[str, ...], span: tuple[date, date]) -> str:
    """The same sum over the rows themselves; values are those of this file."""
    sums, table, day = RAW[name]
    of = {"month": f"substr(CAST({day} AS VARCHAR(10)), 1, 7)", "region": "region", "dealer": "dealer_id"}
    where = [f"{day} <= '{span[1]}'"] + ([] if name == "incentive_open" else [f"{day} >= '{span[0]}'"])
    where += ["kind = 'csi'", "is_counted"] if name == "csi" else []
    where += [f"region = '{r}'" for r in scope.regions] + [f"dealer_id = {d}" for d in scope.dealer_ids]
    keys = ", ".join(of[dim] for dim in by)
    # fixed SQL: everything put together here is written in this file
    group = f" GROUP BY {keys}" if by else ""
    return f"SELECT {keys + ', ' if by else ''}{sums} FROM {table} WHERE {' AND '.join(where)}{group}"


def _all(session: Session, query: TextClause) -> Any:
    return session.execute(query).all()


def median_ms(ask: Callable[[], Any], *, times: int) -> tuple[float, float]:
    """Median wall and processor milliseconds after one warming run."""
    ask()
    wall, work = [], []
    for _ in range(times):
        began, at = time.perf_counter(), time.thread_time()
        ask()
        wall.append(1000 * (time.perf_counter() - began))
        work.append(1000 * (time.thread_time() - at))
    return statistics.median(wall), statistics.median(work)


def measured(engine: Engine, *, times: int) -> dict[tuple[str, str], tuple[float, float, float, float]]:
    """(metric, case): wall and processor ms from sums, then of SQL over the rows."""
    found = {}
    metrics = {one.definition.name: one for one in all_metrics()}
    with Session(engine) as session:
        for name in METRICS:
            for what, scope, by, span in CASES:
                if not set(by) <= set(metrics[name].dims):
                    continue
                asked = {"scope": scope, "by": by, "filters": {"from": span[0], "to": span[1]}, "now": NOW}
                ours = median_ms(partial(metrics[name].compute, session, **asked), times=times)
                plain = text(raw(name, scope, by, span))
                theirs = median_ms(partial(_all, session, plain), times=max(1, times // 2))
                found[name, what] = (*ours, *theirs)
    return found


# ---- writing ---------------------------------------------------------------------------------------------------------
def write_cost(engine: Engine, *, times: int, many: int = 10_000) -> dict[str, tuple[float, float]]:
    """Of one entry a transaction (median us) and of many in one (ms), with and without the triggers of the sums.

    Processor time on SQLite, where the disk is waited for alike; wall time on PostgreSQL.
    """
    clock = time.thread_time if engine.dialect.name == "sqlite" else time.perf_counter
    writer, rng = engine.execution_options(writer=True), Random(3)
    found: dict[str, list[float]] = {"one entry, us": [], f"{many:,} entries, ms": []}
    number = 10**7
    for statements in ([], [s for r in ROLLUPS for s in r.drop(engine.dialect.name)]):
        with Session(writer) as session:
            for statement in statements:
                session.execute(text(statement))
            session.commit()
        took = []
        for _ in range(times):
            number += 1
            row = entry(rng, number, 2_000)
            began = clock()
            with Session(writer) as session:
                session.execute(insert(IncentiveEntry), row)
                session.commit()
            took.append(1e6 * (clock() - began))
        found["one entry, us"].append(statistics.median(took))
        rows = [entry(rng, number + n, 2_000) for n in range(1, many + 1)]
        number += many
        began = clock()
        with Session(writer) as session:
            session.execute(insert(IncentiveEntry), rows)
            session.commit()
        found[f"{many:,} entries, ms"].append(1000 * (clock() - began))
    return {name: (values[0], values[1]) for name, values in found.items()}


@contextmanager
def database(url: str, folder: str, name: str) -> Iterator[Engine]:
    """A migrated engine: a file of its own, or the database named (which must be empty)."""
    found = url or f"sqlite:///{Path(folder) / name}"
    upgrade(found)
    engine = make_engine(found)
    yield engine
    engine.dispose()


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=500_000)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database instead of a scratch file")
    parser.add_argument("--small-url", default="", help="another one for the tenth; without it no growth is shown")
    options = parser.parse_args()
    small: dict[tuple[str, str], tuple[float, float, float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if options.small_url or not options.url:
            with database(options.small_url, folder, "small.db") as engine:
                fill(engine, options.entries // 10)
                small = measured(engine, times=options.times)
        with database(options.url, folder, "large.db") as engine:
            took = fill(engine, options.entries)
            print(f"{engine.dialect.name}, {options.entries:,} entries; all sums anew in {took:.1f} s\n")
            # SQLite works in this thread, so that its processor time is the one to compare on a machine that does other
            # things; PostgreSQL works elsewhere.
            clock = 1 if engine.dialect.name == "sqlite" else 0
            print("| figure | case | from sums, ms | SQL over the rows, ms | ratio | growth exponent |")
            print("|---|---|---|---|---|---|")
            for (name, what), found in measured(engine, times=options.times).items():
                ours, plain, before = found[clock], found[2 + clock], small.get((name, what))
                growth = f"{math.log10(ours / before[clock]):.2f}" if before else "–"
                ratio = f"1/{plain / ours:,.0f}" if plain > ours else f"{ours / plain:.1f}"
                print(f"| {name} | {what} | {ours:.1f} | {plain:.1f} | {ratio} | {growth} |", flush=True)
            print("\n| writing | with sums | without | ratio |\n|---|---|---|---|")
            for name, (with_sums, without) in write_cost(engine, times=300).items():
                print(f"| {name} | {with_sums:,.0f} | {without:,.0f} | {with_sums / without:.2f} |")


if __name__ == "__main__":
    main()
