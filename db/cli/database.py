"""migrate, check, rebuild-rollups, sweep, backup, restore, shell: the database as a whole."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from db.cli.common import Commands, add, database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_REVISION_HELP = "Bring the database to the newest schema, whole or not at all."


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    add(commands, "migrate", migrate, _REVISION_HELP)
    parser = add(
        commands, "check", check, "Verify the timeline, the rollups, the references and what each area promises."
    )
    parser.add_argument(
        "--head", type=Path, metavar="FILE",
        help="also compare the timeline with the end noted last in this file, then note the new end there",
    )  # fmt: skip
    add(
        commands, "rebuild-rollups", rebuild_rollups,
        "Count every rollup anew from its records, where `check` says that one differs.",
    )  # fmt: skip
    add(
        commands,
        "sweep",
        sweep,
        "Run every job once: breaches, escalations, mail. For a system without the app running.",
    )
    parser = add(commands, "backup", backup, "Copy the database to a file while the app runs, and prove the copy.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser = add(commands, "restore", restore, "Replace the database by a backup. Stop the app first.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--force", action="store_true", help="replace a database that is not empty")
    add(commands, "shell", shell, "A Python prompt with the database open.")


def migrate(chosen: Namespace) -> int:
    """`migrate`: say which schema the database then has."""
    from db.core.settings import settings
    from db.migrate import upgrade

    print(f"The database has schema {upgrade(settings().database_url)}.")
    return 0


def check(chosen: Namespace) -> int:
    """`check`: one line a check, the sentences below those that found something; 1 when any did."""
    from db import catalog
    from db.core.session import reading

    with database() as engine, reading(engine) as session:
        results = catalog.run_checks(session)
        if chosen.head:
            results.append(("noted end of the timeline", _compare_head(session, chosen.head, chosen.now)))
    for name, problems in results:
        print(f"{'ok' if not problems else 'WRONG':<6}{name}")
        for problem in problems[:50]:
            print(f"      {problem}")
        if len(problems) > 50:
            print(f"      … and {len(problems) - 50:,} more")
    return 1 if any(problems for _, problems in results) else 0


def _compare_head(session: Session, file: Path, now: datetime) -> list[str]:
    """What is wrong compared with the last line of a file kept elsewhere; when nothing is, the new end is added to it.

    A line is a moment, a number and a hash. Somebody who rewrites the whole chain cannot rewrite that file (R37).
    """
    from db.core import timeline

    noted = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    last = next((line.split() for line in reversed(noted) if line.strip()), None)
    if last is not None and (len(last) != 3 or not last[1].isdecimal()):
        return [f"{file}: the last line is no moment, number and hash"]
    report = timeline.verify(session, exported=(int(last[1]), last[2]) if last else None)
    if report.first_bad is not None:
        return [f"timeline: {report.message}"]
    with file.open("a", encoding="utf-8") as book:
        book.write(f"{now.isoformat(timespec='seconds')} {report.entries} {report.head}\n")
    return []


def rebuild_rollups(chosen: Namespace) -> int:
    """`rebuild-rollups`: one line a rollup."""
    from db import catalog

    with database() as engine:
        for name in catalog.rebuild_rollups(engine):
            print(f"counted anew: {name}")
    return 0


def sweep(chosen: Namespace) -> int:
    """`sweep`: one line a job that did something; 1 when one failed."""
    from db import catalog

    with database() as engine:
        results = catalog.run_jobs(chosen.now, engine)
    for result in results:
        if result.error:
            print(f"{result.name}: {result.error}", file=sys.stderr)
        elif result.count:
            print(f"{result.name}: {result.count:,}")
    return 1 if any(result.error for result in results) else 0


def backup(chosen: Namespace) -> int:
    """`backup FILE`: say how large the copy is and what its timeline shows."""
    from db.backup import backup as save
    from db.core.settings import settings

    with database():
        saved = save(settings().database_url, chosen.file)
    print(f"{saved.path}: {saved.size:,} bytes, {saved.report}.")
    return 0


def restore(chosen: Namespace) -> int:
    """`restore FILE`: say what the timeline of the restored database shows."""
    from db.backup import restore as bring_back
    from db.core.settings import settings

    report = bring_back(settings().database_url, chosen.file, force=chosen.force)
    print(f"Restored from {chosen.file}: {report}. Start the app again if it was running.")
    return 0


def shell(chosen: Namespace) -> int:
    """`shell`: what is at hand is said by the banner."""
    import code

    from db import catalog, tables
    from db.core import session as sessions
    from db.core.actor import EVERYTHING, system_actor

    with database() as engine, sessions.reading(engine) as session:
        names = {
            "session": session, "engine": engine, "run": sessions.run, "reading": sessions.reading,
            "writing": sessions.writing, "actor": system_actor("cli"), "scope": EVERYTHING, "now": chosen.now,
            "catalog": catalog, "tables": tables.METADATA.tables,
        }  # fmt: skip
        banner = f"{engine.url.render_as_string()}\nAt hand: {', '.join(names)}. `session` only reads."
        code.interact(banner=banner, local=names, exitmsg="")
    return 0
