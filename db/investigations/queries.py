"""Investigations as a queue, one for its drawer with every flag, and what is flagged on some claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.claims.tables import Claim
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult, WorkCount, WorkLine
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.shapes import ScopeShape, shape_of, values_of, within
from db.dealers.tables import Dealer
from db.investigations.flow import FLOW, OUTCOMES
from db.investigations.rules import KINDS
from db.investigations.tables import ClaimFlag, Investigation
from db.people.queries import names_of, people_to_tell
from db.people.tables import Person

PAGE = 50
PAGE_FILE = "pages/claims/investigations.py"
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class InvestigationFilters:
    """What the queue is narrowed to; empty means all."""

    is_open: bool = True
    kind: str = ""
    region: str = ""
    dealer_id: int | None = None
    assignee_id: int | None = None
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class FlagLine:
    """One flag with its evidence as it was, and the investigation it opened or joined."""

    id: int
    kind: str
    sentence: str
    evidence: Mapping[str, Any]
    raised_at: datetime
    investigation_id: int
    investigation: str

    @property
    def label(self) -> str:
        """The kind in words."""
        return KINDS.get(self.kind, self.kind)


@dataclass(frozen=True, kw_only=True)
class InvestigationRow:
    """One investigation as it is shown; `flag_lines` are filled for the drawer and the list alike."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    dealer_id: int
    dealer: str
    region: str
    claim_id: int | None
    claim: str
    claim_status: str
    claimed_cents: int | None
    opened_because: str
    due_at: datetime
    created_at: datetime
    assignee_id: int | None
    assignee: str
    outcome: str
    closing_note: str
    closed_at: datetime | None
    flag_lines: tuple[FlagLine, ...] = ()

    @property
    def about(self) -> str:
        """What it looks into."""
        return self.claim or "The dealer as a whole"

    @property
    def kinds(self) -> tuple[str, ...]:
        """What was flagged, each kind once."""
        return tuple(dict.fromkeys(f.label for f in self.flag_lines)) or ("Opened by hand",)

    def is_overdue(self, now: datetime) -> bool:
        """Whether nobody has closed it in time."""
        return self.is_open and self.due_at < now


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Investigation.id, Investigation.number, Investigation.status, Investigation.version, Investigation.is_open,
            Investigation.submitted_by, Investigation.dealer_id, Dealer.name.label("dealer"), Investigation.region,
            Investigation.claim_id, func.coalesce(Claim.number, "").label("claim"),
            func.coalesce(Claim.status, "").label("claim_status"), Claim.claimed_cents, Investigation.opened_because,
            Investigation.due_at, Investigation.created_at, Investigation.assignee_id,
            func.coalesce(Person.name, "").label("assignee"), Investigation.outcome, Investigation.closing_note,
            Investigation.closed_at,
        )
        .join(Dealer, Dealer.id == Investigation.dealer_id)
        .outerjoin(Claim, Claim.id == Investigation.claim_id)
        .outerjoin(Person, Person.id == Investigation.assignee_id)
        .where(scope.where(Investigation.dealer_id, Investigation.region))
    )  # fmt: skip


def _with_flags(session: Session, rows: Sequence[Any]) -> list[InvestigationRow]:
    lines: dict[int, list[FlagLine]] = {}
    numbers = {r.id: r.number for r in rows}
    if rows:
        found = session.execute(
            select(
                ClaimFlag.investigation_id, ClaimFlag.id, ClaimFlag.kind, ClaimFlag.sentence, ClaimFlag.evidence,
                ClaimFlag.raised_at,
            )
            .where(ClaimFlag.investigation_id.in_([r.id for r in rows]))
            .order_by(ClaimFlag.id)
        )  # fmt: skip
        for where, flag_id, kind, sentence, evidence, raised_at in found:
            lines.setdefault(where, []).append(
                FlagLine(
                    id=flag_id, kind=kind, sentence=sentence, evidence=evidence, raised_at=raised_at,
                    investigation_id=where, investigation=numbers[where],
                )
            )  # fmt: skip
    return [InvestigationRow(**r._asdict(), flag_lines=tuple(lines.get(r.id, ()))) for r in rows]


def _conditions(filters: InvestigationFilters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [Investigation.is_open == (true() if filters.is_open else false())]
    if filters.kind:
        parts.append(exists().where(ClaimFlag.investigation_id == Investigation.id, ClaimFlag.kind == filters.kind))
    if filters.region:
        parts.append(Investigation.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(Investigation.dealer_id == filters.dealer_id)
    if filters.assignee_id is not None:
        parts.append(Investigation.assignee_id == filters.assignee_id)
    if filters.outcome:
        parts.append(Investigation.outcome == filters.outcome)
    return parts


def list_investigations(
    session: Session, *, actor: Actor, filters: InvestigationFilters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[InvestigationRow], Cursor | None]:
    """One page and the cursor of the next: open ones due first, closed ones the latest due first."""
    actor.require(Permission.CLAIMS_INVESTIGATE)
    query = _rows(actor.scope).where(*_conditions(filters))
    due = Investigation.due_at
    if filters.is_open:
        if after is not None:
            query = query.where(due >= after[0], or_(due > after[0], Investigation.id > after[1]))
        query = query.order_by(due, Investigation.id)
    else:
        if after is not None:
            query = query.where(due <= after[0], or_(due < after[0], Investigation.id < after[1]))
        query = query.order_by(due.desc(), Investigation.id.desc())
    found = session.execute(query.limit(limit + 1)).all()
    rows = _with_flags(session, found[:limit])
    return rows, (rows[-1].due_at, rows[-1].id) if len(found) > limit else None


def count_investigations(session: Session, *, actor: Actor, filters: InvestigationFilters) -> int:
    """How many there are, counted up to `CAP` + 1."""
    actor.require(Permission.CLAIMS_INVESTIGATE)
    some = select(Investigation.id).where(
        actor.scope.where(Investigation.dealer_id, Investigation.region), *_conditions(filters)
    )
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_investigation(session: Session, *, item_id: int, actor: Actor, now: datetime) -> InvestigationRow:
    """One investigation with its flags; raises `NotFound`. Needs claims.investigate. `now` is what a drawer gives."""
    actor.require(Permission.CLAIMS_INVESTIGATE)
    row = session.execute(_rows(actor.scope).where(Investigation.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This investigation")
    return _with_flags(session, [row])[0]


def flagged(session: Session, *, claim_ids: Sequence[int], actor: Actor) -> dict[int, tuple[FlagLine, ...]]:
    """What is flagged on some claims, by claim; nothing for people who may not investigate (dealers never may)."""
    if not claim_ids or not actor.can(Permission.CLAIMS_INVESTIGATE):
        return {}
    asked = {"ids": list(claim_ids), **values_of(actor.scope)}
    rows = session.execute(_flags(shape_of(actor.scope)), asked)
    found: dict[int, list[FlagLine]] = {}
    for row in rows:
        values = row._asdict()
        found.setdefault(values.pop("claim_id"), []).append(FlagLine(**values))
    return {claim_id: tuple(lines) for claim_id, lines in found.items()}


@lru_cache(maxsize=4)
def _flags(scope: ScopeShape) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ClaimFlag.claim_id, ClaimFlag.id, ClaimFlag.kind, ClaimFlag.sentence, ClaimFlag.evidence,
            ClaimFlag.raised_at, ClaimFlag.investigation_id, Investigation.number.label("investigation"),
        )
        .join(Investigation, Investigation.id == ClaimFlag.investigation_id)
        .where(
            ClaimFlag.claim_id.in_(bindparam("ids", expanding=True)),
            within(scope, ClaimFlag.dealer_id, ClaimFlag.region),
        )
        .order_by(ClaimFlag.id)
    )  # fmt: skip


def flagged_only(*, actor: Actor) -> ColumnElement[bool]:
    """The condition "this claim was flagged" for a list of claims; true of none without the right to investigate."""
    if not actor.can(Permission.CLAIMS_INVESTIGATE):
        return false()
    return exists().where(ClaimFlag.claim_id == Claim.id)


def looker_choices(session: Session, *, row: InvestigationRow, actor: Actor) -> list[tuple[int, str]]:
    """Who else may look into one, by name; the caller has read it within its scope."""
    if not actor.scope.allows(dealer_id=row.dealer_id, region=row.region):
        return []
    ids = people_to_tell(
        session, dealer_id=row.dealer_id, region=row.region, permission=Permission.CLAIMS_INVESTIGATE
    )  # fmt: skip
    names = names_of(session, person_ids=ids)
    return sorted(((i, n) for i, n in names.items() if i != row.assignee_id), key=lambda pair: pair[1])


# ---- what commands ask ----------------------------------------------------------------------------------------------
def claim_to_look_at(session: Session, *, claim_id: int, scope: Scope) -> tuple[int, str]:
    """(dealer, region) of a claim that was sent; raises `NotFound`."""
    row = session.execute(
        select(Claim.dealer_id, Claim.region).where(
            Claim.id == claim_id, Claim.submitted_at.is_not(None), scope.where(Claim.dealer_id, Claim.region)
        )
    ).one_or_none()
    if row is None or row.dealer_id is None or row.region is None:
        raise NotFound("This claim")
    return row.dealer_id, row.region


def dealer_to_look_at(session: Session, *, dealer_id: int, scope: Scope) -> str:
    """The region of a dealer; raises `NotFound`."""
    region = session.scalar(select(Dealer.region).where(Dealer.id == dealer_id, scope.where(Dealer.id, Dealer.region)))
    if region is None:
        raise NotFound("This dealer")
    return region


# ---- my work, search, export ----------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The open investigations given to this actor, due first."""
    rows, _ = list_investigations(
        session, actor=actor, filters=InvestigationFilters(assignee_id=actor.user_id or 0), limit=limit
    )
    return [
        WorkLine(
            item_type="investigation", item_id=row.id, number=row.number, title=f"Odd claim: {row.about}",
            status="Overdue" if row.is_overdue(now) else FLOW.state(row.status).label,
            tone="red" if row.is_overdue(now) else FLOW.state(row.status).tone, due_at=row.due_at,
            why=", ".join(row.kinds), page=PAGE_FILE, query={"investigation": str(row.id)}, dealer=row.dealer,
        )
        for row in rows
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many investigations are open in the actor's scope, and how many of them are late."""
    some = select(Investigation.id).where(
        actor.scope.where(Investigation.dealer_id, Investigation.region), Investigation.is_open == true()
    )
    count, late = (
        session.scalar(select(func.count()).select_from(query.limit(CAP + 1).subquery())) or 0
        for query in (some, some.where(Investigation.due_at < now))
    )
    return [WorkCount(label="Investigations", count=count, overdue=late, page=PAGE_FILE)]


def found_investigations(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Investigations the search box found, without those the actor may not see."""
    rows = session.execute(_rows(actor.scope).where(Investigation.id.in_(list(ids)))).all()
    return [
        SearchResult(
            kind="investigation", item_id=row.id, title=row.number,
            subtitle=f"{row.claim or 'The dealer as a whole'} · {row.dealer}", page=PAGE_FILE,
            query={"investigation": str(row.id)},
        )
        for row in rows
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="number", label="Investigation"), ExportColumn(name="status", label="State"),
    ExportColumn(name="dealer", label="Dealer"), ExportColumn(name="region", label="Region"),
    ExportColumn(name="claim", label="Claim"), ExportColumn(name="kinds", label="Flags"),
    ExportColumn(name="evidence", label="Why"), ExportColumn(name="opened", label="Opened", kind="datetime"),
    ExportColumn(name="outcome", label="Outcome"), ExportColumn(name="note", label="Found"),
)  # fmt: skip


def export_rows(session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Any:
    """Every investigation the filters keep, page by page."""
    chosen = InvestigationFilters(
        is_open=bool(filters.get("is_open", True)), kind=str(filters.get("kind") or ""),
        region=str(filters.get("region") or ""), outcome=str(filters.get("outcome") or ""),
    )  # fmt: skip
    after: Cursor | None = None
    while True:
        rows, after = list_investigations(session, actor=actor, filters=chosen, after=after, limit=500)
        for row in rows:
            if scope.allows(dealer_id=row.dealer_id, region=row.region):
                yield (
                    row.number, FLOW.state(row.status).label, row.dealer, row.region, row.claim, ", ".join(row.kinds),
                    " ".join(f.sentence for f in row.flag_lines) or row.opened_because, row.created_at,
                    OUTCOMES.get(row.outcome, ""), row.closing_note,
                )  # fmt: skip
        if after is None:
            return
