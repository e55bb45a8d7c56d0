"""`python -m seed --ensure`: migrates the database and, when it holds no dealer yet, fills it with the demo network."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from db.core.session import engine, reading
from db.core.settings import settings
from db.migrate import upgrade

if TYPE_CHECKING:
    from seed.network import Network


def main() -> int:
    """Command line of the seed; 0 when the database is ready."""
    parser = argparse.ArgumentParser(prog="python -m seed", description="Migrate and fill an empty database.")
    parser.add_argument("--ensure", action="store_true", help="do nothing when the database already holds dealers")
    parser.add_argument("--today", type=datetime.fromisoformat, help="the day the demo ends on (default: today)")
    parser.add_argument("--random", type=int, default=20261122, help="the fixed random seed")
    parser.add_argument("--leads", type=int, default=900, help="how many leads the six months bring")
    options = parser.parse_args()
    upgrade(settings().database_url)
    if holds_dealers():
        return _full(ensure=options.ensure)
    # The demo is heavy to import, and the second start should not pay for it.
    from seed.aside import alone, fill

    now = options.today.replace(tzinfo=UTC) + timedelta(hours=18) if options.today else datetime.now(UTC)
    with alone(settings().database_url):
        if holds_dealers():  # another start was faster
            return _full(ensure=options.ensure)
        began = time.monotonic()
        print(f"First start: making the demo network ({options.leads} leads in six months) ...", flush=True)
        made = fill(engine(), now=now, seed=options.random, leads=options.leads)
    _show(made, seconds=time.monotonic() - began)
    return 0


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
    from db.dealers.tables import Dealer

    with reading() as session:
        return session.scalar(select(Dealer.id).limit(1)) is not None


if __name__ == "__main__":
    sys.exit(main())
