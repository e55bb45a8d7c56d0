"""Dealers as lists, choices, one record, search results and export rows; always within a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor, Scope
from db.core.area import SearchResult
from db.core.keyset import beyond
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers import record, rules
from db.dealers.record import DealerFacts
from db.dealers.tables import Dealer, DealerBrand, DealerContact, DealerGroup, DealerTerritory
from db.dealers.whereabouts import position_warning

if TYPE_CHECKING:
    import pandas as pd

PAGE = "pages/network/dealer.py"
_COLUMNS = (
    Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.state, Dealer.city, Dealer.status, Dealer.takes_leads,
    Dealer.lead_weight, Dealer.lead_cap, Dealer.daily_quota, Dealer.zone, Dealer.latitude, Dealer.longitude,
    Dealer.url, Dealer.name_key, func.coalesce(DealerGroup.name, "").label("group"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DealerFilters:
    """What a list of dealers is narrowed to; empty means everything. `text` is words of the search box."""

    text: str = ""
    regions: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    brand: str = ""
    takes_leads: bool | None = None
    group: str = ""  # the id of a group as text, as it stands in an address
    gap: str = ""  # one of GAPS
    ids: frozenset[int] | None = None  # what another area narrowed the list to


@dataclass(frozen=True, kw_only=True)
class DealerDetail:
    """One dealer; `version` goes back with a change, so that a stale screen is noticed."""

    dealer_id: int
    facts: DealerFacts
    version: int
    created_at: datetime
    updated_at: datetime
    batch_id: int | None


@dataclass(frozen=True, kw_only=True)
class DealerChoice:
    """A dealer as an entry of a selection; `label` has its code and name."""

    dealer_id: int
    code: str
    name: str
    region: str
    state: str
    status: str

    @property
    def label(self) -> str:
        """The name with its code, as people know it."""
        return f"{self.name} ({self.code})"


GAPS: dict[str, str] = {
    "position": "State and position disagree",
    "primary": "No primary contact",
    "principal": "No dealer principal",
    "reach": "No phone or no street",
}
"""What can be missing or doubtful in the master data of a dealer, to be found again after an import."""


def condition_of(session: Session, scope: Scope, filters: DealerFilters) -> ColumnElement[bool]:
    """The dealers of a scope that pass the filters, as a condition on `Dealer`."""
    parts = [scope.where(Dealer.id, Dealer.region)]
    if filters.text.strip():
        hits = search.find(session, filters.text, kinds=("dealer",), scope=scope, limit=1_000)
        parts.append(Dealer.id.in_([hit.item_id for hit in hits]))
    if filters.regions:
        parts.append(Dealer.region.in_(filters.regions))
    if filters.states:
        parts.append(Dealer.state.in_(filters.states))
    if filters.statuses:
        parts.append(Dealer.status.in_(filters.statuses))
    if filters.takes_leads is not None:
        parts.append(Dealer.takes_leads.is_(filters.takes_leads))
    if filters.group:
        parts.append(Dealer.group_id == (int(filters.group) if filters.group.isdecimal() else 0))
    if filters.ids is not None:
        parts.append(Dealer.id.in_(sorted(filters.ids)))
    if filters.gap:
        parts.append(_has_gap(session, scope, filters.gap))
    if filters.brand:
        sells = select(DealerBrand.dealer_id).where(func.lower(DealerBrand.brand) == filters.brand.lower())
        parts.append(or_(Dealer.id.in_(sells), ~Dealer.id.in_(select(DealerBrand.dealer_id))))
    return and_(*parts)


def _has_gap(session: Session, scope: Scope, gap: str) -> ColumnElement[bool]:
    of_dealer = [DealerContact.dealer_id == Dealer.id, DealerContact.left_on.is_(None)]
    if gap == "position":
        return Dealer.id.in_(sorted(position_conflicts(session, scope=scope)))
    if gap == "primary":
        return ~exists().where(*of_dealer, DealerContact.is_primary)
    if gap == "principal":
        return ~exists().where(*of_dealer, DealerContact.role == "principal")
    return or_(Dealer.phone == "", Dealer.street == "")


def position_conflicts(session: Session, *, scope: Scope) -> dict[int, str]:
    """Dealers whose state and position plainly disagree, with the sentence that says so; asked anew each time (U14)."""
    rows = session.execute(
        select(Dealer.id, Dealer.state, Dealer.latitude, Dealer.longitude).where(
            scope.where(Dealer.id, Dealer.region), Dealer.latitude.is_not(None)
        )
    )
    found = {number: position_warning(state, latitude, longitude) for number, state, latitude, longitude in rows}
    return {number: sentence for number, sentence in found.items() if sentence}


def matching_ids(session: Session, *, scope: Scope, filters: DealerFilters, limit: int) -> list[int]:
    """The ids of everything a list has on all its pages, by name; at most `limit`."""
    query = select(Dealer.id).where(condition_of(session, scope, filters)).order_by(Dealer.name_key, Dealer.id)
    return list(session.scalars(query.limit(limit)))


def list_dealers(
    session: Session,
    *,
    scope: Scope,
    filters: DealerFilters | None = None,
    after: tuple[str, int] | None = None,
    limit: int = 50,
) -> pd.DataFrame:
    """Dealers by name, one page: those after `after`, which is (name_key, id) of the last row seen."""
    import pandas as pd

    query = select(*_COLUMNS).outerjoin(DealerGroup, DealerGroup.id == Dealer.group_id)
    query = query.where(condition_of(session, scope, filters or DealerFilters()))
    if after is not None:
        query = query.where(beyond((Dealer.name_key, Dealer.id), after))
    result = session.execute(query.order_by(Dealer.name_key, Dealer.id).limit(limit))
    return pd.DataFrame(result.all(), columns=list(result.keys()))


def count_dealers(session: Session, *, scope: Scope, filters: DealerFilters | None = None) -> int:
    """How many dealers a list has on all its pages."""
    condition = condition_of(session, scope, filters or DealerFilters())
    return session.scalar(select(func.count()).select_from(Dealer).where(condition)) or 0


def count_by_status(session: Session, *, scope: Scope) -> dict[str, int]:
    """How many dealers have each status, in the order of a dealer's life; 0 where there is none."""
    rows = session.execute(
        select(Dealer.status, func.count().label("n"))
        .where(scope.where(Dealer.id, Dealer.region))
        .group_by(Dealer.status)
    )
    found = {row.status: row.n for row in rows}
    return {status: found.get(status, 0) for status in rules.STATUSES}


def count_by_state(session: Session, *, scope: Scope, filters: DealerFilters | None = None) -> dict[str, int]:
    """How many dealers a list has in each state that has any, most first."""
    n = func.count().label("n")
    condition = condition_of(session, scope, filters or DealerFilters())
    rows = session.execute(
        select(Dealer.state, n).where(condition).group_by(Dealer.state).order_by(n.desc(), Dealer.state)
    )
    return {row.state: row.n for row in rows}


def get_dealer(session: Session, *, dealer_id: int, scope: Scope) -> DealerDetail:
    """One dealer; raises `NotFound` for one that does not exist or lies outside of the scope."""
    dealer = session.scalars(
        select(Dealer).where(Dealer.id == dealer_id, scope.where(Dealer.id, Dealer.region))
    ).one_or_none()
    if dealer is None:
        raise NotFound("This dealer")
    return DealerDetail(
        dealer_id=dealer.id, facts=record.facts_of(session, [dealer])[dealer.id], version=dealer.version,
        created_at=dealer.created_at, updated_at=dealer.updated_at, batch_id=dealer.batch_id,
    )  # fmt: skip


def find_dealer_by_code(session: Session, *, code: str, scope: Scope) -> DealerChoice | None:
    """The dealer of a code (leading zeros count), or None."""
    row = session.execute(_choices(scope).where(Dealer.code == code.strip())).one_or_none()
    return DealerChoice(**row._asdict()) if row else None


def dealer_choices(session: Session, scope: Scope, *, statuses: tuple[str, ...] = ()) -> list[DealerChoice]:
    """Every dealer of a scope for a selection, by name; only those of `statuses` when some are named."""
    query = _choices(scope).order_by(Dealer.name_key, Dealer.id)
    if statuses:
        query = query.where(Dealer.status.in_(statuses))
    return [DealerChoice(**row._asdict()) for row in session.execute(query)]


def _choices(scope: Scope) -> Select[int, str, str, str, str, str]:
    return select(
        Dealer.id.label("dealer_id"), Dealer.code, Dealer.name, Dealer.region, Dealer.state, Dealer.status
    ).where(scope.where(Dealer.id, Dealer.region))


def regions(session: Session, scope: Scope) -> list[str]:
    """The regions that have dealers in a scope, in the order people expect: "Region 2" before "Region 11"."""
    found = session.scalars(select(Dealer.region).where(scope.where(Dealer.id, Dealer.region)).distinct())
    return sorted(found, key=_natural)


def _natural(text: str) -> list[tuple[int, int, str]]:
    import re

    return [(0, int(p), "") if p.isdigit() else (1, 0, p.casefold()) for p in re.split(r"(\d+)", text) if p]


def list_brands(session: Session, *, scope: Scope) -> list[str]:
    """The makes that dealers of a scope are authorised to sell."""
    found = session.scalars(
        select(DealerBrand.brand)
        .join(Dealer, Dealer.id == DealerBrand.dealer_id)
        .where(scope.where(Dealer.id, Dealer.region))
        .distinct()
    )
    return sorted(found, key=str.casefold)


def territory_conflicts(session: Session, *, scope: Scope) -> list[tuple[str, list[DealerChoice]]]:
    """Postal prefixes that more than one dealer of a scope owns without an end, with those dealers (duty P3).

    Only data from before the rule can be so: today a second owner is refused.
    """
    owned = DealerTerritory.valid_to.is_(None)
    shared = (
        select(DealerTerritory.postal_prefix)
        .join(Dealer, Dealer.id == DealerTerritory.dealer_id)
        .where(scope.where(Dealer.id, Dealer.region), Dealer.status != "terminated", owned)
        .group_by(DealerTerritory.postal_prefix)
        .having(func.count(DealerTerritory.dealer_id.distinct()) > 1)
    )
    rows = session.execute(
        _choices(scope)
        .add_columns(DealerTerritory.postal_prefix)
        .join(DealerTerritory, DealerTerritory.dealer_id == Dealer.id)
        .where(DealerTerritory.postal_prefix.in_(shared), Dealer.status != "terminated", owned)
        .order_by(DealerTerritory.postal_prefix, Dealer.code)
    )
    found: dict[str, list[DealerChoice]] = defaultdict(list)
    for *choice, prefix in rows:
        found[prefix].append(DealerChoice(**dict(zip(DealerChoice.__dataclass_fields__, choice, strict=True))))
    return list(found.items())


def search_results(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Found dealers as lines of the search box, in the order of `ids`."""
    if not actor.can(Permission.DEALERS_VIEW):
        return []
    rows = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.city, Dealer.state, Dealer.status).where(
            Dealer.id.in_(list(ids)), actor.scope.where(Dealer.id, Dealer.region)
        )
    )
    found = {row.id: row for row in rows}
    return [
        SearchResult(
            kind="dealer",
            item_id=row.id,
            title=f"{row.name} ({row.code})",
            subtitle=", ".join(part for part in (row.city, row.state, rules.STATUSES[row.status].lower()) if part),
            page=PAGE,
            query={"dealer": str(row.id)},
        )
        for row in (found[number] for number in ids if number in found)
    ]


def export_filters(filters: Mapping[str, Any]) -> DealerFilters:
    """The filters of an export as those of a list; words that only tell the log what `ids` stands for are left out."""
    given = {name: value for name, value in filters.items() if value not in (None, "", (), [])}
    for name in ("regions", "states", "statuses"):
        if name in given:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    if "ids" in given:
        given["ids"] = frozenset(given["ids"])
    elif given.get("health") or given.get("tier"):
        given["ids"] = frozenset()  # an empty selection was left out on the way here
    return DealerFilters(**{name: value for name, value in given.items() if name not in ("health", "tier")})


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Dealers by code, every fact in the order of `record.FIELDS`, working hours left out."""
    chosen = export_filters(filters)
    dealers = session.scalars(select(Dealer).where(condition_of(session, scope, chosen)).order_by(Dealer.code)).all()
    facts = record.facts_of(session, dealers)
    for dealer in dealers:
        values = facts[dealer.id]
        yield tuple(
            ", ".join(value) if isinstance(value, tuple) else value
            for value in (getattr(values, name) for name in EXPORTED)
        )


EXPORTED = tuple(name for name in record.FIELDS if name != "calendar_id")
