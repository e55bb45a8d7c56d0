"""What was imported, for the people who may see it: batches, their rows, raw files, and saved mappings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import SourceFile
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.imports.kinds import find_kind
from db.imports.tables import ImportBatch, ImportFile, ImportRow, SavedMapping
from db.imports.visible import visible

if TYPE_CHECKING:
    import pandas as pd

_BATCH = (
    ImportBatch.id, ImportBatch.kind, ImportBatch.channel, ImportBatch.status, ImportBatch.rows_read,
    ImportBatch.created, ImportBatch.updated, ImportBatch.duplicates, ImportBatch.rejected, ImportBatch.imported_at,
    ImportBatch.imported_by, ImportBatch.undone_at, ImportBatch.undone_by,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BatchFile:
    """A raw file of a batch; `size` in bytes, `sha256` in hexadecimal."""

    file_id: int
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class BatchDetail:
    """One import with its files; `can_undo` says whether it is still applied and this actor may take it back."""

    batch_id: int
    kind: str
    title: str
    channel: str
    status: str
    read: int
    created: int
    updated: int
    duplicates: int
    rejected: int
    mapping: str
    imported_at: datetime
    imported_by: str
    undone_at: datetime | None
    undone_by: str
    files: tuple[BatchFile, ...]
    can_undo: bool
    cleared_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MappingDetail:
    """A saved column mapping."""

    mapping_id: int
    kind: str
    title: str
    toml: str
    updated_at: datetime
    updated_by: str


def _frame(session: Session, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    result = session.execute(query)
    return pd.DataFrame(result.all(), columns=list(result.keys()))


def list_batches(
    session: Session, *, actor: Actor, kind: str | None = None, before: int | None = None, limit: int = 50
) -> pd.DataFrame:
    """Imports, newest first, after the batch `before`: id, kind, channel, status, counts, when and by whom."""
    actor.require(Permission.IMPORTS_VIEW)
    query = select(*_BATCH).where(visible(actor)).order_by(ImportBatch.id.desc()).limit(limit)
    if kind:
        query = query.where(ImportBatch.kind == kind)
    if before is not None:
        query = query.where(ImportBatch.id < before)
    frame = _frame(session, query)
    frame["title"] = [_title(name) for name in frame["kind"]]
    return frame


def count_batches(session: Session, *, actor: Actor, kind: str | None = None) -> int:
    """How many imports the list has on all its pages."""
    actor.require(Permission.IMPORTS_VIEW)
    query = select(func.count()).select_from(ImportBatch).where(visible(actor))
    return session.scalar(query.where(ImportBatch.kind == kind) if kind else query) or 0


def get_batch(session: Session, *, actor: Actor, batch_id: int) -> BatchDetail:
    """One import; raises `NotFound` for one that does not exist or may not be seen."""
    batch = _batch(session, actor, batch_id)
    files = session.execute(
        select(ImportFile.id, ImportFile.name, ImportFile.size, ImportFile.sha256)
        .where(ImportFile.batch_id == batch_id)
        .order_by(ImportFile.id)
    )
    kind = find_kind(batch.kind)
    may_undo = actor.can(Permission.IMPORTS_UNDO) and kind is not None and actor.can(kind.permission)
    return BatchDetail(
        batch_id=batch.id, kind=batch.kind, title=_title(batch.kind), channel=batch.channel, status=batch.status,
        read=batch.rows_read, created=batch.created, updated=batch.updated, duplicates=batch.duplicates,
        rejected=batch.rejected, mapping=batch.mapping, imported_at=batch.imported_at, imported_by=batch.imported_by,
        undone_at=batch.undone_at, undone_by=batch.undone_by,
        files=tuple(BatchFile(file_id=i, name=n, size=size, sha256=sha) for i, n, size, sha in files),
        can_undo=batch.status == "applied" and may_undo and batch.cleared_at is None, cleared_at=batch.cleared_at,
    )  # fmt: skip


def list_rows(
    session: Session, *, actor: Actor, batch_id: int, outcome: str | None = "rejected", after: int = 0, limit: int = 50
) -> pd.DataFrame:
    """Rows of an import in the order they were read, after the row `after`; `outcome` None gives all of them."""
    _batch(session, actor, batch_id)
    query = (
        select(
            ImportRow.id,
            ImportRow.file,
            ImportRow.row,
            ImportRow.outcome,
            ImportRow.code,
            ImportRow.message,
            ImportRow.item_type,
            ImportRow.item_id,
        )
        .where(ImportRow.batch_id == batch_id, ImportRow.id > after)
        .order_by(ImportRow.id)
        .limit(limit)
    )
    if outcome:
        query = query.where(ImportRow.outcome == outcome)
    return _frame(session, query)


def list_rejection_reasons(session: Session, *, actor: Actor, batch_id: int) -> pd.DataFrame:
    """Why rows of an import were rejected, most frequent first: code, one message as an example, rows."""
    _batch(session, actor, batch_id)
    rows = func.count().label("rows")
    query = (
        select(ImportRow.code, func.min(ImportRow.message).label("example"), rows)
        .where(ImportRow.batch_id == batch_id, ImportRow.outcome == "rejected")
        .group_by(ImportRow.code)
        .order_by(rows.desc(), ImportRow.code)
    )
    return _frame(session, query)


def get_file(session: Session, *, actor: Actor, file_id: int) -> SourceFile:
    """A raw file exactly as it arrived; its name is for people and never a path."""
    actor.require(Permission.IMPORTS_VIEW)
    found = session.execute(
        select(ImportFile.name, ImportFile.content)
        .join(ImportBatch, ImportBatch.id == ImportFile.batch_id)
        .where(ImportFile.id == file_id, visible(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("This file")
    return SourceFile(name=found.name, content=found.content)


def list_mappings(session: Session, *, actor: Actor, kind: str) -> list[MappingDetail]:
    """The saved column mappings of a kind, by title; nothing for a kind this actor may not import."""
    chosen = find_kind(kind)
    if chosen is None or not actor.can(chosen.permission):
        return []
    rows = session.scalars(select(SavedMapping).where(SavedMapping.kind == kind).order_by(SavedMapping.title))
    return [
        MappingDetail(
            mapping_id=row.id, kind=row.kind, title=row.title, toml=row.toml, updated_at=row.updated_at,
            updated_by=row.updated_by,
        )
        for row in rows
    ]  # fmt: skip


def _batch(session: Session, actor: Actor, batch_id: int) -> ImportBatch:
    actor.require(Permission.IMPORTS_VIEW)
    batch = session.scalars(select(ImportBatch).where(ImportBatch.id == batch_id, visible(actor))).one_or_none()
    if batch is None:
        raise NotFound("This import")
    return batch


def _title(kind: str) -> str:
    found = find_kind(kind)
    return found.title if found else kind
