"""The bulk seed of a whole network into a scratch database: seconds, and memory at the most. Only with --seed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.results import Found
from bench.served import ROOT, environment, resident_mib
from bench.setting import Setting

NAME = "seed"
DEALERS, CLAIMS, LEDGER = 2_000, 0.3, 0.5


def measure(setting: Setting) -> Iterator[Found]:
    """Two rows, of as many leads as the bench's database has."""
    with tempfile.TemporaryDirectory(prefix="bench-seed-", ignore_cleanup_errors=True) as name:
        url = f"sqlite:///{Path(name) / 'seeded.db'}"
        seconds, mib = fill(url, setting.leads, Path(name))
    of = f"{setting.leads:,} leads, SQLite"
    yield Found(key="seed.seconds", of=of, value=seconds)
    yield Found(key="seed.memory", of=of, value=mib)


def options(leads: int) -> list[str]:
    """The network of the issue, scaled to so many leads."""
    return ["--dealers", str(DEALERS), "--leads", str(leads), "--claims", str(int(leads * CLAIMS)), "--ledger",
            str(int(leads * LEDGER))]  # fmt: skip


def fill(url: str, leads: int, folder: Path) -> tuple[float, float]:
    """Seed a database in a process of its own: seconds and MiB at the most; raises RuntimeError when it fails."""
    log = folder / "seed.log"
    began = time.perf_counter()
    peak = 0.0
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "seed", *options(leads)], cwd=ROOT, env=environment(url, folder),
            stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
        )  # fmt: skip
        while process.poll() is None:
            peak = max(peak, resident_mib(process.pid))
            time.sleep(0.2)
    if process.returncode:
        raise RuntimeError(f"the seed ended with {process.returncode}: {log.read_text(errors='replace')[-500:]}")
    return time.perf_counter() - began, peak
