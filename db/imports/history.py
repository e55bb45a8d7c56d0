"""What happened to the records of an import afterwards, read from the timeline."""

from __future__ import annotations

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from db.core.problems import Problem
from db.core.timeline import Item, TimelineEntry, TimelineLink
from db.imports.tables import ImportBatch, ImportRow


def _entry_of(session: Session, batch_id: int) -> int:
    """The number of the timeline entry that the import itself wrote."""
    first = session.scalar(
        select(func.min(TimelineLink.seq)).where(
            TimelineLink.item_type == "import_batch", TimelineLink.item_id == batch_id
        )
    )
    assert first is not None, f"batch {batch_id} has no timeline entry"
    return first


def changed_since(session: Session, *, batch_id: int, limit: int) -> list[Problem]:
    """One problem for each record that somebody changed after the import.

    Imports that were themselves taken back do not count, nor does what the sweep did by itself: a kind whose records
    the sweep may change decides in its own undo what to do with those.
    """
    undone = (
        select(TimelineLink.seq)
        .join(ImportBatch, and_(TimelineLink.item_type == "import_batch", TimelineLink.item_id == ImportBatch.id))
        .where(ImportBatch.status == "undone")
    )
    newest = (
        select(
            ImportRow.item_type,
            ImportRow.item_id,
            func.min(ImportRow.file).label("file"),
            func.min(ImportRow.row).label("row"),
            func.max(TimelineLink.seq).label("seq"),
        )
        .join(
            TimelineLink,
            and_(TimelineLink.item_type == ImportRow.item_type, TimelineLink.item_id == ImportRow.item_id),
        )
        .join(TimelineEntry, TimelineEntry.seq == TimelineLink.seq)
        .where(
            ImportRow.batch_id == batch_id,
            ImportRow.outcome.in_(("created", "updated")),
            TimelineLink.seq > _entry_of(session, batch_id),
            TimelineEntry.source != "sweep",
            TimelineEntry.seq.not_in(undone),
        )
        .group_by(ImportRow.item_type, ImportRow.item_id)
        .order_by(func.min(ImportRow.id))
        .limit(limit)
        .subquery()
    )
    found = session.execute(
        select(newest.c.file, newest.c.row, TimelineEntry.summary, TimelineEntry.actor_name, TimelineEntry.at).join(
            TimelineEntry, TimelineEntry.seq == newest.c.seq
        )
    )
    return [
        Problem(
            code="changed_since",
            message=f"Row {row:,} of {file} was changed since by {who} on {at:%-d %b %Y, %H:%M} UTC: {summary}",
        )
        for file, row, summary, who, at in found
    ]


def items_of(session: Session, *, batch_id: int) -> list[Item]:
    """The records the import's own timeline entry is about, the batch first."""
    links = session.execute(
        select(TimelineLink.item_type, TimelineLink.item_id, TimelineLink.dealer_id)
        .where(TimelineLink.seq == _entry_of(session, batch_id))
        .order_by(TimelineLink.id)
    )
    return [Item(item_type, item_id, dealer_id) for item_type, item_id, dealer_id in links]
