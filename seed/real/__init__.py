"""What is tried with each real data set: it is imported as a person would, and compared with its known answers."""

from __future__ import annotations

import contextlib
import io
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.cli.main import main
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.session import dispose, run
from db.imports.commands import BatchResult, dry_run_import, run_import
from db.imports.mapping import Mapping, load_mapping

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"


@dataclass(frozen=True)
class Fact:
    """One number or list that is known, and what this program found."""

    source: str
    what: str
    expected: Any
    found: Any

    @property
    def is_right(self) -> bool:
        """Whether the two are the same."""
        return bool(self.expected == self.found)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A scratch database, the folder of the sets, and the known answers of the set at hand."""

    engine: Engine
    data: Path
    now: datetime
    answers: dict[str, Any]
    name: str

    def files(self, *patterns: str) -> list[SourceFile]:
        """The files of the set, in order of name."""
        paths = [path for pattern in patterns for path in sorted((self.data / self.name).glob(pattern))]
        return [SourceFile(name=path.name, content=path.read_bytes()) for path in paths]

    def mapping(self) -> Mapping:
        """The mapping kept for the set."""
        return load_mapping((MAPPINGS / f"{self.name}.toml").read_text(encoding="utf-8"))

    def bring_in(
        self, kind: str, files: list[SourceFile], *, mapping: Mapping | None = None, dry_run: bool = False
    ) -> BatchResult:
        """Import files as the command line does, or only try it."""
        arguments: dict[str, Any] = {
            "kind": kind, "files": files, "mapping": mapping, "channel": "file", "actor": system_actor("seed"),
            "now": self.now,
        }  # fmt: skip
        if dry_run:
            return dry_run_import(self.engine, **arguments)
        return run(run_import, bind=self.engine, **arguments)

    def printed(self, *arguments: str) -> list[dict[str, str]]:
        """What `python -m db metric ...` prints for this database, by its own headings."""
        said = io.StringIO()
        kept = os.environ.get("DATABASE_URL")
        os.environ["DATABASE_URL"] = self.engine.url.render_as_string(hide_password=False)
        dispose()
        try:
            with contextlib.redirect_stdout(said):
                code = main(["metric", *arguments], now=self.now)
        finally:
            dispose()
            os.environ.pop("DATABASE_URL")
            if kept is not None:
                os.environ["DATABASE_URL"] = kept
        if code:
            raise RuntimeError(f"python -m db metric {' '.join(arguments)} ended with {code}")
        _, headings, _, *rows = [re.split(r"  +", line.strip()) for line in said.getvalue().splitlines()]
        return [dict(zip(headings, row, strict=True)) for row in rows]

    def known(self, name: str, found: Any, what: str = "") -> Fact:
        """The comparison with a known answer."""
        return Fact(self.name, what or name.replace("_", " "), self.answers[name], found)

    def all_of(self, name: str, found: dict[str, Any], what: str = "") -> list[Fact]:
        """The comparison with each entry of a known answer that is a table; entries on one side only differ, too."""
        expected: dict[str, Any] = self.answers[name]
        title = what or name.replace("_", " ")
        return [
            Fact(self.name, f"{title}: {key or '(blank)'}", expected.get(key), found.get(key))
            for key in [*expected, *(key for key in found if key not in expected)]
        ]

    def fact(self, what: str, expected: Any, found: Any) -> Fact:
        """The comparison with something the set itself says."""
        return Fact(self.name, what, expected, found)
