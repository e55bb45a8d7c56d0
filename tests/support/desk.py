"""The command line as a test uses it, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from db.cli.main import main
from tests.dealers.examples import NOW, csv_file


class Desk:
    """The command line on one database: `desk("check")` gives (exit code, standard output, standard error)."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.url = url
        self.capsys = capsys
        self.folder = folder

    def __call__(self, *arguments: object, now: datetime = NOW) -> tuple[int, str, str]:
        self.capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments], now=now)
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = self.capsys.readouterr()
        return code, out, err

    def file(self, rows: Iterable[Mapping[str, str]], name: str = "dealers.csv") -> Path:
        """A file of dealers in the folder of the test."""
        path = self.folder / name
        path.write_bytes(csv_file(rows).content)
        return path
