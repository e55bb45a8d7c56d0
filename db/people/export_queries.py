"""The export log: who took which rows and columns out of the desk, when and what for (P26)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.people.tables import ExportLog, Person


@dataclass(frozen=True, kw_only=True)
class ExportLine:
    """One export; `filters` as they were set, `columns` by name, `sha256` of the file that was handed out."""

    log_id: int
    at: datetime
    name: str
    username: str
    kind: str
    file_format: str
    filters: Mapping[str, Any]
    columns: tuple[str, ...]
    row_count: int
    has_personal_data: bool
    sha256: str
    purpose: str


def list_exports(
    session: Session, *, actor: Actor, kind: str = "", person: str = "", personal: bool | None = None,
    before: int | None = None, limit: int = 50,
) -> list[ExportLine]:  # fmt: skip
    """Exports, newest first, after the entry `before`; `person` is part of a name or user name."""
    actor.require(Permission.EXPORT_LOG_VIEW)
    query = (
        select(ExportLog, Person.name)
        .outerjoin(Person, Person.id == ExportLog.person_id)
        .order_by(ExportLog.id.desc())
        .limit(limit)
    )
    if kind:
        query = query.where(ExportLog.kind == kind)
    if person:
        wanted = person.casefold()
        query = query.where(
            or_(
                func.lower(Person.name).contains(wanted, autoescape=True),
                func.lower(ExportLog.actor).contains(wanted, autoescape=True),
            )
        )
    if personal is not None:
        query = query.where(ExportLog.has_personal_data.is_(personal))
    if before is not None:
        query = query.where(ExportLog.id < before)
    return [
        ExportLine(
            log_id=row.id, at=row.at, name=name or row.actor.removeprefix("system:"), username=row.actor, kind=row.kind,
            file_format=row.file_format, filters=row.filters, columns=tuple(row.columns), row_count=row.row_count,
            has_personal_data=row.has_personal_data, sha256=row.sha256, purpose=row.purpose,
        )
        for row, name in session.execute(query)
    ]  # fmt: skip
