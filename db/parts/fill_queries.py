"""Fill rates: what stock covered at the moment of the order, by line (strict) and by unit, network and facing (2.11).

Days are those of the dealer on which it ordered. A line without any stock figure at its order is left out: unknown
is not empty. What was free then is kept on the line (decision 0051), so a delivery that comes later fills nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.parts import rules
from db.parts.tables import Dealer, Part, PartsOrderLine
from db.warranty.tables import Component

Source = Literal["network", "facing"]
By = Literal["all", "month", "region", "component", "kind", "dealer", "part"]
DIMS: Final = ("month", "region", "dealer", "component", "kind", "part")
FILTERS: Final = ("from", "to", "region", "dealer", "component", "kind", "part")
COVERED: Final[dict[Source, Any]] = {
    "network": PartsOrderLine.network_units, "facing": PartsOrderLine.facing_units,
}  # fmt: skip
_COLUMNS: Final[dict[str, Any]] = {
    "month": PartsOrderLine.ordered_on, "region": PartsOrderLine.region, "dealer": PartsOrderLine.dealer_id,
    "component": Part.component, "kind": PartsOrderLine.rank, "part": PartsOrderLine.part_id,
}  # fmt: skip
NO_CLASS: Final = "No part class"


@dataclass(frozen=True, kw_only=True)
class Fill:
    """What stock covered at the moment of the order: lines wholly covered (strict) and units. No stock known: out."""

    key: Any
    label: str
    lines: int
    filled_lines: int
    units: int
    filled_units: int

    @property
    def strict(self) -> float | None:
        """Percent of lines that were covered whole."""
        return 100 * self.filled_lines / self.lines if self.lines else None

    @property
    def by_unit(self) -> float | None:
        """Percent of units that were covered."""
        return 100 * self.filled_units / self.units if self.units else None


def checked(session: Session, filters: Mapping[str, Any] | None, *, allowed: Sequence[str] = FILTERS) -> dict[str, Any]:
    """Filters as they are asked with: days as days, a dealer as its id (its code as text), a kind as it is ranked.

    `part` is what its number begins with. Refused: unknown names and unreadable values; an unknown dealer matches
    nothing.
    """
    found: dict[str, Any] = {}
    for name, given in (filters or {}).items():
        value = given
        if name not in allowed:
            message = f"Parts are narrowed by {', '.join(allowed)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
        if value in (None, ""):
            continue
        if name in ("from", "to") and isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                message = f"{value} is no day: write it as 2026-01-31."
                raise Refused(Problem(code="bad_day", field=name, message=message)) from None
        elif name == "kind":
            if value not in rules.RANKS:
                message = f"{value} is none of {', '.join(rules.RANKS)}."
                raise Refused(Problem(code="unknown_kind", field=name, message=message))
            value = rules.RANKS[value]
        elif name == "dealer" and isinstance(value, str):
            value = session.scalar(select(Dealer.id).where(Dealer.code == value)) or 0
        elif name == "part":
            value = str(value).strip().upper()
        found[name] = value
    return found


def check_by(by: Sequence[str], allowed: Sequence[str]) -> None:
    """Refused: a dimension that is not counted by."""
    unknown = [dim for dim in by if dim not in allowed]
    if unknown:
        message = f"Parts are counted by {', '.join(allowed)}, not by {', '.join(unknown)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))


def narrowed(scope: Scope, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Scope and the filters but the days, as conditions on a line (joined to its part where `component` is asked)."""
    line = PartsOrderLine
    parts = [scope.where(line.dealer_id, line.region)]
    parts += [_COLUMNS[name] == wanted[name] for name in ("region", "dealer", "component", "kind") if name in wanted]
    if "part" in wanted:
        begins = select(Part.id).where(Part.number.startswith(wanted["part"], autoescape=True))
        parts.append(line.part_id.in_(begins))
    return parts


def counts(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    source: Source = "network",
) -> list[dict[str, Any]]:  # fmt: skip
    """{dims..., lines, filled_lines, units, filled_units} of lines ordered in from..to, one row where `by` is empty.

    A month is its first day, a dealer and a part their ids, a kind its name. `source` says which stock counts: that of
    the whole network, or of the warehouse that faces the dealer.
    """
    check_by(by, DIMS)
    wanted, line, covered = checked(session, filters), PartsOrderLine, COVERED[source]
    figures = {
        "lines": func.count(), "filled_lines": func.sum(case((covered >= line.ordered, 1), else_=0)),
        "units": func.sum(line.ordered), "filled_units": func.sum(covered),
    }  # fmt: skip
    keys = [_COLUMNS[dim].label(f"key_{dim}") for dim in by]
    query: Select[*tuple[Any, ...]] = select(*keys, *(value.label(name) for name, value in figures.items()))
    if "component" in by or "component" in wanted:
        query = query.join(Part, Part.id == line.part_id)
    query = query.where(*narrowed(scope, wanted), covered.is_not(None))
    if "from" in wanted:
        query = query.where(line.ordered_on >= wanted["from"])
    if "to" in wanted:
        query = query.where(line.ordered_on <= wanted["to"])
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in session.execute(query.group_by(*(_COLUMNS[dim] for dim in by)) if by else query):
        key = tuple(_folded(dim, value) for dim, value in zip(by, row, strict=False))
        cell = found.setdefault(key, dict(zip(by, key, strict=True)) | dict.fromkeys(figures, 0))
        for name in figures:
            cell[name] += int(getattr(row, name) or 0)
    return [found[key] for key in sorted(found, key=lambda one: tuple(str(part) for part in one))]


def _folded(dim: str, value: Any) -> Any:
    if dim == "month":
        return value.replace(day=1)
    return rules.KIND_OF_RANK[value] if dim == "kind" else value


def fill_rates(
    session: Session, *, actor: Actor, by: By, since: date, until: date, source: Source = "network",
    filters: Mapping[str, Any] | None = None, limit: int = 100,
) -> list[Fill]:  # fmt: skip
    """Fill of lines ordered from `since` to `until` (both included); months in order, else the most units short first.

    `filters` narrows further (`FILTERS`).
    """
    actor.require(Permission.PARTS_VIEW)
    dims = () if by == "all" else (by,)
    wanted = {**(filters or {}), "from": since, "to": until}
    rows = [row for row in counts(session, scope=actor.scope, by=dims, filters=wanted, source=source) if row["lines"]]
    names = _labels(session, by, [row[by] for row in rows]) if by != "all" else {}
    found = [
        Fill(
            key=row.get(by), label=names.get(row.get(by), "All"), lines=row["lines"], filled_lines=row["filled_lines"],
            units=row["units"], filled_units=row["filled_units"],
        )
        for row in rows
    ]  # fmt: skip
    if by != "month":
        found.sort(key=lambda fill: (fill.filled_units - fill.units, fill.label.lower(), str(fill.key)))
    return found[:limit]


def _labels(session: Session, by: str, keys: Sequence[Any]) -> dict[Any, str]:
    """What each key is called."""
    if by == "month":
        return {key: f"{key:%b %Y}" for key in keys}
    if by == "kind":
        return {key: rules.KINDS[key] for key in keys}
    named: dict[str, tuple[Any, Any]] = {
        "dealer": (Dealer.id, Dealer.name), "part": (Part.id, Part.number),
        "component": (Component.code, Component.name),
    }  # fmt: skip
    names: dict[Any, str] = {}
    if by in named:
        key, name = named[by]
        for start in range(0, len(keys), 500):
            some = session.execute(select(key, name).where(key.in_(keys[start : start + 500])))
            names |= {row[0]: row[1] for row in some}
    return {key: names.get(key) or key or NO_CLASS for key in keys}
