"""Rows edited in a grid: what the person sees, read in the click itself and never from an earlier run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st


def edited(rows: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """The rows given to the editor `key` with what was changed, added and taken away in it."""
    state = st.session_state.get(key) or {}
    changed = {int(position): values for position, values in (state.get("edited_rows") or {}).items()}
    gone = set(state.get("deleted_rows") or ())
    kept = [{**row, **changed.get(position, {})} for position, row in enumerate(rows) if position not in gone]
    empty = dict.fromkeys(rows[0]) if rows else {}
    added = [
        {**empty, **{name: value for name, value in values.items() if name != "_index"}}
        for values in state.get("added_rows") or ()
    ]
    return [*kept, *added]


def as_date(value: object) -> date | None:
    """A day of an edited row: the editor keeps what was typed as text."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
