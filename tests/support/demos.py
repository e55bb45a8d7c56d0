"""Demo networks that many tests look at: each made once for the whole run, and copied."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from db.core.session import make_engine
from db.core.settings import settings
from db.migrate import upgrade
from seed.demo import build
from seed.network import Network
from tests.support.databases import SqliteTemplates

NOW: Final = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
"""A Wednesday, one o'clock in New York."""
SMALL: Final[dict[str, Any]] = {"now": NOW, "seed": 7, "leads": 60}
"""Every area of the demo, with few leads."""
MIDDLE: Final[dict[str, Any]] = {"now": NOW, "seed": 20261122, "leads": 300}
"""A third of the leads of the usual one."""


def small_demo(templates: SqliteTemplates, folder: Path) -> str:
    """The URL of a copy of the small demo in a folder of one's own."""
    return _copy(templates, "small", SMALL, folder)[0]


def middle_demo(templates: SqliteTemplates, folder: Path) -> tuple[str, Network]:
    """The URL of a copy of the demo of middle size, and what its making gave: accounts and dealers."""
    return _copy(templates, "middle", MIDDLE, folder)


def documents_of(templates: SqliteTemplates, name: str) -> Path:
    """The folder of the files uploaded in a demo; it is not copied."""
    return templates.folder / f"{name}-documents"


def _copy(templates: SqliteTemplates, name: str, size: dict[str, Any], folder: Path) -> tuple[str, Network]:
    made = templates.folder / f"{name}.network"

    def fill(url: str) -> None:
        upgrade(url)
        bind = make_engine(url)
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("DOCUMENTS_DIR", str(documents_of(templates, name)))
            settings.cache_clear()
            made.write_bytes(pickle.dumps(build(bind, **size)))
        settings.cache_clear()
        bind.dispose()

    url = templates.copy(name, fill, to=folder / "dealer.db")
    network: Network = pickle.loads(made.read_bytes())
    return url, network
