"""How long raw files of imports are kept: then what people wrote goes, and what was counted stays (domain-rules 2.11).

Contents of files, messages of rows and what an undo needs go; names, fingerprints, outcomes, codes and counts stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, func, null, or_, select, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor, system_actor
from db.core.area import Check, Job
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused
from db.core.session import reading, run
from db.core.settings import settings
from db.imports.tables import ImportBatch, ImportFile, ImportRow

MOST_A_SWEEP = 20
DAYS_LEAST = 30
"""Nothing younger is ever cleared, whatever is set: an import has to be undone while somebody still looks at it (D)."""


def clear_batch(session: Session, *, batch_id: int, days: int, actor: Actor, now: datetime) -> None:
    """Clear one batch that was imported more than `days` ago; it can never be undone afterwards.

    Refused (`cleared`, `too_young`); two sweeps at once clear it once, because the batch is claimed by an UPDATE.
    """
    actor.require(Permission.IMPORTS_UNDO)
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound("This import")
    if batch.imported_at > now - timedelta(days=max(days, DAYS_LEAST)):
        raise Refused(Problem(code="too_young", message="This import is still within the period it is kept for."))
    claimed = session.scalar(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, ImportBatch.cleared_at.is_(None))
        .values(cleared_at=now)
        .returning(ImportBatch.id)
    )
    if claimed is None:
        raise Refused(Problem(code="cleared", message="This import was cleared already."))
    quiet = {"synchronize_session": False}
    session.execute(
        update(ImportFile).where(ImportFile.batch_id == batch_id).values(content=b"").execution_options(**quiet)
    )
    session.execute(
        update(ImportRow)
        .where(ImportRow.batch_id == batch_id)
        .values(message="", undo=null())
        .execution_options(**quiet)
    )
    changes.touch(session, "imports")
    timeline.record(
        session, actor=actor, now=now, area="imports", command="clear_batch",
        summary=f"Batch {batch_id}: its files and messages were removed after {days} days; the counts stay.",
        items=[timeline.Item("import_batch", batch_id)],
    )  # fmt: skip


def run_clearing(bind: Engine, *, now: datetime) -> int:
    """Clear the batches whose period (IMPORT_FILES_DAYS) is over, the oldest first, at most 20 a sweep."""
    days = max(settings().import_files_days, DAYS_LEAST)
    with reading(bind) as session:
        due = session.scalars(
            select(ImportBatch.id)
            .where(ImportBatch.cleared_at.is_(None), ImportBatch.imported_at <= now - timedelta(days=days))
            .order_by(ImportBatch.imported_at, ImportBatch.id)
            .limit(MOST_A_SWEEP)
        ).all()
    cleared = 0
    for batch_id in due:
        try:
            run(clear_batch, bind=bind, batch_id=batch_id, days=days, actor=system_actor(), now=now)
        except Refused:
            continue  # another sweep was there first
        cleared += 1
    return cleared


def check_cleared(session: Session) -> list[str]:
    """Batches that say they were cleared and still hold something of it, as sentences."""
    files = (
        select(ImportFile.batch_id)
        .join(ImportBatch, ImportBatch.id == ImportFile.batch_id)
        .where(ImportBatch.cleared_at.is_not(None), func.length(ImportFile.content) > 0)
    )
    rows = (
        select(ImportRow.batch_id)
        .join(ImportBatch, ImportBatch.id == ImportRow.batch_id)
        .where(ImportBatch.cleared_at.is_not(None), or_(ImportRow.message != "", ImportRow.undo.is_not(None)))
    )
    found = {number for query in (files, rows) for number in session.scalars(query.distinct().limit(MOST_A_SWEEP))}
    return [f"batch {number} was cleared and still holds what was written in it" for number in sorted(found)]


JOBS = (Job(name="Clear old files of imports", run=run_clearing),)
CHECK = Check(name="cleared imports", run=check_cleared)
