"""What was said with dealers: the log, one report, the last contact of each dealer. Always within a scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.contact_log import rules
from db.contact_log.tables import ContactReport, Dealer
from db.core import search
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.people_queries import list_contacts

PAGE = 50
PAGE_FILE = "pages/network/contacts.py"
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class LogFilters:
    """What the log is narrowed to; empty means everything. `text` is words of the search box."""

    text: str = ""
    dealer_id: int | None = None
    region: str = ""
    channel: str = ""
    only: str = ""  # reached, tried, voided
    person_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """One contact as it is shown; `version` goes back with a change."""

    id: int
    number: str
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    zone: str
    at: datetime
    channel: str
    direction: str
    outcome: str
    counts: bool
    with_name: str
    summary: str
    topics: tuple[str, ...]
    person_id: int | None
    by_username: str
    by_name: str
    version: int
    created_at: datetime
    voided_at: datetime | None
    voided_by: str
    void_reason: str

    @property
    def said(self) -> str:
        """How it went, in words: "Call, reached", "Incoming e-mail, reached"."""
        channel = rules.CHANNELS[self.channel] if self.channel != "other" else "Contact"
        kind = f"Incoming {channel.lower()}" if self.direction == "in" else channel
        return f"{kind}, {rules.OUTCOMES[self.outcome].lower()}"

    @property
    def topic_words(self) -> str:
        """The topics as people read them."""
        return ", ".join(rules.TOPICS[topic] for topic in self.topics)


@dataclass(frozen=True, kw_only=True)
class Touch:
    """The last counted contact with a dealer, and the last try since that reached nobody."""

    last: datetime | None
    tried: datetime | None


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    names = [name for name in ReportRow.__dataclass_fields__ if name not in ("dealer", "dealer_code", "zone")]
    return (
        select(
            *(getattr(ContactReport, name) for name in names), Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"), Dealer.zone,
        )
        .join(Dealer, Dealer.id == ContactReport.dealer_id)
        .where(scope.where(ContactReport.dealer_id, ContactReport.region))
    )  # fmt: skip


def _shown(row: Any) -> ReportRow:
    return ReportRow(**{**row._asdict(), "topics": tuple(row.topics)})


def _conditions(session: Session, scope: Scope, filters: LogFilters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if filters.text.strip():
        hits = search.find(session, filters.text, kinds=("contact_report",), scope=scope, limit=CAP)
        parts.append(ContactReport.id.in_([hit.item_id for hit in hits]))
    if filters.dealer_id is not None:
        parts.append(ContactReport.dealer_id == filters.dealer_id)
    if filters.region:
        parts.append(ContactReport.region == filters.region)
    if filters.channel:
        parts.append(ContactReport.channel == filters.channel)
    if filters.person_id is not None:
        parts.append(ContactReport.person_id == filters.person_id)
    if filters.since is not None:
        parts.append(ContactReport.at > filters.since)
    if filters.only == "voided":
        parts.append(ContactReport.voided_at.is_not(None))
    elif filters.only == "reached":
        parts.append(ContactReport.counts == true())
    elif filters.only == "tried":
        parts += [ContactReport.counts == false(), ContactReport.voided_at.is_(None)]
    return parts


def list_reports(
    session: Session, *, scope: Scope, filters: LogFilters | None = None, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[ReportRow], Cursor | None]:  # fmt: skip
    """One page of the log, newest first, and the cursor of the next (None on the last)."""
    query = _rows(scope).where(*_conditions(session, scope, filters or LogFilters()))
    if after is not None:
        at, report_id = after
        query = query.where(ContactReport.at <= at, or_(ContactReport.at < at, ContactReport.id < report_id))
    query = query.order_by(ContactReport.at.desc(), ContactReport.id.desc()).limit(limit + 1)
    found = [_shown(row) for row in session.execute(query)]
    following = (found[limit - 1].at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_reports(session: Session, *, scope: Scope, filters: LogFilters | None = None) -> int:
    """How many there are, counted up to `CAP` + 1."""
    wanted = _conditions(session, scope, filters or LogFilters())
    some = select(ContactReport.id).where(scope.where(ContactReport.dealer_id, ContactReport.region), *wanted)
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_report(session: Session, *, report_id: int, scope: Scope) -> ReportRow:
    """One contact; raises `NotFound`."""
    row = session.execute(_rows(scope).where(ContactReport.id == report_id)).one_or_none()
    if row is None:
        raise NotFound("This contact")
    return _shown(row)


def last_report(session: Session, *, dealer_id: int, scope: Scope) -> ReportRow | None:
    """The last counted contact with a dealer, or None."""
    query = _rows(scope).where(ContactReport.dealer_id == dealer_id, ContactReport.counts == true())
    row = session.execute(query.order_by(ContactReport.at.desc(), ContactReport.id.desc()).limit(1)).one_or_none()
    return _shown(row) if row is not None else None


def last_contacts(session: Session, *, scope: Scope) -> dict[int, datetime]:
    """When each dealer of a scope was last spoken to, counted contacts only; who never was is left out."""
    rows = session.execute(
        select(ContactReport.dealer_id, func.max(ContactReport.at))
        .where(ContactReport.counts == true(), scope.where(ContactReport.dealer_id, ContactReport.region))
        .group_by(ContactReport.dealer_id)
    )
    return dict(rows.all())


def touches(session: Session, *, scope: Scope) -> dict[int, Touch]:
    """The last contact and the last attempt since of each dealer that has any; two statements on one index."""
    spoken = last_contacts(session, scope=scope)
    attempts = session.execute(
        select(ContactReport.dealer_id, func.max(ContactReport.at))
        .where(
            ContactReport.counts == false(), ContactReport.voided_at.is_(None),
            scope.where(ContactReport.dealer_id, ContactReport.region),
        )
        .group_by(ContactReport.dealer_id)
    )  # fmt: skip
    tried = {dealer_id: at for dealer_id, at in attempts if dealer_id not in spoken or at > spoken[dealer_id]}
    return {i: Touch(last=spoken.get(i), tried=tried.get(i)) for i in spoken.keys() | tried.keys()}


def known_names(session: Session, *, dealer_id: int, scope: Scope, limit: int = 30) -> list[str]:
    """The people of a dealer on file, then those ours spoke to, the latest first, for filling the name in."""
    newest = func.max(ContactReport.at)
    rows = session.scalars(
        select(ContactReport.with_name)
        .where(
            ContactReport.dealer_id == dealer_id, ContactReport.with_name != "",
            scope.where(ContactReport.dealer_id, ContactReport.region),
        )
        .group_by(ContactReport.with_name)
        .order_by(newest.desc(), ContactReport.with_name)
        .limit(limit)
    )  # fmt: skip
    on_file = [p.name for p in list_contacts(session, dealer_id=dealer_id, scope=scope)]
    return list(dict.fromkeys([*on_file, *rows]))[:limit]


def people_in_log(session: Session, *, scope: Scope) -> dict[int, str]:
    """Our people who logged something in a scope, by name, for the filter."""
    rows = session.execute(
        select(ContactReport.person_id, func.max(ContactReport.by_name))
        .where(ContactReport.person_id.is_not(None), scope.where(ContactReport.dealer_id, ContactReport.region))
        .group_by(ContactReport.person_id)
    )
    return dict(sorted(((p, name) for p, name in rows if p is not None), key=lambda pair: (pair[1], pair[0])))


# ---- search and export ---------------------------------------------------------------------------------------------
def found_reports(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`; nothing for people who may not read the log."""
    if not actor.can(Permission.CONTACTS_VIEW):
        return []
    rows = {row.id: _shown(row) for row in session.execute(_rows(actor.scope).where(ContactReport.id.in_(list(ids))))}
    return [
        SearchResult(
            kind="contact_report", item_id=i, title=f"{rows[i].number} {rows[i].dealer}",
            subtitle=" · ".join(p for p in (rows[i].said, f"{rows[i].at:%-d %b %Y}", rows[i].summary[:80]) if p),
            page=PAGE_FILE, query={"contact": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="number", label="Contact"),
    ExportColumn(name="at", label="When", kind="datetime"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="channel", label="Channel"),
    ExportColumn(name="direction", label="Direction"),
    ExportColumn(name="outcome", label="Outcome"),
    ExportColumn(name="counts", label="Counts as contact", kind="text"),
    ExportColumn(name="with_name", label="Spoke with"),
    ExportColumn(name="topics", label="Topics"),
    ExportColumn(name="summary", label="What was said"),
    ExportColumn(name="by_name", label="Logged by"),
    ExportColumn(name="void_reason", label="Voided because"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a contact in the order of `COLUMNS`, newest first. Names are left out without personal_data.view."""
    known = {name: value for name, value in filters.items() if name in LogFilters.__dataclass_fields__}
    for name in ("dealer_id", "person_id"):
        if name in known:
            known[name] = int(known[name])
    query = _rows(scope).where(*_conditions(session, scope, LogFilters(**known)))
    names = actor.can(Permission.PERSONAL_DATA_VIEW)
    for found in session.execute(query.order_by(ContactReport.at.desc(), ContactReport.id.desc())):
        row = _shown(found)
        yield (
            row.number, row.at, row.dealer_code, row.dealer, row.region, rules.CHANNELS[row.channel],
            rules.DIRECTIONS[row.direction], rules.OUTCOMES[row.outcome], "yes" if row.counts else "no",
            row.with_name if names else None, row.topic_words, row.summary, row.by_name, row.void_reason or None,
        )  # fmt: skip
