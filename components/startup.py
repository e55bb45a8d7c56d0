"""What a process does once before its first page: check the database, load everything pages use, freeze it."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, NoReturn

import streamlit as st

import components
from components import lean, menu, steady
from db.core.garbage import uncollected
from db.core.session import engine

HEAVY = ("pandas", "pyarrow", "altair", "db.catalog")
YOUNG, MIDDLE, OLD = 5_000, 20, 3
"""When Python looks for garbage by itself: a run makes some ten thousand objects that live as long as it does.

Two hundred runs leave 7 MB in circles that only a look at everything finds. With `OLD` at 20 that came once in three
thousand runs, now in some five hundred, both worked out from the counts (decision 0094).
"""


@st.cache_resource(show_spinner=False)
def ready(_check: Callable[[Any], None]) -> None:
    """Make the process ready, once: `_check` raises when the database is not ours, and is then asked again next time.

    What is loaded here is taken out of the garbage collector's rounds, which else look at every object of the process
    (performance.md 0.1); so it has to be everything: what a page loads later is looked at again and again.
    `runner.postScriptGC = false` leaves the rounds to Python: they come when enough is new, not after every click.
    """
    _check(engine())
    steady.install()
    lean.install()
    menu.install()
    with uncollected():  # of what is loaded hardly anything dies: a fifth of the time went into looking
        load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def load() -> None:
    """Import whatever pages use, and let the tables find each other, before anybody waits for it."""
    for name in HEAVY:
        importlib.import_module(name)
    for found in pkgutil.walk_packages(components.__path__, "components."):
        importlib.import_module(found.name)
    importlib.import_module("db.tables").find_each_other()


def refuse(sentence: str) -> NoReturn:
    """Draw one sentence instead of the app."""
    st.error(sentence, icon=":material/database_off:")
    st.stop()
