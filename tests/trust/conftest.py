"""The land of three dealers as the database of this process, built once for the whole run and copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trust import territories
from tests.trust.territories import Land


@pytest.fixture(scope="module")
def land(sqlite_templates: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """The land as DATABASE_URL of this process, for tests that only read it or write what gives nothing away."""
    from db.core.session import dispose, engine

    folder: Path = tmp_path_factory.mktemp("land")
    url = sqlite_templates.copy("territories", territories.fill, to=folder / "land.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("VAR_DIR", str(folder))
        dispose()
        yield territories.known(engine())
        dispose()
