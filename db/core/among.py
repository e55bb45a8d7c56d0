"""A filter that is one value or several, as figures of every area take it (decision 0064)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func


def several(value: Any) -> tuple[Any, ...]:
    """One value or several as a tuple; a set in an order of its own, so that it can be part of a key."""
    if isinstance(value, set | frozenset):
        return tuple(sorted(value, key=str))
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def unwalked(column: Any) -> ColumnElement[Any]:
    """A column of words as a value, so that SQLite, which keeps no statistics, walks the days asked for and not it."""
    return func.coalesce(column, "")


def among(column: Any, value: Any) -> ColumnElement[bool]:
    """The condition that a column is the value, or one of several."""
    found: ColumnElement[bool] = (
        column.in_(several(value)) if isinstance(value, list | tuple | set | frozenset) else column == value
    )
    return found
