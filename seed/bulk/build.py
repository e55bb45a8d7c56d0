"""Fills an empty, migrated database in bulk: dealers, leads, claims and ledgers as a large network has them.

What the network stands on (calendars, the demo's dealers and people, product lines, routing rules, warranty lists, the
programmes) is made by commands and has its timeline; the many records after it are written set-based, without one.
The same random seed, moment and numbers make the same rows.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from db import catalog
from db.claims import rollup as claim_rollup
from db.coop import ways
from db.coop.sums import ALL as COOP_SUMS
from db.core import changes
from db.core.rollups import Kept, rebuild
from db.core.session import reading, vacuum, writing
from db.incentives.payouts import PAYOUTS
from db.incentives.sums import DECIDED, PAID, SALES, UNITS
from db.incentives.sums import SUMS as INCENTIVE_SUMS
from db.incentives.unit_marks import UNIT_MARKS
from db.incentives.unit_rules import Plan
from db.leads import rollup as lead_rollup
from db.leads.won_sums import SUMS as WON_SUMS
from db.objectives.sums import SUMS as OBJECTIVE_SUMS
from db.people.passwords import ALPHABET
from db.people.queries import actor_for
from db.surveys.sums import SUMS as SURVEY_SUMS
from seed import house, warranty
from seed.bulk import claims as bulk_claims
from seed.bulk import coop as bulk_coop
from seed.bulk import incentives as bulk_incentives
from seed.bulk import leads as bulk_leads
from seed.bulk.coop_funds import publish as publish_coop
from seed.bulk.network import add_dealers, houses
from seed.bulk.sink import Sink
from seed.cast import Cast
from seed.network import Network, build_network
from seed.places import PLACES
from seed.story import Story


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many of each; `ledger` counts the entries of the incentive and co-op ledgers, those of claims come on top."""

    dealers: int = len(PLACES)
    leads: int = 900
    claims: int = 0
    ledger: int = 0


Say = Callable[[str], None]
ROLLUPS = (lead_rollup, claim_rollup)
"""Counts whose triggers stand aside while rows come in; they are counted anew at the end."""
SUMS: tuple[Kept, ...] = (
    INCENTIVE_SUMS, *COOP_SUMS, WON_SUMS, SURVEY_SUMS, SALES, OBJECTIVE_SUMS, UNIT_MARKS, PAYOUTS, UNITS, PAID, DECIDED,
)  # fmt: skip
"""What triggers sum up: without them while rows come in, filled from them at the end."""


class Progress:
    """Says what is done and how fast, at most every few seconds."""

    def __init__(self, say: Say, *, every: float = 5.0) -> None:
        self._say, self._every = say, every
        self._began = self._phase = self._told = time.monotonic()

    def begin(self, what: str) -> None:
        """A new part of the work."""
        self._phase = self._told = time.monotonic()
        self._say(f"[{self._phase - self._began:5.0f} s] {what}")

    def of(self, what: str, total: int) -> Callable[[int], None]:
        """A function that is told how many of `total` are done."""

        def told(done: int) -> None:
            now = time.monotonic()
            if now - self._told < self._every and done < total:
                return
            self._told = now
            rate = done / max(0.001, now - self._phase)
            speed = f", {rate:,.0f} a second" if rate >= 10 else ""
            self._say(f"[{now - self._began:5.0f} s]   {done:,} of {total:,} {what}{speed}")

        return told


def build_bulk(bind: Engine, *, now: datetime, seed: int, size: Size, say: Say = print, aside: bool = False) -> Network:
    """Fill the database; gives the accounts to sign in with. Nothing of the bulk is kept when it fails on the way.

    A SQLite database that is made `aside` is thrown away then, and need not be able to undo anything.
    """
    if size.dealers < len(PLACES):
        raise ValueError(f"a network has at least the {len(PLACES)} dealers of the demo")
    start = now - timedelta(days=bulk_leads.DAYS + 10)
    progress = Progress(say)
    progress.begin("network, calendars, people and warranty lists by commands")
    made = _base(bind, now=now, start=start, seed=seed)
    sink = Sink(bind)
    try:
        _dealers(sink, size, start, seed)
    except BaseException:
        sink.close(keep=False)
        raise
    sink.close()
    found = houses(bind, seed=seed, start=start, end=now)
    lists = bulk_claims.read_lists(bind, now=now)
    plans, programmes = _programs(bind, now=now, start=start) if size.ledger else ([], {})
    bind.dispose()  # the journal can only be switched off while nobody else has the file open
    sink = Sink(bind, can_undo=not aside)
    try:
        sink.bare(dict.fromkeys((*bulk_leads.TABLES, *(bulk_claims.TABLES if size.claims else ()),
                                  *((*bulk_incentives.TABLES, *bulk_coop.TABLES) if size.ledger else ()))))  # fmt: skip
        kept = (
            *(s for r in ROLLUPS for s in r.drop_statements(sink.dialect)),
            *(s for r in SUMS for s in r.drop(sink.dialect)),
        )
        for statement in kept:
            sink.execute(statement)
        progress.begin(f"{size.leads:,} leads")
        told = progress.of("leads", size.leads)
        bulk_leads.add_leads(sink, found, count=size.leads, now=now, seed=seed, told=told)
        if size.claims:
            progress.begin(f"{size.claims:,} claims")
            told = progress.of("claims", size.claims)
            bulk_claims.add_claims(sink, lists, found, count=size.claims, now=now, seed=seed, told=told)
        if size.ledger:
            progress.begin(f"{size.ledger:,} entries of the incentive and co-op ledgers")
            told = progress.of("entries", size.ledger)
            # Six tenths for incentives; what they do not use goes to co-op, which hits the number exactly.
            share = size.ledger * 6 // 10
            posted = bulk_incentives.add_incentives(sink, plans, found, entries=share, now=now, seed=seed, told=told)
            bulk_coop.add_coop(
                sink, programmes, found, entries=size.ledger - posted, now=now, seed=seed,
                told=lambda done: told(posted + done),
            )  # fmt: skip
        progress.begin(f"indexes and references of {sink.rows:,} rows")
        sink.restore(lambda done, all_: progress.of("indexes and references", all_)(done))
        kept = (
            *(s for r in ROLLUPS for s in r.trigger_statements(sink.dialect)),
            *(s for r in SUMS for s in r.create(sink.dialect)),
        )
        for statement in kept:
            sink.execute(statement)
    except BaseException:
        sink.close(keep=False)
        raise
    sink.close()
    progress.begin("counts, sums and statistics")
    _settle(bind)
    progress.begin("done")
    return made


def _dealers(sink: Sink, size: Size, start: datetime, seed: int) -> None:
    add_dealers(sink, count=size.dealers - len(PLACES), at=start, seed=seed)


def _base(bind: Engine, *, now: datetime, start: datetime, seed: int) -> Network:
    made = build_network(bind, start=start, passwords=_password)
    story = Story(bind, Cast(bind, made, seed=seed), until=now)
    house.settle(story, start=start)
    warranty.settle(story, made, start=now - timedelta(days=184), seed=seed)
    return made


def _programs(bind: Engine, *, now: datetime, start: datetime) -> tuple[list[Plan], dict[int, int]]:
    with reading(bind) as session:
        leah, mason = actor_for(session, username="leah"), actor_for(session, username="mason")
    plans = bulk_incentives.publish(bind, now=now, author=leah, publisher=mason, at=start)
    return plans, publish_coop(bind, now=now, author=mason, at=start)


def _settle(bind: Engine) -> None:
    """Count and sum up anew, note that every area has changed; PostgreSQL looks at what there is."""
    with writing(bind, keeps_timeline=False) as session:
        for kept in ROLLUPS:
            kept.rebuild(session)
        ways.repair(session)
        rebuild(session, rollups=SUMS)
        changes.touch(session, *(area.name for area in catalog.AREAS))
    vacuum(bind)


def _password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))
