"""What of a brief comes first, and what is left out when a page is full: overdue first, changes last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

KINDS: dict[str, str] = {"overdue": "Overdue", "promised": "Promised", "open": "Open", "changed": "Changed"}
"""The parts of a brief in the order somebody about to call needs them (P1)."""
HEADING_ROWS = 2
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class BriefLine:
    """One thing to know; `area` says whose it is, `page` and `query` lead to it on the screen."""

    kind: str
    area: str
    title: str
    detail: str = ""
    at: datetime | None = None
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of lines as far as it fits; `hidden` counts what was left out of it."""

    kind: str
    lines: tuple[BriefLine, ...]
    hidden: int = 0

    @property
    def label(self) -> str:
        """The heading."""
        return KINDS[self.kind]


def ranked(lines: Iterable[BriefLine]) -> list[BriefLine]:
    """Most important first: by kind; what is due by its moment, without one last; what changed, the newest first."""
    order = list(KINDS)

    def rank(line: BriefLine) -> tuple[int, float, str, str]:
        at = line.at or (_FIRST if line.kind == "changed" else _LAST)
        seconds = (at - _FIRST).total_seconds()
        return (order.index(line.kind), -seconds if line.kind == "changed" else seconds, line.area, line.title)

    return sorted((line for line in lines if line.kind in KINDS), key=rank)


def parts_of(lines: Sequence[BriefLine], shown: int) -> list[Part]:
    """The first `shown` of ranked lines by kind, with the number of the others; kinds without a line are left out."""
    found = []
    for kind in KINDS:
        kept = tuple(line for line in lines[:shown] if line.kind == kind)
        hidden = sum(line.kind == kind for line in lines[shown:])
        if kept or hidden:
            found.append(Part(kind=kind, lines=kept, hidden=hidden))
    return found


def rows_needed(parts: Iterable[Part], cost: Callable[[BriefLine], int]) -> int:
    """How many rows of text these parts take: headings, lines, "and 3 more", and one row for kinds left out whole."""
    total, left_out = 0, False
    for part in parts:
        if part.lines:
            total += HEADING_ROWS + sum(map(cost, part.lines)) + (1 if part.hidden else 0)
        else:
            left_out = True
    return total + (1 if left_out else 0)


def fit(lines: Iterable[BriefLine], rows: int, cost: Callable[[BriefLine], int]) -> list[Part]:
    """As much as `rows` rows hold; what is cut is always the least important, and each cut is counted.

    A kind of which nothing fits has no lines; it is named in one row at the end (`left_out`).
    """
    ordered = ranked(lines)
    shown = len(ordered)
    while shown and rows_needed(parts_of(ordered, shown), cost) > rows:
        shown -= 1
    return parts_of(ordered, shown)


def left_out(parts: Iterable[Part]) -> str:
    """The kinds of which nothing fitted: "Not shown: 4 open, 12 changed"; empty when there are none."""
    words = [f"{part.hidden:,} {part.label.lower()}" for part in parts if not part.lines and part.hidden]
    return f"Not shown: {', '.join(words)}" if words else ""
