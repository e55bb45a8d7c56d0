"""A dealer as facts: checked as a whole, compared field by field, stored with its makes, territory and search words."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import EVERYTHING, Scope
from db.core.base import Base
from db.core.geo import STATES, state_code
from db.core.labels import local_day
from db.core.problems import Problems
from db.core.search import SearchWord
from db.dealers import groups, reach_rules, rules, territory
from db.dealers.tables import Dealer, DealerBrand, DealerTerritory
from db.dealers.territory_rules import Period
from db.dealers.whereabouts import zone_of

_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class DealerFacts:
    """Everything people may say about a dealer. `zone` empty means: that of its place. Positions in degrees.

    `name` is the trade name; `group` is the name of the group it belongs to, empty for a dealer of its own.
    `territories` are the areas given without an end; territory_queries.py knows each area by the day.
    """

    code: str
    name: str
    state: str
    region: str = ""
    legal_name: str = ""
    group: str = ""
    url: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    zone: str = ""
    status: str = "prospect"
    calendar_id: int | None = None
    lead_weight: int = 1
    lead_cap: int = 0
    daily_quota: int = 0
    takes_leads: bool = True
    brands: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()


FIELDS = tuple(field.name for field in dataclasses.fields(DealerFacts))
COLUMNS = tuple(name for name in FIELDS if name not in ("brands", "territories", "group"))
LABELS: dict[str, str] = {
    "code": "Code", "name": "Trade name", "legal_name": "Legal name", "group": "Group", "state": "State",
    "region": "Region", "url": "Website", "email": "E-mail", "phone": "Phone", "street": "Street", "city": "City",
    "postal_code": "Postal code", "latitude": "Latitude", "longitude": "Longitude", "zone": "Time zone",
    "status": "Status", "calendar_id": "Working hours", "lead_weight": "Share of leads",
    "lead_cap": "Cap of open leads", "daily_quota": "Daily quota", "takes_leads": "Takes leads", "brands": "Makes",
    "territories": "Territory",
}  # fmt: skip


def checked(facts: DealerFacts, problems: Problems) -> DealerFacts:
    """The same facts in their stored form; every problem is noted at its field (domain-rules 2.2 C)."""
    code = rules.check_code(facts.code, problems)
    state = state_code(facts.state) or ""
    if not state:
        sentence = f'"{facts.state[:60]}" is no state or province.' if facts.state.strip() else "The state is needed."
        problems.add("state", "unknown_state", sentence)
    rules.check_position(facts.latitude, facts.longitude, problems)
    rules.check_share(
        lead_weight=facts.lead_weight, lead_cap=facts.lead_cap, daily_quota=facts.daily_quota, problems=problems
    )
    return DealerFacts(
        code=code,
        name=rules.check_name(facts.name, problems),
        state=state,
        region=rules.check_length(rules.region_name(facts.region), "region", "The region", problems),
        legal_name=rules.check_length(facts.legal_name, "legal_name", "The legal name", problems),
        group=rules.check_group(facts.group, problems),
        url=rules.check_url(facts.url, problems),
        email=reach_rules.check_email(facts.email, problems),
        phone=reach_rules.check_phone(facts.phone, problems),
        street=rules.check_length(facts.street, "street", "The street", problems),
        city=rules.check_length(facts.city, "city", "The city", problems),
        postal_code=rules.check_length(facts.postal_code.upper(), "postal_code", "The postal code", problems),
        latitude=facts.latitude,
        longitude=facts.longitude,
        zone=_zone(facts, state, problems),
        status=rules.check_status(facts.status, problems),
        calendar_id=facts.calendar_id,
        lead_weight=facts.lead_weight,
        lead_cap=facts.lead_cap,
        daily_quota=facts.daily_quota,
        takes_leads=facts.takes_leads,
        brands=rules.check_brands(facts.brands, problems),
        # A terminated dealer owns nothing any more.
        territories=() if facts.status == "terminated" else rules.check_territories(facts.territories, problems),
    )


def _zone(facts: DealerFacts, state: str, problems: Problems) -> str:
    if not facts.zone:
        return zone_of(state, facts.latitude, facts.longitude) or ""
    try:
        return ZoneInfo(facts.zone.strip()).key
    except (KeyError, ValueError, OSError):
        problems.add("zone", "unknown_zone", f'"{facts.zone[:60]}" is no time zone, such as America/Chicago.')
        return ""


def changed_with(facts: DealerFacts, changes: Mapping[str, Any]) -> DealerFacts:
    """The facts with some of them replaced; a zone that was only that of the old place follows to the new one."""
    follows = facts.zone == zone_of(facts.state, facts.latitude, facts.longitude)
    if follows and "zone" not in changes and {"state", "latitude", "longitude"} & set(changes):
        changes = {**changes, "zone": ""}
    return dataclasses.replace(facts, **changes)


def differences(before: DealerFacts, after: DealerFacts) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they were and as they are."""
    names = [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
    return {n: getattr(before, n) for n in names}, {n: getattr(after, n) for n in names}


def facts_of(session: Session, dealers: Iterable[Dealer]) -> dict[int, DealerFacts]:
    """The facts of stored dealers, by id."""
    rows = {dealer.id: dealer for dealer in dealers}
    brands: dict[int, list[str]] = defaultdict(list)
    territories: dict[int, list[str]] = defaultdict(list)
    ids = sorted(rows)
    names = groups.names_of(session, {dealer.group_id for dealer in rows.values() if dealer.group_id is not None})
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        for dealer_id, brand in session.execute(
            select(DealerBrand.dealer_id, DealerBrand.brand).where(DealerBrand.dealer_id.in_(some))
        ):
            brands[dealer_id].append(brand)
        territories.update(territory.standing(session, some))
    return {
        dealer_id: DealerFacts(
            **{name: getattr(dealer, name) for name in COLUMNS},
            group=names.get(dealer.group_id or 0, ""),
            brands=tuple(sorted(brands[dealer_id], key=str.casefold)),
            territories=tuple(sorted(territories[dealer_id])),
        )
        for dealer_id, dealer in rows.items()
    }


def create(
    session: Session, all_facts: Iterable[DealerFacts], *, now: datetime, batch_id: int | None = None,
    scope: Scope = EVERYTHING,
) -> list[Dealer]:  # fmt: skip
    """Store new dealers, in order; their ids are set. Their groups are there already.

    Refused when another dealer owns an area of one of them.
    """
    all_facts = list(all_facts)
    known = groups.ids_of(session, {facts.group for facts in all_facts if facts.group})
    pairs = [
        (
            Dealer(
                **{name: getattr(facts, name) for name in COLUMNS}, name_key=rules.name_key(facts.name), version=1,
                group_id=known[facts.group] if facts.group else None, created_at=now, updated_at=now,
                batch_id=batch_id,
            ),
            facts,
        )
        for facts in all_facts
    ]  # fmt: skip
    session.add_all(dealer for dealer, _ in pairs)
    session.flush()
    for dealer, facts in pairs:
        _store_brands(session, dealer.id, facts)
        index(session, dealer, group=facts.group, is_new=True)
    territory.give(session, [(d, f.territories, Period(local_day(now, d.zone))) for d, f in pairs], scope=scope)
    return [dealer for dealer, _ in pairs]


def write(
    session: Session, dealer: Dealer, before: DealerFacts, after: DealerFacts, *, now: datetime,
    scope: Scope = EVERYTHING,
) -> None:  # fmt: skip
    """Store changed facts and raise the version; records that repeat the dealer's region for scope follow it.

    A group it moves into is there already. Areas start and end today at the dealer. Refused when another dealer owns a
    new one; its name only within `scope`.
    """
    for name in COLUMNS:
        setattr(dealer, name, getattr(after, name))
    dealer.name_key = rules.name_key(after.name)
    if before.group != after.group:
        dealer.group_id = groups.ids_of(session, {after.group})[after.group] if after.group else None
    dealer.version += 1
    dealer.updated_at = now
    session.flush()
    if before.brands != after.brands:
        session.execute(delete(DealerBrand).where(DealerBrand.dealer_id == dealer.id))
        _store_brands(session, dealer.id, after)
    territory.follow(session, dealer, before.territories, after.territories, now=now, scope=scope)
    if before.region != after.region:
        _move_region(session, dealer.id, after.region)
    index(session, dealer, group=after.group)


def remove(session: Session, dealer_ids: Iterable[int]) -> None:
    """Take dealers back that came by mistake; only an undo does this, and only when nothing refers to them."""
    ids = sorted(dealer_ids)
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        session.execute(delete(SearchWord).where(SearchWord.kind == "dealer", SearchWord.item_id.in_(some)))
        for own in _going_with_dealer():
            session.execute(delete(own).where(own.c.dealer_id.in_(some)))
        session.execute(delete(Dealer).where(Dealer.id.in_(some)))


def _going_with_dealer() -> list[Table]:
    """Tables whose rows are a part of the dealer, not records about it; later areas mark theirs in `Table.info`."""
    marked = [table for table in Base.metadata.sorted_tables if table.info.get("goes_with_dealer")]
    return [
        Base.metadata.tables[DealerBrand.__tablename__],
        Base.metadata.tables[DealerTerritory.__tablename__],
        *marked,
    ]


def references(session: Session, dealer_ids: Iterable[int]) -> dict[int, list[str]]:
    """Which tables hold records that refer to each dealer (what goes with the dealer aside)."""
    own = {table.name for table in _going_with_dealer()}
    ids = sorted(dealer_ids)
    found: dict[int, list[str]] = defaultdict(list)
    for table in Base.metadata.sorted_tables:
        for column in table.columns if table.name not in own else ():
            if not any(key.column is Dealer.__table__.c.id for key in column.foreign_keys):
                continue
            for start in range(0, len(ids), _CHUNK):
                some = ids[start : start + _CHUNK]
                for (dealer_id,) in session.execute(select(column).where(column.in_(some)).distinct()):
                    found[dealer_id].append(table.name)
    return dict(found)


def index(session: Session, dealer: Dealer, *, group: str, is_new: bool = False) -> None:
    """Write the words the search box finds a dealer by."""
    search.index(
        session, kind="dealer", item_id=dealer.id,
        texts=(dealer.code, dealer.name, dealer.legal_name, group, dealer.city), dealer_id=dealer.id,
        region=dealer.region, is_new=is_new,
    )  # fmt: skip


def _store_brands(session: Session, dealer_id: int, facts: DealerFacts) -> None:
    session.add_all(DealerBrand(dealer_id=dealer_id, brand=brand) for brand in facts.brands)
    session.flush()


def _repeats_region(table: Table) -> bool:
    # A person's scope names a region or a dealer, which is another thing than repeating the region of a dealer.
    return {"dealer_id", "region"} <= set(table.c.keys()) and table.name != "person_scope"


def _move_region(session: Session, dealer_id: int, region: str) -> None:
    """Scope asks each record for its own region, so the dealer's records move along, whatever area they belong to."""
    for table in Base.metadata.sorted_tables:
        if _repeats_region(table):
            session.execute(update(table).where(table.c.dealer_id == dealer_id).values(region=region))


MOVE_ALONG = ("leads", "customers", "terms", "documents", "contact_log", "access", "onboarding")
"""The areas whose records repeat the region of a dealer: what is cached of them is old when a dealer moves."""


def state_name(code: str) -> str:
    """The name of a state for people; the code itself when it is unknown."""
    found = STATES.get(code)
    return found.name if found else code
