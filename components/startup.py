"""What a process does once before its first page: check the database, load what is slow to load, freeze it."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from typing import Any, NoReturn

import streamlit as st

from components import steady
from db.core.session import engine

HEAVY = ("pandas", "pyarrow", "altair", "components.auth", "db.tables")


@st.cache_resource(show_spinner=False)
def ready(_check: Callable[[Any], None]) -> None:
    """Make the process ready, once: `_check` raises when the database is not ours, and is then asked again next time.

    Loads the heavy packages and takes all of it out of the garbage collector's rounds (performance.md 0.1).
    """
    _check(engine())
    steady.install()
    for name in HEAVY:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def refuse(sentence: str) -> NoReturn:
    """Draw one sentence instead of the app."""
    st.error(sentence, icon=":material/database_off:")
    st.stop()
