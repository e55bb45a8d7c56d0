"""The shape of a question: what it is narrowed by, not to what. A statement is made once for each shape (0088).

Making a statement costs several times what asking it does, so the statements of figures that are asked at each click
are kept, with the values of a question as parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import BigInteger, ColumnElement, String, bindparam

from db.core.actor import Scope
from db.incentives.figure_filters import Asked

_BOUND: Final[dict[str, Any]] = {
    "scope_regions": bindparam("scope_regions", expanding=True, type_=String()),
    "scope_dealers": bindparam("scope_dealers", expanding=True, type_=BigInteger()),
    "regions": bindparam("regions", expanding=True, type_=String()),
    "dealers": bindparam("dealers", expanding=True, type_=BigInteger()),
    "program": bindparam("program", type_=BigInteger()),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Which scope and which filters a question has."""

    kind: Literal["all", "regions", "dealers"]
    program: bool
    region: bool
    dealer: bool

    @property
    def of_dealers(self) -> bool:
        """Whether dealers are told apart."""
        return self.kind == "dealers" or self.dealer

    @property
    def of_regions(self) -> bool:
        """Whether regions are told apart."""
        return self.kind == "regions" or self.region

    def where(self, *, program: Any = None, region: Any = None, dealer: Any = None) -> list[ColumnElement[bool]]:
        """Conditions of scope and filters for the columns given; their values are those of `values_of`."""
        found: list[ColumnElement[bool]] = []
        if program is not None and self.program:
            found.append(program == _BOUND["program"])
        if region is not None:
            found += [region.in_(_BOUND["scope_regions"])] if self.kind == "regions" else []
            found += [region.in_(_BOUND["regions"])] if self.region else []
        if dealer is not None:
            found += [dealer.in_(_BOUND["scope_dealers"])] if self.kind == "dealers" else []
            found += [dealer.in_(_BOUND["dealers"])] if self.dealer else []
        return found


def shape_of(scope: Scope, asked: Asked) -> Shape:
    """The shape of a question within a scope."""
    return Shape(
        kind=scope.kind, program=asked.program is not None, region=bool(asked.region), dealer=bool(asked.dealer)
    )


def values_of(scope: Scope, asked: Asked) -> dict[str, Any]:
    """The values of the conditions of `Shape.where`."""
    return {
        "scope_regions": sorted(scope.regions), "scope_dealers": sorted(scope.dealer_ids),
        "regions": list(asked.region), "dealers": list(asked.dealer), "program": asked.program,
    }  # fmt: skip
