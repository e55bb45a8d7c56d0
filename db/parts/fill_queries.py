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
from db.core.among import among
from db.core.permissions import Permission
from db.parts import rules
from db.parts.fill_filters import check_by, checked
from db.parts.tables import Dealer, Part, PartsOrderLine
from db.warranty.tables import Component

Source = Literal["network", "facing"]
By = Literal["all", "month", "region", "component", "kind", "dealer", "part"]
DIMS: Final = ("month", "region", "dealer", "component", "kind", "part")
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


def narrowed(scope: Scope, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Scope and the filters but the days, as conditions on a line (joined to its part where `component` is asked)."""
    line = PartsOrderLine
    parts = [scope.where(line.dealer_id, line.region)]
    names = ("region", "dealer", "component", "kind")
    parts += [among(_COLUMNS[name], wanted[name]) for name in names if name in wanted]
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

    `filters` narrows further (`fill_filters.FILTERS`).
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
