"""The second start: what `make run` does when everything is installed and the database is filled, until it answers."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import p50
from bench.results import Found
from bench.served import PATIENCE, ROOT, NotServed, answers, end, environment, free_port
from bench.setting import Setting

NAME = "start"
# The recipe of `run` in the Makefile without its check of .venv, which may install.
COMMAND = '"$0" -m seed --ensure && exec "$0" -m streamlit run server.py --server.port "$1"'


def measure(setting: Setting) -> Iterator[Found]:
    """One row: seconds until the app answers that it is ready."""
    once(setting)
    taken = [once(setting) for _ in range(setting.some(3))]
    note = f"process healthy after {p50([h for h, _ in taken]):.1f} s; {len(taken)} starts, migrations and seed asked"
    yield Found(key="start.ready", of=f"{setting.leads:,} leads", value=p50([ready for _, ready in taken]), note=note)


def once(setting: Setting) -> tuple[float, float]:
    """Seconds until the process is healthy, and until the app says that its database is there, too."""
    with tempfile.TemporaryDirectory(prefix="bench-start-", ignore_cleanup_errors=True) as name:
        port, log = free_port(*setting.ports), Path(name) / "start.log"
        began = time.perf_counter()
        with log.open("wb") as written:
            process = subprocess.Popen(
                ["bash", "-c", COMMAND, sys.executable, str(port)],
                cwd=ROOT, env=environment(setting.url, Path(name)), stdin=subprocess.DEVNULL, stdout=written,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            moments = []
            for path in ("/_stcore/health", "/healthz"):
                while not answers(f"http://127.0.0.1:{port}{path}"):
                    if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                        raise NotServed(f"it did not start: {log.read_text(errors='replace')[-1000:]}")
                    time.sleep(0.02)
                moments.append(time.perf_counter() - began)
        finally:
            end(process)
    return moments[0], moments[1]
