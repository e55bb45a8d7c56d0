"""What a process does once before its first page: check the database, load what is slow to load, freeze it."""

from __future__ import annotations

import gc
import importlib
from typing import NoReturn

import streamlit as st

from db.core.session import engine
from db.migrate import SchemaUnknown, require_known

HEAVY = ("pandas", "pyarrow", "altair", "components.auth", "db.tables")


@st.cache_resource(show_spinner=False)
def _warm() -> bool:
    """Load the heavy packages and take all of it out of the garbage collector's rounds (performance.md 0.1)."""
    require_known(engine())
    for name in HEAVY:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    return True


def ready() -> None:
    """Make the process ready, once; draws why not, and stops, when the database has a schema we do not know."""
    try:
        _warm()
    except SchemaUnknown as error:
        refuse(str(error))


def refuse(sentence: str) -> NoReturn:
    """Draw one sentence instead of the app."""
    st.error(sentence, icon=":material/database_off:")
    st.stop()
