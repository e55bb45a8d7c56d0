"""Reading the routing rules: what is in force, what was, why a lead went where, and what another rule would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.problems import NotFound
from db.leads.intake_route import facts_of_row
from db.leads.network import load_network, policy_in_force
from db.leads.routing import RULE_LABELS, decide
from db.leads.routing_policy import Policy
from db.leads.routing_share import Load
from db.leads.tables import Lead, LeadVehicle, ProductLine, RoutingPolicy

MOST_REPLAYED = 20_000


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """One version of the rules; version 0 are the defaults before anybody saved any."""

    version: int
    is_active: bool
    content: dict[str, Any]
    reason: str
    created_at: datetime | None
    created_by: str


def list_policies(session: Session) -> list[PolicyVersion]:
    """Every version, the newest first. The rules belong to the desk, so there is no scope."""
    return [
        PolicyVersion(
            version=row.version, is_active=row.is_active, content=row.content, reason=row.reason,
            created_at=row.created_at, created_by=row.created_by,
        )
        for row in session.scalars(select(RoutingPolicy).order_by(RoutingPolicy.version.desc()))
    ]  # fmt: skip


def active_policy(session: Session) -> tuple[int, Policy]:
    """(version, policy) in force."""
    return policy_in_force(session)


@dataclass(frozen=True, kw_only=True)
class RoutingReason:
    """Why a lead is with its dealer: the rule that won, and every dealer that was considered with its reason."""

    rule: str
    rule_label: str
    why: str
    policy_version: int
    dealer_code: str
    dealer_name: str
    candidates: tuple[dict[str, str], ...]
    dropped: Mapping[str, int]
    reassignments: tuple[dict[str, Any], ...]


def routing_of(session: Session, *, lead_id: int, scope: Scope) -> RoutingReason | None:
    """The stored decision of a lead; None for one that was never routed (held)."""
    row = session.execute(
        select(Lead.routing).where(Lead.id == lead_id, scope.where(Lead.dealer_id, Lead.region))
    ).first()
    if row is None:
        raise NotFound("This lead")
    stored = row.routing
    if not stored.get("rule"):
        return None
    return RoutingReason(
        rule=stored["rule"], rule_label=RULE_LABELS.get(stored["rule"], stored["rule"]), why=stored.get("why", ""),
        policy_version=stored.get("policy_version", 0), dealer_code=stored.get("dealer_code", ""),
        dealer_name=stored.get("dealer_name", ""), candidates=tuple(stored.get("candidates", ())),
        dropped=stored.get("dropped", {}), reassignments=tuple(stored.get("reassignments", ())),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Move:
    """One lead that would have gone elsewhere."""

    lead_id: int
    number: str
    received_at: datetime
    wants: str
    from_dealer: str
    to_dealer: str
    rule: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a changed rule would have done: `moves` are the leads that change, the counters say how dealers fare.

    `gained` and `lost` count leads by dealer (code and name; "Nobody" for the fallback queue).
    """

    leads: int
    moves: tuple[Move, ...]
    gained: Mapping[str, int]
    lost: Mapping[str, int]
    unassigned_before: int
    unassigned_after: int
    is_capped: bool

    @property
    def moved(self) -> int:
        """How many would move."""
        return len(self.moves)


NOBODY = "Nobody"


def replay(session: Session, *, policy: Policy, since: datetime, until: datetime, scope: Scope) -> Replay:
    """Route the leads received in [since, until) again under `policy`, in their order, and compare; changes nothing.

    Compared with what the rules in force give on the same network, so that only the changed rule shows, not what has
    happened to dealers since. Turns start even, and caps and quotas count the replayed leads of a day.
    """
    _, current = policy_in_force(session)
    network = load_network(session, policy, now=until)
    rows = _leads(session, since=since, until=until, scope=scope)
    wanted = _wanted(session, since=since, until=until)
    moves: list[Move] = []
    gained: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    unassigned = Counter[str]()
    sides = {"now": _Side(current), "then": _Side(policy)}
    for row in rows[:MOST_REPLAYED]:
        found = {}
        for name, side in sides.items():
            facts = facts_of_row(row, wanted.get(row.id), policy=side.policy)
            side.new_day(row.received_at)
            decision = decide(facts, network, side.policy, load=side.load, credits=side.credits)
            if decision.pool:
                side.credits[decision.pool] = dict(decision.credits)
            if decision.dealer is not None:
                side.load.add(decision.dealer.id)
            else:
                unassigned[name] += 1
            found[name] = decision
        before, after = found["now"].dealer, found["then"].dealer
        if before is after:
            continue
        source, target = _named(before), _named(after)
        lost[source] += 1
        gained[target] += 1
        moves.append(
            Move(
                lead_id=row.id, number=row.number, received_at=row.received_at, wants=row.wants, from_dealer=source,
                to_dealer=target, rule=found["then"].rule, why=found["then"].why,
            )
        )  # fmt: skip
    return Replay(
        leads=min(len(rows), MOST_REPLAYED), moves=tuple(moves), gained=dict(gained.most_common()),
        lost=dict(lost.most_common()), unassigned_before=unassigned["now"], unassigned_after=unassigned["then"],
        is_capped=len(rows) > MOST_REPLAYED,
    )  # fmt: skip


class _Side:
    """One of the two policies on its way through the leads."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.load = policy, Load()
        self.credits: dict[str, dict[int, int]] = {}
        self._day: Any = None

    def new_day(self, at: datetime) -> None:
        if at.date() != self._day:
            self._day = at.date()
            self.load.today.clear()


def _named(dealer: Any) -> str:
    return f"{dealer.code} {dealer.name}" if dealer is not None else NOBODY


def _leads(session: Session, *, since: datetime, until: datetime, scope: Scope) -> list[Any]:
    columns = (
        Lead.id, Lead.number, Lead.received_at, Lead.wants, Lead.brand, Lead.postal_code, Lead.state, Lead.vendor_name,
        Lead.details,
    )  # fmt: skip
    return list(
        session.execute(
            select(*columns)
            .where(Lead.received_at >= since, Lead.received_at < until, Lead.status.not_in(("held", "duplicate")))
            .where(scope.where(Lead.dealer_id, Lead.region))
            .order_by(Lead.received_at, Lead.id)
            .limit(MOST_REPLAYED + 1)
        )
    )


def _wanted(session: Session, *, since: datetime, until: datetime) -> dict[int, Any]:
    rows = session.execute(
        select(LeadVehicle.lead_id, LeadVehicle.condition, LeadVehicle.details)
        .join(Lead, Lead.id == LeadVehicle.lead_id)
        .where(Lead.received_at >= since, Lead.received_at < until, LeadVehicle.role == "wanted")
        .order_by(LeadVehicle.lead_id, LeadVehicle.position.desc())
    )
    return {row.lead_id: row for row in rows}


@dataclass(frozen=True, kw_only=True)
class ProductLineRow:
    """One product line as its form shows it."""

    line_id: int
    name: str
    brand: str
    models: tuple[str, ...]


def list_product_lines(session: Session) -> list[ProductLineRow]:
    """Every product line by name."""
    return [
        ProductLineRow(line_id=line.id, name=line.name, brand=line.brand, models=tuple(line.models))
        for line in session.scalars(select(ProductLine).order_by(ProductLine.name))
    ]


def waiting_for_dealer(session: Session, *, scope: Scope) -> int:
    """How many open leads nobody has: the fallback queue (2.2 C 7)."""
    query = select(func.count()).where(Lead.is_open.is_(True), Lead.status == "new", Lead.dealer_id.is_(None))
    return session.scalar(query.where(scope.where(Lead.dealer_id, Lead.region))) or 0
