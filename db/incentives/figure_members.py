"""Which programs run on the days asked for, and which dealers each of them takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.figure_filters import Asked
from db.incentives.model import Program
from db.incentives.unit_rules import Plan
from db.terms.queries import tiers_on


@dataclass(frozen=True, kw_only=True)
class Member:
    """A dealer as programs ask for it."""

    id: int
    code: str
    region: str
    tier: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """The active dealers of a scope on a day, by id. Made once for many questions, and never changed."""

    members: Mapping[int, Member]
    _by_region: Mapping[str, frozenset[int]]
    _taken: dict[Hashable, frozenset[int]] = dataclass_field(default_factory=dict)

    def ids(self, asked: Asked) -> frozenset[int]:
        """The dealers the filters leave."""
        found = frozenset(self.members)
        if asked.region:
            found = frozenset().union(*(self._by_region.get(region, frozenset()) for region in asked.region))
        return found & set(asked.dealer) if asked.dealer else found

    def taken_by(self, program: Program) -> frozenset[int]:
        """The dealers whose sales a program takes at all."""
        wanted = program.eligible
        key = (wanted.enrolled, wanted.regions, wanted.tiers)
        if key not in self._taken:
            takes = taker(program)
            self._taken[key] = frozenset(i for i, one in self.members.items() if takes(one))
        return self._taken[key]


def field_of(session: Session, scope: Scope, on: date, *only: ColumnElement[bool]) -> Field:
    """The active dealers of a scope, with their tier on a day; `only` narrows them. Two statements."""
    rows = session.execute(
        select(Dealer.id, Dealer.code, Dealer.region)
        .where(scope.where(Dealer.id, Dealer.region), Dealer.status == "active", *only)
        .order_by(Dealer.id)
    )
    tiers = tiers_on(session, scope=scope, on=on)
    members = {i: Member(id=i, code=code, region=region, tier=tiers.get(i, "")) for i, code, region in rows}
    places: dict[str, set[int]] = defaultdict(set)
    for one in members.values():
        places[one.region].add(one.id)
    return Field(members=members, _by_region={region: frozenset(some) for region, some in places.items()})


def members_of(session: Session, scope: Scope, asked: Asked) -> dict[int, Member]:
    """Active dealers of a scope within the filters, with their tier on the last day asked for. Two statements."""
    narrowed = asked.narrowed(region=Dealer.region, dealer=Dealer.id)
    return dict(field_of(session, scope, asked.tiers_on, *narrowed).members)


def taker(program: Program) -> Callable[[Member], bool]:
    """Whether a program takes sales of a dealer at all, as a question to be asked of many dealers."""
    wanted = program.eligible
    enrolled = frozenset(wanted.enrolled)
    regions = frozenset(r.casefold() for r in wanted.regions)
    tiers = frozenset(t.casefold() for t in wanted.tiers)

    def takes(dealer: Member) -> bool:
        return (
            (not enrolled or dealer.code in enrolled)
            and (not regions or dealer.region.casefold() in regions)
            and (not tiers or dealer.tier.casefold() in tiers)
        )

    return takes


def plans_asked(session: Session, asked: Asked) -> dict[int, list[Plan]]:
    """Published programs that the filter leaves and that run on one of the days asked for."""
    return {
        program_id: plans for program_id, plans in books.plans_of(session).items()
        if asked.program in (None, program_id)
        and plans[-1].program.program.first <= asked.last and plans[-1].program.program.last >= asked.first
    }  # fmt: skip
