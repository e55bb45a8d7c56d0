"""Answers of the database kept in the process until an area they were read from changes: never stale, never copied.

`st.cache_data` packs and unpacks what it keeps at every look, which for two thousand dealers costs more than the whole
click may. What is kept here is handed out as it is, so nobody may change it; and the scope has to be part of its key
wherever it was read within one (decision 0073).
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import streamlit as st

from db.core import changes
from db.core.settings import settings

T = TypeVar("T")
P = ParamSpec("P")
ROOM: Final = 500
"""How many answers of pages a process keeps; the one nobody asked for longest goes first."""
_COUNTERS = "counters_of_this_read"


def minute(moment: datetime) -> datetime:
    """The minute a moment lies in: what nobody changed meanwhile is asked again once a minute, not at each click."""
    return moment.replace(second=0, microsecond=0)


class Shelf:
    """A number of answers by key, for all threads; what several ask for at once is made by one of them.

    An answer may belong to a `stand`, what it was read from had come to: it is one with no other, and a newer one takes
    its place. What is too old goes with the next answer that comes in, so a process holds what is asked for now.
    """

    def __init__(self, room: int, *, seconds: float = float("inf")) -> None:
        self._room = room
        self._seconds = seconds
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, tuple[float, Hashable, Any]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def look(self, key: Hashable, stand: Hashable = None) -> tuple[bool, Any]:
        """Whether the answer is there, fresh and of this stand, and the answer."""
        with self._lock:
            until, of, thing = self._things.get(key, (0.0, None, None))
            if until <= time.monotonic() or of != stand:
                return False, None
            self._things.move_to_end(key)
            return True, thing

    def get(self, key: Hashable, make: Callable[[], T], *, stand: Hashable = None) -> T:
        """The answer of `key`, made when it is not there."""
        is_there, thing = self.look(key, stand)
        if not is_there:
            with self._lock:
                turn = self._making.setdefault((key, stand), threading.Lock())
            with turn:
                is_there, thing = self.look(key, stand)
                if not is_there:
                    try:
                        thing = make()
                        self._put(key, thing, stand)
                    finally:
                        with self._lock:
                            self._making.pop((key, stand), None)
        made: T = thing
        return made

    def _put(self, key: Hashable, thing: Any, stand: Hashable = None) -> None:
        now = time.monotonic()
        with self._lock:
            self._things[key] = (now + self._seconds, stand, thing)
            self._things.move_to_end(key)
            for old in [k for k, (until, _, _) in self._things.items() if until <= now]:
                del self._things[old]
            while len(self._things) > self._room:
                self._things.popitem(last=False)


_answers = Shelf(ROOM)
_derived = Shelf(100)


def kept(session: Any, make: Callable[[], T], *key: Hashable, areas: tuple[str, ...] | None) -> T:
    """What `make` gives, made once for `key` and the counters of `areas`; `key` begins with a name of its own.

    Without areas (None) those of all: then any change of the desk makes it ask again.

    The counters are read once in a `reading()` session and before anything is made, so that a change in between makes
    the next look ask again. Never inside of a command: what is not committed yet must not be kept.
    """
    if _COUNTERS not in session.info:
        session.info[_COUNTERS] = dict(changes.token(session))
    counters = session.info[_COUNTERS]
    stand = tuple(counters.values() if areas is None else (counters.get(area, 0) for area in areas))
    return _answers.get((settings().database_url, key), make, stand=stand)


def shelved(*, room: int, seconds: int, spinner: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A function whose answers are kept by its arguments, one of which is what changed (`changes.token`).

    Arguments whose names begin with `_` are no part of the key. `spinner` is shown while something is made.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        shelf = Shelf(room, seconds=seconds)
        names = tuple(inspect.signature(function).parameters)
        counting = tuple(not name.startswith("_") for name in names)

        @wraps(function)
        def ask(*args: P.args, **named: P.kwargs) -> T:
            key = (
                settings().database_url, *(a for a, counts in zip(args, counting, strict=False) if counts),
                *sorted((n, v) for n, v in named.items() if not n.startswith("_")),
            )  # fmt: skip

            def make() -> T:
                if not spinner:
                    return function(*args, **named)
                with st.spinner(spinner, show_time=True):
                    return function(*args, **named)

            return shelf.get(key, make)

        return ask

    return wrap


def derived(thing: Any, make: Callable[[], T], *key: Hashable) -> T:
    """What `make` makes of this very object, which is itself kept: a table of rows, the first of an order."""
    whole = (id(thing), key)
    source, made = _derived.get(whole, lambda: (thing, make()))
    if source is not thing:  # the object of that address is gone, and another lives there now
        _derived._put(whole, (thing, made := make()))
    found: T = made
    return found
