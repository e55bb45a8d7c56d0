"""Who has what they have to have: the matrix of dealers and required documents, gaps, signals, work, dealer lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, case, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor, Scope
from db.core.area import CAP, DealerKind, DealerLine, Signal, WorkCount, WorkLine
from db.core.keyset import beyond
from db.core.labels import local_day, plural
from db.dealers.tables import Dealer
from db.documents import rules
from db.documents.queries import PAGE, PAGE_FILE, Requirement, base, requirements
from db.documents.records import number_of
from db.documents.tables import Document

Cursor = tuple[str, int]
_NEVER = date(9999, 12, 31)
_FEW = 500


@dataclass(frozen=True, kw_only=True)
class MatrixFilters:
    """What the matrix is narrowed to; no status means every status that has to have anything."""

    text: str = ""
    region: str = ""
    status: str = ""
    only_gaps: bool = False


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """One dealer with the state of each type that anybody has to have; `gaps` are required and not valid today."""

    dealer_id: int
    code: str
    name: str
    region: str
    status: str
    name_key: str
    states: Mapping[str, str]
    gaps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A required document a dealer does not have today; `document_id` names the expired one, where there is one."""

    dealer_id: int
    dealer_code: str
    dealer_name: str
    dealer_status: str
    zone: str
    document_type: str
    state: str
    expires_on: date | None
    document_id: int | None


def day_at_dealer(session: Session, now: datetime) -> ColumnElement[date]:
    """The day at each dealer as SQL: most of the time one or two days for the whole network."""
    zones: dict[date, list[str]] = defaultdict(list)
    for zone in session.scalars(select(Dealer.zone).distinct().order_by(Dealer.zone)):
        zones[local_day(now, zone)].append(zone)
    days = sorted(zones) or [now.date()]
    if len(days) == 1:
        return literal(days[0], Date)
    return case(*((Dealer.zone.in_(zones[day]), literal(day, Date)) for day in days[1:]), else_=literal(days[0], Date))


def _is_covered(document_type: str, today: ColumnElement[date]) -> ColumnElement[bool]:
    return exists().where(
        Document.dealer_id == Dealer.id, Document.status == "current", Document.document_type == document_type,
        or_(Document.covered_from.is_(None), Document.covered_from <= today),
        or_(Document.expires_on.is_(None), Document.expires_on >= today),
    )  # fmt: skip


def _has_gap(needed: Mapping[str, Requirement], today: ColumnElement[date]) -> ColumnElement[bool]:
    parts = [
        and_(Dealer.status == status, or_(*(~_is_covered(name, today) for name in one.document_types)))
        for status, one in needed.items()
        if one.document_types
    ]
    return or_(*parts) if parts else false()


def _matrix_condition(
    session: Session, scope: Scope, filters: MatrixFilters, needed: Mapping[str, Requirement], now: datetime
) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [scope.where(Dealer.id, Dealer.region)]
    parts.append(Dealer.status == filters.status if filters.status else Dealer.status.in_(rules.REQUIRING_STATUSES))
    if filters.text.strip():
        hits = search.find(session, filters.text, kinds=("dealer",), scope=scope, limit=CAP)
        parts.append(Dealer.id.in_([hit.item_id for hit in hits]))
    if filters.region:
        parts.append(Dealer.region == filters.region)
    if filters.only_gaps:
        parts.append(_has_gap(needed, day_at_dealer(session, now)))
    return and_(*parts)


def matrix(
    session: Session, *, scope: Scope, filters: MatrixFilters, now: datetime, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[MatrixRow], Cursor | None]:  # fmt: skip
    """One page of dealers by name with the state of each required type, and the cursor of the next page."""
    needed = requirements(session)
    query = select(
        Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.status, Dealer.zone, Dealer.name_key
    ).where(_matrix_condition(session, scope, filters, needed, now))
    if after is not None:
        query = query.where(beyond((Dealer.name_key, Dealer.id), after))
    dealers = session.execute(query.order_by(Dealer.name_key, Dealer.id).limit(limit + 1)).all()
    following = (dealers[limit - 1].name_key, dealers[limit - 1].id) if len(dealers) > limit else None
    dealers = dealers[:limit]
    types = matrix_types(needed)
    dates: dict[tuple[int, str], list[tuple[date | None, date | None]]] = defaultdict(list)
    current = select(Document.dealer_id, Document.document_type, Document.covered_from, Document.expires_on).where(
        Document.dealer_id.in_([d.id for d in dealers]), Document.status == "current"
    )
    for dealer_id, name, start, end in session.execute(current):
        dates[dealer_id, name].append((start, end))
    rows = []
    for dealer in dealers:
        required = needed[dealer.status].document_types if dealer.status in needed else ()
        today = local_day(now, dealer.zone)
        states: dict[str, str] = {
            name: rules.coverage(dates[dealer.id, name], required=name in required, today=today) for name in types
        }
        rows.append(
            MatrixRow(
                dealer_id=dealer.id, code=dealer.code, name=dealer.name, region=dealer.region, status=dealer.status,
                name_key=dealer.name_key, states=states,
                gaps=tuple(name for name in types if name in required and states[name] in rules.GAPS),
            )
        )  # fmt: skip
    return rows, following


def matrix_types(needed: Mapping[str, Requirement]) -> tuple[str, ...]:
    """The columns of the matrix: every type that some status has to have."""
    return tuple(name for name in rules.TYPES if any(name in one.document_types for one in needed.values()))


def count_matrix(session: Session, *, scope: Scope, filters: MatrixFilters, now: datetime) -> int:
    """How many dealers the matrix has on all its pages, counted up to `CAP` + 1."""
    condition = _matrix_condition(session, scope, filters, requirements(session), now)
    some = select(Dealer.id).where(condition).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


# ---- gaps of many dealers --------------------------------------------------------------------------------------------
def find_gaps(
    session: Session, *, scope: Scope, now: datetime, statuses: Sequence[str] = rules.REQUIRING_STATUSES,
    dealer_id: int | None = None,
) -> list[Gap]:  # fmt: skip
    """Every required document that dealers of some statuses do not have today, expired ones first, longest ago first.

    Four statements whatever the number of dealers. An expired one names the newest document of its type.
    """
    needed = requirements(session)
    today_there = day_at_dealer(session, now)
    # The database finds the dealers with a gap, so that only their documents are looked at one by one.
    wanted = [
        scope.where(Dealer.id, Dealer.region), Dealer.status.in_(list(statuses)), _has_gap(needed, today_there),
    ]  # fmt: skip
    if dealer_id is not None:
        wanted.append(Dealer.id == dealer_id)
    dealers = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.status, Dealer.zone).where(*wanted)
    ).all()
    types = matrix_types(needed)
    best = _best(session, scope, today_there, types=types, dealer_ids=[dealer.id for dealer in dealers])
    found = []
    for dealer in dealers:
        today = local_day(now, dealer.zone)
        for name in needed[dealer.status].document_types if dealer.status in needed else ():
            until, last, any_later = best.get((dealer.id, name), (None, None, False))
            if until is not None and until >= today:
                continue
            state = "expired" if last is not None else "later" if any_later else "missing"
            found.append(
                Gap(
                    dealer_id=dealer.id, dealer_code=dealer.code, dealer_name=dealer.name,
                    dealer_status=dealer.status, zone=dealer.zone, document_type=name, state=state,
                    expires_on=until if last is not None else None, document_id=last,
                )
            )  # fmt: skip
    return sorted(found, key=lambda g: (g.expires_on or _NEVER, g.dealer_code, g.document_type))


def _best(
    session: Session, scope: Scope, today: ColumnElement[date], *, types: Sequence[str], dealer_ids: Sequence[int]
) -> dict[tuple[int, str], tuple[date | None, int | None, bool]]:
    """(last day covered, newest document in force, whether one starts later) by dealer and type."""
    begun = or_(Document.covered_from.is_(None), Document.covered_from <= today)
    query = (
        select(
            Document.dealer_id, Document.document_type,
            func.max(case((begun, func.coalesce(Document.expires_on, literal(_NEVER, Date))))).label("until"),
            func.max(case((begun, Document.id))).label("last"),
            func.max(case((begun, 0), else_=1)).label("later"),
        )
        .join(Dealer, Dealer.id == Document.dealer_id)
        .where(
            scope.where(Document.dealer_id, Document.region), Document.status == "current",
            Document.document_type.in_(list(types)),
        )
        .group_by(Document.dealer_id, Document.document_type)
    )  # fmt: skip
    if len(dealer_ids) <= _FEW:  # more would make a longer statement than it saves work
        query = query.where(Document.dealer_id.in_(dealer_ids))
    return {
        (row.dealer_id, row.document_type): (_as_date(row.until), row.last, bool(row.later))
        for row in session.execute(query)
    }


def _as_date(value: Any) -> date | None:
    """SQLite keeps a day as text, and an expression over days forgets that it is one."""
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value


# ---- one dealer, and health of the network ---------------------------------------------------------------------------
def _gap_words(gap: Gap) -> str:
    label = rules.LABELS[gap.document_type]
    if gap.state == "expired" and gap.expires_on:
        return f"{label} expired on {gap.expires_on.day} {gap.expires_on:%b %Y}"
    return f"{label} starts later" if gap.state == "later" else f"{label} is missing"


def end_of_day(day: date, zone: str) -> datetime:
    """The moment a day ends at a dealer, in UTC: until then a document is good."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """What to know of a dealer's documents before calling: gaps, what expires within 60 days, what came in since."""
    lines = []
    query = {"dealer": str(dealer_id)}
    for gap in find_gaps(session, scope=actor.scope, now=now, dealer_id=dealer_id):
        at = end_of_day(gap.expires_on, gap.zone) if gap.expires_on else None
        target = {"document": str(gap.document_id)} if gap.document_id else query
        kind: DealerKind = "overdue" if gap.state == "expired" else "open"
        detail = f"Dealers that are {gap.dealer_status} have to have it."
        lines.append(DealerLine(kind=kind, title=_gap_words(gap), detail=detail, at=at, page=PAGE_FILE, query=target))
    own = base(actor.scope).where(Document.dealer_id == dealer_id)
    soon = own.where(Document.status == "current", Document.expires_on.is_not(None)).order_by(Document.expires_on)
    for row in session.execute(soon.where(Document.expires_on <= now.date() + timedelta(days=rules.SOON_DAYS + 1))):
        left = (row.expires_on - local_day(now, row.zone)).days
        if 0 <= left <= rules.SOON_DAYS:
            lines.append(
                DealerLine(
                    kind="open", title=f"{rules.LABELS[row.document_type]} expires {rules.left_words(left)}",
                    detail=row.title, at=end_of_day(row.expires_on, row.zone), page=PAGE_FILE,
                    query={"document": str(row.id)},
                )
            )  # fmt: skip
    if since is not None:
        for row in session.execute(own.where(Document.created_at > since).order_by(Document.id.desc()).limit(10)):
            title = f"{rules.LABELS[row.document_type]} was added by {row.uploaded_by_name}"
            lines.append(
                DealerLine(
                    kind="changed", title=title, detail=row.title, at=row.created_at, page=PAGE_FILE,
                    query={"document": str(row.id)},
                )
            )  # fmt: skip
    return lines


def signals(session: Session, *, scope: Scope, now: datetime) -> dict[int, list[Signal]]:
    """Why dealers need looking after, as far as documents know; a bounded number of statements for the network.

    A missing or expired contract, licence or insurance is a risk; another gap, and what expires within 30 days, watch.
    """
    found: dict[int, list[Signal]] = defaultdict(list)
    for gap in find_gaps(session, scope=scope, now=now):
        is_risk = rules.TYPES[gap.document_type].is_licence_to_trade and gap.state != "later"
        found[gap.dealer_id].append(Signal(level="risk" if is_risk else "watch", sentence=f"{_gap_words(gap)}."))
    today = day_at_dealer(session, now)
    query = (
        select(Document.dealer_id, Document.document_type, func.min(Document.expires_on).label("first"), Dealer.zone)
        .join(Dealer, Dealer.id == Document.dealer_id)
        .where(
            scope.where(Document.dealer_id, Document.region), Document.status == "current",
            Document.expires_on >= today,
            Document.expires_on <= now.date() + timedelta(days=rules.URGENT_DAYS + 1),
            Dealer.status.in_(rules.REQUIRING_STATUSES),
        )
        .group_by(Document.dealer_id, Document.document_type, Dealer.zone)
    )  # fmt: skip
    for dealer_id, name, first, zone in session.execute(query):
        day = _as_date(first)
        assert day is not None
        left = (day - local_day(now, zone)).days
        if left <= rules.URGENT_DAYS:
            sentence = f"{rules.LABELS[name]} expires {rules.left_words(left)}."
            found[dealer_id].append(Signal(level="watch", sentence=sentence))
    return dict(found)


# ---- my work ---------------------------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """What active dealers of this actor's scope lack, expired first."""
    lines = []
    for gap in find_gaps(session, scope=actor.scope, now=now, statuses=("active",))[:limit]:
        is_there = gap.document_id is not None
        lines.append(
            WorkLine(
                item_type="document" if is_there else "dealer", item_id=gap.document_id or gap.dealer_id,
                number=number_of(gap.document_id) if gap.document_id else gap.dealer_code, title=_gap_words(gap),
                status=rules.STATE_LABELS[gap.state], tone=rules.STATE_TONES[gap.state],
                due_at=end_of_day(gap.expires_on, gap.zone) if gap.expires_on else None,
                why="Renew" if is_there else "Upload", page=PAGE_FILE,
                query={"document": str(gap.document_id)} if is_there else {"dealer": str(gap.dealer_id)},
                dealer=gap.dealer_name,
            )
        )  # fmt: skip
    return lines


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many required documents active dealers lack; overdue are those that expired."""
    gaps = find_gaps(session, scope=actor.scope, now=now, statuses=("active",))
    expired = sum(1 for gap in gaps if gap.state == "expired")
    return [
        WorkCount(
            label="Documents", count=min(len(gaps), CAP + 1), overdue=min(expired, CAP + 1), page=PAGE_FILE,
            query={"doc_view": "missing", "doc_gaps": "gaps"},
        )
    ]  # fmt: skip


def gap_summary(gaps: Sequence[Gap]) -> str:
    """Gaps in a few words: "2 expired, 1 missing"."""
    counts = {state: sum(1 for gap in gaps if gap.state == state) for state in rules.GAPS}
    return ", ".join(f"{n:,} {rules.STATE_LABELS[state].lower()}" for state, n in counts.items() if n) or plural(
        0, "gap"
    )
