"""The app as it is really run: `streamlit run server.py` in a process of its own, on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.ports import NeverReady, free_port, wait_until_ready

READY_SECONDS = 90.0
TRIES = 3


@dataclass(frozen=True)
class Served:
    """A running app."""

    url: str
    log_path: Path
    process: subprocess.Popen[bytes]

    def log(self) -> str:
        """Everything the server has written so far."""
        return self.log_path.read_text(errors="replace")


def app_environment(database_url: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a server under test: nothing of the developer's own settings but what is given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STREAMLIT_", "SMTP_", "MAIL_", "PUBLIC_"))}
    return kept | {"DATABASE_URL": database_url, "BCRYPT_COST": "4", "PYTHONUNBUFFERED": "1"} | dict(extra or {})


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def serving(
    database_url: str,
    extra_env: Mapping[str, str] | None = None,
    *,
    script: str = "server.py",
    port: int | None = None,
    program: str = "streamlit",
) -> Iterator[Served]:
    """Start the app, wait until /healthz answers, yield it, end it. A failed start raises with the server's log.

    Without a `port` it listens on a free one. `program` is the module that runs it (tests.support.measured).
    """
    with tempfile.TemporaryDirectory(prefix="served-") as folder:
        served = _start(Path(folder), (program, script), app_environment(database_url, extra_env), port)
        try:
            yield served
        finally:
            end(served.process)


def _start(folder: Path, what: tuple[str, str], environment: dict[str, str], given: int | None) -> Served:
    program, script = what
    for attempt in range(1, TRIES + 1):
        port = given or free_port()
        log_path = folder / f"server-{attempt}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", program, "run", script, "--server.port", str(port)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        served = Served(f"http://127.0.0.1:{port}", log_path, process)
        try:
            wait_until_ready(process, lambda url=served.url: _answers(url), seconds=READY_SECONDS)  # type: ignore[misc]
        except NeverReady as error:
            end(process)
            # Between finding a port free and listening on it, another program may have taken it.
            if "is not available" in served.log() and attempt < TRIES:
                continue
            raise RuntimeError(f"the app did not start: {error}\n{served.log()[-4000:]}") from None
        except BaseException:
            end(process)
            raise
        return served
    raise AssertionError("unreachable")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server: politely, and by force when it does not listen."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
