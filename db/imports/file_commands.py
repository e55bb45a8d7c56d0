"""Taking a raw file out again: it holds what people wrote, so it is guarded and leaves a line in the timeline (R23)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.area import SourceFile
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.imports.queries import get_file
from db.imports.safety import shown_name
from db.imports.tables import ImportBatch, ImportFile


def take_file(session: Session, *, file_id: int, actor: Actor, now: datetime) -> SourceFile:
    """A raw file exactly as it arrived; `NotFound` out of sight, `not_kept` for one that was too large to keep."""
    actor.require(Permission.PERSONAL_DATA_VIEW)
    file = get_file(session, actor=actor, file_id=file_id)
    batch_id, size = session.execute(
        select(ImportFile.batch_id, ImportFile.size).where(ImportFile.id == file_id)
    ).one()  # fmt: skip
    batch = session.get_one(ImportBatch, batch_id)
    if batch.cleared_at is not None:
        sentence = f"This file was removed on {batch.cleared_at:%-d %b %Y}; its name and fingerprint are kept."
        raise Refused(Problem(code="cleared", message=sentence, rule="2.11"))
    if size and not file.content:
        raise Refused(Problem(code="not_kept", message="This file was too large to be kept; only its name is."))
    timeline.record(
        session, actor=actor, now=now, area="imports", command="take_file",
        summary=f"The file {shown_name(file.name)} of batch {batch_id} was downloaded.",
        items=[timeline.Item("import_batch", batch_id)],
    )  # fmt: skip
    return file
