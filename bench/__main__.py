"""`python -m bench`: measures the desk and prints, or writes, a table of goals, figures, and met or not.

    python -m bench --database URL [--smaller URL ...] [--only clicks,queries] [--write bench/results.md]
    python -m bench --leads 20000

The database of `--database` is worked in: people sign in, claims are approved, contacts are logged. Give it one of its
own. `--smaller` are the same network with fewer leads, for growth. Nothing here is an assertion: a busy machine must
not fail a build.
"""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.goals import BY_KEY, GOALS
from bench.measures import MEASURES, ONLY_IF_ASKED, Measure
from bench.results import Found, load, machine, page, summary, table, written
from bench.served import ROOT
from bench.setting import Setting, count_leads
from components.clock import now

DEFAULT_LEADS = 20_000
MOST_SECONDS = 240.0
"""What a measure may take, servers and all; on a quiet machine none comes near it. Seeding is not held to it."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--database", default="", metavar="URL", help="a filled database that may be worked in")
    made.add_argument("--leads", type=int, default=DEFAULT_LEADS, help="without --database: fill a scratch one")
    made.add_argument("--smaller", action="append", default=[], metavar="URL", help="the same with fewer leads")
    made.add_argument("--only", default="", metavar="NAMES", help=f"some of: {', '.join(MEASURES)}")
    made.add_argument("--seed", action="store_true", help="time the bulk seed of as many leads, too (many minutes)")
    made.add_argument("--ports", default="0-0", metavar="FIRST-LAST", help="ports to serve on (default: any)")
    made.add_argument("--most", type=float, default=MOST_SECONDS, help="seconds that a measure may take (240)")
    made.add_argument("--quick", action="store_true", help="as few repeats as possible: only shows that it runs")
    made.add_argument("--write", default="", metavar="FILE", help="write the results there, such as bench/results.md")
    made.add_argument("--remark", default="", help="a sentence for the top of the results")
    return made


def chosen(only: str, *, seed: bool) -> dict[str, Measure]:
    """The measures to take; raises ValueError for a name there is not."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in MEASURES]:
        raise ValueError(f"there is no measure {', '.join(unknown)}; there are: {', '.join(MEASURES)}")
    names = names or [name for name in MEASURES if name not in ONLY_IF_ASKED]
    names += [name for name in ONLY_IF_ASKED if seed and name not in names]
    return {name: MEASURES[name] for name in MEASURES if name in names}


class OutOfTime(BaseException):
    """A measure took longer than any may."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the block when the seconds are over, and again should something have swallowed it."""

    def over(*_: object) -> None:
        raise OutOfTime(f"not done after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def taken(name: str, measure: Measure, setting: Setting, *, most: float = MOST_SECONDS) -> list[Found]:
    """The rows of a measure; one that breaks or hangs leaves what it had and a row that says what happened."""
    found: list[Found] = []
    try:
        with at_most(most):
            for row in measure(setting):
                found.append(row)
                figure = written(row.value, row.goal.unit)
                setting.say(f"  {row.goal.words}; {row.of}: {figure} {row.verdict}; {row.note}")
    except (Exception, OutOfTime) as error:
        seen = {row.key for row in found}
        missing = [g.key for g in GOALS if g.group == name and g.key not in seen] or [found[-1].key]
        sentence = " ".join(f"failed: {type(error).__name__}: {error}".split())[:300]
        setting.say(f"  {name} {sentence}")
        found += [Found(key=key, note=sentence) for key in missing]
    return found


def in_order(found: Sequence[Found]) -> list[Found]:
    """Rows of one goal beside each other, goals in the order of the issue."""
    order = {key: number for number, key in enumerate(BY_KEY)}
    return sorted(found, key=lambda row: order[row.key])


@contextmanager
def databases(options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """The database to measure and the smaller ones; a scratch one is gone after the block."""
    if options.database:
        yield options.database, options.smaller
        return
    from bench.measures.seeding import fill

    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        url = f"sqlite:///{Path(name) / 'bench.db'}"
        print(f"Filling a scratch database with {options.leads:,} leads ...", flush=True)
        fill(url, options.leads, Path(name))
        yield url, options.smaller


def commit() -> str:
    """The commit that is measured, marked where files differ from it."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def run(options: argparse.Namespace, measures: dict[str, Measure], command: str) -> list[Found]:
    """Measure, print, and write when asked to."""
    before, at, measured = load(), now(), commit()
    found: list[Found] = []
    took: list[tuple[str, float]] = []
    with databases(options) as (url, smaller), tempfile.TemporaryDirectory(prefix="bench-var-") as var:
        os.environ.update(DATABASE_URL=url, VAR_DIR=var, BCRYPT_COST="4", SWEEP_SECONDS="0")
        sizes = tuple(sorted((count_leads(one), one) for one in smaller))
        first, _, last = options.ports.partition("-")
        setting = Setting(
            url=url, leads=count_leads(url), smaller=sizes, ports=(int(first), int(last or first)),
            quick=options.quick, say=lambda line: print(line, flush=True),
        )  # fmt: skip
        described = f"{url.partition(':')[0]}, {setting.leads:,} leads{version_of(setting)}"
        gc.collect()
        gc.freeze()  # as the servers do after their imports: queries are timed in this process
        for name, measure in measures.items():
            print(f"{name} ...", flush=True)
            began = time.perf_counter()
            found += taken(name, measure, setting, most=3600 if name in ONLY_IF_ASKED else options.most)
            took.append((name, time.perf_counter() - began))
            if options.write:  # after each, so that an end from outside loses only what was not measured yet
                where = machine(database=described, at=at, before=before, after=load(), commit=measured)
                text = page(in_order(found), where=where, command=command, took=took, remark=options.remark)
                Path(options.write).write_text(text, encoding="utf-8")
    found = in_order(found)
    print(f"\n{table(found)}\n\n{summary(found)}")
    return found


def version_of(setting: Setting) -> str:
    """The version of a PostgreSQL, empty for SQLite, whose version stands beside Python's."""
    with setting.engine() as engine, engine.connect() as connection:
        if engine.dialect.name != "postgresql":
            return ""
        return f", PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar_one()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it ran, whatever the figures are; 2 for a name nobody knows."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(given)
    try:
        measures = chosen(options.only, seed=options.seed)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    run(options, measures, shlex.join(["python", "-m", "bench", *given]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
