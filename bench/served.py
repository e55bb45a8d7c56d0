"""Servers to be measured: the product and the pages beside it, each a process of its own with the same settings."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = "server.py"
EMPTY = "bench/pages/empty.py"
USUAL = "bench/pages/usual.py"
PATIENCE = 90.0


class NotServed(RuntimeError):  # noqa: N818 - says what is the matter
    """A server that did not start."""


@dataclass(frozen=True)
class Served:
    """A running server; `started_in` is how long it took until it said that it is healthy, in seconds."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    started_in: float

    def mib(self) -> float:
        """Resident memory of the process."""
        return resident_mib(self.process.pid)

    def worked_ms(self) -> float:
        """Processor time the process has used so far."""
        return worked_ms(self.process.pid)


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB; 0 where it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def worked_ms(pid: int) -> float:
    """Processor time a process has used so far in milliseconds, in steps of the system's clock; 0 if unreadable."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return 1000 * (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def free_port(first: int = 0, last: int = 0) -> int:
    """A free port of this machine: the first one of a range, or any."""
    for port in range(first, last + 1) if first else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotServed(f"no port from {first} to {last} is free")


def environment(database_url: str, folder: Path) -> dict[str, str]:
    """The settings of a server: those of the product, and nothing that would send mail or sweep meanwhile.

    Bytecode is kept, as with `make run`.
    """
    left_out = ("STREAMLIT_", "SMTP_", "MAIL_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    return kept | {
        "DATABASE_URL": database_url, "VAR_DIR": str(folder), "BCRYPT_COST": "4", "SWEEP_SECONDS": "0",
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


def answers(url: str) -> bool:
    """Whether an address of this machine answers that all is well."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def serving(database_url: str, script: str = PRODUCT, *, ports: tuple[int, int] = (0, 0)) -> Iterator[Served]:
    """Start a server, wait until it is healthy, yield it, end it; raises `NotServed` with the end of its log."""
    with tempfile.TemporaryDirectory(prefix="bench-served-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        log, port = folder / "server.log", free_port(*ports)
        began = time.perf_counter()
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)],
                cwd=ROOT, env=environment(database_url, folder), stdin=subprocess.DEVNULL, stdout=written,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            while not answers(f"{url}/_stcore/health"):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    raise NotServed(f"{script} did not start: {log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.02)
            yield Served(url, process, log, time.perf_counter() - began)
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process: politely, and by force when it does not listen."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
