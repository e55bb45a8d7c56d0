"""Taking a monthly pack home as PDF or workbook: each is in the export log and the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.core.settings import settings
from db.reports.pack_paper import log_print, make_file
from db.reports.pack_queries import Pack, build_pack, file_name, known_of
from db.reports.pack_rules import FORMATS, MEDIA_TYPES


@dataclass(frozen=True, kw_only=True)
class PackFile:
    """A pack as it is saved."""

    name: str
    content: bytes
    media_type: str


def print_pack(
    session: Session, *, month: date, region: str = "", file_format: str = "pdf", made: Pack | None = None,
    actor: Actor, now: datetime,
) -> PackFile:  # fmt: skip
    """A month's pack as a file. Needs pack.view and export.run; Refused with `unknown_format`, and as `build_pack`.

    `made` is the pack the person looks at: it is printed as it is while nothing has changed in the desk and the person
    still sees the same, else it is made anew.
    """
    actor.require(Permission.EXPORT_RUN)
    actor.require(Permission.PACK_VIEW)
    if file_format not in FORMATS:
        sentence = f'There is no format "{file_format}". Known are: {", ".join(FORMATS)}.'
        raise Refused(Problem(code="unknown_format", message=sentence, field="file_format"))
    pack = made if made is not None and _still_holds(session, made, month, region, actor) else None
    pack = pack or build_pack(session, month=month, region=region, actor=actor, now=now)
    content = make_file(pack, file_format, house=settings().organisation)
    log = log_print(session, pack, content, file_format, actor=actor, now=now)
    changes.touch(session, "people")
    timeline.record(
        session, actor=actor, now=now, area="reports", command="print_pack",
        summary=f"The monthly pack of {pack.title} was taken out as {FORMATS[file_format]}",
        items=[timeline.Item("export_log", log.id)], extra={"sha256": log.sha256},
    )  # fmt: skip
    return PackFile(name=file_name(pack, file_format), content=content, media_type=MEDIA_TYPES[file_format])


def _still_holds(session: Session, made: Pack, month: date, region: str, actor: Actor) -> bool:
    """Whether a pack is this person's own and nothing has changed since, but for the export log."""
    asked = (month, region, actor.scope, actor.role, actor.name, known_of(session))
    return (made.month, made.region, made.scope, made.role, made.reader, made.token) == asked
