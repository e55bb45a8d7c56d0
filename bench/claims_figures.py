"""`python -m bench.claims_figures [claims]`: how fast each figure of claims is on the real schema, as medians.

Fills a scratch SQLite file with 400 dealers and three years of claims (100,000 unless told otherwise): some thousands
are generated, the rest are copies with other days. Nothing here is an assertion.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, event, insert, select, text
from sqlalchemy.orm import Session

from db.claims import figure_queries, overview_queries, reason_queries, trend_queries
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


def fill(engine: Engine, claims: int, *, dealers: int = 400, seed: int = 11) -> None:
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
        have = first
        while have < claims:
            have += _copy(connection, have, min(have, claims - have), rng.randrange(1, 30))
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
    own = {"id": f"id + {have}", "number": f"'B-' || (id + {have})", "family_id": f"id + {have}",
           "claim_id": f"claim_id + {have}"}  # fmt: skip
    for table, key in (("claim", "id"), ("claim_hold", "claim_id"), ("claim_loss", "claim_id"),
                       ("claim_finding", "claim_id")):  # fmt: skip
        # fixed SQL: the four tables named above
        names = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
        if table != "claim":
            names.remove("id")
        values = [
            own[n] if n in own and (n != "id" or table == "claim")
            else f"date({n}, '-{shift} days')" if n in moved else n for n in names
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
        "days to decide": lambda s: figure_queries.minutes(s, scope=scope, what="turnaround", filters=filters),
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


def main() -> None:
    """Fill a scratch file and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", type=int, nargs="?", default=100_000)
    parser.add_argument("--days", type=int, nargs="*", default=[90, 365])
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--keep", help="where the file stays; filled only when it is not there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(options.keep or Path(folder) / "bench.db")
        is_new, url = not path.exists(), f"sqlite:///{path}"
        if is_new:
            upgrade(url)
        engine = make_engine(url)
        if is_new:
            began = time.perf_counter()
            fill(engine, options.claims)
            print(f"filled in {time.perf_counter() - began:.0f} s")
        with Session(engine) as session:
            count = session.scalar(select(text("count(*)")).select_from(Claim))
        print(f"{count:,} claims, {path.stat().st_size / 1e6:,.0f} MB; wall / processor ms of {options.times} runs")
        for days in options.days:
            asked = {name: questions(scope, days) for name, scope in SCOPES.items()}
            print(f"\n| last {days} days | statements | " + " | ".join(SCOPES) + " |\n|---|---|---|---|---|")
            for part in next(iter(asked.values())):
                times = {n: median_ms(engine, asked[n][part], times=options.times) for n in SCOPES}
                shown = " | ".join(f"{wall:.1f} / {work:.1f}" for wall, work, _ in times.values())
                print(f"| {part} | {times['network'][2]} | {shown} |", flush=True)
        engine.dispose()


if __name__ == "__main__":
    main()
