"""Addresses of pages in what leaves the desk: absolute with PUBLIC_URL, empty without it, so that texts name the page.

Whoever opens one signs in first and sees what their role and dealers allow: an address tells nothing by itself.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import urlencode

from db.core.settings import settings

_opened_by: dict[str, tuple[str, str]] = {}


def register(opened_by: Mapping[str, tuple[str, str]]) -> None:
    """Make known which page opens a kind of record, and how its id is called there; the catalogue calls this once."""
    _opened_by.update(opened_by)


def page_link(page: str, query: Mapping[str, str] | None = None) -> str:
    """The address of a page (a path under pages/) with its query, empty values left out; "" without PUBLIC_URL."""
    public = settings().public_url
    if not public:
        return ""
    asked = urlencode({name: value for name, value in (query or {}).items() if value})
    return f"{public}/{PurePosixPath(page).stem}" + (f"?{asked}" if asked else "")


def record_link(item_type: str, item_id: int | None) -> str:
    """The address that opens a record; "" without PUBLIC_URL, and for a kind that has no page."""
    if item_id is None or not settings().public_url:
        return ""
    if not _opened_by:
        # Named as text, because this package may not import what stands on it; loading it calls `register`.
        importlib.import_module("db.catalog")
    if item_type not in _opened_by:
        return ""
    page, name = _opened_by[item_type]
    return page_link(page, {name: str(item_id)})
