"""Which imports a person may see: people who see every dealer see all of them, others those they made themselves.

A batch can hold records of any dealer, and its rows and raw files show all of them, so scope by dealer cannot be
applied to a part of it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, true

from db.core.actor import Actor
from db.imports.tables import ImportBatch


def visible(actor: Actor) -> ColumnElement[bool]:
    """The SQL condition on `ImportBatch`."""
    return true() if actor.scope.is_all else ImportBatch.imported_by == actor.username
