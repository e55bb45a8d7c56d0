"""`python -m seed --ensure`: migrates the database and, when it holds no dealer yet, fills it with the demo network."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from db.core.session import engine, reading
from db.core.settings import settings
from db.migrate import upgrade


def main() -> int:
    """Command line of the seed; 0 when the database is ready."""
    parser = argparse.ArgumentParser(prog="python -m seed", description="Migrate and fill an empty database.")
    parser.add_argument("--ensure", action="store_true", help="do nothing when the database already holds dealers")
    parser.add_argument("--today", type=datetime.fromisoformat, help="the day the demo ends on (default: today)")
    parser.add_argument("--random", type=int, default=20261122, help="the fixed random seed")
    parser.add_argument("--leads", type=int, default=900, help="how many leads the six months bring")
    options = parser.parse_args()
    upgrade(settings().database_url)
    if _holds_dealers():
        if not options.ensure:
            print("The database already holds dealers; nothing was changed. Use an empty database.", file=sys.stderr)
            return 4
        return 0
    # The demo is heavy to import, and the second start should not pay for it.
    from seed.demo import build

    now = options.today.replace(tzinfo=UTC) if options.today else datetime.now(UTC)
    if options.today:
        now += timedelta(hours=18)
    began = time.monotonic()
    print(f"First start: making the demo network ({options.leads} leads in six months) ...", flush=True)
    made = build(engine(), now=now, seed=options.random, leads=options.leads)
    print(f"Done in {time.monotonic() - began:.0f} s. Sign in with one of these; they are shown only now:\n")
    width = max(len(name) for name, *_ in made.sign_ins)
    for name, password, role, sees in made.sign_ins:
        print(f"  {name:<{width}}  {password}   {role}: {sees}")
    print("\nA lost password: python -m db user set-password NAME\n", flush=True)
    return 0


def _holds_dealers() -> bool:
    from db.dealers.tables import Dealer

    with reading() as session:
        return bool(session.scalar(select(func.count()).select_from(select(Dealer.id).limit(1).subquery())))


if __name__ == "__main__":
    sys.exit(main())
