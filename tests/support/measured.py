"""The app with a look inside: `python -m tests.support.measured run server.py ...` is `streamlit run server.py ...`.

Only tests start it so. GET on 127.0.0.1:MEASURED_PORT answers with what the process holds: bytes of Python's own small
objects and of malloc (larger objects of Python, and of C), threads, and the sessions that are really still there.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import re
import sys
import tempfile
import threading
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from weakref import WeakSet

_LOOKING = threading.Lock()
_SMALL = re.compile(rb"# bytes in allocated blocks\s*=\s*([\d,]+)")


class _Mallinfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
                     "keepcost")
    ]  # fmt: skip


def small_bytes() -> int:
    """Bytes in use by Python's own allocator (objects up to 512 bytes), which the interpreter only tells stderr."""
    with tempfile.TemporaryFile() as told:
        kept = os.dup(2)
        os.dup2(told.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        told.seek(0)
        text = told.read()
    for line in text.splitlines():
        if line.startswith(b"{"):  # a line of the log that came between
            os.write(2, line + b"\n")
    found = _SMALL.search(text)
    return int(found[1].replace(b",", b"")) if found else 0


def malloc_bytes() -> int:
    """Bytes in use by malloc, mapped ones included; 0 where the C library does not tell."""
    try:
        mallinfo2 = ctypes.CDLL("libc.so.6").mallinfo2
    except (OSError, AttributeError):
        return 0
    mallinfo2.restype = _Mallinfo
    told = mallinfo2()
    return int(told.uordblks + told.hblkhd)


def look() -> dict[str, int]:
    """What the process holds after a full round of the garbage collector."""
    gc.collect()
    return {
        "small": small_bytes(), "malloc": malloc_bytes(), "threads": threading.active_count(),
        "sessions": open_sessions(),
    }  # fmt: skip


_sessions: WeakSet[Any] = WeakSet()


def watch_sessions() -> None:
    """Know every session that has not been ended, whatever Streamlit still counts itself.

    Those of the first visitors are frozen with the program (components/startup.py) and outlive their end as objects.
    """
    from streamlit.runtime.app_session import AppSession

    begin = AppSession.__init__

    def begin_watched(self: AppSession, *args: Any, **named: Any) -> None:
        _sessions.add(self)
        begin(self, *args, **named)

    AppSession.__init__ = begin_watched  # type: ignore[method-assign]


def open_sessions() -> int:
    """How many sessions have begun and not been ended."""
    from streamlit.runtime.app_session import AppSessionState

    over = AppSessionState.SHUTDOWN_REQUESTED
    return sum(getattr(one, "_state", None) is not over for one in _sessions.copy())


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            with _LOOKING:
                body = json.dumps(look()).encode()
        except Exception:
            traceback.print_exc()
            raise
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the log is the app's."""


def main() -> None:
    """Open the look inside, then be Streamlit."""
    server = HTTPServer(("127.0.0.1", int(os.environ["MEASURED_PORT"])), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    watch_sessions()
    from streamlit.web.cli import main as streamlit

    sys.argv[0] = "streamlit"
    streamlit(prog_name="streamlit")


if __name__ == "__main__":
    main()
