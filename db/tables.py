"""Every table, imported once, so that `Base.metadata` is complete (migrations and checks stand on this)."""

from __future__ import annotations

from db.calendar import tables as _calendar
from db.core import changes as _changes
from db.core import outbox as _outbox
from db.core import search as _search
from db.core import timeline as _timeline
from db.core.base import Base
from db.customers import tables as _customers
from db.dealers import tables as _dealers
from db.imports import tables as _imports
from db.leads import tables as _leads
from db.people import tables as _people

METADATA = Base.metadata
MODULES = (_calendar, _changes, _customers, _dealers, _imports, _leads, _outbox, _people, _search, _timeline)
