"""Answers of the database kept in the process until an area they were read from changes: never stale, never copied.

`st.cache_data` packs and unpacks what it keeps at every look. What is kept here is handed out as it is, so it has to be
immutable; and the scope has to be part of its key wherever it was read within one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Scope
from db.core.session import reading
from db.core.settings import settings
from db.dealers.queries import dealer_choices
from db.dealers.queries import regions as regions_of

T = TypeVar("T")


def minute(moment: datetime) -> datetime:
    """The minute a moment lies in: what nobody changed meanwhile is asked again once a minute, not at each click."""
    return moment.replace(second=0, microsecond=0)


ROOM: Final = 500
"""How many answers a process keeps; the one nobody asked for longest goes first."""
_COUNTERS = "counters_of_this_read"
_shelf: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def kept(session: Session, make: Callable[[], T], *key: Hashable, areas: tuple[str, ...]) -> T:
    """What `make` gives, made once for `key` and the counters of `areas`; `key` begins with a name of its own.

    The counters are read once in a `reading()` session and before anything is made, so that a change in between makes
    the next look ask again. Never inside of a command: what is not committed yet must not be kept.
    """
    if _COUNTERS not in session.info:
        session.info[_COUNTERS] = dict(changes.token(session))
    counters = session.info[_COUNTERS]
    whole = (settings().database_url, key, tuple(counters.get(area, 0) for area in areas))
    with _lock:
        if whole in _shelf:
            _shelf.move_to_end(whole)
            found: T = _shelf[whole]
            return found
    made = make()
    with _lock:
        _shelf[whole] = made
        while len(_shelf) > ROOM:
            _shelf.popitem(last=False)
    return made


@dataclass(frozen=True, kw_only=True)
class Places:
    """Regions and dealers a person may choose from; the id of a dealer as text, with its name and code."""

    regions: tuple[str, ...]
    dealers: Mapping[str, str]


def places(scope: Scope, *, session: Session | None = None) -> Places:
    """Regions and dealers of a scope for the filters of a page: read when a dealer changes, not with every click."""

    def make(session: Session) -> Places:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, scope)}
        return Places(regions=tuple(regions_of(session, scope)), dealers=MappingProxyType(dealers))

    if session is not None:
        return kept(session, lambda: make(session), "places", scope, areas=("dealers",))
    with reading() as own:
        return kept(own, lambda: make(own), "places", scope, areas=("dealers",))
