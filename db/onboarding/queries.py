"""Onboardings as a board and a table, always within a scope; one case is in case_queries.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.checklist.forecast_rules import RISK_LABELS
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.onboarding.flow import FLOW, STAGES
from db.onboarding.rules import median_days
from db.onboarding.tables import Dealer, Onboarding, OnboardingStage, Person

PAGE = 50
CARDS = 15
PAGE_FILE = "pages/network/onboarding.py"
CASE_PAGE = "pages/network/onboarding_case.py"
Cursor = tuple[datetime, int]
VIEWS = {"open": "Running", "live": "Live", "ended": "Not continued"}
RISKS = RISK_LABELS | {"stuck": "Failed gate"}


@dataclass(frozen=True, kw_only=True)
class CaseFilters:
    """What a list is narrowed to; hashable. `risk` is on_track, at_risk, late or stuck (a gate failed)."""

    view: str = "open"
    stage: str = ""
    region: str = ""
    owner_id: int | None = None
    risk: str = ""
    dealer_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """A case as lists show it; days are those of the dealer's zone."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    kind: str
    submitted_by: str
    dealer_id: int
    dealer_code: str
    dealer_name: str
    region: str
    zone: str
    assignee_id: int | None
    assignee_name: str
    target_on: date
    due_at: datetime
    stage_entered_at: datetime
    created_at: datetime
    activated_on: date | None
    closed_at: datetime | None
    closing_reason: str
    readiness: int
    open_items: int
    overdue_items: int
    dealer_items: int
    gates_open: int
    gates_failed: int
    next_gate: str
    waits_on: str
    waits_owner: str
    critical_on: date | None
    forecast_p50_on: date | None
    forecast_p80_on: date | None
    risk: str

    def stage_days(self, now: datetime) -> int:
        """Whole days in the stage it is in."""
        return max(0, ((self.closed_at or now) - self.stage_entered_at) // timedelta(days=1))


_OWN = (
    "id", "number", "status", "version", "is_open", "kind", "submitted_by", "dealer_id", "region", "assignee_id",
    "target_on", "due_at", "stage_entered_at", "created_at", "activated_on", "closed_at", "closing_reason", "readiness",
    "open_items", "overdue_items", "dealer_items", "gates_open", "gates_failed", "next_gate", "waits_on",
    "waits_owner", "critical_on", "forecast_p50_on", "forecast_p80_on", "risk",
)  # fmt: skip


def case_rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    """The statement every list of cases begins with."""
    return (
        select(
            *(getattr(Onboarding, name) for name in _OWN), Dealer.code.label("dealer_code"),
            Dealer.name.label("dealer_name"), Dealer.zone, func.coalesce(Person.name, "").label("assignee_name"),
        )
        .join(Dealer, Dealer.id == Onboarding.dealer_id)
        .outerjoin(Person, Person.id == Onboarding.assignee_id)
        .where(scope.where(Onboarding.dealer_id, Onboarding.region))
    )  # fmt: skip


def conditions(filters: CaseFilters) -> list[ColumnElement[bool]]:
    """What the filters ask of a case."""
    wanted: list[ColumnElement[bool]] = [Onboarding.is_open == (true() if filters.view == "open" else false())]
    if filters.view == "live":
        wanted.append(Onboarding.status == "active")
    elif filters.view == "ended":
        wanted.append(Onboarding.status != "active")
    if filters.stage:
        wanted.append(Onboarding.status == filters.stage)
    if filters.region:
        wanted.append(Onboarding.region == filters.region)
    if filters.owner_id is not None:
        wanted.append(Onboarding.assignee_id == filters.owner_id)
    if filters.dealer_id is not None:
        wanted.append(Onboarding.dealer_id == filters.dealer_id)
    if filters.risk == "stuck":
        wanted.append(Onboarding.gates_failed > 0)
    elif filters.risk:
        wanted.append(Onboarding.risk == filters.risk)
    return wanted


def list_cases(
    session: Session, *, scope: Scope, filters: CaseFilters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[CaseRow], Cursor | None]:
    """One page, the nearest target first, and the cursor of the next page (None on the last)."""
    query = case_rows(scope).where(*conditions(filters))
    if after is not None:
        query = query.where(Onboarding.due_at >= after[0], or_(Onboarding.due_at > after[0], Onboarding.id > after[1]))
    found = [
        CaseRow(**row._asdict())
        for row in session.execute(query.order_by(Onboarding.due_at, Onboarding.id).limit(limit + 1))
    ]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_cases(session: Session, *, scope: Scope, filters: CaseFilters) -> int:
    """How many a list has on all its pages, counted up to `CAP` + 1."""
    some = (
        select(Onboarding.id)
        .where(scope.where(Onboarding.dealer_id, Onboarding.region), *conditions(filters))
        .limit(CAP + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


@dataclass(frozen=True, kw_only=True)
class Board:
    """The cards of each stage (at most `CARDS`), and how many cases each stage has in all."""

    cards: Mapping[str, Sequence[CaseRow]]
    counts: Mapping[str, int]


def board(session: Session, *, scope: Scope, filters: CaseFilters) -> Board:
    """Open cases by stage, the nearest target first; two statements whatever their number."""
    wanted = [scope.where(Onboarding.dealer_id, Onboarding.region), *conditions(filters)]
    place = func.row_number().over(
        partition_by=Onboarding.status, order_by=(Onboarding.due_at, Onboarding.id)
    )  # fmt: skip
    ranked = select(Onboarding.id, place.label("place")).where(*wanted).subquery()
    query = case_rows(scope).join(ranked, ranked.c.id == Onboarding.id).where(ranked.c.place <= CARDS)
    cards: dict[str, list[CaseRow]] = defaultdict(list)
    for row in session.execute(query.order_by(Onboarding.due_at, Onboarding.id)):
        cards[row.status].append(CaseRow(**row._asdict()))
    counts = dict(
        session.execute(select(Onboarding.status, func.count()).where(*wanted).group_by(Onboarding.status)).all()
    )
    return Board(cards={s: cards.get(s, []) for s in STAGES}, counts={s: counts.get(s, 0) for s in STAGES})


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The numbers above the board: open cases by how they stand, and the median days in each stage that was left."""

    running: int
    at_risk: int
    late: int
    stuck: int
    decisions: int
    stage_days: Mapping[str, int | None]
    total_days: int | None
    live: int


def overview(session: Session, *, scope: Scope, now: datetime) -> Overview:
    """Counts of open cases, and medians over the cases that went live within a year."""
    mine = scope.where(Onboarding.dealer_id, Onboarding.region)
    counts = session.execute(
        select(
            func.count(),
            func.count().filter(Onboarding.risk == "at_risk"),
            func.count().filter(Onboarding.risk == "late"),
            func.count().filter(Onboarding.gates_failed > 0),
            func.count().filter(Onboarding.status == "golive"),
        ).where(mine, Onboarding.is_open == true())
    ).one()
    year = now - timedelta(days=365)
    stays: dict[str, list[int]] = defaultdict(list)
    for stage, entered, left in session.execute(
        select(OnboardingStage.stage, OnboardingStage.entered_at, OnboardingStage.left_at)
        .join(Onboarding, Onboarding.id == OnboardingStage.onboarding_id)
        .where(
            mine, Onboarding.status == "active", Onboarding.activated_at >= year, OnboardingStage.left_at.is_not(None)
        )
    ):
        stays[stage].append(_whole_days(entered, left))
    whole = [
        _whole_days(created, activated)
        for activated, created in session.execute(
            select(Onboarding.activated_at, Onboarding.created_at).where(
                mine, Onboarding.status == "active", Onboarding.activated_at >= year
            )
        )
    ]
    return Overview(
        running=counts[0], at_risk=counts[1], late=counts[2], stuck=counts[3], decisions=counts[4],
        stage_days={s: median_days(stays[s]) for s in STAGES}, total_days=median_days(whole), live=len(whole),
    )  # fmt: skip


def _whole_days(begin: datetime, end: datetime | None) -> int:
    return ((end or begin) - begin) // timedelta(days=1)


def owners(session: Session, *, scope: Scope) -> list[tuple[int, str]]:
    """Who looks after an open case of a scope, by name."""
    rows = session.execute(
        select(Person.id, Person.name)
        .join(Onboarding, Onboarding.assignee_id == Person.id)
        .where(scope.where(Onboarding.dealer_id, Onboarding.region), Onboarding.is_open == true())
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [(i, name) for i, name in rows]


def open_case_of(session: Session, *, dealer_id: int, scope: Scope) -> CaseRow | None:
    """The running case of a dealer, else its latest one; None when it never had any."""
    row = session.execute(
        case_rows(scope)
        .where(Onboarding.dealer_id == dealer_id)
        .order_by(Onboarding.is_open.desc(), Onboarding.id.desc())
        .limit(1)
    ).one_or_none()
    return CaseRow(**row._asdict()) if row else None


# ---- search and export -----------------------------------------------------------------------------------------------
def found_cases(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`."""
    if not actor.can(Permission.ONBOARDING_VIEW):
        return []
    rows = {row.id: row for row in session.execute(case_rows(actor.scope).where(Onboarding.id.in_(list(ids))))}
    return [
        SearchResult(
            kind="onboarding", item_id=i, title=f"{rows[i].number} {rows[i].dealer_name}",
            subtitle=f"{FLOW.state(rows[i].status).label} · {rows[i].readiness}% ready", page=CASE_PAGE,
            query={"onboarding": str(i)},
        )
        for i in dict.fromkeys(ids)
        if i in rows
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="number", label="Onboarding"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer_name", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="status", label="Stage"),
    ExportColumn(name="readiness", label="Ready, %", kind="integer"),
    ExportColumn(name="open_items", label="Open items", kind="integer"),
    ExportColumn(name="overdue_items", label="Overdue items", kind="integer"),
    ExportColumn(name="gates_failed", label="Failed gates", kind="integer"),
    ExportColumn(name="next_gate", label="Next gate"),
    ExportColumn(name="waits_on", label="Waits on"),
    ExportColumn(name="target_on", label="Target", kind="date"),
    ExportColumn(name="critical_on", label="Critical path", kind="date"),
    ExportColumn(name="forecast_p50_on", label="Forecast, likely", kind="date"),
    ExportColumn(name="forecast_p80_on", label="Forecast, cautious", kind="date"),
    ExportColumn(name="risk", label="Risk"),
    ExportColumn(name="assignee_name", label="Looked after by"),
    ExportColumn(name="created_at", label="Started", kind="datetime"),
    ExportColumn(name="activated_on", label="Live since", kind="date"),
    ExportColumn(name="closing_reason", label="Ended because"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a case in the order of `COLUMNS`, the nearest target first."""
    known = {n: v for n, v in filters.items() if v not in (None, "") and n in CaseFilters.__dataclass_fields__}
    if isinstance(known.get("owner_id"), str):
        known["owner_id"] = int(known["owner_id"]) if known["owner_id"].isdigit() else None
    query = case_rows(scope).where(*conditions(CaseFilters(**known)))
    for row in session.execute(query.order_by(Onboarding.due_at, Onboarding.id)):
        values = row._asdict() | {"status": FLOW.state(row.status).label, "risk": RISK_LABELS.get(row.risk, "")}
        if not row.is_open:
            values |= dict.fromkeys(("critical_on", "forecast_p50_on", "forecast_p80_on"), None) | {"risk": ""}
        yield tuple(values[column.name] for column in COLUMNS)
