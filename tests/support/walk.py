"""What the whole desk has of a kind, for tests that walk through all of it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import db


def queries() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of a queries module that reads the database."""
    for found in pkgutil.walk_packages(db.__path__, "db."):
        stem = found.name.rpartition(".")[2]
        if found.ispkg or not (stem == "queries" or stem.endswith("_queries")):
            continue
        module = importlib.import_module(found.name)
        for name, thing in inspect.getmembers(module, inspect.isfunction):
            if thing.__module__ == found.name and not name.startswith("_"):
                arguments = inspect.signature(thing).parameters
                if "session" in arguments:
                    yield f"{found.name}.{name}", thing
