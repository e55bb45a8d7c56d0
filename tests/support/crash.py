"""Runs a piece of the program in a process of its own that is killed (SIGKILL) at its n-th SQL statement."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.support.paths import ROOT
from tests.support.serving import app_environment

_PROGRAM = """
import os, signal, sys
from sqlalchemy import Engine, event

left = [int(sys.argv[1])]

@event.listens_for(Engine, "before_cursor_execute")
def _count(connection, cursor, statement, parameters, context, many):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

from db.cli.main import main
from datetime import UTC, datetime
code = main(sys.argv[2:], now=datetime.now(UTC))
print("statements", int(sys.argv[1]) - left[0])
sys.exit(code)
"""


def run_and_kill(database_url: str, arguments: Sequence[str], *, at: int) -> bool:
    """Run `python -m db ARGUMENTS`, killed at statement `at`; False when it had ended before that."""
    done = _start(database_url, arguments, at)
    if done.returncode == -signal.SIGKILL:
        return True
    assert done.returncode == 0, done.stderr
    return False


def count_statements(database_url: str, arguments: Sequence[str]) -> int:
    """How many statements a command line sends when nothing stops it."""
    done = _start(database_url, arguments, 10**9)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rsplit("statements ", 1)[1])


def _start(database_url: str, arguments: Sequence[str], at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(at), *arguments],
        cwd=ROOT,
        env=app_environment(database_url),
        capture_output=True,
        text=True,
        check=False,
    )
