"""The shape of a question about co-op, apart from its values: the statement of a shape is made once a process.

Making a statement costs more than reading sums does (decision 0087). What a shape leaves open is bound under a name
when it is asked; names begin with a prefix where one statement answers several questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, String, bindparam

from db.calendar.months import start_of
from db.calendar.periods import named_days, named_stretch, stretches
from db.calendar.queries import DESK_ZONE
from db.coop.figure_filters import Asked
from db.core import shapes
from db.core.actor import Scope
from db.core.types import UtcDateTime


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What is narrowed at all, and how many stretches of days beside whole months there are. Never of dealers."""

    scope: shapes.ScopeShape
    stretches: int
    has_region: bool
    has_medium: bool
    has_programme: bool

    def narrowed(self, table: Any, prefix: str = "", *, medium: bool = True) -> list[ColumnElement[bool]]:
        """Conditions for scope, region, medium and programme on a table that has these columns."""
        found = [shapes.within(self.scope, None, table.region, prefix=prefix)]
        if self.has_region:
            found.append(table.region.in_(bindparam(f"{prefix}region", expanding=True)))
        if self.has_medium and medium:
            found.append(table.medium == bindparam(f"{prefix}medium", type_=String))
        if self.has_programme:
            found.append(table.programme_id == bindparam(f"{prefix}programme", type_=Integer))
        return found

    def days(self, column: Any, prefix: str = "") -> list[list[ColumnElement[bool]]]:
        """Conditions for each stretch of days."""
        return [named_stretch(column, n, prefix) for n in range(self.stretches)]

    def moments(self, column: Any, prefix: str = "") -> list[list[ColumnElement[bool]]]:
        """The same of a moment, by the desk's days."""
        low, high = f"{prefix}starts", f"{prefix}ends"
        return [
            [column >= bindparam(f"{low}{n}", type_=UtcDateTime), column < bindparam(f"{high}{n}", type_=UtcDateTime)]
            for n in range(self.stretches)
        ]

    def label(self, number: int, prefix: str = "") -> BindParameter[str]:
        """The month of a stretch, as "2026-11"."""
        return bindparam(f"{prefix}month{number}", type_=String)


def shape_of(scope: Scope, asked: Asked) -> Shape:
    """The shape of a question that names no dealer, by somebody who is not of a dealer."""
    return Shape(
        scope=shapes.shape_of(scope), stretches=len(stretches(asked.first, asked.last)), has_region=bool(asked.region),
        has_medium=bool(asked.medium), has_programme=asked.programme is not None,
    )  # fmt: skip


def values_of(scope: Scope, asked: Asked, prefix: str = "") -> dict[str, Any]:
    """What the names of a shape are bound to."""
    found: dict[str, Any] = {
        "region": list(asked.region), "medium": asked.medium, "programme": asked.programme, **shapes.values_of(scope),
        **named_days(asked.first, asked.last),
    }  # fmt: skip
    for n, (month, start, end) in enumerate(stretches(asked.first, asked.last)):
        found |= {
            f"starts{n}": start_of(start, DESK_ZONE), f"ends{n}": start_of(end, DESK_ZONE),
            f"month{n}": f"{month:%Y-%m}",
        }  # fmt: skip
    return {f"{prefix}{name}": value for name, value in found.items()}
