"""Tabs that were closed: Streamlit 1.67 keeps each for `server.disconnectedSessionTTL`, then forgets to let it go.

What has expired is only noticed when another tab is closed, so a quiet server holds up to 128 sessions for ever; and a
session that is noticed, or makes room, is dropped without its end: its files for download, its uploads and the three
handles of its event loop stay. Here each is ended when its time is up (R14: 0 sessions within 180 s).
"""

from __future__ import annotations

import gc
from typing import Any

from streamlit import config, runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo

MOST_SECONDS = 20.0
"""How long an expired session may stay."""

_save = MemorySessionStorage.save


def _expired(storage: Any) -> list[SessionInfo]:
    return [info for _, info in storage._cache.expire()]


def _end(left: list[SessionInfo]) -> None:
    for info in left:
        info.session.shutdown()


def _save_and_end(self: Any, session_info: SessionInfo) -> None:
    """Keep a session whose tab was closed; those whose time is up, and the oldest when there is no room, end."""
    left = _expired(self)
    while len(self._cache) >= self._cache.maxsize:
        left.append(self._cache.popitem()[1])
    _save(self, session_info)
    _end(left)


def install() -> None:
    """Put it into Streamlit, for this process; doing it again changes nothing."""
    MemorySessionStorage.save = _save_and_end  # type: ignore[method-assign]


def pause() -> float:
    """How long to wait between two looks, in seconds."""
    return min(MOST_SECONDS, max(1.0, float(config.get_option("server.disconnectedSessionTTL"))))


def let_go() -> int:
    """End the sessions whose time is up and give how many; in the server's event loop, where tabs come and go."""
    if not runtime.exists():
        return 0
    manager: Any = runtime.get_instance()._session_mgr
    with manager._storage_lock:
        left = _expired(manager._session_storage)
    _end(left)
    if left:
        gc.collect()  # sessions are rings of objects, and a server nobody uses makes no garbage that would wake Python
    return len(left)
