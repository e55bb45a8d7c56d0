"""Template versions for the page that manages them. Templates hold nothing of any dealer, so they have no scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.checklist.items import specs_of
from db.checklist.model import ItemSpec
from db.checklist.tables import Checklist, ChecklistTemplate, ChecklistTemplateItem
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """One version of a purpose: `running` counts the open checklists that keep it, `version` is that of the row."""

    id: int
    number: int
    status: str
    version: int
    items: int
    running: int
    made: int
    published_at: datetime | None
    updated_at: datetime
    updated_by: str
    note: str


@dataclass(frozen=True, kw_only=True)
class VersionDetail:
    """One version with its items."""

    id: int
    purpose: str
    number: int
    status: str
    version: int
    note: str
    items: tuple[ItemSpec, ...]


def list_versions(session: Session, *, purpose: str, actor: Actor) -> list[VersionLine]:
    """The versions of a purpose, newest first; needs checklists.manage."""
    actor.require(Permission.CHECKLISTS_MANAGE)
    items = dict(
        session.execute(
            select(ChecklistTemplateItem.template_id, func.count()).group_by(ChecklistTemplateItem.template_id)
        ).all()
    )
    made: dict[int, tuple[int, int]] = {}
    for template_id, outcome, count in session.execute(
        select(Checklist.template_id, Checklist.outcome, func.count())
        .where(Checklist.purpose == purpose)
        .group_by(Checklist.template_id, Checklist.outcome)
    ):
        running, total = made.get(template_id, (0, 0))
        made[template_id] = (running + (count if outcome == "" else 0), total + count)
    rows = session.scalars(
        select(ChecklistTemplate).where(ChecklistTemplate.purpose == purpose).order_by(ChecklistTemplate.number.desc())
    )
    return [
        VersionLine(
            id=r.id, number=r.number, status=r.status, version=r.version, items=items.get(r.id, 0),
            running=made.get(r.id, (0, 0))[0], made=made.get(r.id, (0, 0))[1], published_at=r.published_at,
            updated_at=r.updated_at, updated_by=r.updated_by, note=r.note,
        )
        for r in rows
    ]  # fmt: skip


def get_version(session: Session, *, template_id: int, actor: Actor) -> VersionDetail:
    """One version with its items; needs checklists.manage, raises `NotFound`."""
    actor.require(Permission.CHECKLISTS_MANAGE)
    row = session.get(ChecklistTemplate, template_id)
    if row is None:
        raise NotFound("This version")
    return VersionDetail(
        id=row.id, purpose=row.purpose, number=row.number, status=row.status, version=row.version, note=row.note,
        items=tuple(specs_of(session, template_id=row.id)),
    )  # fmt: skip


def is_published(session: Session, *, purpose: str) -> bool:
    """Whether new checklists of a purpose can be made."""
    slot = ChecklistTemplate.slot == f"{purpose}:published"
    return session.scalar(select(ChecklistTemplate.id).where(slot)) is not None
