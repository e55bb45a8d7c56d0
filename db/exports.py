"""Taking rows out of the desk: permission, scope, a safe file, and a line in the export log (P26, R23)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from db import catalog
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.area import ExportKind
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.people.tables import ExportLog

FileFormat = Literal["csv", "xlsx", "jsonl"]
MEDIA_TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
}


@dataclass(frozen=True, kw_only=True)
class ExportFile:
    """A finished export: its bytes, the name it is saved under, and how many rows it has."""

    name: str
    content: bytes
    media_type: str
    row_count: int
    log_id: int


def run_export(
    session: Session,
    *,
    kind: str | ExportKind,
    file_format: FileFormat,
    filters: Mapping[str, Any] | None = None,
    purpose: str = "",
    actor: Actor,
    now: datetime,
) -> ExportFile:
    """The rows of an export that this actor may see, as a file; logged with who, when, filters, columns and hash.

    CSV and XLSX have the kind's columns, JSON lines its documents where it has them. Refused with `unknown_format`.
    """
    from db.core import export_files

    chosen = catalog.export_kind(kind) if isinstance(kind, str) else kind
    actor.require(Permission.EXPORT_RUN)
    actor.require(chosen.permission)
    if file_format not in MEDIA_TYPES:
        sentence = f'There is no format "{file_format}". Known are: {", ".join(MEDIA_TYPES)}.'
        raise Refused(Problem(code="unknown_format", message=sentence, field="file_format"))
    used = {name: value for name, value in (filters or {}).items() if value not in (None, "", (), [])}
    asked = {"actor": actor, "scope": actor.scope, "filters": used, "now": now}
    names = [column.name for column in chosen.columns]
    if file_format == "jsonl" and chosen.documents is not None:
        documents = list(chosen.documents(session, **asked))
        names = list(documents[0]) if documents else []
        row_count = len(documents)
        content = b"".join(_json_line(document) for document in documents)
    else:
        rows = list(chosen.rows(session, **asked))
        row_count = len(rows)
        about = export_files.ExportAbout(
            title=chosen.title,
            filters=(("Dealers", actor.scope.describe()), *((name, _shown(value)) for name, value in used.items())),
            as_of=now,
            by=actor.name,
            row_count=row_count,
            zone=actor.zone,
        )
        if file_format == "jsonl":
            content = export_files.write_jsonl(chosen.columns, rows)
        elif file_format == "csv":
            content = export_files.write_csv(chosen.columns, rows, about)
        else:
            content = export_files.write_xlsx(chosen.columns, rows, about, sheets=chosen.sheets)
    log = ExportLog(
        at=now, person_id=actor.user_id, actor=actor.username, kind=chosen.name, file_format=file_format,
        filters={name: _plain(value) for name, value in used.items()}, columns=names, row_count=row_count,
        has_personal_data=chosen.shows_personal_data(actor),
        sha256=hashlib.sha256(content).hexdigest(), purpose=purpose.strip().replace("\0", ""),
    )  # fmt: skip
    session.add(log)
    session.flush()
    changes.touch(session, "people")
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="people",
        command="run_export",
        summary=f"{chosen.title} were exported: {row_count:,} rows as {file_format.upper()}.",
        items=[timeline.Item("export_log", log.id)],
        reason=log.purpose,
        extra={"filters": log.filters, "sha256": log.sha256},
    )
    return ExportFile(
        name=f"{chosen.name}-{now:%Y-%m-%d}.{file_format}", content=content, media_type=MEDIA_TYPES[file_format],
        row_count=row_count, log_id=log.id,
    )  # fmt: skip


def _json_line(document: Mapping[str, Any]) -> bytes:
    from db.core.export_files import ExportColumn, write_jsonl

    return write_jsonl([ExportColumn(name=name, label=name) for name in document], [tuple(document.values())])


def _plain(value: Any) -> Any:
    """A filter as it can be kept in JSON."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)
