"""Free ports of this machine's own address, and waiting until something answers on one."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable


class NeverReady(Exception):  # noqa: N818 - says what happened
    """A program that ended, or did not answer before the deadline."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: subprocess.Popen[bytes], answers: Callable[[], bool], *, seconds: float) -> None:
    """Return as soon as `answers()` is true; raise `NeverReady` when the process ends first or time is up."""
    deadline = time.monotonic() + seconds
    while not answers():
        try:
            code = process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise NeverReady(f"no answer within {seconds:.0f} s") from None
        else:
            raise NeverReady(f"it ended with code {code}")
