"""The kinds of files the desk takes in, by name; the catalogue fills the list, because areas stand above imports."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from db.core.area import ImportKind
from db.core.problems import Problem, Refused

_kinds: dict[str, ImportKind] = {}


def register(kinds: Iterable[ImportKind]) -> None:
    """Make kinds known; the catalogue calls this once when it is loaded."""
    for kind in kinds:
        _kinds[kind.name] = kind


def find_kind(name: str) -> ImportKind | None:
    """The kind of this name, or None."""
    return _all().get(name)


def get_kind(name: str) -> ImportKind:
    """The kind of this name; raises `Refused` with `unknown_kind`, naming those there are."""
    found = _all().get(name)
    if found is None:
        known = ", ".join(sorted(_all())) or "none"
        sentence = f'There is no import "{name}". Known are: {known}.'
        raise Refused(Problem(code="unknown_kind", message=sentence, field="kind"))
    return found


def _all() -> dict[str, ImportKind]:
    if not _kinds:
        # Named as text, because this package may not import what stands on it; loading it calls `register`.
        importlib.import_module("db.catalog")
    return _kinds
