"""freeze-month: keep the figures of a month that is over, count a frozen one again, or say what changed since."""

from __future__ import annotations

import sys
from argparse import Namespace

from db.cli.common import Commands, add, database, print_table


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    parser = add(commands, "freeze-month", freeze_month, "Freeze the figures of a month that is over, or restate one.")
    parser.add_argument("month", metavar="MONTH", help="such as 2026-10")
    parser.add_argument("--restate", metavar="REASON", help="count a frozen month again, as a new version")
    parser.add_argument("--changes", action="store_true", help="only say what changed since it was frozen")


def freeze_month(chosen: Namespace) -> int:
    """`freeze-month`: how many figures were kept, or the version they are, or what changed since."""
    from db.core.actor import system_actor
    from db.core.session import reading, run
    from db.reports.snapshot_commands import restate_month
    from db.reports.snapshot_jobs import freeze
    from db.reports.snapshot_queries import changed_since, versions
    from db.reports.snapshot_rules import month_from

    month, actor = month_from(chosen.month), system_actor("cli")
    with database() as engine:
        if chosen.changes:
            with reading(engine) as session:
                found = changed_since(session, month=month, actor=actor, now=chosen.now)
            rows = [[c.title, c.place or "Network", c.unit, c.frozen, c.live] for c in found]
            print_table(["metric", "where", "unit", "frozen", "now"], rows, numbers=frozenset({3, 4}))
            return 0
        if chosen.restate is not None:
            with reading(engine) as session:
                known = versions(session, month=month, actor=actor)
            version = run(
                restate_month, bind=engine, month=month, seen_version=known[-1].version if known else 0,
                reason=chosen.restate, form_key=None, actor=actor, now=chosen.now,
            )  # fmt: skip
            print(f"{month:%B %Y} is now version {version}.")
            return 0
        figures = freeze(engine, month=month, actor=actor, now=chosen.now)
    if not figures:
        print(f"{month:%B %Y} was frozen before; --restate counts it again.", file=sys.stderr)
        return 0
    print(f"{month:%B %Y} was frozen: {figures:,} figures.")
    return 0
