"""The land of three dealers behind one running app, for the browser tests of trust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from tests.support.serving import Served, serving
from tests.trust import territories

if TYPE_CHECKING:
    from tests.support.databases import SqliteTemplates


@pytest.fixture(scope="session")
def land_url(sqlite_templates: SqliteTemplates, tmp_path_factory: Any) -> str:
    """A database of its own; what one test changes of `own` gives nothing away to the other."""
    return sqlite_templates.copy("territories", territories.fill, to=tmp_path_factory.mktemp("wire") / "land.db")


@pytest.fixture(scope="session")
def land_engine(land_url: str) -> Iterator[Engine]:
    from db.core.session import make_engine

    opened = make_engine(land_url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def land_app(land_url: str) -> Iterator[Served]:
    with serving(land_url) as served:
        yield served
