"""Two people change one record: different fields never conflict, the same field does (domain-rules 2.0, ES5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FieldConflict:
    """One field two people changed: what is there now, what this person typed, what both had seen."""

    field: str
    current: Any
    actual: Any
    original: Any


def reconcile(
    *, original: Mapping[str, Any], current: Mapping[str, Any], wanted: Mapping[str, Any]
) -> tuple[dict[str, Any], list[FieldConflict]]:
    """(what to write, what conflicts): fields this person did not touch are left as they are now.

    A field somebody else changed to the very same value is no conflict and nothing to write.
    """
    write: dict[str, Any] = {}
    conflicts: list[FieldConflict] = []
    for field, value in wanted.items():
        seen, now = original.get(field), current.get(field)
        if value in (seen, now):
            continue
        if now != seen:
            conflicts.append(FieldConflict(field=field, current=now, actual=value, original=seen))
        else:
            write[field] = value
    return write, conflicts
