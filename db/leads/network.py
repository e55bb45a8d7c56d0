"""The dealers as routing sees them, what each carries, and the policy in force; read once for a whole import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.orm import Session

from db.core.geo import state_code
from db.core.insert import insert_many
from db.dealers.tables import Dealer, DealerBrand
from db.dealers.territory_queries import prefixes_at
from db.leads.adf_draft import LeadDraft
from db.leads.intake_facts import vendor_key
from db.leads.product_lines import brand_key
from db.leads.routing_network import DealerFacts, Network
from db.leads.routing_policy import DEFAULT, Policy, from_content
from db.leads.routing_share import Load
from db.leads.tables import Lead, RoutingPointer, RoutingPolicy


def policy_in_force(session: Session) -> tuple[int, Policy]:
    """(version, policy): the newest active one, or version 0 with the defaults while none was saved."""
    row = session.execute(
        select(RoutingPolicy.version, RoutingPolicy.content)
        .where(RoutingPolicy.is_active.is_(True))
        .order_by(RoutingPolicy.version.desc())
        .limit(1)
    ).first()
    return (row.version, from_content(row.content)) if row else (0, DEFAULT)


def load_network(session: Session, policy: Policy, *, now: datetime) -> Network:
    """Every dealer with brands, the areas it owns on the day of `now` where it is, and its answers in time.

    How many leads a dealer answered in time is read only where the policy looks at it.
    """
    brands: dict[int, set[str]] = {}
    for dealer_id, brand in session.execute(select(DealerBrand.dealer_id, DealerBrand.brand)):
        brands.setdefault(dealer_id, set()).add(brand_key(brand))
    prefixes = prefixes_at(session, now=now)
    rates = _hit_rates(session, policy, now=now) if policy.performance_floor_percent is not None else {}
    rows = session.execute(
        select(
            Dealer.id, Dealer.code, Dealer.name, Dealer.status, Dealer.takes_leads, Dealer.state, Dealer.region,
            Dealer.zone, Dealer.calendar_id, Dealer.latitude, Dealer.longitude, Dealer.lead_weight,
            Dealer.lead_cap, Dealer.daily_quota,
        )
    )  # fmt: skip
    return Network(
        DealerFacts(
            id=row.id, code=row.code, name=row.name, status=row.status, takes_leads=row.takes_leads,
            brands=frozenset(brands.get(row.id, ())), prefixes=frozenset(prefixes.get(row.id, ())), state=row.state,
            region=row.region, zone=row.zone, calendar_id=row.calendar_id, latitude=row.latitude,
            longitude=row.longitude, weight=row.lead_weight, cap=row.lead_cap, quota=row.daily_quota,
            hit_rate=rates.get(row.id),
        )
        for row in rows
    )  # fmt: skip


def _hit_rates(session: Session, policy: Policy, *, now: datetime) -> dict[int, float]:
    """The share of a dealer's recent leads that were answered in time, where there are enough to tell (rule 6)."""
    in_time = func.sum(case((Lead.first_action_at <= Lead.first_action_due_at, 1), else_=0))
    due = (Lead.first_action_at.is_not(None)) | (Lead.first_action_due_at < now)
    rows = session.execute(
        select(Lead.dealer_id, func.count(), in_time)
        .where(Lead.received_at >= now - timedelta(days=policy.performance_days), Lead.received_at <= now)
        .where(Lead.dealer_id.is_not(None), Lead.first_action_due_at.is_not(None), due)
        .where(Lead.status.not_in(("bad", "duplicate", "held")))
        .group_by(Lead.dealer_id)
    )
    return {
        dealer_id: (hits or 0) / number for dealer_id, number, hits in rows if number >= policy.performance_least_leads
    }


def load_now(session: Session, network: Network, policy: Policy, *, now: datetime) -> Load:
    """Open leads and leads given today, asked only where a cap, a quota or the policy needs them."""
    load = Load()
    if policy.fairness == "least_load" or any(dealer.cap for dealer in network.dealers):
        rows = session.execute(
            select(Lead.dealer_id, func.count())
            .where(Lead.is_open.is_(True), Lead.dealer_id.is_not(None))
            .group_by(Lead.dealer_id)
        )
        load.open_leads.update({dealer_id: number for dealer_id, number in rows if dealer_id is not None})
    if any(dealer.quota for dealer in network.dealers):
        recent = session.execute(
            select(Lead.dealer_id, Lead.routed_at).where(
                Lead.received_at >= now - timedelta(days=2), Lead.dealer_id.is_not(None), Lead.routed_at.is_not(None)
            )
        )
        counted: Counter[int] = Counter()
        for dealer_id, routed_at in recent:
            assert dealer_id is not None
            assert routed_at is not None
            zone = ZoneInfo(network.by_id[dealer_id].zone)
            if routed_at.astimezone(zone).date() == now.astimezone(zone).date():
                counted[dealer_id] += 1
        load.today.update(counted)
    return load


_POINTERS = RoutingPointer.metadata.tables[RoutingPointer.__tablename__]
_SET_CREDIT = (
    update(_POINTERS)
    .where(_POINTERS.c.pool == bindparam("at_pool"), _POINTERS.c.dealer_id == bindparam("at_dealer"))
    .values(credit=bindparam("credit"))
)


class Turns(Mapping[str, Mapping[int, int]]):
    """The turn lists, each read when it is first needed and written by `flush` (routing pointers survive restarts)."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pools: dict[str, dict[int, int]] = {}
        self._stored: dict[str, set[int]] = {}
        self._changed: set[str] = set()

    def __getitem__(self, pool: str) -> Mapping[int, int]:
        if pool not in self._pools:
            rows = self._session.execute(
                select(RoutingPointer.dealer_id, RoutingPointer.credit).where(RoutingPointer.pool == pool)
            )
            self._pools[pool] = dict(rows.all())
            self._stored[pool] = set(self._pools[pool])
        return self._pools[pool]

    def __iter__(self) -> Any:
        return iter(self._pools)

    def __len__(self) -> int:
        return len(self._pools)

    def set(self, pool: str, credits: Mapping[int, int]) -> None:
        """Note the credits after a turn."""
        self[pool]
        self._pools[pool] = dict(credits)
        self._changed.add(pool)

    def flush(self) -> None:
        """Write what was changed."""
        old: list[dict[str, Any]] = []
        new: list[dict[str, Any]] = []
        for pool in sorted(self._changed):
            stored = self._stored[pool]
            for dealer_id, credit in sorted(self._pools[pool].items()):
                if dealer_id in stored:
                    old.append({"at_pool": pool, "at_dealer": dealer_id, "credit": credit})
                else:
                    new.append({"pool": pool, "dealer_id": dealer_id, "credit": credit})
            stored.update(self._pools[pool])
        if old:
            self._session.connection().execute(_SET_CREDIT, old)
        insert_many(self._session, RoutingPointer, new)
        self._changed.clear()


@dataclass(frozen=True, kw_only=True)
class NamedDealer:
    """The dealer a document is meant for: `text` is what it said, `dealer_id` None when that is none of ours."""

    dealer_id: int | None
    by: str
    text: str


class DealerNames:
    """Finds the dealer a document names: by code (exact text, leading zeros count), else by name."""

    def __init__(self, network: Network) -> None:
        self._by_code = {dealer.code: dealer for dealer in network.dealers}
        self._by_name: dict[str, list[DealerFacts]] = {}
        for dealer in network.dealers:
            self._by_name.setdefault(vendor_key(dealer.name), []).append(dealer)

    def named_in(self, draft: LeadDraft) -> NamedDealer:
        """The dealer of the draft's vendor; of several with one name the one in its state, else the active one."""
        vendor = draft.vendor
        for one in vendor.ids:
            if one.value and (found := self._by_code.get(one.value.strip())):
                return NamedDealer(dealer_id=found.id, by=f"vendor id {found.code}", text=vendor.name or found.code)
        for name in (vendor.name, vendor.contact_name):
            if name and (key := vendor_key(name)):
                same = self._by_name.get(key, [])
                state = state_code(vendor.address.region) if vendor.address else ""
                for narrowed in (
                    same,
                    [d for d in same if d.state == state],
                    [d for d in same if d.status == "active"],
                ):
                    if len(narrowed) == 1:
                        return NamedDealer(dealer_id=narrowed[0].id, by=f"vendor name “{name[:80]}”", text=name)
        text = vendor.name or next((one.value for one in vendor.ids if one.value), "") or ""
        return NamedDealer(dealer_id=None, by="", text=text)
