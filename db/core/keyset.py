"""The condition that begins a page after the last row of the one before, written so that an index can seek to it.

`a < x OR (a = x AND id < y)` says the same, but SQLite walks the index from its first row for it: page 4,000 of a queue
took ten times as long as page 1 (decision 0009). A comparison of rows is sought by both databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, tuple_


def beyond(columns: Sequence[Any], after: Sequence[Any], *, falls: bool = False) -> ColumnElement[bool]:
    """Rows that come after `after` in the order of these columns, all of them rising, or all falling.

    The columns are those of an index, or its first ones; none of them may be empty, neither in a row nor in `after`,
    which are values, or the parameters of a statement that is kept.
    """
    row = tuple_(*columns)
    last: Any = tuple_(*after) if isinstance(after[0], ColumnElement) else tuple(after)
    found: ColumnElement[bool] = row < last if falls else row > last
    return found
