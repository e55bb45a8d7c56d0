"""What checklists are for: each area that has some names its purpose, its stages and its standard list here."""

from __future__ import annotations

from dataclasses import dataclass

from db.checklist.model import ItemSpec
from db.core.problems import Problem, Refused


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """One use of checklists. `stages` are (name, label) in order; an item belongs to one when there are any."""

    name: str
    label: str
    stages: tuple[tuple[str, str], ...] = ()
    standard: tuple[ItemSpec, ...] = ()

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages by name, in order."""
        return tuple(name for name, _ in self.stages)


_KNOWN: dict[str, Purpose] = {}


def register(purpose: Purpose) -> None:
    """Make a purpose known; called once by the area it belongs to, when the area is loaded."""
    _KNOWN[purpose.name] = purpose


def purpose(name: str) -> Purpose:
    """The purpose of this name; raises `Refused` naming those there are."""
    if name not in _KNOWN:
        known = ", ".join(sorted(_KNOWN)) or "none"
        raise Refused(
            Problem(code="unknown_purpose", field="purpose", message=f'No checklist is for "{name}". Known: {known}.')
        )
    return _KNOWN[name]


def all_purposes() -> tuple[Purpose, ...]:
    """Every purpose, in the order they were made known."""
    return tuple(_KNOWN.values())
