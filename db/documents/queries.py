"""Documents as rows, versions, search results and export rows; always within a scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.documents import rules
from db.documents.content import download_name
from db.documents.records import number_of
from db.documents.tables import Document, DocumentRequirement

PAGE = 50
PAGE_FILE = "pages/network/documents.py"
_COLUMNS = tuple(
    getattr(Document, name)
    for name in (
        "id", "dealer_id", "region", "document_type", "title", "number", "issuer", "series_id", "series_version",
        "status", "void_reason", "ended_on", "effective_on", "covered_from", "expires_on", "file_name", "size",
        "sha256", "media_type", "is_held", "hold_reason", "held_by", "held_since", "retention_until", "purged_at",
        "item_type", "item_id", "version", "uploaded_by_name", "created_at", "updated_at", "updated_by",
    )
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DocumentRow:
    """One version of a document as it is shown. `today` is the day at the dealer, on which `state` is what it is."""

    id: int
    dealer_id: int
    dealer_code: str
    dealer_name: str
    region: str
    document_type: str
    title: str
    number: str
    issuer: str
    series_id: int
    series_version: int
    status: str
    void_reason: str
    ended_on: date | None
    effective_on: date | None
    covered_from: date | None
    expires_on: date | None
    file_name: str
    size: int
    sha256: str
    media_type: str
    is_held: bool
    hold_reason: str
    held_by: str
    held_since: datetime | None
    retention_until: date | None
    purged_at: datetime | None
    item_type: str
    item_id: int | None
    version: int
    uploaded_by_name: str
    created_at: datetime
    updated_at: datetime
    updated_by: str
    today: date

    @property
    def label(self) -> str:
        """D-000123."""
        return number_of(self.id)

    @property
    def type_label(self) -> str:
        """The type as people say it."""
        return rules.LABELS.get(self.document_type, self.document_type)

    @property
    def state(self) -> str:
        """What a current document is worth today; None of it counts once it is superseded or void."""
        return rules.document_state(covered_from=self.covered_from, expires_on=self.expires_on, today=self.today)

    @property
    def badge(self) -> tuple[str, str]:
        """(label, tone) of where it stands: its state while current, else superseded or void."""
        if self.status == "current":
            return rules.STATE_LABELS[self.state], rules.STATE_TONES[self.state]
        return rules.STATUS_LABELS[self.status], "gray"

    @property
    def days_left(self) -> int | None:
        """Days until the last day it is good for."""
        return rules.days_left(self.expires_on, self.today)

    @property
    def download_name(self) -> str:
        """A name its file can be saved under on every system."""
        return download_name(self.file_name, self.media_type)

    @property
    def may_be_purged(self) -> bool:
        """Whether the time its file has to be kept is over and nobody holds it."""
        over = self.retention_until is not None and self.retention_until < self.today
        return over and not self.is_held and self.purged_at is None


@dataclass(frozen=True, kw_only=True)
class DocumentFact:
    """What another area may know of a document: enough to show it as evidence and to ask for its file."""

    document_id: int
    label: str
    dealer_id: int
    document_type: str
    title: str
    status: str
    state: str
    effective_on: date | None
    expires_on: date | None
    file_name: str
    media_type: str
    size: int
    uploaded_by_name: str
    created_at: datetime
    item_type: str
    item_id: int | None


@dataclass(frozen=True, kw_only=True)
class DocumentFilters:
    """What a list is narrowed to; empty means everything. Without `versions`, only current documents."""

    text: str = ""
    types: tuple[str, ...] = ()
    region: str = ""
    dealer_id: int | None = None
    held: bool = False
    versions: bool = False


def base(scope: Scope) -> Select[Any]:
    """The columns of a row, within a scope; another module of this area adds conditions and an order."""
    return (
        select(*_COLUMNS, Dealer.code.label("dealer_code"), Dealer.name.label("dealer_name"), Dealer.zone)
        .join(Dealer, Dealer.id == Document.dealer_id)
        .where(scope.where(Document.dealer_id, Document.region))
    )


def as_row(found: Any, now: datetime) -> DocumentRow:
    """A fetched row with the day at its dealer."""
    values = dict(found._mapping)
    today = local_day(now, values.pop("zone"))
    return DocumentRow(**values, today=today)


def get_document(session: Session, *, document_id: int, scope: Scope, now: datetime) -> DocumentRow:
    """One document; raises `NotFound` for one that does not exist or lies outside of the scope."""
    found = session.execute(base(scope).where(Document.id == document_id)).one_or_none()
    if found is None:
        raise NotFound("This document")
    return as_row(found, now)


def get_document_fact(session: Session, *, document_id: int, scope: Scope, now: datetime) -> DocumentFact:
    """One document as another area may know it; raises `NotFound` outside of the scope."""
    row = get_document(session, document_id=document_id, scope=scope, now=now)
    return _fact(row)


def facts_of_items(
    session: Session, *, item_type: str, item_ids: Sequence[int], scope: Scope, now: datetime
) -> dict[int, list[DocumentFact]]:
    """The current documents that are evidence of some records of another area, by the record's id, oldest first."""
    found: dict[int, list[DocumentFact]] = {}
    query = base(scope).where(
        Document.item_type == item_type, Document.item_id.in_(list(item_ids)), Document.status == "current"
    )
    for one in session.execute(query.order_by(Document.id)):
        row = as_row(one, now)
        assert row.item_id is not None
        found.setdefault(row.item_id, []).append(_fact(row))
    return found


def _fact(row: DocumentRow) -> DocumentFact:
    return DocumentFact(
        document_id=row.id, label=row.label, dealer_id=row.dealer_id, document_type=row.document_type, title=row.title,
        status=row.status, state=row.state, effective_on=row.effective_on, expires_on=row.expires_on,
        file_name=row.file_name, media_type=row.media_type, size=row.size, uploaded_by_name=row.uploaded_by_name,
        created_at=row.created_at, item_type=row.item_type, item_id=row.item_id,
    )  # fmt: skip


def list_dealer_documents(session: Session, *, dealer_id: int, scope: Scope, now: datetime) -> list[DocumentRow]:
    """The current documents of one dealer, by type and then what ends first; at most `CAP`."""
    query = base(scope).where(Document.dealer_id == dealer_id, Document.status == "current")
    rows = [as_row(one, now) for one in session.execute(query.order_by(Document.id).limit(CAP))]
    order = list(rules.TYPES)
    return sorted(rows, key=lambda r: (order.index(r.document_type), r.expires_on or date.max, r.id))


def list_versions(session: Session, *, series_id: int, scope: Scope, now: datetime) -> list[DocumentRow]:
    """Every version of a series, newest first."""
    query = base(scope).where(Document.series_id == series_id).order_by(Document.series_version.desc()).limit(CAP)
    return [as_row(one, now) for one in session.execute(query)]


def _condition(session: Session, scope: Scope, filters: DocumentFilters) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [scope.where(Document.dealer_id, Document.region)]
    if filters.text.strip():
        hits = search.find(session, filters.text, kinds=("document", "dealer"), scope=scope, limit=CAP)
        own = [hit.item_id for hit in hits if hit.kind == "document"]
        dealers = [hit.item_id for hit in hits if hit.kind == "dealer"]
        parts.append(or_(Document.id.in_(own), Document.dealer_id.in_(dealers)))
    if filters.types:
        parts.append(Document.document_type.in_(filters.types))
    if filters.region:
        parts.append(Document.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(Document.dealer_id == filters.dealer_id)
    if filters.held:
        parts.append(Document.is_held.is_(True))
    if not filters.versions:
        parts.append(Document.status == "current")
    return and_(*parts)


def find_documents(
    session: Session, *, scope: Scope, filters: DocumentFilters, now: datetime, after: int | None = None,
    limit: int = PAGE,
) -> tuple[list[DocumentRow], int | None]:  # fmt: skip
    """One page, newest first, and the cursor of the next (the last id; None on the last page)."""
    query = base(scope).where(_condition(session, scope, filters))
    if after is not None:
        query = query.where(Document.id < after)
    rows = [as_row(one, now) for one in session.execute(query.order_by(Document.id.desc()).limit(limit + 1))]
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def count_documents(session: Session, *, scope: Scope, filters: DocumentFilters) -> int:
    """How many a list has on all its pages, counted up to `CAP` + 1."""
    some = select(Document.id).where(_condition(session, scope, filters)).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


# ---- what is required ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Requirement:
    """What dealers of one status have to have; `version` 0 is the default of the program."""

    dealer_status: str
    document_types: tuple[str, ...]
    version: int
    updated_by: str = ""
    updated_at: datetime | None = None


def requirements(session: Session) -> dict[str, Requirement]:
    """What is in force for each status that needs anything; the same for everybody, so without a scope."""
    rows = {row.dealer_status: row for row in session.scalars(select(DocumentRequirement))}
    found = {}
    for status in rules.REQUIRING_STATUSES:
        row = rows.get(status)
        changed = {status: row.document_types} if row else {}
        found[status] = Requirement(
            dealer_status=status, document_types=rules.required_types(status, changed),
            version=row.version if row else 0, updated_by=row.updated_by if row else "",
            updated_at=row.updated_at if row else None,
        )  # fmt: skip
    return found


# ---- search and export -----------------------------------------------------------------------------------------------
def search_results(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Found documents as lines of the search box, in the order of `ids`."""
    if not actor.can(Permission.DOCUMENTS_VIEW):
        return []
    query = base(actor.scope).where(Document.id.in_(list(ids)))
    found = {row.id: row for row in session.execute(query)}
    return [
        SearchResult(
            kind="document", item_id=row.id,
            title=" ".join(part for part in (number_of(row.id), row.title, row.number) if part),
            subtitle=", ".join(
                part
                for part in (
                    rules.LABELS.get(row.document_type, row.document_type), f"{row.dealer_name} ({row.dealer_code})",
                    f"until {row.expires_on:%Y-%m-%d}" if row.expires_on else "",
                    "" if row.status == "current" else rules.STATUS_LABELS[row.status].lower(),
                )
                if part
            ),
            page=PAGE_FILE, query={"document": str(row.id)},
        )
        for row in (found[number] for number in ids if number in found)
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="document", label="Document"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="type", label="Type"),
    ExportColumn(name="title", label="Title"),
    ExportColumn(name="number", label="Number"),
    ExportColumn(name="issuer", label="Issuer"),
    ExportColumn(name="version", label="Version", kind="integer"),
    ExportColumn(name="state", label="State"),
    ExportColumn(name="effective_on", label="Takes effect", kind="date"),
    ExportColumn(name="expires_on", label="Expires", kind="date"),
    ExportColumn(name="days_left", label="Days left", kind="integer"),
    ExportColumn(name="held", label="Held", kind="bool"),
    ExportColumn(name="retention_until", label="Kept until", kind="date"),
    ExportColumn(name="file_name", label="File"),
    ExportColumn(name="size", label="Bytes", kind="integer"),
    ExportColumn(name="sha256", label="SHA-256"),
    ExportColumn(name="uploaded_by", label="Added by"),
    ExportColumn(name="created_at", label="Added", kind="datetime"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a document in the order of `COLUMNS`, oldest first; `filters` are those of `DocumentFilters`."""
    chosen = DocumentFilters(**filters)
    query = base(scope).where(_condition(session, scope, chosen)).order_by(Document.id)
    for one in session.execute(query.execution_options(yield_per=500)):
        row = as_row(one, now)
        yield (
            row.label, row.dealer_code, row.dealer_name, row.region, row.type_label, row.title, row.number, row.issuer,
            row.series_version, row.badge[0], row.effective_on, row.expires_on,
            row.days_left if row.status == "current" else None, row.is_held, row.retention_until, row.file_name,
            row.size, row.sha256, row.uploaded_by_name, row.created_at,
        )  # fmt: skip
