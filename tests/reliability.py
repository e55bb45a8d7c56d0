"""`python -m tests.reliability`: run the rows of the reliability plan and write docs/reliability.md.

Each row is a run of pytest of its own, in the long size unless `--fast`, and is cut at its share of the time. What it
saw is written at once, so a run that is stopped keeps what it found. Ends with 1 when a row that ran is not met, or a
known fault is not found.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from tests import mutants
from tests.reliability_page import Seen, fold, load, number, save, verdict
from tests.reliability_rows import MINUTES, ROWS, RULES, Row
from tests.support.paths import ROOT

RESULTS: Final = ROOT / "test-results" / "reliability"
NOTHING_RAN: Final = (4, 5)
"""What pytest ends with when a test that was named is not there, or none was left over."""
FAULTS: Final = "faults"
"""The word for the known faults in `--only`."""


def machine() -> str:
    """The machine in a few words: cores, memory, system, Python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {pages / 2**30:.0f} GB, {platform.system()} {platform.machine()}, Python {python}"


def commit() -> str:
    """The commit of the tree, with `+` where something else than the page has been changed since."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = [line for line in git("status", "--porcelain").splitlines() if "docs/reliability." not in line]
    return (git("rev-parse", "--short=10", "HEAD") or "no commit") + ("+" if changed else "")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a run and what it started, so that its servers are stopped in order: tests/conftest.py takes a SIGTERM for
    an interrupt, and unlike one it also reaches what was started in the background."""
    for how, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout=seconds)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return


def _command(row: Row, report: Path, *, is_fast: bool) -> list[str]:
    workers = ["-n", "2"] if row.processes > 1 else ["-p", "no:xdist"]
    left_out = ["-m", "not acceptance"] if is_fast else []
    return [
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", *workers, *left_out,
        *row.tests,
    ]  # fmt: skip


def counted(report: Path) -> tuple[int, int, int]:
    """Tests that passed, failed and were skipped, from pytest's own report; nothing where it wrote none."""
    if not report.exists():
        return 0, 0, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return total - failed - skipped, failed, skipped


def figures(path: Path, row_number: str) -> dict[str, Seen]:
    """What the tests of a row reported, folded by name."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        one = json.loads(line)
        if one["r"] == row_number:
            found[one["what"]].append(one["value"])
    return {what: fold(values) for what, values in found.items()}


def seen_in(row: Row, *, is_fast: bool, minutes: float) -> Seen | None:
    """Run a row; None when none of its tests ran, and then its older figures stay."""
    if not all((ROOT / named.partition("::")[0]).exists() for named in row.tests):
        return None
    RESULTS.mkdir(parents=True, exist_ok=True)
    report, written, log = (RESULTS / f"{row.number}.{end}" for end in ("xml", "jsonl", "log"))
    for old in (report, written):
        old.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "ACCEPTANCE"}
    environment["RELIABILITY_FIGURES"] = str(written)
    if not is_fast:
        environment["ACCEPTANCE"] = "1"
        if row.profile:
            environment["HYPOTHESIS_PROFILE"] = row.profile
    begun, at, is_cut = time.monotonic(), datetime.now(UTC), False
    with log.open("wb") as stream:
        process = subprocess.Popen(
            _command(row, report, is_fast=is_fast), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=stream,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            ended = process.wait(timeout=minutes * 60)
        except subprocess.TimeoutExpired:
            is_cut, ended = True, -1
        finally:
            if process.poll() is None:
                _end(process)
    passed, failed, skipped = counted(report)
    if ended in NOTHING_RAN or (not passed and not failed and not is_cut):
        return None
    return {
        "at": at.isoformat(timespec="seconds"), "tier": "fast" if is_fast else "long",
        "seconds": round(time.monotonic() - begun), "passed": passed, "failed": failed, "skipped": skipped,
        "cut": number(round(minutes, 1)) if is_cut else "", "figures": figures(written, row.number),
        "machine": machine(), "commit": commit(),
    }  # fmt: skip


def run_rows(rows: Sequence[Row], *, is_fast: bool, until: float, patience: float = 1) -> int:
    """Run them one after the other and keep each result at once; how many are not met.

    `patience` makes every share longer, for a machine that others use too.
    """
    wrong = 0
    for row in rows:
        left = (until - time.monotonic()) / 60
        if left < 0.5:
            print(f"{row.number}: no time left", flush=True)
            wrong += 1
            continue
        seen = seen_in(row, is_fast=is_fast, minutes=min(left, row.minutes * patience))
        if seen is None:
            print(f"{row.number}: none of its tests ran; its older figures stay", flush=True)
            wrong += 1
            continue
        store = load()  # read again each time: another run may have written its rows meanwhile
        store["rows"][row.number] = seen
        save(store)
        found = verdict(row, seen)
        wrong += found.word == "not met"
        print(f"{row.number}: {found.word} in {seen['seconds']} s {'; '.join(found.why)}".rstrip(), flush=True)
    return wrong


def run_faults() -> int:
    """Put the known faults in and keep the answers; what `tests.mutants` ends with."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    answers = RESULTS / "faults.json"
    answers.unlink(missing_ok=True)
    code = mutants.main(["--json", str(answers)])
    keep_faults(answers)
    return code


def keep_faults(answers: Path) -> None:
    """Take over what `python -m tests.mutants --json` wrote."""
    about = {"machine": machine(), "commit": commit()}
    store = load()
    for one in json.loads(answers.read_text(encoding="utf-8")):
        store["mutants"][one.pop("name")] = one | about
    save(store)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for and write the page; 1 when something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--only", default="", help=f"rows with commas between, e.g. R08,R14,{FAULTS}")
    parser.add_argument("--fast", action="store_true", help="the sizes of `make test`")
    parser.add_argument("--faults-from", type=Path, help="take over what `python -m tests.mutants --json FILE` wrote")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"in all ({MINUTES})")
    parser.add_argument("--patience", type=float, default=1, help="times the share of each row, on a busy machine")
    parser.add_argument("--page", action="store_true", help="run nothing: make the page from the file again")
    asked = parser.parse_args(arguments)
    # `timeout` and others end a run with SIGTERM; as an interrupt it still ends the tests that run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if asked.faults_from:
        keep_faults(asked.faults_from)
    if asked.page or asked.faults_from:
        save(load())
        return 0
    wanted = {word.strip() for word in asked.only.split(",") if word.strip()}
    unknown = wanted - {row.number for row in (*ROWS, RULES)} - {FAULTS}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    until = time.monotonic() + asked.minutes * 60
    code = 0
    # The faults first: a quarter of an hour that no row which takes longer than it should may eat.
    if FAULTS in wanted or not (wanted or asked.fast):
        code = run_faults()
    rows = [row for row in (*ROWS, RULES) if row.number in wanted or not wanted]
    wrong = run_rows(rows, is_fast=asked.fast, until=until, patience=asked.patience)
    print(f"{len(rows) - wrong} of {len(rows)} rows as they should be; docs/reliability.md is written")
    return 1 if wrong or code else 0


if __name__ == "__main__":
    raise SystemExit(main())
