"""`python -m seed --ensure`: migrates the database and, when it holds no dealer yet, fills it with the demo network.

With --dealers, --claims or --ledger, or with more leads than a demo tells one by one, it is filled in bulk instead, as
a large network is: `python -m seed --dealers 2000 --leads 1000000 --claims 300000 --ledger 500000`.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from db.core.settings import settings
from seed import there

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from seed.network import Network

DEMO_LEADS = 900
LEAST_DEALERS = 48


def main() -> int:
    """Command line of the seed; 0 when the database is ready."""
    parser = argparse.ArgumentParser(prog="python -m seed", description="Migrate and fill an empty database.")
    parser.add_argument("--ensure", action="store_true", help="do nothing when the database already holds dealers")
    parser.add_argument("--today", type=datetime.fromisoformat, help="the day the demo ends on (default: today)")
    parser.add_argument("--random", type=int, default=20261122, help="the fixed random seed")
    parser.add_argument("--leads", type=int, default=DEMO_LEADS, help="how many leads the six months bring")
    parser.add_argument("--dealers", type=int, default=0, help="in bulk: how many dealers, at least the demo's 48")
    parser.add_argument("--claims", type=int, default=0, help="in bulk: how many warranty claims in two years")
    parser.add_argument("--ledger", type=int, default=0, help="in bulk: how many incentive and co-op ledger entries")
    options = parser.parse_args()
    problem = _problem_of(options)
    if problem:
        parser.error(problem)
    if there.holds_dealers(settings().database_url):
        return _full(ensure=options.ensure)
    from db.migrate import upgrade

    upgrade(settings().database_url)
    if holds_dealers():
        return _full(ensure=options.ensure)
    # The demo is heavy to import, and the second start should not pay for it.
    from seed.aside import alone

    now = options.today.replace(tzinfo=UTC) + timedelta(hours=18) if options.today else datetime.now(UTC)
    with alone(settings().database_url):
        if holds_dealers():  # another start was faster
            return _full(ensure=options.ensure)
        began = time.monotonic()
        made = _bulk(options, now) if _is_bulk(options) else _demo(options, now)
    _show(made, seconds=time.monotonic() - began)
    return 0


def _is_bulk(options: argparse.Namespace) -> bool:
    return bool(options.dealers or options.claims or options.ledger or options.leads > DEMO_LEADS)


def _problem_of(options: argparse.Namespace) -> str:
    """Why these numbers cannot be made; empty when they can."""
    if min(options.leads, options.dealers, options.claims, options.ledger) < 0:
        return "a number of records cannot be below 0"
    if options.dealers and options.dealers < LEAST_DEALERS:
        return f"--dealers: a network has at least the {LEAST_DEALERS} dealers of the demo"
    return ""


def _demo(options: argparse.Namespace, now: datetime) -> Network:
    from db.core.session import engine
    from seed.aside import fill

    print(f"First start: making the demo network ({options.leads} leads in six months) ...", flush=True)
    return fill(engine(), now=now, seed=options.random, leads=options.leads)


def _bulk(options: argparse.Namespace, now: datetime) -> Network:
    from db.core.session import engine
    from seed.aside import fill_with
    from seed.bulk.build import Size, build_bulk

    size = Size(dealers=options.dealers or LEAST_DEALERS, leads=options.leads, claims=options.claims,
                ledger=options.ledger)  # fmt: skip
    print(
        f"In bulk: {size.dealers:,} dealers, {size.leads:,} leads and {size.claims:,} claims in two years, "
        f"{size.ledger:,} ledger entries ...", flush=True,
    )  # fmt: skip

    def make(found: Engine, *, aside: bool) -> Network:
        return build_bulk(
            found, now=now, seed=options.random, size=size, say=lambda line: print(line, flush=True), aside=aside
        )

    return fill_with(engine(), make)


def _full(*, ensure: bool) -> int:
    if not ensure:
        print("The database already holds dealers; nothing was changed. Use an empty database.", file=sys.stderr)
        return 4
    return 0


def _show(made: Network, *, seconds: float) -> None:
    print(f"Done in {seconds:.0f} s. Sign in with one of these; they are shown only now:\n")
    width = max(len(name) for name, *_ in made.sign_ins)
    for name, password, role, sees in made.sign_ins:
        print(f"  {name:<{width}}  {password}   {role}: {sees}")
    print("\nA lost password: python -m db user set-password NAME\n", flush=True)


def holds_dealers() -> bool:
    """Whether there is anything the demo would get in the way of."""
    from sqlalchemy import text

    from db.core.session import reading

    with reading() as session:  # in words, for a start may ask this, and tables take as long to load as the server
        return session.scalar(text("SELECT id FROM dealer LIMIT 1")) is not None


if __name__ == "__main__":
    sys.exit(main())
